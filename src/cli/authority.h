/* authority.h - the built-in certificate authority: a key of this house alone and a server certificate from it, so that the browser's lock
 * means something on the first day. ECDSA P-256, RFC 5280. A certificate of your own replaces it (`certificate` in daicho.conf). */
#ifndef DAICHO_CLI_AUTHORITY_H
#define DAICHO_CLI_AUTHORITY_H

#include "base/cx.h"

struct x509_authority;

/* Makes DIR/secret/ca.key, DIR/tls/ca.crt (10 years), DIR/secret/server.key, DIR/tls/server.crt (397 days) when they are missing, when less than
 * 30 days are left, or when the certificate is for other names. Names: host, localhost, this machine's name, 127.0.0.1, ::1.
 * *ret_fresh: the server's certificate is new. */
rc authority_ensure(struct cx *cx, str dir, str host, bool *ret_fresh) MUST_USE;

/* The authority for client certificates, another than the one above: DIR/secret/client-ca.key, DIR/tls/client-ca.crt (20 years, made when missing), and
 * DIR/tls/client.crl, which always stands: nginx refuses to start without it. */
rc authority_clients_ensure(struct cx *cx, str dir) MUST_USE;
/* The same, opened, for those who sign: auth processes and the operator's command. Lives as long as cx->mem. */
rc authority_clients_open(struct cx *cx, str dir, struct x509_authority **ret) MUST_USE;
/* The revocation list of what DIR/run/watch/revoked names (one serial a line; not there: none). Written when that has changed since the last call, and
 * after half of its week. *ret_fresh: nginx must read it. */
rc authority_clients_revoke(struct cx *cx, str dir, bool *ret_fresh) MUST_USE;

#endif
