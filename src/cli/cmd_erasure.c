/* cmd_erasure.c - see cmd_erasure.h. A scan reads files, not the database: it works while the house stands still, too. */
#include "base/house.h"

#include "cli/cmd_erasure.h"

#include "base/clock.h"
#include "base/fail.h"
#include "cli/operator.h"
#include "cli/print.h"
#include "cli/raw.h"
#include "log/log.h"
#include "tenant/erasure.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

enum { TOLD_MAX = 1000, WORD_ROOM = RAW_WORD_MAX + 2 };

struct look {
        json_t *found, *skipped;
        bool quiet;
        msec told;
};

static void find(void *data, const char *path, int64_t offset, const struct raw_needle *needle)
{
        struct look *l = data;
        json_t *one = json_object();

        if (json_array_size(l->found) >= TOLD_MAX)
                return;
        json_set(one, "path", json_str(str_of(path)));
        json_set(one, "offset", json_integer(offset));
        json_set(one, "as", json_string(needle->as));
        must(json_array_append_new(l->found, one) == 0);
        if (!l->quiet)
                (void)printf("%s:%lld %s\n", path, (long long)offset, needle->as);
}

static void skip(void *data, const char *path, const char *why)
{
        struct look *l = data;
        json_t *one = json_object();

        if (json_array_size(l->skipped) >= TOLD_MAX)
                return;
        json_set(one, "path", json_str(str_of(path)));
        json_set(one, "why", json_str(str_of(why)));
        must(json_array_append_new(l->skipped, one) == 0);
        if (!l->quiet)
                (void)fprintf(stderr, "%s: %s\n", path, why);
}

static void progress(void *data, const struct raw *raw)
{
        struct look *l = data;
        msec now = clock_tick();

        if (!isatty(STDERR_FILENO) || now - l->told < 200)
                return;
        l->told = now;
        (void)fprintf(stderr, "\r%lld files, %lld MiB ", (long long)raw->files, (long long)(raw->bytes >> 20));
}

static void look_open(struct look *l, struct raw *raw)
{
        *l = (struct look){ .found = json_array(), .skipped = json_array(), .quiet = command_json() };
        *raw = (struct raw){ .find = find, .skip = skip, .progress = progress, .data = l };
}

static json_t *look_model(const struct look *l, const struct raw *raw)
{
        json_t *model = json_object();

        json_set(model, "files", json_integer(raw->files));
        json_set(model, "bytes", json_integer(raw->bytes));
        json_set(model, "count", json_integer(raw->found));
        json_set(model, "found", l->found);
        json_set(model, "skipped", l->skipped);
        return model;
}

/* "-": the first line of the standard input, so that it stands in no list of processes and in no history of a shell. */
static rc word_take(struct cx *cx, str word, str *ret)
{
        char *line = arena_alloc(cx->mem, WORD_ROOM);
        size_t n;

        *ret = word;
        if (!str_is(word, "-"))
                return RC_OK;
        n = fread(line, 1, WORD_ROOM - 1, stdin);
        *ret = str_trim(str_cut((str){ line, n }, '\n', &word));
        return RC_OK;
}

static rc scan(struct cx *cx, struct args *args)
{
        const struct place *place;
        struct look l;
        struct raw raw;
        str word, also = STR_NONE;

        look_open(&l, &raw);
        TRY(args_text(cx, args, "--also", &also));
        TRY(args_word(cx, args, "MARKER", &word));
        TRY(args_end(cx, args));
        TRY(word_take(cx, word, &word));
        TRY(raw_word(cx, &raw, word));
        TRY(command_place(cx, &place));
        TRY(raw_scan(cx, &raw, str_z(cx->mem, place->dir)));
        if (!str_absent(also))
                TRY(raw_scan(cx, &raw, str_z(cx->mem, also)));
        if (command_json())
                print_json(cx, look_model(&l, &raw));
        else
                print_line(cx, "%lld files with %lld bytes were read; %lld could not be", (long long)raw.files, (long long)raw.bytes,
                           (long long)raw.skipped);
        if (raw.found > 0)
                return fail(cx, RC_CONFLICT, NULL, "the marker was found %lld times", (long long)raw.found);
        return RC_OK;
}

struct proof {
        int64_t id;
        struct erasure *list;
        size_t count;
        const struct erasure *one;
        const struct raw *raw;
};

static rc list_work(struct cx *cx, void *data)
{
        struct proof *p = data;

        return erasure_list(cx, p->id, &p->list, &p->count);
}

