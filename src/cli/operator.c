/* operator.c - see operator.h. */
#include "base/house.h"

#include "cli/operator.h"

#include "base/fail.h"
#include "base/file.h"
#include "db/db.h"
#include "gate/gate.h"
#include "identity/password.h"
#include "page/page.h"

#include <stdlib.h>
#include <unistd.h>

rc operator_connect(struct cx *cx, const char *role)
{
        const struct place *place;
        str conninfo;

        TRY(command_place(cx, &place));
        if (access(place_path(cx, place->dir, "run/.s.PGSQL.5432"), F_OK) != 0)
                return fail(cx, RC_UNAVAILABLE, NULL, "Daicho does not run in %.*s; start it with `daicho up --dir %.*s`", STR_ARG(place->dir),
                            STR_ARG(place->dir));
        TRY(page_start(cx, str_format(cx->mem, "%.*s/pages", STR_ARG(place->share))));
        password_start((int)place->config.password_cost);
        file_store_start(place_path(cx, place->dir, "files"));
        TRY(place_conninfo(cx, place->dir, role, "daicho", &conninfo));
        return db_open(cx, str_z(cx->mem, conninfo), &cx->db);
}

rc operator_tenant(struct cx *cx, struct args *args, str *ret)
{
        *ret = str_of(getenv("DAICHO_TENANT"));
        TRY(args_text(cx, args, "--tenant", ret));
        return str_empty(*ret) ? fail(cx, RC_USAGE, NULL, "--tenant NAME is missing") : RC_OK;
}

rc operator_do(struct cx *cx, str tenant, enum log_verb verb, operator_work work, void *data)
{
        enum lang lang = cx->lang;
        struct actor actor = cx->actor;
        rc result;

        if (str_absent(tenant)) {
                if (cx->db == NULL)
                        TRY(operator_connect(cx, "daicho_owner"));
                db_begin(cx);
        } else {
                if (cx->db == NULL)
                        TRY(operator_connect(cx, "daicho_cli"));
                TRY(gate_enter(cx, tenant, &actor));
                cx->lang = lang;
        }
        result = work(cx, data);
        if (verb == LOG_NOTHING && result == RC_OK)     /* asking again and again how far a job is */
                return db_commit(cx);
        return gate_leave(cx, verb, result);
}
