/* cmd_tenant.c - see cmd_tenant.h. */
#include "base/house.h"

#include "cli/cmd_tenant.h"

#include "base/clock.h"
#include "base/fail.h"
#include "cli/cmd_identity.h"
#include "cli/operator.h"
#include "cli/print.h"
#include "identity/group.h"
#include "log/log.h"
#include "post/message.h"
#include "tenant/tenant.h"

#include <stdio.h>

struct wish {
        str name, title, lang;
        str email, login; /* of the first administrator */
        bool no_certificate;
        str approved_by, reason;
        bool operators;
        rc (*change)(struct cx *cx, str name);
        struct date last_day;
        json_t *model;
};

static json_t *model_of(struct cx *cx, const struct tenant *tenant)
{
        json_t *model = json_object();

        (void)json_set(model, "name", json_str(tenant->name));
        (void)json_set(model, "title", json_str(tenant->title));
        (void)json_set(model, "state", json_str(tenant->state));
        (void)json_set(model, "lang", json_str(tenant->lang));
        (void)json_set(model, "accounts", json_integer(tenant->accounts));
        (void)json_set(model, "schema_version", json_integer(tenant->schema_version));
        if (tenant->ends_at != 0)
                (void)json_set(model, "ends_at", json_str(clock_rfc3339(cx->mem, tenant->ends_at)));
        if (tenant->erase_at != 0)
                (void)json_set(model, "erase_at", json_str(clock_rfc3339(cx->mem, tenant->erase_at)));
        return json_set(model, "created_at", json_str(clock_rfc3339(cx->mem, tenant->created_at)));
}

static rc create_work(struct cx *cx, void *data)
{
        struct wish *wish = data;
        struct tenant *tenant;

        log_subject(cx, S("tenant"), 0);
        log_detail(cx, "tenant", json_str(wish->name));
        TRY(wish->operators ? tenant_create_operators(cx, wish->name, wish->title, wish->lang)
                            : tenant_create(cx, wish->name, wish->title, wish->lang));
        if (wish->no_certificate) {
                log_detail(cx, "no_certificate", json_true());
                log_detail(cx, "approved_by", json_str(wish->approved_by));
                log_detail(cx, "reason", json_str(wish->reason));
                TRY(tenant_waive(cx, wish->name, wish->approved_by, wish->reason));
        }
        TRY(tenant_get(cx, wish->name, &tenant));
        wish->model = model_of(cx, tenant);
        return RC_OK;
}

/* Every group that may manage accounts: the one tenant_create makes for administrators. */
static rc administrator_work(struct cx *cx, void *data)
{
        const struct wish *wish = data;
        json_t *in = json_object(), *groups = json_array(), *made;
        int64_t group;

        TRY(group_find(cx, str_is(wish->lang, "en") ? S("Administrators") : S("管理者"), &group));
        must(json_array_append_new(groups, json_integer(group)) == 0);
        (void)json_set(in, "login", json_str(wish->login));
        (void)json_set(in, "name", json_str(wish->login));
        (void)json_set(in, "email", json_str(wish->email));
        (void)json_set(in, "groups", groups);
        return cmd_identity_invite(cx, in, &made);
}

static rc drop_work(struct cx *cx, void *data)
{
        const struct wish *wish = data;

        return tenant_end(cx, wish->name);
}

/* The contract and its first administrator are made together or not at all. */
static rc administrator_make(struct cx *cx, struct wish *wish)
{
        rc code = operator_do(cx, wish->name, LOG_CREATE, administrator_work, wish);
        struct failure told = cx->failure;

        if (code == RC_OK)
                return RC_OK;
        fail_clear(cx);
        if (operator_do(cx, STR_NONE, LOG_DELETE, drop_work, wish) != RC_OK)
                fail_clear(cx);
        cx->failure = told;
        return code;
}

