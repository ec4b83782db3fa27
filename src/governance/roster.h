/* roster.h - the accounts that are really on a machine: one name a line, or lines of passwd(5), of which those count that can log in (their shell is not
 * nologin, false or sync). Empty lines and those that begin with # are skipped. */
#ifndef DAICHO_GOVERNANCE_ROSTER_H
#define DAICHO_GOVERNANCE_ROSTER_H

#include "base/cx.h"

enum { ROSTER_SIZE_MAX = 256 << 10, ROSTER_NAMES_MAX = 2000, ROSTER_NAME_MAX = 64 };

/* Is it a name an account can have: letters, digits and . _ @ \ - ? */
bool roster_name_valid(str name);
/* Each name once, in the order of the file. RC_INVALID: every line that cannot be read, and nothing is given; RC_TOO_LARGE. */
rc roster_read(struct cx *cx, str text, str **ret, size_t *ret_count) MUST_USE;

#endif
