/* memo.h - what the sealer remembers of a tree by itself, outside the database: the newest head it has vouched for. It never signs anything that does
 * not continue this. One small file a tree (DIR/sealer/PART). */
#ifndef DAICHO_LOG_MEMO_H
#define DAICHO_LOG_MEMO_H

#include "log/merkle.h"

struct memo {
        str origin; /* HOST/seal/PART/GENERATION */
        int64_t generation;
        int64_t size;
        struct merkle_hash root;
        str xid; /* the newest entry in the tree: its transaction and number */
        int64_t id;
        str link; /* the first leaf, of a generation that continues another one; absent */
};

enum { MEMO_MAX = 64 << 10 };

/* RC_UNKNOWN: there is none. RC_MALFORMED: it is damaged. */
rc memo_read(struct cx *cx, const char *path, struct memo *ret) MUST_USE;
rc memo_write(struct cx *cx, const char *path, const struct memo *memo) MUST_USE;

#endif
