/* review_door.h - access reviews: /reviews. */
#ifndef DAICHO_CONSOLE_REVIEW_DOOR_H
#define DAICHO_CONSOLE_REVIEW_DOOR_H

#include "gate/gate.h"

extern const struct route review_door_routes[];

/* What people see of the contract's reviews elsewhere: `review` (review_state), for those who decide in them or manage people; nothing for others. */
rc review_door_note(struct cx *cx, json_t *model) MUST_USE;

#endif
