/* kind.h - what a file is by its content, whatever it is called: libmagic and the table of signatures Debian ships. Says only what it looks like; whether
 * that is welcome is the caller's decision. */
#ifndef DAICHO_BASE_KIND_H
#define DAICHO_BASE_KIND_H

#include "base/cx.h"

/* Once a process, before its sandbox closes: the signatures are mapped. RC_UNAVAILABLE: they are not there. */
rc kind_start(struct cx *cx) MUST_USE;
/* The beginning of a file (64 KiB tell enough) to a MIME type, "application/octet-stream" when nothing is known about it. In a process that did not start it: always that. */
str kind_of(struct arena *mem, str head);

#endif
