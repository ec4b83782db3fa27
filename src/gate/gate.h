/* gate.h - the one path of a unit of work. Only this room calls handlers:
 * match -> size limit -> read body -> session, API key -> permission -> CSRF token when a cookie was used -> enter tenant -> handler
 * -> operation-log entry -> commit -> reply. A refusal is logged too. */
#ifndef DAICHO_GATE_GATE_H
#define DAICHO_GATE_GATE_H

#include "gate/route.h"

/* What gate asks of the floor above it; any may be NULL. */
struct gate_hooks {
        /* Once a process, before the sandbox closes: read what is needed from the directory of static files. */
        rc (*start)(struct cx *cx, str statics);
        /* Complete the context of a page: `static`, `frame` (registers with titles and counts, running jobs) and what makes the model readable.
         * Inside the tenant when context has `me`; without it no statement may be run. */
        rc (*frame)(struct cx *cx, const struct http_req *req, json_t *context);
        /* Add schemas and paths of this tenant's registers to the OpenAPI document. Inside the tenant. */
        rc (*openapi)(struct cx *cx, json_t *document);
};

/* tables: NULL-ended list of route tables, joined in main.c. pool: what kind of process this is: it serves the routes of this
 * kind and no others. */
void gate_start(const struct route *const *tables, enum pool pool, const struct gate_hooks *hooks);
extern const struct http_service gate_service;

/* Is this an address inside the house, fit to be redirected to ("/registers/x?y")? */
bool gate_address_safe(str address);
/* The page that takes what is missing at this stage ("factor") of a log-in; absent: nothing is, or no page can take it. */
str gate_stage_page(str stage);

/* For commands and jobs: begin, enter a tenant as operator or as the account that started the job (masked as cx->masked says); then do; then end. */
rc gate_enter(struct cx *cx, str tenant, const struct actor *actor) MUST_USE;
/* Entry and commit; after a refusal: roll back, entry in a transaction of its own. Returns `result`, or why it could not be committed. */
rc gate_leave(struct cx *cx, enum log_verb verb, rc result) MUST_USE;

/* All routes, for `daicho routes`, OpenAPI and nginx. */
const struct route *const *gate_tables(void);

#endif
