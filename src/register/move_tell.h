/* move_tell.h - telling people of approvals: who may approve, that one waits; who asked, what became of it (schema/0052_rules.sql). */
#ifndef DAICHO_REGISTER_MOVE_TELL_H
#define DAICHO_REGISTER_MOVE_TELL_H

#include "base/json.h"

/* Chores (gate/runner.h), without sight of personal items: the next contract in which somebody is to be told; telling, one message a person and kind of notice.
 * told: {requests, messages}. */
rc move_tell_next(struct cx *cx, int64_t after, str *ret_tenant, int64_t *ret_id) MUST_USE;
rc move_tell_fire(struct cx *cx, int64_t id, json_t **ret) MUST_USE;

#endif
