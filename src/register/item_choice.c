/* item_choice.c - see item_choice.h. */
#include "base/house.h"

#include "register/item_choice.h"

#include "register/item_text.h"

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
                w = slot(item, item_text_plain(mem, s));
        return str_absent(w->word) ? NULL : &item->choices[w->choice];
}

enum item_reason item_choice_read(struct arena *mem, const struct item *item, str s, str *ret)
{
        const struct choice *c = choice_find(mem, item, s);

        if (c == NULL)
                return ITEM_NOT_CHOICE;
        *ret = c->value;
        return ITEM_FINE;
}

str item_choice_write(enum lang lang, const struct item *item, str s)
{
        const struct choice_word *w;

        if (item->choice_count == 0)
                return s;
        w = slot(item, s);
        return str_absent(w->word) ? s : item->choices[w->choice].title[lang];
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
void item_choice_prepare(struct arena *mem, struct item *item)
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

                word_add(item, item_text_plain(mem, c->value), i);
                for (size_t l = 0; l < LANG_END; l++)
                        word_add(item, item_text_plain(mem, c->title[l]), i);
                for (size_t a = 0; a < c->alias_count; a++)
                        word_add(item, item_text_plain(mem, c->aliases[a]), i);
        }
}
