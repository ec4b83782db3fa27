/* item_choices.c - see item_choices.h. */
#include "base/house.h"

#include "register/item_choices.h"

#include "base/buf.h"
#include "base/utf8.h"
#include "register/item_choice.h"
#include "register/item_text.h"

enum { WIDE_SEMICOLON = 0xff1b, WIDE_OPEN = 0xff5b, WIDE_CLOSE = 0xff5d, WIDE_COMMA = 0xff0c, TOUTEN = 0x3001, WIDE_BAR = 0xff5c };

bool item_choices_word(str word)
{
        for (size_t at = 0; at < word.n;) {
                uint32_t c = utf8_decode(word, &at);

                if (c == ';' || c == '{' || c == '}' || c == WIDE_SEMICOLON || c == WIDE_OPEN || c == WIDE_CLOSE)
                        return false;
        }
        return true;
}

/* The stored form ------------------------------------------------------------------------------------------------------------------- */

/* What array_out() puts between quotes. */
static bool quoted(str s)
{
        if (s.n == 0 || str_equal_nocase(s, S("null")))
                return true;
        for (size_t i = 0; i < s.n; i++)
                if (strchr("\"\\{}, \t\n\r\v\f", s.p[i]) != NULL)
                        return true;
        return false;
}

static void element_add(struct buf *b, str s)
{
        bool quotes = quoted(s);

        buf_char(b, b->n == 0 ? '{' : ',');
        if (quotes)
                buf_char(b, '"');
        for (size_t i = 0; i < s.n; i++) {
                if (s.p[i] == '"' || s.p[i] == '\\')
                        buf_char(b, '\\');
                buf_char(b, s.p[i]);
        }
        if (quotes)
                buf_char(b, '"');
}

/* The element at *at, written to `room`, which is as long as the array; false: no more, or no array. *at is the array's length when all was read. */
static bool element_take(str array, size_t *at, char *room, str *ret)
{
        size_t i = *at, n = 0;
        bool quotes;

        if (array.n < 3 || array.p[0] != '{' || array.p[array.n - 1] != '}' || i + 1 >= array.n || (i > 0 && array.p[i] != ','))
                return false;
        i++; /* the brace, or the comma */
        quotes = array.p[i] == '"';
        i += quotes;
        while (i + 1 < array.n && (quotes ? array.p[i] != '"' : array.p[i] != ',')) {
                if (array.p[i] == '\\' && i + 2 < array.n)
                        i++;
                else if (!quotes && strchr("\"{}", array.p[i]) != NULL)
                        return false;
                room[n++] = array.p[i++];
        }
        if (quotes && (i + 1 >= array.n || array.p[i++] != '"'))
                return false;
        *at = i + 1 == array.n ? array.n : i;
        *ret = (str){ room, n };
        return true;
}

/* Reading --------------------------------------------------------------------------------------------------------------------------- */

struct picks {
        struct arena *mem;
        const struct item *item;
        bool chosen[DEFINITION_CHOICES_MAX];
        size_t count;
};

static bool pick(struct picks *p, str word)
{
        const struct choice *c = word.n > 0 ? item_choice(p->mem, p->item, word) : NULL;
        size_t i = c == NULL ? 0 : (size_t)(c - p->item->choices);

        if (c == NULL)
                return false;
        p->count += !p->chosen[i];
        p->chosen[i] = true;
        return true;
}

static bool pick_stored(struct picks *p, str s)
{
        char *room = arena_alloc(p->mem, s.n + 1);
        size_t at = 0;
        str word;

        while (at < s.n)
                if (!element_take(s, &at, room, &word) || !pick(p, word))
                        return false;
        return true;
}

static bool divides(uint32_t c, bool weak)
{
        if (weak)
                return c == ',' || c == WIDE_COMMA || c == TOUTEN || c == '|' || c == WIDE_BAR || c == '\t';
        return c == ';' || c == WIDE_SEMICOLON || c == '\n' || c == '\r';
}

