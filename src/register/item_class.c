/* item_class.c - see item_class.h. How to add a class: a bit in item_class.h, a line in `classes`, its characters in class_of. */
#include "base/house.h"

#include "register/item_class.h"

#include "base/buf.h"
#include "base/utf8.h"
#include "register/item_text.h"

static const struct {
        const char *name;
        const char *title[2];
        /* clang-format off */
} classes[] = {
        { "half_lower", { "半角英小文字", "half-width lower case" } },
        { "half_upper", { "半角英大文字", "half-width upper case" } },
        { "half_digit", { "半角数字", "half-width digits" } },
        { "half_symbol", { "半角記号", "half-width symbols" } },
        { "full_width", { "全角文字", "full-width characters" } },
        { "hiragana", { "ひらがな", "hiragana" } },
        { "katakana", { "カタカナ", "katakana" } },
        { "kanji", { "漢字", "kanji" } },
};
/* clang-format on */

unsigned item_class_find(str name)
{
        for (size_t i = 0; i < COUNT(classes); i++)
                if (str_is(name, classes[i].name))
                        return 1u << i;
        return 0;
}

const char *item_class_all(void)
{
        return "half_lower half_upper half_digit half_symbol full_width hiragana katakana kanji";
}

json_t *item_class_names(unsigned set)
{
        json_t *list = json_array();

        for (size_t i = 0; i < COUNT(classes); i++)
                if (set & 1u << i)
                        json_array_append_new(list, json_string(classes[i].name));
        return list;
}

str item_class_title(struct arena *mem, enum lang lang, unsigned set)
{
        struct buf b = buf_open(mem, KB(1));

        for (size_t i = 0; i < COUNT(classes); i++)
                if (set & 1u << i) {
                        if (b.n > 0)
                                buf_add(&b, lang == LANG_JA ? S("・") : S(", "));
                        buf_add(&b, str_of(classes[i].title[lang]));
                }
        return buf_str(&b);
}

static bool in(uint32_t c, uint32_t from, uint32_t to)
{
        return c >= from && c <= to;
}

/* CJK ideographs with the blocks of compatibility, the marks that repeat one, and what selects its shape. */
static bool kanji(uint32_t c)
{
        return in(c, 0x4e00, 0x9fff) || in(c, 0x3400, 0x4dbf) || in(c, 0xf900, 0xfaff) || in(c, 0x20000, 0x3fffd) || in(c, 0x3005, 0x3007) ||
               c == 0x303b || in(c, 0xfe00, 0xfe0f) || in(c, 0xe0100, 0xe01ef);
}

/* The classes a character is of; a long mark and the dot of names are of both kana. */
static unsigned class_of(uint32_t c)
{
        if (c < 0x80)
                return in(c, 'a', 'z')   ? ITEM_CLASS_HALF_LOWER
                       : in(c, 'A', 'Z') ? ITEM_CLASS_HALF_UPPER
                       : in(c, '0', '9') ? ITEM_CLASS_HALF_DIGIT
                                         : ITEM_CLASS_HALF_SYMBOL;
        if (c == ITEM_TEXT_LONG_MARK || c == 0x30fb)
                return ITEM_CLASS_FULL_WIDTH | ITEM_CLASS_HIRAGANA | ITEM_CLASS_KATAKANA;
        if (in(c, 0x3041, 0x309f))
                return ITEM_CLASS_FULL_WIDTH | ITEM_CLASS_HIRAGANA;
        if (in(c, 0x30a1, 0x30ff) || in(c, 0x31f0, 0x31ff))
                return ITEM_CLASS_FULL_WIDTH | ITEM_CLASS_KATAKANA;
        if (kanji(c))
                return ITEM_CLASS_FULL_WIDTH | ITEM_CLASS_KANJI;
        return in(c, 0xff61, 0xff9f) || c < 0xa0 ? 0 : ITEM_CLASS_FULL_WIDTH;
}

/* The same character in a class that is allowed; 0: there is none. */
static uint32_t twin(uint32_t c, unsigned allowed)
{
        uint32_t t = 0;

        if (in(c, '!', '~'))
                t = c + 0xfee0;
        else if (in(c, 0xff01, 0xff5e))
                t = c - 0xfee0;
        else if (c == ' ' || c == 0x3000)
                t = c == ' ' ? 0x3000 : ' ';
        else if (in(c, 0x3041, 0x3096) || in(c, 0x309d, 0x309e))
                t = c + 0x60;
        else if (in(c, 0x30a1, 0x30f6) || in(c, 0x30fd, 0x30fe))
                t = c - 0x60;
        else if (item_text_hyphen(c) || c == ITEM_TEXT_LONG_MARK)
                t = '-';
        return t != 0 && class_of(t) & allowed ? t : 0;
}

enum item_reason item_class_fit(struct arena *mem, const struct item *item, str s, str *ret)
{
        unsigned allowed = item->characters & ~(unsigned)ITEM_CLASS_LENIENT;
        char *p = NULL;
        size_t n = 0;

        for (size_t at = 0, next; at < s.n; at = next) {
                uint32_t c, fit;

                next = at;
                fit = c = utf8_decode(s, &next);
                if (c != '\n' && !(class_of(c) & allowed))
                        fit = twin(c, allowed);
                if (fit == 0) {
                        if (!(item->characters & ITEM_CLASS_LENIENT))
                                return ITEM_NOT_CHARACTERS;
                        fit = c;
                }
                if (p == NULL && fit != c) {
                        p = arena_alloc(mem, s.n * 3 + UTF8_MAX); /* one byte may become three */
                        memcpy(p, s.p, at);
                        n = at;
                }
                if (p != NULL)
                        n += utf8_encode(fit, p + n);
        }
        *ret = p == NULL ? s : (str){ p, n };
        return ITEM_FINE;
}
