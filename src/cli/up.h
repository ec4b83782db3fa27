/* up.h - `daicho up` and `daicho down`: a whole house under one parent. */
#ifndef DAICHO_CLI_UP_H
#define DAICHO_CLI_UP_H

#include "cli/command.h"

extern const struct command up_commands[];

#endif
