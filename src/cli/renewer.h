/* renewer.h - asks sign-on providers again, shortly before a session's token ends: whoever they no longer know is out. One process of its own, so that a
 * slow provider keeps nobody waiting who signs on. */
#ifndef DAICHO_CLI_RENEWER_H
#define DAICHO_CLI_RENEWER_H

#include "base/cx.h"

/* Until *stop; cx: the context of one unit after the other. */
void renewer_run(struct cx *cx, const volatile bool *stop);

#endif
