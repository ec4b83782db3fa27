/* cmd_register.c - see cmd_register.h. */
#include "base/house.h"

#include "cli/cmd_register.h"

#include "base/clock.h"
#include "base/fail.h"
#include "base/file.h"
#include "cli/cmd_work.h"
#include "cli/operator.h"
#include "cli/print.h"
#include "log/log.h"
#include "register/clock_plan.h"
#include "register/move_plan.h"
#include "register/round_plan.h"
#include "register/move_trigger.h"
#include "register/define.h"
#include "register/definition.h"

#include <stdio.h>
#include <unistd.h>

enum { DEFINITION_MAX = 1 << 20 };

struct wish {
        str name;
        str yaml;
        struct define_wish lose;
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
        return define_queue(cx, def->source, &wish->lose, &wish->job, &wish->model);
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
        while (!str_empty(drop) && wish.lose.drop_count < DEFINE_NAMES_MAX)
                wish.lose.drop[wish.lose.drop_count++] = str_trim(str_cut(drop, ',', &drop));
        TRY(file_read(cx, str_z(cx->mem, file), DEFINITION_MAX, &wish.yaml));
        TRY(operator_do(cx, tenant, LOG_DEFINE, define_work, &wish));
        TRY(cmd_work_wait(cx, tenant, wish.job, &job));
        if (command_json())
                print_json(cx, wish.model);
        else
                print_line(cx, "register %.*s stands", STR_ARG(wish.name));
        return RC_OK;
}

/* plan, apply ---------------------------------------------------------------------------------------------------------------------------- */

static rc plan_work(struct cx *cx, void *data)
{
        struct wish *wish = data;
        struct definition *def;

        TRY(definition_parse_yaml(cx, wish->yaml, &def));
        wish->name = def->name;
        log_subject(cx, S("register"), 0);
        return define_queue_plan(cx, def->source, &wish->job);
}

/* The records are looked at by the job: a command of the operator cannot. *ret: the plan (register/define.h). */
static rc plan_get(struct cx *cx, str tenant, struct wish *wish, json_t **ret)
{
        json_t *job;

        TRY(operator_do(cx, tenant, LOG_VIEW, plan_work, wish));
        TRY(cmd_work_wait(cx, tenant, wish->job, &job));
        *ret = json_object_get(job, "result");
        return RC_OK;
}

static void unfit_print(struct cx *cx, const json_t *retype)
{
        json_t *one;
        size_t i;

        json_array_foreach(json_object_get(retype, "first"), i, one) {
                str value = json_get_text(one, "value"), reason = json_get_text(one, "reason");

                print_line(cx, "      record %" JSON_INTEGER_FORMAT ": \"%.*s\" %.*s", json_integer_value(json_object_get(one, "record")),
                           STR_ARG(value), STR_ARG(reason));
        }
}

static void plan_print(struct cx *cx, const json_t *plan)
{
        json_t *one;
        size_t i;

        if (command_json()) {
                print_json(cx, plan);
                return;
        }
        json_array_foreach(json_object_get(plan, "lines"), i, one) {
                str text = json_get_text(one, "text");

                if (json_is_true(json_object_get(one, "loses")))
                        print_line(cx, "  ! %.*s", STR_ARG(text));
                else
                        print_line(cx, "  - %.*s", STR_ARG(text));
        }
        json_array_foreach(json_object_get(plan, "retype"), i, one)
                unfit_print(cx, one);
}

static rc plan_show(struct cx *cx, struct args *args)
{
        struct wish wish = { .job = 0 };
        str tenant, file;
        json_t *plan;

        TRY(operator_tenant(cx, args, &tenant));
        TRY(args_word(cx, args, "FILE", &file));
        TRY(args_end(cx, args));
        TRY(file_read(cx, str_z(cx->mem, file), DEFINITION_MAX, &wish.yaml));
        TRY(plan_get(cx, tenant, &wish, &plan));
        plan_print(cx, plan);
        return RC_OK;
}

