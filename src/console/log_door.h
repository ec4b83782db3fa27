/* log_door.h - see log_door.c. */
#ifndef DAICHO_CONSOLE_LOG_DOOR_H
#define DAICHO_CONSOLE_LOG_DOOR_H

#include "gate/route.h"

extern const struct route log_door_routes[];

#endif
