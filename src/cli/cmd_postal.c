/* cmd_postal.c - see cmd_postal.h. */
#include "base/house.h"

#include "cli/cmd_postal.h"

#include "base/clock.h"
#include "base/fail.h"
#include "base/file.h"
#include "cli/operator.h"
#include "cli/print.h"
#include "log/log.h"
#include "register/postal.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

struct wish {
        int fd;
        str name;
        bool sample, smaller;
        json_t *model;
};

static long long number(const json_t *of, const char *name)
{
        return (long long)json_integer_value(json_object_get(of, name));
}

static rc import_work(struct cx *cx, void *data)
{
        static const char *const told[] = { "rows", "codes", "rows_before", "codes_before" };
        struct wish *w = data;

        log_subject(cx, S("postal"), 0);
        log_detail(cx, "file", json_str(w->name));
        TRY(postal_import(cx, w->fd, w->name, w->sample, w->smaller, &w->model));
        for (size_t i = 0; i < COUNT(told); i++)
                log_detail(cx, told[i], json_object_get(w->model, told[i]));
        return RC_OK;
}

static void fd_drop(void *p)
{
        (void)close((int)(intptr_t)p);
}

/* Opened before anything else: as whoever calls may read it. */
static rc file_open(struct cx *cx, str path, struct wish *w)
{
        const char *name = str_z(cx->mem, path);

        w->fd = open(name, O_RDONLY | O_CLOEXEC);
        if (w->fd < 0)
                return file_failed(cx, name, errno);
        arena_defer(cx->mem, fd_drop, (void *)(intptr_t)w->fd);
        w->name = file_name_clean(cx->mem, path);
        return RC_OK;
}

static rc import_run(struct cx *cx, struct args *args)
{
        struct wish w = { .fd = -1 };
        str path;

        w.smaller = args_flag(args, "--smaller");
        TRY(args_word(cx, args, "FILE", &path));
        TRY(args_end(cx, args));
        TRY(file_open(cx, path, &w));
        TRY(operator_do(cx, STR_NONE, LOG_IMPORT, import_work, &w));
        if (command_json())
                print_json(cx, w.model);
        else
                print_line(cx, "imported: %lld addresses of %lld postal codes; before there were %lld of %lld", number(w.model, "rows"),
                           number(w.model, "codes"), number(w.model, "rows_before"), number(w.model, "codes_before"));
        return RC_OK;
}

static rc data_work(struct cx *cx, void *data)
{
        struct wish *w = data;

        log_subject(cx, S("postal"), 0);
        return postal_data(cx, &w->model);
}

static rc status_run(struct cx *cx, struct args *args)
{
        struct wish w = { .model = NULL };

        TRY(args_end(cx, args));
        TRY(operator_do(cx, STR_NONE, LOG_NOTHING, data_work, &w));
        if (command_json()) {
                print_json(cx, w.model);
                return RC_OK;
        }
        if (json_is_null(w.model)) {
                print_line(cx, "no postal codes were imported yet: daicho postal import FILE");
                return RC_OK;
        }
        print_line(cx, "%lld addresses of %lld postal codes, imported on %.*s (%lld days ago) from %.*s", number(w.model, "rows"),
                   number(w.model, "codes"), 10, json_get_text(w.model, "imported_at").p, number(w.model, "age_days"),
                   STR_ARG(json_get_text(w.model, "file")));
        if (json_is_true(json_object_get(w.model, "sample")))
                print_line(cx, "that is the small sample for trying things out; Japan Post's own file has some 120,000 codes");
        else if (json_is_true(json_object_get(w.model, "old")))
                print_line(cx, "Japan Post publishes a new file every month: please import it");
        return RC_OK;
}

rc cmd_postal_sample(struct cx *cx)
{
        struct wish w = { .sample = true };
        const struct place *place;

        TRY(operator_do(cx, STR_NONE, LOG_NOTHING, data_work, &w));
        if (!json_is_null(w.model))
                return RC_OK;
        TRY(command_place(cx, &place));
        TRY(file_open(cx, str_of(place_path(cx, place->share, "registers/postal_sample.csv")), &w));
        return operator_do(cx, STR_NONE, LOG_IMPORT, import_work, &w);
}

/* clang-format off */
const struct command cmd_postal_commands[] = {
        { "postal import", "FILE [--smaller]", "replace the postal codes by Japan Post's file (KEN_ALL.CSV or utf_ken_all.csv); all of it or nothing", import_run },
        { "postal status", "", "tell which postal codes are in use, and how old they are", status_run },
        { .name = NULL },
};
/* clang-format on */
