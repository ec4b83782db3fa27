/* gate.h - the one path of a unit of work. Only this room calls handlers:
 * match -> size limit -> read body -> session, API key -> permission -> CSRF token when a cookie was used -> enter tenant -> handler
 * -> operation-log entry -> commit -> reply. A refusal is logged too. */
#ifndef DAICHO_GATE_GATE_H
#define DAICHO_GATE_GATE_H

#include "gate/route.h"

/* tables: NULL-ended list of route tables, joined in main.c. login_only: this is an auth process. */
void gate_start(const struct route *const *tables, bool login_only);
extern const struct http_service gate_service;

/* For commands and jobs: enter a tenant as operator or as the account that started the job; then do; then end. */
rc gate_enter(struct cx *cx, str tenant, const struct actor *actor) MUST_USE;
rc gate_leave(struct cx *cx, rc result) MUST_USE;      /* entry, commit or roll back */

/* All routes, for `daicho routes`, OpenAPI and nginx. */
const struct route *const *gate_tables(void);

#endif
