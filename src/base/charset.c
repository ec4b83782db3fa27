/* charset.c - see charset.h. The tables are made at build time by tool/charsetgen. */
#include "base/house.h"

#include "base/charset.h"

#include "base/cp932.h"
#include "base/fail.h"
#include "base/utf8.h"

static const char *const names[CHARSETS] = { "UTF-8", "CP932", "UTF-16LE", "UTF-16BE" };

const char *charset_name(enum charset set)
{
        return names[set];
}

/* What people and programs call them. */
static const struct {
        const char *name;
        enum charset set;
} aliases[] = {
        { "utf-8", CHARSET_UTF8 },     { "utf8", CHARSET_UTF8 },        { "cp932", CHARSET_CP932 },      { "windows-31j", CHARSET_CP932 },
        { "ms932", CHARSET_CP932 },    { "shift_jis", CHARSET_CP932 },  { "shift-jis", CHARSET_CP932 },  { "sjis", CHARSET_CP932 },
        { "utf-16", CHARSET_UTF16LE }, { "utf-16le", CHARSET_UTF16LE }, { "utf-16be", CHARSET_UTF16BE },
};

bool charset_wide(enum charset set)
{
        return set == CHARSET_UTF16LE || set == CHARSET_UTF16BE;
}

bool charset_find(str name, enum charset *ret)
{
        for (size_t i = 0; i < COUNT(aliases); i++) {
                if (!str_equal_nocase(name, str_of(aliases[i].name)))
                        continue;
                *ret = aliases[i].set;
                return true;
        }
        return false;
}

/* ASCII at the start of p: most of a file is that, so it is copied eight bytes at a time. */
static size_t ascii(const unsigned char *p, size_t n, char *out)
{
        size_t i = 0;

        while (n - i >= 8) {
                uint64_t eight;

                memcpy(&eight, p + i, 8);
                if (eight & 0x8080808080808080u)
                        break;
                memcpy(out + i, p + i, 8);
                i += 8;
        }
        for (; i < n && p[i] < 0x80; i++)
                out[i] = (char)p[i];
        return i;
}

static bool cp932_is_lead(unsigned char c)
{
        return (c >= 0x81 && c <= 0x9f) || (c >= 0xe0 && c <= 0xfc);
}

/* UTF-8 of a pair, as tool/charsetgen stores it; 0: no character. */
static uint32_t cp932_pair(unsigned char lead, unsigned char trail)
{
        size_t row = lead < 0xa0 ? lead - 0x81u : lead - 0xe0u + 0x1f;

        if (trail < 0x40 || trail > 0xfc)
                return 0;
        return cp932_decode[row * 189 + trail - 0x40];
}

static size_t cp932_to_utf8(str in, char *out, size_t *ret_read)
{
        const unsigned char *p = (const unsigned char *)in.p;
        size_t i = 0, n = 0;

        while (i < in.n) {
                unsigned char c = p[i];

                if (c < 0x80) {
                        size_t run = ascii(p + i, in.n - i, out + n);

                        i += run;
                        n += run;
                } else if (cp932_is_lead(c)) {
                        uint32_t cell = i + 1 < in.n ? cp932_pair(c, p[i + 1]) : 0;

                        if (cell == 0)
                                break;
                        memcpy(out + n, &cell, 3); /* room for three: the pair took two bytes of in */
                        n += cell >> 24;
                        i += 2;
                } else if (c >= 0xa1 && c <= 0xdf) {
                        n += utf8_encode(0xff61u + c - 0xa1u, out + n);
                        i++;
                } else if (c == 0x80) {
                        n += utf8_encode(0x80, out + n);
                        i++;
                } else {
                        break; /* A0, FD, FE, FF */
                }
        }
        *ret_read = i;
        return n;
}

/* RFC 2781, 2.2: stops at a surrogate without its other half. */
static size_t utf16_to_utf8(str in, bool big, char *out, size_t *ret_read)
{
        const unsigned char *p = (const unsigned char *)in.p;
        size_t i = 0, n = 0;

        while (in.n - i >= 2) {
                uint32_t c = (uint32_t)p[i + !big] << 8 | p[i + big];
                size_t used = 2;

                if (c >= 0xd800 && c < 0xdc00 && in.n - i >= 4) {
                        uint32_t low = (uint32_t)p[i + 2 + !big] << 8 | p[i + 2 + big];

                        if (low >= 0xdc00 && low < 0xe000) {
                                c = 0x10000 + ((c & 0x3ff) << 10) + (low & 0x3ff);
                                used = 4;
                        }
                }
                if (c >= 0xd800 && c < 0xe000)
                        break;
                n += utf8_encode(c, out + n);
                i += used;
        }
        *ret_read = i;
        return n;
}

