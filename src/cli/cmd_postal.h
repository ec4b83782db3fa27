/* cmd_postal.h - postal codes of the whole house: import Japan Post's file, tell what is in use (doc/postal.md). */
#ifndef DAICHO_CLI_CMD_POSTAL_H
#define DAICHO_CLI_CMD_POSTAL_H

#include "cli/command.h"

extern const struct command cmd_postal_commands[];

/* The small made sample that is shipped, where no file was imported yet. */
rc cmd_postal_sample(struct cx *cx) MUST_USE;

#endif
