/* log.h - the operation log: one entry for each unit of work, in its own transaction, append only.
 * Entries of a tenant stand in tenant.log (+ tenant.log_detail: salted, erasable); what happens before a tenant is known in daicho.log. */
#ifndef DAICHO_LOG_LOG_H
#define DAICHO_LOG_LOG_H

#include "base/json.h"
#include "log/verb.h"

/* Called by handlers: name what was touched. kind: register name or "account", "job"…; id 0: none. */
void log_subject(struct cx *cx, str kind, int64_t id);
/* Before/after values, search conditions, row counts. Goes to the erasable detail; the entry holds a salted SHA-256 of it. */
void log_detail(struct cx *cx, const char *name, json_t *value);

/* Called by gate, jobs and cli only: queue the entry so that it travels with COMMIT. */
void log_write(struct cx *cx, enum log_verb verb, rc result);

/* One page of entries, newest first; before_id 0: from the newest. Model {entries:[…], next}. */
rc log_list(struct cx *cx, const json_t *filter, int64_t before_id, int limit, json_t **ret) MUST_USE;

#endif
