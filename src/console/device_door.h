/* device_door.h - see device_door.c. */
#ifndef DAICHO_CONSOLE_DEVICE_DOOR_H
#define DAICHO_CONSOLE_DEVICE_DOOR_H

#include "gate/route.h"

extern const struct route device_door_routes[];

#endif
