/* account_door.h - see account_door.c. */
#ifndef DAICHO_CONSOLE_ACCOUNT_DOOR_H
#define DAICHO_CONSOLE_ACCOUNT_DOOR_H

#include "gate/route.h"

extern const struct route account_door_routes[];

#endif
