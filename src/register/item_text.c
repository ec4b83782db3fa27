/* item_text.c - see item_text.h.
 *
 * Not NFKC: full normalization would turn 神 into 神 and ㈱ into (株), and with that misspell people's names. Only
 * width is repaired: half-width kana, full-width letters and digits, kana typed as two characters. */
#include "base/house.h"

#include "register/item_text.h"

#include "base/text.h"
#include "base/utf8.h"
#include "register/item_class.h"

enum { VOICED = 0x3099, HALF_VOICED = 0x309a, WIDE_SPACE = 0x3000 };

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

bool item_text_alnum(uint32_t c)
{
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool item_text_hyphen(uint32_t c)
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

str item_text_trim(str s)
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

bool item_text_ascii(str s)
{
        unsigned char all = 0;

        for (size_t i = 0; i < s.n; i++)
                all |= (unsigned char)s.p[i];
        return all < 0x80;
}

bool item_text_control(str s)
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

/* Does the text hold anything item_text_width() would change? Looks at bytes: U+FF00..U+FFEF is EF BC..BF; combining marks E3 82
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

str item_text_width(struct arena *mem, str s, enum item_text_form how)
{
        struct draft d;
        uint32_t before = 0;

        if (!width_needed(s, how == ITEM_TEXT_NARROW))
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

                        if (how == ITEM_TEXT_NARROW || item_text_alnum(narrow) || (narrow == '-' && item_text_alnum(before)))
                                c = narrow;
                } else if (c == WIDE_SPACE && how == ITEM_TEXT_NARROW) {
                        c = ' ';
                } else if (c == '\r' || c == '\n' || (c == '\t' && how != ITEM_TEXT_LINES)) {
                        if (c == '\r' && at < s.n && s.p[at] == '\n')
                                at++;
                        c = how == ITEM_TEXT_LINES ? '\n' : ' ';
                }
                put(&d, c);
                before = c;
        }
        return (str){ d.p, d.n };
}

/* Texts and readings ------------------------------------------------------------------------------------------------------------------------ */

static enum item_reason length_check(const struct item *item, str s)
{
        int64_t n;

        if (item->min <= 1 && (int64_t)s.n <= item->max)
                return ITEM_FINE;
        n = (int64_t)utf8_length(s);
        return n < item->min ? ITEM_SHORT : n > item->max ? ITEM_LONG : ITEM_FINE;
}

enum item_reason item_text_read(struct arena *mem, const struct item *item, str s, str *ret)
{
        enum item_reason reason = ITEM_FINE;

        s = item_text_width(mem, s, item->lines ? ITEM_TEXT_LINES : ITEM_TEXT_RUNNING);
        if (item->characters != 0)
                reason = item_class_fit(mem, item, s, &s);
        *ret = s;
        return reason == ITEM_FINE ? length_check(item, s) : reason;
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

enum item_reason item_text_read_kana(struct arena *mem, const struct item *item, str s, str *ret)
{
        struct draft d;

        if (!kana_only(s)) {
                s = item_text_width(mem, s, ITEM_TEXT_NARROW);
                /* a hyphen of one byte may become a long mark of three */
                d = draft_open(mem, s.n * 3);
                for (size_t at = 0; at < s.n;) {
                        uint32_t c = utf8_decode(s, &at);

                        if (space(c))
                                c = ' ';
                        else if (item_text_hyphen(c) && d.n > 0 && d.p[d.n - 1] != ' ')
                                c = ITEM_TEXT_LONG_MARK;
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

str item_text_plain(struct arena *mem, str s)
{
        struct draft d;

        if (s.n == 0)
                return s;
        s = item_text_width(mem, s, ITEM_TEXT_NARROW);
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
