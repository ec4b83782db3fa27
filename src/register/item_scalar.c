/* item_scalar.c - see item_scalar.h. */
#include "base/house.h"

#include "register/item_scalar.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "register/item_code.h"
#include "register/item_text.h"

/* Is s an integer exactly as PostgreSQL writes it? */
static bool integer_plain(str s, int64_t *ret)
{
        size_t i = s.n > 0 && s.p[0] == '-';
        int64_t v = 0;

        if (s.n == i || s.n - i > 18 || (s.p[i] == '0' && s.n > 1))
                return false;
        for (size_t j = i; j < s.n; j++) {
                if (s.p[j] < '0' || s.p[j] > '9')
                        return false;
                v = v * 10 + (s.p[j] - '0');
        }
        *ret = i ? -v : v;
        return true;
}

/* Signs also as ▲ and △, the way accounts write them; separators between groups of three; ".00". */
static bool integer_loose(str s, int64_t *ret, bool *ret_beyond)
{
        bool negative = false, started = false, commas = false;
        size_t at = 0, run = 0;
        int64_t v = 0;

        *ret_beyond = false;
        while (at < s.n) {
                size_t before = at;
                uint32_t c = utf8_decode(s, &at);

                if (before == 0 && (c == '+' || item_text_hyphen(c) || c == 0x25b2 || c == 0x25b3)) {
                        negative = c != '+';
                } else if (c >= '0' && c <= '9') {
                        if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, (int64_t)c - '0', &v)) {
                                *ret_beyond = true;
                                v = INT64_MAX / 100;
                        }
                        started = true;
                        run++;
                } else if (c == ',' && started && (commas ? run == 3 : run <= 3)) {
                        commas = true;
                        run = 0;
                } else if (c == '.' && started) {
                        while (at < s.n && s.p[at] == '0')
                                at++;
                        if (at < s.n)
                                return false;
                } else {
                        return false;
                }
        }
        *ret = negative ? -v : v;
        return started && (!commas || run == 3);
}

enum item_reason item_scalar_integer(struct arena *mem, const struct item *item, str s, str *ret)
{
        bool beyond = false;
        int64_t v;

        *ret = s;
        if (!integer_plain(s, &v)) {
                if (!integer_loose(item_text_width(mem, s, ITEM_TEXT_NARROW), &v, &beyond))
                        return ITEM_NOT_INTEGER;
                if (beyond)
                        return v < 0 ? ITEM_TOO_SMALL : ITEM_TOO_LARGE;
                *ret = str_format(mem, "%" PRId64, v);
        }
        return v < item->min ? ITEM_TOO_SMALL : v > item->max ? ITEM_TOO_LARGE : ITEM_FINE;
}

/* Spreadsheets and databases write a day as its midnight: "1990-02-03 00:00:00". */
static str midnight_cut(str s)
{
        for (size_t i = 8; i + 1 < s.n; i++) {
                if (s.p[i] != ' ' && s.p[i] != 'T')
                        continue;
                for (size_t j = i + 1; j < s.n; j++)
                        if (s.p[j] != '0' && s.p[j] != ':')
                                return s;
                return (str){ s.p, i };
        }
        return s;
}

enum item_reason item_scalar_date(struct arena *mem, const struct item *item, str s, str *ret)
{
        struct date d;
        bool plain;

        s = midnight_cut(s);
        plain = item_code_shaped(s, 4, 2, 2);
        if (!clock_read_date(s, &d))
                return plain ? ITEM_NO_SUCH_DAY : ITEM_NOT_DATE;
        if (d.year < 1000)
                return ITEM_NOT_DATE;
        *ret = plain ? s : clock_iso_date(mem, d);
        return ITEM_FINE;
}

/* Words in plain form (item_text_plain). */
static const char *const yes_words[] = { "t", "true", "yes", "y", "1", "on", "ハイ", "○", "〇", "◯", "有", "アリ", "有リ", "済", "可" };
static const char *const no_words[] = { "f", "false", "no", "n", "0", "off", "イイエ", "×", "✕", "無", "ナシ", "無シ", "未", "不可", "否" };

enum item_reason item_scalar_boolean(struct arena *mem, const struct item *item, str s, str *ret)
{
        s = item_text_plain(mem, s);
        for (size_t i = 0; i < COUNT(yes_words); i++)
                if (str_is(s, yes_words[i])) {
                        *ret = S("t");
                        return ITEM_FINE;
                }
        for (size_t i = 0; i < COUNT(no_words); i++)
                if (str_is(s, no_words[i])) {
                        *ret = S("f");
                        return ITEM_FINE;
                }
        return ITEM_NOT_BOOLEAN;
}

enum item_reason item_scalar_reference(struct arena *mem, const struct item *item, str s, str *ret)
{
        int64_t id;

        s = item_text_width(mem, s, ITEM_TEXT_NARROW);
        if (s.p[0] == '#' && str_int((str){ s.p + 1, s.n - 1 }, &id))
                s = (str){ s.p + 1, s.n - 1 };
        s = item_text_trim(s);
        if (s.n == 0 || s.n > 1000 || (str_int(s, &id) && id <= 0))
                return ITEM_NOT_REFERENCE;
        *ret = s;
        return ITEM_FINE;
}
