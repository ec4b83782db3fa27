/* round_door.h - rounds of a register, and saying that a period is done. */
#ifndef DAICHO_CONSOLE_ROUND_DOOR_H
#define DAICHO_CONSOLE_ROUND_DOOR_H

#include "gate/route.h"
#include "register/definition.h"

extern const struct route round_door_routes[];

/* For the page of a record: model.rounds, when it took part in any; of a register: model.rounds and has_rounds. */
rc round_door_record(struct cx *cx, const struct definition *def, int64_t record, json_t *model) MUST_USE;
rc round_door_register(struct cx *cx, const struct definition *def, json_t *model) MUST_USE;
/* For a duty of the kind round: model.round; page: what it can come to as options. */
rc round_door_duty(struct cx *cx, int64_t duty, bool page, json_t *model) MUST_USE;

#endif
