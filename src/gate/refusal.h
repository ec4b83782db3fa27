/* refusal.h - what the client is told when a unit of work was refused: RFC 9457 on the API face, a page or a fragment on the console. */
#ifndef DAICHO_GATE_REFUSAL_H
#define DAICHO_GATE_REFUSAL_H

#include "gate/unit.h"

/* Fills *res; a model the handler left (the current version, after RC_STALE) is told as "current". Never fails: the last resort is plain text. */
void refusal_render(struct cx *cx, struct unit *u, rc code, struct http_res *res);
/* "/login" -> "/login?next=…": from there back to the page asked for, when it was a page. */
str refusal_way_back(struct cx *cx, const struct unit *u, const char *page);

#endif
