/* job_door.h - see job_door.c. */
#ifndef DAICHO_CONSOLE_JOB_DOOR_H
#define DAICHO_CONSOLE_JOB_DOOR_H

#include "gate/route.h"
#include "jobs/jobs.h"

/* The jobs the caller may see. */
struct job_sight job_door_sight(struct cx *cx);

extern const struct route job_door_routes[];

#endif
