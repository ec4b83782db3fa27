/* alike_find.h - the search of a whole register for records that may be the same (alike.h), as a job: the parts of each record are folded once, in steps of
 * STEP; what is grouped then is one hash a rule. */
#ifndef DAICHO_REGISTER_ALIKE_FIND_H
#define DAICHO_REGISTER_ALIKE_FIND_H

#include "jobs/jobs.h"

/* Adds the job. RC_CONFLICT without rules, or while one is under way. */
rc alike_find_start(struct cx *cx, str register_name, int64_t *ret_job) MUST_USE;
/* The job kind "duplicates". Result: {looked, groups}. */
rc alike_find_run(struct cx *cx, struct job *job) MUST_USE;

#endif
