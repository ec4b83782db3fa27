/* xlsx_read.c - see xlsx_read.h. libzip unpacks, expat parses, piece by piece; document types are refused, and with them entities. */
#include "base/house.h"

#include "base/xlsx_read.h"

#include "base/clock.h"
#include "base/fail.h"
#include "base/file.h"
#include "base/utf8.h"

#include <errno.h>
#include <expat.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zip.h>

enum { PIECE = 1 << 16, NAME_MAX_BYTES = 400, PARSER_MEMORY_MAX = 16 << 20, FORMATS_MAX = 4096, ROWS_MAX = 1048576, DAY_S = 86400 };

enum shown { SHOWN_NUMBER, SHOWN_DAY, SHOWN_INSTANT, SHOWN_TIME };

struct format {
        int64_t id;
        enum shown shown;
};

struct reader {
        struct cx *cx;
        const struct xlsx_read_watch *watch;
        zip_t *zip;
        char *path[3]; /* parts: workbook, its sheet; what a relation leads to */
        char *wanted;  /* id of a relation, or the end of its kind */
        char *sheet;   /* name */
        bool calendar1904;
        struct format *formats; /* the workbook's own */
        size_t format_count;
        uint8_t *styles; /* enum shown by style of a cell */
        size_t style_count;
        bool in_styles;
        FILE *texts, *offsets, *out;
        int texts_fd, offsets_fd;
        int64_t text_count;

        /* of the part being read */
        XML_Parser parser;
        rc code;
        size_t depth, phonetic, collecting;
        char *text; /* collected, XLSX_READ_CELL_MAX */
        size_t text_n;
        int64_t row, rows_done;
        size_t column, columns_done, width; /* width: of the first row; cells that are empty at the end of a row are not there in the file */
        char type[12];
        enum shown style;
        bool in_cell, any; /* any: the row holds something */
};

/* Refusals ------------------------------------------------------------------------------------------------------------------------- */

static rc damaged(struct reader *x)
{
        return fail(x->cx, RC_INVALID, NULL, "the workbook (.xlsx) is damaged; open it in a spreadsheet, save it again or as CSV, and send that");
}

static void stop(struct reader *x, rc code)
{
        if (x->code == RC_OK)
                x->code = code;
        (void)XML_StopParser(x->parser, XML_FALSE);
}

bool xlsx_read_known(str start, bool *ret_old)
{
        *ret_old = str_starts(start, S("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"));
        return str_starts(start, S("PK\x03\x04"));
}

/* expat's memory: what a hostile name or attribute could make it take ends here. ------------------------------------------------------ */

static size_t parser_used;

static void *parser_realloc(void *p, size_t size)
{
        size_t *before = p ? (size_t *)p - 2 : NULL, had = before ? *before : 0;
        size_t *now;

        if (size > PARSER_MEMORY_MAX || parser_used - had + size > PARSER_MEMORY_MAX)
                return NULL;
        now = realloc(before, size + 2 * sizeof(size_t));
        if (now == NULL)
                return NULL;
        parser_used += size - had;
        *now = size;
        return now + 2;
}

static void *parser_malloc(size_t size)
{
        return parser_realloc(NULL, size);
}

static void parser_free(void *p)
{
        if (p == NULL)
                return;
        parser_used -= ((size_t *)p)[-2];
        free((size_t *)p - 2);
}

/* Parts ---------------------------------------------------------------------------------------------------------------------------- */

/* Names without their namespace: those of both standards have the same. */
static const char *local(const char *name)
{
        const char *colon = strrchr(name, ':');

        return colon ? colon + 1 : name;
}

static bool is(const char *name, const char *wanted)
{
        return strcmp(local(name), wanted) == 0;
}

static const char *attribute(const char **list, const char *name)
{
        for (; *list != NULL; list += 2)
                if (is(*list, name))
                        return list[1];
        return "";
}

static int64_t whole(const char *text, int64_t otherwise)
{
        int64_t number;

        return str_int(str_of(text), &number) && number >= 0 ? number : otherwise;
}

static void refuse_doctype(void *of, const char *name, const char *system_id, const char *public_id, int internal)
{
        struct reader *x = of;

        stop(x, damaged(x));
}

static void collect(void *of, const char *p, int n)
{
        struct reader *x = of;

        if (x->collecting == 0 || x->phonetic > 0)
                return;
        if (x->text_n + (size_t)n > XLSX_READ_CELL_MAX) {
                stop(x, fail(x->cx, RC_INVALID, NULL, "a cell of the workbook holds too much; at most %d bytes are read", XLSX_READ_CELL_MAX));
                return;
        }
        memcpy(x->text + x->text_n, p, (size_t)n);
        x->text_n += (size_t)n;
}

