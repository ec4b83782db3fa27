/* cmd_rights.c - see cmd_rights.h. Words are those of `daicho permissions`, separated by commas; "record.read:customers" is of one register. */
#include "base/house.h"

#include "cli/cmd_rights.h"

#include "base/fail.h"
#include "cli/operator.h"
#include "cli/print.h"
#include "identity/account.h"
#include "identity/group.h"
#include "log/log.h"

struct order {
        str name; /* of the group, or log-in name */
        json_t *in;
        json_t *model;
};

/* `--name W,W` becomes a list; "" an empty one; not given: no member. */
static rc words_take(struct cx *cx, struct args *args, const char *option, const char *member, json_t *in)
{
        str text = STR_NONE;
        json_t *words = json_array();

        TRY(args_text(cx, args, option, &text));
        if (str_absent(text))
                return RC_OK;
        while (!str_empty(text))
                must(json_array_append_new(words, json_str(str_trim(str_cut(text, ',', &text)))) == 0);
        (void)json_set(in, member, words);
        return RC_OK;
}

static rc factor_take(struct cx *cx, struct args *args, json_t *in)
{
        str text = STR_NONE;

        TRY(args_text(cx, args, "--factor", &text));
        if (str_absent(text))
                return RC_OK;
        if (!str_is(text, "yes") && !str_is(text, "no"))
                return fail(cx, RC_USAGE, NULL, "%s must be yes or no", "--factor");
        (void)json_set(in, "factor_required", json_boolean(str_is(text, "yes")));
        return RC_OK;
}

static void said(struct cx *cx, const struct order *order, const char *text)
{
        if (command_json())
                print_json(cx, order->model);
        else
                print_line(cx, text, STR_ARG(order->name));
}

static rc create_work(struct cx *cx, void *data)
{
        struct order *order = data;

        log_subject(cx, S("group"), 0);
        TRY(group_create(cx, order->in, &order->model));
        log_subject(cx, S("group"), json_integer_value(json_object_get(order->model, "id")));
        log_detail(cx, "name", json_object_get(order->model, "name"));
        log_detail(cx, "permissions", json_object_get(order->model, "permissions"));
        return RC_OK;
}

static rc create_run(struct cx *cx, struct args *args)
{
        struct order order = { .in = json_object() };
        str tenant;

        TRY(operator_tenant(cx, args, &tenant));
        TRY(words_take(cx, args, "--permissions", "permissions", order.in));
        TRY(factor_take(cx, args, order.in));
        TRY(args_word(cx, args, "NAME", &order.name));
        TRY(args_end(cx, args));
        (void)json_set(order.in, "name", json_str(order.name));
        TRY(operator_do(cx, tenant, LOG_CREATE, create_work, &order));
        said(cx, &order, "group %.*s was made");
        return RC_OK;
}

static rc group_open(struct cx *cx, struct order *order, int64_t *ret_id, int64_t *ret_version)
{
        TRY(group_find(cx, order->name, ret_id));
        log_subject(cx, S("group"), *ret_id);
        TRY(group_get(cx, *ret_id, &order->model));
        *ret_version = json_integer_value(json_object_get(order->model, "version"));
        return RC_OK;
}

static rc change_work(struct cx *cx, void *data)
{
        struct order *order = data;
        int64_t id, version;
        json_t *before;

        TRY(group_open(cx, order, &id, &version));
        TRY(group_update(cx, id, version, order->in, &before, &order->model));
        log_detail(cx, "changes", log_difference(before, order->model));
        return RC_OK;
}

static rc change_run(struct cx *cx, struct args *args)
{
        struct order order = { .in = json_object() };
        str tenant, name = STR_NONE;

        TRY(operator_tenant(cx, args, &tenant));
        TRY(words_take(cx, args, "--permissions", "permissions", order.in));
        TRY(factor_take(cx, args, order.in));
        TRY(args_text(cx, args, "--name", &name));
        TRY(args_word(cx, args, "NAME", &order.name));
        TRY(args_end(cx, args));
        if (!str_absent(name))
                (void)json_set(order.in, "name", json_str(name));
        TRY(operator_do(cx, tenant, LOG_UPDATE, change_work, &order));
        said(cx, &order, "group %.*s was changed");
        return RC_OK;
}

