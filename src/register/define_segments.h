/* define_segments.h - segments that a new definition would leave without meaning. */
#ifndef DAICHO_REGISTER_DEFINE_SEGMENTS_H
#define DAICHO_REGISTER_DEFINE_SEGMENTS_H

#include "register/definition.h"

/* Those of the register and, of a history, of its master, that can be used now and could not be with `wanted`: [{id, name, register}]; of others' own ones
 * without id and name; at the operator's desk of all. */
rc define_segments_lost(struct cx *cx, const struct definition *old, const struct definition *wanted, json_t **ret) MUST_USE;

#endif
