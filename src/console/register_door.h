/* register_door.h - see register_door.c. */
#ifndef DAICHO_CONSOLE_REGISTER_DOOR_H
#define DAICHO_CONSOLE_REGISTER_DOOR_H

#include "gate/route.h"

extern const struct route register_door_routes[];

#endif
