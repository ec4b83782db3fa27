/* str.h - text as pointer + length, passed by value. Not owned; lives as long as its arena (or for ever, for literals).
 * A str read from outside has been checked at the door (text_check in text.h): valid UTF-8, no NUL, no control characters. */
#ifndef DAICHO_BASE_STR_H
#define DAICHO_BASE_STR_H

#include "base/house.h"

typedef struct {
        const char *p; /* NULL means "absent" (SQL null); an empty text has p != NULL and n == 0 */
        size_t n;      /* bytes */
} str;

struct arena;

#define S(literal) ((str){ ("" literal ""), sizeof(literal) - 1 })
#define STR_NONE   ((str){ NULL, 0 })
#define STR_ARG(s) (int)(s).n, (s).p ? (s).p : "" /* for "%.*s" */

static inline str str_of(const char *z)
{
        return z ? (str){ z, strlen(z) } : STR_NONE;
}
static inline bool str_absent(str s)
{
        return s.p == NULL;
}
static inline bool str_empty(str s)
{
        return s.n == 0;
}
static inline bool str_equal(str a, str b)
{
        return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}
static inline bool str_is(str a, const char *z)
{
        return str_equal(a, str_of(z));
}

bool str_starts(str s, str prefix);
bool str_ends(str s, str suffix);
bool str_equal_nocase(str a, str b); /* ASCII letters only */
int str_compare(str a, str b);       /* bytes, as memcmp; shorter first */
str str_trim(str s);                 /* ASCII white space off both ends */
/* Cut at the first `by`: returns what stands before it, leaves the rest in *rest (absent when `by` was not there). */
str str_cut(str s, char by, str *rest);
/* Whole text as a decimal integer, optional sign; false when anything else is there or it does not fit. */
bool str_int(str s, int64_t *ret);

/* Copies in the arena; both are NUL-terminated one byte after n. */
str str_copy(struct arena *mem, str s);
char *str_z(struct arena *mem, str s);
str str_format(struct arena *mem, const char *format, ...) PRINTF(2, 3);
str str_vformat(struct arena *mem, const char *format, va_list args) PRINTF(2, 0);

#endif
