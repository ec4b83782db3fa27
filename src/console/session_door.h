/* session_door.h - logging in and out. */
#ifndef DAICHO_CONSOLE_SESSION_DOOR_H
#define DAICHO_CONSOLE_SESSION_DOOR_H

#include "gate/route.h"

extern const struct route session_door_routes[];

#endif
