/* servant.h - started by root, a house runs as a user of its own who owns its directory and nothing else. */
#ifndef DAICHO_CLI_SERVANT_H
#define DAICHO_CLI_SERVANT_H

#include "cli/place.h"

/* As root: makes the user when missing, gives it the directory, copies the shared files where it cannot reach them, becomes it for good.
 * place->share and place->statics may change. As somebody else: nothing. */
rc servant_become(struct cx *cx, struct place *place) MUST_USE;

#endif
