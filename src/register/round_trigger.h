/* round_trigger.h - rounds of a definition brought to work: rules for the engine and the trigger of the register that tells who takes part. */
#ifndef DAICHO_REGISTER_ROUND_TRIGGER_H
#define DAICHO_REGISTER_ROUND_TRIGGER_H

#include "register/definition.h"

/* Calendars, groups and accounts that rounds name must be there: RC_INVALID. In the tenant. */
rc round_trigger_check(struct cx *cx, const struct definition *def) MUST_USE;
/* A register was deleted, or brought back: meanwhile nothing begins, and no list shows its periods. By the define job. */
rc round_trigger_lay(struct cx *cx, int64_t register_id, bool laid) MUST_USE;
/* By the define job, behind the table: rules, trigger, and who takes part of rounds that are new or changed. */
rc round_trigger_apply(struct cx *cx, const struct definition *old, const struct definition *def) MUST_USE;

#endif
