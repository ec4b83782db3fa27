/* jobs.h - the queue of long work: add, take, progress, finish, retry. Rows of daicho.job; a job runs as the account that started it.
 * A runner shows that it lives by an advisory lock on the connection it took the job with: when it dies, however, the job is free at once.
 * `attempt` fences: what an earlier runner still says is not heard. */
#ifndef DAICHO_JOBS_JOBS_H
#define DAICHO_JOBS_JOBS_H

#include "base/json.h"

enum { JOB_ATTEMPTS = 3 };

struct job {
        int64_t id;
        str kind;
        str tenant;
        str register_name;  /* absent: about none */
        int64_t account_id; /* whose it is: the account that started it, or the maker of the key; 0: the operator */
        struct actor actor; /* for cx->actor: who started it, as they were then; source "-" */
        str permissions;    /* words they held then; the operator's commands hold all, and have none here */
        bool masked;
        json_t *args;      /* what job_add was given */
        int attempt;       /* from 1 */
        int tries;         /* of them, those at this piece of work */
        bool cancel_asked; /* before it was taken again */
        str result_file;   /* set by run(): path below the file store, offered for download */
        str result_name;   /* its file name for people */
        json_t *result;    /* set by run(): numbers and refusals, shown on the job card */
        bool ready;        /* set by run(): it waits for who started it to say go; the next run() has args.apply */
        struct db *side;   /* the connection the job was taken with: progress, seen by others at once */
        msec told;         /* clock_tick() when progress was last written */
        bool again;        /* set by run(): a step is done and may be committed; call me again */
};

/* register_name may be absent. Returns the id; the job starts after the caller's commit. Who starts it is cx->actor with its permissions. */
rc job_add(struct cx *cx, const char *kind, str register_name, json_t *args, int64_t *ret_id) MUST_USE;

/* Progress, on the runner's second connection so that others see it at once; at most twice a second (except the first, and done == total).
 * RC_CANCELLED when somebody asked to cancel, or when the job is no longer this runner's: return it. total 0: not known yet.
 * step: key of a text ("job.step.read"). */
rc job_progress(struct cx *cx, struct job *job, int64_t done, int64_t total, const char *step) MUST_USE;

/* Which jobs somebody sees: their own, and those about registers they have a right on; all: every register but those in names, else those in names
 * (separated by spaces). The door knows it from their permissions. */
struct job_range {
        bool all;
        str names;
};

struct job_sight {
        struct job_range any;     /* any right: that there is such a job, and how it goes */
        struct job_range imports; /* its rows: what was refused */
        struct job_range exports; /* its file */
        bool contract;            /* jobs about no register (the log as a file): that there is one */
        bool contract_file;       /* … and what it left */
};

extern const struct job_sight job_sight_all; /* the operator's */

/* Models for people and API. One job:
 *   id kind register state (queued running ready done failed cancelled) active is_queued is_running is_done is_failed is_cancelled attempt done total
 *   percent rate (rows a second) seconds_left seconds (so far or in all) step actor mine created_at started_at finished_at cancel_asked
 *   result (what the work left: numbers, refused rows; after a refusal {code, errors: [{item, line, detail}]}) has_file file_name
 * A list: {jobs: […], next: id | null, running: how many of them are queued or running}. RC_UNKNOWN: no such job in this tenant. */
/* Lists inside the result (refused rows with their values) also to those who did not start it but may import there. Masked accounts never see those of
 * others. */
rc job_get(struct cx *cx, int64_t id, const struct job_sight *sight, json_t **ret) MUST_USE;
rc job_list(struct cx *cx, int64_t before_id, bool active_only, int limit, const struct job_sight *sight, json_t **ret) MUST_USE;
/* By who started it; by others when may_all. A job that has not begun is cancelled at once, a running one is told; RC_CONFLICT when it is over. */
rc job_cancel(struct cx *cx, int64_t id, const struct job_sight *sight, bool may_all) MUST_USE;
/* A job that is ready goes on, for who started it; args.answer: one word it asked for, or absent. RC_FORBIDDEN, RC_CONFLICT when it does not wait. */
rc job_apply(struct cx *cx, int64_t id, const struct job_sight *sight, str answer) MUST_USE;
/* The chore: jobs that waited a week for a decision are called off. */
rc job_ready_next(struct cx *cx, int64_t after, str *ret_tenant, int64_t *ret_id) MUST_USE;
rc job_ready_over(struct cx *cx, int64_t id, json_t **ret) MUST_USE;
/* The file a job left: for who started it, and for those who could do the same: import there (its refused rows), or export. A masked account gets only what a masked one made. RC_FORBIDDEN, RC_UNKNOWN. */
rc job_file(struct cx *cx, int64_t id, const struct job_sight *sight, str *ret_path, str *ret_name) MUST_USE;

/* For the runner (gate/runner.c): take the next due job, fair between tenants; *ret NULL when there is none. cx->db: the connection that stays the
 * runner's while the job runs, outside any tenant, role daicho_jobs; it becomes job->side. Taking ends the runner's hold on the job before. */
rc job_take(struct cx *cx, struct job **ret) MUST_USE;
/* Is it still to be done? RC_CANCELLED, or RC_INTERNAL when JOB_ATTEMPTS runners died over it. */
rc job_check(struct cx *cx, const struct job *job) MUST_USE;
/* What who started it may do now, of what they could do then; absent: they are out. On the runner's connection. */
rc job_words(struct cx *cx, struct job *job, str *ret) MUST_USE;
/* The end. Of good work: inside its own transaction (cx->db the work connection, in the tenant), so that work and end are one commit.
 * Of refused work, after its rollback: outside any tenant; passing troubles (busy, unavailable, disk full) go back into the queue, 10 s, then
 * 40 s, at most JOB_ATTEMPTS times; others fail with the refusals of cx->failure in the result. RC_CONFLICT: the job is no longer this runner's.
 * RC_CANCELLED for good work that somebody called off: roll it back and finish it with that. */
rc job_finish(struct cx *cx, struct job *job, rc result) MUST_USE;

#endif
