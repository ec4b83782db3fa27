/* certificate_door.h - client certificates of the contract, and whether it needs them. */
#ifndef DAICHO_CONSOLE_CERTIFICATE_DOOR_H
#define DAICHO_CONSOLE_CERTIFICATE_DOOR_H

#include "gate/route.h"

extern const struct route certificate_door_routes[];

#endif
