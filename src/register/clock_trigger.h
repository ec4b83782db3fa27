/* clock_trigger.h - clocks of a definition brought to work: rules for the engine and the trigger of the register that feeds it. */
#ifndef DAICHO_REGISTER_CLOCK_TRIGGER_H
#define DAICHO_REGISTER_CLOCK_TRIGGER_H

#include "register/definition.h"

/* Calendars, groups and accounts that clocks name must be there: RC_INVALID. In the tenant. */
rc clock_trigger_check(struct cx *cx, const struct definition *def) MUST_USE;
/* The same of one rule, of a clock or a round, and of one name in it; what is wrong is told as of `path`. */
rc clock_trigger_rule_check(struct cx *cx, const char *path, const json_t *rule) MUST_USE;
rc clock_trigger_who_check(struct cx *cx, const char *path, str who) MUST_USE;
/* A register was deleted, or brought back: nobody is told of its duties meanwhile, and no list shows them. By the define job. */
rc clock_trigger_lay(struct cx *cx, int64_t register_id, bool laid) MUST_USE;
/* By the define job, behind the table: rules and trigger as the definition says; clocks of `old` (NULL) that are gone stop being started. */
rc clock_trigger_apply(struct cx *cx, const struct definition *old, const struct definition *def) MUST_USE;
/* What becomes of clocks by a new definition: [{name, title, ends: how many run and are withdrawn} or {name, title, later, starts: how many records begin one; null: it
 * cannot be told before}]. */
rc clock_trigger_changes(struct cx *cx, const struct definition *old, const struct definition *wanted, json_t **ret) MUST_USE;

#endif
