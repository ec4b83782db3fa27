/* trail.h - PostgreSQL's own log in DIR/log/postgres: who connected, and what pgaudit tells of statements by others than the service. One JSON line each
 * (jsonlog), a new file a day, kept for a year. Written by the server alone; the parent throws away what is too old, the watch process reads. */
#ifndef DAICHO_CLI_TRAIL_H
#define DAICHO_CLI_TRAIL_H

#include "base/buf.h"
#include "cli/place.h"

enum { TRAIL_DAYS = 366, TRAIL_FILES_MAX = 4096 };

/* The server's settings for it; PostgreSQL is asked to load pgaudit. RC_UNAVAILABLE when the module is not installed. */
rc trail_settings(struct cx *cx, const struct place *place, struct buf *out) MUST_USE;
/* Names of the JSON files, oldest first. */
rc trail_files(struct cx *cx, const char *directory, str **ret, size_t *ret_count) MUST_USE;
/* Removes files that began more than TRAIL_DAYS days before `now` (of the machine's clock, which names them): an entry of 364 days is there, one of
 * 367 is gone. */
void trail_trim(struct cx *cx, const char *directory, msec now);
/* The last FATAL or PANIC message of the newest file; absent: none. Why a server did not start. */
str trail_last_words(struct cx *cx, const char *directory);

#endif
