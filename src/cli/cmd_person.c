/* cmd_person.c - see cmd_person.h. A person is named by the log-in name of their account, or as id:NUMBER. The operator is one of the two people a
 * reinstatement needs, never both. */
#include "base/house.h"

#include "cli/cmd_person.h"

#include "base/fail.h"
#include "cli/operator.h"
#include "cli/print.h"
#include "identity/person.h"
#include "log/log.h"

#include <stdio.h>

struct order {
        str who;
        int64_t id;
        json_t *in;
        str text;
        json_t *model;
        str password;
};

static rc find(struct cx *cx, struct order *order)
{
        str number;

        if (str_starts(order->who, S("id:"))) {
                number = (str){ order->who.p + 3, order->who.n - 3 };
                if (!str_int(number, &order->id))
                        return fail(cx, RC_USAGE, NULL, "%s must be a whole number, not \"%.*s\"", "id:NUMBER", STR_ARG(number));
        } else {
                TRY(person_find(cx, order->who, &order->id));
        }
        log_subject(cx, S("person"), order->id);
        return RC_OK;
}

static rc list_work(struct cx *cx, void *data)
{
        struct order *order = data;

        return person_list(cx, order->in, &order->model);
}

static rc list_run(struct cx *cx, struct args *args)
{
        static const struct column columns[] = { { "id", "id" },
                                                 { "name", "name" },
                                                 { "login", "log-in" },
                                                 { "kind", "kind" },
                                                 { "state", "state" },
                                                 { "leaves_at", "ends" },
                                                 { "last_login_at", "last log-in" },
                                                 { NULL, NULL } };
        struct order order = { .in = json_object() };
        str tenant, state = STR_NONE;
        json_t *one;
        size_t i;

        TRY(operator_tenant(cx, args, &tenant));
        TRY(args_text(cx, args, "--state", &state));
        TRY(args_end(cx, args));
        (void)json_set(order.in, "limit", json_integer(200));
        if (!str_absent(state))
                (void)json_set(order.in, "state", json_str(state));
        TRY(operator_do(cx, tenant, LOG_LIST, list_work, &order));
        if (command_json()) {
                print_json(cx, order.model);
                return RC_OK;
        }
        json_array_foreach(json_object_get(order.model, "people"), i, one) {
                const json_t *account = json_object_get(one, "account");

                (void)json_set(one, "login", json_str(json_get_text(account, "login")));
                (void)json_set(one, "last_login_at", json_str(json_get_text(account, "last_login_at")));
        }
        print_table(cx, json_object_get(order.model, "people"), columns);
        return RC_OK;
}

static rc create_work(struct cx *cx, void *data)
{
        struct order *order = data;

        TRY(person_create(cx, order->in, &order->model));
        log_subject(cx, S("person"), json_integer_value(json_object_get(order->model, "id")));
        return RC_OK;
}

static rc create_run(struct cx *cx, struct args *args)
{
        struct order order = { .in = json_object() };
        str tenant, name, email = STR_NONE, kind = STR_NONE, department = STR_NONE;

        TRY(operator_tenant(cx, args, &tenant));
        TRY(args_text(cx, args, "--email", &email));
        TRY(args_text(cx, args, "--kind", &kind));
        TRY(args_text(cx, args, "--department", &department));
        TRY(args_word(cx, args, "NAME", &name));
        TRY(args_end(cx, args));
        (void)json_set(order.in, "name", json_str(name));
        if (!str_absent(email))
                (void)json_set(order.in, "email", json_str(email));
        if (!str_absent(kind))
                (void)json_set(order.in, "kind", json_str(kind));
        if (!str_absent(department))
                (void)json_set(order.in, "department", json_str(department));
        TRY(operator_do(cx, tenant, LOG_CREATE, create_work, &order));
        if (command_json())
                print_json(cx, order.model);
        else
                print_line(cx, "person %lld was recorded", (long long)json_integer_value(json_object_get(order.model, "id")));
        return RC_OK;
}

static rc transfer_work(struct cx *cx, void *data)
{
        struct order *order = data;
        json_t *before, *transfer;

        TRY(find(cx, order));
        TRY(person_get(cx, order->id, &before));
        TRY(person_update(cx, order->id, json_integer_value(json_object_get(before, "version")), order->in, &before, &transfer, &order->model));
        log_detail(cx, "changes", log_difference(before, order->model));
        log_detail(cx, "transfer", transfer);
        (void)json_set(order->model, "transfer", transfer);
        return RC_OK;
}

static rc transfer_run(struct cx *cx, struct args *args)
{
        struct order order = { .in = json_object() };
        str tenant, department = STR_NONE;

        TRY(operator_tenant(cx, args, &tenant));
        TRY(args_text(cx, args, "--department", &department));
        TRY(args_word(cx, args, "PERSON", &order.who));
        TRY(args_end(cx, args));
        if (str_absent(department))
                return fail(cx, RC_USAGE, NULL, "say the --department; \"\" is none");
        (void)json_set(order.in, "department", json_str(department));
        TRY(operator_do(cx, tenant, LOG_UPDATE, transfer_work, &order));
        if (command_json())
                print_json(cx, order.model);
        else
                print_line(cx, "%.*s was transferred", STR_ARG(order.who));
        return RC_OK;
}

