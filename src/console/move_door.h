/* move_door.h - see move_door.c. */
#ifndef DAICHO_CONSOLE_MOVE_DOOR_H
#define DAICHO_CONSOLE_MOVE_DOOR_H

#include "base/json.h"
#include "gate/route.h"

extern const struct route move_door_routes[];

/* The part of a record's page about its moves: `moves` of the model; a register without moves: nothing. */
rc move_door_page(struct cx *cx, str register_name, int64_t record, json_t *model) MUST_USE;

#endif
