/* sandbox.h - what each kind of process may do, on one screen (sandbox.c), taken away before the first foreign byte is read. */
#ifndef DAICHO_CLI_SANDBOX_H
#define DAICHO_CLI_SANDBOX_H

#include "base/cx.h"

enum sandbox_kind {
        SANDBOX_WEB,
        SANDBOX_AUTH,
        SANDBOX_JOBS,
        SANDBOX_SSO,
        SANDBOX_RENEW,
        SANDBOX_MAILER,
        SANDBOX_COURIER,
        SANDBOX_SEALER,
        SANDBOX_WATCH,
        SANDBOX_WITNESS,
        SANDBOX_KINDS
};

const char *sandbox_kind_name(enum sandbox_kind kind); /* "web" */
bool sandbox_kind_find(str name, enum sandbox_kind *ret);

/* Gives up everything the kind's line does not name: new privileges, paths, system calls, memory, core files. Cannot be undone.
 * dir: the house; spool: this worker's own directory. RC_UNAVAILABLE when the kernel refuses the filter of system calls; a kernel without
 * Landlock leaves the paths to file permissions. */
rc sandbox_enter(struct cx *cx, enum sandbox_kind kind, str dir, str share, str spool) MUST_USE;

/* Try what must not work and print one line each: "open-shadow refused EACCES". true: everything was refused. For `daicho worker --probe`. */
bool sandbox_probe(struct cx *cx, enum sandbox_kind kind, str dir);
/* One thing that ends the process: execve, fork, ptrace, unshare, mount, setuid, bpf, io_uring. When it returns, it did not. For `daicho worker --dare`. */
bool sandbox_dare(str name);

#endif
