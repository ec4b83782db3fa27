/* log_hold.h - how long what entries say exactly is kept: for so many days as the policy says, unless a hold keeps it for longer. The entries and their
 * proofs stay either way. Not erasing at somebody's request, which is log_erase; it obeys holds, too. */
#ifndef DAICHO_LOG_LOG_HOLD_H
#define DAICHO_LOG_LOG_HOLD_H

#include "base/json.h"

/* {holds: [{id, reason, basis, kind, subject_id, what: in words, from_at, to_at, asked_by, asked_at, lapses_at, approved_by, approved_at, ended_by, ended_at,
 * ended_why, state asked | held | lapsed | ended, mine: asked for by the reader, about: about the reader}], days: details are kept; null: as long as the
 * entries}. Those in force first. */
rc log_hold_list(struct cx *cx, json_t **ret) MUST_USE;
/* in: {reason, basis, kind and subject_id, from, to: days in Tokyo or points in time}; a subject or a time is needed. RC_FORBIDDEN unless a person asks. */
rc log_hold_ask(struct cx *cx, const json_t *in, int64_t *ret_id) MUST_USE;
/* By somebody else within seven days. */
rc log_hold_approve(struct cx *cx, int64_t id) MUST_USE;
/* why: is an entry. Not by who asked for it, once it was approved; never by the one it is about. */
rc log_hold_end(struct cx *cx, int64_t id, str why) MUST_USE;

/* A chore (gate/runner.h): details that are too old go, some thousand at a time. told: {erased, held, upto: time of the newest, days}. */
rc log_hold_next(struct cx *cx, int64_t after, str *ret_tenant, int64_t *ret_id) MUST_USE;
rc log_hold_purge(struct cx *cx, int64_t id, json_t **ret) MUST_USE;

#endif
