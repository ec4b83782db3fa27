/* import.c - see import.h. Bytes are parsed before they are decoded, so that one damaged character spoils its row only, and refused rows go
 * back exactly as they came. Memory does not grow with the file: a window of it, one row, a filter of fixed size for keys seen. */
#include "base/house.h"

#include "register/import.h"

#include "base/buf.h"
#include "base/crypto.h"
#include "base/fail.h"
#include "base/file.h"
#include "db/db.h"
#include "log/log.h"
#include "register/formula.h"
#include "register/item.h"
#include "register/keys.h"
#include "register/refused.h"
#include "register/stage.h"
#include "register/stage.sql.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 1 << 16, MARK_EVERY = 4096, TELL_EVERY = 1024, SCRATCH_MAX = 32 << 20, IGNORED_MAX = 50 };

struct import {
        struct cx *cx;
        struct job *job;
        const struct definition *def;
        int fd;
        int64_t size;
        enum charset set;
        bool bom;
        struct csv *csv;
        struct csv_record *record;
        struct arena *scratch;                      /* of one row */
        size_t cells;                               /* of the heading */
        const struct item *column[CSV_COLUMNS_MAX]; /* by cell; NULL: ignored */
        bool by_key[CSV_COLUMNS_MAX];               /* a reference to a look-up list: digits are its key, not a number of ours */
        json_t *ignored;
        int64_t heading;
        size_t heading_size;
        struct stage stage;
        struct refused *refused;
        struct keys *keys;
        FILE *suspects; /* COPY lines of rows whose key may stand in the file twice */
        char *row;      /* the COPY line being put together */
        size_t row_n, row_room;
        str key; /* of this row, stored form */
        int64_t read, staged, blank, suspect_count;
        bool check, all_or_nothing; /* as asked for */
        bool stopped;               /* nothing is written, because of refused rows */
        bool review;                /* nothing is written before somebody has looked */
        bool again;                 /* records changed since somebody looked */
};

static int64_t number(const json_t *of, const char *name)
{
        return json_integer_value(json_object_get(of, name));
}

/* The file -------------------------------------------------------------------------------------------------------------------------- */

static void fd_drop(void *p)
{
        (void)close((int)(intptr_t)p);
}

static rc open_file(struct import *im, str path)
{
        struct cx *cx = im->cx;
        struct stat st;

        if (!file_path_safe(path))
                return fail(cx, RC_INVALID, NULL, "the job names no file of the file store");
        im->fd = open(file_store_path(cx->mem, path), O_RDONLY | O_CLOEXEC);
        if (im->fd < 0)
                return file_failed(cx, "the uploaded file", errno);
        arena_defer(cx->mem, fd_drop, (void *)(intptr_t)im->fd);
        if (fstat(im->fd, &st) != 0)
                return file_failed(cx, "the uploaded file", errno);
        im->size = st.st_size;
        return im->size > 0 ? RC_OK : fail(cx, RC_INVALID, NULL, "the file is empty; its first line must hold the headings");
}

static rc guess(struct import *im, str wanted, str *ret_reason)
{
        struct cx *cx = im->cx;
        struct arena_mark mark = arena_mark(cx->mem);
        struct charset_guess g;
        char *piece = arena_alloc(cx->mem, PIECE);
        bool go_on = true;
        int64_t at = 0;
        rc code;

        charset_guess_start(&g);
        while (go_on && at < im->size) {
                ssize_t n = pread(im->fd, piece, PIECE, at);

                if (n <= 0)
                        return file_failed(cx, "the uploaded file", n < 0 ? errno : EIO);
                go_on = charset_guess_add(&g, piece, (size_t)n);
                at += n;
                TRY(job_progress(cx, im->job, 0, im->size, "job.step.read"));
        }
        arena_rewind(cx->mem, mark);
        im->bom = g.bom;
        code = charset_guess_end(cx, &g, &im->set, ret_reason);
        if (str_absent(wanted) || str_is(wanted, "auto") || g.utf16)
                return code;
        fail_clear(cx);
        if (!charset_find(wanted, &im->set))
                return fail(cx, RC_INVALID, "encoding", "must be auto, utf-8 or cp932");
        *ret_reason = str_of(fail_translate(cx->lang, "it was chosen when the file was sent"));
        return RC_OK;
}

