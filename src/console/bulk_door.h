/* bulk_door.h - see bulk_door.c. */
#ifndef DAICHO_CONSOLE_BULK_DOOR_H
#define DAICHO_CONSOLE_BULK_DOOR_H

#include "gate/route.h"

extern const struct route bulk_door_routes[];

#endif
