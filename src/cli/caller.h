/* caller.h - the person behind a command: who logged in to the machine, whatever account they work as now. The kernel remembers it (loginuid, proc(5)),
 * and sudo and su do not change it. */
#ifndef DAICHO_CLI_CALLER_H
#define DAICHO_CLI_CALLER_H

#include "base/arena.h"
#include "base/str.h"

#include <stdint.h>

struct caller {
        str name;   /* of the person; of the account when there is none behind it */
        str groups; /* what they work as: "" their own account, "root", "root (sudo)" when only sudo says so, "unattended" when nobody sits there */
        str source; /* "session 12" of the kernel's audit, "session 12 from 192.0.2.7" where the log-in
                 * manager knows it, or "-" */
        bool nameless; /* somebody works as root, and nothing says who it is */
};

struct caller_facts {
        str loginuid;                                   /* text of /proc/self/loginuid; absent: this kernel has none */
        str session;                                    /* text of /proc/self/sessionid; likewise */
        str remote;                                     /* text of the log-in manager about that session, /run/systemd/sessions/N; absent: none */
        int64_t uid;                                    /* the command runs as */
        str sudo_user;                                  /* an account of this machine, as the environment says: anybody can write that there */
        bool attended;                                  /* there is a terminal, or a session of ssh */
        str (*name_of)(struct arena *mem, int64_t uid); /* name of an account; absent: it has none */
};

struct caller caller_of(struct arena *mem, const struct caller_facts *facts);
/* The same of this process. */
struct caller caller_read(struct arena *mem);

#endif
