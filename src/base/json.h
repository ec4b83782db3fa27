/* json.h - Jansson, allocating in the current arena: nothing is freed by hand, json_decref is never called. */
#ifndef DAICHO_BASE_JSON_H
#define DAICHO_BASE_JSON_H

#include <jansson.h>

#include "base/cx.h"

void json_start(void); /* once a process */

/* Shorthands over a str. */
json_t *json_str(str s);        /* absent -> JSON null */
str json_text(const json_t *v); /* absent unless a string */
str json_get_text(const json_t *object, const char *name);
json_t *json_set(json_t *object, const char *name, json_t *value); /* returns object */

/* Parse one document: at most 32 levels deep, no duplicate names. RC_MALFORMED with line and column. */
rc json_read(struct cx *cx, str text, json_t **ret) MUST_USE;
str json_write(struct arena *mem, const json_t *v); /* compact, UTF-8, members in insertion order */

#endif
