/* condition_why.h - a condition held against one record, piece by piece. */
#ifndef DAICHO_REGISTER_CONDITION_WHY_H
#define DAICHO_REGISTER_CONDITION_WHY_H

#include "register/condition.h"

/* Each piece of the condition, the outer ones first: [{depth, kind: all | any | none | item | history | segment, text: sentence, holds, value: as people
 * read it (item), entries: how many meet it (history)}]. One trip. RC_UNKNOWN: there is no such record. condition NULL: []. */
rc condition_why(struct cx *cx, const struct definition *def, const struct condition *condition, int64_t record, json_t **ret) MUST_USE;

#endif
