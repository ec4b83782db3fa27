/* alike.h - records that may be the same person or thing, by the rules a register declares as `duplicates`: all items of a rule agree once marks, width,
 * kana, old kanji and capital letters are folded away; an empty item agrees with nothing. Found for the whole register by a job, and at once for one
 * record through the search index. Pairs declared to be different stay away. Every number is looked at again when it is shown: what somebody corrected
 * since is no longer there. For accounts that see personal items only: RC_FORBIDDEN for others, and the database gives them nothing (doc/duplicates.md). */
#ifndef DAICHO_REGISTER_ALIKE_H
#define DAICHO_REGISTER_ALIKE_H

#include "jobs/jobs.h"
#include "register/record.h"

enum { ALIKE_KEPT = 20, ALIKE_LIMIT = 20, ALIKE_NEAR = 10, ALIKE_APART = 100 };

/* RC_FORBIDDEN for masked accounts. Asked first, before anything is looked up. */
rc alike_allowed(struct cx *cx) MUST_USE;

/* {register: definition, rules: [{name, title, items}], groups: [group], apart: [{a, b, a_heading, b_heading, at, actor}] (on the first page), next: id | null, found: how many the last search found, at, running: number of
 * the job | null}. group: {id, size, more (members not shown), rules: [title], base: record, others: [record]}; record: {id, version, heading, created_at, updated_at,
 * values: [{name, title, text, alike, in_heading}]}. Sets that are no longer alike are left out. */
rc alike_list(struct cx *cx, str register_name, int64_t after, json_t **ret) MUST_USE;
/* How many sets of the last search are left, at most 1000; 0 for who may not make records one. */
rc alike_waiting(struct cx *cx, const struct definition *def, int64_t *ret) MUST_USE;
/* {register, record: {id, heading, values}, alike: [record with rules: [title]], at most ALIKE_NEAR, unsearched: [titles of rules no index leads to]}. */
rc alike_near(struct cx *cx, str register_name, int64_t id, json_t **ret) MUST_USE;
/* Declare two records to be different, or no longer. RC_UNKNOWN when one is not there. */
rc alike_apart(struct cx *cx, str register_name, int64_t a, int64_t b, bool apart) MUST_USE;
/* By which rules two records are alike now: [title]. */
rc alike_why(struct cx *cx, const struct definition *def, int64_t a, int64_t b, json_t **ret) MUST_USE;

/* What is compared of an item, as text; null: nothing. Of the column (alias r), or of a stored value when one is given. */
void alike_part(struct sql *sql, const struct item *item, str value);
/* Is that the text folded? Otherwise it costs nothing. */
bool alike_folds(const struct item *item);
/* The distinct items of all rules: number of places, by item->number the place (SIZE_MAX: none). */
size_t alike_places(struct cx *cx, const struct definition *def, const struct item ***ret, size_t **ret_place);

#endif
