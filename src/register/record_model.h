/* record_model.h - records as JSON, and what names them. */
#ifndef DAICHO_REGISTER_RECORD_MODEL_H
#define DAICHO_REGISTER_RECORD_MODEL_H

#include "register/record.h"

/* {id, version, created_at, created_by, updated_at, updated_by, origin, ITEM: value…}; narrow: only the items of the
 * list page. */
json_t *record_model(struct cx *cx, const struct definition *def, const struct record *rec, bool narrow);
/* What names these records of another register, as an object {"12": "佐藤 美咲"}; "#12" where that cannot be told. */
rc record_model_headings(struct cx *cx, str register_name, const int64_t *ids, size_t count, json_t **ret) MUST_USE;
/* "hanako" of "account:12:hanako". */
str record_model_actor(str actor);

#endif
