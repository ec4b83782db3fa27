/* archive.h - a directory as one tar file and back, by the system's tar. */
#ifndef DAICHO_CLI_ARCHIVE_H
#define DAICHO_CLI_ARCHIVE_H

#include "base/cx.h"

/* A new private directory under `above`; it goes with cx->mem. */
rc archive_scratch(struct cx *cx, const char *above, const char **ret) MUST_USE;
/* All of `directory` into `path`, which must not exist yet. */
rc archive_pack(struct cx *cx, const char *directory, const char *path) MUST_USE;
/* Into a scratch directory, owned by the caller. */
rc archive_unpack(struct cx *cx, const char *path, const char **ret_directory) MUST_USE;

#endif
