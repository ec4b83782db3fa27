/* move_plan.h - moves of a definition before they are at work: as sentences for people, and what changing them does to requests that wait. */
#ifndef DAICHO_REGISTER_MOVE_PLAN_H
#define DAICHO_REGISTER_MOVE_PLAN_H

#include "register/definition.h"

/* [{name, title, from, to, who, required, forbidden, approvals: a list of sentences}], in cx->lang. */
json_t *move_plan_model(struct cx *cx, const struct definition *def);
/* How many requests that are open the new definition would end. */
rc move_plan_ended(struct cx *cx, const struct definition *old, const struct definition *wanted, int64_t *ret) MUST_USE;
/* Do both say the same of moves? */
bool move_plan_same(const struct definition *old, const struct definition *wanted);
/* States that no move leads to and none begins in, and states that nothing leads out of: [{value, title, what: unreachable | end}]. */
json_t *move_plan_states(struct cx *cx, const struct definition *def);

#endif
