/* postal_file.c - see postal_file.h. */
#include "base/house.h"

#include "register/postal_file.h"

#include "base/csv.h"
#include "base/fail.h"
#include "base/file.h"
#include "base/utf8.h"
#include "register/item_text.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COLUMNS = 15, PIECE = 1 << 16, NAME_MAX_CHARS = 100, TOWN_MAX_BYTES = 16384, JOINED_MAX = 64 };

/* Columns of the file. */
enum { PLACE = 0, CODE = 2, PREFECTURE_KANA, CITY_KANA, TOWN_KANA, PREFECTURE, CITY, TOWN };

struct postal_file {
        struct csv *csv;
        struct csv_record *record;
        enum charset set;
        bool held; /* `record` was read, and belongs to the next row */
};

/* The file ------------------------------------------------------------------------------------------------------------------------- */

static rc charset_find_out(struct cx *cx, int fd, int64_t size, enum charset *ret)
{
        struct arena_mark mark = arena_mark(cx->mem);
        char *piece = arena_alloc(cx->mem, PIECE);
        struct charset_guess g;
        bool more = true;
        str reason;

        charset_guess_start(&g);
        for (int64_t at = 0; more && at < size;) {
                ssize_t n = pread(fd, piece, PIECE, at);

                if (n <= 0)
                        return file_failed(cx, "the file of postal codes", n < 0 ? errno : EIO);
                more = charset_guess_add(&g, piece, (size_t)n);
                at += n;
        }
        arena_rewind(cx->mem, mark);
        TRY(charset_guess_end(cx, &g, ret, &reason));
        return charset_wide(*ret) ? fail(cx, RC_INVALID, NULL, "a file of postal codes must be in UTF-8 or CP932, as Japan Post publishes it")
                                  : RC_OK;
}

rc postal_file_open(struct cx *cx, int fd, struct postal_file **ret)
{
        struct postal_file *file = NEW(cx->mem, struct postal_file);
        struct stat st;

        if (fstat(fd, &st) != 0)
                return file_failed(cx, "the file of postal codes", errno);
        if (!S_ISREG(st.st_mode))
                return fail(cx, RC_INVALID, NULL, "this is no file");
        if (st.st_size == 0)
                return fail(cx, RC_INVALID, NULL, "the file is empty; nothing was changed");
        if (st.st_size > POSTAL_FILE_MAX)
                return fail(cx, RC_INVALID, NULL, "the file is larger than %d MiB: that is no file of postal codes", POSTAL_FILE_MAX >> 20);
        TRY(charset_find_out(cx, fd, st.st_size, &file->set));
        file->csv = csv_open(cx->mem, fd, ',');
        file->record = NEW(cx->mem, struct csv_record);
        *ret = file;
        return RC_OK;
}

/* A row ---------------------------------------------------------------------------------------------------------------------------- */

static rc cell(struct cx *cx, const struct postal_file *file, struct arena *mem, size_t column, str *ret)
{
        const struct csv_record *r = file->record;
        char *out = arena_alloc(mem, r->cells[column].raw.n * CHARSET_GROWTH + 1);
        str text;

        if (csv_text(&r->cells[column], file->set, out, &text) != CSV_FINE || text_control(text, false) < text.n)
                return fail_line(cx, RC_INVALID, r->line, NULL, "column %zu cannot be read", column + 1);
        *ret = str_copy(mem, item_text_trim(text)); /* the bytes of the file are read over */
        return RC_OK;
}

static bool digits(str s, size_t n)
{
        for (size_t i = 0; i < s.n; i++)
                if (s.p[i] < '0' || s.p[i] > '9')
                        return false;
        return s.n == n;
}

