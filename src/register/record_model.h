/* record_model.h - records as JSON, and what names them. */
#ifndef DAICHO_REGISTER_RECORD_MODEL_H
#define DAICHO_REGISTER_RECORD_MODEL_H

#include "register/record.h"

/* {id, version, created_at, created_by, updated_at, updated_by, origin, ITEM: value…}; narrow: only the items of the
 * list page. */
json_t *record_model(struct cx *cx, const struct definition *def, const struct record *rec, bool narrow);
/* What names these records of another register, as an object {"12": "佐藤 美咲"}; "#12" where that cannot be told. */
rc record_model_headings(struct cx *cx, str register_name, const int64_t *ids, size_t count, json_t **ret) MUST_USE;
/* As record_model_headings, for somebody whose right to read them was looked at before. */
rc record_model_names(struct cx *cx, str register_name, const int64_t *ids, size_t count, json_t **ret) MUST_USE;
/* One of them in a language, for a message: the register's title, and what names the record; reads: the reader may read records of the register. */
rc record_model_named(struct cx *cx, enum lang lang, str register_name, int64_t id, bool reads, str *ret_title, str *ret_heading) MUST_USE;
/* "hanako" of "account:12:hanako". */
str record_model_actor(str actor);

#endif
