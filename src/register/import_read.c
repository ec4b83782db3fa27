/* import_read.c - see import_read.h. Bytes are parsed before they are decoded, so that one damaged character spoils its row only, and refused rows go
 * back exactly as they came. */
#include "base/house.h"

#include "register/import_read.h"

#include "base/fail.h"
#include "base/file.h"
#include "base/utf8.h"
#include "base/xlsx_read.h"
#include "db/db.h"
#include "register/formula.h"
#include "register/item.h"
#include "register/keys.h"
#include "register/mapping.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 1 << 16, MARK_EVERY = 4096, TELL_EVERY = 1024, SCRATCH_MAX = 32 << 20, IGNORED_MAX = 50 };

/* The file -------------------------------------------------------------------------------------------------------------------------- */

static void fd_drop(void *p)
{
        (void)close((int)(intptr_t)p);
}

rc import_read_open(struct import_read *in, str path)
{
        struct cx *cx = in->cx;
        struct stat st;
        char start[8];
        ssize_t n;
        bool old;

        if (!file_path_safe(path))
                return fail(cx, RC_INVALID, NULL, "the job names no file of the file store");
        in->fd = open(file_store_path(cx->mem, path), O_RDONLY | O_CLOEXEC);
        if (in->fd < 0)
                return file_failed(cx, "the uploaded file", errno);
        arena_defer(cx->mem, fd_drop, (void *)(intptr_t)in->fd);
        if (fstat(in->fd, &st) != 0)
                return file_failed(cx, "the uploaded file", errno);
        in->size = st.st_size;
        if (in->size == 0)
                return fail(cx, RC_INVALID, NULL, "the file is empty; its first line must hold the headings");
        n = pread(in->fd, start, sizeof(start), 0);
        in->book = xlsx_read_known((str){ start, n > 0 ? (size_t)n : 0 }, &old);
        return old ? fail(cx, RC_INVALID, NULL,
                          "a workbook of the old form (.xls), or locked by a password, cannot be read; please save it as .xlsx or CSV")
                   : RC_OK;
}

static rc go_on(void *of, int64_t done, int64_t total)
{
        struct import_read *in = of;

        return job_progress(in->cx, in->job, done, total, "job.step.read");
}

static rc read_through_csv(struct import_read *in, str *ret_reason)
{
        const struct xlsx_read_watch watch = { go_on, in };
        struct cx *cx = in->cx;
        struct stat st;
        int fd;

        TRY(file_scratch(cx, file_store(), &fd));
        TRY(xlsx_read_csv(cx, in->fd, fd, file_store(), &watch, &in->sheet));
        if (fstat(fd, &st) != 0)
                return file_failed(cx, file_store(), errno);
        in->fd = fd;
        in->size = st.st_size;
        in->set = in->source = CHARSET_UTF8;
        in->bom = true;
        in->separator = ',';
        *ret_reason = str_format(cx->mem, fail_translate(cx->lang, "its first sheet was read: %.*s"), STR_ARG(in->sheet));
        return RC_OK;
}

rc import_read_charset_find(struct cx *cx, str name, enum charset *ret)
{
        return charset_find(name, ret) ? RC_OK : fail(cx, RC_INVALID, "encoding", "must be auto, utf-8, cp932, utf-16le or utf-16be");
}

static rc write_whole(struct cx *cx, int fd, const char *p, size_t n)
{
        while (n > 0) {
                ssize_t written = write(fd, p, n);

                if (written < 0 && errno == EINTR)
                        continue;
                if (written < 0)
                        return file_failed(cx, file_store(), errno);
                p += written;
                n -= (size_t)written;
        }
        return RC_OK;
}

/* A piece of a file in UTF-16, as UTF-8: all but what the end of the piece may have cut. What is no character becomes a byte that is none in UTF-8 either: it
 * spoils its cell only. Returns the bytes written to out. */