static rc row_read(struct cx *cx, const struct postal_file *file, struct arena *mem, struct postal_row *ret)
{
        const struct csv_record *r = file->record;
        const struct {
                size_t column;
                str *to;
        } cells[] = { { PLACE, &ret->place },
                      { CODE, &ret->code },
                      { PREFECTURE_KANA, &ret->prefecture_kana },
                      { CITY_KANA, &ret->city_kana },
                      { TOWN_KANA, &ret->town_kana },
                      { PREFECTURE, &ret->prefecture },
                      { CITY, &ret->city },
                      { TOWN, &ret->town } };

        ret->line = r->line;
        if (r->fault != CSV_FINE)
                return fail_line(cx, RC_INVALID, r->line, NULL, "%s", fail_translate(cx->lang, csv_fault_text(r->fault)));
        if (r->count != COLUMNS)
                return fail_line(cx, RC_INVALID, r->line, NULL, "a row of Japan Post's file has 15 columns, this one has %zu", r->count);
        for (size_t i = 0; i < COUNT(cells); i++)
                TRY(cell(cx, file, mem, cells[i].column, cells[i].to));
        if (!digits(ret->code, 7))
                return fail_line(cx, RC_INVALID, r->line, NULL, "column 3 must be a postal code of seven digits");
        if (!digits(ret->place, 5))
                return fail_line(cx, RC_INVALID, r->line, NULL, "column 1 must be the code of a municipality, five digits");
        if (ret->prefecture.n == 0 || utf8_length(ret->prefecture) > 10 || ret->city.n == 0 || utf8_length(ret->city) > NAME_MAX_CHARS)
                return fail_line(cx, RC_INVALID, r->line, NULL, "columns 7 and 8 must be a prefecture and a municipality");
        return RC_OK;
}

static rc record_take(struct cx *cx, struct postal_file *file, bool *ret_end)
{
        *ret_end = false;
        if (!file->held && !csv_next(file->csv, file->record)) {
                if (csv_error(file->csv) != 0)
                        return file_failed(cx, "the file of postal codes", csv_error(file->csv));
                *ret_end = true;
        }
        file->held = false;
        return RC_OK;
}

/* Is something opened that is not closed? */
static bool open_yet(str s, str opening, str closing)
{
        int depth = 0;

        for (size_t i = 0; i < s.n; i++) {
                str rest = { s.p + i, s.n - i };

                depth += str_starts(rest, opening) ? 1 : str_starts(rest, closing) ? -1 : 0;
        }
        return depth > 0;
}

static bool kana_open(str s)
{
        return open_yet(s, S("("), S(")")) || open_yet(s, S("（"), S("）"));
}

static str joined(struct arena *mem, str a, str b)
{
        return str_format(mem, "%.*s%.*s", STR_ARG(a), STR_ARG(b));
}

/* A remark too long for a row goes on in the next ones: the same code, and everything but the town the same. A reading that is short enough
 * stands whole in each of them. */
static rc rest_read(struct cx *cx, struct postal_file *file, struct arena *mem, struct postal_row *row)
{
        for (int i = 0; open_yet(row->town, S("（"), S("）")); i++) {
                struct postal_row next;
                bool end, kana = kana_open(row->town_kana);

                TRY(record_take(cx, file, &end));
                if (end)
                        return fail_line(cx, RC_INVALID, row->line, NULL, "the remark in （ that begins here is never closed; is the file whole?");
                TRY(row_read(cx, file, mem, &next));
                if (!str_equal(next.code, row->code) || !str_equal(next.place, row->place) || i >= JOINED_MAX ||
                    row->town.n + next.town.n > TOWN_MAX_BYTES || row->town_kana.n + next.town_kana.n > TOWN_MAX_BYTES)
                        return fail_line(cx, RC_INVALID, next.line, NULL, "the remark in （ of line %lld is not closed before this row",
                                         (long long)row->line);
                row->town = joined(mem, row->town, next.town);
                if (kana)
                        row->town_kana = joined(mem, row->town_kana, next.town_kana);
        }
        return RC_OK;
}

/* A town -------------------------------------------------------------------------------------------------------------------------- */

static size_t find(str s, str what)
{
        const char *p = s.n >= what.n ? memmem(s.p, s.n, what.p, what.n) : NULL;

        return p == NULL ? s.n : (size_t)(p - s.p);
}

static bool digit_at(str s, size_t at, size_t *ret_n)
{
        if (at < s.n && s.p[at] >= '0' && s.p[at] <= '9') {
                *ret_n = 1;
                return true;
        }
        *ret_n = 3;
        return at + 3 <= s.n && s.p[at] == '\xef' && s.p[at + 1] == '\xbc' && (unsigned char)s.p[at + 2] >= 0x90 &&
               (unsigned char)s.p[at + 2] <= 0x99;
}

/* "１階": digits and 階 and nothing else. */
static bool floor_only(str s)
{
        size_t at = 0, n;

        while (digit_at(s, at, &n))
                at += n;
        return at > 0 && str_is((str){ s.p + at, s.n - at }, "階");
}

