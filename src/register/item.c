/* item.c - see item.h. The table of types stands at the end of "Reading"; how to add a type: a line there, a name in
 * item_type_name, a sentence in `reasons`, a line in define.c when its column needs more than a type.
 *
 * Not NFKC: full normalization would turn 神 into 神 and ㈱ into (株), and with that misspell people's names. Only
 * width is repaired: half-width kana, full-width letters and digits, kana typed as two characters. */
#include "base/house.h"

#include "register/item.h"

#include "base/clock.h"
#include "base/fail.h"
#include "base/text.h"
#include "base/utf8.h"

enum { VOICED = 0x3099, HALF_VOICED = 0x309a, WIDE_SPACE = 0x3000, LONG_MARK = 0x30fc };

/* Characters
 * ------------------------------------------------------------------------------------------------------------------------
 */

/* U+FF61..U+FF9D in full width, as offsets from U+3000. */
/* clang-format off */
static const uint8_t half_kana[] = {
        0x02, 0x0c, 0x0d, 0x01, 0xfb, 0xf2, 0xa1, 0xa3, 0xa5, 0xa7, 0xa9, 0xe3, 0xe5, 0xe7, 0xc3, 0xfc, 0xa2, 0xa4, 0xa6, 0xa8, 0xaa,
        0xab, 0xad, 0xaf, 0xb1, 0xb3, 0xb5, 0xb7, 0xb9, 0xbb, 0xbd, 0xbf, 0xc1, 0xc4, 0xc6, 0xc8, 0xca, 0xcb, 0xcc, 0xcd, 0xce, 0xcf,
        0xd2, 0xd5, 0xd8, 0xdb, 0xde, 0xdf, 0xe0, 0xe1, 0xe2, 0xe4, 0xe6, 0xe8, 0xe9, 0xea, 0xeb, 0xec, 0xed, 0xef, 0xf3,
};
/* clang-format on */

/* The kana that `base` and a voicing mark make together; 0: they make none. */
static uint32_t kana_voiced(uint32_t base, uint32_t mark)
{
        uint32_t shift = base >= 0x3041 && base <= 0x3096 ? 0x60 : 0;
        uint32_t k = base + shift;
        bool h = k >= 0x30cf && k <= 0x30db && (k - 0x30cf) % 3 == 0;

        if (mark == HALF_VOICED)
                return h ? base + 2 : 0;
        if (h || (k >= 0x30ab && k <= 0x30c1 && k % 2 == 1) || k == 0x30c4 || k == 0x30c6 || k == 0x30c8)
                return base + 1;
        if (k == 0x30a6)
                return 0x30f4 - shift;
        if (k == 0x30ef || k == 0x30f2)
                return shift ? 0 : k + 8;
        return 0;
}

