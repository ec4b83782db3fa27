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

/* The part before the point, also of "-.5" and ".5", which are nothing. */
static bool whole_part(str s, int64_t *ret, bool *ret_negative, bool *ret_beyond)
{
        size_t at = 0;
        uint32_t sign = s.n > 0 ? utf8_decode(s, &at) : 0;

        *ret_negative = s.n > 0 && (item_text_hyphen(sign) || sign == 0x25b2 || sign == 0x25b3);
        *ret = 0;
        *ret_beyond = false;
        if (s.n == 0 || (at == s.n && (*ret_negative || sign == '+')))
                return true;
        if (!integer_loose(s, ret, ret_beyond))
                return false;
        *ret = *ret < 0 ? -*ret : *ret;
        return true;
}

/* Exactly as PostgreSQL writes numeric(…, scale)? */
static bool decimal_plain(str s, int64_t scale)
{
        size_t i = s.n > 0 && s.p[0] == '-', dot = s.n - (size_t)scale - 1;
        bool zero = true;

        if (s.n < i + (size_t)scale + 2 || s.p[dot] != '.' || (s.p[i] == '0' && dot > i + 1))
                return false;
        for (size_t j = i; j < s.n; j++) {
                if (j != dot && (s.p[j] < '0' || s.p[j] > '9'))
                        return false;
                zero = zero && (j == dot || s.p[j] == '0');
        }
        return !zero || i == 0;
}

enum item_reason item_scalar_decimal(struct arena *mem, const struct item *item, str s, str *ret)
{
        __int128 one = 1, value;
        int64_t whole, part = 0;
        size_t dot = 0, end;
        bool negative, beyond;

        s = item_text_width(mem, s, ITEM_TEXT_NARROW);
        while (dot < s.n && s.p[dot] != '.')
                dot++;
        end = s.n;
        while (end > dot + 1 && s.p[end - 1] == '0')
                end--;
        if (!whole_part((str){ s.p, dot }, &whole, &negative, &beyond))
                return ITEM_NOT_DECIMAL;
        for (size_t i = dot + 1; i < s.n; i++)
                if (s.p[i] < '0' || s.p[i] > '9')
                        return ITEM_NOT_DECIMAL;
        if (s.n == 0 || ((s.p[s.n - 1] < '0' || s.p[s.n - 1] > '9') && (dot == 0 || s.p[dot - 1] < '0' || s.p[dot - 1] > '9')))
                return ITEM_NOT_DECIMAL; /* no digit on either side */
        if (beyond || whole > 999999999999999)
                return negative ? ITEM_TOO_SMALL : ITEM_TOO_LARGE;
        if (end > dot + 1 && (int64_t)(end - dot - 1) > item->scale)
                return ITEM_TOO_FINE;
        for (int64_t i = 0; i < item->scale; i++) {
                size_t at = dot + 1 + (size_t)i;

                one *= 10;
                part = part * 10 + (at < end ? s.p[at] - '0' : 0);
        }
        value = whole * one + part;
        if (value == 0)
                negative = false;
        value = negative ? -value : value;
        if (value < item->min * one || value > item->max * one)
                return value < item->min * one ? ITEM_TOO_SMALL : ITEM_TOO_LARGE;
        *ret = decimal_plain(s, item->scale) ? s : str_format(mem, "%s%" PRId64 ".%0*" PRId64, negative ? "-" : "", whole, (int)item->scale, part);
        return ITEM_FINE;
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

/* Does it begin as a day of an era does: 昭和65年…, 昭65.…, S65.…? */
static bool by_era(str s)
{
        static const char *const names[] = { "明", "大", "昭", "平", "令", "M", "T", "S", "H", "R", "m", "t", "s", "h", "r" };
        size_t digits = 0;

        for (size_t i = 0; i < s.n; i++)
                digits += s.p[i] >= '0' && s.p[i] <= '9';
        for (size_t i = 0; i < COUNT(names); i++)
                if (digits > 0 && str_starts(s, str_of(names[i])))
                        return true;
        return false;
}

enum item_reason item_scalar_date(struct arena *mem, const struct item *item, str s, str *ret)
{
        struct date d;
        bool plain;

