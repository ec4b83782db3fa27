/* item_choices.h - several of a list. Stored as PostgreSQL writes a text[]: {PC,"ノート PC"}, the values once each in the order of the definition. Files
 * hold the titles in one cell with ; between them, which is why no title of such an item may hold one. */
#ifndef DAICHO_REGISTER_ITEM_CHOICES_H
#define DAICHO_REGISTER_ITEM_CHOICES_H

#include "register/item.h"

/* May a word stand among the choices of such an item: no ; and no braces, of any width. */
bool item_choices_word(str word);
/* As item_read(), item_show() and item_write(). Also read: what is stored, and titles parted by line breaks, 、 or , where every part is a choice. */
enum item_reason item_choices_read(struct arena *mem, const struct item *item, str s, str *ret) MUST_USE;
str item_choices_show(struct arena *mem, enum lang lang, const struct item *item, str stored);
str item_choices_write(struct arena *mem, enum lang lang, const struct item *item, str stored);
json_t *item_choices_json(str stored);

/* A list of texts as stored text, unchecked: to show what was kept, whatever the definition says today. Absent: no text in it. */
str item_choices_of_json(struct arena *mem, const json_t *list);
/* The values with "; " between them. */
str item_choices_values(struct arena *mem, str stored);
/* Is the value among those stored? */
bool item_choices_hold(str stored, str value);

#endif
