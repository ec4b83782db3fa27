/* cmd_tenant.h - `daicho tenant …`: contracts. */
#ifndef DAICHO_CLI_CMD_TENANT_H
#define DAICHO_CLI_CMD_TENANT_H

#include "cli/command.h"

extern const struct command cmd_tenant_commands[];

#endif
