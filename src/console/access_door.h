/* access_door.h - pages and API of requests for rights. */
#ifndef DAICHO_CONSOLE_ACCESS_DOOR_H
#define DAICHO_CONSOLE_ACCESS_DOOR_H

#include "gate/route.h"

extern const struct route access_door_routes[];

/* For the jobs processes: what people are told about a request that ended, ends soon, or waited too long (access_turn). */
rc access_door_tell(struct cx *cx, const json_t *told) MUST_USE;

#endif
