/* define.h - from a definition to its table: what applying one would change, and applying it. */
#ifndef DAICHO_REGISTER_DEFINE_H
#define DAICHO_REGISTER_DEFINE_H

#include "jobs/jobs.h"
#include "register/definition.h"
#include "register/item.h"

enum { DEFINE_UNDO_DAYS = 7, DEFINE_NAMES_MAX = 50 };

/* What whoever asks agrees to lose. Items are named as they are called now. */
struct define_wish {
        str drop[DEFINE_NAMES_MAX]; /* items that are deleted */
        size_t drop_count;
        str empty[DEFINE_NAMES_MAX]; /* items that change their type: values that do not fit become empty */
        size_t empty_count;
        str back; /* a deleted item that comes back; absent */
};

/* What would be done, without doing it, by who may read the register:
 * {register, title, new, add:[{name,title}], drop:[{name,title,records}], rename:[{name,title,from}], retype:[{name,title,from,to,values,unfit,
 * first:[{record,value,reason}]}], back:[{name,title}], change:[{name,title,what:[words]}], reorder, rewrite, nothing, loses, lost,
 * lines:[{text,loses}]}.
 * rewrite: the search index is built anew; nothing: the definition is the same; loses: values go, `lost` of them; lines: the plan in sentences.
 * RC_INVALID for what cannot be done (another kind, a reference that becomes something else). */
rc define_plan(struct cx *cx, const struct definition *wanted, json_t **ret) MUST_USE;

/* Queue it: the plan is checked at once, the job does it, all or nothing. `json`: the definition. Items that are gone from it are deleted only when the
 * wish names them, and values that do not fit are emptied only where it names the item (RC_CONFLICT otherwise). Returns the id of the job and the plan. A
 * command of the operator cannot read records: there the job counts and refuses, and the plan has no numbers. */
rc define_queue(struct cx *cx, json_t *json, const struct define_wish *wish, int64_t *ret_job, json_t **ret_plan) MUST_USE;
/* Queue the plan alone; it is the job's result. For the operator's commands. */
rc define_queue_plan(struct cx *cx, json_t *json, int64_t *ret_job) MUST_USE;
/* Queue the deletion of a register, and its coming back. RC_CONFLICT: other registers refer to it. */
rc define_queue_delete(struct cx *cx, str name, int64_t *ret_job) MUST_USE;
rc define_queue_restore(struct cx *cx, str name, int64_t *ret_job) MUST_USE;

/* The job kind "define"; as daicho_owner inside the tenant. Its result is the plan as it was done, with `version`, and `unfit`: values that became empty
 * [{item, record, value}]. */
rc define_run(struct cx *cx, struct job *job) MUST_USE;

#endif
