/* cmd_provider.h - commands about sign-on providers: their secrets, and the way back to passwords. */
#ifndef DAICHO_CLI_CMD_PROVIDER_H
#define DAICHO_CLI_CMD_PROVIDER_H

#include "cli/command.h"

extern const struct command cmd_provider_commands[];

#endif
