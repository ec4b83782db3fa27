/* import.c - see import.h. The job: a file is read (import_read.c), compared, looked at by somebody if they want to, and written as one batch. */
#include "base/house.h"

#include "register/import.h"

#include "base/buf.h"
#include "base/crypto.h"
#include "base/fail.h"
#include "base/file.h"
#include "db/db.h"
#include "log/log.h"
#include "register/import_read.h"
#include "register/mapping.h"
#include "register/stage.sql.h"

#include <unistd.h>

struct import {
        struct import_read in;
        bool check, all_or_nothing; /* as asked for */
        bool stopped;               /* nothing is written, because of refused rows */
        bool review;                /* nothing is written before somebody has looked */
        bool again;                 /* records changed since somebody looked */
};

static int64_t number(const json_t *of, const char *name)
{
        return json_integer_value(json_object_get(of, name));
}

/* Comparing and writing ------------------------------------------------------------------------------------------------------------ */

static bool field(str *row, int64_t *ret)
{
        return str_int(str_cut(*row, '\t', row), ret);
}

static rc take_late(struct import *im)
{
        struct cx *cx = im->in.cx;
        str row;

        TRY(db_copy_out(cx, stage_refused()));
        for (;;) {
                int64_t line, item, reason, other;

                TRY(db_copy_read(cx, &row));
                if (str_absent(row))
                        return RC_OK;
                row = str_trim(row);
                must(field(&row, &line) && field(&row, &item) && field(&row, &reason) && field(&row, &other));
                refused_add_late(im->in.refused, line, (struct refused_problem){ (int32_t)item, REFUSED_STAGE + (int32_t)reason, other });
        }
}

/* Asked while the database works on one long statement. */
static bool go_on(void *of)
{
        struct import *im = of;

        return job_progress(im->in.cx, im->in.job, im->in.read, 0, "job.step.write") == RC_OK;
}

/* Compared, and kept to be looked at. */
static rc keep(struct import *im, struct stage_counts *ret)
{
        TRY(sql_stage_forget(im->in.cx, im->in.job->id));
        TRY(stage_keep(im->in.cx, &im->in.stage, ret));
        return refused_count(im->in.refused) > 0 ? refused_keep(im->in.cx, im->in.refused, im->in.job->id) : RC_OK;
}

static rc apply(struct import *im, struct stage_counts *ret)
{
        int64_t late = 0;

        db_watch(im->in.cx, go_on, im);

        TRY(import_read_suspects(&im->in));
        TRY(job_progress(im->in.cx, im->in.job, im->in.read, 0, "job.step.wait"));
        TRY(stage_lock(im->in.cx, &im->in.stage));
        TRY(job_progress(im->in.cx, im->in.job, im->in.read, 0, "job.step.write"));
        TRY(stage_check(im->in.cx, &im->in.stage, im->in.suspect_count > 0, &late));
        if (late > 0)
                TRY(take_late(im));
        TRY(job_progress(im->in.cx, im->in.job, im->in.read, 0, "job.step.write"));
        im->stopped = !im->check && im->all_or_nothing && refused_count(im->in.refused) > 0;
        if (im->review)
                return keep(im, ret);
        return im->check || im->stopped ? stage_count(im->in.cx, &im->in.stage, ret) : stage_apply(im->in.cx, &im->in.stage, ret);
}

/* What is told --------------------------------------------------------------------------------------------------------------------- */

static str result_name(struct cx *cx, str name)
{
        str base = name;

        if (str_ends(base, S(".csv")) || str_ends(base, S(".CSV")))
                base.n -= 4;
        else if (str_ends(base, S(".xlsx")) || str_ends(base, S(".XLSX")))
                base.n -= 5;
        return str_format(cx->mem, "%.*s_%s.csv", STR_ARG(base), cx->lang == LANG_JA ? "取り込めなかった行" : "refused");
}

static str result_path(const struct import *im)
{
        return str_format(im->in.cx->mem, "result/%" PRId64 ".csv", im->in.job->id);
}