static rc part_pieces(struct reader *x, zip_file_t *file, int64_t packed, int64_t unpacked)
{
        int64_t done = 0;

        for (;;) {
                void *piece = XML_GetBuffer(x->parser, PIECE);
                zip_int64_t n = piece ? zip_fread(file, piece, PIECE) : -1;

                if (n < 0)
                        return damaged(x);
                done += n;
                if (done > XLSX_READ_BYTES_MAX)
                        return fail(x->cx, RC_INVALID, NULL, "the workbook (.xlsx) is too large; please save it as CSV and send that");
                if (XML_ParseBuffer(x->parser, (int)n, n == 0) != XML_STATUS_OK)
                        return x->code != RC_OK ? x->code : damaged(x);
                if (n == 0)
                        return x->code;
                if (x->watch != NULL)
                        TRY(x->watch->go_on(x->watch->of, unpacked > 0 ? packed * (done < unpacked ? done : unpacked) / unpacked : 0, packed));
        }
}

static rc part_read(struct reader *x, const char *name, XML_StartElementHandler start, XML_EndElementHandler end, bool watched)
{
        static const XML_Memory_Handling_Suite memory = { parser_malloc, parser_realloc, parser_free };
        const struct xlsx_read_watch *watch = x->watch;
        zip_int64_t index = zip_name_locate(x->zip, name, ZIP_FL_NOCASE);
        zip_file_t *file;
        zip_stat_t st;
        rc code;

        if (index < 0 || zip_stat_index(x->zip, (zip_uint64_t)index, 0, &st) != 0)
                return RC_UNKNOWN;
        file = zip_fopen_index(x->zip, (zip_uint64_t)index, 0);
        if (file == NULL)
                return damaged(x);
        x->parser = XML_ParserCreate_MM(NULL, &memory, NULL);
        must(x->parser != NULL);
        x->code = RC_OK;
        x->depth = x->phonetic = x->collecting = 0;
        x->watch = watched ? watch : NULL;
        XML_SetUserData(x->parser, x);
        XML_SetElementHandler(x->parser, start, end);
        XML_SetCharacterDataHandler(x->parser, collect);
        XML_SetStartDoctypeDeclHandler(x->parser, refuse_doctype);
        code = part_pieces(x, file, (int64_t)st.comp_size, (int64_t)st.size);
        x->watch = watch;
        XML_ParserFree(x->parser);
        (void)zip_fclose(file);
        return code;
}

static void enter(struct reader *x)
{
        if (++x->depth > XLSX_READ_DEPTH_MAX)
                stop(x, damaged(x));
}

static void leave(void *of, const char *name)
{
        struct reader *x = of;

        x->depth--;
}

/* Relations ------------------------------------------------------------------------------------------------------------------------ */

/* A relation by its id, or by what its kind ends with; its target is a path from the folder of what it belongs to, or from the root. */
static void relation_start(void *of, const char *name, const char **list)
{
        struct reader *x = of;
        str kind = str_of(attribute(list, "Type")), target = str_of(attribute(list, "Target"));

        enter(x);
        if (!is(name, "Relationship") || x->path[2][0] != '\0' || target.n == 0 || target.n >= NAME_MAX_BYTES)
                return;
        if (strcmp(attribute(list, "Id"), x->wanted) != 0 && !(x->wanted[0] == '/' && str_ends(kind, str_of(x->wanted))))
                return;
        if (target.p[0] == '/')
                (void)snprintf(x->path[2], NAME_MAX_BYTES, "%s", target.p + 1);
        else
                (void)snprintf(x->path[2], NAME_MAX_BYTES, "%.*s%s", (int)(strrchr(x->path[0], '/') ? strrchr(x->path[0], '/') - x->path[0] + 1 : 0),
                               x->path[0], target.p);
}

/* From the part path[0] (empty: the package) by a relation to path[2]; empty: there is none. */
static rc follow(struct reader *x, const char *wanted)
{
        char name[NAME_MAX_BYTES + 20];
        const char *slash = strrchr(x->path[0], '/');
        rc code;

        (void)snprintf(x->wanted, NAME_MAX_BYTES, "%s", wanted);
        (void)snprintf(name, sizeof(name), "%.*s_rels/%s.rels", (int)(slash ? slash - x->path[0] + 1 : 0), x->path[0],
                       slash ? slash + 1 : x->path[0]);
        x->path[2][0] = '\0';
        code = part_read(x, name, relation_start, leave, false);
        return code == RC_UNKNOWN ? RC_OK : code;
}

