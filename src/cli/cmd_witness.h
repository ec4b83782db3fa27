/* cmd_witness.h - the command by which others are asked to cosign a log of this house: by the operator or a timer, for the sealer has no network.
 * Cosignatures are kept beside the checkpoint (C2SP tlog-witness, tlog-cosignature). */
#ifndef DAICHO_CLI_CMD_WITNESS_H
#define DAICHO_CLI_CMD_WITNESS_H

#include "cli/command.h"

extern const struct command cmd_witness_commands[];

#endif
