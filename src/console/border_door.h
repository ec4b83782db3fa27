/* border_door.h - the list of addresses a contract is entered from. */
#ifndef DAICHO_CONSOLE_BORDER_DOOR_H
#define DAICHO_CONSOLE_BORDER_DOOR_H

#include "gate/route.h"

extern const struct route border_door_routes[];

#endif
