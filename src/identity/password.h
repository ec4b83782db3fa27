/* password.h - passwords: the rules, bcrypt, and system-made ones. Slow on purpose: called in the auth processes and the operator's commands only,
 * which alone can read and write hashes (schema/0003_identity.sql). */
#ifndef DAICHO_IDENTITY_PASSWORD_H
#define DAICHO_IDENTITY_PASSWORD_H

#include "identity/guess.h"
#include "identity/policy.h"

enum {
        PASSWORD_CHARS_MAX = 30, /* code points, unless the policy raises it to … */
        PASSWORD_BYTES_MAX = 72, /* bcrypt looks at no more, so more is refused and not cut off */
        PASSWORD_COST = 12,      /* 2^12 rounds: 0.18 to 0.34 s here */
        PASSWORD_COST_MIN = 4,
        PASSWORD_COST_MAX = 16,
};

/* Once at start: cost of new hashes; only tests want less than PASSWORD_COST. */
void password_start(int cost);

/* May this be the owner's password, by the contract's policy? RC_INVALID about `item`, a sentence for each thing that is wrong. */
rc password_check(struct cx *cx, const struct policy *policy, const struct guess_owner *owner, str password, const char *item) MUST_USE;

/* "$2b$12$…" (60 characters) of a password that passed password_check. */
str password_hash(struct cx *cx, str password);
/* Was this hash made with another cost than new ones are? */
bool password_outdated(str hash);
/* Is it the password of this hash? hash absent (no such account): false, after the same work. */
bool password_matches(struct cx *cx, str password, str hash);

/* System-made: "Kf7m-9RxQ-vw3T-bZ8e": 4 × 4 characters that cannot be mistaken for each other, all four classes, 90 bits; more of them when the policy
 * wants it longer. */
str password_make(struct cx *cx, int64_t length_min);

#endif
