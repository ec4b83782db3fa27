/* cmd_erasure.h - commands that show what is left on the disk of what was erased. */
#ifndef DAICHO_CLI_CMD_ERASURE_H
#define DAICHO_CLI_CMD_ERASURE_H

#include "cli/command.h"

extern const struct command cmd_erasure_commands[];

#endif
