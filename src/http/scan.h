/* scan.h - asking clamd about a file: zINSTREAM over its unix socket (clamd(8)). What it says is foreign text: anything but "clean" is not clean. */
#ifndef DAICHO_HTTP_SCAN_H
#define DAICHO_HTTP_SCAN_H

#include "base/cx.h"

enum { SCAN_ANSWER_MAX = 1000, SCAN_NAME_MAX = 100, SCAN_TIMEOUT_MS = 60000 };

/* The socket of the scanner; empty: there is none. Once a process. */
void scan_start(str socket);
bool scan_there(void);
/* The answer of clamd. *ret_found absent: clean; else what it found, without control characters. RC_UNAVAILABLE: it says neither, so it is to be asked again. */
rc scan_read(struct cx *cx, str answer, str *ret_found) MUST_USE;
/* The file behind fd, from where it stands. RC_UNAVAILABLE: the scanner does not answer, or could not look at all of it. */
rc scan_ask(struct cx *cx, int fd, str *ret_found) MUST_USE;

#endif