/* The heading ---------------------------------------------------------------------------------------------------------------------- */

static rc heading_cell(struct import *im, size_t i)
{
        const struct csv_cell *cell = &im->record->cells[i];
        char *out = arena_alloc(im->cx->mem, cell->raw.n * CHARSET_GROWTH + 1);
        const struct item *item;
        str text;

        if (csv_text(cell, im->set, out, &text) != CSV_FINE)
                return fail_line(im->cx, RC_INVALID, im->record->line, NULL, "the heading of column %zu cannot be read", i + 1);
        text = str_trim(text);
        item = definition_heading(im->def, text);
        for (size_t k = 0; k < i && item != NULL; k++)
                if (im->column[k] == item)
                        return fail_line(im->cx, RC_INVALID, im->record->line, item->name.p, "two columns hold this item: column %zu and column %zu",
                                         k + 1, i + 1);
        im->column[i] = item;
        if (item == NULL && !str_empty(text) && !refused_heading(text) && json_array_size(im->ignored) < IGNORED_MAX)
                json_array_append_new(im->ignored, json_str(text));
        return RC_OK;
}

/* A required item that the file has no column for. */
static void find_missing(struct import *im)
{
        const struct definition *def = im->def;

        for (size_t i = 0; i < def->item_count; i++) {
                bool has = false;

                for (size_t k = 0; k < im->stage.count; k++)
                        has = has || im->stage.items[k] == &def->items[i];
                if (!has && def->items[i].required && im->stage.missing == NULL)
                        im->stage.missing = &def->items[i];
        }
}

static rc check_columns(struct import *im)
{
        const struct definition *def = im->def;
        struct cx *cx = im->cx;
        bool has_key = false;

        if (im->stage.count == 0)
                return fail_line(cx, RC_INVALID, im->record->line, NULL,
                                 "no heading of the file is an item of this register; the first line must hold the headings");
        for (size_t i = 0; i < im->stage.count; i++)
                has_key = has_key || im->stage.items[i] == def->key;
        if (def->key != NULL && !has_key)
                return fail_line(cx, RC_INVALID, im->record->line, def->key->name.p,
                                 "the file needs a column for this item: it tells which record a row belongs to");
        find_missing(im);
        if (def->key == NULL && im->stage.missing != NULL)
                return fail_line(cx, RC_INVALID, im->record->line, im->stage.missing->name.p,
                                 "the file needs a column for this item: no record can do without it");
        return RC_OK;
}

static rc read_heading(struct import *im)
{
        struct cx *cx = im->cx;

        im->csv = csv_open(cx->mem, im->fd);
        im->record = NEW(cx->mem, struct csv_record);
        im->ignored = json_array();
        if (!csv_next(im->csv, im->record))
                return fail(cx, RC_INVALID, NULL, "the file is empty; its first line must hold the headings");
        if (im->record->fault != CSV_FINE)
                return fail_line(cx, RC_INVALID, im->record->line, NULL, "%s", fail_translate(cx->lang, csv_fault_text(im->record->fault)));
        im->cells = im->record->count;
        im->heading = im->record->offset;
        im->heading_size = im->record->size;
        im->stage.items = NEW_ARRAY(cx->mem, const struct item *, im->cells);
        for (size_t i = 0; i < im->cells; i++) {
                TRY(heading_cell(im, i));
                if (im->column[i] != NULL)
                        im->stage.items[im->stage.count++] = im->column[i];
                if (im->column[i] != NULL && im->column[i]->type == ITEM_REFERENCE) {
                        const struct definition *to;

                        TRY(definition_get(cx, im->column[i]->reference, &to));
                        im->by_key[i] = to->kind == REGISTER_REFERENCE;
                }
        }
        return check_columns(im);
}

