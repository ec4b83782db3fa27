/* prove.h - what the house itself can show of the tenant entered: the receipt of one entry, and a walk over its whole log in the database against the
 * files of the sealer. Both read the files under DIR/seal/PART/GENERATION (tlog-tiles) and the rows of tenant.log; neither can change anything. */
#ifndef DAICHO_LOG_PROVE_H
#define DAICHO_LOG_PROVE_H

#include "log/receipt.h"
#include "log/verify.h"

/* Where the sealer's files stand (DIR/seal). Once a process. */
void prove_start(const char *directory);

/* The log of the tenant entered. RC_UNAVAILABLE: nothing has been sealed yet. */
struct prove_log {
        str part;
        int64_t generation;
        const char *directory; /* DIR/seal/PART/GENERATION */
        str note;              /* its newest checkpoint, signed; with the cosignatures of witnesses when those are newer than nothing */
        struct checkpoint checkpoint;
};
rc prove_open(struct cx *cx, int64_t generation, struct prove_log *ret) MUST_USE; /* generation 0: the newest */

/* The receipt of entry `id` of tenant.log, as a .tlog-proof with the entry in it. RC_UNKNOWN; RC_UNAVAILABLE: not sealed yet; RC_FORGED: the row is
 * not what was sealed. */
rc prove_receipt(struct cx *cx, int64_t id, struct receipt **ret, str *ret_text) MUST_USE;

/* Rows of the database as the source of a walk (verify.h). details: also check what stands beside each entry against its fingerprint. */
struct prove_detail {
        int64_t index;
        str salt, detail;
};
struct prove_walk {
        struct prove_log log;
        bool details;
        /* The details of each bundle that has any. May be NULL. */
        rc (*take)(struct cx *cx, void *data, int64_t n, const struct prove_detail *list, size_t count);
        void *take_data;
        int64_t details_right, details_erased;
        const struct prove_entry *row; /* of the bundle that is being looked at */
        int64_t row_first;             /* index of the first of them */
        int64_t id;                    /* of the row read last */
        char xid[24];                  /* and its transaction */
        void (*progress)(void *data, int64_t done, int64_t total);
        void *progress_data;
};
rc prove_database(struct cx *cx, struct prove_walk *walk, const struct checkpoint *older, size_t older_count) MUST_USE;

#endif
