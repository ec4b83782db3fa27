/* clock_run.h - clocks that run: telling people, by the ladder of their rule, what is due. They start and stop in the database with their records
 * (schema/0039_duty.sql); what a definition says of them is clock_rule.h's. */
#ifndef DAICHO_REGISTER_CLOCK_RUN_H
#define DAICHO_REGISTER_CLOCK_RUN_H

#include "base/json.h"

/* Chores (gate/runner.h): the next contract in which somebody is to be told; telling, many steps at once, one message a person and kind of notice.
 * told: {steps, messages, unheard: steps that reached nobody}. */
rc clock_run_next(struct cx *cx, int64_t after, str *ret_tenant, int64_t *ret_id) MUST_USE;
rc clock_run_fire(struct cx *cx, int64_t id, json_t **ret) MUST_USE;

#endif