/* The workbook: the calendar, and the first sheet that is not hidden -------------------------------------------------------------------- */

static void workbook_start(void *of, const char *name, const char **list)
{
        struct reader *x = of;
        const char *flag = attribute(list, "date1904"), *id = attribute(list, "id"), *state = attribute(list, "state");

        enter(x);
        if (is(name, "workbookPr"))
                x->calendar1904 = strcmp(flag, "1") == 0 || strcmp(flag, "true") == 0;
        if (!is(name, "sheet") || x->path[1][0] != '\0' || (state[0] != '\0' && strcmp(state, "visible") != 0))
                return;
        (void)snprintf(x->path[1], NAME_MAX_BYTES, "%s", id);
        (void)snprintf(x->sheet, NAME_MAX_BYTES, "%s", attribute(list, "name"));
}

/* Number formats ------------------------------------------------------------------------------------------------------------------- */

/* ECMA-376 part 1, 18.8.30, with those that Japanese spreadsheets have at 27 to 36 and 50 to 58. */
static enum shown builtin(int64_t id)
{
        if ((id >= 14 && id <= 17) || (id >= 27 && id <= 31) || id == 36 || (id >= 50 && id <= 58))
                return SHOWN_DAY;
        if (id == 22)
                return SHOWN_INSTANT;
        return (id >= 18 && id <= 21) || (id >= 32 && id <= 35) || (id >= 45 && id <= 47) ? SHOWN_TIME : SHOWN_NUMBER;
}

/* A format code, without what stands in quotes, brackets and behind a backslash. */
static enum shown format_shown(const char *code)
{
        bool day = false, time = false, minutes = false;

        for (const char *p = code; *p != '\0' && *p != ';'; p++) {
                if (*p == '"' || *p == '[') {
                        const char *end = strchr(p + 1, *p == '"' ? '"' : ']');

                        if (*p == '[' && end != NULL && strchr("hHmMsS", p[1]) != NULL)
                                time = true;
                        if (end == NULL)
                                break;
                        p = end;
                } else if (*p == '\\' || *p == '_' || *p == '*') {
                        p += p[1] != '\0';
                } else if (strchr("yYdDgGe", *p) != NULL && !(*p == 'e' && (p[1] == '+' || p[1] == '-')) && strncasecmp(p, "General", 7) != 0) {
                        day = true;
                } else if (strchr("hHsS", *p) != NULL) {
                        time = true;
                } else if (*p == 'm' || *p == 'M') {
                        minutes = true;
                } else if (strncasecmp(p, "General", 7) == 0) {
                        p += 6;
                }
        }
        return day && time ? SHOWN_INSTANT : day || (minutes && !time) ? SHOWN_DAY : time ? SHOWN_TIME : SHOWN_NUMBER;
}

static void styles_start(void *of, const char *name, const char **list)
{
        struct reader *x = of;

        enter(x);
        if (is(name, "numFmt") && x->format_count < FORMATS_MAX)
                x->formats[x->format_count++] =
                    (struct format){ whole(attribute(list, "numFmtId"), -1), format_shown(attribute(list, "formatCode")) };
        if (is(name, "cellXfs"))
                x->in_styles = true;
        if (is(name, "xf") && x->in_styles && x->style_count < XLSX_READ_STYLES_MAX) {
                int64_t id = whole(attribute(list, "numFmtId"), 0);
                enum shown shown = builtin(id);

                for (size_t i = 0; i < x->format_count; i++)
                        if (x->formats[i].id == id)
                                shown = x->formats[i].shown;
                x->styles[x->style_count++] = (uint8_t)shown;
        }
}

static void styles_end(void *of, const char *name)
{
        struct reader *x = of;

        x->depth--;
        if (is(name, "cellXfs"))
                x->in_styles = false;
}

/* Texts ---------------------------------------------------------------------------------------------------------------------------- */

/* Four digits; 0: they are not. */
static uint32_t hex4(const char *p)
{
        static const char digits[] = "0123456789abcdef";
        uint32_t c = 0;

        for (int i = 0; i < 4; i++) {
                char digit = p[i] >= 'A' && p[i] <= 'F' ? (char)(p[i] + ('a' - 'A')) : p[i];
                const char *found = memchr(digits, digit, 16);

                if (found == NULL)
                        return 0;
                c = c << 4 | (uint32_t)(found - digits);
        }
        return c;
}

