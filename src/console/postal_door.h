/* postal_door.h - postal codes and the addresses they stand for. */
#ifndef DAICHO_CONSOLE_POSTAL_DOOR_H
#define DAICHO_CONSOLE_POSTAL_DOOR_H

#include "gate/route.h"

extern const struct route postal_door_routes[];

#endif
