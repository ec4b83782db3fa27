/* maintenance_door.h - how the house is maintained: walls, sessions, accounts of the VDI. For operators. */
#ifndef DAICHO_CONSOLE_MAINTENANCE_DOOR_H
#define DAICHO_CONSOLE_MAINTENANCE_DOOR_H

#include "gate/route.h"

extern const struct route maintenance_door_routes[];

#endif
