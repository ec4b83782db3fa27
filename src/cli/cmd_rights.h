/* cmd_rights.h - `daicho group create|change|erase`, `daicho account rights`: what accounts may do, from the operator's side. */
#ifndef DAICHO_CLI_CMD_RIGHTS_H
#define DAICHO_CLI_CMD_RIGHTS_H

#include "cli/command.h"

extern const struct command cmd_rights_commands[];

#endif
