/* xlsx.c - see xlsx.h. */
#include "base/house.h"

#include "base/xlsx.h"

#include "base/buf.h"
#include "base/fail.h"
#include "base/file.h"

#include <errno.h>
#include <stdlib.h>
#include <xlsxwriter.h>

enum { PLACES_MAX = 10 };

struct xlsx {
        struct cx *cx;
        const char *path;
        lxw_workbook *book; /* NULL: closed */
        lxw_worksheet *sheet;
        lxw_format *heading, *day, *instant, *number[PLACES_MAX + 1];
        size_t columns;
        int64_t rows;
};

static void drop(void *p)
{
        struct xlsx *x = p;

        if (x->book != NULL)
                lxw_workbook_free(x->book);
}

static lxw_format *format(struct xlsx *x, const char *shown)
{
        lxw_format *f = workbook_add_format(x->book);

        must(f != NULL);
        format_set_num_format(f, shown);
        return f;
}

static void formats_make(struct xlsx *x)
{
        x->heading = workbook_add_format(x->book);
        must(x->heading != NULL);
        format_set_bold(x->heading);
        format_set_bottom(x->heading, LXW_BORDER_THIN);
        x->day = format(x, "yyyy-mm-dd");
        x->instant = format(x, "yyyy-mm-dd hh:mm:ss");
        for (int places = 0; places <= PLACES_MAX; places++)
                x->number[places] = format(x, str_format(x->cx->mem, "0%s%.*s", places > 0 ? "." : "", places, "0000000000").p);
}

static rc done(struct xlsx *x, lxw_error error)
{
        switch (error) {
        case LXW_NO_ERROR: return RC_OK;
        case LXW_ERROR_WORKSHEET_INDEX_OUT_OF_RANGE:
                return fail(x->cx, RC_TOO_LARGE, NULL, "a sheet of a spreadsheet holds at most %d rows; please narrow down, or choose CSV",
                            XLSX_ROWS_MAX - 1);
        case LXW_ERROR_MAX_STRING_LENGTH_EXCEEDED:
                return fail(x->cx, RC_TOO_LARGE, NULL, "a cell of a spreadsheet holds at most %d characters; please choose CSV", XLSX_CHARACTERS_MAX);
        default: return file_failed(x->cx, x->path, errno != 0 ? errno : EIO);
        }
}

rc xlsx_open(struct cx *cx, const char *path, const char *scratch, str sheet, size_t columns, struct xlsx **ret)
{
        struct xlsx *x = NEW(cx->mem, struct xlsx);
        lxw_workbook_options options = { .constant_memory = LXW_TRUE, .tmpdir = str_z(cx->mem, str_of(scratch)) };
        const char *name = str_z(cx->mem, sheet);

        must(columns > 0 && columns <= XLSX_COLUMNS_MAX);
        *x = (struct xlsx){ .cx = cx, .path = path, .columns = columns };
        x->book = workbook_new_opt(path, &options);
        if (x->book == NULL)
                return file_failed(cx, path, errno != 0 ? errno : ENOMEM);
        arena_defer(cx->mem, drop, x);
        formats_make(x);
        errno = 0;
        x->sheet = workbook_add_worksheet(x->book, workbook_validate_sheet_name(x->book, name) == LXW_NO_ERROR ? name : NULL);
        if (x->sheet == NULL)
                return file_failed(cx, scratch, errno != 0 ? errno : EIO);
        worksheet_freeze_panes(x->sheet, 1, 0);
        *ret = x;
        return RC_OK;
}

rc xlsx_heading(struct xlsx *x, size_t column, str text, int width)
{
        lxw_col_t c = (lxw_col_t)column;

        TRY(done(x, worksheet_set_column(x->sheet, c, c, width, NULL)));
        return done(x, worksheet_write_string(x->sheet, 0, c, str_z(x->cx->mem, text), x->heading));
}

/* Rows go forward; one over the end is refused before it is cut to 32 bits. */
static rc row_enter(struct xlsx *x, int64_t row)
{
        errno = 0;
        x->rows = row;
        return row < XLSX_ROWS_MAX ? RC_OK : done(x, LXW_ERROR_WORKSHEET_INDEX_OUT_OF_RANGE);
}

/* ST_Xstring: what looks like an escape (_x0041_) is escaped; the library does so with control characters only. */
static const char *escaped(struct arena *mem, str text)
{
        static const char hex[] = "0123456789ABCDEFabcdef";
        struct buf b;

        if (memmem(text.p, text.n, "_x", 2) == NULL)
                return str_z(mem, text);
        b = buf_open(mem, text.n * 4 + 1);
        for (size_t i = 0; i < text.n; i++) {
                const char *p = text.p + i;

                if (text.n - i >= 7 && p[0] == '_' && p[1] == 'x' && p[6] == '_' && strchr(hex, p[2]) && strchr(hex, p[3]) && strchr(hex, p[4]) && strchr(hex, p[5]))
                        buf_text(&b, "_x005F");
                buf_char(&b, *p);
        }
        buf_char(&b, '\0');
        return buf_str(&b).p;
}

rc xlsx_text(struct xlsx *x, int64_t row, size_t column, str text)
{
        TRY(row_enter(x, row));
        return text.n == 0 ? RC_OK : done(x, worksheet_write_string(x->sheet, (lxw_row_t)row, (lxw_col_t)column, escaped(x->cx->mem, text), NULL));
}

rc xlsx_number(struct xlsx *x, int64_t row, size_t column, str text, int places)
{
        size_t digits = 0;

        for (size_t i = 0; i < text.n; i++)
                digits += text.p[i] >= '0' && text.p[i] <= '9';
        if (digits > XLSX_DIGITS_MAX)
                return xlsx_text(x, row, column, text);
        TRY(row_enter(x, row));
        return done(x, worksheet_write_number(x->sheet, (lxw_row_t)row, (lxw_col_t)column, strtod(str_z(x->cx->mem, text), NULL),
                                              x->number[places < PLACES_MAX ? places : PLACES_MAX]));
}

rc xlsx_date(struct xlsx *x, int64_t row, size_t column, const struct civil *at, bool time)
{
        lxw_datetime when = { .year = at->date.year, .month = at->date.month, .day = at->date.day };

        if (at->date.year < 1900 || at->date.year > 9999 || (at->date.year == 1900 && at->date.month < 3)) {
                str day = clock_iso_date(x->cx->mem, at->date);

                return xlsx_text(x, row, column,
                                 time ? str_format(x->cx->mem, "%.*s %02d:%02d:%02d", STR_ARG(day), at->hour, at->minute, at->second) : day);
        }
        if (time) {
                when.hour = at->hour;
                when.min = at->minute;
                when.sec = at->second;
        }
        TRY(row_enter(x, row));
        return done(x, worksheet_write_datetime(x->sheet, (lxw_row_t)row, (lxw_col_t)column, &when, time ? x->instant : x->day));
}

rc xlsx_close(struct xlsx *x)
{
        lxw_workbook *book = x->book;

        if (x->rows > 0)
                TRY(done(x, worksheet_autofilter(x->sheet, 0, 0, (lxw_row_t)x->rows, (lxw_col_t)(x->columns - 1))));
        x->book = NULL; /* workbook_close() frees it, whatever happens */
        errno = 0;
        return done(x, workbook_close(book));
}