static rc note_work(struct cx *cx, void *data)
{
        const struct proof *p = data;

        log_subject(cx, S("erasure"), p->one->id);
        log_detail(cx, "tenant", json_str(p->one->tenant));
        log_detail(cx, "planted", json_integer(p->one->places));
        log_detail(cx, "files", json_integer(p->raw->files));
        log_detail(cx, "bytes", json_integer(p->raw->bytes));
        log_detail(cx, "skipped", json_integer(p->raw->skipped));
        log_detail(cx, "found", json_integer(p->raw->found));
        return erasure_scanned(cx, p->one->id, p->raw->files, p->raw->bytes, p->raw->found);
}

/* The marker must be nowhere; the seed it is made of stands in the certificate, which lies on the same disk: a scan that does not find that found nothing
 * because it did not look. */
static rc prove_one(struct cx *cx, const struct place *place, struct proof *p, json_t *told, int64_t *left)
{
        struct look l;
        struct raw raw;
        json_t *model;

        look_open(&l, &raw);
        TRY(raw_word(cx, &raw, p->one->marker));
        raw_control(&raw, p->one->seed);
        TRY(raw_scan(cx, &raw, str_z(cx->mem, place->dir)));
        if (raw.control == 0)
                return fail(cx, RC_UNAVAILABLE, NULL,
                            "the certificate itself was not found on the disk: its database is not in %.*s, or cannot be read", STR_ARG(place->dir));
        p->raw = &raw;
        TRY(operator_do(cx, STR_NONE, LOG_VERIFY, note_work, p));
        *left += raw.found;
        model = look_model(&l, &raw);
        json_set(model, "id", json_integer(p->one->id));
        json_set(model, "tenant", json_str(p->one->tenant));
        json_set(model, "planted", json_integer(p->one->places));
        must(json_array_append_new(told, model) == 0);
        if (!command_json())
                print_line(cx, "certificate %lld: planted in %lld places, looked for in %lld files with %lld bytes, found %lld times",
                           (long long)p->one->id, (long long)p->one->places, (long long)raw.files, (long long)raw.bytes, (long long)raw.found);
        return RC_OK;
}

static rc prove(struct cx *cx, struct args *args)
{
        struct proof p = { .id = 0 };
        const struct place *place;
        json_t *told = json_array();
        int64_t left = 0;

        if (args->count > 0)
                TRY(args_id(cx, args, "NUMBER", &p.id));
        TRY(args_end(cx, args));
        TRY(command_place(cx, &place));
        TRY(operator_do(cx, STR_NONE, LOG_LIST, list_work, &p));
        for (size_t i = 0; i < p.count; i++) {
                p.one = &p.list[i];
                if (p.one->gone)
                        TRY(prove_one(cx, place, &p, told, &left));
                else if (p.id != 0)
                        return fail(cx, RC_BUSY, NULL, "its bytes are still being erased; please try again in a moment");
        }
        if (command_json())
                print_json(cx, told);
        else if (json_array_size(told) == 0)
                print_line(cx, "there is nothing to prove");
        return left == 0 ? RC_OK : fail(cx, RC_CONFLICT, NULL, "the marker was found %lld times", (long long)left);
}

struct child *cmd_erasure_child(struct cx *cx, const struct place *place)
{
        struct child *child = NEW(cx->mem, struct child);
        const char **argv = NEW_ARRAY(cx->mem, const char *, 6);

        argv[0] = "/proc/self/exe";
        argv[1] = "erasure";
        argv[2] = "prove";
        argv[3] = "--dir";
        argv[4] = str_z(cx->mem, place->dir);
        *child = (struct child){ .name = "erasure prove",
                                 .argv = argv,
                                 .log = place_path(cx, place->dir, "log/house.log"),
                                 .listen_fd = -1,
                                 .stop_signal = SIGTERM,
                                 .death_signal = SIGTERM,
                                 .patience_ms = 5000,
                                 .stage = 3,
                                 .nice = 19,
                                 .once = true };
        return child;
}

/* clang-format off */
const struct command cmd_erasure_commands[] = {
        { "erasure scan", "MARKER|- [--also DIR]", "look for a text in every file of the house, whatever it is: database, journal, queues, logs", scan },
        { "erasure prove", "[NUMBER]", "look whether anything is left of an erased contract, and write it into its certificate", prove },
        { .name = NULL },
};
/* clang-format on */
