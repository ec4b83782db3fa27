/* file.h - whole small files, moves and path-safe names. Not for streams (import, export) and not for spooling (http). */
#ifndef DAICHO_BASE_FILE_H
#define DAICHO_BASE_FILE_H

#include "base/cx.h"

/* Whole file of at most size_max bytes. RC_UNKNOWN: not there; RC_TOO_LARGE; RC_UNAVAILABLE with the system's reason. */
rc file_read(struct cx *cx, const char *path, size_t size_max, str *ret) MUST_USE;
/* Written beside it, synced, then renamed over it: a reader or a crash sees the old file or the new one, never a part. RC_DISK_FULL. */
rc file_write(struct cx *cx, const char *path, str bytes, int mode) MUST_USE;
/* Renames, or copies and removes when the two lie on different file systems. Refuses to replace an existing file. */
rc file_move(struct cx *cx, const char *from, const char *to) MUST_USE;
rc file_copy(struct cx *cx, const char *from, const char *to) MUST_USE;
/* A file that has no name and is gone when it is closed (with the arena), on the file system of `directory`. */
rc file_scratch(struct cx *cx, const char *directory, int *ret_fd) MUST_USE;
/* A directory and those above it. Existing ones stay as they are. */
rc file_directory(struct cx *cx, const char *path, int mode) MUST_USE;
/* The refusal for errno after a failed call on `path`: no space, no such file, everything else. */
rc file_failed(struct cx *cx, const char *path, int error) MUST_USE;
#if defined(__clang_analyzer__) || defined(DAICHO_ANALYZER)
/* What an analyzer of single files must know: it never says RC_OK. */
#define file_failed(cx, path, error) ((void)!file_failed(cx, path, error), RC_UNAVAILABLE)
#endif

/* The file store of the house (DIR/files): files that belong to tenants, handed out by nginx only. Set once, at the start of a process that
 * takes or gives files; `relative` is a safe path. */
void file_store_start(const char *directory);
const char *file_store(void);
char *file_store_path(struct arena *mem, str relative);

/* Is this one name inside a directory: [A-Za-z0-9._-]+, not beginning with a dot, at most 100 bytes? */
bool file_name_safe(str name);
/* A relative path of safe names joined by "/". */
bool file_path_safe(str path);
/* What a client called its file, for display and for names offered at a download: the last part of its path, without control characters
 * and characters file systems refuse, at most 100 characters; "file" when nothing is left. */
str file_name_clean(struct arena *mem, str name);

#endif
