/* cmd_backup.h - daicho backup …: make, list, verify, prune, restore, and what belongs to them. */
#ifndef DAICHO_CLI_CMD_BACKUP_H
#define DAICHO_CLI_CMD_BACKUP_H

#include "cli/command.h"

extern const struct command cmd_backup_commands[];

#endif
