/* yaml.h - YAML read with libyaml into JSON values: the human way to write catalogues, registers and controls.
 * A strict subset: one document, string keys, no anchors, aliases, merge keys or tags, no duplicate keys.
 * Plain scalars follow the JSON-like core of YAML 1.2: null, ~ and empty -> null; true, false; whole numbers and decimals;
 * everything else is text. A number with a leading zero ("0120") stays text, so that codes survive; quoted is always text. */
#ifndef DAICHO_BASE_YAML_H
#define DAICHO_BASE_YAML_H

#include "base/json.h"

struct yaml_lines; /* where each member stood */

/* At most 1 MiB and 32 levels. RC_INVALID naming the line. */
rc yaml_read(struct cx *cx, str text, json_t **ret) MUST_USE;
/* The same, remembering lines; both live in cx->mem. */
rc yaml_read_lines(struct cx *cx, str text, json_t **ret, struct yaml_lines **ret_lines) MUST_USE;

/* Line (from 1) of the member `name` of this object; name NULL or unknown: of the container itself; 0: not from this text. */
int64_t yaml_line(const struct yaml_lines *lines, const json_t *container, const char *name);
/* Line of one element of an array. */
int64_t yaml_line_at(const struct yaml_lines *lines, const json_t *array, size_t index);

#endif
