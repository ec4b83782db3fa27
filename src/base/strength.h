/* strength.h - how many guesses a password would take, by libzxcvbn (bits of entropy: dictionaries, rows of keys, repetition, sequences, dates). It knows
 * ASCII and English; what else is to be known comes as words. Knows no accounts. */
#ifndef DAICHO_BASE_STRENGTH_H
#define DAICHO_BASE_STRENGTH_H

#include "base/arena.h"
#include "base/str.h"

enum { STRENGTH_MAX = 200 }; /* bytes looked at: its work grows with the square of them */

enum strength_part {
        STRENGTH_FREE,   /* nothing that is known */
        STRENGTH_WORD,   /* of a dictionary */
        STRENGTH_GIVEN,  /* of the words that were given */
        STRENGTH_REPEAT, /* repetition or sequence */
        STRENGTH_KEYS,   /* keys side by side */
        STRENGTH_DATE,
};

/* Bits of what is at most STRENGTH_MAX bytes without NUL. words: ends with NULL, in lower case. *ret_part (may be NULL): what most of it is made of. */
double strength_bits(struct arena *mem, str text, const char *const *words, enum strength_part *ret_part);

#endif
