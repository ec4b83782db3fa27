/* x509.h - a small authority for client certificates, by OpenSSL: an authority that signs, certificates in PKCS#12, a revocation list. RFC 5280, RFC 7292.
 * EC P-256 and SHA-256 throughout; PKCS#12 in the form today's browsers and NSS read: PBES2 with AES-256-CBC, PBKDF2 and MAC with HMAC-SHA-256.
 * Not the server's certificate (cli/authority.c), and no reader of foreign certificates: nginx checks what a client shows. */
#ifndef DAICHO_BASE_X509_H
#define DAICHO_BASE_X509_H

#include "base/cx.h"

enum { X509_DAYS_MAX = 825, X509_AUTHORITY_DAYS = 7300, X509_SERIAL = 32 /* hex digits */ };

/* A new authority, signed by itself: certificate and private key as PEM. May sign client certificates and revocation lists only. */
void x509_authority_make(struct cx *cx, str name, str *ret_certificate, str *ret_key);

struct x509_authority;
/* Lives as long as cx->mem. RC_INVALID: no PEM, or the two do not belong together. */
rc x509_authority_open(struct cx *cx, str certificate, str key, struct x509_authority **ret) MUST_USE;

struct x509_order {
        str organisation; /* O: the contract, at most 64 characters */
        str name;         /* CN: what people called it, cut to 64 characters; also the friendly name in the browser */
        int64_t seconds;  /* valid from an hour ago until so long from now, by the machine's clock: the one nginx and browsers look at */
        str passphrase;
};

/* A key pair and its certificate, in one PKCS#12 with the authority's certificate. *ret_serial: upper-case hex, X509_SERIAL digits, as nginx prints it. */
void x509_issue(struct cx *cx, const struct x509_authority *authority, const struct x509_order *order, str *ret_serial, str *ret_pkcs12);

/* The revocation list as PEM: serials as x509_issue gave them, number: one more each time, valid for `days`. RC_INVALID: not a serial. */
rc x509_revoked(struct cx *cx, const struct x509_authority *authority, const str *serials, size_t count, int64_t number, int days, str *ret) MUST_USE;

#endif
