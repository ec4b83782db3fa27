/* segment_door.h - segments: saved conditions of a register. */
#ifndef DAICHO_CONSOLE_SEGMENT_DOOR_H
#define DAICHO_CONSOLE_SEGMENT_DOOR_H

#include "gate/route.h"

extern const struct route segment_door_routes[];

#endif
