/* watch.h - the process that watches who enters the database by another door than the service's, and which certificates were revoked.
 * It reads the server's log (trail.h), tells several people within seconds, writes an entry into the house's log, and leaves the serials nginx must
 * refuse where the parent finds them, and which erasures are still to be proven. Requests never wait for it: connections of workers live long, so there is next to nothing to read. */
#ifndef DAICHO_CLI_WATCH_H
#define DAICHO_CLI_WATCH_H

#include "base/cx.h"

enum { WATCH_RECIPIENTS_MAX = 20 };

struct watch {
        const char *directory; /* DIR/log/postgres, read only */
        const char *revoked;   /* DIR/run/watch/revoked */
        const char *unproven;  /* DIR/run/watch/unproven */
        str start_names;       /* application names of starts of this house, one a line */
        str recipients[WATCH_RECIPIENTS_MAX];
        size_t recipient_count; /* 0: nobody is told; the log is written all the same */
};

/* From daicho.conf: addresses separated by commas; none, or at least two: one person alone may be the one who did it. RC_INVALID. */
rc watch_recipients(struct cx *cx, str text, struct watch *watch) MUST_USE;
/* cx->db: daicho_watch. Until *stop. */
void watch_run(struct cx *cx, const struct watch *watch, const volatile bool *stop);

#endif
