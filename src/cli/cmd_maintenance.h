/* cmd_maintenance.h - `daicho maintenance …`: the plan, its rules, trying them, what VPN and VDI say. */
#ifndef DAICHO_CLI_CMD_MAINTENANCE_H
#define DAICHO_CLI_CMD_MAINTENANCE_H

#include "cli/command.h"

extern const struct command cmd_maintenance_commands[];

#endif