static rc give_refused(struct import *im, str name)
{
        struct refused_source source = {
                .fd = im->in.fd,
                .set = im->in.source,
                .bom = im->in.bom,
                .separator = csv_separator(im->in.csv),
                .book = im->in.book,
                .heading = im->in.heading,
                .heading_size = im->in.heading_size,
                .line_end = csv_line_end(im->in.csv),
        };
        struct cx *cx = im->in.cx;
        str path = result_path(im);

        TRY(file_directory(cx, file_store_path(cx->mem, S("result")), 0700));
        TRY(refused_write(cx, im->in.refused, &source, file_store_path(cx->mem, path)));
        im->in.job->result_file = path;
        im->in.job->result_name = result_name(cx, name);
        return RC_OK;
}

static void log_tell(const struct import *im, str name, const struct stage_counts *counts, int64_t refused)
{
        struct cx *cx = im->in.cx;

        log_subject(cx, im->in.def->name, 0);
        log_detail(cx, "file", json_str(name));
        log_detail(cx, "read", json_integer(im->in.read));
        log_detail(cx, "created", json_integer(counts->created));
        log_detail(cx, "changed", json_integer(counts->changed));
        log_detail(cx, "unchanged", json_integer(counts->unchanged));
        log_detail(cx, "refused", json_integer(refused));
}

/* The mapping that was used, and what of it the register has no more or calls otherwise. */
static json_t *mapping_told(const struct import *im)
{
        json_t *m = json_object(), *lost = json_array(), *renamed = json_array(), *one;
        size_t i;

        if (im->in.mapping == NULL)
                return json_null();
        json_array_foreach(json_object_get(im->in.mapping, "columns"), i, one) {
                if (json_object_get(one, "lost") != NULL)
                        json_array_append(lost, json_object_get(one, "heading"));
                if (json_object_get(one, "renamed") != NULL)
                        json_array_append(renamed, json_object_get(one, "heading"));
        }
        (void)json_set(m, "id", json_object_get(im->in.mapping, "id"));
        (void)json_set(m, "name", json_object_get(im->in.mapping, "name"));
        (void)json_set(m, "lost", lost);
        return json_set(m, "renamed", renamed);
}

/* What the order leaves open. */
static str said(const struct import *im, const char *name)
{
        str asked = json_get_text(im->in.job->args, name);

        return !str_empty(asked) && !str_is(asked, "auto") ? asked : im->in.mapping != NULL ? json_get_text(im->in.mapping, name) : asked;
}

static void tell(struct import *im, const struct stage_counts *counts, str reason, str name)
{
        json_t *result = json_object(), *columns = json_array();
        bool asks = im->review && counts->created + counts->changed > 0, only = im->check || asks;

        json_set(result, "checked", json_boolean(im->check));
        json_set(result, "staged", json_boolean(asks));
        json_set(result, "again", json_boolean(im->again));
        json_set(result, "blank_keeps", json_boolean(im->in.stage.blank_keeps));
        json_set(result, "stopped", json_boolean(im->stopped));
        json_set(result, "read", json_integer(im->in.read));
        json_set(result, only ? "would_create" : "created", json_integer(im->stopped && !asks ? 0 : counts->created));
        json_set(result, only ? "would_change" : "changed", json_integer(im->stopped && !asks ? 0 : counts->changed));
        json_set(result, only ? "would_leave" : "unchanged", json_integer(counts->unchanged));
        json_set(result, "blank", json_integer(im->in.blank));
        json_set(result, "encoding", json_string(im->in.book ? "xlsx" : charset_name(im->in.source)));
        json_set(result, "separator", json_string(csv_separator(im->in.csv) == '\t' ? "tab" : "comma"));
        json_set(result, "encoding_reason", json_str(reason));
        json_set(result, "file", json_str(name));
        for (size_t i = 0; i < im->in.stage.count; i++)
                json_array_append_new(columns, json_str(im->in.stage.items[i]->name));
        json_set(result, "columns", columns);
        json_set(result, "headings", im->in.headings);
        json_set(result, "mapping", mapping_told(im));
        json_set(result, "ignored", im->in.ignored);
        refused_model(im->in.cx, im->in.refused, result);
        im->in.job->result = result;
        im->in.job->ready = asks;
        log_tell(im, name, only || im->stopped ? &(struct stage_counts){ .unchanged = counts->unchanged } : counts, refused_count(im->in.refused));
        if (only || im->stopped)
                log_detail(im->in.cx, asks ? "staged" : im->check ? "checked" : "stopped", json_true());
}

