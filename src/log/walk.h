/* walk.h - the rows of the contract entered as the source of a verification (verify.h): its whole log in the database, entry by entry, against the
 * tiles the sealer has published. Nothing is changed. */
#ifndef DAICHO_LOG_WALK_H
#define DAICHO_LOG_WALK_H

#include "log/published.h"
#include "log/verify.h"

struct walk_detail {
        int64_t index;
        str salt, detail;
};

struct walk {
        struct published log; /* what it is compared with (head_open) */
        str key;              /* SHA-256 of an API key that may see details; absent: take gets none */
        bool details;         /* check what stands beside each entry against its fingerprint, too */
        /* The details of each bundle that has any. May be NULL. */
        rc (*take)(struct cx *cx, void *data, int64_t n, const struct walk_detail *list, size_t count);
        void *take_data;
        void (*progress)(void *data, int64_t done, int64_t total); /* may be NULL */
        void *progress_data;
        int64_t details_right, details_erased; /* what was found */
};

/* RC_OK: every entry is the one that was sealed, and the log has grown out of the older checkpoints. RC_FORGED names the first that is wrong. */
rc walk_log(struct cx *cx, struct walk *walk, const struct checkpoint *older, size_t older_count) MUST_USE;

#endif
