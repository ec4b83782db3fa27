/* group_door.h - see group_door.c. */
#ifndef DAICHO_CONSOLE_GROUP_DOOR_H
#define DAICHO_CONSOLE_GROUP_DOOR_H

#include "gate/route.h"

extern const struct route group_door_routes[];

#endif
