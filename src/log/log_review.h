/* log_review.h - the log is looked at regularly: when a period ends, a sample of its entries waits for a verdict by people whose own actions they are not.
 * When that is, the contract's policy says; who may, functions of the database. Not who sees the log, which is a permission. */
#ifndef DAICHO_LOG_LOG_REVIEW_H
#define DAICHO_LOG_LOG_REVIEW_H

#include "base/json.h"

enum { LOG_REVIEW_NOTE_MAX = 1000 };

/* Newest first: {reviews: [{id, from_at, to_at, from_day, to_day, period and due_day: for people, opened_at, due_at, state open | overdue | closed, closed_at, closed_by, found: operations of the period,
 * important, entries: in the sample, judged, follows, ends: follow-ups that ended, left: what is still to do}], next: id | null, months: null: off,
 * ends_at: of the period now, begins_day: the same for people}. before 0: from the newest. */
rc log_review_list(struct cx *cx, int64_t before, int limit, json_t **ret) MUST_USE;
/* {review, entries: [the entry as log.h has it, and why, verdict null | expected | follow, note, reviewed_by, reviewed_at, outcome, outcome_by, outcome_at,
 * own: an action of the reader's, mine: the reader's verdict, gone: the entry cannot be found]}. RC_UNKNOWN. */
rc log_review_get(struct cx *cx, int64_t id, json_t **ret) MUST_USE;
/* in: {entry, verdict expected | follow, note: with follow}. RC_FORBIDDEN: the reader's own action, somebody else's verdict, or no person; RC_CONFLICT. */
rc log_review_judge(struct cx *cx, int64_t id, const json_t *in) MUST_USE;
/* in: {entry, outcome}: how a follow-up ended. */
rc log_review_outcome(struct cx *cx, int64_t id, const json_t *in) MUST_USE;
/* RC_CONFLICT while something is left. */
rc log_review_close(struct cx *cx, int64_t id) MUST_USE;
/* {open, overdue, is_overdue, id: the oldest, from_at, to_at, due_at, period, due_day}; JSON null when none is open. */
rc log_review_open(struct cx *cx, json_t **ret) MUST_USE;

/* Chores (gate/runner.h): a review of a period that ended; an overdue one, once. told: {id, begins, ends: days, due: day, entries …}. */
rc log_review_next(struct cx *cx, int64_t after, str *ret_tenant, int64_t *ret_id) MUST_USE;
rc log_review_begin(struct cx *cx, int64_t id, json_t **ret) MUST_USE;
rc log_review_late(struct cx *cx, int64_t after, str *ret_tenant, int64_t *ret_id) MUST_USE;
rc log_review_tell(struct cx *cx, int64_t id, json_t **ret) MUST_USE;

#endif
