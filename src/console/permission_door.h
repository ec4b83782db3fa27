/* permission_door.h - see permission_door.c. */
#ifndef DAICHO_CONSOLE_PERMISSION_DOOR_H
#define DAICHO_CONSOLE_PERMISSION_DOOR_H

#include "gate/route.h"

extern const struct route permission_door_routes[];

#endif
