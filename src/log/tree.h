/* tree.h - a log that grows as files (C2SP tlog-tiles, tile.h): opened where it ended, given leaves, written out. A file that is full never changes again;
 * a crash leaves files behind that nobody has signed, and the same leaves write the same bytes again. Not for readers (tile.h). */
#ifndef DAICHO_LOG_TREE_H
#define DAICHO_LOG_TREE_H

#include "log/tile.h"

struct tree;

/* The tree of `size` leaves under `directory` (made when missing). RC_CONFLICT when the files there do not give `root`. Lives as long as cx->mem. */
rc tree_open(struct cx *cx, const char *directory, int64_t size, const struct merkle_hash *root, struct tree **ret) MUST_USE;
/* One more leaf, of at most TILE_ENTRY_MAX bytes. Full tiles and bundles are written at once. */
rc tree_add(struct cx *cx, struct tree *tree, str leaf) MUST_USE;
/* Everything up to here stands in files, durably. */
rc tree_flush(struct cx *cx, struct tree *tree) MUST_USE;
int64_t tree_size(const struct tree *tree);
void tree_root(const struct tree *tree, struct merkle_hash *ret);
/* Is `new` a continuation of `old`? By the files, with the proof anybody else would ask for. RC_CONFLICT. */
rc tree_continues(struct cx *cx, const char *directory, int64_t old, const struct merkle_hash *old_root, int64_t size,
                  const struct merkle_hash *root) MUST_USE;
/* Partial files of tiles that were begun when the tree had `old` leaves and are full now. */
void tree_prune(struct cx *cx, const struct tree *tree, int64_t old);

#endif
