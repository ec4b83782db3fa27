/* urlencoded.c - see urlencoded.h. */
#include "base/house.h"

#include "http/urlencoded.h"

#include "base/fail.h"
#include "base/text.h"
#include "base/utf8.h"

static int hex_digit(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        c |= 0x20;
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Is there anything to decode? Most components are plain. */
static bool plain(str raw, bool plus)
{
        for (size_t i = 0; i < raw.n; i++)
                if (raw.p[i] == '%' || (plus && raw.p[i] == '+') || (raw.p[i] & 0x80) || raw.p[i] < 0x20 || raw.p[i] == 0x7f)
                        return false;
        return true;
}

rc urlencoded_decode(struct cx *cx, str raw, bool plus, const char *item, bool lines, str *ret)
{
        char *to;
        size_t n = 0;

        if (plain(raw, plus)) {
                *ret = (str){ str_z(cx->mem, raw), raw.n };
                return RC_OK;
        }
        to = arena_alloc(cx->mem, raw.n + 1);
        for (size_t i = 0; i < raw.n; i++) {
                char c = raw.p[i];

                if (c == '%') {
                        int high = i + 2 < raw.n ? hex_digit(raw.p[i + 1]) : -1;
                        int low = i + 2 < raw.n ? hex_digit(raw.p[i + 2]) : -1;

                        if (high < 0 || low < 0)
                                return fail(cx, RC_MALFORMED, item, "the address or form holds a broken %%-sequence");
                        c = (char)(high << 4 | low);
                        i += 2;
                } else if (c == '+' && plus) {
                        c = ' ';
                }
                to[n++] = c;
        }
        if (!utf8_valid((str){ to, n }))
                return fail(cx, RC_MALFORMED, item, "the address or form is not valid UTF-8");
        if (!lines && text_control((str){ to, n }, false) != n)
                return fail(cx, RC_MALFORMED, item, "an address must not hold control characters");
        TRY(text_check(cx, (str){ to, n }, item, n, lines));
        *ret = (str){ to, n };
        return RC_OK;
}

rc urlencoded_read(struct cx *cx, str raw, bool lines, struct http_pair **ret, size_t *ret_count)
{
        struct http_pair *pairs;
        size_t room = 1, count = 0;

        for (size_t i = 0; i < raw.n; i++)
                room += raw.p[i] == '&';
        if (room > URLENCODED_PAIRS_MAX)
                return fail(cx, RC_TOO_LARGE, NULL, "a form may have at most %d fields", URLENCODED_PAIRS_MAX);
        pairs = NEW_ARRAY(cx->mem, struct http_pair, room);
        while (!str_absent(raw)) {
                str value;
                str pair = str_cut(raw, '&', &raw);
                str name = str_cut(pair, '=', &value);

                if (pair.n == 0)
                        continue;
                if (str_absent(value))
                        value = S("");
                TRY(urlencoded_decode(cx, name, true, NULL, false, &pairs[count].name));
                TRY(urlencoded_decode(cx, value, true, pairs[count].name.p, lines, &pairs[count].value));
                count++;
        }
        *ret = pairs;
        *ret_count = count;
        return RC_OK;
}
