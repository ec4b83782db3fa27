/* batch_door.h - many records written by one request. */
#ifndef DAICHO_CONSOLE_BATCH_DOOR_H
#define DAICHO_CONSOLE_BATCH_DOOR_H

#include "gate/route.h"

extern const struct route batch_door_routes[];

#endif
