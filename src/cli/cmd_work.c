/* cmd_work.c - see cmd_work.h. */
#include "base/house.h"

#include "cli/cmd_work.h"

#include "base/fail.h"
#include "cli/operator.h"
#include "cli/print.h"
#include "jobs/jobs.h"
#include "log/log.h"

#include <stdio.h>
#include <unistd.h>

enum { LIST_MAX = 200, ASK_US = 40000, BAR = 30 };

struct question {
        int64_t id, before, limit;
        json_t *filter;
        json_t *model;
};

static rc get_work(struct cx *cx, void *data)
{
        struct question *q = data;

        return job_get(cx, q->id, &job_sight_all, &q->model);
}

void cmd_work_bar(const json_t *job)
{
        json_int_t done = json_integer_value(json_object_get(job, "done")), total = json_integer_value(json_object_get(job, "total"));
        int full = total > 0 ? (int)(done * BAR / total) : 0;

        if (!isatty(STDERR_FILENO))
                return;
        (void)fprintf(stderr, "\r[%.*s%.*s] %lld/%lld ", full, "##############################", BAR - full, "..............................",
                      (long long)done, (long long)total);
}

rc cmd_work_ended(struct cx *cx, int64_t id, const json_t *job)
{
        str state = json_get_text(job, "state");
        const json_t *error;
        size_t i;

        if (isatty(STDERR_FILENO))
                (void)fputc('\n', stderr);
        if (str_is(state, "done"))
                return RC_OK;

        json_array_foreach(json_object_get(json_object_get(job, "result"), "errors"), i, error) {
                str item = json_get_text(error, "item"), text = json_get_text(error, "detail");

                (void)fail_line(cx, RC_INVALID, json_integer_value(json_object_get(error, "line")), str_absent(item) ? NULL : str_z(cx->mem, item),
                                "%.*s", STR_ARG(text));
        }
        return fail(cx, RC_INVALID, NULL, "job %lld ended as %.*s", (long long)id, STR_ARG(state));
}

rc cmd_work_wait(struct cx *cx, str tenant, int64_t id, json_t **ret)
{
        struct question q = { .id = id };

        for (;;) {
                struct arena_mark mark = arena_mark(cx->mem);
                str state;

                TRY(operator_do(cx, tenant, LOG_NOTHING, get_work, &q));
                cmd_work_bar(q.model);
                state = json_get_text(q.model, "state");
                if (!str_is(state, "queued") && !str_is(state, "running")) {
                        *ret = q.model;
                        return cmd_work_ended(cx, id, q.model);
                }
                arena_rewind(cx->mem, mark);
                (void)usleep(ASK_US);
        }
}

static rc log_work(struct cx *cx, void *data)
{
        struct question *q = data;

        return log_list(cx, &(struct log_query){ .filter = q->filter, .before = q->before, .limit = (int)q->limit, .patient = true }, &q->model);
}

static rc log_list_run(struct cx *cx, struct args *args)
{
        static const struct column columns[] = { { "id", "id" },          { "at", "time" },       { "actor", "who" },
                                                 { "source", "from" },    { "verb", "what" },     { "kind", "of" },
                                                 { "subject", "number" }, { "result", "result" }, { NULL, NULL } };
        static const char *const filters[] = { "actor", "group", "verb", "kind", "subject", "result", "source", "from", "to" };
        struct question q = { .limit = 50, .filter = json_object() };
        str tenant;

        TRY(operator_tenant(cx, args, &tenant));
        TRY(args_int(cx, args, "--limit", 1, LIST_MAX, &q.limit));
        TRY(args_int(cx, args, "--before", 1, INT64_MAX, &q.before));
        for (size_t i = 0; i < COUNT(filters); i++) {
                str value = STR_NONE;

                TRY(args_text(cx, args, str_z(cx->mem, str_format(cx->mem, "--%s", filters[i])), &value));
                if (!str_absent(value))
                        (void)json_set(q.filter, filters[i], json_str(value));
        }
        TRY(args_end(cx, args));
        TRY(operator_do(cx, tenant, LOG_LIST, log_work, &q));
        if (command_json())
                print_json(cx, q.model);
        else
                print_table(cx, json_object_get(q.model, "entries"), columns);
        return RC_OK;
}

static rc entry_work(struct cx *cx, void *data)
{
        struct question *q = data;

        return log_get(cx, q->id, &q->model);
}

static rc log_show_run(struct cx *cx, struct args *args)
{
        struct question q = { .id = 0 };
        str tenant;

        TRY(operator_tenant(cx, args, &tenant));
        TRY(args_id(cx, args, "ID", &q.id));
        TRY(args_end(cx, args));
        TRY(operator_do(cx, tenant, LOG_VIEW, entry_work, &q));
        print_json(cx, q.model);
        return RC_OK;
}

/* clang-format off */
const struct command cmd_work_commands[] = {
        { "log list", "--tenant NAME [--actor A] [--group G] [--verb V] [--kind K] [--subject ID] [--result R] [--source S] [--from DAY] [--to DAY] [--before ID] [--limit N]",
          "list the operation log, newest first, without what entries say exactly", log_list_run },
        { "log show", "--tenant NAME ID", "one entry, without what it says exactly", log_show_run },
        { .name = NULL },
};
/* clang-format on */
