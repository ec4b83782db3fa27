/* key_door.h - see key_door.c. */
#ifndef DAICHO_CONSOLE_KEY_DOOR_H
#define DAICHO_CONSOLE_KEY_DOOR_H

#include "gate/route.h"

extern const struct route key_door_routes[];

#endif
