/* romaji.c - see romaji.h. */
#include "base/house.h"

#include "identity/romaji.h"

#include "base/buf.h"
#include "base/utf8.h"

enum { HIRAGANA = 0x3041, HIRAGANA_END = 0x3096, KATAKANA = 0x30a1, KATAKANA_END = 0x30f6, LONG = 0x30fc, HALF = 0xff66, HALF_END = 0xff9f };

/* from U+3041 */
static const char *const syllables[] = {
        "a",  "a",  "i",  "i",  "u",  "u",  "e",  "e",  "o",  "o",  "ka", "ga", "ki", "gi", "ku", "gu", "ke", "ge", "ko", "go", "sa", "za",
        "si", "zi", "su", "zu", "se", "ze", "so", "zo", "ta", "da", "ti", "zi", "",   "tu", "zu", "te", "de", "to", "do", "na", "ni", "nu",
        "ne", "no", "ha", "ba", "pa", "hi", "bi", "pi", "hu", "bu", "pu", "he", "be", "pe", "ho", "bo", "po", "ma", "mi", "mu", "me", "mo",
        "ya", "ya", "yu", "yu", "yo", "yo", "ra", "ri", "ru", "re", "ro", "wa", "wa", "i",  "e",  "o",  "n",  "bu", "ka", "ke",
};
_Static_assert(COUNT(syllables) == HIRAGANA_END - HIRAGANA + 1, "a syllable for each kana");

/* half-width, from U+FF66, without their voice marks */
static const char *const half[] = {
        "o",  "a",  "i",  "u",  "e",  "o",  "ya", "yu", "yo", "",   "",   "a",  "i",  "u",  "e",  "o",  "ka", "ki", "ku", "ke",
        "ko", "sa", "si", "su", "se", "so", "ta", "ti", "tu", "te", "to", "na", "ni", "nu", "ne", "no", "ha", "hi", "hu", "he",
        "ho", "ma", "mi", "mu", "me", "mo", "ya", "yu", "yo", "ra", "ri", "ru", "re", "ro", "wa", "n",  "",   "",
};
_Static_assert(COUNT(half) == HALF_END - HALF + 1, "a syllable for each half-width kana");

static bool small_y(uint32_t c)
{
        return c == 0x3083 || c == 0x3085 || c == 0x3087; /* ゃゅょ */
}

/* Kana to syllables, the rest to small letters. */
static str letters(struct arena *mem, str s)
{
        struct buf out = buf_open(mem, s.n + 16);

        for (size_t at = 0; at < s.n;) {
                uint32_t c = utf8_decode(s, &at);

                if (c >= KATAKANA && c <= KATAKANA_END)
                        c -= KATAKANA - HIRAGANA;
                if (c < 0x80) {
                        buf_char(&out, (char)(c >= 'A' && c <= 'Z' ? c + 32 : c));
                } else if (c >= HIRAGANA && c <= HIRAGANA_END) {
                        if (small_y(c) && out.n > 1 && out.p[out.n - 1] == 'i')
                                out.n--;
                        buf_add(&out, str_of(syllables[c - HIRAGANA]));
                } else if (c >= HALF && c <= HALF_END) {
                        buf_add(&out, str_of(half[c - HALF]));
                } else if (c != LONG) {
                        uint32_t h = c * 2654435761U >> 8;

                        buf_char(&out, (char)('a' + h % 26));
                        buf_char(&out, (char)('a' + h / 26 % 26));
                }
        }
        return buf_str(&out);
}

/* The other spellings; the longest first. */
static const char *const spellings[][2] = {
        { "shi", "si" }, { "sh", "sy" }, { "chi", "ti" }, { "ch", "ty" }, { "tsu", "tu" }, { "dzu", "zu" }, { "du", "zu" },
        { "fu", "hu" },  { "ji", "zi" }, { "jy", "zy" },  { "j", "zy" },  { "mb", "nb" },  { "mp", "np" },
};

static str respell(struct arena *mem, str s)
{
        struct buf out = buf_open(mem, 2 * s.n + 16);

        for (size_t at = 0; at < s.n;) {
                bool found = false;

                for (size_t i = 0; i < COUNT(spellings) && !found; i++) {
                        if (!str_starts((str){ s.p + at, s.n - at }, str_of(spellings[i][0])))
                                continue;
                        buf_add(&out, str_of(spellings[i][1]));
                        at += strlen(spellings[i][0]);
                        found = true;
                }
                if (!found)
                        buf_char(&out, s.p[at++]);
        }
        return buf_str(&out);
}

static bool vowel(char c)
{
        return c == 'a' || c == 'i' || c == 'u' || c == 'e' || c == 'o';
}

static bool letter(char c)
{
        return c >= 'a' && c <= 'z';
}

/* Long vowels and doubled letters: "ookouchi", "okochi", "ohkohchi". */
static str shorten(struct arena *mem, str s)
{
        struct buf out = buf_open(mem, s.n + 1);

        for (size_t at = 0; at < s.n; at++) {
                char c = s.p[at], before = out.n > 0 ? out.p[out.n - 1] : '\0', after = at + 1 < s.n ? s.p[at + 1] : '\0';

                if (letter(c) && c == before)
                        continue;
                if (before == 'o' && (c == 'u' || (c == 'h' && !vowel(after) && after != 'y')))
                        continue;
                buf_char(&out, c);
        }
        return buf_str(&out);
}

str romaji_fold(struct arena *mem, str s)
{
        return shorten(mem, respell(mem, letters(mem, s)));
}
