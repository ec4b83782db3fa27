/* enter.h - who asks, and into which tenant's scope: by session cookie, API key, or (jobs, commands, refused log-ins) by name. */
#ifndef DAICHO_GATE_ENTER_H
#define DAICHO_GATE_ENTER_H

#include "gate/unit.h"

/* Read cookie and Authorization header. RC_UNAUTHORIZED for an Authorization that is not a key of ours. */
rc enter_read(struct cx *cx, struct unit *u) MUST_USE;
/* Begin the transaction and take the tenant's role, in one trip. RC_UNAUTHORIZED. */
rc enter_tenant(struct cx *cx, struct unit *u) MUST_USE;
/* The same on a guess (recall.h), without a trip of its own: the look-up travels with the first statement of the handler, so that its rights are those
 * the database found just then. False: nothing to guess from. Whatever comes of the unit counts only when enter_confirm() says so. */
bool enter_guess(struct cx *cx, struct unit *u);
/* Was the guess right? Costs a trip only when the handler made none. True also for a unit that did not guess. */
bool enter_confirm(struct cx *cx, struct unit *u);
/* Begin and enter by name, as cx->actor; masked as cx->masked says. owner: as the owner of the schema. In the tenant's language. RC_UNKNOWN. */
rc enter_by_name(struct cx *cx, str tenant, bool owner) MUST_USE;

/* Inside the tenant: whoever asks was refused at this address (with a name or number in it); the database counts (schema/0021_alert.sql). */
void enter_probe(struct cx *cx, str path);

/* A stage by its word in daicho.session_enter; one that is not known here is the strictest. */
enum stage enter_stage(str word);
/* Inside the tenant: commit what was done so far, whatever becomes of the rest, and go on as before in a new transaction. For an attempt that must be
 * counted before anybody looks whether it is right. */
rc enter_renew(struct cx *cx) MUST_USE;

/* Serial of the client certificate a request came with, of one that nginx has checked; "": none. */
str enter_certificate(const struct http_req *req);
/* The CSRF token belonging to a session cookie; absent without one. */
str enter_csrf(struct cx *cx, str cookie);

#endif
