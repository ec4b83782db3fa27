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
#include "register/export.h"
#include "register/import.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

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
        log_subject(cx, def->name, 0);
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

/* Files ------------------------------------------------------------------------------------------------------------------------------- */
struct transfer {
        struct import_order in;
        struct export_order out;
        int64_t job;
};

static rc import_work(struct cx *cx, void *data)
{
        struct transfer *t = data;

        log_subject(cx, t->in.register_name, 0);
        return import_start(cx, &t->in, &t->job);
}

static void transfer_show(struct cx *cx, const json_t *job, const struct column *columns)
{
        if (command_json()) {
                print_json(cx, job);
                return;
        }
        for (; columns->member != NULL; columns++) {
                const json_t *v = json_object_get(json_object_get(job, "result"), columns->member);

                if (v != NULL)
                        (void)printf("%s %.*s\n", fail_translate(cx->lang, columns->title), STR_ARG(json_write(cx->mem, v)));
        }
}

static rc import(struct cx *cx, struct args *args)
{
        static const struct column columns[] = { { "read", "rows read:" },      { "created", "new:" },     { "changed", "changed:" },
                                                 { "unchanged", "unchanged:" }, { "refused", "refused:" }, { NULL, NULL } };
        struct transfer t = { .job = 0 };
        str tenant, file, refused = STR_NONE;
        json_t *job;

        TRY(operator_tenant(cx, args, &tenant));
        TRY(args_text(cx, args, "--encoding", &t.in.encoding));
        TRY(args_text(cx, args, "--blank", &t.in.blank));
        TRY(args_text(cx, args, "--refused", &refused));
        TRY(args_word(cx, args, "REGISTER", &t.in.register_name));
        TRY(args_word(cx, args, "FILE", &file));
        TRY(args_end(cx, args));
        t.in.name = file_name_clean(cx->mem, file);
        if (access(str_z(cx->mem, file), R_OK) != 0)
                return file_failed(cx, str_z(cx->mem, file), errno);
        TRY(operator_stage(cx, file, &t.in.path));
        t.in.copy = str_is(file, t.in.path);
        TRY(operator_do(cx, tenant, LOG_IMPORT, import_work, &t));
        TRY(cmd_work_wait(cx, tenant, t.job, &job));
        transfer_show(cx, job, columns);
        if (!str_absent(refused) && json_is_true(json_object_get(job, "has_file")))
                return cmd_work_fetch(cx, tenant, t.job, refused);
        return RC_OK;
}

static rc export_work(struct cx *cx, void *data)
{
        struct transfer *t = data;

        log_subject(cx, t->out.register_name, 0);
        return export_start(cx, &t->out, &t->job);
}

static rc export(struct cx *cx, struct args *args)
{
        static const struct column columns[] = { { "rows", "rows written:" }, { "replaced", "characters replaced by 〓:" }, { NULL, NULL } };
        struct transfer t = { .out = { .condition = STR_NONE } };
        str tenant, file, items = STR_NONE;
        json_t *job;

        TRY(operator_tenant(cx, args, &tenant));
        TRY(args_text(cx, args, "--condition", &t.out.condition));
        TRY(args_text(cx, args, "--q", &t.out.q));
        TRY(args_text(cx, args, "--items", &items));
        TRY(args_text(cx, args, "--encoding", &t.out.encoding));
        TRY(args_word(cx, args, "REGISTER", &t.out.register_name));
        TRY(args_word(cx, args, "FILE", &file));
        TRY(args_end(cx, args));
        t.out.items = NEW_ARRAY(cx->mem, str, items.n / 2 + 1);
        while (!str_empty(items))
                t.out.items[t.out.item_count++] = str_trim(str_cut(items, ',', &items));
        TRY(operator_do(cx, tenant, LOG_EXPORT, export_work, &t));
        TRY(cmd_work_wait(cx, tenant, t.job, &job));
        TRY(cmd_work_fetch(cx, tenant, t.job, file));
        transfer_show(cx, job, columns);
        return RC_OK;
}

/* clang-format off */
const struct command cmd_register_commands[] = {
        { "register define", "--tenant NAME FILE.yaml [--drop ITEM,ITEM]", "make or change a register as its definition says", define },
        { "register list", "--tenant NAME", "list the registers of a contract", list },
        { "register show", "--tenant NAME NAME", "one definition as JSON", show },
        { "import", "--tenant NAME REGISTER FILE.csv [--encoding auto|utf-8|cp932] [--blank clear|keep] [--refused FILE.csv]",
          "bring a CSV file into a register; --refused takes the rows that were not taken", import },
        { "export", "--tenant NAME REGISTER FILE.csv [--condition JSON] [--q WORDS] [--items NAME,NAME] [--encoding utf-8|cp932]",
          "write records of a register as a CSV file", export },
        { .name = NULL },
};
/* clang-format on */
