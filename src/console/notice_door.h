/* notice_door.h - messages the house has sent or will send to people. */
#ifndef DAICHO_CONSOLE_NOTICE_DOOR_H
#define DAICHO_CONSOLE_NOTICE_DOOR_H

#include "gate/gate.h"

extern const struct route notice_door_routes[];

#endif
