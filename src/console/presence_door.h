/* presence_door.h - who is logged in now, for whoever manages sessions; unlocking an account. */
#ifndef DAICHO_CONSOLE_PRESENCE_DOOR_H
#define DAICHO_CONSOLE_PRESENCE_DOOR_H

#include "gate/route.h"

extern const struct route presence_door_routes[];

#endif
