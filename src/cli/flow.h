/* flow.h - programs whose output flows into another one (pg_dump | age > file, age -d | psql), never by a shell and never in memory. What they say on stderr
 * is kept for the refusal. They die with this process. */
#ifndef DAICHO_CLI_FLOW_H
#define DAICHO_CLI_FLOW_H

#include "base/cx.h"

struct flow;

/* A program whose standard input is fed below and whose output goes to `out` (-1: nowhere). variables: NAME=value, ends with NULL; what it finds in its
 * environment besides PATH and LC_ALL. RC_UNAVAILABLE naming `package` when it is missing. */
rc flow_open(struct cx *cx, const char *const *argv, const char *const *variables, const char *package, int out, struct flow **ret) MUST_USE;
/* Text of our own. */
rc flow_text(struct flow *flow, str text) MUST_USE;
/* All that another program writes. *ret_status: how it ended, where that matters; NULL: anything but 0 is a refusal. */
rc flow_from(struct flow *flow, const char *const *argv, const char *const *variables, const char *package, str input, int *ret_status) MUST_USE;
/* No more comes: waits for its end. `so_far`: what the feeding came to; when that broke off because the program ended, its own reason is told instead. */
rc flow_close(struct flow *flow, rc so_far) MUST_USE;

/* One program alone, its output thrown away. */
rc flow_alone(struct cx *cx, const char *const *argv, const char *package) MUST_USE;

#endif
