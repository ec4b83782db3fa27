/* record_batch.h - up to a thousand records written in one transaction, each with an answer of its own: a row that is refused takes no other with it, unless all or
 * none is wanted. */
#ifndef DAICHO_REGISTER_RECORD_BATCH_H
#define DAICHO_REGISTER_RECORD_BATCH_H

#include "base/json.h"
#include "register/definition.h"

enum { RECORD_BATCH_MAX = 1000 };

struct record_batch_order {
        str register_name;
        const json_t *rows; /* array of objects {item: value}; with `id` and `version` that record is changed, else one is made */
        bool upsert;        /* without `id`: the record with this key is changed where there is one; only what is given */
        bool all;           /* nothing is written when one row is refused */
};

/* *ret: {created, changed, unchanged, refused, rows: [{outcome: "created" "changed" "unchanged" "refused", id, version, errors: [{item, detail}]}]} in order. Refusals
 * of single rows are in it and RC_OK is returned; with `all` RC_INVALID, and the first refusals with the number of their row as line. RC_FORBIDDEN: upsert by an
 * account that may not see the key. */
rc record_batch(struct cx *cx, const struct record_batch_order *order, json_t **ret) MUST_USE;

#endif
