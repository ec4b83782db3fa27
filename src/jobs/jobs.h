/* jobs.h - the queue of long work: add, claim, progress, finish, retry. Rows of daicho.job; a job runs as the account that started it. */
#ifndef DAICHO_JOBS_JOBS_H
#define DAICHO_JOBS_JOBS_H

#include "base/json.h"

struct job {
        int64_t id;
        str kind;
        str tenant;
        int64_t account_id;     /* who started it; 0: the operator */
        json_t *args;           /* what job_add was given */
        int attempt;            /* from 1 */
        str result_file;        /* set by run(): path below the file store, offered for download */
        str result_name;        /* its file name for people */
        json_t *result;         /* set by run(): numbers and refusals, shown on the job card */
        struct db *side;        /* second connection: progress and lease, seen by others at once */
        msec told;              /* when progress was last written */
};

/* register_name may be absent. Returns the id; the job starts after the caller's commit. */
rc job_add(struct cx *cx, const char *kind, str register_name, json_t *args, int64_t *ret_id) MUST_USE;

/* Progress, on the runner's second connection so that others see it at once; at most twice a second.
 * RC_CANCELLED when somebody asked to cancel: return it. total 0: not known yet. step: key of a text ("job.step.read"). */
rc job_progress(struct cx *cx, struct job *job, int64_t done, int64_t total, const char *step) MUST_USE;

/* Models: one job; the newest of this tenant. */
rc job_get(struct cx *cx, int64_t id, json_t **ret) MUST_USE;
rc job_list(struct cx *cx, int limit, json_t **ret) MUST_USE;
rc job_cancel(struct cx *cx, int64_t id) MUST_USE;

/* For the runner (gate/runner.c): take the next due job, fair between tenants; *ret NULL when there is none.
 * A job whose runner died (lease over) is taken again, attempt + 1, at most 3. cx: outside any tenant, role daicho_jobs. */
rc job_take(struct cx *cx, struct job **ret) MUST_USE;
rc job_finish(struct cx *cx, struct job *job, rc result) MUST_USE;

#endif
