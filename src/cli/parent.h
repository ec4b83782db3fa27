/* parent.h - one parent that starts processes in order, restarts those that end, and stops all of them in reverse. Knows nothing of what
 * they do. Signals come through a signalfd; children get their own process groups and die with the parent (PR_SET_PDEATHSIG);
 * grandchildren whose parent died come here (child subreaper). */
#ifndef DAICHO_CLI_PARENT_H
#define DAICHO_CLI_PARENT_H

#include "base/cx.h"

struct child {
        const char *name;        /* "web.3": in messages */
        const char *const *argv; /* argv[0] absolute */
        const char *variable;    /* one environment variable, NULL: none */
        const char *log;         /* stdout and stderr are appended to this file */
        const char *stale;       /* a socket a crash leaves behind, removed before a start; NULL: none */
        int listen_fd;           /* becomes descriptor 3; -1: none */
        bool tells;              /* writes a byte to descriptor 4 when it is ready */
        int stop_signal;         /* how to end it politely */
        int death_signal;        /* when the parent dies without a word */
        int patience_ms;         /* politeness ends after this */
        int stage;               /* stages stop one after the other, highest first */
        int nice;
        bool once; /* ends by itself and is not started again */
        /* kept by parent.c */
        int pid;
        bool ready;
        int status; /* once: how it ended, as of waitpid(); valid when pid is 0 */
        int crashes;
        msec started, restart_at;
};

enum { PARENT_CHILDREN_MAX = 96, PARENT_LISTEN_FD = 3, PARENT_READY_FD = 4 };

/* From here on SIGTERM, SIGINT, SIGHUP and SIGCHLD come through the parent. log: its own messages, besides stderr. */
rc parent_start(struct cx *cx, const char *log) MUST_USE;
/* Starts one child; it is watched from now on. child lives as long as the parent. */
rc parent_add(struct cx *cx, struct child *child) MUST_USE;
/* Starts a child that was added, is `once` and has ended, once more; nothing while it still runs. */
rc parent_again(struct cx *cx, struct child *child) MUST_USE;
/* Waits until all children that tell are ready. RC_UNAVAILABLE when one ended before or time is over; RC_CANCELLED when asked to stop. */
rc parent_ready(struct cx *cx, int timeout_ms) MUST_USE;
/* Looks after the children for at most timeout_ms; RC_CANCELLED when asked to stop, RC_UNAVAILABLE when `watched` ended (NULL: never). */
rc parent_wait(struct cx *cx, const struct child *watched, int timeout_ms) MUST_USE;
/* The refusal that says a child ended, with its last words. */
rc parent_ended(struct cx *cx, const struct child *child) MUST_USE;
/* Ends all children, stage by stage. A second signal ends politeness. */
void parent_stop(struct cx *cx);
/* One line on stderr and in the log. */
void parent_say(const char *format, ...) PRINTF(1, 2);

#endif
