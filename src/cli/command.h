/* command.h - the table of commands: `daicho NAME …`, what they share, and how they end.
 * Exit status: 0 done, 1 refused with one clear sentence, 2 usage. */
#ifndef DAICHO_CLI_COMMAND_H
#define DAICHO_CLI_COMMAND_H

#include "cli/args.h"
#include "cli/caller.h"
#include "cli/place.h"
#include "gate/gate.h"
#include "gate/runner.h"

struct command {
        const char *name;    /* "tenant create": one or two words */
        const char *usage;   /* what follows the name: "NAME --title TEXT" */
        const char *summary; /* one English sentence; NULL: not listed */
        rc (*run)(struct cx *cx, struct args *args);
};

/* What main.c joins: everything the house can do. */
struct house {
        const struct command *const *commands; /* tables, each ends with name == NULL; the list ends with NULL */
        const struct route *const *routes;
        const struct job_kind *jobs;
        const struct chore *chores;
        const struct gate_hooks *hooks; /* NULL: none */
};
extern const struct house *command_house;

int command_main(const struct house *house, int argc, char **argv);

/* What every command may ask. */
bool command_json(void);                   /* --json was given: write JSON instead of a table */
str command_subject(void);                 /* what the command is about, for the log: its first word, "account" of `account list` */
const struct caller *command_caller(void); /* who is behind it */
/* The directory of --dir, $DAICHO_DIR, ./run when there is one, else /var/lib/daicho; it must be one of Daicho's. */
rc command_place(struct cx *cx, const struct place **ret) MUST_USE;
str command_dir(struct cx *cx); /* the same without looking whether it exists; absolute */

#endif
