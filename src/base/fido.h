/* fido.h - passkeys and security keys: what a browser answers to navigator.credentials.create() and .get() (W3C Web Authentication, Level 2), checked.
 * By libfido2 and libcbor. Stores nothing and knows no accounts: the caller made the challenge, keeps the keys and compares the sign counts.
 *
 * Asked of every answer: the type, the challenge, the origin and the party it was made for, somebody was there (UP) and proved it by fingerprint, face
 * or PIN (UV). Signatures: ES256, EdDSA (Ed25519), RS256. Attestation: none, or packed (its signature is verified; who made the device is not asked). */
#ifndef DAICHO_BASE_FIDO_H
#define DAICHO_BASE_FIDO_H

#include "base/cx.h"

enum {
        FIDO_CHALLENGE_SIZE = 32,
        FIDO_CLIENT_DATA_MAX = 4096,
        FIDO_ATTESTATION_MAX = 8192,
        FIDO_AUTHENTICATOR_MAX = 2048,
        FIDO_SIGNATURE_MAX = 1024,
        FIDO_CREDENTIAL_MAX = 1023,
};

/* COSE numbers of the signatures taken here. */
enum fido_algorithm { FIDO_ES256 = -7, FIDO_EDDSA = -8, FIDO_RS256 = -257 };

/* What was asked. */
struct fido_question {
        str party;     /* "daicho.example": the host people open */
        str origin;    /* "https://daicho.example:8443" */
        str challenge; /* bytes */
};

struct fido_key {
        str credential; /* its id, bytes */
        str public_key; /* as libfido2 holds it */
        int64_t algorithm;
        int64_t sign_count;
};

/* The answers arrive as bytes, base64url already taken off. RC_INVALID about "credential", in one sentence with the part that was wrong. */
rc fido_register(struct cx *cx, const struct fido_question *q, str client_data, str attestation, struct fido_key *ret) MUST_USE;
/* *ret_count: the sign count told; the caller refuses one that does not grow. */
rc fido_assert(struct cx *cx, const struct fido_question *q, const struct fido_key *key, str client_data, str authenticator, str signature,
               int64_t *ret_count) MUST_USE;

#endif
