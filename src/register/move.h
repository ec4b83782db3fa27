/* move.h - moves of a record: which there are, who may and why not, asking, approving, carrying out. Judged and written by the database
 * (schema/0045_move.sql); here its answers become refusals and pages. */
#ifndef DAICHO_REGISTER_MOVE_H
#define DAICHO_REGISTER_MOVE_H

#include "base/json.h"
#include "register/definition.h"

enum { MOVE_WHY_MAX = 1000 };

/* {state, states: [{value, title, now, been}], moves: [{name, title, to, to_title, approvals: how many, can, why}], open: null | {id, name, title, to, to_title,
 * state waiting | approved, asked_by, asked_at, hash, own, can, why, sets: [{id, who, needed, given, given_by, full, can, why}]}, course: [{id, name, title, from,
 * from_title, to, to_title, state, hash, asked_by, asked_at, ended_by, ended_at, why, approved_by}] newest first, next: id | null}. A register without moves: null.
 * RC_UNKNOWN. before: of the course; 0: from the newest. */
rc move_look(struct cx *cx, str register_name, int64_t record, int64_t before, json_t **ret) MUST_USE;
/* Made at once, or asked for: {id, state: done | waiting, hash}. */
rc move_ask(struct cx *cx, str register_name, int64_t record, str name, int64_t version, json_t **ret) MUST_USE;
/* set 0: the first this person fills. {id, state: waiting | approved}. */
rc move_approve(struct cx *cx, str register_name, int64_t id, int64_t set, json_t **ret) MUST_USE;
rc move_refuse(struct cx *cx, str register_name, int64_t id, str why) MUST_USE;
rc move_withdraw(struct cx *cx, str register_name, int64_t id) MUST_USE;
rc move_carry(struct cx *cx, str register_name, int64_t id) MUST_USE;
/* The record a request is about; 0: there is none. */
rc move_about(struct cx *cx, int64_t id, int64_t *ret_record, str *ret_name) MUST_USE;

/* "グループ: 課長" of group:課長. */
str move_who(struct cx *cx, const struct definition *def, str who);

#endif
