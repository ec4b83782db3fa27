/* cmd_register.c - see cmd_register.h. */
#include "base/house.h"

#include "cli/cmd_register.h"

#include "base/fail.h"
#include "base/file.h"
#include "cli/cmd_work.h"
#include "cli/operator.h"
#include "cli/print.h"
#include "log/log.h"
#include "register/define.h"
#include "register/definition.h"

enum { DEFINITION_MAX = 1 << 20, DROP_MAX = 32 };

struct wish {
        str name;
        str yaml;
        str drop[DROP_MAX];
        size_t drop_count;
        int64_t job;
        json_t *model;
};

static rc define_work(struct cx *cx, void *data)
{
        struct wish *wish = data;
        struct definition *def;

        TRY(definition_parse_yaml(cx, wish->yaml, &def));
        wish->name = def->name;
        log_subject(cx, S("register"), 0);
        return define_queue(cx, def->source, wish->drop, wish->drop_count, &wish->job, &wish->model);
}

rc cmd_register_define(struct cx *cx, str tenant, str yaml)
{
        struct wish wish = { .yaml = yaml };
        json_t *job;

        TRY(operator_do(cx, tenant, LOG_DEFINE, define_work, &wish));
        return cmd_work_wait(cx, tenant, wish.job, &job);
}

static rc define(struct cx *cx, struct args *args)
{
        struct wish wish = { .job = 0 };
        str tenant, file, drop = STR_NONE;
        json_t *job;

        TRY(operator_tenant(cx, args, &tenant));
        TRY(args_text(cx, args, "--drop", &drop));
        TRY(args_word(cx, args, "FILE", &file));
        TRY(args_end(cx, args));
        while (!str_empty(drop) && wish.drop_count < DROP_MAX)
                wish.drop[wish.drop_count++] = str_trim(str_cut(drop, ',', &drop));
        TRY(file_read(cx, str_z(cx->mem, file), DEFINITION_MAX, &wish.yaml));
        TRY(operator_do(cx, tenant, LOG_DEFINE, define_work, &wish));
        TRY(cmd_work_wait(cx, tenant, wish.job, &job));
        if (command_json())
                print_json(cx, wish.model);
        else
                print_line(cx, "register %.*s stands", STR_ARG(wish.name));
        return RC_OK;
}

static rc list_work(struct cx *cx, void *data)
{
        struct wish *wish = data;

        return definition_list(cx, &wish->model);
}

static rc list(struct cx *cx, struct args *args)
{
        static const struct column columns[] = {
                { "name", "name" }, { "title", "title" }, { "kind", "kind" }, { "version", "version" }, { NULL, NULL }
        };
        struct wish wish = { .job = 0 };
        const json_t *rows;
        str tenant;

        TRY(operator_tenant(cx, args, &tenant));
        TRY(args_end(cx, args));
        TRY(operator_do(cx, tenant, LOG_LIST, list_work, &wish));
        rows = json_is_array(wish.model) ? wish.model : json_object_get(wish.model, "registers");
        if (command_json())
                print_json(cx, wish.model);
        else
                print_table(cx, rows, columns);
        return RC_OK;
}

static rc show_work(struct cx *cx, void *data)
{
        struct wish *wish = data;
        const struct definition *def;

        TRY(definition_get(cx, wish->name, &def));
        wish->model = def->source;
        return RC_OK;
}

static rc show(struct cx *cx, struct args *args)
{
        struct wish wish = { .job = 0 };
        str tenant;

        TRY(operator_tenant(cx, args, &tenant));
        TRY(args_word(cx, args, "NAME", &wish.name));
        TRY(args_end(cx, args));
        TRY(operator_do(cx, tenant, LOG_VIEW, show_work, &wish));
        print_json(cx, wish.model);
        return RC_OK;
}

/* clang-format off */
const struct command cmd_register_commands[] = {
        { "register define", "--tenant NAME FILE.yaml [--drop ITEM,ITEM]", "make or change a register as its definition says", define },
        { "register list", "--tenant NAME", "list the registers of a contract", list },
        { "register show", "--tenant NAME NAME", "one definition as JSON", show },
        { .name = NULL },
};
/* clang-format on */
