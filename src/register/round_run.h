/* round_run.h - the chore that makes the periods of rounds (gate/runner.h). */
#ifndef DAICHO_REGISTER_ROUND_RUN_H
#define DAICHO_REGISTER_ROUND_RUN_H

#include "base/json.h"

rc round_run_next(struct cx *cx, int64_t after, str *ret_tenant, int64_t *ret_id) MUST_USE;
/* Told {made, missed}: periods that began, and of all that are over without having been done those it found now. */
rc round_run_turn(struct cx *cx, int64_t id, json_t **ret) MUST_USE;

#endif
