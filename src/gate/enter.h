/* enter.h - who asks, and into which tenant's scope: by session cookie, API key, or (jobs, commands, refused log-ins) by name. */
#ifndef DAICHO_GATE_ENTER_H
#define DAICHO_GATE_ENTER_H

#include "gate/unit.h"

/* Read cookie and Authorization header. RC_UNAUTHORIZED for an Authorization that is not a key of ours. */
rc enter_read(struct cx *cx, struct unit *u) MUST_USE;
/* Begin the transaction and take the tenant's role, in one trip. RC_UNAUTHORIZED. */
rc enter_tenant(struct cx *cx, struct unit *u) MUST_USE;
/* Begin and enter by name, as cx->actor; masked as cx->masked says. owner: as the owner of the schema. In the tenant's language. RC_UNKNOWN. */
rc enter_by_name(struct cx *cx, str tenant, bool owner) MUST_USE;

/* The CSRF token belonging to a session cookie; absent without one. */
str enter_csrf(struct cx *cx, str cookie);

#endif
