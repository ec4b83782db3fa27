/* cmd_person.h - `daicho person …`: the people behind accounts, from the operator's side. */
#ifndef DAICHO_CLI_CMD_PERSON_H
#define DAICHO_CLI_CMD_PERSON_H

#include "cli/command.h"

extern const struct command cmd_person_commands[];

#endif