/* Looked at, and to be written now ------------------------------------------------------------------------------------------------- */

/* The columns of the file, as they were. False: the register is another one meanwhile. */
static bool columns_again(struct import *im, const json_t *told)
{
        const json_t *names = json_object_get(json_object_get(told, "result"), "columns");
        size_t count = json_array_size(names);
        bool has_key = im->in.def->key == NULL;

        if (count == 0 || json_integer_value(json_object_get(told, "version")) != im->in.def->version)
                return false;
        im->in.stage.items = NEW_ARRAY(im->in.cx->mem, const struct item *, count);
        for (size_t i = 0; i < count; i++) {
                im->in.stage.items[i] = definition_item(im->in.def, json_text(json_array_get(names, i)));
                if (im->in.stage.items[i] == NULL)
                        return false;
                has_key = has_key || im->in.stage.items[i] == im->in.def->key;
        }
        im->in.stage.count = count;
        import_read_missing(&im->in);
        return has_key;
}

/* What was looked at is what is written, to the very versions of the records: or nothing. */
static rc kept_write(struct import *im, const json_t *result, struct stage_counts *ret, bool *ret_written)
{
        struct stage_counts kept = { .created = number(result, "would_create"), .changed = number(result, "would_change") };
        struct cx *cx = im->in.cx;
        int64_t late;
        bool fits;

        db_watch(cx, go_on, im);
        TRY(stage_open(cx, &im->in.stage));
        TRY(job_progress(cx, im->in.job, im->in.read, 0, "job.step.wait"));
        TRY(stage_lock(cx, &im->in.stage));
        TRY(job_progress(cx, im->in.job, im->in.read, 0, "job.step.write"));
        TRY(stage_fetch(cx, &im->in.stage));
        TRY(stage_check(cx, &im->in.stage, false, &late));
        TRY(stage_fits(cx, &im->in.stage, &kept, &fits));
        *ret_written = false;
        if (late > 0 || !fits)
                return stage_close(cx);
        TRY(stage_apply(cx, &im->in.stage, ret));
        if (ret->created != kept.created || ret->changed != kept.changed)
                return fail(cx, RC_BUSY, NULL, "somebody changed one of these records at the same moment; nothing was done");
        *ret_written = true;
        return RC_OK;
}

static void kept_tell(struct import *im, const json_t *told, const struct stage_counts *counts, str name)
{
        static const char *const gone[] = { "would_create", "would_change", "would_leave", "staged", "again", "blank_keeps" };
        json_t *result = json_object_get(told, "result");
        struct stage_counts all = *counts;

        all.unchanged = number(result, "would_leave");
        for (size_t i = 0; i < COUNT(gone); i++)
                (void)json_object_del(result, gone[i]);
        json_set(result, "created", json_integer(all.created));
        json_set(result, "changed", json_integer(all.changed));
        json_set(result, "unchanged", json_integer(all.unchanged));
        im->in.job->result = result;
        if (number(result, "refused") > 0) {
                im->in.job->result_file = result_path(im);
                im->in.job->result_name = result_name(im->in.cx, name);
        }
        log_tell(im, name, &all, number(result, "refused"));
        log_detail(im->in.cx, "looked_at", json_true());
}

/* *ret_written false: what was looked at is no longer how it is, or is gone (a crash of the server): the file is read again, to be looked at again. */
static rc run_kept(struct import *im, str name, bool *ret_written)
{
        struct stage_counts counts;
        json_t *told;
        str text;

        *ret_written = false;
        TRY(sql_stage_told(im->in.cx, im->in.job->id, &text));
        if (str_absent(text))
                return RC_OK;
        TRY(json_read(im->in.cx, text, &told));
        if (!columns_again(im, told))
                return RC_OK;
        im->in.read = number(json_object_get(told, "result"), "read");
        im->in.stage.blank_keeps = json_is_true(json_object_get(json_object_get(told, "result"), "blank_keeps")); /* a mapping may have said so */
        TRY(kept_write(im, json_object_get(told, "result"), &counts, ret_written));
        if (*ret_written)
                kept_tell(im, told, &counts, name);
        return RC_OK;
}

