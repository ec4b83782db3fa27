/* cmd_file.c - see cmd_file.h. */
#include "base/house.h"

#include "cli/cmd_file.h"

#include "base/buf.h"
#include "base/fail.h"
#include "base/file.h"
#include "cli/cmd_work.h"
#include "cli/print.h"

#include <stdio.h>
#include <unistd.h>

enum { LIST_MAX = 200, ADDRESS_MAX = 8192, ASK_FIRST_US = 50000, ASK_LAST_US = 1000000, ITEMS_MAX = 500 };

/* "/registers/customers/imports" and what follows it. */
static struct buf address(struct cx *cx, str register_name, const char *rest)
{
        struct buf b = buf_open(cx->mem, ADDRESS_MAX);

        buf_text(&b, "/registers/");
        buf_url(&b, register_name);
        buf_add(&b, str_of(rest));
        return b;
}

static void query_add(struct buf *b, const char *name, str value)
{
        bool first = memchr(buf_str(b).p, '?', buf_str(b).n) == NULL;

        if (str_absent(value))
                return;
        buf_format(b, "%c%s=", first ? '?' : '&', name);
        buf_url(b, value);
}

static rc address_end(struct cx *cx, const struct buf *b, str *ret)
{
        *ret = buf_str(b);
        return buf_full(b) ? fail(cx, RC_TOO_LARGE, NULL, "this is longer than an address may be") : RC_OK;
}

static str job_path(struct cx *cx, int64_t id, const char *rest)
{
        return str_format(cx->mem, "/jobs/%" PRId64 "%s", id, rest);
}

static rc job_read(struct cx *cx, const struct front *front, int64_t id, json_t **ret)
{
        json_t *answer;

        TRY(front_ask(cx, front, job_path(cx, id, ""), NULL, &answer));
        *ret = json_object_get(answer, "job");
        return json_is_object(*ret) ? RC_OK : fail(cx, RC_UNAVAILABLE, NULL, "the answer of %.*s cannot be read", STR_ARG(front->url));
}

static rc job_await(struct cx *cx, const struct front *front, int64_t id, json_t **ret)
{
        unsigned pause = ASK_FIRST_US;

        for (;;) {
                struct arena_mark mark = arena_mark(cx->mem);
                json_t *job;

                TRY(job_read(cx, front, id, &job));
                cmd_work_bar(job);
                if (!json_is_true(json_object_get(job, "active"))) {
                        *ret = job;
                        return cmd_work_ended(cx, id, job);
                }
                arena_rewind(cx->mem, mark);
                (void)usleep(pause);
                pause = pause * 2 < ASK_LAST_US ? pause * 2 : ASK_LAST_US;
        }
}

static rc id_of(struct cx *cx, const struct front *front, const json_t *answer, int64_t *ret)
{
        *ret = json_integer_value(json_object_get(answer, "id"));
        return *ret > 0 ? RC_OK : fail(cx, RC_UNAVAILABLE, NULL, "the answer of %.*s cannot be read", STR_ARG(front->url));
}

rc cmd_file_import(struct cx *cx, const struct front *front, const struct cmd_file_order *order, json_t **ret_job)
{
        struct buf b = address(cx, order->register_name, "/imports");
        json_t *answer;
        int64_t id;
        str path;

        query_add(&b, "name", order->name);
        query_add(&b, "encoding", order->encoding);
        query_add(&b, "blank", order->blank);
        TRY(address_end(cx, &b, &path));
        TRY(front_upload(cx, front, path, order->path, &answer));
        TRY(id_of(cx, front, answer, &id));
        return job_await(cx, front, id, ret_job);
}

static rc job_fetch(struct cx *cx, const struct front *front, int64_t id, str file)
{
        return front_download(cx, front, job_path(cx, id, "/file"), str_z(cx->mem, file));
}

static void result_show(struct cx *cx, const json_t *job, const struct column *columns)
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

static rc import_run(struct cx *cx, struct args *args)
{
        static const struct column columns[] = { { "read", "rows read:" },      { "created", "new:" },     { "changed", "changed:" },
                                                 { "unchanged", "unchanged:" }, { "refused", "refused:" }, { NULL, NULL } };
        struct cmd_file_order order = { .encoding = STR_NONE, .blank = STR_NONE };
        str file, refused = STR_NONE;
        struct front front;
        json_t *job;

        TRY(args_text(cx, args, "--encoding", &order.encoding));
        TRY(args_text(cx, args, "--blank", &order.blank));
        TRY(args_text(cx, args, "--refused", &refused));
        TRY(front_args(cx, args, &front));
        TRY(args_word(cx, args, "REGISTER", &order.register_name));
        TRY(args_word(cx, args, "FILE", &file));
        TRY(args_end(cx, args));
        TRY(front_open(cx, &front));
        order.path = str_z(cx->mem, file);
        order.name = file_name_clean(cx->mem, file);
        TRY(cmd_file_import(cx, &front, &order, &job));
        result_show(cx, job, columns);
        if (!str_absent(refused) && json_is_string(json_object_get(job, "file")))
                return job_fetch(cx, &front, json_integer_value(json_object_get(job, "id")), refused);
        return RC_OK;
}

