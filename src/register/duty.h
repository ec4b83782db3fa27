/* duty.h - everything that is due by rule, in one list: clocks of registers, reviews. Whose it is, exceptions by two people, and the address by which a
 * calendar program reads it (RFC 5545). */
#ifndef DAICHO_REGISTER_DUTY_H
#define DAICHO_REGISTER_DUTY_H

#include "base/json.h"

enum { DUTY_REASON_MAX = 1000, DUTY_LOGIN_MAX = 100, DUTY_FEED_BYTES = 32 };

struct duty_query {
        str which;      /* mine | team | overdue | done */
        msec from, to;  /* 0: any */
        msec after_due; /* keyset: what stood last on the page before */
        int64_t after;  /* 0: from the beginning */
        int limit;
};

/* {duties: [{id, kind clock | round | move | access_review | log_review, title, register, register_title, record, ref, path: of the console, group, assignee, assignee_name, started_at,
 * due_at, due_first_at (null: as due_at), ended_at, stopped_by, state running | missed | met | late | void, open, mine, within: a sentence, asked: an exception waits}],
 * next: {after, after_due} | null}. Only what who asks may read. */
rc duty_list(struct cx *cx, const struct duty_query *query, json_t **ret) MUST_USE;
/* {duty, steps: [{at, notice, to, told}], pauses: [{id, reason, until_at, state, asked_by, asked_at, decided_by, decided_at, due_before_at, due_after_at, own}],
 * may: {assign, ask, decide}}. RC_UNKNOWN. */
rc duty_get(struct cx *cx, int64_t id, json_t **ret) MUST_USE;
/* login absent or empty: nobody in particular. */
rc duty_assign(struct cx *cx, int64_t id, str login) MUST_USE;
rc duty_pause(struct cx *cx, int64_t id, str reason, msec until) MUST_USE;
rc duty_decide(struct cx *cx, int64_t id, bool approve) MUST_USE;
/* Of the rights of which duties come, those this account holds, separated by spaces; for statements. */
str duty_words(struct cx *cx);
/* {mine, overdue}: open ones, at most 1000 looked at. */
rc duty_counts(struct cx *cx, json_t **ret) MUST_USE;

#endif
