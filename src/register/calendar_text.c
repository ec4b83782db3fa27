/* calendar_text.c - see calendar_text.h. */
#include "base/house.h"

#include "register/calendar_text.h"

#include "base/buf.h"
#include "base/fail.h"

enum { NOTHING = -1, WRONG = -2 };

static const int days_of[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

/* Takes one of `marks` (separated by spaces) off the front. */
static bool take(str *s, const char *marks)
{
        str rest = str_of(marks);

        while (!str_empty(rest)) {
                str mark = str_cut(rest, ' ', &rest);

                if (mark.n > 0 && str_starts(*s, mark)) {
                        *s = (str){ s->p + mark.n, s->n - mark.n };
                        return true;
                }
        }
        return false;
}

static void skip(str *s, const char *marks)
{
        while ((s->n > 0 && s->p[0] == ' ') || take(s, marks))
                if (s->n > 0 && s->p[0] == ' ')
                        *s = (str){ s->p + 1, s->n - 1 };
}

/* One or two digits. */
static int number(str *s)
{
        int n = NOTHING;

        for (int i = 0; i < 2 && s->n > 0 && s->p[0] >= '0' && s->p[0] <= '9'; i++) {
                n = (n == NOTHING ? 0 : n * 10) + (s->p[0] - '0');
                *s = (str){ s->p + 1, s->n - 1 };
        }
        return n;
}

/* a BETWEEN b, from 0; NOTHING at the end. */
static int pair(str *s, const char *between, int a_max, int b_max, int b_min)
{
        int a, b;

        if (s->n == 0)
                return NOTHING;
        a = number(s);
        if (a == NOTHING || a > a_max || !take(s, between))
                return WRONG;
        b = number(s);
        return b == NOTHING || b < b_min || b > b_max ? WRONG : a * 100 + b;
}

rc calendar_text_hours(struct cx *cx, str s, const char *item, str *ret)
{
        struct buf b = buf_open(cx->mem, KB(1));
        int at = -1, spans = 0;

        buf_char(&b, '{');
        for (s = str_trim(s); s.n > 0; spans++) {
                int from, to;

                from = pair(&s, ":", 24, 59, 0);
                skip(&s, "- 〜 ～ ~ –");
                to = from < 0 ? WRONG : pair(&s, ":", 24, 59, 0);
                skip(&s, ", 、 ，");
                if (from < 0 || to < 0 || spans == CALENDAR_TEXT_SPANS)
                        return fail(cx, RC_INVALID, item, "must be times of a day, such as 10:00-12:00, 13:00-18:00");
                from = from / 100 * 60 + from % 100;
                to = to / 100 * 60 + to % 100;
                if (from >= to || from < at || to > 1440)
                        return fail(cx, RC_INVALID, item, "must be times of a day, each later than the one before");
                at = to;
                buf_add(&b, spans > 0 ? S(",[") : S("["));
                buf_int(&b, from);
                buf_char(&b, ',');
                buf_int(&b, to);
                buf_char(&b, ')');
        }
        buf_char(&b, '}');
        if (spans == 0)
                return fail(cx, RC_INVALID, item, "must not be empty");
        *ret = buf_str(&b);
        return RC_OK;
}

static bool there(const str *days, size_t count, str day)
{
        for (size_t i = 0; i < count; i++)
                if (str_equal(days[i], day))
                        return true;
        return false;
}

static bool exists(int day)
{
        return day >= 0 && day / 100 >= 1 && day % 100 <= days_of[day / 100 - 1];
}

/* 1231 -> 101 */
static int next(int day)
{
        if (day % 100 < days_of[day / 100 - 1])
                return day + 1;
        return day / 100 == 12 ? 101 : (day / 100 + 1) * 100 + 1;
}

rc calendar_text_yearly(struct cx *cx, str s, const char *item, str *ret, size_t *ret_count)
{
        size_t count = 0;

        for (s = str_trim(s); s.n > 0;) {
                int from = pair(&s, "/ -", 12, 31, 1), to = from, day;

                while (s.n > 0 && s.p[0] == ' ')
                        s = (str){ s.p + 1, s.n - 1 };
                if (take(&s, "〜 ～ ~ –")) {
                        skip(&s, " ");
                        to = pair(&s, "/ -", 12, 31, 1);
                }
                skip(&s, ", 、 ，");
                if (!exists(from) || !exists(to))
                        return fail(cx, RC_INVALID, item, "must be days of a year, such as 12/28〜1/4, 8/13");
                for (day = from;; day = next(day)) {
                        str word = str_format(cx->mem, "%02d-%02d", day / 100, day % 100);

                        if (!there(ret, count, word))
                                ret[count++] = word;
                        if (day == to || count == CALENDAR_TEXT_DAYS)
                                break;
                }
        }
        *ret_count = count;
        return RC_OK;
}

static int day_of(str word)
{
        return pair(&word, "-", 12, 31, 1);
}

str calendar_text_yearly_write(struct cx *cx, const str *days, size_t count)
{
        struct buf b = buf_open(cx->mem, KB(8));

        for (size_t i = 0; i < count; i++) {
                size_t first = i;

                while (i + 1 < count && exists(day_of(days[i])) && next(day_of(days[i])) == day_of(days[i + 1]))
                        i++;
                if (b.n > 0)
                        buf_add(&b, cx->lang == LANG_JA ? S("、") : S(", "));
                buf_format(&b, "%d/%d", day_of(days[first]) / 100, day_of(days[first]) % 100);
                if (i > first)
                        buf_format(&b, "〜%d/%d", day_of(days[i]) / 100, day_of(days[i]) % 100);
        }
        return buf_str(&b);
}
