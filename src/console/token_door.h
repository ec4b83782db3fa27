/* token_door.h - the token endpoint of OAuth 2.0 and what it says about itself. */
#ifndef DAICHO_CONSOLE_TOKEN_DOOR_H
#define DAICHO_CONSOLE_TOKEN_DOOR_H

#include "gate/route.h"

extern const struct route token_door_routes[];

#endif
