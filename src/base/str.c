/* str.c - see str.h. */
#include "base/house.h"

#include "base/str.h"

#include "base/arena.h"

#include <stdio.h>

static char lower(char c)
{
        return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool str_starts(str s, str prefix)
{
        return s.n >= prefix.n && memcmp(s.p, prefix.p, prefix.n) == 0;
}

bool str_ends(str s, str suffix)
{
        return s.n >= suffix.n && memcmp(s.p + s.n - suffix.n, suffix.p, suffix.n) == 0;
}

bool str_equal_nocase(str a, str b)
{
        if (a.n != b.n)
                return false;
        for (size_t i = 0; i < a.n; i++)
                if (lower(a.p[i]) != lower(b.p[i]))
                        return false;
        return true;
}

int str_compare(str a, str b)
{
        size_t n = a.n < b.n ? a.n : b.n;
        int order = n ? memcmp(a.p, b.p, n) : 0;

        return order ? order : (a.n > b.n) - (a.n < b.n);
}

static bool blank(char c)
{
        return c == ' ' || (c >= '\t' && c <= '\r');
}

str str_trim(str s)
{
        while (s.n > 0 && blank(s.p[0])) {
                s.p++;
                s.n--;
        }
        while (s.n > 0 && blank(s.p[s.n - 1]))
                s.n--;
        return s;
}

str str_cut(str s, char by, str *rest)
{
        const char *at = s.n ? memchr(s.p, by, s.n) : NULL;

        if (at == NULL) {
                *rest = STR_NONE;
                return s;
        }
        *rest = (str){ at + 1, s.n - (size_t)(at + 1 - s.p) };
        return (str){ s.p, (size_t)(at - s.p) };
}

bool str_int(str s, int64_t *ret)
{
        bool negative = s.n > 0 && s.p[0] == '-';
        size_t i = s.n > 0 && (s.p[0] == '-' || s.p[0] == '+');
        int64_t value = 0;

        if (i == s.n)
                return false;
        for (; i < s.n; i++) {
                int digit = s.p[i] - '0';

                if (digit < 0 || digit > 9)
                        return false;
                if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, negative ? -digit : digit, &value))
                        return false;
        }
        *ret = value;
        return true;
}

char *str_z(struct arena *mem, str s)
{
        char *z = arena_alloc(mem, s.n + 1);

        if (s.n > 0)
                memcpy(z, s.p, s.n);
        return z;
}

str str_copy(struct arena *mem, str s)
{
        return str_absent(s) ? STR_NONE : (str){ str_z(mem, s), s.n };
}

str str_vformat(struct arena *mem, const char *format, va_list args)
{
        va_list again;
        int n;
        char *p;

        va_copy(again, args);
        n = vsnprintf(NULL, 0, format, args);
        must(n >= 0);
        p = arena_alloc(mem, (size_t)n + 1);
        (void)vsnprintf(p, (size_t)n + 1, format, again);
        va_end(again);
        return (str){ p, (size_t)n };
}

str str_format(struct arena *mem, const char *format, ...)
{
        va_list args;
        str s;

        va_start(args, format);
        s = str_vformat(mem, format, args);
        va_end(args);
        return s;
}
