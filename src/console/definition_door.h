/* definition_door.h - the editor of definitions: a list of items, one item, and the plan before it is done. */
#ifndef DAICHO_CONSOLE_DEFINITION_DOOR_H
#define DAICHO_CONSOLE_DEFINITION_DOOR_H

#include "gate/route.h"

extern const struct route definition_door_routes[];

#endif
