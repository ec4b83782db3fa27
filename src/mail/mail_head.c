/* mail_head.c - see mail_head.h. */
#include "base/house.h"

#include "mail/mail_head.h"

#include "base/fail.h"
#include "base/text.h"
#include "base/utf8.h"

/* clang-format off */
static const struct {
        uint32_t from, to;
} odd[] = {
        { 0x0000, 0x001f }, { 0x007f, 0x009f }, /* control characters */
        { 0x061c, 0x061c }, { 0x200e, 0x200f }, { 0x202a, 0x202e }, { 0x2066, 0x2069 }, /* turn the line around */
        { 0x2028, 0x2029 }, /* end it */
        { 0x200b, 0x200b }, { 0x2060, 0x2065 }, { 0xfeff, 0xfeff }, { 0xfff9, 0xfffb }, /* are not seen */
};
/* clang-format on */

size_t mail_head_odd(str line)
{
        size_t at = 0;

        while (at < line.n) {
                size_t here = at;
                uint32_t c = utf8_decode(line, &at);

                for (size_t i = 0; i < COUNT(odd); i++)
                        if (c >= odd[i].from && c <= odd[i].to)
                                return here;
        }
        return line.n;
}

str mail_head_trim(str line)
{
        static const str blanks[] = { S("\xe3\x80\x80"), S("\xc2\xa0") };
        size_t before;

        do {
                before = line.n;
                line = str_trim(line);
                for (size_t i = 0; i < COUNT(blanks); i++) {
                        if (str_starts(line, blanks[i]))
                                line = (str){ line.p + blanks[i].n, line.n - blanks[i].n };
                        if (str_ends(line, blanks[i]))
                                line.n -= blanks[i].n;
                }
        } while (line.n < before);
        return line;
}

rc mail_head_check(struct cx *cx, str line, const char *item, size_t chars_max)
{
        size_t at;

        TRY(text_check(cx, line, item, chars_max, true));
        if (memmem(line.p, line.n, "=?", 2) != NULL)
                return fail(cx, RC_INVALID, item, "must not hold \"=?\", by which mail programs know a text that is encoded");
        at = mail_head_odd(line);
        if (at == line.n)
                return RC_OK;
        if (line.p[at] == '\n' || line.p[at] == '\r')
                return fail(cx, RC_INVALID, item, "must be one line; a line break would begin another header of the mail");
        return fail(cx, RC_INVALID, item, "must not hold U+%04X, a character that is not seen", utf8_decode(line, &at));
}
