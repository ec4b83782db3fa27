/* tile.h - a log as static files (C2SP tlog-tiles v0.1.0): their paths, their widths, what stands in them, and a tree read from them.
 *   checkpoint
 *   tile/LEVEL/N[.p/WIDTH]      up to 256 hashes: the roots of 256^LEVEL entries each
 *   tile/entries/N[.p/WIDTH]    up to 256 entries, each with its length in two bytes, big-endian, before it */
#ifndef DAICHO_LOG_TILE_H
#define DAICHO_LOG_TILE_H

#include "base/buf.h"
#include "log/merkle.h"

enum {
        TILE_HEIGHT = 8,
        TILE_WIDTH = 256,
        TILE_LEVELS = 8,   /* 256^8 entries is more than an int64_t counts */
        TILE_ENTRIES = -1, /* the level of an entry bundle */
        TILE_ENTRY_MAX = 65535,
        TILE_SIZE_MAX = TILE_WIDTH * MERKLE_SIZE,
        TILE_BUNDLE_MAX = TILE_WIDTH * (2 + TILE_ENTRY_MAX),
};

struct tile {
        int level; /* 0..TILE_LEVELS - 1, or TILE_ENTRIES */
        int64_t n;
        int width; /* 1..256; 256: full */
};

/* "tile/0/x001/x234/067", "tile/entries/000.p/17": relative to the log's prefix. */
str tile_path(struct arena *mem, struct tile tile);
/* Exactly what tile_path writes; anything else is false. */
bool tile_path_read(str path, struct tile *ret);
/* How wide tile n of this level is in a log of `size` entries; 0: it is not there. Bundles are as wide as the tiles of level 0. */
int tile_width(int level, int64_t n, int64_t size);

/* One entry of at most TILE_ENTRY_MAX bytes into a bundle. */
void tile_bundle_add(struct buf *bundle, str entry);
/* The next entry; false at the end, or when what is left is no entry: then *rest is not empty. */
bool tile_bundle_next(str *rest, str *ret_entry);

/* A tree read from tiles. get: the bytes of a tile, exactly width * 32; the width is that in a log of `size` entries. Keeps the tile it read last of
 * each level. */
struct tile_tree {
        int64_t size;
        rc (*get)(struct cx *cx, void *data, struct tile tile, str *ret);
        void *data;
        struct {
                bool held;
                int64_t n;
                str bytes;
        } kept[TILE_LEVELS];
};
struct merkle_reader tile_reader(struct tile_tree *tree);
/* One hash of a level: the root of the subtree `index` of 256^level entries. */
rc tile_hash(struct cx *cx, struct tile_tree *tree, int level, int64_t index, struct merkle_hash *ret) MUST_USE;

/* `get` for a directory that holds a log: data is its path (const char *). A partial tile is taken from the full one when it has been removed. */
rc tile_file_get(struct cx *cx, void *directory, struct tile tile, str *ret) MUST_USE;
/* Any file of such a directory. RC_UNKNOWN when it is not there. */
rc tile_file_read(struct cx *cx, const char *directory, struct tile tile, str *ret) MUST_USE;

#endif
