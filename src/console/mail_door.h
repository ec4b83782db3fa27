/* mail_door.h - mails: written, put into folders, moved, deleted and brought back. */
#ifndef DAICHO_CONSOLE_MAIL_DOOR_H
#define DAICHO_CONSOLE_MAIL_DOOR_H

#include "gate/route.h"

extern const struct route mail_door_routes[];

#endif