/* --yes, or the name of the register typed. */
static rc sure(struct cx *cx, bool yes, str name)
{
        char line[DEFINITION_NAME_MAX + 2];

        if (yes)
                return RC_OK;
        if (!isatty(STDIN_FILENO))
                return fail(cx, RC_CONFLICT, NULL, "something would be lost; look at it with `register plan`, then say --yes");
        (void)fprintf(stderr, "type %.*s to go on: ", STR_ARG(name));
        if (fgets(line, sizeof(line), stdin) == NULL || !str_equal(str_trim(str_of(line)), name))
                return fail(cx, RC_CONFLICT, NULL, "this is not the name; nothing was done");
        return RC_OK;
}

/* What the plan showed, and nothing else, may be lost. */
static void agree(const json_t *plan, struct define_wish *lose)
{
        json_t *one;
        size_t i;

        json_array_foreach(json_object_get(plan, "drop"), i, one)
                if (lose->drop_count < DEFINE_NAMES_MAX)
                        lose->drop[lose->drop_count++] = json_get_text(one, "name");
        json_array_foreach(json_object_get(plan, "retype"), i, one)
                if (lose->empty_count < DEFINE_NAMES_MAX && json_integer_value(json_object_get(one, "unfit")) > 0)
                        lose->empty[lose->empty_count++] = json_get_text(one, "name");
}

static rc apply(struct cx *cx, struct args *args)
{
        struct wish wish = { .job = 0 };
        bool yes = args_flag(args, "--yes");
        str tenant, file;
        json_t *plan, *job;

        TRY(operator_tenant(cx, args, &tenant));
        TRY(args_word(cx, args, "FILE", &file));
        TRY(args_end(cx, args));
        TRY(file_read(cx, str_z(cx->mem, file), DEFINITION_MAX, &wish.yaml));
        TRY(plan_get(cx, tenant, &wish, &plan));
        plan_print(cx, plan);
        if (json_is_true(json_object_get(plan, "nothing")))
                return RC_OK;
        if (json_is_true(json_object_get(plan, "loses")))
                TRY(sure(cx, yes, wish.name));
        agree(plan, &wish.lose);
        TRY(operator_do(cx, tenant, LOG_DEFINE, define_work, &wish));
        TRY(cmd_work_wait(cx, tenant, wish.job, &job));
        if (!command_json())
                print_line(cx, "register %.*s stands", STR_ARG(wish.name));
        return RC_OK;
}

static rc delete_work(struct cx *cx, void *data)
{
        struct wish *wish = data;

        log_subject(cx, S("register"), 0);
        return define_queue_delete(cx, wish->name, &wish->job);
}

static rc erase(struct cx *cx, struct args *args)
{
        struct wish wish = { .job = 0 };
        bool yes = args_flag(args, "--yes");
        json_t *job;
        str tenant;

        TRY(operator_tenant(cx, args, &tenant));
        TRY(args_word(cx, args, "NAME", &wish.name));
        TRY(args_end(cx, args));
        TRY(sure(cx, yes, wish.name));
        TRY(operator_do(cx, tenant, LOG_DEFINE, delete_work, &wish));
        TRY(cmd_work_wait(cx, tenant, wish.job, &job));
        print_line(cx, "register %.*s is deleted; for %lld days it can be brought back", STR_ARG(wish.name), (long long)DEFINE_UNDO_DAYS);
        return RC_OK;
}

static rc restore_work(struct cx *cx, void *data)
{
        struct wish *wish = data;

        log_subject(cx, S("register"), 0);
        return define_queue_restore(cx, wish->name, &wish->job);
}

