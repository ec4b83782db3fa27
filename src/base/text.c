/* text.c - see text.h. */
#include "base/house.h"

#include "base/text.h"

#include "base/fail.h"
#include "base/utf8.h"

size_t text_control(str s, bool lines)
{
        const unsigned char *p = (const unsigned char *)s.p;

        for (size_t i = 0; i < s.n; i++) {
                if (p[i] >= 0x20 && p[i] != 0x7f && p[i] != 0xc2)
                        continue;
                if (p[i] == 0xc2 && !(i + 1 < s.n && p[i + 1] < 0xa0))
                        continue;
                if (lines && (p[i] == '\n' || p[i] == '\r' || p[i] == '\t'))
                        continue;
                return i;
        }
        return s.n;
}

rc text_check(struct cx *cx, str s, const char *item, size_t chars_max, bool lines)
{
        size_t at;

        if (!utf8_valid(s))
                return fail(cx, RC_INVALID, item, "must be valid UTF-8");
        at = text_control(s, lines);
        if (at < s.n)
                return fail(cx, RC_INVALID, item, "must not hold the control character U+%04X", utf8_decode(s, &at));
        if (s.n > chars_max && utf8_length(s) > chars_max)
                return fail(cx, RC_INVALID, item, "must be at most %zu characters long", chars_max);
        return RC_OK;
}
