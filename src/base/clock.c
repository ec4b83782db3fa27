/* clock.c - see clock.h. Days and dates after Howard Hinnant, "chrono-compatible low-level date algorithms". */
#include "base/house.h"

#include "base/clock.h"

#include "base/utf8.h"

#include <stdio.h>
#include <time.h>

static const char *const weekday_ja[] = { "日", "月", "火", "水", "木", "金", "土" };
static const char *const weekday_en[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
static const char *const month_en[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

static int64_t days_of(struct date date)
{
        int64_t year = date.year - (date.month <= 2);
        int64_t era = (year >= 0 ? year : year - 399) / 400;
        int64_t of_era = year - era * 400;
        int64_t of_year = (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;

        return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static struct date date_of(int64_t days)
{
        int64_t from = days + 719468;
        int64_t era = (from >= 0 ? from : from - 146096) / 146097;
        int64_t of_era = from - era * 146097;
        int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
        int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
        int64_t month = (5 * of_year + 2) / 153;

        return (struct date){
                .year = (int32_t)(year + era * 400 + (month >= 10)),
                .month = (int32_t)(month < 10 ? month + 3 : month - 9),
                .day = (int32_t)(of_year - (153 * month + 2) / 5 + 1),
        };
}

static bool date_valid(struct date date)
{
        static const int32_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
        bool leap = date.year % 4 == 0 && (date.year % 100 != 0 || date.year % 400 == 0);

        return date.year >= 1 && date.year <= 9999 && date.month >= 1 && date.month <= 12 && date.day >= 1 &&
               date.day <= days[date.month - 1] + (leap && date.month == 2);
}

static int32_t weekday_of(struct date date)
{
        int64_t days = days_of(date) + 4; /* 1970-01-01 was a Thursday */

        return (int32_t)(((days % 7) + 7) % 7);
}

struct civil clock_tokyo(msec at)
{
        msec local = at + 9 * CLOCK_HOUR;
        int64_t days = local >= 0 ? local / CLOCK_DAY : -((CLOCK_DAY - 1 - local) / CLOCK_DAY);
        msec rest = local - days * CLOCK_DAY;
        struct civil c = { .date = date_of(days) };

        c.weekday = weekday_of(c.date);
        c.hour = (int32_t)(rest / CLOCK_HOUR);
        c.minute = (int32_t)(rest % CLOCK_HOUR / CLOCK_MINUTE);
        c.second = (int32_t)(rest % CLOCK_MINUTE / CLOCK_SECOND);
        c.msec = (int32_t)(rest % CLOCK_SECOND);
        return c;
}

msec clock_from_tokyo(struct civil civil)
{
        return days_of(civil.date) * CLOCK_DAY + (civil.hour - 9) * CLOCK_HOUR + civil.minute * CLOCK_MINUTE + civil.second * CLOCK_SECOND +
               civil.msec;
}

msec clock_tick(void)
{
        struct timespec now;

        must(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
        return (msec)now.tv_sec * CLOCK_SECOND + now.tv_nsec / 1000000;
}

str clock_iso_date(struct arena *mem, struct date date)
{
        return str_format(mem, "%04d-%02d-%02d", date.year, date.month, date.day);
}

str clock_rfc3339(struct arena *mem, msec at)
{
        struct civil c = clock_tokyo(at);
        char part[8] = "";

        if (c.msec != 0)
                (void)snprintf(part, sizeof(part), ".%03d", c.msec);
        return str_format(mem, "%04d-%02d-%02dT%02d:%02d:%02d%s+09:00", c.date.year, c.date.month, c.date.day, c.hour, c.minute, c.second, part);
}

str clock_date_text(struct arena *mem, enum lang lang, struct date date)
{
        int32_t weekday = weekday_of(date);

        if (lang == LANG_JA)
                return str_format(mem, "%d年%d月%d日(%s)", date.year, date.month, date.day, weekday_ja[weekday]);
        return str_format(mem, "%s %d %s %d", weekday_en[weekday], date.day, month_en[date.month - 1], date.year);
}

str clock_text(struct arena *mem, enum lang lang, msec at)
{
        struct civil c = clock_tokyo(at);

        return str_format(mem, lang == LANG_JA ? "%s %02d:%02d" : "%s, %02d:%02d", clock_date_text(mem, lang, c.date).p, c.hour, c.minute);
}

str clock_short(struct arena *mem, msec at)
{
        struct civil c = clock_tokyo(at);

        return str_format(mem, "%04d/%02d/%02d %02d:%02d", c.date.year, c.date.month, c.date.day, c.hour, c.minute);
}

/* Reading. Each step takes its part off the front of s. -------------------------------------------------------------------------- */

/* min..max decimal digits. */
static bool digits(str *s, size_t min, size_t max, int32_t *ret)
{
        int32_t value = 0;
        size_t n = 0;

        while (n < s->n && n < max && s->p[n] >= '0' && s->p[n] <= '9')
                value = value * 10 + (s->p[n++] - '0');
        if (n < min)
                return false;
        *s = (str){ s->p + n, s->n - n };
        *ret = value;
        return true;
}

static bool skip(str *s, str what)
{
        if (!str_starts(*s, what))
                return false;
        *s = (str){ s->p + what.n, s->n - what.n };
        return true;
}

static bool zone(str *s, msec *ret)
{
        int32_t hour, minute = 0;
        bool west;

        if (skip(s, S("Z")) || skip(s, S("z"))) {
                *ret = 0;
                return true;
        }
        west = skip(s, S("-"));
        if (!west && !skip(s, S("+")))
                return false;
        if (!digits(s, 2, 2, &hour))
                return false;
        if (s->n > 0 && (!skip(s, S(":")) || !digits(s, 2, 2, &minute)))
                return false;
        *ret = (hour * CLOCK_HOUR + minute * CLOCK_MINUTE) * (west ? -1 : 1);
        return hour <= 23 && minute <= 59;
}

static bool fraction(str *s, int32_t *ret)
{
        int32_t value = 0, scale = 100;
        int32_t digit;

        if (!digits(s, 1, 1, &digit))
                return false;
        do {
                value += digit * scale;
                scale /= 10;
        } while (digits(s, 1, 1, &digit));
        *ret = value;
        return true;
}

bool clock_read(str s, msec *ret)
{
        struct civil c = { 0 };
        msec offset;

        if (!digits(&s, 4, 4, &c.date.year) || !skip(&s, S("-")) || !digits(&s, 2, 2, &c.date.month) || !skip(&s, S("-")) ||
            !digits(&s, 2, 2, &c.date.day))
                return false;
        if (!skip(&s, S("T")) && !skip(&s, S("t")) && !skip(&s, S(" ")))
                return false;
        if (!digits(&s, 2, 2, &c.hour) || !skip(&s, S(":")) || !digits(&s, 2, 2, &c.minute) || !skip(&s, S(":")) || !digits(&s, 2, 2, &c.second))
                return false;
        if (skip(&s, S(".")) && !fraction(&s, &c.msec))
                return false;
        if (!zone(&s, &offset) || s.n > 0 || !date_valid(c.date) || c.hour > 23 || c.minute > 59 || c.second > 59)
                return false;
        *ret = clock_from_tokyo(c) + 9 * CLOCK_HOUR - offset;
        return true;
}

/* First and last day of each era; before 1873 Japan counted days otherwise. Recipe: a new era is a line here. */
static const struct {
        const char *name;
        char letter;
        struct date from, to;
} eras[] = {
        { "明治", 'M', { 1873, 1, 1 }, { 1912, 7, 30 } },  { "大正", 'T', { 1912, 7, 30 }, { 1926, 12, 25 } },
        { "昭和", 'S', { 1926, 12, 25 }, { 1989, 1, 7 } }, { "平成", 'H', { 1989, 1, 8 }, { 2019, 4, 30 } },
        { "令和", 'R', { 2019, 5, 1 }, { 9999, 12, 31 } },
};
static const int32_t era_first_year[] = { 1868, 1912, 1926, 1989, 2019 };

str clock_era(struct arena *mem, struct date date)
{
        int64_t day = days_of(date);

        for (size_t i = COUNT(eras); i-- > 0;) /* a day two eras share is called by the new one */
                if (day >= days_of(eras[i].from) && day <= days_of(eras[i].to)) {
                        int32_t year = date.year - era_first_year[i] + 1;

                        return year == 1 ? str_format(mem, "%s元年", eras[i].name) : str_format(mem, "%s%d年", eras[i].name, year);
                }
        return STR_NONE;
}

static bool era(str *s, size_t *ret)
{
        for (size_t i = 0; i < COUNT(eras); i++) {
                bool letter = s->n > 0 && (s->p[0] == eras[i].letter || s->p[0] == eras[i].letter + 32);

                if (letter)
                        *s = (str){ s->p + 1, s->n - 1 };
                if (letter || skip(s, str_of(eras[i].name)) || skip(s, (str){ eras[i].name, 3 })) { /* S64, 昭和64, 昭64 */
                        *ret = i;
                        return true;
                }
        }
        return false;
}

/* Year, month and day with the same sign between them, or 年 月 日. */
static bool parts(str s, bool named, size_t which, struct date *ret)
{
        static const char *const signs[] = { "-", "/", "." };
        size_t year_min = named ? 1 : 4, year_max = named ? 2 : 4;

        if (named && skip(&s, S("元")))
                ret->year = 1;
        else if (!digits(&s, year_min, year_max, &ret->year))
                return false;
        if (named)
                ret->year += era_first_year[which] - 1;
        if (skip(&s, S("年")))
                return digits(&s, 1, 2, &ret->month) && skip(&s, S("月")) && digits(&s, 1, 2, &ret->day) && skip(&s, S("日")) && s.n == 0;
        for (size_t i = 0; i < COUNT(signs); i++)
                if (skip(&s, str_of(signs[i])))
                        return digits(&s, 1, 2, &ret->month) && skip(&s, str_of(signs[i])) && digits(&s, 1, 2, &ret->day) && s.n == 0;
        return !named && digits(&s, 2, 2, &ret->month) && digits(&s, 2, 2, &ret->day) && s.n == 0;
}

/* Full-width digits, letters and signs to ASCII; false when it does not fit (no date is that long). */
static bool narrow(str s, char *out, size_t room, str *ret)
{
        size_t n = 0;

        for (size_t i = 0; i < s.n;) {
                uint32_t c = utf8_decode(s, &i);

                if (c >= 0xff01 && c <= 0xff5e)
                        c -= 0xfee0;
                if (n + UTF8_MAX > room)
                        return false;
                n += utf8_encode(c, out + n);
        }
        *ret = str_trim((str){ out, n });
        return true;
}

bool clock_read_date(str s, struct date *ret)
{
        struct date date = { 0 };
        char text[64];
        size_t which = 0;
        bool named;

        if (!narrow(s, text, sizeof(text), &s))
                return false;
        named = era(&s, &which);
        if (!parts(s, named, which, &date) || !date_valid(date))
                return false;
        if (named && (days_of(date) < days_of(eras[which].from) || days_of(date) > days_of(eras[which].to)))
                return false;
        *ret = date;
        return true;
}