static rc stop_work(struct cx *cx, void *data)
{
        struct order *order = data;
        const char *name;
        json_t *value;

        TRY(find(cx, order));
        TRY(person_stop(cx, order->id, order->in, &order->model));
        json_object_foreach(order->in, name, value)
                log_detail(cx, name, value);
        json_object_foreach(order->model, name, value)
                if (strcmp(name, "id") != 0)
                        log_detail(cx, name, value);
        return RC_OK;
}

static rc stop_run(struct cx *cx, struct args *args)
{
        static const char *const options[][2] = {
                { "--reason", "reason" }, { "--what", "what" }, { "--device", "device" }, { "--note", "note" }, { "--at", "at" }
        };
        struct order order = { .in = json_object() };
        str tenant;

        TRY(operator_tenant(cx, args, &tenant));
        for (size_t i = 0; i < COUNT(options); i++) {
                str text = STR_NONE;

                TRY(args_text(cx, args, options[i][0], &text));
                if (!str_absent(text))
                        (void)json_set(order.in, options[i][1], json_str(text));
        }
        TRY(args_word(cx, args, "PERSON", &order.who));
        TRY(args_end(cx, args));
        TRY(operator_do(cx, tenant, LOG_STOP, stop_work, &order));
        if (command_json())
                print_json(cx, order.model);
        else if (json_object_get(order.model, "leaves_at") != NULL)
                print_line(cx, "%.*s will be stopped by itself at %.*s", STR_ARG(order.who), STR_ARG(json_get_text(order.model, "leaves_at")));
        else
                print_line(cx, "%.*s is stopped; it took %lld ms", STR_ARG(order.who),
                           (long long)json_integer_value(json_object_get(order.model, "took_ms")));
        return RC_OK;
}

static rc ask_work(struct cx *cx, void *data)
{
        struct order *order = data;

        TRY(find(cx, order));
        TRY(person_reinstate_ask(cx, order->id, order->text));
        log_detail(cx, "asked", json_str(order->text));
        return person_get(cx, order->id, &order->model);
}

static rc ask(struct cx *cx, struct args *args, str why)
{
        struct order order = { .text = why };
        str tenant;

        TRY(operator_tenant(cx, args, &tenant));
        TRY(args_text(cx, args, "--why", &order.text));
        TRY(args_word(cx, args, "PERSON", &order.who));
        TRY(args_end(cx, args));
        TRY(operator_do(cx, tenant, LOG_REINSTATE, ask_work, &order));
        if (command_json())
                print_json(cx, order.model);
        else
                print_line(cx, "the reinstatement of %.*s was asked for; somebody of the contract must approve it on the page of this person",
                           STR_ARG(order.who));
        return RC_OK;
}

static rc reinstate_run(struct cx *cx, struct args *args)
{
        return ask(cx, args, STR_NONE);
}

static rc resume_run(struct cx *cx, struct args *args)
{
        return ask(cx, args, S("account resume"));
}

static rc approve_work(struct cx *cx, void *data)
{
        struct order *order = data;

        TRY(find(cx, order));
        TRY(person_reinstate_approve(cx, order->id, &order->model, &order->password));
        log_detail(cx, "approved", json_true());
        log_detail(cx, "reasons", json_object_get(order->model, "reasons"));
        return person_get(cx, order->id, &order->model);
}

static rc approve_run(struct cx *cx, struct args *args)
{
        struct order order = { .id = 0 };
        str tenant;

        TRY(operator_tenant(cx, args, &tenant));
        TRY(args_word(cx, args, "PERSON", &order.who));
        TRY(args_end(cx, args));
        TRY(operator_do(cx, tenant, LOG_REINSTATE, approve_work, &order));
        if (command_json()) {
                print_json(cx, str_absent(order.password) ? order.model : json_set(order.model, "password", json_str(order.password)));
                return RC_OK;
        }
        print_line(cx, "%.*s may come in again", STR_ARG(order.who));
        if (!str_absent(order.password))
                (void)printf("%.*s\n", STR_ARG(order.password));
        return RC_OK;
}

/* clang-format off */
const struct command cmd_person_commands[] = {
        { "person list", "--tenant NAME [--state active|leaving|suspended|left|none|dormant]", "list the people of a contract", list_run },
        { "person create", "--tenant NAME NAME [--email TEXT] [--kind employee|officer|temporary|contractor|other] [--department NAME]",
          "record a person", create_run },
        { "person transfer", "--tenant NAME LOGIN|id:N --department NAME",
          "transfer a person into another department; groups of the one left are taken away", transfer_run },
        { "person stop", "--tenant NAME LOGIN|id:N --reason leaver|loss|violation|other [--what theft|loss|leakage] [--device TEXT] [--note TEXT] [--at TIME]",
          "put a person out at once, with sessions, keys and certificates; or at a time to come", stop_run },
        { "person reinstate", "--tenant NAME LOGIN|id:N --why TEXT", "ask that a stopped person may come in again", reinstate_run },
        { "person approve", "--tenant NAME LOGIN|id:N", "approve what somebody of the contract has asked", approve_run },
        { "account resume", "--tenant NAME LOGIN [--why TEXT]", "ask that a suspended account may come in again; a second person approves", resume_run },
        { .name = NULL },
};
/* clang-format on */
