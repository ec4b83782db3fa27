/* cmd_identity.h - commands about who may come in: account, group, key. */
#ifndef DAICHO_CLI_CMD_IDENTITY_H
#define DAICHO_CLI_CMD_IDENTITY_H

#include "cli/command.h"

extern const struct command cmd_identity_commands[];

#endif
