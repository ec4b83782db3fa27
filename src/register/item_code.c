/* item_code.c - see item_code.h. */
#include "base/house.h"

#include "register/item_code.h"

#include "base/utf8.h"
#include "register/item_text.h"

static bool local_char(char c)
{
        return item_text_alnum((unsigned char)c) || (c != 0 && strchr(".!#$%&'*+/=?^_`{|}~-", c) != NULL);
}

/* RFC 1123 host name of at least two labels, the last not a number. */
static bool domain_valid(str s)
{
        size_t labels = 0;
        bool digits = true;

        if (s.n == 0 || s.n > 253)
                return false;
        for (size_t i = 0, start = 0; i <= s.n; i++) {
                if (i < s.n && s.p[i] != '.') {
                        if (!item_text_alnum((unsigned char)s.p[i]) && s.p[i] != '-')
                                return false;
                        continue;
                }
                if (i == start || i - start > 63 || s.p[start] == '-' || s.p[i - 1] == '-')
                        return false;
                digits = true;
                for (size_t j = start; j < i; j++)
                        digits = digits && s.p[j] >= '0' && s.p[j] <= '9';
                labels++;
                start = i + 1;
        }
        return labels >= 2 && !digits;
}

/* RFC 5321 in practice: dots may stand anywhere in the local part, as Japanese carriers gave out such addresses until
 * 2009. The quotes that other systems put around those are taken off. */
enum item_reason item_code_email(struct arena *mem, const struct item *item, str s, str *ret)
{
        str local, domain;
        const char *at;
        bool upper = false;

        if (!item_text_ascii(s)) {
                s = item_text_width(mem, s, ITEM_TEXT_NARROW);
                if (!item_text_ascii(s))
                        return ITEM_NOT_EMAIL;
        }
        at = memrchr(s.p, '@', s.n);
        if (at == NULL)
                return ITEM_NOT_EMAIL;
        local = (str){ s.p, (size_t)(at - s.p) };
        domain = (str){ at + 1, s.n - local.n - 1 };
        if (local.n > 2 && local.p[0] == '"' && local.p[local.n - 1] == '"') {
                local = (str){ local.p + 1, local.n - 2 };
                upper = true;
        }
        if (local.n == 0 || local.n > 64 || s.n > 254 || !domain_valid(domain))
                return ITEM_NOT_EMAIL;
        for (size_t i = 0; i < local.n; i++)
                if (!local_char(local.p[i]))
                        return ITEM_NOT_EMAIL;
        for (size_t i = 0; i < domain.n; i++)
                upper = upper || (domain.p[i] >= 'A' && domain.p[i] <= 'Z');
        if (upper) {
                char *p = arena_alloc(mem, local.n + domain.n + 2);

                memcpy(p, local.p, local.n);
                p[local.n] = '@';
                for (size_t i = 0; i < domain.n; i++)
                        p[local.n + 1 + i] = domain.p[i] >= 'A' && domain.p[i] <= 'Z' ? (char)(domain.p[i] | 0x20) : domain.p[i];
                s = (str){ p, local.n + 1 + domain.n };
        }
        *ret = s;
        return ITEM_FINE;
}

/* Digits of a code in groups, as written. */
struct groups {
        char digits[20];
        size_t count;    /* digits */
        size_t ends[20]; /* where groups end */
        size_t group_count;
        bool plus;
};

/* false: something else than digits and separators, or too many. */
static bool groups_read(str s, struct groups *g)
{
        bool open = false;

        *g = (struct groups){ 0 };
        for (size_t at = 0; at < s.n;) {
                uint32_t c = utf8_decode(s, &at);

                if (c >= '0' && c <= '9') {
                        if (g->count == COUNT(g->digits))
                                return false;
                        g->digits[g->count++] = (char)c;
                        open = true;
                } else if (c == '+' && g->count == 0 && !g->plus) {
                        g->plus = true;
                } else if (item_text_hyphen(c) || c == ITEM_TEXT_LONG_MARK || c == '(' || c == ')' || c == ' ' || c == '.') {
                        if (open)
                                g->ends[g->group_count++] = g->count;
                        open = false;
                } else {
                        return false;
                }
        }
        if (open)
                g->ends[g->group_count++] = g->count;
        return g->count > 0;
}

