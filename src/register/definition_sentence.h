/* definition_sentence.h - items of type computed: a sentence of other items, "{family_name} {given_name}様". Nothing is stored: wherever the item is read,
 * sorted out or searched, its SQL stands in the place of a column. */
#ifndef DAICHO_REGISTER_DEFINITION_SENTENCE_H
#define DAICHO_REGISTER_DEFINITION_SENTENCE_H

#include "register/definition_member.h"
#include "register/search.h"

enum { SENTENCE_MAX = 200, SENTENCE_PARTS_MAX = 10 };

/* When all items are read: `sentence` of the one at `at`, told with its line when it is wrong. Personal when any of its items is. */
void definition_sentence_read(struct reading *r, const struct place *at, struct item *item);
bool definition_sentence_same(const struct item *a, const struct item *b);
/* The value as an expression, its items named by `name`. NULL when every item is empty; else an empty item goes with the spaces before it. */
void definition_sentence_sql(struct sql *sql, const struct item *item, search_namer name, const void *of);

#endif
