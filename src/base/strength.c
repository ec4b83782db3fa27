/* strength.c - see strength.h. */
#include "base/house.h"

#include "base/strength.h"

#include "base/crypto.h"

#include <zxcvbn.h>

static enum strength_part part_of(int type)
{
        switch (type & ~MULTIPLE_MATCH) {
        case DICTIONARY_MATCH:
        case DICT_LEET_MATCH: return STRENGTH_WORD;
        case USER_MATCH:
        case USER_LEET_MATCH: return STRENGTH_GIVEN;
        case REPEATS_MATCH:
        case SEQUENCE_MATCH: return STRENGTH_REPEAT;
        case SPATIAL_MATCH: return STRENGTH_KEYS;
        case DATE_MATCH:
        case YEAR_MATCH: return STRENGTH_DATE;
        default: return STRENGTH_FREE;
        }
}

double strength_bits(struct arena *mem, str text, const char *const *words, enum strength_part *ret_part)
{
        char *z;
        const char **list = (const char **)(uintptr_t)words; /* it does not write there */
        ZxcMatch_t *info = NULL;
        double bits;
        int longest = 0;

        must(text.n <= STRENGTH_MAX && (text.n == 0 || memchr(text.p, 0, text.n) == NULL));
        z = str_z(mem, text);
        bits = ZxcvbnMatch(z, list, &info);
        if (ret_part != NULL)
                *ret_part = STRENGTH_FREE;
        for (const ZxcMatch_t *m = info; ret_part != NULL && m != NULL; m = m->Next) {
                enum strength_part part = part_of((int)m->Type);

                if (part != STRENGTH_FREE && m->Length > longest) {
                        longest = m->Length;
                        *ret_part = part;
                }
        }
        ZxcvbnFreeInfo(info);
        crypto_wipe(z, text.n);
        return bits;
}
