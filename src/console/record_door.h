/* record_door.h - see record_door.c. */
#ifndef DAICHO_CONSOLE_RECORD_DOOR_H
#define DAICHO_CONSOLE_RECORD_DOOR_H

#include "gate/route.h"

extern const struct route record_door_routes[];

#endif
