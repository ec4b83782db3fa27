/* declaration_door.h - what leavers declare about their own devices, and what belongs to which device. */
#ifndef DAICHO_CONSOLE_DECLARATION_DOOR_H
#define DAICHO_CONSOLE_DECLARATION_DOOR_H

#include "base/json.h"
#include "gate/route.h"

/* For the page of a device: declarations, may_countersign; all: ties, loose as well (identity/declaration.h). */
rc declaration_door_add(struct cx *cx, json_t *model, const json_t *device, bool all) MUST_USE;

extern const struct route declaration_door_routes[];

#endif
