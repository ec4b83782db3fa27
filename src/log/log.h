/* log.h - the operation log: one entry for each unit of work, in its own transaction, append only.
 * Entries of a tenant stand in tenant.log (+ tenant.log_detail: salted, erasable); what happens before a tenant is known in daicho.log.
 *
 * What counts: every change; reads of personal items (the record, not its values); searches with their condition; exports and downloads with row
 * counts; log-ins and refused calls with the names of the items that were wrong. Never: passwords, keys, tokens, values of a refused call. */
#ifndef DAICHO_LOG_LOG_H
#define DAICHO_LOG_LOG_H

#include "base/json.h"
#include "log/verb.h"

struct leaf;

/* Called by handlers: name what was touched. kind: register name or "account", "job"…; id 0: none. The last call counts. */
void log_subject(struct cx *cx, str kind, int64_t id);
/* Called by gate: what it is about when no handler says. */
void log_subject_otherwise(struct cx *cx, str kind);
/* What was named last; absent: nothing. */
str log_about(struct cx *cx, int64_t *ret_id);
/* Another verb than the route's: LOG_SEARCH for a list with a condition. */
void log_verb(struct cx *cx, enum log_verb verb);
/* Before/after values, search conditions, row counts. Goes to the erasable detail; the entry holds a salted SHA-256 of it. */
void log_detail(struct cx *cx, const char *name, json_t *value);
/* A page that asks again by itself (progress of a job): no entry unless it is refused. */
void log_quiet(struct cx *cx);
/* The shape of a change, for log_detail: {"item": {"from": …, "to": …}} of the members that differ. */
json_t *log_difference(const json_t *before, const json_t *after);

/* Called by gate, jobs and cli only: queue the entry so that it travels with COMMIT. Of a refusal (result not RC_OK) it notes the items of cx->failure. */
void log_write(struct cx *cx, enum log_verb verb, rc result);

/* One page of entries, newest first.
 * filter, each member may be missing: actor (log-in or key name), actor_kind, verb, kind, subject (id), result ("ok", "refused" or a refusal's name),
 * source, group (one of the groups as they were then), text (part of the detail; RC_FORBIDDEN for masked accounts), from, to (a day in Tokyo, both
 * included, or RFC 3339). RC_INVALID names the member that cannot be read. */
struct log_query {
        const json_t *filter; /* NULL: none */
        int64_t before;       /* entries older than this number; 0: from the newest */
        int64_t behind;       /* entries newer than this number, the nearest of them; 0: not asked */
        int limit;            /* 1..LOG_LIMIT_MAX */
        bool patient;         /* look through everything; else at most about a second: a page may then hold less than there is */
        bool details;         /* each entry with its detail, where this reader may see it */
};
enum { LOG_LIMIT_MAX = 1000 };
/* {entries: […], next: id | null: `before` of the next page, prev: id | null: `behind` of the page before, searched_to: when the search was broken off,
 * the time of the oldest entry looked at; next leads on from there}. */
rc log_list(struct cx *cx, const struct log_query *query, json_t **ret) MUST_USE;
/* One entry with its detail: the entry's members and detail_state none | shown | hidden (masked account) | erased, detail, salt, commitment,
 * proven (detail and commitment fit), hold (number of what keeps it). RC_UNKNOWN. */
rc log_get(struct cx *cx, int64_t id, json_t **ret) MUST_USE;
/* Erase what entries about this record or account (kind "account": also by it) say exactly. The entries stay, and their proofs. confirm: "KIND/ID".
 * What a hold keeps stays (log_hold.h): *ret_kept; when nothing else is there, RC_CONFLICT. RC_FORBIDDEN without log.erase: the database looks. */
rc log_erase(struct cx *cx, str kind, int64_t id, str confirm, int64_t *ret_count, int64_t *ret_kept) MUST_USE;
/* How many details that would be; kept: so many of them a hold keeps, the first of which is hold (0: none). */
struct log_erasable {
        int64_t count, kept, hold;
};
rc log_erasable(struct cx *cx, str kind, int64_t id, struct log_erasable *ret) MUST_USE;
/* Entries by number ("{1,2,3}"), oldest first, each with its detail where this reader may see it. */
rc log_some(struct cx *cx, str ids, json_t **ret) MUST_USE;
/* What people call a kind of subject. */
rc log_kind_title(struct cx *cx, str kind, str *ret) MUST_USE;
/* A day in Tokyo or a point in time; end: a day is included, so its end counts. Absent or empty: *ret is NULL. */
rc log_time(struct cx *cx, str text, bool end, const char *item, msec **ret) MUST_USE;
/* The members of an entry, for people too, from the bytes that were sealed. */
rc log_told(struct cx *cx, const struct leaf *leaf, json_t **ret) MUST_USE;
/* For the filter form: [{name, title, selected}] of all verbs. */
json_t *log_verb_choices(struct cx *cx, str chosen);
/* … of what entries can be about: the registers, and whatever else the house knows. */
rc log_kind_choices(struct cx *cx, str chosen, json_t **ret) MUST_USE;

#endif
