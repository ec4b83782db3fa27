/* authority.h - the built-in certificate authority: a key of this house alone and a server certificate from it, so that the browser's lock
 * means something on the first day. ECDSA P-256, RFC 5280. A certificate of your own replaces it (`certificate` in daicho.conf). */
#ifndef DAICHO_CLI_AUTHORITY_H
#define DAICHO_CLI_AUTHORITY_H

#include "base/cx.h"

/* Makes DIR/secret/ca.key, DIR/tls/ca.crt (10 years), DIR/secret/server.key, DIR/tls/server.crt (397 days) when they are missing, when less than
 * 30 days are left, or when the certificate is for other names. Names: host, localhost, this machine's name, 127.0.0.1, ::1.
 * *ret_fresh: the server's certificate is new. */
rc authority_ensure(struct cx *cx, str dir, str host, bool *ret_fresh) MUST_USE;

#endif