/* Where the first 第N地割 (or N地割) begins; s.n: nowhere. */
static size_t lot_begin(str s)
{
        size_t at = find(s, S("地割")), n;

        if (at == s.n)
                return s.n;
        for (;;) {
                if (at >= 1 && s.p[at - 1] >= '0' && s.p[at - 1] <= '9')
                        at -= 1;
                else if (at >= 3 && digit_at(s, at - 3, &n) && n == 3)
                        at -= 3;
                else
                        break;
        }
        if (at >= 3 && memcmp(s.p + at - 3, "第", 3) == 0)
                at -= 3;
        return at;
}

/* The same in a reading: ダイ1チワリ, 1チワリ; before width is made one. */
static size_t lot_kana_begin(str s)
{
        static const char *const marks[] = { "チワリ", "ﾁﾜﾘ" }, *const firsts[] = { "ダイ", "ﾀﾞｲ" };
        size_t at = s.n, n;

        for (size_t i = 0; i < COUNT(marks) && at == s.n; i++)
                at = find(s, str_of(marks[i]));
        if (at == s.n)
                return s.n;
        for (;;) {
                if (at >= 1 && s.p[at - 1] >= '0' && s.p[at - 1] <= '9')
                        at -= 1;
                else if (at >= 3 && digit_at(s, at - 3, &n) && n == 3)
                        at -= 3;
                else
                        break;
        }
        for (size_t i = 0; i < COUNT(firsts); i++) {
                size_t length = strlen(firsts[i]);

                if (at >= length && memcmp(s.p + at - length, firsts[i], length) == 0)
                        return at - length;
        }
        return at;
}

static bool whole_municipality(str town)
{
        return str_is(town, "以下に掲載がない場合") ||
               (str_ends(town, S("場合")) && find(town, S("の次に")) < town.n && find(town, S("番地")) < town.n) ||
               (str_ends(town, S("一円")) && town.n > sizeof "一円" - 1);
}

static str remark_cut(str s, str *ret_remark)
{
        size_t wide = find(s, S("（")), narrow = find(s, S("(")), at = wide < narrow ? wide : narrow;

        *ret_remark = (str){ s.p + at, 0 };
        if (at < s.n) {
                size_t mark = at == narrow ? 1 : 3;
                str inside = { s.p + at + mark, s.n - at - mark };

                inside.n = at == narrow ? find(inside, S(")")) : find(inside, S("）"));
                *ret_remark = inside;
        }
        return (str){ s.p, at };
}

void postal_file_town(struct arena *mem, str *town, str *kana)
{
        str remark, said, plain = remark_cut(*town, &remark), reading = remark_cut(*kana, &said);
        size_t lot = lot_begin(plain);

        if (lot < plain.n && (find(plain, S("～")) < plain.n || find(plain, S("〜")) < plain.n || find(plain, S("、")) < plain.n)) {
                plain.n = lot;
                reading.n = lot_kana_begin(reading);
        }
        if (floor_only(remark)) {
                plain = joined(mem, plain, remark);
                reading = joined(mem, reading, said);
        }
        if (whole_municipality(plain))
                plain = reading = S("");
        *town = item_text_trim(item_text_width(mem, plain, ITEM_TEXT_RUNNING));
        *kana = item_text_trim(item_text_width(mem, reading, ITEM_TEXT_RUNNING));
}

rc postal_file_next(struct cx *cx, struct postal_file *file, struct arena *mem, struct postal_row *ret, bool *ret_end)
{
        struct postal_row row;

        TRY(record_take(cx, file, ret_end));
        if (*ret_end)
                return RC_OK;
        TRY(row_read(cx, file, mem, &row));
        TRY(rest_read(cx, file, mem, &row));
        postal_file_town(mem, &row.town, &row.town_kana);
        if (utf8_length(row.town) > NAME_MAX_CHARS * 3)
                return fail_line(cx, RC_INVALID, row.line, NULL, "column 9 is too long for the name of a town");
        row.prefecture_kana = item_text_width(mem, row.prefecture_kana, ITEM_TEXT_RUNNING);
        row.city_kana = item_text_width(mem, row.city_kana, ITEM_TEXT_RUNNING);
        *ret = row;
        return RC_OK;
}
