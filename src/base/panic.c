/* panic.c - the end of a process that found a bug in itself. */
#include "base/house.h"

#include <stdio.h>
#include <stdlib.h>

#undef panic
NORETURN void panic(const char *file, int line, const char *what)
{
        (void)fprintf(stderr, "daicho: panic at %s:%d: %s\n", file, line, what);
        abort();
}
