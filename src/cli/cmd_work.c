/* cmd_work.c - see cmd_work.h. */
#include "base/house.h"

#include "cli/cmd_work.h"

#include "base/fail.h"
#include "base/file.h"
#include "cli/operator.h"
#include "cli/print.h"
#include "jobs/jobs.h"
#include "log/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { LIST_MAX = 200, ASK_US = 40000, BAR = 30 };

struct question {
        int64_t id, before, limit;
        bool active;
        json_t *filter;
        json_t *model;
};

static rc get_work(struct cx *cx, void *data)
{
        struct question *q = data;

        return job_get(cx, q->id, &job_sight_all, &q->model);
}

static void bar(const json_t *job)
{
        json_int_t done = json_integer_value(json_object_get(job, "done")), total = json_integer_value(json_object_get(job, "total"));
        int full = total > 0 ? (int)(done * BAR / total) : 0;

        if (!isatty(STDERR_FILENO))
                return;
        (void)fprintf(stderr, "\r[%.*s%.*s] %lld/%lld ", full, "##############################", BAR - full, "..............................",
                      (long long)done, (long long)total);
}

static rc refused(struct cx *cx, int64_t id, const json_t *job)
{
        const json_t *error;
        size_t i;

        json_array_foreach(json_object_get(json_object_get(job, "result"), "errors"), i, error) {
                str item = json_get_text(error, "item"), text = json_get_text(error, "detail");

                (void)fail_line(cx, RC_INVALID, json_integer_value(json_object_get(error, "line")), str_absent(item) ? NULL : str_z(cx->mem, item),
                                "%.*s", STR_ARG(text));
        }
        return fail(cx, RC_INVALID, NULL, "job %lld ended as %.*s", (long long)id, STR_ARG(json_get_text(job, "state")));
}

rc cmd_work_wait(struct cx *cx, str tenant, int64_t id, json_t **ret)
{
        struct question q = { .id = id };

        for (;;) {
                struct arena_mark mark = arena_mark(cx->mem);
                str state;

                TRY(operator_do(cx, tenant, LOG_NOTHING, get_work, &q));
                bar(q.model);
                state = json_get_text(q.model, "state");
                if (!str_is(state, "queued") && !str_is(state, "running")) {
                        if (isatty(STDERR_FILENO))
                                (void)fputc('\n', stderr);
                        *ret = q.model;
                        return str_is(state, "done") ? RC_OK : refused(cx, id, q.model);
                }
                arena_rewind(cx->mem, mark);
                (void)usleep(ASK_US);
        }
}

static rc number_word(struct cx *cx, struct args *args, int64_t *ret)
{
        str word;

        TRY(args_word(cx, args, "ID", &word));
        if (!str_int(word, ret) || *ret <= 0)
                return fail(cx, RC_USAGE, NULL, "%s must be a whole number, not \"%.*s\"", "ID", STR_ARG(word));
        return RC_OK;
}

struct fetch {
        int64_t id;
        str path, name;
};

static rc fetch_work(struct cx *cx, void *data)
{
        struct fetch *f = data;

        log_subject(cx, S("job"), f->id);
        return job_file(cx, f->id, &job_sight_all, &f->path, &f->name);
}

static rc copy_out(struct cx *cx, const char *from, const char *to)
{
        static char part[1 << 16];
        int in = open(from, O_RDONLY | O_CLOEXEC), out;
        ssize_t n = 0;

        if (in < 0)
                return file_failed(cx, from, errno);
        out = strcmp(to, "-") == 0 ? dup(STDOUT_FILENO) : open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        while (out >= 0 && (n = read(in, part, sizeof(part))) > 0)
                for (ssize_t put = 0, k; put < n; put += k)
                        if ((k = write(out, part + put, (size_t)(n - put))) <= 0) {
                                n = -1;
                                break;
                        }
        if (out < 0 || n < 0 || close(out) != 0)
                return file_failed(cx, to, errno);
        (void)close(in);
        return RC_OK;
}

rc cmd_work_fetch(struct cx *cx, str tenant, int64_t id, str path)
{
        struct fetch f = { .id = id };

        TRY(operator_do(cx, tenant, LOG_DOWNLOAD, fetch_work, &f));
        return copy_out(cx, file_store_path(cx->mem, f.path), str_z(cx->mem, path));
}

