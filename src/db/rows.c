/* rows.c - reading the result of one statement: PostgreSQL's text forms become C values. */
#include "base/house.h"

#include "db/rows.h"

#include "base/clock.h"

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

str rows_text(const struct rows *rows, size_t row, size_t column)
{
        must(row < rows->count && column < rows->columns);
        if (PQgetisnull(rows->result, (int)row, (int)column))
                return STR_NONE;
        return (str){ PQgetvalue(rows->result, (int)row, (int)column), (size_t)PQgetlength(rows->result, (int)row, (int)column) };
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

/* Not within the years 1..9999 (infinity): 0. */
msec rows_time(const struct rows *rows, size_t row, size_t column)
{
        str text = rows_text(rows, row, column);
        msec at = 0;

        (void)(!str_absent(text) && clock_read(text, &at));
        return at;
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
