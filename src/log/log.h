/* log.h - the operation log: one entry for each unit of work, in its own transaction, append only.
 * Entries of a tenant stand in tenant.log (+ tenant.log_detail: salted, erasable); what happens before a tenant is known in daicho.log.
 *
 * What counts: every change; reads of personal items (the record, not its values); searches with their condition; exports and downloads with row
 * counts; log-ins and refused calls with the names of the items that were wrong. Never: passwords, keys, tokens, values of a refused call. */
#ifndef DAICHO_LOG_LOG_H
#define DAICHO_LOG_LOG_H

#include "base/json.h"
#include "log/verb.h"

/* Called by handlers: name what was touched. kind: register name or "account", "job"…; id 0: none. The last call counts. */
void log_subject(struct cx *cx, str kind, int64_t id);
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

/* One page of entries, newest first; before_id 0: from the newest. Model {entries: […], next: id | null}.
 * filter, each member may be missing: actor (log-in or key name), actor_kind, verb, kind, subject (id), result ("ok", "refused" or a refusal's name),
 * source, from, to (a day in Tokyo, both included, or RFC 3339). RC_INVALID names the member that cannot be read. */
rc log_list(struct cx *cx, const json_t *filter, int64_t before_id, int limit, json_t **ret) MUST_USE;
/* One entry with its detail: the entry's members and detail_state none | shown | hidden (masked account) | erased, detail, salt, commitment,
 * proven (detail and commitment fit). RC_UNKNOWN. */
rc log_get(struct cx *cx, int64_t id, json_t **ret) MUST_USE;
/* For the filter form: [{name, title, selected}] of all verbs. */
json_t *log_verb_choices(struct cx *cx, str chosen);

#endif
