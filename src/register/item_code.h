/* item_code.h - values with a shape of their own: e-mail addresses, telephone numbers, web addresses, postal codes. */
#ifndef DAICHO_REGISTER_ITEM_CODE_H
#define DAICHO_REGISTER_ITEM_CODE_H

#include "register/item.h"

/* As item_read(): s trimmed, not empty, without control characters. */
enum item_reason item_code_email(struct arena *mem, const struct item *item, str s, str *ret) MUST_USE;
enum item_reason item_code_telephone(struct arena *mem, const struct item *item, str s, str *ret) MUST_USE;
/* RFC 3986, http and https only; without a scheme it becomes https. Scheme and host are written small. */
enum item_reason item_code_url(struct arena *mem, const struct item *item, str s, str *ret) MUST_USE;
enum item_reason item_code_postal(struct arena *mem, const struct item *item, str s, str *ret) MUST_USE;

/* Is `s` digits with hyphens at exactly these group lengths? c 0: two groups. */
bool item_code_shaped(str s, size_t a, size_t b, size_t c);

#endif
