/* log_door.h - see log_door.c. */
#ifndef DAICHO_CONSOLE_LOG_DOOR_H
#define DAICHO_CONSOLE_LOG_DOOR_H

#include "base/json.h"
#include "gate/route.h"

extern const struct route log_door_routes[];

/* Members of a detail as facts: [{title, text}], and what changed: [{title, old, text}], set in `entry`. */
void log_door_detail(struct cx *cx, const json_t *detail, json_t *entry);

#endif