/* ST_Xstring: _x000D_ stands for a character that XML cannot hold. In place. */
static size_t unescape(char *p, size_t n)
{
        size_t to = 0;

        for (size_t i = 0; i < n;) {
                uint32_t c = n - i >= 7 && p[i] == '_' && p[i + 1] == 'x' && p[i + 6] == '_' ? hex4(p + i + 2) : 0;

                if (c > 0 && (c < 0xd800 || c > 0xdfff)) {
                        to += utf8_encode(c, p + to);
                        i += 7;
                } else {
                        p[to++] = p[i++];
                }
        }
        return to;
}

static void texts_start(void *of, const char *name, const char **list)
{
        struct reader *x = of;

        enter(x);
        if (is(name, "si"))
                x->text_n = 0;
        x->phonetic += is(name, "rPh");
        x->collecting += is(name, "t");
}

static void texts_end(void *of, const char *name)
{
        struct reader *x = of;
        int64_t end;

        x->depth--;
        x->phonetic -= is(name, "rPh") && x->phonetic > 0;
        x->collecting -= is(name, "t") && x->collecting > 0;
        if (!is(name, "si"))
                return;
        x->text_n = unescape(x->text, x->text_n);
        (void)!fwrite(x->text, 1, x->text_n, x->texts);
        end = ftell(x->texts);
        (void)!fwrite(&end, sizeof(end), 1, x->offsets);
        x->text_count++;
}

/* Into x->text. */
static bool text_fetch(struct reader *x, int64_t number)
{
        int64_t place[2] = { 0, 0 };
        size_t want = sizeof(place[0]) * (number > 0 ? 2 : 1);

        if (number < 0 || number >= x->text_count ||
            pread(x->offsets_fd, number > 0 ? &place[0] : &place[1], want, number > 0 ? (number - 1) * (int64_t)sizeof(place[0]) : 0) !=
                (ssize_t)want)
                return false;
        if (place[1] - place[0] > XLSX_READ_CELL_MAX || pread(x->texts_fd, x->text, (size_t)(place[1] - place[0]), place[0]) != place[1] - place[0])
                return false;
        x->text_n = (size_t)(place[1] - place[0]);
        return true;
}

/* Cells ---------------------------------------------------------------------------------------------------------------------------- */

/* "AB12" -> 27; without letters: the cell behind the one before. */
static size_t column_of(const struct reader *x, const char *place)
{
        size_t column = 0;

        for (; *place >= 'A' && *place <= 'Z' && column < XLSX_READ_COLUMNS_MAX; place++)
                column = column * 26 + (size_t)(*place - 'A' + 1);
        return column > 0 ? column - 1 : x->column + 1;
}

/* Days since 1899-12-30, or since 1904-01-01. Until the end of February 1900 a spreadsheet counts a day that never was. */
static void day_write(struct reader *x, double serial, enum shown shown)
{
        int64_t seconds = (int64_t)llround(serial * DAY_S), days = seconds / DAY_S;
        int second = (int)(seconds % DAY_S);
        struct civil at;
        char day[20] = "";
        msec when;

        if (x->calendar1904)
                days += 1462;
        else if (days < 60)
                days++;
        when = (days - 25569) * DAY_S * 1000 - 9 * 3600 * 1000LL; /* 1970-01-01; midnight in Tokyo */
        at = clock_tokyo(when);
        if (shown != SHOWN_TIME || serial >= 1)
                (void)snprintf(day, sizeof(day), "%04d-%02d-%02d", at.date.year, at.date.month, at.date.day);
        if (shown == SHOWN_DAY && second == 0)
                x->text_n = (size_t)snprintf(x->text, XLSX_READ_CELL_MAX, "%s", day);
        else
                x->text_n = (size_t)snprintf(x->text, XLSX_READ_CELL_MAX, "%s%s%02d:%02d:%02d", day, day[0] ? " " : "", second / 3600,
                                             second / 60 % 60, second % 60);
}

