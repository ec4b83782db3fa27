/* define.h - from a definition to its table: what applying one would change, and applying it. */
#ifndef DAICHO_REGISTER_DEFINE_H
#define DAICHO_REGISTER_DEFINE_H

#include "jobs/jobs.h"
#include "register/definition.h"

/* What would be done, without doing it, in any role that reads the register:
 * {register, new, add:[{name,title}], drop:[{name,title,records}], change:[{name,title,what:[words]}], rewrite}.
 * rewrite: the search index is built anew. RC_INVALID for what cannot be done (another type, another kind). */
rc define_plan(struct cx *cx, const struct definition *wanted, json_t **ret) MUST_USE;

/* Queue it: the plan is checked at once, the job does it, all or nothing. `json`: the definition. Items that are gone
 * from it are dropped with their values only when `drop` names them (RC_CONFLICT otherwise). Returns the id of the job
 * and the plan. */
rc define_queue(struct cx *cx, json_t *json, const str *drop, size_t drop_count, int64_t *ret_job, json_t **ret_plan) MUST_USE;

/* The job kind "define": args {definition, drop:[names]}; as daicho_owner inside the tenant. Its result is the plan as
 * it was done, with `version`. */
rc define_run(struct cx *cx, struct job *job) MUST_USE;

#endif
