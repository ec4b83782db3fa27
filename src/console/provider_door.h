/* provider_door.h - see provider_door.c. */
#ifndef DAICHO_CONSOLE_PROVIDER_DOOR_H
#define DAICHO_CONSOLE_PROVIDER_DOOR_H

#include "gate/route.h"

extern const struct route provider_door_routes[];

#endif
