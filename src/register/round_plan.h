/* round_plan.h - rounds of a definition before they begin: as sentences for people, what would fall due by them, what a change ends. */
#ifndef DAICHO_REGISTER_ROUND_PLAN_H
#define DAICHO_REGISTER_ROUND_PLAN_H

#include "register/definition.h"

/* [{name, title, when, whom, within, whose, results, note: it needs one, steps: how many}], sentences in cx->lang. */
json_t *round_plan_model(struct cx *cx, const struct definition *def);
/* One of them; NULL: there is none of that name. */
json_t *round_plan_one(struct cx *cx, const struct definition *def, str name);
/* Adds to `falls` of clock_plan_simulate() what rounds make due for who takes part from `from` on: [{clock, title, what, starts, at, to}]. Nothing is written. */
rc round_plan_simulate(struct cx *cx, const struct definition *def, msec from, int64_t days, json_t *falls) MUST_USE;
/* Are the rounds of both the same? old may be NULL. */
bool round_plan_same(const struct definition *old, const struct definition *wanted);
/* How many periods are open of rounds that would be gone. */
rc round_plan_ended(struct cx *cx, const struct definition *old, const struct definition *wanted, int64_t *ret) MUST_USE;

#endif
