/* webhook_door.h - programs that are told what happens: their addresses, and what became of each delivery. */
#ifndef DAICHO_CONSOLE_WEBHOOK_DOOR_H
#define DAICHO_CONSOLE_WEBHOOK_DOOR_H

#include "gate/route.h"

extern const struct route webhook_door_routes[];

#endif
