/* verify.h - does every entry of a log stand where the signed checkpoint says? Reads the whole log once, in order: entries, their tiles, the root.
 * Where entries and tiles come from - a directory, a database - is the caller's. */
#ifndef DAICHO_LOG_VERIFY_H
#define DAICHO_LOG_VERIFY_H

#include "log/checkpoint.h"
#include "log/tile.h"

struct verify_source {
        /* Bytes of bundle n, which must hold `width` entries. RC_UNKNOWN: it is not there. */
        rc (*bundle)(struct cx *cx, void *data, int64_t n, int width, str *ret);
        /* Bytes of a tile of hashes. RC_UNKNOWN: it is not there. */
        rc (*tile)(struct cx *cx, void *data, struct tile tile, str *ret);
        /* Called for each entry whose hash is that of its tile, up to the first wrong one; may refuse (a detail that does not fit). May be NULL. */
        rc (*entry)(struct cx *cx, void *data, int64_t index, str entry);
        /* After each bundle. May be NULL. */
        void (*progress)(void *data, int64_t done, int64_t total);
        void *data;
};

/* Checkpoints seen before, by the same log: what is verified must have grown out of them. At most VERIFY_OLDER_MAX, in any order. */
enum { VERIFY_OLDER_MAX = 64 };

/* RC_OK: the entries, and all tiles, are those of the checkpoint. RC_FORGED: one sentence names the first entry or file that is wrong. */
rc verify_log(struct cx *cx, const struct verify_source *source, const struct checkpoint *checkpoint, const struct checkpoint *older,
              size_t older_count) MUST_USE;

/* `bundle` of a directory that holds a log as tlog-tiles lays it out (const char * path); its tiles: tile_file_get. */
rc verify_directory_bundle(struct cx *cx, void *directory, int64_t n, int width, str *ret) MUST_USE;

#endif
