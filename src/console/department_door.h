/* department_door.h - see department_door.c. */
#ifndef DAICHO_CONSOLE_DEPARTMENT_DOOR_H
#define DAICHO_CONSOLE_DEPARTMENT_DOOR_H

#include "gate/route.h"

extern const struct route department_door_routes[];

#endif
