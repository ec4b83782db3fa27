/* cmd_tenant.c - see cmd_tenant.h. */
#include "base/house.h"

#include "cli/cmd_tenant.h"

#include "base/clock.h"
#include "base/fail.h"
#include "cli/operator.h"
#include "cli/print.h"
#include "log/log.h"
#include "tenant/tenant.h"

struct wish {
        str name, title, lang;
        rc (*change)(struct cx *cx, str name);
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
        return json_set(model, "created_at", json_str(clock_rfc3339(cx->mem, tenant->created_at)));
}

static rc create_work(struct cx *cx, void *data)
{
        struct wish *wish = data;
        struct tenant *tenant;

        log_subject(cx, S("tenant"), 0);
        log_detail(cx, "tenant", json_str(wish->name));
        TRY(tenant_create(cx, wish->name, wish->title, wish->lang));
        TRY(tenant_get(cx, wish->name, &tenant));
        wish->model = model_of(cx, tenant);
        return RC_OK;
}

static rc create(struct cx *cx, struct args *args)
{
        struct wish wish = { .title = STR_NONE, .lang = S("ja") };

        TRY(args_text(cx, args, "--title", &wish.title));
        TRY(args_text(cx, args, "--lang", &wish.lang));
        TRY(args_word(cx, args, "NAME", &wish.name));
        TRY(args_end(cx, args));
        if (str_absent(wish.title))
                wish.title = wish.name;
        TRY(operator_do(cx, STR_NONE, LOG_CREATE, create_work, &wish));
        if (command_json())
                print_json(cx, wish.model);
        else
                print_line(cx, "tenant %.*s was made", STR_ARG(wish.name));
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
        static const struct column columns[] = { { "name", "name" },         { "title", "title" },     { "state", "state" }, { "lang", "language" },
                                                 { "accounts", "accounts" }, { "created_at", "made" }, { NULL, NULL } };
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

static rc end(struct cx *cx, struct args *args)
{
        str said = STR_NONE;

        TRY(args_text(cx, args, "--confirm", &said));
        if (args->count == 0 || !str_is(said, args->word[0]))
                return fail(cx, RC_USAGE, NULL, "this erases everything of the tenant for good; repeat its name: --confirm NAME");
        return change(cx, args, LOG_DELETE, tenant_end, "tenant %.*s is gone");
}

/* clang-format off */
const struct command cmd_tenant_commands[] = {
        { "tenant create", "NAME [--title TEXT] [--lang ja|en]", "make a contract with its default groups", create },
        { "tenant list", "", "list the contracts", list },
        { "tenant suspend", "NAME", "stop all sessions and keys of a contract at once; nothing is lost", suspend },
        { "tenant resume", "NAME", "let a suspended contract work again", resume },
        { "tenant end", "NAME --confirm NAME", "erase a contract with all its data for good", end },
        { .name = NULL },
};
/* clang-format on */