static size_t piece_decode(enum charset set, str piece, bool last, char *out, size_t *ret_used)
{
        size_t used = 0, n = 0;

        while (used < piece.n) {
                size_t read, rest;

                n += charset_decode(set, (str){ piece.p + used, piece.n - used }, out + n, &read);
                used += read;
                rest = piece.n - used;
                if (rest == 0 || (rest < 4 && !last))
                        break;
                out[n++] = '\xff';
                used += rest > 1 ? 2 : 1;
        }
        *ret_used = used;
        return n;
}

/* The file written anew in UTF-8, beside it, and read instead. */
static rc read_through_utf8(struct import_read *in)
{
        struct cx *cx = in->cx;
        char *piece, *out;
        struct arena_mark mark;
        int64_t at = 0, size = 0;
        int fd;

        TRY(file_scratch(cx, file_store(), &fd));
        mark = arena_mark(cx->mem);
        piece = arena_alloc(cx->mem, PIECE);
        out = arena_alloc(cx->mem, (size_t)PIECE * CHARSET_GROWTH);
        while (at < in->size) {
                ssize_t n = pread(in->fd, piece, PIECE, at);
                size_t used, text;

                if (n <= 0)
                        return file_failed(cx, "the uploaded file", n < 0 ? errno : EIO);
                text = piece_decode(in->source, (str){ piece, (size_t)n }, at + n == in->size, out, &used);
                TRY(write_whole(cx, fd, out, text));
                at += (int64_t)used;
                size += (int64_t)text;
                TRY(job_progress(cx, in->job, at, in->size, "job.step.read"));
        }
        arena_rewind(cx->mem, mark);
        in->fd = fd;
        in->size = size;
        in->set = CHARSET_UTF8;
        return RC_OK;
}

rc import_read_charset(struct import_read *in, str wanted, str *ret_reason)
{
        struct cx *cx = in->cx;
        struct arena_mark mark = arena_mark(cx->mem);
        struct charset_guess g;
        char *piece = arena_alloc(cx->mem, PIECE);
        bool more = true;
        int64_t at = 0;
        rc code;

        if (in->book)
                return read_through_csv(in, ret_reason);
        charset_guess_start(&g);
        while (more && at < in->size) {
                ssize_t n = pread(in->fd, piece, PIECE, at);

                if (n <= 0)
                        return file_failed(cx, "the uploaded file", n < 0 ? errno : EIO);
                more = charset_guess_add(&g, piece, (size_t)n);
                at += n;
                TRY(job_progress(cx, in->job, 0, in->size, "job.step.read"));
        }
        arena_rewind(cx->mem, mark);
        in->bom = g.bom || g.utf16le || g.utf16be;
        code = charset_guess_end(cx, &g, &in->source, ret_reason);
        if (!str_absent(wanted) && !str_is(wanted, "auto") && !(in->bom && charset_wide(in->source))) {
                fail_clear(cx);
                code = import_read_charset_find(cx, wanted, &in->source);
                *ret_reason = str_of(fail_translate(cx->lang, "it was chosen when the file was sent"));
        }
        TRY(code);
        in->set = in->source;
        return charset_wide(in->source) ? read_through_utf8(in) : RC_OK;
}

/* The heading ---------------------------------------------------------------------------------------------------------------------- */

static rc heading_text(struct import_read *in, size_t i, str *ret)
{
        const struct csv_cell *cell = &in->record->cells[i];
        char *out = arena_alloc(in->cx->mem, cell->raw.n * CHARSET_GROWTH + 1);
        str text;

        if (csv_text(cell, in->set, out, &text) != CSV_FINE)
                return fail_line(in->cx, RC_INVALID, in->record->line, NULL, "the heading of column %zu cannot be read", i + 1);
        *ret = str_trim(text);
        return RC_OK;
}

/* A mapping that was chosen, or is saved for just these headings. */
static rc mapping_look(struct import_read *in)
{
        str *headings;

        if (in->mapping != NULL || str_empty(in->wanted))
                return RC_OK;
        headings = NEW_ARRAY(in->cx->mem, str, in->cells);
        for (size_t i = 0; i < in->cells; i++)
                TRY(heading_text(in, i, &headings[i]));
        return mapping_find(in->cx, in->def, in->wanted, headings, in->cells, &in->mapping);
}

