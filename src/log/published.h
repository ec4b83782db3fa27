/* published.h - what the sealer has published of one log, as its files tell it: the newest checkpoint, the keys it is signed with, what witnesses have
 * cosigned. The database is not asked; neither is any file believed that its signature does not prove. */
#ifndef DAICHO_LOG_PUBLISHED_H
#define DAICHO_LOG_PUBLISHED_H

#include "log/checkpoint.h"

enum { PUBLISHED_KEYS_MAX = 8 };

struct published {
        int64_t generation;
        const char *directory; /* DIR/seal/PART/GENERATION */
        str note;              /* a checkpoint as it was signed; absent: none was published yet, and what follows means nothing */
        struct note *parsed;
        struct checkpoint head;
        str vkey[PUBLISHED_KEYS_MAX]; /* the keys that stand beside it */
        struct note_key key[PUBLISHED_KEYS_MAX];
        size_t keys;
        bool signed_; /* one of them has signed it, and none that did has signed anything else */
};

/* Once a process: DIR/seal. */
void published_start(const char *directory);
/* The newest checkpoint of a generation. */
rc published_open(struct cx *cx, str part, int64_t generation, struct published *ret) MUST_USE;
/* The newest one of the same log that witnesses have cosigned; ret->note absent: none that can be
 * believed. It may be older than `newest`. */
void published_cosigned(struct cx *cx, const struct published *newest, struct published *ret);
/* Is there such a file below DIR/seal? */
bool published_holds(struct cx *cx, str name);

#endif
