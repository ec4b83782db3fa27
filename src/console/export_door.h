/* export_door.h - see export_door.c. */
#ifndef DAICHO_CONSOLE_EXPORT_DOOR_H
#define DAICHO_CONSOLE_EXPORT_DOOR_H

#include "gate/route.h"

extern const struct route export_door_routes[];

#endif