static void heading_note(struct import_read *in, str heading, const struct item *item)
{
        json_t *pair = json_array();

        if (str_empty(heading) || refused_heading(heading))
                return;
        json_array_append_new(pair, json_str(utf8_head(heading, MAPPING_HEADING_MAX)));
        json_array_append_new(pair, item ? json_str(item->name) : json_null());
        json_array_append_new(in->headings, pair);
}

static rc heading_cell(struct import_read *in, size_t i)
{
        const struct item *item;
        str text;

        TRY(heading_text(in, i, &text));
        if (in->mapping == NULL || !mapping_column(in->cx, in->def, in->mapping, text, &item))
                item = definition_heading(in->def, text);
        if (item != NULL && (!item_stored(item) || item->type == ITEM_FILE))
                item = NULL; /* made of others, or its name and hash: an exported file has it, and nobody needs it back */
        for (size_t k = 0; k < i && item != NULL; k++)
                if (in->column[k] == item)
                        return fail_line(in->cx, RC_INVALID, in->record->line, item->name.p, "two columns hold this item: column %zu and column %zu",
                                         k + 1, i + 1);
        in->column[i] = item;
        heading_note(in, text, item);
        if (item == NULL && !str_empty(text) && !refused_heading(text) && json_array_size(in->ignored) < IGNORED_MAX)
                json_array_append_new(in->ignored, json_str(text));
        return RC_OK;
}

/* A required item that the file has no column for. */
void import_read_missing(struct import_read *in)
{
        const struct definition *def = in->def;

        for (size_t i = 0; i < def->item_count; i++) {
                bool has = false;

                for (size_t k = 0; k < in->stage.count; k++)
                        has = has || in->stage.items[k] == &def->items[i];
                if (!has && def->items[i].required && &def->items[i] != def->state && in->stage.missing == NULL)
                        in->stage.missing = &def->items[i];
        }
}

static rc check_columns(struct import_read *in)
{
        const struct definition *def = in->def;
        struct cx *cx = in->cx;
        bool has_key = false;

        if (in->stage.count == 0)
                return fail_line(cx, RC_INVALID, in->record->line, NULL,
                                 "no heading of the file is an item of this register; the first line must hold the headings");
        for (size_t i = 0; i < in->stage.count; i++)
                has_key = has_key || in->stage.items[i] == def->key;
        if (def->key != NULL && !has_key)
                return fail_line(cx, RC_INVALID, in->record->line, def->key->name.p,
                                 "the file needs a column for this item: it tells which record a row belongs to");
        import_read_missing(in);
        if (def->key == NULL && in->stage.missing != NULL)
                return fail_line(cx, RC_INVALID, in->record->line, in->stage.missing->name.p,
                                 "the file needs a column for this item: no record can do without it");
        return RC_OK;
}

rc import_read_heading(struct import_read *in)
{
        struct cx *cx = in->cx;

        in->csv = csv_open(cx->mem, in->fd, in->separator);
        if (in->book)
                csv_count_records(in->csv);
        in->record = NEW(cx->mem, struct csv_record);
        in->ignored = json_array();
        in->headings = json_array();
        if (!csv_next(in->csv, in->record))
                return fail(cx, RC_INVALID, NULL, "the file is empty; its first line must hold the headings");
        if (in->record->fault != CSV_FINE)
                return fail_line(cx, RC_INVALID, in->record->line, NULL, "%s", fail_translate(cx->lang, csv_fault_text(in->record->fault)));
        in->cells = in->record->count;
        in->heading = in->record->offset;
        in->heading_size = in->record->size;
        in->stage.items = NEW_ARRAY(cx->mem, const struct item *, in->cells);
        TRY(mapping_look(in));
        for (size_t i = 0; i < in->cells; i++) {
                TRY(heading_cell(in, i));
                if (in->column[i] != NULL)
                        in->stage.items[in->stage.count++] = in->column[i];
                if (in->column[i] != NULL && in->column[i]->type == ITEM_REFERENCE) {
                        const struct definition *to;

                        TRY(definition_get(cx, in->column[i]->reference, &to));
                        in->by_key[i] = to->kind == REGISTER_REFERENCE;
                }
        }
        return check_columns(in);
}

