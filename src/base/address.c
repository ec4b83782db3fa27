/* address.c - see address.h. */
#include "base/house.h"

#include "base/address.h"

#include "base/fail.h"

#include <arpa/inet.h>

enum { TEXT_MAX = 64, SIX_BYTES = 16, FOUR_BYTES = 4, MAPPED_BITS = 96 };

struct range {
        uint8_t bytes[SIX_BYTES];
        size_t size; /* 4 or 16 */
        int prefix;
};

static rc wrong(struct cx *cx, const char *item, str text)
{
        return fail(cx, RC_INVALID, item, "\"%.*s\" is not an address or a range such as 192.0.2.0/24 or 2001:db8::/32",
                    (int)(text.n > 100 ? 100 : text.n), text.p ? text.p : "");
}

/* Decimal without sign, spaces or leading zeros. */
static bool prefix_read(str s, int max, int *ret)
{
        int value = 0;

        if (s.n == 0 || s.n > 3 || (s.n > 1 && s.p[0] == '0'))
                return false;
        for (size_t i = 0; i < s.n; i++) {
                if (s.p[i] < '0' || s.p[i] > '9')
                        return false;
                value = value * 10 + (s.p[i] - '0');
        }
        *ret = value;
        return value <= max;
}

static bool mapped(const struct range *r)
{
        static const uint8_t head[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

        return r->size == SIX_BYTES && r->prefix >= MAPPED_BITS && memcmp(r->bytes, head, sizeof(head)) == 0;
}

static bool read_range(str text, struct range *ret)
{
        str prefix, address = str_cut(text, '/', &prefix);
        struct range r = { .size = 0 };
        char z[TEXT_MAX];

        if (address.n == 0 || address.n >= sizeof(z) || memchr(address.p, '\0', address.n) != NULL)
                return false;
        memcpy(z, address.p, address.n);
        z[address.n] = '\0';
        if (inet_pton(AF_INET, z, r.bytes) == 1)
                r.size = FOUR_BYTES;
        else if (inet_pton(AF_INET6, z, r.bytes) == 1)
                r.size = SIX_BYTES;
        else
                return false;
        r.prefix = (int)r.size * 8;
        if (prefix.p != NULL && !prefix_read(prefix, r.prefix, &r.prefix))
                return false;
        if (mapped(&r)) {
                memmove(r.bytes, r.bytes + 12, FOUR_BYTES);
                r.size = FOUR_BYTES;
                r.prefix -= MAPPED_BITS;
        }
        *ret = r;
        return true;
}

static str write_range(struct cx *cx, const struct range *r)
{
        char z[INET6_ADDRSTRLEN];

        must(inet_ntop(r->size == FOUR_BYTES ? AF_INET : AF_INET6, r->bytes, z, sizeof(z)) != NULL);
        return str_format(cx->mem, "%s/%d", z, r->prefix);
}

/* The beginning of the range the address lies in; false: it was that already. */
static bool begin(struct range *r)
{
        bool changed = false;

        for (size_t i = 0; i < r->size; i++) {
                int bits = r->prefix - (int)i * 8;
                uint8_t mask = (uint8_t)(bits >= 8 ? 0xff : bits <= 0 ? 0 : 0xff << (8 - bits));

                changed |= (r->bytes[i] & ~mask) != 0;
                r->bytes[i] &= mask;
        }
        return changed;
}

rc address_range(struct cx *cx, str text, const char *item, str *ret)
{
        struct range r, whole;
        str alone;

        if (!read_range(text, &r))
                return wrong(cx, item, text);
        if (r.prefix == 0)
                return fail(cx, RC_INVALID, item, "a range of everything keeps nobody out; switch the list off instead");
        whole = r;
        whole.prefix = (int)r.size * 8;
        alone = write_range(cx, &whole);
        if (begin(&r))
                return fail(cx, RC_INVALID, item, "\"%.*s\" is not the beginning of a range; write %.*s for the range or %.*s for the one address",
                            STR_ARG(text), STR_ARG(write_range(cx, &r)), STR_ARG(alone));
        *ret = write_range(cx, &r);
        return RC_OK;
}

static bool parts(char c)
{
        return c == ' ' || c == ',' || c == ';' || c == '\n' || c == '\r' || c == '\t';
}

rc address_list(struct cx *cx, str text, const char *item, str **ret, size_t *ret_count)
{
        str *list = NEW_ARRAY(cx->mem, str, ADDRESS_RANGES_MAX);
        size_t count = 0, at = 0;
        bool good = true;

        while (at < text.n) {
                size_t from;
                str one;
                bool known = false;

                while (at < text.n && parts(text.p[at]))
                        at++;
                from = at;
                while (at < text.n && !parts(text.p[at]))
                        at++;
                if (at == from)
                        break;
                if (address_range(cx, (str){ text.p + from, at - from }, item, &one) != RC_OK) {
                        good = false;
                        continue;
                }
                for (size_t i = 0; i < count && !known; i++)
                        known = str_equal(list[i], one);
                if (known)
                        continue;
                if (count == ADDRESS_RANGES_MAX)
                        return fail(cx, RC_INVALID, item, "at most %d ranges", ADDRESS_RANGES_MAX);
                list[count++] = one;
        }
        if (!good)
                return cx->failure.code;
        *ret = list;
        *ret_count = count;
        return RC_OK;
}
