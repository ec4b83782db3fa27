/* duplicate_door.h - see duplicate_door.c. */
#ifndef DAICHO_CONSOLE_DUPLICATE_DOOR_H
#define DAICHO_CONSOLE_DUPLICATE_DOOR_H

#include "gate/route.h"

extern const struct route duplicate_door_routes[];

#endif
