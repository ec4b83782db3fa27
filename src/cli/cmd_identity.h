/* cmd_identity.h - commands about who may come in: account, group, key. */
#ifndef DAICHO_CLI_CMD_IDENTITY_H
#define DAICHO_CLI_CMD_IDENTITY_H

#include "cli/command.h"

/* Inside a tenant: make the account `in` describes (account_create) with a system-made password, which goes to its e-mail address and nowhere else. */
rc cmd_identity_invite(struct cx *cx, json_t *in, json_t **ret) MUST_USE;

extern const struct command cmd_identity_commands[];

#endif
