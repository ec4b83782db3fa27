/* doorstep.h - after a step of a log-in: the cookie, and where the person goes next. Shared by the doors that take passwords, second factors and
 * sign-ons; the one place that sets the session cookie. */
#ifndef DAICHO_CONSOLE_DOORSTEP_H
#define DAICHO_CONSOLE_DOORSTEP_H

#include "gate/route.h"
#include "identity/session.h"

/* The session's token as the browser sent it; absent without one. */
str doorstep_token(const struct http_req *req);
/* A fresh token into the cookie; "" takes the cookie away. */
void doorstep_cookie(struct cx *cx, struct http_res *res, str token);
/* The step was right and the session is now at `stage`: 303 to the page of what is missing, or to `next` (absent, or not an address of the house: the
 * first page) when nothing is; on the API 200 and {tenant, login, stage, csrf}. The entry is a log-in when it is complete, else a step of one. */
rc doorstep_pass(struct cx *cx, struct http_res *res, str token, str stage, str next) MUST_USE;

/* After a wrong password or code: counts it, locks what is to be locked, writes to whom it concerns. Outside a transaction. `told` is what the person will be told: given back. */
rc doorstep_failed(struct cx *cx, const struct attempt *attempt, str login, rc told) MUST_USE;
/* In an auth process: somebody who is logged in gives the password once more. The attempt is charged for good before the password is looked at, so the
 * unit's work until here is committed: call it before anything is changed. RC_INVALID about `item`, RC_FORBIDDEN when the account is locked, RC_BUSY. */
rc doorstep_prove(struct cx *cx, str password, const char *item) MUST_USE;

/* The sign-on services the account is linked with: to come in by one of them once more is a proof, too. Adds ways: [{id, kind, name}], passwords (does the
 * contract take any), tenant_query and next_query for the links. */
rc doorstep_ways(struct cx *cx, json_t *model, str next) MUST_USE;

extern const struct shape doorstep_out;

#endif
