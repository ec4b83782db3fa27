/* worker.h - what runs in the processes the parent starts: `daicho worker web 3 --dir DIR`. Not for people. */
#ifndef DAICHO_CLI_WORKER_H
#define DAICHO_CLI_WORKER_H

#include "cli/command.h"
#include "cli/parent.h"
#include "cli/sandbox.h"

extern const struct command worker_commands[];

/* The child that runs worker `number` of this kind, with its listening socket made (web, auth). */
rc worker_child(struct cx *cx, const struct place *place, enum sandbox_kind kind, int64_t number, struct child **ret) MUST_USE;

#endif
