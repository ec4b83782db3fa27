/* migrate.h - bring the database to the shape this program needs: SHARE/schema/NNNN_name.sql once, SHARE/schema/tenant/NNNN_name.sql once for
 * each tenant. Forward only, one transaction each, in order of their numbers. Applied files are kept with their SHA-256 and text in
 * daicho.migration; a changed or missing one, or one this program does not know, is refused before anything is done.
 * Connection: daicho_owner, outside any transaction. Two runs at once: the second waits. */
#ifndef DAICHO_DB_MIGRATE_H
#define DAICHO_DB_MIGRATE_H

#include "db/db.h"

/* *ret_applied: files applied now, over the house and all tenants. May be NULL. */
rc migrate_run(struct cx *cx, str share_dir, size_t *ret_applied) MUST_USE;

/* A new tenant's schema, from the scripts daicho.migration keeps; inside the caller's transaction. *ret_version: the newest number applied. */
rc migrate_schema(struct cx *cx, str tenant, int64_t version, int64_t *ret_version) MUST_USE;

#endif
