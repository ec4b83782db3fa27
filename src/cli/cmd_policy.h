/* cmd_policy.h - daicho policy: what a contract asks of passwords, locks and sessions. */
#ifndef DAICHO_CLI_CMD_POLICY_H
#define DAICHO_CLI_CMD_POLICY_H

#include "cli/command.h"

extern const struct command cmd_policy_commands[];

#endif
