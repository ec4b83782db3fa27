/* definition_items.h - the items of a definition: read and checked one by one, and against each other. */
#ifndef DAICHO_REGISTER_DEFINITION_ITEMS_H
#define DAICHO_REGISTER_DEFINITION_ITEMS_H

#include "register/definition_member.h"

/* The list "items" of this place into r->def; sections are read already. Mistakes are told. */
void definition_items_read(struct reading *r, const struct place *at);
/* When items are classified: the sentences of computed ones, and what postal codes fill. */
void definition_items_sentences(struct reading *r, const struct place *at);
/* When the heading is known: the classification of items that do not say it. As daicho.item_classification. */
void definition_items_classify(struct definition *def);
/* The member's name: "prefecture". */
const char *definition_items_fill(enum fill part);

#endif
