/* runner.h - runs jobs: the same path as a request (who, which tenant, do it, log it), without a client waiting. */
#ifndef DAICHO_GATE_RUNNER_H
#define DAICHO_GATE_RUNNER_H

#include "jobs/jobs.h"
#include "identity/permission.h"
#include "log/verb.h"

/* run(): cx is inside the tenant as the account that started the job, in a transaction on the work connection; entry and COMMIT are the
 * runner's. All or nothing unless it can resume. */
struct job_kind {
        const char *name; /* "import" */
        enum log_verb verb;
        rc (*run)(struct cx *cx, struct job *job);
        bool owner;                 /* the define job: runs as daicho_owner with the right to DDL */
        enum permission permission; /* for the register it is about: asked of the account or key that started it when it begins and when it ends */
};

/* The loop of a jobs process. kinds: ends with name == NULL; joined in cli/. */
void runner_run(struct cx *cx, const struct job_kind *kinds, const volatile bool *stop);

#endif
