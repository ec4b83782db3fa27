/* item_scalar.h - numbers, days, yes or no, and references as people write them. */
#ifndef DAICHO_REGISTER_ITEM_SCALAR_H
#define DAICHO_REGISTER_ITEM_SCALAR_H

#include "register/item.h"

/* As item_read(): s trimmed, not empty, without control characters. */
enum item_reason item_scalar_integer(struct arena *mem, const struct item *item, str s, str *ret) MUST_USE;
enum item_reason item_scalar_decimal(struct arena *mem, const struct item *item, str s, str *ret) MUST_USE;
enum item_reason item_scalar_date(struct arena *mem, const struct item *item, str s, str *ret) MUST_USE;
/* A day with a time, in Tokyo unless a zone is named; a day alone is its midnight. */
enum item_reason item_scalar_datetime(struct arena *mem, const struct item *item, str s, str *ret) MUST_USE;
enum item_reason item_scalar_boolean(struct arena *mem, const struct item *item, str s, str *ret) MUST_USE;
enum item_reason item_scalar_reference(struct arena *mem, const struct item *item, str s, str *ret) MUST_USE;

#endif