/* In full, without the last digits that binary fractions leave. */
static void number_write(struct reader *x)
{
        enum { SERIAL_MAX = 2958466 }; /* the day after 9999-12-31 */
        char text[64], *end;
        size_t digits = 0;
        double number;

        if (x->text_n == 0 || x->text_n >= sizeof(text))
                return;
        memcpy(text, x->text, x->text_n);
        text[x->text_n] = '\0';
        number = strtod(text, &end);
        if (*end != '\0' || !isfinite(number))
                return;
        if (x->style != SHOWN_NUMBER && number >= 0 && number < SERIAL_MAX) {
                day_write(x, number, x->style);
                return;
        }
        for (const char *p = text; *p != '\0'; p++)
                digits += *p >= '0' && *p <= '9';
        if (digits <= 15 && strpbrk(text, "eE") == NULL)
                return;
        if (strpbrk(text, ".eE") == NULL)
                return; /* a long whole number is given as it stands */
        x->text_n = (size_t)snprintf(x->text, XLSX_READ_CELL_MAX, "%.*f",
                                     fabs(number) >= 1e15 ? 0 : 15 - (fabs(number) >= 1 ? (int)log10(fabs(number)) + 1 : 0), number);
        while (memchr(x->text, '.', x->text_n) != NULL && (x->text[x->text_n - 1] == '0' || x->text[x->text_n - 1] == '.'))
                if (x->text[--x->text_n] == '.')
                        break;
}

static void value_write(struct reader *x)
{
        bool quotes = false;

        for (size_t i = 0; i < x->text_n && !quotes; i++)
                quotes = strchr(",\"\r\n\t", x->text[i]) != NULL;
        quotes = quotes || (x->text_n > 0 && (x->text[0] == ' ' || x->text[x->text_n - 1] == ' '));
        if (quotes)
                (void)fputc('"', x->out);
        for (size_t i = 0; i < x->text_n; i++) {
                if (x->text[i] == '"')
                        (void)fputc('"', x->out);
                (void)fputc(x->text[i], x->out);
        }
        if (quotes)
                (void)fputc('"', x->out);
}

static void cell_end(struct reader *x)
{
        bool shared = strcmp(x->type, "s") == 0;

        x->in_cell = false;
        if (x->text_n == 0 || x->column >= XLSX_READ_COLUMNS_MAX)
                return;
        if (shared) {
                int64_t number;

                if (!str_int((str){ x->text, x->text_n }, &number) || !text_fetch(x, number)) {
                        stop(x, damaged(x));
                        return;
                }
        } else if (strcmp(x->type, "b") == 0) {
                bool yes = x->text[0] == '1' || x->text[0] == 't';

                x->text_n = yes ? 4 : 5;
                memcpy(x->text, yes ? "true" : "false", x->text_n);
        } else if (x->type[0] == '\0' || strcmp(x->type, "n") == 0) {
                number_write(x);
        } else {
                x->text_n = unescape(x->text, x->text_n);
        }
        for (; x->columns_done < x->column; x->columns_done++)
                (void)fputc(',', x->out);
        value_write(x);
        x->any = true;
}

static void row_start(struct reader *x, const char *number)
{
        x->row = whole(number, x->row + 1);
        if (x->row <= x->rows_done || x->row > ROWS_MAX) {
                stop(x, damaged(x));
                return;
        }
        for (; x->rows_done + 1 < x->row; x->rows_done++)
                (void)fputs("\r\n", x->out);
        x->column = SIZE_MAX;
        x->columns_done = 0;
        x->any = false;
}

static void sheet_start(void *of, const char *name, const char **list)
{
        struct reader *x = of;

        enter(x);
        if (is(name, "row")) {
                row_start(x, attribute(list, "r"));
        } else if (is(name, "c")) {
                size_t column = column_of(x, attribute(list, "r"));
                int64_t style = whole(attribute(list, "s"), 0);

                if (x->column != SIZE_MAX && column <= x->column) {
                        stop(x, damaged(x));
                        return;
                }
                x->column = column;
                x->in_cell = true;
                x->text_n = 0;
                x->style = style < (int64_t)x->style_count ? (enum shown)x->styles[style] : SHOWN_NUMBER;
                (void)snprintf(x->type, sizeof(x->type), "%s", attribute(list, "t"));
        }
        x->phonetic += is(name, "rPh");
        x->collecting += x->in_cell && (is(name, "v") || is(name, "t"));
}

static void sheet_end(void *of, const char *name)
{
        struct reader *x = of;

        x->depth--;
        x->phonetic -= is(name, "rPh") && x->phonetic > 0;
        x->collecting -= x->collecting > 0 && (is(name, "v") || is(name, "t"));
        if (is(name, "c")) {
                cell_end(x);
        } else if (is(name, "row") && x->code == RC_OK) {
                if (x->width == 0)
                        x->width = x->columns_done;
                for (; x->any && x->columns_done < x->width; x->columns_done++)
                        (void)fputc(',', x->out);
                (void)fputs("\r\n", x->out);
                x->rows_done++;
        }
}

