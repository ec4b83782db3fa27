/* cmd_log.h - commands that prove the operation log: verify, bundle, receipt, key. A bundle and a receipt are checked without a house. */
#ifndef DAICHO_CLI_CMD_LOG_H
#define DAICHO_CLI_CMD_LOG_H

#include "cli/command.h"

extern const struct command cmd_log_commands[];

#endif
