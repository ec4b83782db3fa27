/* format.c - see format.h. */
#include "base/house.h"

#include "page/format.h"

enum { ARGUMENTS_MAX = 9 };

/* Conversions of a printf format by the argument they take: kinds[0] for the first… "%*d" and the like take two. Returns their number, -1: not readable. */
static int conversions(const char *f, char kinds[ARGUMENTS_MAX][6])
{
        int next = 0, count = 0;

        for (; *f != '\0'; f++) {
                size_t n = 0;
                int at;

                if (*f != '%' || *++f == '%')
                        continue;
                at = f[0] >= '1' && f[0] <= '9' && f[1] == '$' ? f[0] - '1' : -1;
                if (at >= 0)
                        f += 2;
                while (*f != '\0' && strchr("-+ #0123456789.*", *f) != NULL)
                        if (*f++ == '*')
                                next++;
                if (at < 0)
                        at = next++;
                if (at >= ARGUMENTS_MAX)
                        return -1;
                while (*f != '\0' && strchr("hlzjt", *f) != NULL && n < 4)
                        kinds[at][n++] = *f++;
                if (*f == '\0' || strchr("diucsxXfg", *f) == NULL)
                        return -1;
                kinds[at][n++] = *f;
                kinds[at][n] = '\0';
                count++;
        }
        return count;
}

bool format_agrees(const char *english, const char *translation)
{
        char a[ARGUMENTS_MAX][6] = { { 0 } }, b[ARGUMENTS_MAX][6] = { { 0 } };
        int count = conversions(english, a);

        return count >= 0 && conversions(translation, b) == count && memcmp(a, b, sizeof(a)) == 0;
}