/* What a row needs ----------------------------------------------------------------------------------------------------------------- */

static void arena_drop(void *p)
{
        arena_close(p);
}

static void suspects_drop(void *p)
{
        (void)fclose(p);
}

rc import_read_prepare(struct import_read *in)
{
        struct cx *cx = in->cx;
        int fd;

        in->scratch = arena_open(SCRATCH_MAX);
        arena_defer(cx->mem, arena_drop, in->scratch);
        TRY(refused_open(cx, in->def, in->cells, &in->refused));
        if (in->def->key == NULL)
                return RC_OK;
        in->keys = keys_open(cx->mem);
        TRY(file_scratch(cx, file_store(), &fd));
        in->suspects = fdopen(dup(fd), "w+");
        if (in->suspects == NULL)
                return file_failed(cx, file_store(), errno);
        arena_defer(cx->mem, suspects_drop, in->suspects);
        return RC_OK;
}

/* A row ---------------------------------------------------------------------------------------------------------------------------- */

static void row_room(struct import_read *in, size_t more)
{
        size_t room = in->row_room;

        if (room - in->row_n >= more)
                return;
        while (room - in->row_n < more)
                room = room ? room * 2 : PIECE;
        in->row = arena_grow(in->cx->mem, in->row, in->row_room, room);
        in->row_room = room;
}

static void row_char(struct import_read *in, char c)
{
        row_room(in, 1);
        in->row[in->row_n++] = c;
}

/* COPY's text form. Few values hold what must be escaped. */
static void row_value(struct import_read *in, str value)
{
        char *to;

        if (str_absent(value)) {
                row_room(in, 2);
                in->row[in->row_n++] = '\\';
                in->row[in->row_n++] = 'N';
                return;
        }
        row_room(in, value.n * 2);
        to = in->row + in->row_n;
        for (size_t i = 0; i < value.n; i++) {
                char c = value.p[i];

                if (c == '\\' || c == '\n' || c == '\r' || c == '\t') {
                        *to++ = '\\';
                        c = c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' : '\\';
                }
                *to++ = c;
        }
        in->row_n = (size_t)(to - in->row);
}

static bool digits_only(str s)
{
        for (size_t i = 0; i < s.n; i++)
                if (s.p[i] < '0' || s.p[i] > '9')
                        return false;
        return s.n > 0 && s.n <= 18;
}