static rc keep_told(struct import *im)
{
        json_t *told = json_object();

        (void)json_set(told, "version", json_integer(im->in.def->version));
        (void)json_set(told, "result", json_incref(im->in.job->result));
        return sql_stage_tell(im->in.cx, im->in.job->id, json_write(im->in.cx->mem, told));
}

static bool separator_find(str name, char *ret)
{
        *ret = str_is(name, "comma") ? ',' : str_is(name, "tab") ? '\t' : 0;
        return *ret != 0 || str_is(name, "auto");
}

static rc run(struct import *im, str name)
{
        str reason;
        struct stage_counts counts;
        bool written;

        TRY(definition_get(im->in.cx, im->in.job->register_name, &im->in.def));
        im->in.stage.def = im->in.def;
        im->in.stage.key = im->in.def->key;
        im->in.stage.job = im->in.job->id;
        im->in.stage.blank_keeps = str_is(json_get_text(im->in.job->args, "blank"), "keep");
        im->review = json_is_true(json_object_get(im->in.job->args, "review"));
        im->check = !im->review && json_is_true(json_object_get(im->in.job->args, "check"));
        im->all_or_nothing = str_is(json_get_text(im->in.job->args, "refused"), "stop");
        if (json_is_true(json_object_get(im->in.job->args, "apply"))) {
                TRY(run_kept(im, name, &written));
                if (written)
                        return RC_OK;
                im->again = true;
                im->in.read = 0;
                im->in.stage.items = NULL;
                im->in.stage.count = 0;
                im->in.stage.missing = NULL;
        }
        im->in.wanted = json_get_text(im->in.job->args, "mapping");
        if (!str_empty(im->in.wanted) && !str_is(im->in.wanted, "auto"))
                TRY(mapping_find(im->in.cx, im->in.def, im->in.wanted, NULL, 0, &im->in.mapping));
        TRY(import_read_open(&im->in, json_get_text(im->in.job->args, "file")));
        TRY(import_read_charset(&im->in, str_empty(said(im, "encoding")) ? STR_NONE : said(im, "encoding"), &reason));
        if (!im->in.book)
                (void)separator_find(said(im, "separator"), &im->in.separator);
        TRY(import_read_heading(&im->in));
        im->in.stage.blank_keeps = str_is(said(im, "blank"), "keep");
        im->all_or_nothing = str_is(said(im, "refused"), "stop");
        TRY(import_read_prepare(&im->in));
        TRY(stage_open(im->in.cx, &im->in.stage));
        TRY(import_read_rows(&im->in));
        TRY(apply(im, &counts));
        tell(im, &counts, reason, name);
        if (im->in.job->ready)
                TRY(keep_told(im));
        return refused_count(im->in.refused) > 0 ? give_refused(im, name) : RC_OK;
}

static void file_erase(void *p)
{
        (void)unlink(p);
}

/* The file goes when the unit ends, unless the job will be tried again: after passing troubles, or when the process dies before. */
rc import_run(struct cx *cx, struct job *job)
{
        struct import *im = NEW(cx->mem, struct import);
        str name = json_get_text(job->args, "name");
        rc result;

        im->in.cx = cx;
        im->in.job = job;
        result = run(im, str_absent(name) ? S("file.csv") : name);
        if (im->in.fd > 0 && !job->ready && result != RC_BUSY && result != RC_UNAVAILABLE && result != RC_DISK_FULL)
                arena_defer(cx->mem, file_erase, file_store_path(cx->mem, json_get_text(job->args, "file")));
        return result;
}