static rc create(struct cx *cx, struct args *args)
{
        struct wish wish = {
                .title = STR_NONE, .lang = S("ja"), .email = STR_NONE, .login = S("admin"), .approved_by = STR_NONE, .reason = STR_NONE
        };
        const struct place *place;
        bool nobody = args_flag(args, "--no-admin");

        wish.no_certificate = args_flag(args, "--no-certificate");
        TRY(args_text(cx, args, "--approved-by", &wish.approved_by));
        TRY(args_text(cx, args, "--reason", &wish.reason));
        wish.operators = args_flag(args, "--operators");
        TRY(args_text(cx, args, "--title", &wish.title));
        TRY(args_text(cx, args, "--lang", &wish.lang));
        TRY(args_text(cx, args, "--admin-email", &wish.email));
        TRY(args_text(cx, args, "--admin-login", &wish.login));
        TRY(args_word(cx, args, "NAME", &wish.name));
        TRY(args_end(cx, args));
        if (nobody == !str_absent(wish.email))
                return fail(cx, RC_USAGE, NULL,
                            "say who administers the contract: --admin-email ADDRESS, or --no-admin to make the account yourself");
        if (!str_absent(wish.email) && !message_address_valid(wish.email))
                return fail(cx, RC_INVALID, "email", "is not an e-mail address");
        TRY(command_place(cx, &place));
        if (str_absent(wish.title))
                wish.title = wish.name;
        if (!wish.no_certificate && (!str_absent(wish.approved_by) || !str_absent(wish.reason)))
                return fail(cx, RC_USAGE, NULL, "--approved-by and --reason belong to --no-certificate");
        TRY(operator_do(cx, STR_NONE, LOG_CREATE, create_work, &wish));
        if (!nobody)
                TRY(administrator_make(cx, &wish));
        if (command_json())
                print_json(cx, wish.model);
        else
                print_line(cx, "tenant %.*s was made", STR_ARG(wish.name));
        if (!nobody && str_empty(place->config.mail_host))
                (void)fprintf(stderr, "%s\n",
                              fail_translate(cx->lang, "the message with the first password waits: there is no mail_host in daicho.conf yet"));
        return RC_OK;
}

static rc list_work(struct cx *cx, void *data)
{
        struct wish *wish = data;
        struct tenant *tenants;
        size_t count;

        TRY(tenant_list(cx, &tenants, &count));
        wish->model = json_array();
        for (size_t i = 0; i < count; i++)
                must(json_array_append_new(wish->model, model_of(cx, &tenants[i])) == 0);
        return RC_OK;
}

static rc list(struct cx *cx, struct args *args)
{
        static const struct column columns[] = { { "name", "name" },     { "title", "title" },        { "state", "state" },
                                                 { "lang", "language" }, { "accounts", "accounts" },  { "created_at", "made" },
                                                 { "ends_at", "ends" },  { "erase_at", "erased on" }, { NULL, NULL } };
        struct wish wish = { .name = STR_NONE };

        TRY(args_end(cx, args));
        TRY(operator_do(cx, STR_NONE, LOG_LIST, list_work, &wish));
        if (command_json())
                print_json(cx, wish.model);
        else
                print_table(cx, wish.model, columns);
        return RC_OK;
}

static rc change_work(struct cx *cx, void *data)
{
        const struct wish *wish = data;

        log_subject(cx, S("tenant"), 0);
        log_detail(cx, "tenant", json_str(wish->name));
        return wish->change(cx, wish->name);
}

static rc change(struct cx *cx, struct args *args, enum log_verb verb, rc (*how)(struct cx *cx, str name), const char *said)
{
        struct wish wish = { .change = how };

        TRY(args_word(cx, args, "NAME", &wish.name));
        TRY(args_end(cx, args));
        TRY(operator_do(cx, STR_NONE, verb, change_work, &wish));
        if (!command_json())
                print_line(cx, said, STR_ARG(wish.name));
        return RC_OK;
}

static rc suspend(struct cx *cx, struct args *args)
{
        return change(cx, args, LOG_UPDATE, tenant_suspend, "tenant %.*s is suspended");
}

static rc resume(struct cx *cx, struct args *args)
{
        return change(cx, args, LOG_UPDATE, tenant_resume, "tenant %.*s is active again");
}

static rc factor_everybody(struct cx *cx, str name)
{
        return tenant_factor(cx, name, true);
}

static rc factor_administrators(struct cx *cx, str name)
{
        return tenant_factor(cx, name, false);
}

static rc factor(struct cx *cx, struct args *args)
{
        struct wish wish = { .change = NULL };
        str who;

        TRY(args_word(cx, args, "NAME", &wish.name));
        TRY(args_word(cx, args, "everybody|administrators", &who));
        TRY(args_end(cx, args));
        if (!str_is(who, "everybody") && !str_is(who, "administrators"))
                return fail(cx, RC_USAGE, NULL, "say everybody or administrators");
        wish.change = str_is(who, "everybody") ? factor_everybody : factor_administrators;
        TRY(operator_do(cx, STR_NONE, LOG_UPDATE, change_work, &wish));
        if (!command_json())
                print_line(cx, "tenant %.*s: who needs a second factor has been changed", STR_ARG(wish.name));
        return RC_OK;
}

