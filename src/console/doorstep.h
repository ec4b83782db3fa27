/* doorstep.h - after a step of a log-in: the cookie, and where the person goes next. Shared by the doors that take passwords, second factors and
 * sign-ons; the one place that sets the session cookie. */
#ifndef DAICHO_CONSOLE_DOORSTEP_H
#define DAICHO_CONSOLE_DOORSTEP_H

#include "gate/route.h"

/* The session's token as the browser sent it; absent without one. */
str doorstep_token(const struct http_req *req);
/* A fresh token into the cookie; "" takes the cookie away. */
void doorstep_cookie(struct cx *cx, struct http_res *res, str token);
/* The step was right and the session is now at `stage`: 303 to the page of what is missing, or to `next` (absent, or not an address of the house: the
 * first page) when nothing is; on the API 200 and {tenant, login, stage, csrf}. The entry is a log-in when it is complete, else a step of one. */
rc doorstep_pass(struct cx *cx, struct http_res *res, str token, str stage, str next) MUST_USE;

extern const struct shape doorstep_out;

#endif
