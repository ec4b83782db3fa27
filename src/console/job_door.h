/* job_door.h - see job_door.c. */
#ifndef DAICHO_CONSOLE_JOB_DOOR_H
#define DAICHO_CONSOLE_JOB_DOOR_H

#include "gate/route.h"

extern const struct route job_door_routes[];

#endif
