/* calendar_door.h - calendars: when business is done, a year at a glance, days that are other than usual. */
#ifndef DAICHO_CONSOLE_CALENDAR_DOOR_H
#define DAICHO_CONSOLE_CALENDAR_DOOR_H

#include "gate/route.h"

extern const struct route calendar_door_routes[];

#endif
