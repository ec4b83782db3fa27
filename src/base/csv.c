/* csv.c - see csv.h. A window slides over the file; a record is parsed in one go when the window holds all of it, and parsed again from its start
 * after a refill when not, so that there is no state between bytes to get wrong. */
#include "base/house.h"

#include "base/csv.h"

#include "base/utf8.h"

#include <errno.h>
#include <unistd.h>

enum { WINDOW = 1 << 17 };

struct csv {
        struct arena *mem;
        int fd;
        int error;
        bool end; /* the window reaches the end of the file */
        char *window;
        size_t room;
        size_t at, have; /* unread part of the window */
        int64_t base;    /* offset of window[0] in the file */
        int64_t line;    /* of window[at] */
        str line_end;
        char separator; /* 0: not known yet */
        bool records;   /* lines are records */
};

/* How parsing one record from the window ended. */
enum step { STEP_DONE, STEP_MORE, STEP_FAULT };

struct csv *csv_open(struct arena *mem, int fd, char separator)
{
        struct csv *csv = NEW(mem, struct csv);

        csv->mem = mem;
        csv->fd = fd;
        csv->separator = separator;
        csv->room = WINDOW;
        csv->window = arena_alloc(mem, WINDOW);
        csv->line = 1;
        csv->line_end = STR_NONE;
        return csv;
}

void csv_count_records(struct csv *csv)
{
        csv->records = true;
}

char csv_separator(const struct csv *csv)
{
        return csv->separator ? csv->separator : ',';
}

int csv_error(const struct csv *csv)
{
        return csv->error;
}

void csv_seek(struct csv *csv, int64_t offset, int64_t line)
{
        csv->base = offset;
        csv->at = csv->have = 0;
        csv->line = line;
        csv->end = false;
}

int64_t csv_offset(const struct csv *csv)
{
        return csv->base + (int64_t)csv->at;
}

str csv_line_end(const struct csv *csv)
{
        return str_absent(csv->line_end) ? S("\r\n") : csv->line_end;
}

/* More bytes behind those unread; false when the window cannot grow any more. */
static bool refill(struct csv *csv)
{
        if (csv->at > 0) {
                memmove(csv->window, csv->window + csv->at, csv->have - csv->at);
                csv->base += (int64_t)csv->at;
                csv->have -= csv->at;
                csv->at = 0;
        }
        if (csv->have == csv->room) {
                if (csv->room >= CSV_RECORD_MAX)
                        return false;
                csv->window = arena_grow(csv->mem, csv->window, csv->room, csv->room * 2);
                csv->room *= 2;
        }
        while (csv->have < csv->room && !csv->end) {
                ssize_t n = pread(csv->fd, csv->window + csv->have, csv->room - csv->have, csv->base + (int64_t)csv->have);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        csv->error = errno;
                csv->end = n <= 0;
                csv->have += n > 0 ? (size_t)n : 0;
        }
        return true;
}

/* Length of the line end at `at`, 0 when there is none. A CR at the end of an unfinished window is asked for again by the caller. */
static size_t line_end(const struct csv *csv, size_t at)
{
        if (csv->window[at] == '\n')
                return 1;
        if (csv->window[at] != '\r')
                return 0;
        return at + 1 < csv->have && csv->window[at + 1] == '\n' ? 2 : 1;
}

/* What ends a run of ordinary bytes in an unquoted cell; in a quoted one only the quote and line ends matter. */
static const uint8_t comma_stops[256] = { [','] = 1, ['\n'] = 1, ['\r'] = 1 };
static const uint8_t tab_stops[256] = { ['\t'] = 1, ['\n'] = 1, ['\r'] = 1 };

struct place {
        size_t at;
        int64_t lines; /* line ends passed */
};

/* A quoted cell, place->at at its first quote; leaves it behind the closing one. */
static enum step quoted(const struct csv *csv, struct place *place, struct csv_cell *cell)
{
        size_t from = place->at + 1, i = from;

        cell->doubled = false;
        for (;;) {
                const char *quote = i < csv->have ? memchr(csv->window + i, '"', csv->have - i) : NULL;

                if (quote == NULL)
                        return STEP_MORE;
                i = (size_t)(quote - csv->window);
                if (i + 1 == csv->have && !csv->end)
                        return STEP_MORE;
                if (i + 1 == csv->have || csv->window[i + 1] != '"')
                        break;
                cell->doubled = true;
                i += 2;
        }
        cell->raw = (str){ csv->window + from, i - from };
        for (size_t k = from; k < i; k++) {
                size_t n = line_end(csv, k);

                place->lines += n > 0;
                k += n > 0 ? n - 1 : 0;
        }
        place->at = i + 1;
        return STEP_DONE;
}

static enum step plain(const struct csv *csv, struct place *place, struct csv_cell *cell)
{
        const uint8_t *stops = csv->separator == '\t' ? tab_stops : comma_stops;
        const unsigned char *p = (const unsigned char *)csv->window;
        size_t from = place->at, i = from;

        while (i < csv->have && !stops[p[i]])
                i++;
        if (i == csv->have && !csv->end)
                return STEP_MORE;
        cell->raw = (str){ csv->window + from, i - from };
        cell->doubled = false;
        place->at = i;
        return STEP_DONE;
}

/* One record from csv->at. *ret_end: length of its line end. */
static enum step record(const struct csv *csv, struct csv_record *ret, struct place *place, size_t *ret_end)
{
        static struct csv_cell surplus;