        s = midnight_cut(s);
        plain = item_code_shaped(s, 4, 2, 2);
        if (!clock_read_date(s, &d))
                return plain ? ITEM_NO_SUCH_DAY : by_era(item_text_width(mem, s, ITEM_TEXT_NARROW)) ? ITEM_NOT_ERA_DAY : ITEM_NOT_DATE;
        if (d.year < 1000)
                return ITEM_NOT_DATE;
        *ret = plain ? s : clock_iso_date(mem, d);
        return ITEM_FINE;
}

/* "14:05", "14:05:09", "14:05:09.123", "14時5分", "9時5分3秒", "午後2時5分" and "2:05 PM" behind a day. *ret: what is left, a zone. */
static bool time_read(str s, struct civil *c, str *ret)
{
        int32_t *const part[] = { &c->hour, &c->minute, &c->second };
        static const char *const marks[] = { "時", "分", "秒" };
        int half = 0;
        size_t at = 0;

        if (str_starts(s, S("午前")) || str_starts(s, S("午後"))) {
                half = str_starts(s, S("午後")) ? 2 : 1;
                at = sizeof "午前" - 1;
        }
        for (size_t i = 0; i < COUNT(part); i++) {
                size_t digits = 0;
                str mark = str_of(marks[i]);

                for (; at < s.n && s.p[at] >= '0' && s.p[at] <= '9' && digits < 2; at++, digits++)
                        *part[i] = *part[i] * 10 + (s.p[at] - '0');
                if (digits == 0)
                        return false;
                if (str_starts((str){ s.p + at, s.n - at }, mark)) {
                        at += mark.n;
                        if (at == s.n || s.p[at] < '0' || s.p[at] > '9')
                                break;
                } else if (i == COUNT(part) - 1 || at == s.n || s.p[at] != ':') {
                        if (i == 0)
                                return false;
                        break;
                } else {
                        at++;
                }
        }
        if (at < s.n && s.p[at] == '.')
                for (at++; at < s.n && s.p[at] >= '0' && s.p[at] <= '9';)
                        at++;
        *ret = item_text_trim((str){ s.p + at, s.n - at });
        if (half == 0 && ret->n == 2 && (ret->p[1] == 'M' || ret->p[1] == 'm') && strchr("AaPp", ret->p[0]) != NULL) {
                half = strchr("Pp", ret->p[0]) != NULL ? 2 : 1;
                *ret = (str){ ret->p + 2, 0 };
        }
        if (half != 0 && c->hour > 12)
                return false;
        if (half != 0)
                c->hour = c->hour % 12 + (half == 2 ? 12 : 0);
        return c->hour <= 23 && c->minute <= 59 && c->second <= 59;
}

enum item_reason item_scalar_datetime(struct arena *mem, const struct item *item, str s, str *ret)
{
        struct civil c = { 0 };
        str day, zone = S("");
        size_t at;
        msec instant;

        s = item_text_width(mem, s, ITEM_TEXT_NARROW);
        for (at = 0; at < s.n && s.p[at] != 'T' && s.p[at] != 't' && (s.p[at] != ' ' || at + 1 == s.n || s.p[at + 1] == ' '); at++)
                ;
        day = item_text_trim((str){ s.p, at });
        if (!clock_read_date(day, &c.date))
                return item_code_shaped(day, 4, 2, 2) ? ITEM_NO_SUCH_DAY : ITEM_NOT_DATETIME;
        if (c.date.year < 1000 || (at < s.n && !time_read(item_text_trim((str){ s.p + at + 1, s.n - at - 1 }), &c, &zone)))
                return ITEM_NOT_DATETIME;
        if (zone.n > 0 && !str_is(zone, "+09") && !str_is(zone, "+09:00") && !str_is(zone, "JST")) {
                str text = str_format(mem, "%04d-%02d-%02dT%02d:%02d:%02d%.*s", c.date.year, c.date.month, c.date.day, c.hour, c.minute, c.second,
                                      STR_ARG(zone));

                if (!clock_read(text, &instant))
                        return ITEM_NOT_DATETIME;
                c = clock_tokyo(instant);
        }
        if (s.n == sizeof "2026-11-22 14:05:09+09" - 1 && s.p[10] == ' ' && s.p[13] == ':' && s.p[16] == ':' && str_is(zone, "+09") &&
            item_code_shaped(day, 4, 2, 2)) {
                *ret = s;
                return ITEM_FINE;
        }
        *ret = str_format(mem, "%04d-%02d-%02d %02d:%02d:%02d+09", c.date.year, c.date.month, c.date.day, c.hour, c.minute, c.second);
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
