/* merge_door.h - see merge_door.c. */
#ifndef DAICHO_CONSOLE_MERGE_DOOR_H
#define DAICHO_CONSOLE_MERGE_DOOR_H

#include "gate/route.h"

extern const struct route merge_door_routes[];

#endif
