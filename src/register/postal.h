/* postal.h - postal codes and the addresses they stand for: one table for the whole house (schema/0051_postal.sql), filled from Japan Post's file by an
 * operator. How it works: doc/postal.md. */
#ifndef DAICHO_REGISTER_POSTAL_H
#define DAICHO_REGISTER_POSTAL_H

#include "register/definition.h"

enum { POSTAL_OLD_DAYS = 40 };

/* code: as people write it (〒100-0001, １０００００１); RC_INVALID when it is none.
 * Model {code: "100-0001", addresses: [{prefecture, city, town, prefecture_kana, city_kana, town_kana, place}], data}; data as below. */
rc postal_find(struct cx *cx, str code, json_t **ret) MUST_USE;
/* What is known: {imported_at, file, rows, codes, sample, age_days, old}; JSON null when nothing was ever imported. */
rc postal_data(struct cx *cx, json_t **ret) MUST_USE;

/* The file in use is replaced by this one, in the caller's transaction: all of it or nothing. By daicho_owner. smaller: also when it has less than half
 * of the codes there are. *ret: {rows, codes, rows_before, codes_before}. */
rc postal_import(struct cx *cx, int fd, str name, bool sample, bool smaller, json_t **ret) MUST_USE;

/* A form was sent: what the item's `fills` names and is empty in `values` gets what the code stands for, when it is one address, and when none of these
 * items was filled in. Values are those of a form. */
rc postal_fill(struct cx *cx, const struct item *item, json_t *values) MUST_USE;

/* The chore: {imported_at} once a week while the data is older than POSTAL_OLD_DAYS; NULL: nothing to tell. */
rc postal_late(struct cx *cx, int64_t id, json_t **ret) MUST_USE;

#endif
