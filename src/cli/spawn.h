/* spawn.h - run another program to its end (initdb, useradd, nginx -t) or begin one that the parent watches. No shell is ever involved. */
#ifndef DAICHO_CLI_SPAWN_H
#define DAICHO_CLI_SPAWN_H

#include "base/cx.h"

/* Runs argv[0] (absolute) with stdin closed; *ret_output: what it wrote to stdout and stderr, at most 64 KiB.
 * Status other than 0: RC_UNAVAILABLE with its last line; the program missing: RC_UNAVAILABLE naming `package`. */
rc spawn_run(struct cx *cx, const char *const *argv, const char *package, str *ret_output) MUST_USE;
/* Is this program there? RC_UNAVAILABLE with the package that brings it. */
rc spawn_check(struct cx *cx, const char *program, const char *package) MUST_USE;
/* The last line of a text that is not blank, cut to what a sentence can hold. */
str spawn_last_line(str text);

#endif
