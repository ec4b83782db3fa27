/* export_file.c - see export_file.h. One writer a format, in a table. */
#include "base/house.h"

#include "register/export_file.h"

#include "base/fail.h"
#include "base/file.h"
#include "base/utf8.h"
#include "base/xlsx.h"
#include "register/formula.h"
#include "register/item.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 1 << 18, FIRST_MAX = 100, CELL_ROOM = ITEM_CHARS_MAX * 4 * 2 + 16, WIDTH_MIN = 8, WIDTH_MAX = 40 };

struct loss_cell {
        int64_t line, record;
        const struct item *item;
};

struct loss_character {
        uint32_t c;
        int64_t count;
};

struct export_file {
        struct cx *cx;
        enum export_format format;
        enum charset set;
        const struct definition *def;
        const struct item **items;
        size_t count;
        const char *path;
        int fd;
        char *piece; /* ready bytes of the file */
        size_t piece_n;
        char *quoted; /* a value as CSV */
        struct xlsx *sheet;
        int64_t rows, bytes, line, record;
        struct charset_loss loss;
        int64_t cells;
        struct loss_cell first[FIRST_MAX];
        size_t first_count;
        struct loss_character characters[FIRST_MAX];
        size_t character_count;
};

/* Bytes ---------------------------------------------------------------------------------------------------------------------------- */

static rc flush(struct export_file *f)
{
        size_t done = 0;

        while (done < f->piece_n) {
                ssize_t n = write(f->fd, f->piece + done, f->piece_n - done);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return file_failed(f->cx, "the file of the export", errno);
                done += (size_t)n;
        }
        f->bytes += (int64_t)f->piece_n;
        f->piece_n = 0;
        return RC_OK;
}

static void character_note(struct export_file *f, uint32_t c)
{
        size_t i = 0;

        while (i < f->character_count && f->characters[i].c != c)
                i++;
        if (i == FIRST_MAX)
                return;
        if (i == f->character_count)
                f->characters[f->character_count++].c = c;
        f->characters[i].count++;
}

/* Which characters of a cell were lost. */
static void loss_note(struct export_file *f, str text, const struct item *item)
{
        char out[UTF8_MAX];

        f->cells++;
        if (f->first_count < FIRST_MAX)
                f->first[f->first_count++] = (struct loss_cell){ f->line, f->record, item };
        for (size_t at = 0, from = 0; at < text.n; from = at) {
                struct charset_loss loss = { 0 };
                uint32_t c = utf8_decode(text, &at);

                (void)charset_encode(f->set, (str){ text.p + from, at - from }, out, &loss);
                if (loss.replaced > 0)
                        character_note(f, c);
        }
}

/* `text` is as the file holds it; item NULL: marks. */
static rc put(struct export_file *f, str text, const struct item *item)
{
        int64_t before = f->loss.replaced;

        if (PIECE - f->piece_n < text.n)
                TRY(flush(f));
        must(text.n <= PIECE);
        f->piece_n += charset_encode(f->set, text, f->piece + f->piece_n, &f->loss);
        if (f->loss.replaced > before)
                loss_note(f, text, item);
        return RC_OK;
}

static void fd_drop(void *p)
{
        (void)close((int)(intptr_t)p);
}

