/* format.h - compares printf formats: a translation must take the arguments of its English. */
#ifndef DAICHO_PAGE_FORMAT_H
#define DAICHO_PAGE_FORMAT_H

#include "base/house.h"

/* Do both take the same arguments, in the same or (with %2$s) another order? False also for a format that cannot be read. */
bool format_agrees(const char *english, const char *translation);

#endif
