/* change_door.h - see change_door.c. */
#ifndef DAICHO_CONSOLE_CHANGE_DOOR_H
#define DAICHO_CONSOLE_CHANGE_DOOR_H

#include "gate/route.h"

extern const struct route change_door_routes[];

/* For a chore: names the change in the entry about what was told. */
rc change_door_told(struct cx *cx, const json_t *told) MUST_USE;

#endif