static rc export_run(struct cx *cx, struct args *args)
{
        static const struct column columns[] = { { "rows", "rows written:" }, { "replaced", "characters replaced by 〓:" }, { NULL, NULL } };
        static const char *const options[] = { "condition", "q", "encoding" };
        json_t *in = json_object(), *answer, *job, *list = json_array();
        str file, items = STR_NONE, register_name, path;
        struct front front;
        struct buf b;
        int64_t id;

        for (size_t i = 0; i < COUNT(options); i++) {
                str value = STR_NONE;

                TRY(args_text(cx, args, str_z(cx->mem, str_format(cx->mem, "--%s", options[i])), &value));
                if (!str_absent(value))
                        (void)json_set(in, options[i], json_str(value));
        }
        TRY(args_text(cx, args, "--items", &items));
        TRY(front_args(cx, args, &front));
        TRY(args_word(cx, args, "REGISTER", &register_name));
        TRY(args_word(cx, args, "FILE", &file));
        TRY(args_end(cx, args));
        TRY(front_open(cx, &front));
        while (!str_empty(items) && json_array_size(list) < ITEMS_MAX)
                must(json_array_append_new(list, json_str(str_trim(str_cut(items, ',', &items)))) == 0);
        if (json_array_size(list) > 0)
                (void)json_set(in, "items", list);
        b = address(cx, register_name, "/exports");
        TRY(address_end(cx, &b, &path));
        TRY(front_ask(cx, &front, path, in, &answer));
        TRY(id_of(cx, &front, answer, &id));
        TRY(job_await(cx, &front, id, &job));
        TRY(job_fetch(cx, &front, id, file));
        result_show(cx, job, columns);
        return RC_OK;
}

/* jobs -------------------------------------------------------------------------------------------------------------------------------- */
/* `job show ID` and its like: the house, the number, nothing more. */
static rc job_named(struct cx *cx, struct args *args, struct front *front, int64_t *ret)
{
        TRY(front_args(cx, args, front));
        TRY(args_id(cx, args, "ID", ret));
        TRY(args_end(cx, args));
        return front_open(cx, front);
}

static rc list_run(struct cx *cx, struct args *args)
{
        static const struct column columns[] = { { "id", "id" },       { "kind", "kind" },        { "register", "register" },
                                                 { "state", "state" }, { "done", "done" },        { "total", "total" },
                                                 { "actor", "by" },    { "created_at", "asked" }, { NULL, NULL } };
        bool active = args_flag(args, "--active");
        int64_t limit = 50;
        struct front front;
        json_t *model;

        TRY(args_int(cx, args, "--limit", 1, LIST_MAX, &limit));
        TRY(front_args(cx, args, &front));
        TRY(args_end(cx, args));
        TRY(front_open(cx, &front));
        TRY(front_ask(cx, &front, str_format(cx->mem, "/jobs?limit=%" PRId64 "%s", limit, active ? "&active=true" : ""), NULL, &model));
        if (command_json())
                print_json(cx, model);
        else
                print_table(cx, json_object_get(model, "jobs"), columns);
        return RC_OK;
}

static rc show_run(struct cx *cx, struct args *args)
{
        struct front front;
        json_t *job;
        int64_t id;

        TRY(job_named(cx, args, &front, &id));
        TRY(job_read(cx, &front, id, &job));
        print_json(cx, job);
        return RC_OK;
}

static rc wait_run(struct cx *cx, struct args *args)
{
        struct front front;
        json_t *job;
        int64_t id;

        TRY(job_named(cx, args, &front, &id));
        TRY(job_await(cx, &front, id, &job));
        print_json(cx, job);
        return RC_OK;
}

static rc file_run(struct cx *cx, struct args *args)
{
        struct front front;
        int64_t id;
        str file;

        TRY(front_args(cx, args, &front));
        TRY(args_id(cx, args, "ID", &id));
        TRY(args_word(cx, args, "FILE", &file));
        TRY(args_end(cx, args));
        TRY(front_open(cx, &front));
        return job_fetch(cx, &front, id, file);
}

static rc cancel_run(struct cx *cx, struct args *args)
{
        struct front front;
        json_t *model;
        int64_t id;

        TRY(job_named(cx, args, &front, &id));
        TRY(front_ask(cx, &front, job_path(cx, id, "/cancel"), json_object(), &model));
        if (!command_json())
                print_line(cx, "job %lld is asked to stop", (long long)id);
        return RC_OK;
}

#define HOUSE "[--key-file FILE] [--url URL] [--ca FILE]"

/* clang-format off */
const struct command cmd_file_commands[] = {
        { "import", "REGISTER FILE.csv [--encoding auto|utf-8|cp932] [--blank clear|keep] [--refused FILE.csv] " HOUSE,
          "bring a CSV file into a register, with an API key; --refused takes the rows that were not taken", import_run },
        { "export", "REGISTER FILE.csv [--condition JSON] [--q WORDS] [--items NAME,NAME] [--encoding utf-8|cp932] " HOUSE,
          "write records of a register as a CSV file, with an API key", export_run },
        { "job list", "[--active] [--limit N] " HOUSE, "list long work an API key may see, newest first", list_run },
        { "job show", "ID " HOUSE, "one job with its progress and result", show_run },
        { "job wait", "ID " HOUSE, "wait until a job has ended", wait_run },
        { "job file", "ID FILE " HOUSE, "fetch the file a job left: exported records, refused rows", file_run },
        { "job cancel", "ID " HOUSE, "ask a job to stop", cancel_run },
        { .name = NULL },
};
/* clang-format on */