/* Parted by what no title holds; a part that is no choice, by what titles may hold as well: then every piece of it must be one. */
static bool pick_words(struct picks *p, str s, bool weak)
{
        size_t start = 0;

        for (size_t at = 0; start <= s.n;) {
                size_t end = at;
                bool over = at >= s.n;
                str word;

                if (!over && !divides(utf8_decode(s, &at), weak))
                        continue;
                word = item_text_trim((str){ s.p + start, end - start });
                if (word.n > 0 && !pick(p, word) && (weak || !pick_words(p, word, true)))
                        return false;
                if (over)
                        break;
                start = at;
        }
        return true;
}

enum item_reason item_choices_read(struct arena *mem, const struct item *item, str s, str *ret)
{
        struct arena_mark mark = arena_mark(mem);
        struct picks p = { .mem = mem, .item = item };
        struct buf b;

        if (s.p[0] != '{' || !pick_stored(&p, s)) {
                p = (struct picks){ .mem = mem, .item = item };
                if (!pick_words(&p, s, false) || p.count == 0)
                        return ITEM_NOT_CHOICES;
        }
        if ((int64_t)p.count < item->min || (int64_t)p.count > item->max)
                return (int64_t)p.count < item->min ? ITEM_TOO_FEW : ITEM_TOO_MANY;
        b = buf_open(mem, DEFINITION_CHOICES_MAX * (DEFINITION_TITLE_MAX * 8 + 3) + 2);
        for (size_t i = 0; i < item->choice_count; i++)
                if (p.chosen[i])
                        element_add(&b, item->choices[i].value);
        buf_char(&b, '}');
        *ret = buf_str(&b);
        if (str_equal(*ret, s)) {
                arena_rewind(mem, mark);
                *ret = s;
        }
        return ITEM_FINE;
}

/* Writing --------------------------------------------------------------------------------------------------------------------------- */

/* item NULL: the values themselves. */
static str titles(struct arena *mem, enum lang lang, const struct item *item, str stored, str between)
{
        struct buf b = buf_open(mem, stored.n * 2 + DEFINITION_CHOICES_MAX * (DEFINITION_TITLE_MAX * UTF8_MAX + between.n));
        char *room = arena_alloc(mem, stored.n + 1);
        size_t at = 0;
        str value;

        while (at < stored.n && element_take(stored, &at, room, &value)) {
                if (b.n > 0)
                        buf_add(&b, between);
                buf_add(&b, item == NULL ? value : item_choice_write(lang, item, value));
        }
        return buf_str(&b);
}

str item_choices_show(struct arena *mem, enum lang lang, const struct item *item, str stored)
{
        return titles(mem, lang, item, stored, lang == LANG_JA ? S("、") : S(", "));
}

str item_choices_write(struct arena *mem, enum lang lang, const struct item *item, str stored)
{
        return titles(mem, lang, item, stored, S("; "));
}

str item_choices_values(struct arena *mem, str stored)
{
        return titles(mem, LANG_JA, NULL, stored, S("; "));
}

json_t *item_choices_json(str stored)
{
        json_t *list = json_array();
        char *room = arena_alloc(arena_current, stored.n + 1);
        size_t at = 0;
        str value;

        while (at < stored.n && element_take(stored, &at, room, &value))
                json_array_append_new(list, json_str(value));
        return list;
}

str item_choices_of_json(struct arena *mem, const json_t *list)
{
        size_t size = 2, i;
        json_t *one;
        struct buf b;

        json_array_foreach((json_t *)(uintptr_t)list, i, one)
                size += json_string_length(one) * 2 + 3;
        b = buf_open(mem, size);
        json_array_foreach((json_t *)(uintptr_t)list, i, one) {
                if (json_string_length(one) > 0)
                        element_add(&b, json_text(one));
        }
        if (b.n == 0)
                return STR_NONE;
        buf_char(&b, '}');
        return buf_str(&b);
}

bool item_choices_hold(str stored, str value)
{
        char *room = arena_alloc(arena_current, stored.n + 1);
        size_t at = 0;
        str one;

        while (at < stored.n && element_take(stored, &at, room, &one))
                if (str_equal(one, value))
                        return true;
        return false;
}