static rc restore(struct cx *cx, struct args *args)
{
        struct wish wish = { .job = 0 };
        json_t *job;
        str tenant;

        TRY(operator_tenant(cx, args, &tenant));
        TRY(args_word(cx, args, "NAME", &wish.name));
        TRY(args_end(cx, args));
        TRY(operator_do(cx, tenant, LOG_DEFINE, restore_work, &wish));
        TRY(cmd_work_wait(cx, tenant, wish.job, &job));
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

/* simulate */
struct trial {
        str yaml;
        msec from;
        int64_t days;
        json_t *model;
};

static rc simulate_work(struct cx *cx, void *data)
{
        struct trial *trial = data;
        struct definition *def;

        log_subject(cx, S("register"), 0);
        TRY(definition_parse_yaml(cx, trial->yaml, &def));
        TRY(move_trigger_check(cx, def));
        TRY(clock_plan_simulate(cx, def, trial->from != 0 ? trial->from : cx->now, trial->days, &trial->model));
        TRY(round_plan_simulate(cx, def, trial->from != 0 ? trial->from : cx->now, trial->days, json_object_get(trial->model, "falls")));
        (void)json_set(trial->model, "moves", move_plan_model(cx, def));
        (void)json_set(trial->model, "states", move_plan_states(cx, def));
        return RC_OK;
}

static rc simulate(struct cx *cx, struct args *args)
{
        static const struct column columns[] = { { "clock", "clock" }, { "what", "what" }, { "starts", "starts" },
                                                 { "at", "at" },       { "to", "to" },     { NULL, NULL } };
        static const struct column moves[] = { { "name", "move" }, { "from", "from" },     { "to", "to" },
                                               { "who", "who" },   { "forbidden", "not" }, { NULL, NULL } };
        static const struct column states[] = { { "value", "state" }, { "what", "what" }, { NULL, NULL } };
        struct trial trial = { .days = 730 };
        str tenant, file, from = STR_NONE;

        TRY(operator_tenant(cx, args, &tenant));
        TRY(args_int(cx, args, "--days", 1, 3660, &trial.days));
        TRY(args_text(cx, args, "--from", &from));
        TRY(args_word(cx, args, "FILE", &file));
        TRY(args_end(cx, args));
        if (!str_absent(from) && !clock_read(from, &trial.from))
                return fail(cx, RC_USAGE, "--from", "must be a moment such as 2026-11-27T17:00:00+09:00");
        TRY(file_read(cx, str_z(cx->mem, file), DEFINITION_MAX, &trial.yaml));
        TRY(operator_do(cx, tenant, LOG_VIEW, simulate_work, &trial));
        if (command_json())
                print_json(cx, trial.model);
        else if (json_array_size(json_object_get(trial.model, "falls")) == 0)
                print_line(cx, "this definition has no clocks and no rounds: nothing falls due");
        else
                print_table(cx, json_object_get(trial.model, "falls"), columns);
        if (!command_json() && json_array_size(json_object_get(trial.model, "moves")) > 0)
                print_table(cx, json_object_get(trial.model, "moves"), moves);
        if (!command_json() && json_array_size(json_object_get(trial.model, "states")) > 0)
                print_table(cx, json_object_get(trial.model, "states"), states);
        return RC_OK;
}

/* clang-format off */
const struct command cmd_register_commands[] = {
        { "register define", "--tenant NAME FILE.yaml [--drop ITEM,ITEM]", "make or change a register as its definition says", define },
        { "register plan", "--tenant NAME FILE.yaml", "what a definition would change, and what would be lost", plan_show },
        { "register apply", "--tenant NAME FILE.yaml [--yes]", "show the plan and do it; --yes: although something is lost", apply },
        { "register delete", "--tenant NAME NAME [--yes]", "delete a register; for seven days it can be brought back", erase },
        { "register restore", "--tenant NAME NAME", "bring a deleted register back", restore },
        { "register list", "--tenant NAME", "list the registers of a contract", list },
        { "register simulate", "--tenant NAME FILE.yaml [--days N] [--from TIME]", "what would fall due by the clocks and rounds of a definition; nothing is changed", simulate },
        { "register show", "--tenant NAME NAME", "one definition as JSON", show },
        { .name = NULL },
};
/* clang-format on */
