/* cmd_work.h - commands that look at work and at what was done: job, log. */
#ifndef DAICHO_CLI_CMD_WORK_H
#define DAICHO_CLI_CMD_WORK_H

#include "cli/command.h"

extern const struct command cmd_work_commands[];

/* Wait for the end of a job, with a bar on a terminal; RC_INVALID when it failed. cx: outside the tenant; *ret: the job's model. */
rc cmd_work_wait(struct cx *cx, str tenant, int64_t id, json_t **ret) MUST_USE;

/* Copy the file a job left to `path` ("-": the standard output). */
rc cmd_work_fetch(struct cx *cx, str tenant, int64_t id, str path) MUST_USE;

#endif
