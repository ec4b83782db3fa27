/* cmd_work.h - commands that look at what was done (log), and what others need to wait for work. */
#ifndef DAICHO_CLI_CMD_WORK_H
#define DAICHO_CLI_CMD_WORK_H

#include "cli/command.h"

extern const struct command cmd_work_commands[];

/* Wait for the end of a job the operator began (a definition), with a bar on a terminal; RC_INVALID when it failed. cx: outside the tenant; *ret: the job's model. */
rc cmd_work_wait(struct cx *cx, str tenant, int64_t id, json_t **ret) MUST_USE;
/* The bar of a job, on a terminal. */
void cmd_work_bar(const json_t *job);
/* How it ended: RC_OK, or RC_INVALID with what it says about lines and items. */
rc cmd_work_ended(struct cx *cx, int64_t id, const json_t *job) MUST_USE;

#endif
