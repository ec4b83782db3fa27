/* duty_door.h - what is due by rule: lists, one duty, a month, exceptions, the calendar feed. */
#ifndef DAICHO_CONSOLE_DUTY_DOOR_H
#define DAICHO_CONSOLE_DUTY_DOOR_H

#include "gate/route.h"

extern const struct route duty_door_routes[];

#endif
