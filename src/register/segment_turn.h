/* segment_turn.h - chores of segments (gate/runner.h): counting what is unknown, what means something else today, and the check of every night. */
#ifndef DAICHO_REGISTER_SEGMENT_TURN_H
#define DAICHO_REGISTER_SEGMENT_TURN_H

#include "base/json.h"

/* New and changed ones, and those that became unknown: told {counted}. */
rc segment_turn_asked(struct cx *cx, int64_t after, str *ret_tenant, int64_t *ret_id) MUST_USE;
rc segment_turn_count(struct cx *cx, int64_t id, json_t **ret) MUST_USE;
/* A day began: told {counted}. In the night: told {checked, drifted, segments: [{id, name, register, counted, was}]}, mended. */
rc segment_turn_due(struct cx *cx, int64_t after, str *ret_tenant, int64_t *ret_id) MUST_USE;
rc segment_turn_day(struct cx *cx, int64_t id, json_t **ret) MUST_USE;
/* Differences become one number. */
rc segment_turn_fold(struct cx *cx) MUST_USE;

#endif
