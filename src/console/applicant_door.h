/* applicant_door.h - see applicant_door.c. */
#ifndef DAICHO_CONSOLE_APPLICANT_DOOR_H
#define DAICHO_CONSOLE_APPLICANT_DOOR_H

#include "gate/route.h"

extern const struct route applicant_door_routes[];

#endif
