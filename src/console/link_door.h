/* link_door.h - see link_door.c. */
#ifndef DAICHO_CONSOLE_LINK_DOOR_H
#define DAICHO_CONSOLE_LINK_DOOR_H

#include "gate/route.h"

extern const struct route link_door_routes[];

#endif
