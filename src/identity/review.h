/* review.h - access reviews: at least once in so many days everything that gives anybody access is written down as it stands, and somebody else than its
 * holder says of each line that it stays or goes. What goes is gone at once and comes back only by being given anew. The rules stand in
 * schema/0019_access_review.sql; here are words and models. */
#ifndef DAICHO_IDENTITY_REVIEW_H
#define DAICHO_IDENTITY_REVIEW_H

#include "base/json.h"

/* How the contract stands: {review_days, due_at, overdue, soon (within 14 days), closed_at (of the last one) | null, open_id | null, event_id | null (one
 * that a transfer opened), left_active (active accounts of people who have left: must be 0), deciders (who hold access.approve)}. */
rc review_state(struct cx *cx, json_t **ret) MUST_USE;
/* query: {before, limit}. {reviews: [review], next: id | null, state, unreviewed: [{account_id, login, person_id, person, created_at, decided_at | null}]
 * (500 at most), more (there are more), left: [the same; decided_at: when they left]}. A review: {id, scope all | event, why, opened_at, opened_by, unattended, due_at,
 * overdue, closed_at, closed_by, note, open, items, kept, removed, gone, decided (kept, removed or gone), undecided, percent}. */
rc review_list(struct cx *cx, const json_t *query, json_t **ret) MUST_USE;
/* query: {show undecided | kept | removed | gone, q, after (a person), person (this one only; 0: of nobody in particular), limit (people)}. {review, state,
 * people: [{key, person_id | 0, person, login, department, moved_from, leaves_at, last_login_at, event, own, undecided, may_keep, items: [item]}], next |
 * null, added: [what was given meanwhile: {kind, login, person, name, words}; not with `person`]}. An item: {id, kind account | group | word | key, name, title, words: [{name,
 * title, …}], count, grown: [title…] (the group gives more by now), newly, version, state undecided | kept | removed | gone, note, decided_by, decided_at,
 * live, earlier: […], may_decide, may_undo}. RC_UNKNOWN. */
rc review_get(struct cx *cx, int64_t id, const json_t *query, json_t **ret) MUST_USE;
/* Is there such a review? RC_UNKNOWN. */
rc review_find(struct cx *cx, int64_t id) MUST_USE;
/* Every line, for evidence: CSV with a head in the reader's language. */
rc review_csv(struct cx *cx, int64_t id, str *ret, int64_t *ret_count) MUST_USE;

/* RC_CONFLICT when one is open. */
rc review_open(struct cx *cx, str why, int64_t *ret) MUST_USE;
/* decision: keep, remove, or undo (of a "keep"). By a person logged in who holds access.approve and is not the holder. *ret: {kind, login, person, name}.
 * RC_STALE, RC_CONFLICT (closed, gone, taken away already), RC_FORBIDDEN. */
rc review_decide(struct cx *cx, int64_t id, int64_t item, int64_t version, str decision, str note, json_t **ret) MUST_USE;
/* Everything of this person (0: of nobody in particular) that is undecided stays. */
rc review_keep(struct cx *cx, int64_t id, int64_t person_id, str note, int64_t *ret_count) MUST_USE;
/* RC_CONFLICT while anything is undecided. *ret: {items, kept, removed, gone, added: […]}. */
rc review_close(struct cx *cx, int64_t id, str note, json_t **ret) MUST_USE;

/* For the jobs processes. Outside any tenant: the next contract for which one is to be opened or somebody to be told; *ret_tenant absent: none. */
rc review_due_next(struct cx *cx, int64_t after, str *ret_tenant, int64_t *ret_id) MUST_USE;
/* Inside it: {review | null, opened, tell soon | overdue | event | null, due_at}; NULL: another process has done it. */
rc review_tick(struct cx *cx, int64_t id, json_t **ret) MUST_USE;

#endif