static rc erase_work(struct cx *cx, void *data)
{
        struct order *order = data;
        int64_t id, version;
        json_t *before;

        TRY(group_open(cx, order, &id, &version));
        TRY(group_erase(cx, id, version, &before));
        log_detail(cx, "name", json_object_get(before, "name"));
        log_detail(cx, "permissions", json_object_get(before, "permissions"));
        return RC_OK;
}

static rc erase_run(struct cx *cx, struct args *args)
{
        struct order order = { 0 };
        str tenant;

        TRY(operator_tenant(cx, args, &tenant));
        TRY(args_word(cx, args, "NAME", &order.name));
        TRY(args_end(cx, args));
        TRY(operator_do(cx, tenant, LOG_DELETE, erase_work, &order));
        said(cx, &order, "group %.*s is gone");
        return RC_OK;
}

static rc hand_over_work(struct cx *cx, void *data)
{
        struct order *order = data;
        str login = json_get_text(order->in, "login");
        int64_t id, version;

        TRY(group_open(cx, order, &id, &version));
        TRY(group_hand_over(cx, id, login, &order->model));
        log_detail(cx, "name", json_str(order->name));
        log_detail(cx, "from", json_object_get(order->model, "from"));
        log_detail(cx, "to", json_object_get(order->model, "to"));
        return RC_OK;
}

static rc hand_over_run(struct cx *cx, struct args *args)
{
        struct order order = { .in = json_object() };
        str tenant, login;

        TRY(operator_tenant(cx, args, &tenant));
        TRY(args_word(cx, args, "NAME", &order.name));
        TRY(args_word(cx, args, "LOGIN", &login));
        TRY(args_end(cx, args));
        (void)json_set(order.in, "login", json_str(login));
        TRY(operator_do(cx, tenant, LOG_UPDATE, hand_over_work, &order));
        said(cx, &order, "group %.*s was handed over");
        return RC_OK;
}

static rc rights_work(struct cx *cx, void *data)
{
        struct order *order = data;
        json_t *before;
        int64_t id;

        TRY(account_find(cx, order->name, &id));
        log_subject(cx, S("account"), id);
        TRY(account_get(cx, id, &order->model));
        TRY(account_update(cx, id, json_integer_value(json_object_get(order->model, "version")), order->in, &before, &order->model));
        log_detail(cx, "changes", log_difference(before, order->model));
        return RC_OK;
}

static rc rights_run(struct cx *cx, struct args *args)
{
        struct order order = { .in = json_object() };
        str tenant;

        TRY(operator_tenant(cx, args, &tenant));
        TRY(words_take(cx, args, "--give", "grants", order.in));
        TRY(words_take(cx, args, "--deny", "denials", order.in));
        TRY(args_word(cx, args, "LOGIN", &order.name));
        TRY(args_end(cx, args));
        if (json_object_size(order.in) == 0)
                return fail(cx, RC_USAGE, NULL, "say what to --give or to --deny");
        TRY(operator_do(cx, tenant, LOG_UPDATE, rights_work, &order));
        said(cx, &order, "the rights of account %.*s were changed");
        return RC_OK;
}

/* clang-format off */
const struct command cmd_rights_commands[] = {
        { "account rights", "--tenant NAME LOGIN [--give WORD,WORD] [--deny WORD,WORD]",
          "set what an account may beside its groups, and what it may not whatever they say; \"\" takes all back", rights_run },
        { "group create", "--tenant NAME NAME [--permissions WORD,WORD] [--factor yes|no]", "make a permission group", create_run },
        { "group change", "--tenant NAME NAME [--permissions WORD,WORD] [--factor yes|no] [--name NAME]", "change what a permission group may", change_run },
        { "group erase", "--tenant NAME NAME", "erase a permission group nobody is in", erase_run },
        { "group handover", "--tenant NAME NAME LOGIN", "hand over a permission group that one person holds", hand_over_run },
        { .name = NULL },
};
/* clang-format on */
