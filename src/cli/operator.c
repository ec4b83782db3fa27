/* operator.c - see operator.h. */
#include "base/house.h"

#include "cli/operator.h"

#include "base/fail.h"
#include "base/file.h"
#include "cli/watch.h"
#include "db/db.h"
#include "gate/gate.h"
#include "governance/maintenance.h"
#include "identity/password.h"
#include "log/log.h"
#include "log/published.h"
#include "notify/notice.h"
#include "page/page.h"
#include "tenant/vault.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

rc operator_connect(struct cx *cx, const char *role)
{
        static const char *connected;
        const struct place *place;
        str conninfo;

        if (cx->db != NULL && connected != NULL && strcmp(connected, role) == 0)
                return RC_OK;
        if (cx->db != NULL)
                db_close(cx->db);
        cx->db = NULL;
        cx->tenant = STR_NONE;
        connected = role;
        TRY(command_place(cx, &place));
        if (access(place_path(cx, place->dir, "run/.s.PGSQL.5432"), F_OK) != 0)
                return fail(cx, RC_UNAVAILABLE, NULL, "Daicho does not run in %.*s; start it with `daicho up --dir %.*s`", STR_ARG(place->dir),
                            STR_ARG(place->dir));
        TRY(page_start(cx, str_format(cx->mem, "%.*s/pages", STR_ARG(place->share))));
        password_start((int)place->config.password_cost);
        file_store_start(place_path(cx, place->dir, "files"));
        vault_start(place_path(cx, place->dir, "secret/backup"));
        published_start(place_path(cx, place->dir, "seal"));
        notice_start(place_url(cx, place, place_port(cx, place)));
        TRY(place_conninfo(cx, place->dir, role, "daicho", &conninfo));
        return db_open(cx, str_z(cx->mem, conninfo), &cx->db);
}

rc operator_tenant(struct cx *cx, struct args *args, str *ret)
{
        *ret = str_of(getenv("DAICHO_TENANT"));
        TRY(args_text(cx, args, "--tenant", ret));
        return str_empty(*ret) ? fail(cx, RC_USAGE, NULL, "--tenant NAME is missing") : RC_OK;
}

/* Root works as the owner of the house while it touches the house: what it makes there must be the owner's. */
static rc owner_become(struct cx *cx, bool *ret_root)
{
        const char *mark = place_path(cx, command_dir(cx), "VERSION");
        struct stat st;

        *ret_root = geteuid() == 0;
        if (!*ret_root)
                return RC_OK;
        if (stat(mark, &st) != 0 || setegid(st.st_gid) != 0 || seteuid(st.st_uid) != 0)
                return file_failed(cx, mark, errno);
        return RC_OK;
}

static void root_again(bool root)
{
        if (root)
                must(seteuid(0) == 0 && setegid(0) == 0);
}

/* What changes who may come in or what they may, or from where: the contract's own people hear of it. */
static rc change_tell(struct cx *cx, enum log_verb verb)
{
        static const enum log_verb verbs[] = { LOG_CREATE, LOG_UPDATE, LOG_DELETE, LOG_PASSWORD,  LOG_RESET,
                                               LOG_REVOKE, LOG_UNLOCK, LOG_STOP,   LOG_REINSTATE, LOG_APPROVE };
        static const char *const kinds[] = { "account", "group", "key", "person", "policy", "provider", "address", "certificate", "opt_out" };
        int64_t id;
        str about = log_about(cx, &id);
        bool told = false;

        for (size_t i = 0; i < COUNT(verbs); i++)
                told = told || verbs[i] == verb;
        for (size_t i = 0; told && i < COUNT(kinds); i++)
                if (str_is(about, kinds[i]))
                        return notice_operator(cx, str_of(log_verb_word(verb)), verb == LOG_CREATE, about, id);
        return RC_OK;
}

static rc do_as_owner(struct cx *cx, str tenant, enum log_verb verb, operator_work work, void *data)
{
        enum lang lang = cx->lang;
        struct actor actor = cx->actor;
        rc result;

        if (str_absent(tenant)) {
                db_begin(cx);
        } else {
                TRY(gate_enter(cx, tenant, &actor));
                cx->lang = lang;
        }
        result = work(cx, data);
        log_subject_otherwise(cx, command_subject());
        if (result == RC_OK && !str_absent(tenant))
                result = change_tell(cx, verb);
        if (verb == LOG_NOTHING && result == RC_OK) /* asking again and again how far a job is */
                return db_commit(cx);
        return gate_leave(cx, verb, result);
}

/* Told before anything is done, once a command. What cannot be told stops nobody: root could go another way. */
static void nameless_tell(struct cx *cx)
{
        static bool told;
        const struct caller *caller = command_caller();
        const struct place *place;
        struct watch watch = { .recipient_count = 0 };

        if (told || !caller->nameless)
                return;
        told = true;
        if (command_place(cx, &place) == RC_OK && watch_recipients(cx, place->config.alarm_recipients, &watch) == RC_OK &&
            notice_root(cx, caller->name, caller->source, watch.recipients, watch.recipient_count) == RC_OK)
                return;
        (void)fprintf(stderr, "daicho: %s\n", fail_translate(cx->lang, "nobody could be told that root works here without a name"));
        fail_clear(cx);
}

/* Somebody sits there: what the house knows of them at work, once a command (schema/0026_maintenance.sql). */
static rc session_note(struct cx *cx)
{
        static bool noted;
        const struct caller *caller = command_caller();

        if (noted || str_is(caller->groups, "unattended"))
                return RC_OK;
        noted = true;
        return maintenance_command(cx, caller->name, caller->source);
}

rc operator_do(struct cx *cx, str tenant, enum log_verb verb, operator_work work, void *data)
{
        enum lang lang = cx->lang;
        bool root;
        rc result;

        TRY(operator_connect(cx, str_absent(tenant) ? "daicho_owner" : "daicho_cli"));
        nameless_tell(cx);
        TRY(session_note(cx));
        TRY(owner_become(cx, &root));
        result = do_as_owner(cx, tenant, verb, work, data);
        cx->lang = lang;       /* entering takes the tenant's */
        cx->tenant = STR_NONE; /* its name may stand in memory that the caller rewinds */
        root_again(root);
        return result;
}
