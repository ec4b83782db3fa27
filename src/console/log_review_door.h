/* log_review_door.h - see log_review_door.c. */
#ifndef DAICHO_CONSOLE_LOG_REVIEW_DOOR_H
#define DAICHO_CONSOLE_LOG_REVIEW_DOOR_H

#include "gate/route.h"

extern const struct route log_review_door_routes[];

#endif