static rc fd_open(struct export_file *f)
{
        f->fd = open(f->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (f->fd < 0)
                return file_failed(f->cx, "the file of the export", errno);
        arena_defer(f->cx->mem, fd_drop, (void *)(intptr_t)f->fd);
        return RC_OK;
}

static rc bytes_open(struct export_file *f)
{
        f->piece = arena_alloc(f->cx->mem, PIECE);
        return fd_open(f);
}

/* CSV ------------------------------------------------------------------------------------------------------------------------------ */

/* Does the cell need quotes? Also where spaces at its ends, or an empty line, would be lost. */
static bool quotes_needed(str s)
{
        static const uint8_t marks[256] = { [','] = 1, ['"'] = 1, ['\n'] = 1, ['\r'] = 1 };

        for (size_t i = 0; i < s.n; i++)
                if (marks[(unsigned char)s.p[i]])
                        return true;
        return s.n > 0 && (s.p[0] == ' ' || s.p[s.n - 1] == ' ');
}

static str csv_cell(struct export_file *f, str value, bool guard)
{
        size_t n = 0;

        if (!guard && !quotes_needed(value))
                return value;
        f->quoted[n++] = '"';
        if (guard)
                f->quoted[n++] = '\'';
        for (size_t i = 0; i < value.n; i++) {
                if (value.p[i] == '"')
                        f->quoted[n++] = '"';
                f->quoted[n++] = value.p[i];
                f->line += value.p[i] == '\n';
        }
        f->quoted[n++] = '"';
        return (str){ f->quoted, n };
}

/* What a file holds of a value. */
static str written(struct export_file *f, const struct item *item, str value)
{
        return item->type == ITEM_REFERENCE ? value : item_write(f->cx->mem, f->cx->lang, item, value);
}

static bool scalar(const struct item *item)
{
        return item->type == ITEM_INTEGER || item->type == ITEM_DECIMAL || item->type == ITEM_DATE || item->type == ITEM_DATETIME;
}

static rc csv_open_file(struct export_file *f)
{
        TRY(bytes_open(f));
        f->quoted = arena_alloc(f->cx->mem, 2 * CELL_ROOM);
        if (f->set == CHARSET_UTF8)
                TRY(put(f, S("\xef\xbb\xbf"), NULL));
        for (size_t i = 0; i < f->count; i++) {
                str title = f->items[i]->title[f->cx->lang];

                if (i > 0)
                        TRY(put(f, S(","), NULL));
                TRY(put(f, csv_cell(f, title, formula_like(title)), f->items[i]));
        }
        f->line++;
        return put(f, S("\r\n"), NULL);
}

static rc csv_row(struct export_file *f, const str *values)
{
        for (size_t i = 0; i < f->count; i++) {
                str value = written(f, f->items[i], values[i]);
                str cell = str_absent(values[i]) ? STR_NONE : csv_cell(f, value, !scalar(f->items[i]) && formula_like(value));

                if (i > 0)
                        TRY(put(f, S(","), NULL));
                TRY(put(f, cell.n == 0 && f->count == 1 ? S("\"\"") : cell, f->items[i])); /* no empty line */
        }
        f->line++;
        return put(f, S("\r\n"), NULL);
}

/* JSON Lines ----------------------------------------------------------------------------------------------------------------------- */

static rc jsonl_row(struct export_file *f, const str *values)
{
        json_t *row = json_object();
        str line;

        for (size_t i = 0; i < f->count; i++) {
                const struct item *item = f->items[i];
                bool named = item->type == ITEM_REFERENCE || item->type == ITEM_ACCOUNT;

                (void)json_set(row, item->name.p, str_absent(values[i]) ? json_null() : named ? json_str(values[i]) : item_json(item, values[i]));
        }
        line = json_write(f->cx->mem, row);
        f->line++;
        while (line.n > PIECE) { /* many long texts */
                TRY(put(f, (str){ line.p, PIECE }, NULL));
                line = (str){ line.p + PIECE, line.n - PIECE };
        }
        TRY(put(f, line, NULL));
        return put(f, S("\n"), NULL);
}

/* xlsx ----------------------------------------------------------------------------------------------------------------------------- */

static int column_width(const struct item *item)
{
        int width = item->type == ITEM_DATETIME ? 19 : item->type == ITEM_DATE ? 11 : item->type == ITEM_TEXT ? 20 : 14;

        return width < WIDTH_MIN ? WIDTH_MIN : width > WIDTH_MAX ? WIDTH_MAX : width;
}

/* The file is there before, nobody else's to read: the library makes it for all. */
static rc xlsx_open_file(struct export_file *f)
{
        TRY(fd_open(f));
        TRY(xlsx_open(f->cx, f->path, file_store(), f->def->title[f->cx->lang], f->count, &f->sheet));
        for (size_t i = 0; i < f->count; i++)
                TRY(xlsx_heading(f->sheet, i, f->items[i]->title[f->cx->lang], column_width(f->items[i])));
        return RC_OK;
}

static rc xlsx_day(struct export_file *f, size_t column, const struct item *item, str stored)
{
        bool time = item->type == ITEM_DATETIME;
        struct civil at = { 0 };
        msec instant;

        if (time && clock_read(stored, &instant))
                at = clock_tokyo(instant);
        else if (time || !clock_read_date(stored, &at.date))
                return xlsx_text(f->sheet, f->rows + 1, column, written(f, item, stored));
        return xlsx_date(f->sheet, f->rows + 1, column, &at, time);
}

static rc xlsx_row(struct export_file *f, const str *values)
{
        for (size_t i = 0; i < f->count; i++) {
                const struct item *item = f->items[i];

                if (str_absent(values[i]))
                        continue;
                if (item->type == ITEM_DATE || item->type == ITEM_DATETIME)
                        TRY(xlsx_day(f, i, item, values[i]));
                else if (item->type == ITEM_INTEGER || item->type == ITEM_DECIMAL)
                        TRY(xlsx_number(f->sheet, f->rows + 1, i, values[i], item->type == ITEM_DECIMAL ? (int)item->scale : 0));
                else
                        TRY(xlsx_text(f->sheet, f->rows + 1, i, written(f, item, values[i])));
        }
        return RC_OK;
}

static rc xlsx_close_file(struct export_file *f)
{
        struct stat st;

        TRY(xlsx_close(f->sheet));
        if (stat(f->path, &st) != 0)
                return file_failed(f->cx, "the file of the export", errno);
        f->bytes = st.st_size;
        return RC_OK;
}

/* The formats ---------------------------------------------------------------------------------------------------------------------- */

static const struct {
        const char *name;
        rc (*open)(struct export_file *f);
        rc (*row)(struct export_file *f, const str *values);
        rc (*close)(struct export_file *f);
} formats[EXPORT_FORMATS] = {
        [EXPORT_CSV] = { "csv", csv_open_file, csv_row, flush },
        [EXPORT_JSONL] = { "jsonl", bytes_open, jsonl_row, flush },
        [EXPORT_XLSX] = { "xlsx", xlsx_open_file, xlsx_row, xlsx_close_file },
};

const char *export_file_format_name(enum export_format format)
{
        return formats[format].name;
}

bool export_file_format_find(str name, enum export_format *ret)
{
        for (size_t i = 0; i < EXPORT_FORMATS; i++)
                if (str_is(name, formats[i].name)) {
                        *ret = (enum export_format)i;
                        return true;
                }
        return false;
}

rc export_file_open(struct cx *cx, enum export_format format, enum charset set, const struct definition *def, const struct item **items, size_t count,
                    const char *path, struct export_file **ret)
{
        struct export_file *f = NEW(cx->mem, struct export_file);

        *f = (struct export_file){ .cx = cx,
                                   .format = format,
                                   .set = format == EXPORT_CSV ? set : CHARSET_UTF8,
                                   .def = def,
                                   .items = items,
                                   .count = count,
                                   .path = path,
                                   .line = 1 };
        *ret = f;
        return formats[format].open(f);
}

rc export_file_row(struct export_file *f, int64_t record, const str *values)
{
        struct arena_mark mark = arena_mark(f->cx->mem);

        f->record = record;
        TRY(formats[f->format].row(f, values));
        arena_rewind(f->cx->mem, mark);
        f->rows++;
        return RC_OK;
}

rc export_file_close(struct export_file *f)
{
        return formats[f->format].close(f);
}

int64_t export_file_replaced(const struct export_file *f)
{
        return f->cells;
}

void export_file_tell(const struct export_file *f, json_t *result)
{
        json_t *first = json_array(), *characters = json_array();

        for (size_t i = 0; i < f->first_count; i++) {
                const struct loss_cell *cell = &f->first[i];
                json_t *one = json_set(json_object(), "line", json_integer(cell->line));

                (void)json_set(one, "record", json_integer(cell->record));
                (void)json_set(one, "item", cell->item ? json_str(cell->item->name) : json_null());
                (void)json_set(one, "title", cell->item ? json_str(cell->item->title[f->cx->lang]) : json_null());
                json_array_append_new(first, one);
        }
        for (size_t i = 0; i < f->character_count; i++) {
                char text[UTF8_MAX];
                json_t *one = json_set(json_object(), "character", json_str((str){ text, utf8_encode(f->characters[i].c, text) }));

                json_array_append_new(characters, json_set(one, "count", json_integer(f->characters[i].count)));
        }
        (void)json_set(result, "format", json_string(formats[f->format].name));
        (void)json_set(result, "bytes", json_integer(f->bytes));
        (void)json_set(result, "encoding", json_string(charset_name(f->set)));
        (void)json_set(result, "replaced", json_integer(f->loss.replaced));
        (void)json_set(result, "similar", json_integer(f->loss.similar));
        (void)json_set(result, "first_replaced", first);
        (void)json_set(result, "characters", characters);
}
