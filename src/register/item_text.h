/* item_text.h - characters of values: width, kana, spaces; items of type text and kana. */
#ifndef DAICHO_REGISTER_ITEM_TEXT_H
#define DAICHO_REGISTER_ITEM_TEXT_H

#include "register/item.h"

enum { ITEM_TEXT_LONG_MARK = 0x30fc };

bool item_text_alnum(uint32_t c);
bool item_text_hyphen(uint32_t c); /* any of the dashes people take for one */
bool item_text_ascii(str s);
bool item_text_control(str s);
str item_text_trim(str s); /* white space of any width off both ends */

enum item_text_form {
        ITEM_TEXT_RUNNING, /* running text: letters and digits become narrow, punctuation stays as written; one line */
        ITEM_TEXT_LINES,   /* the same, line breaks kept as LF */
        ITEM_TEXT_NARROW,  /* codes and words: everything that has a narrow form */
};
str item_text_width(struct arena *mem, str s, enum item_text_form how);

/* Width, case and kana-blind form of a heading or choice: what is compared when a file's words are recognised. Not the search form. */
str item_text_plain(struct arena *mem, str s);

/* As item_read(): s trimmed, not empty, without control characters. */
enum item_reason item_text_read(struct arena *mem, const struct item *item, str s, str *ret) MUST_USE;
enum item_reason item_text_read_kana(struct arena *mem, const struct item *item, str s, str *ret) MUST_USE;

#endif