/* A row ---------------------------------------------------------------------------------------------------------------------------- */

static void row_room(struct import *im, size_t more)
{
        size_t room = im->row_room;

        if (room - im->row_n >= more)
                return;
        while (room - im->row_n < more)
                room = room ? room * 2 : PIECE;
        im->row = arena_grow(im->cx->mem, im->row, im->row_room, room);
        im->row_room = room;
}

static void row_char(struct import *im, char c)
{
        row_room(im, 1);
        im->row[im->row_n++] = c;
}

/* COPY's text form. Few values hold what must be escaped. */
static void row_value(struct import *im, str value)
{
        char *to;

        if (str_absent(value)) {
                row_room(im, 2);
                im->row[im->row_n++] = '\\';
                im->row[im->row_n++] = 'N';
                return;
        }
        row_room(im, value.n * 2);
        to = im->row + im->row_n;
        for (size_t i = 0; i < value.n; i++) {
                char c = value.p[i];

                if (c == '\\' || c == '\n' || c == '\r' || c == '\t') {
                        *to++ = '\\';
                        c = c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' : '\\';
                }
                *to++ = c;
        }
        im->row_n = (size_t)(to - im->row);
}

static bool digits_only(str s)
{
        for (size_t i = 0; i < s.n; i++)
                if (s.p[i] < '0' || s.p[i] > '9')
                        return false;
        return s.n > 0 && s.n <= 18;
}

static void row_item(struct import *im, const struct item *item, bool by_key, str value)
{
        bool id = !by_key && digits_only(value);

        row_char(im, '\t');
        if (item->type != ITEM_REFERENCE && item->type != ITEM_ACCOUNT) {
                row_value(im, value);
                return;
        }
        row_value(im, id ? value : STR_NONE);
        row_char(im, '\t');
        row_value(im, id ? STR_NONE : value);
}

struct row_problems {
        struct refused_problem list[REFUSED_PROBLEMS_MAX];
        size_t count;
        str value; /* of the first */
};

static void problem_add(struct row_problems *problems, int32_t item, int32_t reason, int64_t other, str value)
{
        if (problems->count == 0)
                problems->value = value;
        if (problems->count < REFUSED_PROBLEMS_MAX)
                problems->list[problems->count++] = (struct refused_problem){ item, reason, other };
}

static void read_cell(struct import *im, size_t i, struct row_problems *problems)
{
        const struct csv_cell *cell = &im->record->cells[i];
        const struct item *item = im->column[i];
        char *out = im->set == CHARSET_UTF8 && !cell->doubled ? NULL : arena_alloc(im->scratch, cell->raw.n * CHARSET_GROWTH + 1);
        enum item_reason reason;
        enum csv_fault fault;
        str text, value = STR_NONE;

        fault = csv_text(cell, im->set, out, &text);
        if (fault != CSV_FINE) {
                problem_add(problems, (int32_t)item->number, REFUSED_CSV + (int32_t)fault, 0, STR_NONE);
                return;
        }
        text = formula_bare(text);
        reason = item_read(im->scratch, item, text, &value);
        if (reason == ITEM_MISSING && im->stage.blank_keeps && item != im->def->key)
                reason = ITEM_FINE;
        if (reason != ITEM_FINE) {
                problem_add(problems, (int32_t)item->number, REFUSED_ITEM + (int32_t)reason, 0, text);
                return;
        }
        if (item == im->def->key)
                im->key = value;
        row_item(im, item, im->by_key[i], value);
}

static bool row_blank(const struct csv_record *record)
{
        for (size_t i = 0; i < record->count; i++)
                if (record->cells[i].raw.n > 0)
                        return false;
        return true;
}

