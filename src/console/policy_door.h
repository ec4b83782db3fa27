/* policy_door.h - what the contract asks of passwords, locks and sessions. */
#ifndef DAICHO_CONSOLE_POLICY_DOOR_H
#define DAICHO_CONSOLE_POLICY_DOOR_H

#include "gate/route.h"

extern const struct route policy_door_routes[];

#endif
