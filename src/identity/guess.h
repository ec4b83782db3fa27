/* guess.h - is a password among those that are guessed? zxcvbn's bits, with what it does not know: Japanese words in every spelling, and the names of
 * the person, the account, the contract and the company. Length and classes are password.c's. */
#ifndef DAICHO_IDENTITY_GUESS_H
#define DAICHO_IDENTITY_GUESS_H

#include "base/cx.h"

enum {
        GUESS_BITS_MIN = 34, /* 10^10 guesses */
        GUESS_BYTES_MAX = 72,
};

/* Whose password it is to be; members may be absent. */
struct guess_owner {
        str login, name, email;
        str tenant, title; /* contract name, company */
};

/* password: valid UTF-8 of at most GUESS_BYTES_MAX. RC_INVALID about `item`, with one sentence that says why. */
rc guess_check(struct cx *cx, const struct guess_owner *owner, str password, const char *item) MUST_USE;

#endif
