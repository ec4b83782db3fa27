/* me_door.h - see me_door.c. */
#ifndef DAICHO_CONSOLE_ME_DOOR_H
#define DAICHO_CONSOLE_ME_DOOR_H

#include "gate/route.h"

extern const struct route me_door_routes[];

#endif
