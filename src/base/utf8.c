/* utf8.c - see utf8.h. */
#include "base/house.h"

#include "base/utf8.h"

/* Length of the valid character at p, 0 when there is none in n bytes. */
static size_t one(const unsigned char *p, size_t n)
{
        unsigned char c = p[0];

        if (c < 0x80)
                return 1;
        if (c < 0xc2)
                return 0;
        if (c < 0xe0)
                return n >= 2 && (p[1] & 0xc0) == 0x80 ? 2 : 0;
        if (c < 0xf0) {
                unsigned char low = c == 0xe0 ? 0xa0 : 0x80, high = c == 0xed ? 0x9f : 0xbf;

                return n >= 3 && p[1] >= low && p[1] <= high && (p[2] & 0xc0) == 0x80 ? 3 : 0;
        }
        if (c < 0xf5) {
                unsigned char low = c == 0xf0 ? 0x90 : 0x80, high = c == 0xf4 ? 0x8f : 0xbf;

                return n >= 4 && p[1] >= low && p[1] <= high && (p[2] & 0xc0) == 0x80 && (p[3] & 0xc0) == 0x80 ? 4 : 0;
        }
        return 0;
}

/* Second and third byte of a character, in a word read from memory. */
enum { FOLLOW_MASK = 0x00c0c000, FOLLOW = 0x00808000 }; /* the same in either byte order */

size_t utf8_span(str s)
{
        const unsigned char *p = (const unsigned char *)s.p;
        size_t i = 0;

        while (i < s.n) {
                size_t n;

                while (s.n - i >= 8) { /* eight ASCII characters at once */
                        uint64_t eight;

                        memcpy(&eight, p + i, 8);
                        if (eight & 0x8080808080808080u)
                                break;
                        i += 8;
                }
                while (s.n - i >= 4 && p[i] > 0xe0 && p[i] < 0xf0 && p[i] != 0xed) { /* kana and kanji: three bytes at once */
                        uint32_t four;

                        memcpy(&four, p + i, 4);
                        if ((four & FOLLOW_MASK) != FOLLOW)
                                break;
                        i += 3;
                }
                if (i == s.n)
                        break;
                n = one(p + i, s.n - i);
                if (n == 0)
                        return i;
                i += n;
        }
        return i;
}

bool utf8_valid(str s)
{
        return utf8_span(s) == s.n;
}

bool utf8_cut(str s)
{
        unsigned char whole[UTF8_MAX] = { 0x80, 0x80, 0x80, 0x80 };
        unsigned char first = s.n ? (unsigned char)s.p[0] : 0;
        size_t length = first < 0xc2 || first > 0xf4 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

        if (s.n == 0 || s.n >= length)
                return false;
        if (s.n == 1)
                return true;
        memcpy(whole, s.p, s.n);
        return one(whole, length) == length;
}

size_t utf8_length(str s)
{
        size_t count = 0;

        for (size_t i = 0; i < s.n; i++)
                count += ((unsigned char)s.p[i] & 0xc0) != 0x80;
        return count;
}

uint32_t utf8_decode(str s, size_t *at)
{
        const unsigned char *p = (const unsigned char *)s.p + *at;
        size_t n = one(p, s.n - *at);

        *at += n ? n : 1;
        switch (n) {
        case 1: return p[0];
        case 2: return (uint32_t)(p[0] & 0x1f) << 6 | (p[1] & 0x3f);
        case 3: return (uint32_t)(p[0] & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 | (p[2] & 0x3f);
        case 4: return (uint32_t)(p[0] & 0x07) << 18 | (uint32_t)(p[1] & 0x3f) << 12 | (uint32_t)(p[2] & 0x3f) << 6 | (p[3] & 0x3f);
        default: return UTF8_BAD;
        }
}

size_t utf8_encode(uint32_t c, char out[UTF8_MAX])
{
        if (c < 0x80) {
                out[0] = (char)c;
                return 1;
        }
        if (c < 0x800) {
                out[0] = (char)(0xc0 | c >> 6);
                out[1] = (char)(0x80 | (c & 0x3f));
                return 2;
        }
        if (c < 0x10000) {
                if (c >= 0xd800 && c < 0xe000)
                        return 0;
                out[0] = (char)(0xe0 | c >> 12);
                out[1] = (char)(0x80 | (c >> 6 & 0x3f));
                out[2] = (char)(0x80 | (c & 0x3f));
                return 3;
        }
        if (c > 0x10ffff)
                return 0;
        out[0] = (char)(0xf0 | c >> 18);
        out[1] = (char)(0x80 | (c >> 12 & 0x3f));
        out[2] = (char)(0x80 | (c >> 6 & 0x3f));
        out[3] = (char)(0x80 | (c & 0x3f));
        return 4;
}

str utf8_head(str s, size_t count)
{
        size_t i;

        for (i = 0; i < s.n; i++)
                if (((unsigned char)s.p[i] & 0xc0) != 0x80 && count-- == 0)
                        break;
        return (str){ s.p, i };
}
