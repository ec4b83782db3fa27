/* sso_door.h - see sso_door.c. */
#ifndef DAICHO_CONSOLE_SSO_DOOR_H
#define DAICHO_CONSOLE_SSO_DOOR_H

#include "gate/route.h"

extern const struct route sso_door_routes[];

#endif
