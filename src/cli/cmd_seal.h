/* cmd_seal.h - `daicho log status | restart | rotate | erase`: the operator's hand on the sealed log. Verifying it is another file's work. */
#ifndef DAICHO_CLI_CMD_SEAL_H
#define DAICHO_CLI_CMD_SEAL_H

#include "cli/command.h"

extern const struct command cmd_seal_commands[];

#endif
