/* tenant.h - contracts: a schema, three roles, default groups, a state. Not entering one (gate), not what lies in its schema (its own migrations).
 * Everything here runs outside any tenant on a connection of daicho_owner, for operator's commands; what falls due on one of daicho_jobs. */
#ifndef DAICHO_TENANT_TENANT_H
#define DAICHO_TENANT_TENANT_H

#include "base/clock.h"
#include "base/json.h"

struct tenant {
        str name; /* [a-z][a-z0-9]{1,29} */
        str title;
        str state; /* "active" | "suspended" | "ended" */
        str lang;  /* "ja" | "en" */
        int64_t schema_version;
        msec created_at;
        int64_t accounts;
        bool operators; /* wished: the one contract whose accounts are operators */
        msec ends_at;   /* the end of the last day; 0: no end in sight */
        msec erase_at;  /* the seventh of the month after; 0 */
};

/* Roles, schema with all its migrations, default groups: all or nothing. Joins the caller's transaction or makes its own.
 * RC_INVALID (name, title, lang), RC_CONFLICT when there is one of that name. */
rc tenant_create(struct cx *cx, str name, str title, str lang) MUST_USE;
/* The contract of the operators, of which there is one: its accounts hold no right on records, and ask for support grants. RC_CONFLICT. */
rc tenant_create_operators(struct cx *cx, str name, str title, str lang) MUST_USE;
rc tenant_list(struct cx *cx, struct tenant **ret, size_t *ret_count) MUST_USE;
/* RC_UNKNOWN when there is none. */
rc tenant_get(struct cx *cx, str name, struct tenant **ret) MUST_USE;
/* A new contract needs client certificates. This one does without: the operator asks (cx->actor), `approved_by`, another person, agreed; it stands in the
 * contract's statement. RC_INVALID (approved_by, reason), RC_UNKNOWN. */
rc tenant_waive(struct cx *cx, str name, str approved_by, str reason) MUST_USE;
/* Who needs a second factor: everybody, or those who administer and whose groups ask for it. The contract itself cannot change this. */
rc tenant_factor(struct cx *cx, str name, bool everybody) MUST_USE;
/* Sessions and keys stop working at once; nothing is lost. RC_UNKNOWN, RC_CONFLICT: it has ended. */
rc tenant_suspend(struct cx *cx, str name) MUST_USE;
rc tenant_resume(struct cx *cx, str name) MUST_USE;
/* Everything works through the last day (Asia/Tokyo), nothing after it; on the seventh of the month after it everything is erased. May be changed, and
 * taken back, until then. RC_INVALID (last-day), RC_CONFLICT, RC_UNKNOWN. */
rc tenant_cancel(struct cx *cx, str name, struct date last_day) MUST_USE;
rc tenant_keep(struct cx *cx, str name) MUST_USE;
/* Before it is erased: suspended, and what it has asked for is asked to stop. To be committed before tenant_end. RC_UNKNOWN. */
rc tenant_close(struct cx *cx, str name) MUST_USE;
/* Waits until nothing runs for it any more (RC_BUSY after half a minute). Erased now: schema, roles and every row of the shared tables are gone for good; files follow within seconds. A certificate stays. */
rc tenant_end(struct cx *cx, str name) MUST_USE;
/* Certificates of erasure, oldest first: [{id, tenant, title, began_at, ended_at, due_at, erased_at, erased_by, accounts, records: {register: count},
 * entries, files}]. */
rc tenant_erasures(struct cx *cx, json_t **ret) MUST_USE;

/* As the system, in a transaction outside any tenant, one contract at a time; *ret: what was done, for the house's log; NULL: nothing is due. */
rc tenant_end_due(struct cx *cx, int64_t id, json_t **ret) MUST_USE;
rc tenant_erase_due(struct cx *cx, int64_t id, json_t **ret) MUST_USE;

#endif
