/* cmd_file.h - commands about records and the work that moves them: import, export, job. They act with an API key of the contract, by its front door. */
#ifndef DAICHO_CLI_CMD_FILE_H
#define DAICHO_CLI_CMD_FILE_H

#include "cli/command.h"
#include "cli/front.h"

extern const struct command cmd_file_commands[];

/* Sends a CSV file to a register and waits until it is in; encoding, blank: absent for what the register takes by itself. */
struct cmd_file_order {
        str register_name;
        const char *path;
        str name; /* what its owner calls it */
        str encoding, blank;
};
rc cmd_file_import(struct cx *cx, const struct front *front, const struct cmd_file_order *order, json_t **ret_job) MUST_USE;

#endif