size_t charset_decode(enum charset set, str in, char *out, size_t *ret_read)
{
        if (set == CHARSET_CP932)
                return cp932_to_utf8(in, out, ret_read);
        if (charset_wide(set))
                return utf16_to_utf8(in, set == CHARSET_UTF16BE, out, ret_read);
        *ret_read = utf8_span(in);
        if (*ret_read > 0)
                memcpy(out, in.p, *ret_read);
        return *ret_read;
}

/* Characters written as their twin: what Macs, old mails and other tables have in place of what Windows writes. */
static const struct {
        uint32_t from, as;
} twins[] = {
        { 0x00a2, 0xffe0 }, /* ¢ */ { 0x00a3, 0xffe1 }, /* £ */ { 0x00a5, 0xffe5 }, /* ¥ */ { 0x00ac, 0xffe2 }, /* ¬ */
        { 0x2014, 0x2015 }, /* — */ { 0x2016, 0x2225 }, /* ‖ */ { 0x203e, 0xffe3 }, /* ‾ */ { 0x2212, 0xff0d }, /* − */
        { 0x301c, 0xff5e },                                                                                     /* 〜 */
};

static uint16_t cp932_code(uint32_t c)
{
        return c > 0xffff ? 0 : cp932_encode[cp932_page[c >> 8] * 256u + (c & 255)];
}

static uint16_t cp932_substitute(uint32_t c, struct charset_loss *loss)
{
        enum { GETA = 0x81ac };

        for (size_t i = 0; i < COUNT(twins); i++) {
                if (twins[i].from != c)
                        continue;
                loss->similar++;
                return cp932_code(twins[i].as);
        }
        loss->replaced++;
        return GETA;
}

static size_t utf16_unit(uint32_t unit, bool big, char *out)
{
        out[!big] = (char)(unit >> 8);
        out[big] = (char)(unit & 255);
        return 2;
}

static size_t utf8_to_utf16(str in, bool big, char *out)
{
        size_t n = 0;

        for (size_t i = 0; i < in.n;) {
                uint32_t c = utf8_decode(in, &i);

                if (c > 0xffff) {
                        n += utf16_unit(0xd800 | (c - 0x10000) >> 10, big, out + n);
                        c = 0xdc00 | ((c - 0x10000) & 0x3ff);
                }
                n += utf16_unit(c, big, out + n);
        }
        return n;
}

size_t charset_encode(enum charset set, str in, char *out, struct charset_loss *loss)
{
        const unsigned char *p = (const unsigned char *)in.p;
        size_t i = 0, n = 0;

        if (set == CHARSET_UTF8) {
                if (in.n > 0)
                        memcpy(out, in.p, in.n);
                return in.n;
        }
        if (charset_wide(set))
                return utf8_to_utf16(in, set == CHARSET_UTF16BE, out);
        while (i < in.n) {
                uint16_t code;
                uint32_t c;

                if (p[i] < 0x80) {
                        size_t run = ascii(p + i, in.n - i, out + n);

                        i += run;
                        n += run;
                        continue;
                }
                if (p[i] >= 0xe0 && p[i] < 0xf0 && in.n - i >= 3) { /* kana and kanji: s is valid */
                        c = (uint32_t)(p[i] & 0x0f) << 12 | (uint32_t)(p[i + 1] & 0x3f) << 6 | (p[i + 2] & 0x3f);
                        i += 3;
                } else {
                        c = utf8_decode(in, &i);
                }
                code = cp932_code(c);
                if (code == 0)
                        code = cp932_substitute(c, loss);
                if (code > 0xff)
                        out[n++] = (char)(code >> 8);
                out[n++] = (char)(code & 255);
        }
        return n;
}

/* Guessing ------------------------------------------------------------------------------------------------------------------------ */

void charset_guess_start(struct charset_guess *g)
{
        *g = (struct charset_guess){ .line = 1 };
}

/* Loops without branches, which the compiler turns into vectors; a block keeps its sums in one byte. */
#ifdef __clang__
#define FAST
#else
#define FAST __attribute__((optimize("tree-vectorize")))
#endif

/* p[-1] is there. */
FAST static int64_t line_ends(const char *p, size_t n)
{
        int64_t lines = 0;

        while (n > 0) {
                size_t block = n < 128 ? n : 128;
                const char *before = p - 1;
                uint8_t sum = 0;

                for (size_t i = 0; i < block; i++)
                        sum = (uint8_t)(sum + (p[i] == '\r') + ((p[i] == '\n') & (before[i] != '\r')));
                lines += sum;
                p += block;
                n -= block;
        }
        return lines;
}

