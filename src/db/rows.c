/* rows.c - reading the result of one statement: PostgreSQL's text forms become C values. */
#include "base/house.h"

#include "db/rows.h"

#include "base/buf.h"

struct rows {
        PGresult *result;
        size_t count;
        size_t columns;
};

static void clear(void *result)
{
        PQclear(result);
}

struct rows *rows_make(struct cx *cx, PGresult *result)
{
        struct rows *rows = NEW(cx->mem, struct rows);

        arena_defer(cx->mem, clear, result);
        *rows = (struct rows){ result, (size_t)PQntuples(result), (size_t)PQnfields(result) };
        return rows;
}

size_t rows_count(const struct rows *rows)
{
        return rows->count;
}

size_t rows_columns(const struct rows *rows)
{
        return rows->columns;
}

size_t rows_changed(const struct rows *rows)
{
        int64_t n = 0;

        (void)str_int(str_of(PQcmdTuples(rows->result)), &n);
        return (size_t)n;
}

const char *rows_name(const struct rows *rows, size_t column)
{
        must(column < rows->columns);
        return PQfname(rows->result, (int)column);
}

str rows_text(const struct rows *rows, size_t row, size_t column)
{
        must(row < rows->count && column < rows->columns);
        if (PQgetisnull(rows->result, (int)row, (int)column))
                return STR_NONE;
        return (str){ PQgetvalue(rows->result, (int)row, (int)column),
                      (size_t)PQgetlength(rows->result, (int)row, (int)column) };
}

bool rows_null(const struct rows *rows, size_t row, size_t column)
{
        return str_absent(rows_text(rows, row, column));
}

int64_t rows_int(const struct rows *rows, size_t row, size_t column)
{
        str text = rows_text(rows, row, column);
        int64_t i = 0;

        if (!str_absent(text))
                must(str_int(text, &i));
        return i;
}

bool rows_bool(const struct rows *rows, size_t row, size_t column)
{
        str text = rows_text(rows, row, column);

        return text.n == 1 && text.p[0] == 't';
}

/* Days since 1970-01-01 of a date of the Gregorian calendar (Howard Hinnant's days_from_civil, public domain). */
static int64_t days_of(int64_t year, unsigned month, unsigned day)
{
        int64_t y = year - (month <= 2), era = (y >= 0 ? y : y - 399) / 400;
        unsigned yoe = (unsigned)(y - era * 400), doy = (153 * (month + (month > 2 ? -3u : 9u)) + 2) / 5 + day - 1;

        return era * 146097 + (int64_t)(yoe * 365 + yoe / 4 - yoe / 100 + doy) - 719468;
}

/* Digits at *p, at most `most`; moves *p on. */
static int64_t number(const char **p, int most)
{
        int64_t n = 0;

        for (; most > 0 && **p >= '0' && **p <= '9'; most--)
                n = n * 10 + (*(*p)++ - '0');
        return n;
}

/* "2026-11-22 12:26:10.123456+09", "…+05:30"; years after 9999 and before 1 are not ours: infinity and BC count as 0. */
msec rows_time(const struct rows *rows, size_t row, size_t column)
{
        str text = rows_text(rows, row, column);
        const char *p = text.p;
        int64_t year, seconds, fraction = 0, zone;
        unsigned month, day;
        int sign;

        if (str_absent(text) || text.n < 20 || text.p[4] != '-')
                return 0;
        year = number(&p, 4);
        p++;
        month = (unsigned)number(&p, 2);
        p++;
        day = (unsigned)number(&p, 2);
        p++;
        seconds = number(&p, 2) * 3600;
        p++;
        seconds += number(&p, 2) * 60;
        p++;
        seconds += number(&p, 2);
        if (*p == '.') {
                const char *start = ++p;

                fraction = number(&p, 3);
                for (int64_t i = p - start; i < 3; i++)
                        fraction *= 10;
                (void)number(&p, 9);
        }
        sign = *p == '-' ? -1 : 1;
        if (*p == '+' || *p == '-')
                p++;
        zone = number(&p, 2) * 3600;
        if (*p == ':') {
                p++;
                zone += number(&p, 2) * 60;
        }
        return (days_of(year, month, day) * 86400 + seconds - sign * zone) * 1000 + fraction;
}

str rows_bytes(struct cx *cx, const struct rows *rows, size_t row, size_t column)
{
        str text = rows_text(rows, row, column);
        char *p;

        if (str_absent(text))
                return STR_NONE;
        must(text.n >= 2 && text.p[0] == '\\' && text.p[1] == 'x' && text.n % 2 == 0);
        p = arena_alloc(cx->mem, text.n / 2);
        for (size_t i = 2; i < text.n; i++) {
                char c = text.p[i];
                unsigned digit = (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);

                p[i / 2 - 1] = (char)((unsigned char)p[i / 2 - 1] << 4 | digit);
        }
        return (str){ p, text.n / 2 - 1 };
}
