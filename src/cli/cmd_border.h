/* cmd_border.h - client certificates and the list of addresses from the command line. */
#ifndef DAICHO_CLI_CMD_BORDER_H
#define DAICHO_CLI_CMD_BORDER_H

#include "cli/command.h"

extern const struct command cmd_border_commands[];

#endif
