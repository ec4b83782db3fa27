/* demo.h - sample data for `daicho up --demo`: a contract, three accounts, an API key, invented customers and what they bought. Made through the
 * same functions and jobs as real data, once. */
#ifndef DAICHO_CLI_DEMO_H
#define DAICHO_CLI_DEMO_H

#include "cli/command.h"
#include "cli/parent.h"

extern const struct command demo_commands[];

/* The process that makes the sample data; NULL: they are there already. */
struct child *demo_child(struct cx *cx, const struct place *place);
/* What a person needs to come in: lines for the terminal. */
rc demo_words(struct cx *cx, const struct place *place, str *ret) MUST_USE;

#endif
