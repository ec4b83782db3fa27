/* import_undo.h - an import taken back: records it made go, records it changed get their old values back, item by item. What somebody has touched since stays
 * as it is and is told, unless it is asked to go with the rest; a record that others refer to stays always. Made ones are known by their origin, changed ones
 * by tenant.change: nothing is stored twice. */
#ifndef DAICHO_REGISTER_IMPORT_UNDO_H
#define DAICHO_REGISTER_IMPORT_UNDO_H

#include "jobs/jobs.h"

enum { IMPORT_UNDO_DAYS = 30, IMPORT_UNDO_SHOWN = 50 };

/* {register: definition, job, open (it can be taken back), undo: number of the job that does | null, all, remove: made records that go, restore: changed ones
 * that get their old values, left: how many stay, lost: changed ones whose history is gone, left_first: [{record, heading, reason: changed | gone | referred |
 * taken | reference}], at most IMPORT_UNDO_SHOWN}. all: what was touched since, too. RC_UNKNOWN; RC_FORBIDDEN for masked accounts. */
rc import_undo_get(struct cx *cx, const struct job_sight *sight, str register_name, int64_t id, bool all, json_t **ret) MUST_USE;
/* Adds the job. RC_CONFLICT: over, taken back already, or nothing was written. */
rc import_undo_start(struct cx *cx, const struct job_sight *sight, str register_name, int64_t id, bool all, int64_t *ret_job) MUST_USE;

/* The job kind "import_undo". Result: {batch, removed, restored, left}; result file: those left as they are. */
rc import_undo_run(struct cx *cx, struct job *job) MUST_USE;

#endif
