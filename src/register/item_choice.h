/* item_choice.h - choices: every way to write one leads to it through a hash table made with the definition. */
#ifndef DAICHO_REGISTER_ITEM_CHOICE_H
#define DAICHO_REGISTER_ITEM_CHOICE_H

#include "register/item.h"

/* For definition_items.c: fill choice_words. */
void item_choice_prepare(struct arena *mem, struct item *item);
const struct choice *item_choice(struct arena *mem, const struct item *item, str raw); /* by value, title or alias; NULL */
/* As item_read() and item_write(). */
enum item_reason item_choice_read(struct arena *mem, const struct item *item, str s, str *ret) MUST_USE;
str item_choice_write(enum lang lang, const struct item *item, str s);

#endif
