/* cx.h - the context of one unit of work: its memory, first failure, connection, actor, tenant and clock reading.
 * Passed first to every function that can refuse. Built by gate (requests), jobs (jobs) and cli (commands) only. */
#ifndef DAICHO_BASE_CX_H
#define DAICHO_BASE_CX_H

#include "base/arena.h"
#include "base/str.h"

struct db;
struct log_draft;

enum lang { LANG_JA, LANG_EN, LANG_END };

/* One sentence about one item (or one line of a file). */
struct problem {
        const char *item; /* item name, or NULL: about the whole */
        int64_t line;     /* line of the file read, 0: none */
        str text;         /* in the reader's language */
};

struct failure {
        rc code; /* RC_OK: nothing failed yet; the first one wins */
        struct problem problem[64];
        size_t count; /* of problem[]; more than fit are not kept */
};

enum actor_kind { ACTOR_NOBODY, ACTOR_ACCOUNT, ACTOR_KEY, ACTOR_OPERATOR, ACTOR_SYSTEM };

struct actor {
        enum actor_kind kind;
        int64_t id;      /* account or key; 0: nobody, operator, system */
        str name;        /* log-in name, key name, operating system user: as written in the log */
        str groups;      /* names of the permission groups as they are now, joined by ", " */
        str source;      /* address the request came from, "-" for commands and jobs */
        int64_t session; /* the session it came by; 0: an API key, a command, a job */
        int64_t job;     /* the job that does it for them; 0: none */
        int stage;       /* how far their log-in has come: enum stage of gate/route.h; 0: all the way */
};

/* What may be done: permissions as bits (identity/permission.h), for every register and for single ones. */
struct right_scope {
        str register_name;
        uint64_t given, denied; /* denied: not here, though for every register */
};

struct rights {
        uint64_t all;
        const struct right_scope *scopes;
        size_t scope_count;
};

struct cx {
        struct arena *mem;
        struct failure failure;
        struct db *db;
        enum lang lang;
        struct actor actor;
        str tenant;  /* contract name, "acme"; absent before a tenant was entered */
        bool masked; /* personal items may not be seen: the role is t_NAME_masked */
        bool desk;   /* a command of the operator: no records, nothing of what entries of the log say exactly: the role is t_NAME_desk */
        struct rights permissions;
        msec now;              /* daicho.clock() when the unit began */
        struct log_draft *log; /* what log_* functions have noted so far (log/log.h) */
};

#endif
