/* move_trigger.h - moves of a definition brought to work: rules for the engine, and triggers of the register that let nothing else change a state. */
#ifndef DAICHO_REGISTER_MOVE_TRIGGER_H
#define DAICHO_REGISTER_MOVE_TRIGGER_H

#include "register/sql.h"

/* Calendars, groups and accounts that moves name must be there: RC_INVALID. In the tenant. */
rc move_trigger_check(struct cx *cx, const struct definition *def) MUST_USE;
/* A register was deleted, or brought back. By the define job. */
rc move_trigger_lay(struct cx *cx, int64_t register_id, bool laid) MUST_USE;
/* Before the table changes: conditions of triggers name the item. */
void move_trigger_drop(struct sql *sql, const struct definition *def);
/* By the define job, behind the table. Requests by rules that are gone or different are void. */
rc move_trigger_apply(struct cx *cx, const struct definition *old, const struct definition *def) MUST_USE;

#endif
