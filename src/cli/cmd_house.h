/* cmd_house.h - commands about the house itself: config, routes, migrate, template. */
#ifndef DAICHO_CLI_CMD_HOUSE_H
#define DAICHO_CLI_CMD_HOUSE_H

#include "cli/command.h"

extern const struct command cmd_house_commands[];

#endif
