/* folder_door.h - the folders a contract makes for its mails. */
#ifndef DAICHO_CONSOLE_FOLDER_DOOR_H
#define DAICHO_CONSOLE_FOLDER_DOOR_H

#include "gate/route.h"

extern const struct route folder_door_routes[];

#endif
