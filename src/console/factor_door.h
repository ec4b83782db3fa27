#ifndef DAICHO_CONSOLE_FACTOR_DOOR_H
#define DAICHO_CONSOLE_FACTOR_DOOR_H

#include "gate/gate.h"

extern const struct route factor_door_routes[];

#endif