/* Is `s` digits with hyphens at exactly these group lengths? */
bool item_code_shaped(str s, size_t a, size_t b, size_t c)
{
        if (s.n != a + b + (c ? c + 2 : 1))
                return false;
        for (size_t i = 0; i < s.n; i++) {
                bool mark = i == a || (c && i == a + 1 + b);

                if (mark ? s.p[i] != '-' : s.p[i] < '0' || s.p[i] > '9')
                        return false;
        }
        return true;
}

static str grouped(struct arena *mem, const struct groups *g, const size_t *ends, size_t count)
{
        char *p = arena_alloc(mem, g->count + count + 2);
        size_t n = 0, at = 0;

        if (g->plus)
                p[n++] = '+';
        for (size_t i = 0; i < count; i++) {
                if (i > 0)
                        p[n++] = '-';
                while (at < ends[i])
                        p[n++] = g->digits[at++];
        }
        return (str){ p, n };
}

/* How a Japanese number is grouped, where its first digits alone tell (the Ministry's numbering plan); others keep the
 * writer's groups. */
static const struct {
        const char *prefix;
        size_t digits;
        size_t ends[3];
        /* clang-format off */
} plan[] = {
        { "0120", 10, { 4, 7, 10 } }, { "0170", 10, { 4, 7, 10 } }, { "0180", 10, { 4, 7, 10 } }, { "0570", 10, { 4, 7, 10 } },
        { "0990", 10, { 4, 7, 10 } }, { "0800", 11, { 4, 7, 11 } }, { "020", 11, { 3, 7, 11 } },  { "050", 11, { 3, 7, 11 } },
        { "060", 11, { 3, 7, 11 } },  { "070", 11, { 3, 7, 11 } },  { "080", 11, { 3, 7, 11 } },  { "090", 11, { 3, 7, 11 } },
        { "03", 10, { 2, 6, 10 } },   { "06", 10, { 2, 6, 10 } },
};
/* clang-format on */

/* +81 90… and Excel's 90… (the zero eaten) become 090…. */
static void domestic(struct groups *g)
{
        size_t cut = 0, zero = 0;

        if (g->plus && g->count > 9 && memcmp(g->digits, "81", 2) == 0) {
                cut = 2;
                zero = g->digits[2] != '0';
        } else if (!g->plus && g->group_count == 1 && g->count == 10 && g->digits[0] >= '7' && g->digits[1] == '0') {
                zero = 1;
        } else {
                return;
        }
        g->plus = false;
        memmove(g->digits + zero, g->digits + cut, g->count - cut);
        if (zero)
                g->digits[0] = '0';
        g->count = g->count - cut + zero;
        for (size_t i = 0; i < g->group_count; i++)
                g->ends[i] = g->ends[i] - cut + zero;
        while (g->group_count > 0 && g->ends[0] <= zero) { /* the country code, or "(0)", was a group of its own */
                memmove(g->ends, g->ends + 1, --g->group_count * sizeof(g->ends[0]));
        }
}

enum item_reason item_code_telephone(struct arena *mem, const struct item *item, str s, str *ret)
{
        struct groups g;
        bool wrong = false;