FAST static int64_t characters(const char *p, size_t n)
{
        int64_t count = 0;

        while (n > 0) {
                size_t block = n < 128 ? n : 128;
                uint8_t sum = 0;

                for (size_t i = 0; i < block; i++)
                        sum = (uint8_t)(sum + ((unsigned char)p[i] >= 0xc0));
                count += sum;
                p += block;
                n -= block;
        }
        return count;
}

static void lines_add(struct charset_guess *g, const char *p, size_t n)
{
        if (n == 0)
                return;
        g->line += p[0] == '\r' || (p[0] == '\n' && g->last != '\r');
        g->line += line_ends(p + 1, n - 1);
        g->last = p[n - 1];
}

static void utf8_bad(struct charset_guess *g, unsigned char byte)
{
        if (g->utf8_bad++ == 0) {
                g->first_bad = byte;
                g->first_bad_line = g->line;
        }
}

/* Counts in s, which begins at a character; what is left unfinished at its end is held. */
static void utf8_add(struct charset_guess *g, str s)
{
        size_t i = 0;

        while (i < s.n) {
                str rest = { s.p + i, s.n - i };
                size_t span = utf8_span(rest);

                if (g->utf8_bad == 0)
                        lines_add(g, rest.p, span);
                g->utf8_good += characters(rest.p, span);
                i += span;
                rest = (str){ s.p + i, s.n - i };
                if (utf8_cut(rest)) {
                        memcpy(g->held, rest.p, rest.n);
                        g->held_n = rest.n;
                        return;
                }
                if (i < s.n)
                        utf8_bad(g, (unsigned char)s.p[i++]);
        }
}

/* The character held from the last piece, completed byte by byte. */
static size_t held_add(struct charset_guess *g, const char *p, size_t n)
{
        size_t used = 0;

        while (g->held_n > 0 && used < n) {
                char whole[UTF8_MAX];
                size_t have = g->held_n;

                memcpy(whole, g->held, have);
                whole[have++] = p[used];
                if (utf8_cut((str){ whole, have })) {
                        g->held[g->held_n++] = p[used++];
                        continue;
                }
                g->held_n = 0;
                if (utf8_valid((str){ whole, have })) {
                        g->utf8_good++;
                        return used + 1;
                }
                utf8_bad(g, (unsigned char)whole[0]);
        }
        return used;
}

static void cp932_add(struct charset_guess *g, const unsigned char *p, size_t n)
{
        unsigned char lead = g->cp932_lead;

        for (size_t i = 0; i < n; i++) {
                unsigned char c = p[i];

                if (lead != 0) {
                        bool good = cp932_pair(lead, c) != 0;

                        lead = 0;
                        g->cp932_good += good;
                        g->cp932_bad += !good;
                        if (good || c < 0x80)
                                continue;
                }
                if (c < 0x80)
                        continue;
                if (cp932_is_lead(c))
                        lead = c;
                else if (c >= 0xa1 && c <= 0xdf)
                        g->cp932_half++;
                else
                        g->cp932_bad++;
        }
        g->cp932_lead = lead;
}

static void euc_add(struct charset_guess *g, const unsigned char *p, size_t n)
{
        unsigned char lead = g->euc_lead;

        for (size_t i = 0; i < n; i++) {
                unsigned char c = p[i];

                if (lead != 0) {
                        bool good = c >= 0xa1 && c <= 0xfe;

                        g->euc_good += good;
                        g->euc_kana += good && (lead == 0xa4 || lead == 0xa5);
                        g->euc_bad += !good;
                        lead = 0;
                } else if (c == 0x8e || (c >= 0xa1 && c <= 0xfe)) {
                        lead = c;
                } else if (c >= 0x80 && c != 0x8f) {
                        g->euc_bad++;
                }
        }
        g->euc_lead = lead;
}

/* The first three bytes, however the pieces fall. */
static void start_add(struct charset_guess *g, const char *p, size_t n)
{
        for (size_t i = 0; i < n && g->bytes + (int64_t)i < (int64_t)sizeof(g->start); i++)
                g->start[g->bytes + (int64_t)i] = p[i];
        g->bom = memcmp(g->start, "\xef\xbb\xbf", 3) == 0;
        g->utf16le = memcmp(g->start, "\xff\xfe", 2) == 0;
        g->utf16be = memcmp(g->start, "\xfe\xff", 2) == 0;
}

