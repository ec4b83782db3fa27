/* item_class.h - classes of characters that a text may hold (`characters` of a definition). What is of another class is written in one that is allowed
 * where that is the same character: half and full width, hiragana and katakana, a dash for a hyphen. Case is never changed: it may mean something. */
#ifndef DAICHO_REGISTER_ITEM_CLASS_H
#define DAICHO_REGISTER_ITEM_CLASS_H

#include "register/item.h"

/* A full-width text may hold everything that is not half-width: kana, kanji, Ａ, １ and the wide space. Symbols include the space. */
enum item_class {
        ITEM_CLASS_HALF_LOWER = 1,
        ITEM_CLASS_HALF_UPPER = 2,
        ITEM_CLASS_HALF_DIGIT = 4,
        ITEM_CLASS_HALF_SYMBOL = 8,
        ITEM_CLASS_FULL_WIDTH = 16,
        ITEM_CLASS_HIRAGANA = 32,
        ITEM_CLASS_KATAKANA = 64,
        ITEM_CLASS_KANJI = 128,
        ITEM_CLASS_HALF = 15,     /* all of half width */
        ITEM_CLASS_LENIENT = 256, /* repair, but refuse nothing: for conditions */
};

unsigned item_class_find(str name); /* 0: there is no such class */
const char *item_class_all(void);   /* the names, with spaces between */
/* Classes as a list of names, and as people say them: "半角英大文字・半角数字". */
json_t *item_class_names(unsigned classes);
str item_class_title(struct arena *mem, enum lang lang, unsigned classes);

/* As item_read(); s is of one width already (item_text_width). Line breaks are of every class. */
enum item_reason item_class_fit(struct arena *mem, const struct item *item, str s, str *ret) MUST_USE;

#endif