        *ret = s;
        if (item_code_shaped(s, 3, 4, 4) && s.p[0] == '0' && s.p[2] == '0' && s.p[1] >= '5')
                return ITEM_FINE;
        if (!groups_read(item_text_width(mem, s, ITEM_TEXT_NARROW), &g))
                return ITEM_NOT_TELEPHONE;
        domestic(&g);
        if (g.plus) {
                if (g.count < 8 || g.count > 15)
                        return ITEM_NOT_TELEPHONE;
                *ret = grouped(mem, &g, g.ends, g.group_count);
                return ITEM_FINE;
        }
        if (g.digits[0] != '0' || g.count < 10 || g.count > 11)
                return ITEM_NOT_TELEPHONE;
        for (size_t i = 0; i < COUNT(plan); i++)
                if (memcmp(g.digits, plan[i].prefix, strlen(plan[i].prefix)) == 0) {
                        if (g.count != plan[i].digits) {
                                wrong = true; /* unless a shorter prefix fits: 06-0xxx-xxxx is not mobile 060 */
                                continue;
                        }
                        *ret = grouped(mem, &g, plan[i].ends, 3);
                        return ITEM_FINE;
                }
        if (wrong || g.count == 11)
                return ITEM_NOT_TELEPHONE;
        if (g.group_count == 3 && g.ends[0] >= 2 && g.ends[0] <= 5 && g.ends[1] == 6)
                *ret = grouped(mem, &g, g.ends, 3);
        else
                *ret = grouped(mem, &g, &g.count, 1);
        return ITEM_FINE;
}

/* RFC 3986 allows less; what browsers take and people copy goes, what would end an attribute or a line does not. */
static bool url_char(char c)
{
        return (unsigned char)c > ' ' && c != 0x7f && strchr("\"<>\\^`{|}", c) == NULL;
}

/* "host" or "host:443"; nobody's name and password before it. */
static bool authority_valid(str s)
{
        size_t host = 0;
        int64_t port = 1;

        while (host < s.n && s.p[host] != ':')
                host++;
        return domain_valid((str){ s.p, host }) &&
               (host == s.n || (str_int((str){ s.p + host + 1, s.n - host - 1 }, &port) && s.n - host <= 6 && port > 0 && port <= 65535));
}

/* The first n bytes in small letters; s itself where they are. */
static str lower_head(struct arena *mem, str s, size_t n)
{
        char *p = NULL;

        for (size_t i = 0; i < n; i++)
                if (s.p[i] >= 'A' && s.p[i] <= 'Z') {
                        if (p == NULL)
                                p = str_z(mem, s);
                        p[i] = (char)(s.p[i] | 0x20);
                }
        return p == NULL ? s : (str){ p, s.n };
}

enum item_reason item_code_url(struct arena *mem, const struct item *item, str s, str *ret)
{
        enum { URL_BYTES_MAX = 2000 }; /* an index entry has room for some 2700 */
        size_t scheme, end;

        s = item_text_ascii(s) ? s : item_text_width(mem, s, ITEM_TEXT_NARROW);
        if (memmem(s.p, s.n < 12 ? s.n : 12, "://", 3) == NULL)
                s = str_format(mem, "https://%.*s", STR_ARG(s));
        scheme = (size_t)((char *)memmem(s.p, s.n, "://", 3) - s.p) + 3;
        for (end = scheme; end < s.n && strchr("/?#", s.p[end]) == NULL;)
                end++;
        s = lower_head(mem, s, end);
        if (s.n > URL_BYTES_MAX || (!str_starts(s, S("http://")) && !str_starts(s, S("https://"))) ||
            !authority_valid((str){ s.p + scheme, end - scheme }))
                return ITEM_NOT_URL;
        for (size_t i = end; i < s.n; i++)
                if (!url_char(s.p[i]))
                        return ITEM_NOT_URL;
        *ret = s;
        return ITEM_FINE;
}

enum item_reason item_code_postal(struct arena *mem, const struct item *item, str s, str *ret)
{
        static const size_t ends[] = { 3, 7 };
        struct groups g;

        *ret = s;
        if (item_code_shaped(s, 3, 4, 0))
                return ITEM_FINE;
        s = item_text_width(mem, s, ITEM_TEXT_NARROW);
        if (str_starts(s, S("〒")) || str_starts(s, S("〶"))) {
                s.p += 3;
                s.n -= 3;
        }
        if (!groups_read(s, &g) || g.count != 7 || g.plus || g.group_count > 2 || (g.group_count == 2 && g.ends[0] != 3))
                return ITEM_NOT_POSTAL_CODE;
        *ret = grouped(mem, &g, ends, 2);
        return ITEM_FINE;
}