/* Too many cells are fine while those too many are empty: spreadsheets write such commas. */
static void check_cells(const struct import *im, struct row_problems *problems)
{
        const struct csv_record *r = im->record;

        if (r->fault != CSV_FINE) {
                problem_add(problems, REFUSED_ROW, REFUSED_CSV + (int32_t)r->fault, 0, STR_NONE);
                return;
        }
        if (r->count < im->cells)
                problem_add(problems, REFUSED_ROW, REFUSED_FEW, (int64_t)r->count, STR_NONE);
        for (size_t i = im->cells; i < r->count; i++) {
                if (r->cells[i].raw.n == 0)
                        continue;
                problem_add(problems, REFUSED_ROW, REFUSED_MANY, (int64_t)r->count, STR_NONE);
                break;
        }
}

static rc stage_row(struct import *im)
{
        if (im->keys != NULL && !str_absent(im->key) && keys_seen(im->keys, im->key)) {
                im->suspect_count++;
                return fwrite(im->row, im->row_n, 1, im->suspects) == 1 ? RC_OK : file_failed(im->cx, file_store(), errno);
        }
        im->staged++;
        return db_copy_write(im->cx, im->row, im->row_n);
}

static rc read_row(struct import *im)
{
        struct row_problems problems = { .count = 0 };
        char line[24];

        if (im->record->fault == CSV_FINE && row_blank(im->record)) {
                im->blank++;
                return RC_OK;
        }
        im->read++;
        im->row_n = 0;
        im->key = STR_NONE;
        row_value(im, (str){ line, (size_t)snprintf(line, sizeof(line), "%" PRId64, im->record->line) });
        check_cells(im, &problems);
        for (size_t i = 0; i < im->cells && problems.count == 0; i++)
                if (im->column[i] != NULL)
                        read_cell(im, i, &problems);
        if (problems.count == 0) {
                row_char(im, '\n');
                return stage_row(im);
        }
        /* one thing is wrong: say at once what else is */
        for (size_t i = 0, skip = 0; i < im->cells && im->record->fault == CSV_FINE && im->record->count >= im->cells; i++) {
                if (im->column[i] == NULL)
                        continue;
                if (!skip && problems.list[0].item != REFUSED_ROW && (int32_t)im->column[i]->number != problems.list[0].item)
                        continue;
                if (skip)
                        read_cell(im, i, &problems);
                skip = 1;
        }
        refused_add(im->refused, im->record, problems.list, problems.count, problems.value);
        return RC_OK;
}

static rc read_rows(struct import *im)
{
        struct cx *cx = im->cx;

        TRY(db_copy_in(cx, stage_copy(cx, &im->stage, false)));
        for (int64_t n = 0; csv_next(im->csv, im->record); n++) {
                if (n % MARK_EVERY == 0)
                        refused_mark(im->refused, im->record->line, im->record->offset);
                if (n % TELL_EVERY == 0)
                        TRY(job_progress(cx, im->job, csv_offset(im->csv), im->size, "job.step.read"));
                TRY(read_row(im));
                arena_reset(im->scratch);
        }
        if (csv_error(im->csv) != 0)
                return file_failed(cx, "the uploaded file", csv_error(im->csv));
        return db_copy_in_end(cx, NULL);
}

static rc send_suspects(struct import *im)
{
        struct cx *cx = im->cx;
        char *piece;
        size_t n;

        if (im->suspect_count == 0)
                return RC_OK;
        if (fflush(im->suspects) != 0)
                return file_failed(cx, file_store(), errno);
        rewind(im->suspects);
        piece = arena_alloc(cx->mem, PIECE);
        TRY(db_copy_in(cx, stage_copy(cx, &im->stage, true)));
        while ((n = fread(piece, 1, PIECE, im->suspects)) > 0)
                TRY(db_copy_write(cx, piece, n));
        return db_copy_in_end(cx, NULL);
}

/* Comparing and writing ------------------------------------------------------------------------------------------------------------ */

static bool field(str *row, int64_t *ret)
{
        return str_int(str_cut(*row, '\t', row), ret);
}

static rc take_late(struct import *im)
{
        struct cx *cx = im->cx;
        str row;

        TRY(db_copy_out(cx, stage_refused()));
        for (;;) {
                int64_t line, item, reason, other;

                TRY(db_copy_read(cx, &row));
                if (str_absent(row))
                        return RC_OK;
                row = str_trim(row);
                must(field(&row, &line) && field(&row, &item) && field(&row, &reason) && field(&row, &other));
                refused_add_late(im->refused, line, (struct refused_problem){ (int32_t)item, REFUSED_STAGE + (int32_t)reason, other });
        }
}

