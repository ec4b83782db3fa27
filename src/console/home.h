/* home.h - the first page and the help. */
#ifndef DAICHO_CONSOLE_HOME_H
#define DAICHO_CONSOLE_HOME_H

#include "gate/route.h"

extern const struct route home_routes[];

#endif