static bool alnum(uint32_t c)
{
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool hyphen(uint32_t c)
{
        return c == '-' || (c >= 0x2010 && c <= 0x2015) || c == 0x2212 || c == 0xfe63 || c == 0xff0d;
}

static bool space(uint32_t c)
{
        return c == ' ' || (c >= 9 && c <= 13) || c == 0xa0 || c == WIDE_SPACE || c == 0x200b || c == 0xfeff;
}

/* Bytes of white space at the start of s. */
static size_t space_before(str s)
{
        size_t at = 0;

        while (at < s.n) {
                size_t next = at;

                if ((unsigned char)s.p[at] > ' ' && (unsigned char)s.p[at] < 0x80)
                        break;
                if (!space(utf8_decode(s, &next)))
                        break;
                at = next;
        }
        return at;
}

static str trim(str s)
{
        size_t cut = space_before(s);

        s.p += cut;
        s.n -= cut;
        while (s.n > 0) {
                size_t at = s.n - 1, next;

                if ((unsigned char)s.p[at] > ' ' && (unsigned char)s.p[at] < 0x80)
                        break;
                while (at > 0 && ((unsigned char)s.p[at] & 0xc0) == 0x80)
                        at--;
                next = at;
                if (!space(utf8_decode(s, &next)))
                        break;
                s.n = at;
        }
        return s;
}

static bool ascii(str s)
{
        unsigned char all = 0;

        for (size_t i = 0; i < s.n; i++)
                all |= (unsigned char)s.p[i];
        return all < 0x80;
}

static bool control(str s)
{
        return text_control(s, true) < s.n;
}

/* A text being rewritten: of valid UTF-8 never longer than the original, or thrice that where a hyphen becomes a long
 * mark. */
struct draft {
        char *p;
        size_t n;
        size_t room;
};

static struct draft draft_open(struct arena *mem, size_t room)
{
        return (struct draft){ arena_alloc(mem, room + UTF8_MAX), 0, room };
}

static void put(struct draft *d, uint32_t c)
{
        must(d->n <= d->room);
        if (c < 0x80)
                d->p[d->n++] = (char)c;
        else
                d->n += utf8_encode(c, d->p + d->n);
}

/* Does the text hold anything width() would change? Looks at bytes: U+FF00..U+FFEF is EF BC..BF; combining marks E3 82
 * 99/9A; CR. */
static bool width_needed(str s, bool all)
{
        const unsigned char *p = (const unsigned char *)s.p;

        for (size_t i = 0; i < s.n; i++) {
                if (p[i] < 0x80) {
                        if (p[i] < ' ')
                                return true;
                        continue;
                }
                if ((p[i] == 0xef && i + 1 < s.n && p[i + 1] >= 0xbc) ||
                    (p[i] == 0xe3 && i + 2 < s.n &&
                     ((p[i + 1] == 0x82 && (p[i + 2] == 0x99 || p[i + 2] == 0x9a)) || (all && p[i + 1] == 0x80 && p[i + 2] == 0x80))))
                        return true;
        }
        return false;
}

enum width {
        WIDTH_TEXT,  /* running text: letters and digits become narrow, punctuation stays as written; one line */
        WIDTH_LINES, /* the same, line breaks kept as LF */
        WIDTH_ALL,   /* codes and words: everything that has a narrow form */
};

static str width(struct arena *mem, str s, enum width how)
{
        struct draft d;
        uint32_t before = 0;

        if (!width_needed(s, how == WIDTH_ALL))
                return s;
        d = draft_open(mem, s.n);
        for (size_t at = 0; at < s.n;) {
                uint32_t c = utf8_decode(s, &at);

                if (c >= 0xff61 && c <= 0xff9d) {
                        c = 0x3000u + half_kana[c - 0xff61];
                } else if (c == 0xff9e || c == 0xff9f || c == VOICED || c == HALF_VOICED) {
                        uint32_t whole = kana_voiced(before, c == 0xff9e || c == VOICED ? VOICED : HALF_VOICED);

                        if (whole != 0) {
                                d.n -= 3;
                                c = whole;
                        } else if (c >= 0xff9e) {
                                c = c == 0xff9e ? 0x309b : 0x309c;
                        }
                } else if (c >= 0xff01 && c <= 0xff5e) {
                        uint32_t narrow = c - 0xfee0;

                        if (how == WIDTH_ALL || alnum(narrow) || (narrow == '-' && alnum(before)))
                                c = narrow;
                } else if (c == WIDE_SPACE && how == WIDTH_ALL) {
                        c = ' ';
                } else if (c == '\r' || c == '\n' || (c == '\t' && how != WIDTH_LINES)) {
                        if (c == '\r' && at < s.n && s.p[at] == '\n')
                                at++;
                        c = how == WIDTH_LINES ? '\n' : ' ';
                }
                put(&d, c);
                before = c;
        }
        return (str){ d.p, d.n };
}

/* Reading: one function a type. s: trimmed, not empty, without control characters.
 * ----------------------------------------------------- */

typedef enum item_reason (*reader)(struct arena *mem, const struct item *item, str s, str *ret);

static enum item_reason length_check(const struct item *item, str s)
{
        int64_t n;

        if (item->min <= 1 && (int64_t)s.n <= item->max)
                return ITEM_FINE;
        n = (int64_t)utf8_length(s);
        return n < item->min ? ITEM_SHORT : n > item->max ? ITEM_LONG : ITEM_FINE;
}

static enum item_reason read_text(struct arena *mem, const struct item *item, str s, str *ret)
{
        *ret = width(mem, s, item->lines ? WIDTH_LINES : WIDTH_TEXT);
        return length_check(item, *ret);
}

/* Only ァ..ヾ, nothing to rewrite. */
static bool kana_only(str s)
{
        const unsigned char *p = (const unsigned char *)s.p;

        for (size_t i = 0; i < s.n; i += 3)
                if (p[i] != 0xe3 || i + 2 >= s.n || !((p[i + 1] == 0x82 && p[i + 2] >= 0xa1) || (p[i + 1] == 0x83 && p[i + 2] <= 0xbe)))
                        return false;
        return true;
}

static enum item_reason read_kana(struct arena *mem, const struct item *item, str s, str *ret)
{
        struct draft d;

        if (!kana_only(s)) {
                s = width(mem, s, WIDTH_ALL);
                /* a hyphen of one byte may become a long mark of three */
                d = draft_open(mem, s.n * 3);
                for (size_t at = 0; at < s.n;) {
                        uint32_t c = utf8_decode(s, &at);

                        if (space(c))
                                c = ' ';
                        else if (hyphen(c) && d.n > 0 && d.p[d.n - 1] != ' ')
                                c = LONG_MARK;
                        else if ((c >= 0x3041 && c <= 0x3096) || c == 0x309d || c == 0x309e)
                                c += 0x60;
                        else if (!(c >= 0x30a1 && c <= 0x30fe))
                                return ITEM_NOT_KANA;
                        if (c != ' ' || (d.n > 0 && d.p[d.n - 1] != ' '))
                                put(&d, c);
                }
                s = (str){ d.p, d.n };
        }
        *ret = s;
        return length_check(item, s);
}

static bool local_char(char c)
{
        return alnum((unsigned char)c) || (c != 0 && strchr(".!#$%&'*+/=?^_`{|}~-", c) != NULL);
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
                        if (!alnum((unsigned char)s.p[i]) && s.p[i] != '-')
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
static enum item_reason read_email(struct arena *mem, const struct item *item, str s, str *ret)
{
        str local, domain;
        const char *at;
        bool upper = false;

        if (!ascii(s)) {
                s = width(mem, s, WIDTH_ALL);
                if (!ascii(s))
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
                } else if (hyphen(c) || c == LONG_MARK || c == '(' || c == ')' || c == ' ' || c == '.') {
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
static bool shaped(str s, size_t a, size_t b, size_t c)
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

static enum item_reason read_telephone(struct arena *mem, const struct item *item, str s, str *ret)
{
        struct groups g;
        bool wrong = false;

        *ret = s;
        if (shaped(s, 3, 4, 4) && s.p[0] == '0' && s.p[2] == '0' && s.p[1] >= '5')
                return ITEM_FINE;
        if (!groups_read(width(mem, s, WIDTH_ALL), &g))
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

static enum item_reason read_postal_code(struct arena *mem, const struct item *item, str s, str *ret)
{
        static const size_t ends[] = { 3, 7 };
        struct groups g;

        *ret = s;
        if (shaped(s, 3, 4, 0))
                return ITEM_FINE;
        s = width(mem, s, WIDTH_ALL);
        if (str_starts(s, S("〒")) || str_starts(s, S("〶"))) {
                s.p += 3;
                s.n -= 3;
        }
        if (!groups_read(s, &g) || g.count != 7 || g.plus || g.group_count > 2 || (g.group_count == 2 && g.ends[0] != 3))
                return ITEM_NOT_POSTAL_CODE;
        *ret = grouped(mem, &g, ends, 2);
        return ITEM_FINE;
}

/* Is s an integer exactly as PostgreSQL writes it? */
static bool integer_plain(str s, int64_t *ret)
{
        size_t i = s.n > 0 && s.p[0] == '-';
        int64_t v = 0;

        if (s.n == i || s.n - i > 18 || (s.p[i] == '0' && s.n > 1))
                return false;
        for (size_t j = i; j < s.n; j++) {
                if (s.p[j] < '0' || s.p[j] > '9')
                        return false;
                v = v * 10 + (s.p[j] - '0');
        }
        *ret = i ? -v : v;
        return true;
}

/* Signs also as ▲ and △, the way accounts write them; separators between groups of three; ".00". */
static bool integer_loose(str s, int64_t *ret, bool *ret_beyond)
{
        bool negative = false, started = false, commas = false;
        size_t at = 0, run = 0;
        int64_t v = 0;

        *ret_beyond = false;
        while (at < s.n) {
                size_t before = at;
                uint32_t c = utf8_decode(s, &at);

                if (before == 0 && (c == '+' || hyphen(c) || c == 0x25b2 || c == 0x25b3)) {
                        negative = c != '+';
                } else if (c >= '0' && c <= '9') {
                        if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, (int64_t)c - '0', &v)) {
                                *ret_beyond = true;
                                v = INT64_MAX / 100;
                        }
                        started = true;
                        run++;
                } else if (c == ',' && started && (commas ? run == 3 : run <= 3)) {
                        commas = true;
                        run = 0;
                } else if (c == '.' && started) {
                        while (at < s.n && s.p[at] == '0')
                                at++;
                        if (at < s.n)
                                return false;
                } else {
                        return false;
                }
        }
        *ret = negative ? -v : v;
        return started && (!commas || run == 3);
}

static enum item_reason read_integer(struct arena *mem, const struct item *item, str s, str *ret)
{
        bool beyond = false;
        int64_t v;

        *ret = s;
        if (!integer_plain(s, &v)) {
                if (!integer_loose(width(mem, s, WIDTH_ALL), &v, &beyond))
                        return ITEM_NOT_INTEGER;
                if (beyond)
                        return v < 0 ? ITEM_TOO_SMALL : ITEM_TOO_LARGE;
                *ret = str_format(mem, "%" PRId64, v);
        }
        return v < item->min ? ITEM_TOO_SMALL : v > item->max ? ITEM_TOO_LARGE : ITEM_FINE;
}

/* Spreadsheets and databases write a day as its midnight: "1990-02-03 00:00:00". */
static str midnight_cut(str s)
{
        for (size_t i = 8; i + 1 < s.n; i++) {
                if (s.p[i] != ' ' && s.p[i] != 'T')
                        continue;
                for (size_t j = i + 1; j < s.n; j++)
                        if (s.p[j] != '0' && s.p[j] != ':')
                                return s;
                return (str){ s.p, i };
        }
        return s;
}

static enum item_reason read_date(struct arena *mem, const struct item *item, str s, str *ret)
{
        struct date d;
        bool plain;

        s = midnight_cut(s);
        plain = shaped(s, 4, 2, 2);
        if (!clock_read_date(s, &d))
                return plain ? ITEM_NO_SUCH_DAY : ITEM_NOT_DATE;
        if (d.year < 1000)
                return ITEM_NOT_DATE;
        *ret = plain ? s : clock_iso_date(mem, d);
        return ITEM_FINE;
}

/* Words in plain form (item_plain). */
static const char *const yes_words[] = { "t", "true", "yes", "y", "1", "on", "ハイ", "○", "〇", "◯", "有", "アリ", "有リ", "済", "可" };
static const char *const no_words[] = { "f", "false", "no", "n", "0", "off", "イイエ", "×", "✕", "無", "ナシ", "無シ", "未", "不可", "否" };

static enum item_reason read_boolean(struct arena *mem, const struct item *item, str s, str *ret)
{
        s = item_plain(mem, s);
        for (size_t i = 0; i < COUNT(yes_words); i++)
                if (str_is(s, yes_words[i])) {
                        *ret = S("t");
                        return ITEM_FINE;
                }
        for (size_t i = 0; i < COUNT(no_words); i++)
                if (str_is(s, no_words[i])) {
                        *ret = S("f");
                        return ITEM_FINE;
                }
        return ITEM_NOT_BOOLEAN;
}

static size_t hash(str s)
{
        uint32_t h = 2166136261u;

        for (size_t i = 0; i < s.n; i++)
                h = (h ^ (unsigned char)s.p[i]) * 16777619u;
        return h;
}

/* The slot of a word, or the free one where it would go. */
static struct choice_word *slot(const struct item *item, str word)
{
        size_t i = hash(word) & item->choice_mask;

        while (!str_absent(item->choice_words[i].word) && !str_equal(item->choice_words[i].word, word))
                i = (i + 1) & item->choice_mask;
        return &item->choice_words[i];
}

static const struct choice *choice_find(struct arena *mem, const struct item *item, str s)
{
        const struct choice_word *w;

        if (item->choice_count == 0)
                return NULL;
        w = slot(item, s);
        if (str_absent(w->word))
                w = slot(item, item_plain(mem, s));
        return str_absent(w->word) ? NULL : &item->choices[w->choice];
}

static enum item_reason read_choice(struct arena *mem, const struct item *item, str s, str *ret)
{
        const struct choice *c = choice_find(mem, item, s);

        if (c == NULL)
                return ITEM_NOT_CHOICE;
        *ret = c->value;
        return ITEM_FINE;
}

static enum item_reason read_reference(struct arena *mem, const struct item *item, str s, str *ret)
{
        int64_t id;

        s = width(mem, s, WIDTH_ALL);
        if (s.p[0] == '#' && str_int((str){ s.p + 1, s.n - 1 }, &id))
                s = (str){ s.p + 1, s.n - 1 };
        s = trim(s);
        if (s.n == 0 || s.n > 1000 || (str_int(s, &id) && id <= 0))
                return ITEM_NOT_REFERENCE;
        *ret = s;
        return ITEM_FINE;
}

/* Showing
 * --------------------------------------------------------------------------------------------------------------------------------
 */

static str show_same(struct arena *mem, enum lang lang, const struct item *item, str s)
{
        return s;
}

static str show_integer(struct arena *mem, enum lang lang, const struct item *item, str s)
{
        char *p = arena_alloc(mem, s.n + s.n / 3 + 1);
        size_t sign = s.n > 0 && s.p[0] == '-', n = 0;

        for (size_t i = 0; i < s.n; i++) {
                if (i > sign && (s.n - i) % 3 == 0)
                        p[n++] = ',';
                p[n++] = s.p[i];
        }
        return (str){ p, n };
}

static str show_date(struct arena *mem, enum lang lang, const struct item *item, str s)
{
        struct date d;

        if (!clock_read_date(s, &d))
                return s;
        if (lang == LANG_JA)
                return str_format(mem, "%d年%d月%d日", d.year, d.month, d.day);
        s = clock_date_text(mem, lang, d); /* "Sat 3 Feb 1990": a birthday has no weekday */
        return (str){ s.p + 4, s.n - 4 };
}

static str write_boolean(enum lang lang, const struct item *item, str s)
{
        bool yes = s.n > 0 && s.p[0] == 't';

        return lang == LANG_JA ? (yes ? S("はい") : S("いいえ")) : (yes ? S("Yes") : S("No"));
}

static str show_boolean(struct arena *mem, enum lang lang, const struct item *item, str s)
{
        return write_boolean(lang, item, s);
}

static str write_choice(enum lang lang, const struct item *item, str s)
{
        const struct choice_word *w;

        if (item->choice_count == 0)
                return s;
        w = slot(item, s);
        return str_absent(w->word) ? s : item->choices[w->choice].title[lang];
}

static str show_choice(struct arena *mem, enum lang lang, const struct item *item, str s)
{
        return write_choice(lang, item, s);
}

static str show_reference(struct arena *mem, enum lang lang, const struct item *item, str s)
{
        return str_format(mem, "#%.*s", STR_ARG(s));
}

static str write_same(enum lang lang, const struct item *item, str s)
{
        return s;
}

static json_t *json_of_text(str s)
{
        return json_stringn_nocheck(s.p, s.n);
}

static json_t *json_of_integer(str s)
{
        int64_t v = 0;

        return str_int(s, &v) ? json_integer(v) : json_of_text(s);
}

static json_t *json_of_boolean(str s)
{
        return json_boolean(s.n > 0 && s.p[0] == 't');
}

/* The table of types.
 * ----------------------------------------------------------------------------------------------------------------------
 */
static const struct {
        const char *name;
        const char *pg;
        reader read;
        str (*show)(struct arena *mem, enum lang lang, const struct item *item, str s);
        str (*write)(enum lang lang, const struct item *item, str s);
        json_t *(*json)(str s);
        /* clang-format off */
} types[ITEM_TYPES] = {
        [ITEM_TEXT] = { "text", "text", read_text, show_same, write_same, json_of_text },
        [ITEM_KANA] = { "kana", "text", read_kana, show_same, write_same, json_of_text },
        [ITEM_EMAIL] = { "email", "text", read_email, show_same, write_same, json_of_text },
        [ITEM_TELEPHONE] = { "telephone", "text", read_telephone, show_same, write_same, json_of_text },
        [ITEM_POSTAL_CODE] = { "postal_code", "text", read_postal_code, show_same, write_same, json_of_text },
        [ITEM_INTEGER] = { "integer", "bigint", read_integer, show_integer, write_same, json_of_integer },
        [ITEM_DATE] = { "date", "date", read_date, show_date, write_same, json_of_text },
        [ITEM_BOOLEAN] = { "boolean", "boolean", read_boolean, show_boolean, write_boolean, json_of_boolean },
        [ITEM_CHOICE] = { "choice", "text", read_choice, show_choice, write_choice, json_of_text },
        [ITEM_REFERENCE] = { "reference", "bigint", read_reference, show_reference, write_same, json_of_integer },
};
/* clang-format on */

/* Sentences. %lld is the limit, %s the choices. */
static const struct {
        const char *word;
        const char *text;
        /* clang-format off */
} reasons[ITEM_REASONS] = {
        [ITEM_FINE] = { "FINE", "" },
        [ITEM_MISSING] = { "MISSING", "must not be empty" },
        [ITEM_SHORT] = { "SHORT", "must be at least %lld characters long" },
        [ITEM_LONG] = { "LONG", "must be at most %lld characters long" },
        [ITEM_CONTROL] = { "CONTROL", "must not hold control characters" },
        [ITEM_NOT_KANA] = { "NOT_KANA", "must be a reading in kana, such as サトウ" },
        [ITEM_NOT_EMAIL] = { "NOT_EMAIL", "must be an e-mail address, such as hanako@example.jp" },
        [ITEM_NOT_TELEPHONE] = { "NOT_TELEPHONE", "must be a telephone number with its area code, such as 03-1234-5678" },
        [ITEM_NOT_POSTAL_CODE] = { "NOT_POSTAL_CODE", "must be a postal code of seven digits, such as 123-4567" },
        [ITEM_NOT_INTEGER] = { "NOT_INTEGER", "must be a whole number, such as 1200" },
        [ITEM_TOO_SMALL] = { "TOO_SMALL", "must be at least %lld" },
        [ITEM_TOO_LARGE] = { "TOO_LARGE", "must be at most %lld" },
        [ITEM_NOT_DATE] = { "NOT_DATE", "must be a date, such as 1990-02-28" },
        [ITEM_NO_SUCH_DAY] = { "NO_SUCH_DAY", "must be a day that the calendar has" },
        [ITEM_NOT_BOOLEAN] = { "NOT_BOOLEAN", "must be yes or no" },
        [ITEM_NOT_CHOICE] = { "NOT_CHOICE", "must be one of: %s" },
        [ITEM_NOT_REFERENCE] = { "NOT_REFERENCE", "must be the number or the key of a record" },
};
/* clang-format on */

/* The doors
 * ---------------------------------------------------------------------------------------------------------------------------------
 */

enum item_reason item_read(struct arena *mem, const struct item *item, str raw, str *ret)
{
        enum item_reason reason;
        str s = STR_NONE;

        if (!str_absent(raw))
                raw = trim(raw);
        if (raw.n == 0) {
                if (item->required)
                        return ITEM_MISSING;
                *ret = STR_NONE;
                return ITEM_FINE;
        }
        if (control(raw))
                return ITEM_CONTROL;
        reason = types[item->type].read(mem, item, raw, &s);
        if (reason == ITEM_FINE)
                *ret = s;
        return reason;
}

static str choice_titles(struct cx *cx, const struct item *item)
{
        enum { SHOWN = 10 };
        str all = S("");

        for (size_t i = 0; i < item->choice_count && i < SHOWN; i++)
                all = str_format(cx->mem, "%.*s%s%.*s", STR_ARG(all),
                                 i == 0                ? ""
                                 : cx->lang == LANG_JA ? "、"
                                                       : ", ",
                                 STR_ARG(item->choices[i].title[cx->lang]));
        return item->choice_count > SHOWN ? str_format(cx->mem, "%.*s …", STR_ARG(all)) : all;
}

str item_reason_text(struct cx *cx, const struct item *item, enum item_reason reason)
{
        const char *format = fail_translate(cx->lang, reasons[reason].text);

        if (reason == ITEM_NOT_CHOICE)
                return str_format(cx->mem, format, str_z(cx->mem, choice_titles(cx, item)));
        if (reason == ITEM_SHORT || reason == ITEM_LONG || reason == ITEM_TOO_SMALL || reason == ITEM_TOO_LARGE)
                return str_format(cx->mem, format, (long long)(reason == ITEM_SHORT || reason == ITEM_TOO_SMALL ? item->min : item->max));
        return str_of(format);
}

const char *item_reason_word(enum item_reason reason)
{
        return reasons[reason].word;
}

static rc refuse(struct cx *cx, const struct item *item, enum item_reason reason)
{
        str text = item_reason_text(cx, item, reason);

        return fail(cx, RC_INVALID, item->name.p, "%.*s", STR_ARG(text));
}

rc item_parse(struct cx *cx, const struct item *item, str raw, str *ret)
{
        enum item_reason reason = str_absent(raw) || utf8_valid(raw) ? item_read(cx->mem, item, raw, ret) : ITEM_CONTROL;

        return reason == ITEM_FINE ? RC_OK : refuse(cx, item, reason);
}

rc item_parse_json(struct cx *cx, const struct item *item, const json_t *v, str *ret)
{
        /* clang-format off */
        static const enum item_reason wrong[ITEM_TYPES] = {
                [ITEM_TEXT] = ITEM_CONTROL, [ITEM_KANA] = ITEM_NOT_KANA, [ITEM_EMAIL] = ITEM_NOT_EMAIL, [ITEM_TELEPHONE] = ITEM_NOT_TELEPHONE,
                [ITEM_POSTAL_CODE] = ITEM_NOT_POSTAL_CODE, [ITEM_INTEGER] = ITEM_NOT_INTEGER, [ITEM_DATE] = ITEM_NOT_DATE,
                [ITEM_BOOLEAN] = ITEM_NOT_BOOLEAN, [ITEM_CHOICE] = ITEM_NOT_CHOICE, [ITEM_REFERENCE] = ITEM_NOT_REFERENCE,
        };
        /* clang-format on */

        if (v == NULL || json_is_null(v))
                return item_parse(cx, item, STR_NONE, ret);
        if (json_is_string(v))
                return item_parse(cx, item, json_text(v), ret);
        if (json_is_integer(v) && item->type != ITEM_BOOLEAN)
                return item_parse(cx, item, str_format(cx->mem, "%" PRId64, (int64_t)json_integer_value(v)), ret);
        if (json_is_boolean(v) && item->type == ITEM_BOOLEAN) {
                *ret = json_is_true(v) ? S("t") : S("f");
                return RC_OK;
        }
        if (item->type == ITEM_TEXT)
                return fail(cx, RC_INVALID, item->name.p, "must be a text");
        if (item->type == ITEM_REFERENCE && json_is_integer(json_object_get(v, "id")))
                return item_parse_json(cx, item, json_object_get(v, "id"), ret);
        return refuse(cx, item, wrong[item->type]);
}

str item_show(struct arena *mem, enum lang lang, const struct item *item, str stored)
{
        return str_absent(stored) ? S("") : types[item->type].show(mem, lang, item, stored);
}

str item_write(enum lang lang, const struct item *item, str stored)
{
        return str_absent(stored) ? S("") : types[item->type].write(lang, item, stored);
}

json_t *item_json(const struct item *item, str stored)
{
        return str_absent(stored) ? json_null() : types[item->type].json(stored);
}

const char *item_pg_type(const struct item *item)
{
        return types[item->type].pg;
}

const char *item_type_name(enum item_type type)
{
        return types[type].name;
}

const struct choice *item_choice(struct arena *mem, const struct item *item, str raw)
{
        return choice_find(mem, item, raw);
}

static void word_add(struct item *item, str word, size_t choice)
{
        struct choice_word *w = slot(item, word);

        if (str_absent(w->word))
                *w = (struct choice_word){ word, choice };
}

/* Values first: no title or alias of another choice can take a stored value away. */
void item_prepare(struct arena *mem, struct item *item)
{
        size_t words = 0, room = 8;

        for (size_t i = 0; i < item->choice_count; i++)
                words += 4 + item->choices[i].alias_count;
        while (room < words * 2)
                room *= 2;
        item->choice_words = NEW_ARRAY(mem, struct choice_word, room);
        item->choice_mask = room - 1;
        for (size_t i = 0; i < item->choice_count; i++)
                word_add(item, item->choices[i].value, i);
        for (size_t i = 0; i < item->choice_count; i++) {
                struct choice *c = &item->choices[i];

                word_add(item, item_plain(mem, c->value), i);
                for (size_t l = 0; l < LANG_END; l++)
                        word_add(item, item_plain(mem, c->title[l]), i);
                for (size_t a = 0; a < c->alias_count; a++)
                        word_add(item, item_plain(mem, c->aliases[a]), i);
        }
}

str item_plain(struct arena *mem, str s)
{
        struct draft d;

        if (s.n == 0)
                return s;
        s = width(mem, s, WIDTH_ALL);
        d = draft_open(mem, s.n);
        for (size_t at = 0; at < s.n;) {
                uint32_t c = utf8_decode(s, &at);

                if (space(c))
                        continue;
                if (c >= 'A' && c <= 'Z')
                        c |= 0x20;
                else if ((c >= 0x3041 && c <= 0x3096) || c == 0x309d || c == 0x309e)
                        c += 0x60;
                put(&d, c);
        }
        return (str){ d.p, d.n };
}
