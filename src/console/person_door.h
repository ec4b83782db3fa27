/* person_door.h - see person_door.c. */
#ifndef DAICHO_CONSOLE_PERSON_DOOR_H
#define DAICHO_CONSOLE_PERSON_DOOR_H

#include "gate/route.h"

extern const struct route person_door_routes[];

#endif