/* Asked while the database works on one long statement. */
static bool go_on(void *of)
{
        struct import *im = of;

        return job_progress(im->cx, im->job, im->read, 0, "job.step.write") == RC_OK;
}

/* Compared, and kept to be looked at. */
static rc keep(struct import *im, struct stage_counts *ret)
{
        TRY(sql_stage_forget(im->cx, im->job->id));
        TRY(stage_keep(im->cx, &im->stage, ret));
        return refused_count(im->refused) > 0 ? refused_keep(im->cx, im->refused, im->job->id) : RC_OK;
}

static rc apply(struct import *im, struct stage_counts *ret)
{
        int64_t late = 0;

        db_watch(im->cx, go_on, im);

        TRY(send_suspects(im));
        TRY(job_progress(im->cx, im->job, im->read, 0, "job.step.wait"));
        TRY(stage_lock(im->cx, &im->stage));
        TRY(job_progress(im->cx, im->job, im->read, 0, "job.step.write"));
        TRY(stage_check(im->cx, &im->stage, im->suspect_count > 0, &late));
        if (late > 0)
                TRY(take_late(im));
        TRY(job_progress(im->cx, im->job, im->read, 0, "job.step.write"));
        im->stopped = !im->check && im->all_or_nothing && refused_count(im->refused) > 0;
        if (im->review)
                return keep(im, ret);
        return im->check || im->stopped ? stage_count(im->cx, &im->stage, ret) : stage_apply(im->cx, &im->stage, ret);
}

/* What is told --------------------------------------------------------------------------------------------------------------------- */

static str result_name(struct cx *cx, str name)
{
        str base = name;

        if (str_ends(base, S(".csv")) || str_ends(base, S(".CSV")))
                base.n -= 4;
        return str_format(cx->mem, "%.*s_%s.csv", STR_ARG(base), cx->lang == LANG_JA ? "取り込めなかった行" : "refused");
}

static str result_path(const struct import *im)
{
        return str_format(im->cx->mem, "result/%" PRId64 ".csv", im->job->id);
}

static rc give_refused(struct import *im, str name)
{
        struct refused_source source = {
                .fd = im->fd,
                .set = im->set,
                .bom = im->bom,
                .heading = im->heading,
                .heading_size = im->heading_size,
                .line_end = csv_line_end(im->csv),
        };
        struct cx *cx = im->cx;
        str path = result_path(im);

        TRY(file_directory(cx, file_store_path(cx->mem, S("result")), 0700));
        TRY(refused_write(cx, im->refused, &source, file_store_path(cx->mem, path)));
        im->job->result_file = path;
        im->job->result_name = result_name(cx, name);
        return RC_OK;
}

static void log_tell(const struct import *im, str name, const struct stage_counts *counts, int64_t refused)
{
        struct cx *cx = im->cx;

        log_subject(cx, im->def->name, 0);
        log_detail(cx, "file", json_str(name));
        log_detail(cx, "read", json_integer(im->read));
        log_detail(cx, "created", json_integer(counts->created));
        log_detail(cx, "changed", json_integer(counts->changed));
        log_detail(cx, "unchanged", json_integer(counts->unchanged));
        log_detail(cx, "refused", json_integer(refused));
}

