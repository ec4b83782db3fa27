/* runner.h - runs jobs: the same path as a request (who, which tenant, do it, log it), without a client waiting. */
#ifndef DAICHO_GATE_RUNNER_H
#define DAICHO_GATE_RUNNER_H

#include "jobs/jobs.h"
#include "identity/permission.h"
#include "log/verb.h"

/* run(): cx is inside the tenant as the account that started the job, in a transaction on the work connection; entry and COMMIT are the
 * runner's. All or nothing unless it can resume: work in steps sets job->again, the step is committed and run() called anew, with nothing in its memory
 * but what the database holds. */
struct job_kind {
        const char *name; /* "import" */
        enum log_verb verb;
        rc (*run)(struct cx *cx, struct job *job);
        bool owner;                 /* the define job: runs as daicho_owner with the right to DDL */
        enum permission permission; /* for the register it is about: asked of the account or key that started it when it begins and when it ends */
};

/* What falls due by itself, whether or not anybody is there: asked every `every_ms` by each jobs process between jobs. One unit of work each, done as the
 * system, with an entry of its own. */
struct chore {
        const char *kind; /* of the entry's subject: "person" */
        enum log_verb verb;
        int every_ms;
        /* Outside any tenant: the next one after `after`; *ret_tenant absent: there is none. NULL: run finds it itself and stays outside any tenant, its
         * entry stands in the house's log. */
        rc (*next)(struct cx *cx, int64_t after, str *ret_tenant, int64_t *ret_id);
        /* Inside it, in a transaction. *ret: members for the entry's detail; NULL: another process has done it meanwhile, or there is none. */
        rc (*run)(struct cx *cx, int64_t id, json_t **ret);
        /* Inside it, after run: messages that go with it, made of what run told; may be NULL. */
        rc (*tell)(struct cx *cx, const json_t *told);
        /* Outside any tenant, each time, without an entry; may be NULL. */
        rc (*sweep)(struct cx *cx);
        bool owner;  /* run inside the tenant as daicho_owner: what it does is DDL */
        bool masked; /* run inside the tenant without sight of personal items */
};

/* The loop of a jobs process. kinds: ends with name == NULL, chores with kind == NULL; joined in main.c. */
void runner_run(struct cx *cx, const struct job_kind *kinds, const struct chore *chores, const volatile bool *stop);

#endif
