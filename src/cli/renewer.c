/* renewer.c - see renewer.h. */
#include "base/house.h"

#include "cli/renewer.h"

#include "base/fail.h"
#include "db/db.h"
#include "gate/gate.h"
#include "identity/sign_on.h"
#include "log/log.h"

#include <stdio.h>
#include <time.h>

enum { REST_MS = 1000 };

/* No answer is no reason: the session lives on until its token ends, and the provider is asked again before. */
static bool said_no(rc code)
{
        return code == RC_UNAUTHORIZED || code == RC_FORBIDDEN || code == RC_UNKNOWN;
}

static rc write_down(struct cx *cx, const struct sign_on_renewal *renewal, rc code, int64_t lifetime, str sealed)
{
        struct actor actor;
        int64_t session;
        str tenant = sign_on_renewal_tenant(renewal, &actor, &session);

        fail_clear(cx);
        cx->tenant = STR_NONE;
        TRY(gate_enter(cx, tenant, &actor));
        log_subject(cx, S("session"), session);
        if (code == RC_OK) {
                log_quiet(cx);
                return gate_leave(cx, LOG_REVOKE, sign_on_renewal_done(cx, renewal, lifetime, sealed));
        }
        log_detail(cx, "provider", json_str(S("refused")));
        return gate_leave(cx, LOG_REVOKE, sign_on_renewal_refused(cx, renewal));
}

/* One session; false: there was none. */
static bool renew(struct cx *cx)
{
        struct sign_on_renewal *renewal = NULL;
        int64_t lifetime = 0;
        str sealed = STR_NONE;
        rc code;

        if (db_ensure(cx) != RC_OK || sign_on_renewal_take(cx, &renewal) != RC_OK || renewal == NULL)
                return false;
        code = sign_on_renew(cx, renewal, &lifetime, &sealed);
        if (code != RC_OK && !said_no(code))
                return true;
        if (write_down(cx, renewal, code, lifetime, sealed) != RC_OK)
                (void)fprintf(stderr, "daicho: renewal of a session not written: %s\n", rc_name(cx->failure.code));
        return true;
}

void renewer_run(struct cx *cx, const volatile bool *stop)
{
        struct cx fresh = *cx;

        while (!*stop) {
                bool found;

                *cx = fresh;
                found = renew(cx);
                fresh.db = cx->db;
                arena_reset(cx->mem);
                if (!found && !*stop)
                        (void)nanosleep(&(struct timespec){ .tv_sec = REST_MS / 1000, .tv_nsec = REST_MS % 1000 * 1000000 }, NULL);
        }
}