static void tell(struct import *im, const struct stage_counts *counts, str reason, str name)
{
        json_t *result = json_object(), *columns = json_array();
        bool asks = im->review && counts->created + counts->changed > 0, only = im->check || asks;

        json_set(result, "checked", json_boolean(im->check));
        json_set(result, "staged", json_boolean(asks));
        json_set(result, "again", json_boolean(im->again));
        json_set(result, "blank_keeps", json_boolean(im->stage.blank_keeps));
        json_set(result, "stopped", json_boolean(im->stopped));
        json_set(result, "read", json_integer(im->read));
        json_set(result, only ? "would_create" : "created", json_integer(im->stopped && !asks ? 0 : counts->created));
        json_set(result, only ? "would_change" : "changed", json_integer(im->stopped && !asks ? 0 : counts->changed));
        json_set(result, only ? "would_leave" : "unchanged", json_integer(counts->unchanged));
        json_set(result, "blank", json_integer(im->blank));
        json_set(result, "encoding", json_string(charset_name(im->set)));
        json_set(result, "encoding_reason", json_str(reason));
        json_set(result, "file", json_str(name));
        for (size_t i = 0; i < im->stage.count; i++)
                json_array_append_new(columns, json_str(im->stage.items[i]->name));
        json_set(result, "columns", columns);
        json_set(result, "ignored", im->ignored);
        refused_model(im->cx, im->refused, result);
        im->job->result = result;
        im->job->ready = asks;
        log_tell(im, name, only || im->stopped ? &(struct stage_counts){ .unchanged = counts->unchanged } : counts, refused_count(im->refused));
        if (only || im->stopped)
                log_detail(im->cx, asks ? "staged" : im->check ? "checked" : "stopped", json_true());
}

static void arena_drop(void *p)
{
        arena_close(p);
}

static void suspects_drop(void *p)
{
        (void)fclose(p);
}

static rc prepare(struct import *im)
{
        struct cx *cx = im->cx;
        int fd;

        im->scratch = arena_open(SCRATCH_MAX);
        arena_defer(cx->mem, arena_drop, im->scratch);
        im->check = !im->review && json_is_true(json_object_get(im->job->args, "check"));
        im->all_or_nothing = str_is(json_get_text(im->job->args, "refused"), "stop");
        TRY(refused_open(cx, im->def, im->cells, &im->refused));
        if (im->def->key == NULL)
                return RC_OK;
        im->keys = keys_open(cx->mem);
        TRY(file_scratch(cx, file_store(), &fd));
        im->suspects = fdopen(dup(fd), "w+");
        if (im->suspects == NULL)
                return file_failed(cx, file_store(), errno);
        arena_defer(cx->mem, suspects_drop, im->suspects);
        return RC_OK;
}

/* Looked at, and to be written now ------------------------------------------------------------------------------------------------- */

/* The columns of the file, as they were. False: the register is another one meanwhile. */
static bool columns_again(struct import *im, const json_t *told)
{
        const json_t *names = json_object_get(json_object_get(told, "result"), "columns");
        size_t count = json_array_size(names);
        bool has_key = im->def->key == NULL;

        if (count == 0 || json_integer_value(json_object_get(told, "version")) != im->def->version)
                return false;
        im->stage.items = NEW_ARRAY(im->cx->mem, const struct item *, count);
        for (size_t i = 0; i < count; i++) {
                im->stage.items[i] = definition_item(im->def, json_text(json_array_get(names, i)));
                if (im->stage.items[i] == NULL)
                        return false;
                has_key = has_key || im->stage.items[i] == im->def->key;
        }
        im->stage.count = count;
        find_missing(im);
        return has_key;
}

/* What was looked at is what is written, to the very versions of the records: or nothing. */
static rc kept_write(struct import *im, const json_t *result, struct stage_counts *ret, bool *ret_written)
{
        struct stage_counts kept = { .created = number(result, "would_create"), .changed = number(result, "would_change") };
        struct cx *cx = im->cx;
        int64_t late;
        bool fits;

        db_watch(cx, go_on, im);
        TRY(stage_open(cx, &im->stage));
        TRY(job_progress(cx, im->job, im->read, 0, "job.step.wait"));
        TRY(stage_lock(cx, &im->stage));
        TRY(job_progress(cx, im->job, im->read, 0, "job.step.write"));
        TRY(stage_fetch(cx, &im->stage));
        TRY(stage_check(cx, &im->stage, false, &late));
        TRY(stage_fits(cx, &im->stage, &kept, &fits));
        *ret_written = false;
        if (late > 0 || !fits)
                return stage_close(cx);
        TRY(stage_apply(cx, &im->stage, ret));
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
        im->job->result = result;
        if (number(result, "refused") > 0) {
                im->job->result_file = result_path(im);
                im->job->result_name = result_name(im->cx, name);
        }
        log_tell(im, name, &all, number(result, "refused"));
        log_detail(im->cx, "looked_at", json_true());
}

