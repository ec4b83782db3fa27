/* log_hold_door.h - see log_hold_door.c. */
#ifndef DAICHO_CONSOLE_LOG_HOLD_DOOR_H
#define DAICHO_CONSOLE_LOG_HOLD_DOOR_H

#include "gate/route.h"

extern const struct route log_hold_door_routes[];

#endif