/* The whole ------------------------------------------------------------------------------------------------------------------------ */

static void zip_drop(void *p)
{
        zip_discard(p);
}

static void file_drop(void *p)
{
        (void)fclose(p);
}

static rc stream(struct reader *x, int fd, FILE **ret)
{
        int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);

        *ret = own >= 0 ? fdopen(own, "a+") : NULL;
        if (*ret == NULL)
                return file_failed(x->cx, "the workbook", errno);
        arena_defer(x->cx->mem, file_drop, *ret);
        return RC_OK;
}

static rc open_zip(struct reader *x, int in)
{
        int own = fcntl(in, F_DUPFD_CLOEXEC, 0), error;

        if (own < 0 || lseek(own, 0, SEEK_SET) != 0)
                return file_failed(x->cx, "the workbook", errno);
        x->zip = zip_fdopen(own, 0, &error);
        if (x->zip == NULL) {
                (void)close(own);
                return damaged(x);
        }
        arena_defer(x->cx->mem, zip_drop, x->zip);
        return RC_OK;
}

/* path[1]: the sheet. */
static rc find_sheet(struct reader *x)
{
        rc code;

        TRY(follow(x, "/officeDocument"));
        (void)snprintf(x->path[0], NAME_MAX_BYTES, "%s", x->path[2]);
        code = x->path[0][0] ? part_read(x, x->path[0], workbook_start, leave, false) : RC_UNKNOWN;
        if (code == RC_UNKNOWN || (code == RC_OK && x->path[1][0] == '\0'))
                return fail(x->cx, RC_INVALID, NULL, "the file is no workbook (.xlsx) with a sheet; please save it as .xlsx or CSV and send that");
        TRY(code);
        TRY(follow(x, x->path[1]));
        (void)snprintf(x->path[1], NAME_MAX_BYTES, "%s", x->path[2]);
        return x->path[1][0] ? RC_OK : damaged(x);
}

static rc optional(rc code)
{
        return code == RC_UNKNOWN ? RC_OK : code;
}

rc xlsx_read_csv(struct cx *cx, int in, int out, const char *scratch, const struct xlsx_read_watch *watch, str *ret_sheet)
{
        struct reader *x = NEW(cx->mem, struct reader);
        rc code;

        *x = (struct reader){ .cx = cx, .watch = watch };
        for (size_t i = 0; i < COUNT(x->path); i++)
                x->path[i] = arena_alloc(cx->mem, NAME_MAX_BYTES);
        x->wanted = arena_alloc(cx->mem, NAME_MAX_BYTES);
        x->sheet = arena_alloc(cx->mem, NAME_MAX_BYTES);
        x->text = arena_alloc(cx->mem, XLSX_READ_CELL_MAX + 1);
        x->formats = NEW_ARRAY(cx->mem, struct format, FORMATS_MAX);
        x->styles = arena_alloc(cx->mem, XLSX_READ_STYLES_MAX);
        TRY(open_zip(x, in));
        TRY(find_sheet(x));
        TRY(file_scratch(cx, scratch, &x->texts_fd));
        TRY(file_scratch(cx, scratch, &x->offsets_fd));
        TRY(stream(x, x->texts_fd, &x->texts));
        TRY(stream(x, x->offsets_fd, &x->offsets));
        TRY(stream(x, out, &x->out));
        TRY(follow(x, "/styles"));
        TRY(optional(x->path[2][0] ? part_read(x, x->path[2], styles_start, styles_end, false) : RC_UNKNOWN));
        TRY(follow(x, "/sharedStrings"));
        TRY(optional(x->path[2][0] ? part_read(x, x->path[2], texts_start, texts_end, false) : RC_UNKNOWN));
        if (fflush(x->texts) != 0 || fflush(x->offsets) != 0)
                return file_failed(cx, scratch, errno);
        code = part_read(x, x->path[1], sheet_start, sheet_end, true);
        TRY(code == RC_UNKNOWN ? damaged(x) : code);
        if (ferror(x->texts) || ferror(x->offsets) || ferror(x->out) || fflush(x->out) != 0)
                return file_failed(cx, scratch, errno != 0 ? errno : EIO);
        *ret_sheet = str_of(x->sheet);
        return RC_OK;
}
