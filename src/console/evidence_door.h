/* evidence_door.h - evidence of records. */
#ifndef DAICHO_CONSOLE_EVIDENCE_DOOR_H
#define DAICHO_CONSOLE_EVIDENCE_DOOR_H

#include "gate/route.h"
#include "register/definition.h"

extern const struct route evidence_door_routes[];

/* For the page of a record: what was collected, and a form for more. */
rc evidence_door_page(struct cx *cx, const struct definition *def, int64_t record, json_t *model) MUST_USE;

#endif