static rc job_file_run(struct cx *cx, struct args *args)
{
        str tenant, path;
        int64_t id;

        TRY(operator_tenant(cx, args, &tenant));
        TRY(number_word(cx, args, &id));
        TRY(args_word(cx, args, "FILE", &path));
        TRY(args_end(cx, args));
        return cmd_work_fetch(cx, tenant, id, path);
}

static rc list_work(struct cx *cx, void *data)
{
        struct question *q = data;

        return job_list(cx, q->before, q->active, (int)q->limit, &job_sight_all, &q->model);
}

static rc job_list_run(struct cx *cx, struct args *args)
{
        static const struct column columns[] = { { "id", "id" },       { "kind", "kind" },        { "register", "register" },
                                                 { "state", "state" }, { "done", "done" },        { "total", "total" },
                                                 { "actor", "by" },    { "created_at", "asked" }, { NULL, NULL } };
        struct question q = { .limit = 50, .active = args_flag(args, "--active") };
        str tenant;

        TRY(operator_tenant(cx, args, &tenant));
        TRY(args_int(cx, args, "--limit", 1, LIST_MAX, &q.limit));
        TRY(args_end(cx, args));
        TRY(operator_do(cx, tenant, LOG_LIST, list_work, &q));
        if (command_json())
                print_json(cx, q.model);
        else
                print_table(cx, json_object_get(q.model, "jobs"), columns);
        return RC_OK;
}

static rc job_show_run(struct cx *cx, struct args *args)
{
        struct question q = { .id = 0 };
        str tenant;

        TRY(operator_tenant(cx, args, &tenant));
        TRY(number_word(cx, args, &q.id));
        TRY(args_end(cx, args));
        TRY(operator_do(cx, tenant, LOG_VIEW, get_work, &q));
        print_json(cx, q.model);
        return RC_OK;
}

static rc job_wait_run(struct cx *cx, struct args *args)
{
        json_t *model;
        str tenant;
        int64_t id;

        TRY(operator_tenant(cx, args, &tenant));
        TRY(number_word(cx, args, &id));
        TRY(args_end(cx, args));
        TRY(cmd_work_wait(cx, tenant, id, &model));
        print_json(cx, model);
        return RC_OK;
}

static rc cancel_work(struct cx *cx, void *data)
{
        const struct question *q = data;

        log_subject(cx, S("job"), q->id);
        return job_cancel(cx, q->id, &job_sight_all, true);
}

static rc job_cancel_run(struct cx *cx, struct args *args)
{
        struct question q = { .id = 0 };
        str tenant;

        TRY(operator_tenant(cx, args, &tenant));
        TRY(number_word(cx, args, &q.id));
        TRY(args_end(cx, args));
        TRY(operator_do(cx, tenant, LOG_CANCEL, cancel_work, &q));
        if (!command_json())
                print_line(cx, "job %lld is asked to stop", (long long)q.id);
        return RC_OK;
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
        static const char *const filters[] = { "actor", "group", "verb", "kind", "subject", "result", "source", "text", "from", "to" };
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
        TRY(number_word(cx, args, &q.id));
        TRY(args_end(cx, args));
        TRY(operator_do(cx, tenant, LOG_VIEW, entry_work, &q));
        print_json(cx, q.model);
        return RC_OK;
}

/* clang-format off */
const struct command cmd_work_commands[] = {
        { "job list", "--tenant NAME [--active] [--limit N]", "list long work, newest first", job_list_run },
        { "job show", "--tenant NAME ID", "one job with its progress and result", job_show_run },
        { "job wait", "--tenant NAME ID", "wait until a job has ended", job_wait_run },
        { "job file", "--tenant NAME ID FILE", "fetch the file a job left: exported records, refused rows", job_file_run },
        { "job cancel", "--tenant NAME ID", "ask a job to stop", job_cancel_run },
        { "log list", "--tenant NAME [--actor A] [--group G] [--text T] [--verb V] [--kind K] [--subject ID] [--result R] [--source S] [--from DAY] [--to DAY] [--before ID] [--limit N]",
          "list the operation log, newest first", log_list_run },
        { "log show", "--tenant NAME ID", "one entry with its detail", log_show_run },
        { .name = NULL },
};
/* clang-format on */
