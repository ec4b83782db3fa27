/* cmd_register.h - commands about what registers are: register define, list, show. What is in them: cmd_file.h. */
#ifndef DAICHO_CLI_CMD_REGISTER_H
#define DAICHO_CLI_CMD_REGISTER_H

#include "cli/command.h"

extern const struct command cmd_register_commands[];

/* Queue the definition that stands in this YAML text and wait until its table is made. */
rc cmd_register_define(struct cx *cx, str tenant, str yaml) MUST_USE;

#endif