/* *ret_written false: what was looked at is no longer how it is, or is gone (a crash of the server): the file is read again, to be looked at again. */
static rc run_kept(struct import *im, str name, bool *ret_written)
{
        struct stage_counts counts;
        json_t *told;
        str text;

        *ret_written = false;
        TRY(sql_stage_told(im->cx, im->job->id, &text));
        if (str_absent(text))
                return RC_OK;
        TRY(json_read(im->cx, text, &told));
        if (!columns_again(im, told))
                return RC_OK;
        im->read = number(json_object_get(told, "result"), "read");
        TRY(kept_write(im, json_object_get(told, "result"), &counts, ret_written));
        if (*ret_written)
                kept_tell(im, told, &counts, name);
        return RC_OK;
}

static rc keep_told(struct import *im)
{
        json_t *told = json_object();

        (void)json_set(told, "version", json_integer(im->def->version));
        (void)json_set(told, "result", json_incref(im->job->result));
        return sql_stage_tell(im->cx, im->job->id, json_write(im->cx->mem, told));
}

static rc run(struct import *im, str name)
{
        str reason;
        struct stage_counts counts;
        bool written;

        TRY(definition_get(im->cx, im->job->register_name, &im->def));
        im->stage.def = im->def;
        im->stage.key = im->def->key;
        im->stage.job = im->job->id;
        im->stage.blank_keeps = str_is(json_get_text(im->job->args, "blank"), "keep");
        im->review = json_is_true(json_object_get(im->job->args, "review"));
        if (json_is_true(json_object_get(im->job->args, "apply"))) {
                TRY(run_kept(im, name, &written));
                if (written)
                        return RC_OK;
                im->again = true;
                im->read = 0;
                im->stage.items = NULL;
                im->stage.count = 0;
                im->stage.missing = NULL;
        }
        TRY(open_file(im, json_get_text(im->job->args, "file")));
        TRY(guess(im, json_get_text(im->job->args, "encoding"), &reason));
        TRY(read_heading(im));
        TRY(prepare(im));
        TRY(stage_open(im->cx, &im->stage));
        TRY(read_rows(im));
        TRY(apply(im, &counts));
        tell(im, &counts, reason, name);
        if (im->job->ready)
                TRY(keep_told(im));
        return refused_count(im->refused) > 0 ? give_refused(im, name) : RC_OK;
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

        im->cx = cx;
        im->job = job;
        result = run(im, str_absent(name) ? S("file.csv") : name);
        if (im->fd > 0 && !job->ready && result != RC_BUSY && result != RC_UNAVAILABLE && result != RC_DISK_FULL)
                arena_defer(cx->mem, file_erase, file_store_path(cx->mem, json_get_text(job->args, "file")));
        return result;
}

rc import_start(struct cx *cx, const struct import_order *order, int64_t *ret_job)
{
        const struct definition *def;
        json_t *args = json_object();
        uint8_t random[12];
        enum charset set;
        str path;
        rc code;

        if (cx->masked)
                return fail(cx, RC_FORBIDDEN, NULL, "an account that may not see personal items cannot import files");
        TRY(definition_get(cx, order->register_name, &def));
        if (!str_absent(order->encoding) && !str_is(order->encoding, "auto") && !charset_find(order->encoding, &set))
                return fail(cx, RC_INVALID, "encoding", "must be auto, utf-8 or cp932");
        if (!str_absent(order->blank) && !str_is(order->blank, "clear") && !str_is(order->blank, "keep"))
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
        if (!str_absent(order->blank))
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
        TRY(job_apply(cx, id, sight));
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
