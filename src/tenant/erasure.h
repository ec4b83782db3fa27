/* erasure.h - the bytes of what was erased (schema/0028_erasure_bytes.sql): tables, statistics and journal are written anew without them, and it is shown
 * that they are gone. Not the erasing itself (tenant.h, register/record.h). */
#ifndef DAICHO_TENANT_ERASURE_H
#define DAICHO_TENANT_ERASURE_H

#include "base/json.h"

/* On a connection of daicho_jobs, outside any tenant and outside any transaction: every step that is due, each in a transaction of its own. What somebody holds
 * waits for the next call. */
rc erasure_bytes_renew(struct cx *cx) MUST_USE;
/* As the system, in a transaction: the next certificate of which nothing is left on the disk; *ret: for the house's log, NULL: there is none. */
rc erasure_bytes_gone(struct cx *cx, int64_t id, json_t **ret) MUST_USE;

/* A certificate that can be proven. */
struct erasure {
        int64_t id;
        str tenant;
        str marker; /* planted before erasing, made of the certificate's seed */
        str seed;
        int64_t places; /* where it was planted */
        bool gone;      /* the bytes are said to be gone */
};
/* On a connection of daicho_owner. id 0: those that were not proven yet. Oldest first. RC_UNKNOWN: none of this number, or one of an earlier version, without a marker. */
rc erasure_list(struct cx *cx, int64_t id, struct erasure **ret, size_t *ret_count) MUST_USE;
rc erasure_scanned(struct cx *cx, int64_t id, int64_t files, int64_t bytes, int64_t found) MUST_USE;

#endif