        ret->count = 0;
        ret->fault = CSV_FINE;
        for (;;) {
                struct csv_cell *cell = ret->count < CSV_COLUMNS_MAX ? &ret->cells[ret->count] : &surplus;
                bool quote = place->at < csv->have && csv->window[place->at] == '"';
                enum step step = quote ? quoted(csv, place, cell) : plain(csv, place, cell);

                if (step != STEP_DONE)
                        return step;
                if (cell == &surplus)
                        ret->fault = CSV_COLUMNS;
                else
                        ret->count++;
                if (place->at == csv->have) {
                        *ret_end = 0;
                        return csv->end ? STEP_DONE : STEP_MORE;
                }
                *ret_end = line_end(csv, place->at);
                if (*ret_end > 0)
                        return *ret_end == 1 && csv->window[place->at] == '\r' && place->at + 1 == csv->have && !csv->end ? STEP_MORE : STEP_DONE;
                if (csv->window[place->at] != csv->separator) {
                        ret->fault = CSV_AFTER_QUOTE;
                        return STEP_FAULT;
                }
                place->at++;
        }
}

/* The physical line at csv->at is handed out as one record without cells. Longer than the window: its end is looked for piece by piece. */
static void line_skip(struct csv *csv, struct csv_record *ret, enum csv_fault fault)
{
        size_t i = csv->at;

        ret->count = 0;
        ret->fault = fault;
        ret->size = 0;
        for (;;) {
                while (i < csv->have && csv->window[i] != '\n' && csv->window[i] != '\r')
                        i++;
                if (i < csv->have && !(csv->window[i] == '\r' && i + 1 == csv->have && !csv->end))
                        break;
                if (i == csv->have && csv->end)
                        break;
                ret->size += i - csv->at;
                csv->at = i;
                (void)refill(csv);
                i = csv->at;
        }
        ret->size += i - csv->at;
        csv->at = i;
        if (i < csv->have) {
                csv->at += line_end(csv, i);
                csv->line++;
        }
}

static void bom_skip(struct csv *csv)
{
        if (csv->base == 0 && csv->at == 0 && str_starts((str){ csv->window, csv->have }, S("\xef\xbb\xbf")))
                csv->at = 3;
}

/* No heading holds a tab, so a tab in the first line separates. A first line longer than the window has none there. */
static char separator_find(const struct csv *csv)
{
        bool inside = false;

        for (size_t i = csv->at; i < csv->have; i++) {
                char c = csv->window[i];

                if (c == '"')
                        inside = !inside;
                else if (!inside && (c == '\t' || c == '\n' || c == '\r'))
                        return c == '\t' ? '\t' : ',';
        }
        return ',';
}

/* Empty lines, and Ctrl-Z at the very end. */
static bool blank_skip(struct csv *csv)
{
        for (;;) {
                size_t n;

                if (csv->have - csv->at < 2 && !csv->end)
                        (void)refill(csv);
                if (csv->at == csv->have || (csv->end && csv->have - csv->at == 1 && csv->window[csv->at] == '\x1a'))
                        return false;
                n = line_end(csv, csv->at);
                if (n == 0)
                        return true;
                csv->at += n;
                csv->line++;
        }
}

bool csv_next(struct csv *csv, struct csv_record *ret)
{
        if (csv->base == 0 && csv->have == 0) {
                (void)refill(csv);
                bom_skip(csv);
        }
        if (!blank_skip(csv))
                return false;
        if (csv->separator == 0)
                csv->separator = separator_find(csv);
        ret->line = csv->line;
        ret->offset = csv_offset(csv);
        for (;;) {
                struct place place = { .at = csv->at };
                size_t end = 0;
                enum step step = record(csv, ret, &place, &end);

                if (step == STEP_DONE) {
                        ret->size = place.at - csv->at;
                        if (end > 0 && str_absent(csv->line_end))
                                csv->line_end = end == 2 ? S("\r\n") : csv->window[place.at] == '\n' ? S("\n") : S("\r");
                        csv->at = place.at + end;
                        csv->line += (csv->records ? 0 : place.lines) + (end > 0);
                        return true;
                }
                if (step == STEP_FAULT) {
                        line_skip(csv, ret, ret->fault);
                        return true;
                }
                if (csv->end) {
                        line_skip(csv, ret, CSV_OPEN_QUOTE);
                        return true;
                }
                if (!refill(csv)) {
                        line_skip(csv, ret, memchr(csv->window, '"', csv->have) ? CSV_OPEN_QUOTE : CSV_LONG);
                        return true;
                }
        }
}

/* Quotes are undoubled in place, in out. */
static size_t undouble(char *out, size_t n)
{
        size_t to = 0;

        for (size_t i = 0; i < n; i++) {
                out[to++] = out[i];
                i += out[i] == '"';
        }
        return to;
}

enum csv_fault csv_text(const struct csv_cell *cell, enum charset set, char *out, str *ret)
{
        size_t read, n;

        if (set == CHARSET_UTF8 && !cell->doubled) {
                if (!utf8_valid(cell->raw))
                        return CSV_BYTES;
                *ret = cell->raw;
        } else {
                n = charset_decode(set, cell->raw, out, &read);
                if (read < cell->raw.n)
                        return CSV_BYTES;
                *ret = (str){ out, cell->doubled ? undouble(out, n) : n };
        }
        return ret->n > CSV_CELL_MAX && utf8_length(*ret) > CSV_CELL_MAX ? CSV_LONG : CSV_FINE;
}

static const char *const fault_texts[CSV_FAULTS] = {
        [CSV_OPEN_QUOTE] = "a quotation mark opened in this row is never closed",
        [CSV_AFTER_QUOTE] = "something stands between a closing quotation mark and the next separator",
        [CSV_COLUMNS] = "the row has more than 300 cells",
        [CSV_LONG] = "a cell may hold at most 20,000 characters",
        [CSV_BYTES] = "holds bytes that are no character in the file's encoding",
};

const char *csv_fault_text(enum csv_fault fault)
{
        return fault_texts[fault];
}
