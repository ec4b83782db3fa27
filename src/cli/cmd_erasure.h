/* cmd_erasure.h - commands that show what is left on the disk of what was erased. */
#ifndef DAICHO_CLI_CMD_ERASURE_H
#define DAICHO_CLI_CMD_ERASURE_H

#include "cli/command.h"
#include "cli/parent.h"

extern const struct command cmd_erasure_commands[];

/* `daicho erasure prove`, as a child that ends by itself. */
struct child *cmd_erasure_child(struct cx *cx, const struct place *place);

#endif
