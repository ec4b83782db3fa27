/* command.h - the table of commands: `daicho NAME …`. */
#ifndef DAICHO_CLI_COMMAND_H
#define DAICHO_CLI_COMMAND_H

#include "base/house.h"

struct command {
        const char *name;               /* "tenant" */
        const char *usage;              /* "tenant create NAME --title TEXT" ; several lines */
        const char *summary;
        int (*run)(int argc, char **argv);      /* exit status */
};

#endif
