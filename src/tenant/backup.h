/* backup.h - what is known of the house's backups: for operators to see, and to be told when none was made. Making them is a command's work (cli/). */
#ifndef DAICHO_TENANT_BACKUP_H
#define DAICHO_TENANT_BACKUP_H

#include "base/json.h"

/* By an operator. {places: [{place, newest, taken_at, seen_at, verified_at, sound, trouble}], taken_at: the newest point there is, age_hours, level: good
 * (less than 26 hours) | late (less than 50) | bad | none (never made)}. */
rc backup_state(struct cx *cx, json_t **ret) MUST_USE;
/* A chore: *ret {taken_at} once a day while the newest good backup is older than 26 hours; NULL: nothing to tell. */
rc backup_late(struct cx *cx, int64_t id, json_t **ret) MUST_USE;

#endif
