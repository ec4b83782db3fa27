/* snapshot.h - making a backup: one snapshot of the database, read by all programs that write a part of it; every contract into files of its own, encrypted
 * to its own key while they are written. Nothing is held in memory, nothing stands on a disk unencrypted. */
#ifndef DAICHO_CLI_SNAPSHOT_H
#define DAICHO_CLI_SNAPSHOT_H

#include "cli/depot.h"

struct snapshot {
        str name;
        msec taken_at;
        int64_t contracts, bytes;
};

/* Into `place`; it is there only when all of it is. RC_DISK_FULL, RC_UNAVAILABLE. */
rc snapshot_make(struct cx *cx, const struct place *house, str place, struct snapshot *ret) MUST_USE;
/* For programs of PostgreSQL: where the house's database is, as the superuser. The watch process is told by the name it takes (cli/cluster.c). */
rc snapshot_variables(struct cx *cx, const struct place *house, const char *const **ret) MUST_USE;

#endif
