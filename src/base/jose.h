/* jose.h - signed tokens of others (JWS compact serialization, RFC 7515, with keys as RFC 7517 writes them), by libcjose. Verifies, never signs; no
 * encrypted tokens. What a token's header asks for is never done: the algorithms are the caller's list, the keys are the caller's, and a key only ever
 * works with the algorithms of its own type. */
#ifndef DAICHO_BASE_JOSE_H
#define DAICHO_BASE_JOSE_H

#include "base/json.h"

enum { JOSE_TOKEN_MAX = 16384, JOSE_HEADER_MAX = 2048, JOSE_KEYS_MAX = 64 };

struct jose {
        json_t *claims; /* the payload: an object without repeated members */
        str algorithm;
        str key; /* kid; absent */
};

/* algorithms: NULL-ended, of RS256 PS256 ES256 (with a key of `keys`, a JWK Set) and HS256 (with `secret`, never with a key of the set; absent: none).
 * RC_UNKNOWN: no key of the set fits, a fresher set might have it. RC_UNAUTHORIZED: everything else that is wrong, in one sentence. */
rc jose_verify(struct cx *cx, str token, const json_t *keys, str secret, const char *const *algorithms, struct jose *ret) MUST_USE;

/* The left half of the SHA-256 of a token, as at_hash has it (OpenID Connect Core 3.1.3.6, algorithms ending in 256). */
str jose_half_hash(struct arena *mem, str token);

#endif
