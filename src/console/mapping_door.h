/* mapping_door.h - saved mappings of imports: list, make, change, delete. */
#ifndef DAICHO_CONSOLE_MAPPING_DOOR_H
#define DAICHO_CONSOLE_MAPPING_DOOR_H

#include "gate/route.h"

extern const struct route mapping_door_routes[];

#endif