bool charset_guess_add(struct charset_guess *g, const char *p, size_t n)
{
        const unsigned char *bytes = (const unsigned char *)p;
        size_t used;

        start_add(g, p, n);
        for (const char *at = p; (at = memchr(at, '\0', (size_t)(p + n - at))) != NULL; at++)
                g->zeros[(g->bytes + (at - p)) % 2]++;
        g->bytes += (int64_t)n;
        for (const char *at = p; (at = memchr(at, '\x1b', (size_t)(p + n - at))) != NULL; at++)
                g->escapes += at + 1 < p + n && (at[1] == '$' || at[1] == '(');
        g->escapes += n > 0 && g->before == '\x1b' && (p[0] == '$' || p[0] == '(');
        g->before = n > 0 ? p[n - 1] : g->before;
        used = held_add(g, p, n);
        utf8_add(g, (str){ p + used, n - used });
        if (g->utf8_bad > 0) {
                cp932_add(g, bytes, n);
                euc_add(g, bytes, n);
        }
        /* plainly CP932: damage further on can spoil rows, not this */
        return !(g->utf8_bad > 1000 && g->utf8_good < g->utf8_bad / 10 && g->cp932_good > 1000 && g->cp932_bad < g->cp932_good / 100 &&
                 g->cp932_half < g->cp932_good && !g->bom);
}

static rc refuse_foreign(struct cx *cx, const struct charset_guess *g)
{
        int64_t others = g->cp932_good + g->cp932_half;

        if (g->zeros[0] + g->zeros[1] > g->bytes / 8)
                return fail(cx, RC_INVALID, NULL, "the file is not text; save it as \"CSV UTF-8\" (comma delimited) and send it again");
        if (g->escapes > 0 && g->utf8_good == 0 && g->utf8_bad == 0)
                return fail(cx, RC_INVALID, NULL, "the file is ISO-2022-JP (JIS); save it as UTF-8 or Shift_JIS and send it again");
        if (g->utf8_bad > g->utf8_good && g->euc_good > 0 && g->euc_bad <= g->euc_good / 20 && g->euc_kana * 5 > g->euc_good &&
            g->cp932_half > g->cp932_good)
                return fail(cx, RC_INVALID, NULL, "the file is EUC-JP; save it as UTF-8 or Shift_JIS and send it again");
        if (!g->bom && g->utf8_good < g->utf8_bad * 10 && g->cp932_bad * 10 > others)
                return fail(cx, RC_INVALID, NULL, "the file is neither UTF-8 nor Shift_JIS (CP932): byte 0x%02X at line %" PRId64 " fits neither",
                            g->first_bad, g->first_bad_line);
        return RC_OK;
}

/* By its mark; or by the zeros that ASCII leaves on one side only: commas and line ends in a hundred characters, none on the other side. */
static bool utf16_find(const struct charset_guess *g, enum charset *ret)
{
        for (int side = 0; side < 2; side++) {
                bool marked = side == 0 ? g->utf16be : g->utf16le;

                *ret = side == 0 ? CHARSET_UTF16BE : CHARSET_UTF16LE;
                if (marked || (!g->bom && g->bytes % 2 == 0 && g->zeros[side] * 100 > g->bytes && g->zeros[!side] * 100 < g->zeros[side]))
                        return true;
        }
        return false;
}

rc charset_guess_end(struct cx *cx, struct charset_guess *g, enum charset *ret, str *ret_reason)
{
        if (utf16_find(g, ret)) {
                *ret_reason =
                    str_of(fail_translate(cx->lang, g->utf16le || g->utf16be ? "it begins with the byte order mark of UTF-16"
                                                                             : "every other byte of its ASCII characters is zero, as in UTF-16"));
                return RC_OK;
        }
        if (g->held_n > 0)
                utf8_bad(g, (unsigned char)g->held[0]);
        g->held_n = 0;
        if (g->cp932_lead != 0)
                g->cp932_bad++;
        g->cp932_lead = 0;
        TRY(refuse_foreign(cx, g));
        *ret = CHARSET_UTF8;
        if (g->bom)
                *ret_reason = str_of(fail_translate(cx->lang, "it begins with the byte order mark of UTF-8"));
        else if (g->utf8_good == 0 && g->utf8_bad == 0)
                *ret_reason = str_of(fail_translate(cx->lang, "it holds ASCII characters only"));
        else if (g->utf8_bad == 0)
                *ret_reason = str_of(fail_translate(cx->lang, "every character in it is valid UTF-8"));
        else if (g->utf8_good >= g->utf8_bad * 10)
                *ret_reason = str_format(cx->mem, fail_translate(cx->lang, "it is UTF-8 with %" PRId64 " damaged places, the first at line %" PRId64),
                                         g->utf8_bad, g->first_bad_line);
        else {
                *ret = CHARSET_CP932;
                *ret_reason =
                    str_format(cx->mem, fail_translate(cx->lang, "byte 0x%02X at line %" PRId64 " is not UTF-8, and the file reads as Shift_JIS"),
                               g->first_bad, g->first_bad_line);
        }
        return RC_OK;
}
