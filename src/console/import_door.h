/* import_door.h - see import_door.c. */
#ifndef DAICHO_CONSOLE_IMPORT_DOOR_H
#define DAICHO_CONSOLE_IMPORT_DOOR_H

#include "gate/route.h"

extern const struct route import_door_routes[];

#endif