rc import_start(struct cx *cx, const struct import_order *order, int64_t *ret_job)
{
        const struct definition *def;
        json_t *args = json_object();
        uint8_t random[12];
        enum charset set;
        char separator;
        str path;
        rc code;

        if (cx->masked)
                return fail(cx, RC_FORBIDDEN, NULL, "an account that may not see personal items cannot import files");
        TRY(definition_get(cx, order->register_name, &def));
        if (!str_absent(order->encoding) && !str_is(order->encoding, "auto"))
                TRY(import_read_charset_find(cx, order->encoding, &set));
        if (!str_empty(order->separator) && !separator_find(order->separator, &separator))
                return fail(cx, RC_INVALID, "separator", "must be one of: %s", "auto comma tab");
        if (!str_empty(order->mapping) && !str_is(order->mapping, "auto") && !str_is(order->mapping, "none")) {
                json_t *found;
                int64_t number;

                if (!str_int(order->mapping, &number))
                        return fail(cx, RC_INVALID, "mapping", "must be auto, none or the number of a saved mapping");
                TRY(mapping_find(cx, def, order->mapping, NULL, 0, &found));
        }
        if (!str_empty(order->blank) && !str_is(order->blank, "clear") && !str_is(order->blank, "keep"))
                return fail(cx, RC_INVALID, "blank", "must be clear or keep");
        if (!str_empty(order->refused) && !str_is(order->refused, "skip") && !str_is(order->refused, "stop"))
                return fail(cx, RC_INVALID, "refused", "must be one of: %s", "skip stop");
        crypto_random(random, sizeof(random));
        path = str_format(cx->mem, "import/%s.csv", crypto_hex(cx->mem, random, sizeof(random)).p);
        TRY(file_directory(cx, file_store_path(cx->mem, S("import")), 0700));
        TRY(file_move(cx, order->path, file_store_path(cx->mem, path)));
        json_set(args, "file", json_str(path));
        json_set(args, "name", json_str(file_name_clean(cx->mem, order->name)));
        if (!str_absent(order->encoding))
                json_set(args, "encoding", json_str(order->encoding));
        if (!str_empty(order->separator))
                json_set(args, "separator", json_str(order->separator));
        if (!str_empty(order->mapping) && !str_is(order->mapping, "none"))
                json_set(args, "mapping", json_str(order->mapping));
        if (!str_empty(order->blank))
                json_set(args, "blank", json_str(order->blank));
        if (!str_empty(order->refused))
                json_set(args, "refused", json_str(order->refused));
        if (order->review)
                json_set(args, "review", json_true());
        else if (order->check)
                json_set(args, "check", json_true());
        code = job_add(cx, "import", def->name, args, ret_job);
        if (code != RC_OK) /* nothing will ever lead to it */
                (void)unlink(file_store_path(cx->mem, path));
        TRY(code);
        log_subject(cx, S("job"), *ret_job);
        log_detail(cx, "register", json_str(def->name));
        log_detail(cx, "file", json_str(file_name_clean(cx->mem, order->name)));
        return RC_OK;
}

rc import_apply(struct cx *cx, const struct job_sight *sight, str register_name, int64_t id)
{
        json_t *job, *result;

        TRY(import_job(cx, sight, register_name, id, &job));
        result = json_object_get(job, "result");
        if (json_is_true(json_object_get(result, "stopped")))
                return fail(cx, RC_CONFLICT, NULL, "rows of this file cannot be taken, and it was asked to take all or none; please mend the file");
        TRY(job_apply(cx, id, sight, STR_NONE));
        log_subject(cx, S("job"), id);
        log_detail(cx, "register", json_str(register_name));
        log_detail(cx, "would_create", json_integer(number(result, "would_create")));
        log_detail(cx, "would_change", json_integer(number(result, "would_change")));
        return RC_OK;
}

rc import_job(struct cx *cx, const struct job_sight *sight, str register_name, int64_t id, json_t **ret)
{
        json_t *job;

        TRY(job_get(cx, id, sight, &job));
        if (!str_is(json_get_text(job, "kind"), "import") || !str_equal(json_get_text(job, "register"), register_name))
                return fail(cx, RC_UNKNOWN, NULL, "there is no such import");
        *ret = job;
        return RC_OK;
}
