/* recover.h - a house out of a backup, after a disaster: into a directory that is empty, with a database of its own, and then down again until
 * `daicho up`. All contracts whose keys are there; one whose key was destroyed stays gone. */
#ifndef DAICHO_CLI_RECOVER_H
#define DAICHO_CLI_RECOVER_H

#include "base/json.h"
#include "cli/command.h"

struct recover {
        const char *backup;   /* its directory */
        const char *identity; /* file that opens keys.age beside it; NULL: secrets is given */
        const char *secrets;  /* what was secret/ of the house; NULL */
        str incident, reason;
};

/* *ret: {name, taken_at, contracts, lost: [name], seconds}. RC_CONFLICT: the directory holds something, the backup was changed or belongs to another
 * house, or its seven days are over. On a refusal the directory is as empty as before. */
rc recover_run(struct cx *cx, const struct recover *what, json_t **ret) MUST_USE;

#endif