static void row_item(struct import_read *in, const struct item *item, bool by_key, str value)
{
        bool id = !by_key && digits_only(value);

        row_char(in, '\t');
        if (item->type != ITEM_REFERENCE && item->type != ITEM_ACCOUNT) {
                row_value(in, value);
                return;
        }
        row_value(in, id ? value : STR_NONE);
        row_char(in, '\t');
        row_value(in, id ? STR_NONE : value);
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

static void read_cell(struct import_read *in, size_t i, struct row_problems *problems)
{
        const struct csv_cell *cell = &in->record->cells[i];
        const struct item *item = in->column[i];
        char *out = in->set == CHARSET_UTF8 && !cell->doubled ? NULL : arena_alloc(in->scratch, cell->raw.n * CHARSET_GROWTH + 1);
        enum item_reason reason;
        enum csv_fault fault;
        str text, value = STR_NONE;

        fault = csv_text(cell, in->set, out, &text);
        if (fault != CSV_FINE) {
                problem_add(problems, (int32_t)item->number, REFUSED_CSV + (int32_t)fault, 0, STR_NONE);
                return;
        }
        if (!in->book)
                text = formula_bare(text);
        reason = item_read(in->scratch, item, text, &value);
        if (reason == ITEM_MISSING && (in->stage.blank_keeps || item == in->def->state) && item != in->def->key)
                reason = ITEM_FINE;
        if (reason != ITEM_FINE) {
                problem_add(problems, (int32_t)item->number, REFUSED_ITEM + (int32_t)reason, 0, text);
                return;
        }
        if (item == in->def->key)
                in->key = value;
        row_item(in, item, in->by_key[i], value);
}

static bool row_blank(const struct csv_record *record)
{
        for (size_t i = 0; i < record->count; i++)
                if (record->cells[i].raw.n > 0)
                        return false;
        return true;
}

/* Too many cells are fine while those too many are empty: spreadsheets write such commas. */
static void check_cells(const struct import_read *in, struct row_problems *problems)
{
        const struct csv_record *r = in->record;

        if (r->fault != CSV_FINE) {
                problem_add(problems, REFUSED_ROW, REFUSED_CSV + (int32_t)r->fault, 0, STR_NONE);
                return;
        }
        if (r->count < in->cells)
                problem_add(problems, REFUSED_ROW, REFUSED_FEW, (int64_t)r->count, STR_NONE);
        for (size_t i = in->cells; i < r->count; i++) {
                if (r->cells[i].raw.n == 0)
                        continue;
                problem_add(problems, REFUSED_ROW, REFUSED_MANY, (int64_t)r->count, STR_NONE);
                break;
        }
}

static rc stage_row(struct import_read *in)
{
        if (in->keys != NULL && !str_absent(in->key) && keys_seen(in->keys, in->key)) {
                in->suspect_count++;
                return fwrite(in->row, in->row_n, 1, in->suspects) == 1 ? RC_OK : file_failed(in->cx, file_store(), errno);
        }
        in->staged++;
        return db_copy_write(in->cx, in->row, in->row_n);
}

static rc read_row(struct import_read *in)
{
        struct row_problems problems = { .count = 0 };
        char line[24];

        if (in->record->fault == CSV_FINE && row_blank(in->record)) {
                in->blank++;
                return RC_OK;
        }
        in->read++;
        in->row_n = 0;
        in->key = STR_NONE;
        row_value(in, (str){ line, (size_t)snprintf(line, sizeof(line), "%" PRId64, in->record->line) });
        check_cells(in, &problems);
        for (size_t i = 0; i < in->cells && problems.count == 0; i++)
                if (in->column[i] != NULL)
                        read_cell(in, i, &problems);
        if (problems.count == 0) {
                row_char(in, '\n');
                return stage_row(in);
        }
        /* one thing is wrong: say at once what else is */
        for (size_t i = 0, skip = 0; i < in->cells && in->record->fault == CSV_FINE && in->record->count >= in->cells; i++) {
                if (in->column[i] == NULL)
                        continue;
                if (!skip && problems.list[0].item != REFUSED_ROW && (int32_t)in->column[i]->number != problems.list[0].item)
                        continue;
                if (skip)
                        read_cell(in, i, &problems);
                skip = 1;
        }
        refused_add(in->refused, in->record, problems.list, problems.count, problems.value);
        return RC_OK;
}

rc import_read_rows(struct import_read *in)
{
        struct cx *cx = in->cx;

        TRY(db_copy_in(cx, stage_copy(cx, &in->stage, false)));
        for (int64_t n = 0; csv_next(in->csv, in->record); n++) {
                if (n % MARK_EVERY == 0)
                        refused_mark(in->refused, in->record->line, in->record->offset);
                if (n % TELL_EVERY == 0)
                        TRY(job_progress(cx, in->job, csv_offset(in->csv), in->size, "job.step.read"));
                TRY(read_row(in));
                arena_reset(in->scratch);
        }
        if (csv_error(in->csv) != 0)
                return file_failed(cx, "the uploaded file", csv_error(in->csv));
        return db_copy_in_end(cx, NULL);
}

rc import_read_suspects(struct import_read *in)
{
        struct cx *cx = in->cx;
        char *piece;
        size_t n;

        if (in->suspect_count == 0)
                return RC_OK;
        if (fflush(in->suspects) != 0)
                return file_failed(cx, file_store(), errno);
        rewind(in->suspects);
        piece = arena_alloc(cx->mem, PIECE);
        TRY(db_copy_in(cx, stage_copy(cx, &in->stage, true)));
        while ((n = fread(piece, 1, PIECE, in->suspects)) > 0)
                TRY(db_copy_write(cx, piece, n));
        return db_copy_in_end(cx, NULL);
}