static rc cancel_work(struct cx *cx, void *data)
{
        struct wish *wish = data;
        struct tenant *t;

        log_subject(cx, S("tenant"), 0);
        log_detail(cx, "tenant", json_str(wish->name));
        log_detail(cx, "last_day", json_str(clock_iso_date(cx->mem, wish->last_day)));
        TRY(tenant_cancel(cx, wish->name, wish->last_day));
        TRY(tenant_get(cx, wish->name, &t));
        wish->model = model_of(cx, t);
        return RC_OK;
}

static rc cancel(struct cx *cx, struct args *args)
{
        struct wish wish = { .change = NULL };
        str day = STR_NONE;

        TRY(args_text(cx, args, "--last-day", &day));
        TRY(args_word(cx, args, "NAME", &wish.name));
        TRY(args_end(cx, args));
        if (str_absent(day) || !clock_read_date(day, &wish.last_day))
                return fail(cx, RC_USAGE, NULL, "say the last day of the contract: --last-day YYYY-MM-DD");
        TRY(operator_do(cx, STR_NONE, LOG_UPDATE, cancel_work, &wish));
        if (command_json())
                print_json(cx, wish.model);
        else
                print_line(cx, "tenant %.*s ends at %.*s and is erased at %.*s", STR_ARG(wish.name), STR_ARG(json_get_text(wish.model, "ends_at")),
                           STR_ARG(json_get_text(wish.model, "erase_at")));
        return RC_OK;
}

static rc keep(struct cx *cx, struct args *args)
{
        return change(cx, args, LOG_UPDATE, tenant_keep, "tenant %.*s goes on");
}

static rc erasures_work(struct cx *cx, void *data)
{
        struct wish *wish = data;

        return tenant_erasures(cx, &wish->model);
}

static rc erasures(struct cx *cx, struct args *args)
{
        static const struct column columns[] = { { "tenant", "contract" },     { "title", "title" },
                                                 { "ended_at", "ended" },      { "erased_at", "erased" },
                                                 { "erased_by", "by" },        { "accounts", "accounts" },
                                                 { "entries", "log entries" }, { "files", "files" },
                                                 { "bytes_at", "bytes gone" }, { "scanned_files", "files looked at" },
                                                 { "scanned_found", "found" }, { NULL, NULL } };
        struct wish wish = { .name = STR_NONE };

        TRY(args_end(cx, args));
        TRY(operator_do(cx, STR_NONE, LOG_LIST, erasures_work, &wish));
        if (command_json())
                print_json(cx, wish.model);
        else
                print_table(cx, wish.model, columns);
        return RC_OK;
}

static rc end(struct cx *cx, struct args *args)
{
        struct wish closing = { .change = tenant_close };
        str said = STR_NONE;

        TRY(args_text(cx, args, "--confirm", &said));
        if (args->count == 0 || !str_is(said, args->word[0]))
                return fail(cx, RC_USAGE, NULL, "this erases everything of the tenant for good; repeat its name: --confirm NAME");
        closing.name = str_of(args->word[0]);
        TRY(operator_do(cx, STR_NONE, LOG_UPDATE, change_work, &closing));
        return change(cx, args, LOG_DELETE, tenant_end, "tenant %.*s is gone");
}

/* clang-format off */
const struct command cmd_tenant_commands[] = {
        { "tenant create", "NAME (--admin-email ADDRESS [--admin-login LOGIN] | --no-admin) [--title TEXT] [--lang ja|en] [--operators] "
          "[--no-certificate --approved-by NAME --reason TEXT]",
          "make a contract with its default groups; its first administrator gets a password by mail, and people need client certificates", create },
        { "tenant list", "", "list the contracts", list },
        { "tenant suspend", "NAME", "stop all sessions and keys of a contract at once; nothing is lost", suspend },
        { "tenant resume", "NAME", "let a suspended contract work again", resume },
        { "tenant factor", "NAME everybody|administrators", "who needs a second factor, besides groups that ask for it", factor },
        { "tenant cancel", "NAME --last-day YYYY-MM-DD", "end a contract: all works through that day; on the 7th of the month after it, all is erased", cancel },
        { "tenant keep", "NAME", "take a cancellation back, until the last day is over", keep },
        { "tenant end", "NAME --confirm NAME", "erase a contract with all its data now and for good", end },
        { "tenant erasures", "", "list the certificates of erased contracts", erasures },
        { .name = NULL },
};
/* clang-format on */
