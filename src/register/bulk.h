/* bulk.h - all records that meet a condition, deleted or given the same values: looked at first (how many, which, what goes with them), confirmed with
 * their exact number, done as a job. Taken back: bulk_undo.h. Why one transaction: doc/decisions.md; for people: doc/bulk.md. */
#ifndef DAICHO_REGISTER_BULK_H
#define DAICHO_REGISTER_BULK_H

#include "jobs/jobs.h"
#include "register/condition.h"

enum { BULK_SAMPLE = 5 };

struct bulk_order {
        str register_name;
        str action;          /* "delete" or "set" */
        str condition;       /* JSON text; absent: all records */
        str q;               /* words of the search box, all of which must be found; absent */
        const json_t *items; /* set: {item: value} */
        int64_t count;       /* the number the person typed; looked at only by bulk_start() */
        str digest;          /* what they looked at: bulk_plan() gave it; likewise */
};

/* What would happen; changes nothing: {register: definition, action, condition, sentence, q, set, matching, count (of them would change), digest,
 * records: the newest BULK_SAMPLE, effects, blocked}. Without an action it only tells matching. */
rc bulk_plan(struct cx *cx, const struct bulk_order *order, json_t **ret) MUST_USE;
/* Adds the job when count and digest are what bulk_plan() would tell now. RC_CONFLICT with both numbers when the number has changed since. */
rc bulk_start(struct cx *cx, const struct bulk_order *order, int64_t *ret_job) MUST_USE;

/* The job kind "bulk": one transaction and one batch, whose number is the job's. Result: {action, count, condition (JSON text), sentence, q, set (JSON
 * text)}. RC_CONFLICT with both numbers when the condition meets another number than was confirmed: nothing is done. */
rc bulk_run(struct cx *cx, struct job *job) MUST_USE;

#endif
