/* merkle.h - the Merkle tree of RFC 6962 / RFC 9162 2.1 over SHA-256: hashes, a tree that only grows, proofs and their checks. No files, no entries. */
#ifndef DAICHO_LOG_MERKLE_H
#define DAICHO_LOG_MERKLE_H

#include "base/cx.h"

enum {
        MERKLE_SIZE = 32,       /* bytes of a hash */
        MERKLE_LEVELS = 63,     /* sizes are int64_t, from 0 */
        MERKLE_PROOF_MAX = 126, /* an inclusion proof has at most 63 hashes, a consistency proof at most 64; a reader takes no more than this */
};

struct merkle_hash {
        uint8_t b[MERKLE_SIZE];
};

void merkle_empty(struct merkle_hash *ret);
void merkle_leaf(str entry, struct merkle_hash *ret);
void merkle_node(const struct merkle_hash *left, const struct merkle_hash *right, struct merkle_hash *ret);
/* The root over `count` > 0 neighbours of one level. Overwrites list[]; the root is list[0] too. */
void merkle_fold(struct merkle_hash *list, size_t count, struct merkle_hash *ret);
bool merkle_equal(const struct merkle_hash *a, const struct merkle_hash *b);

/* All that is needed to go on appending and to know the root: of each complete subtree its root. hash[l] means something where bit l of size is set. */
struct merkle_frontier {
        int64_t size;
        struct merkle_hash hash[MERKLE_LEVELS];
};
void merkle_append(struct merkle_frontier *f, const struct merkle_hash *leaf);
void merkle_root(const struct merkle_frontier *f, struct merkle_hash *ret);

/* Where a tree is read from: the root of the complete subtree `index` of 2^level leaves. */
struct merkle_reader {
        rc (*node)(struct cx *cx, void *data, int level, int64_t index, struct merkle_hash *ret);
        void *data;
};
rc merkle_root_at(struct cx *cx, const struct merkle_reader *reader, int64_t size, struct merkle_hash *ret) MUST_USE;
/* RFC 9162 2.1.3.1 and 2.1.4.1. proof: room for MERKLE_PROOF_MAX; leaf side first. RC_INVALID unless 0 <= index < size, 0 < old <= size. */
rc merkle_inclusion(struct cx *cx, const struct merkle_reader *reader, int64_t index, int64_t size, struct merkle_hash *proof,
                    size_t *ret_count) MUST_USE;
rc merkle_consistency(struct cx *cx, const struct merkle_reader *reader, int64_t old, int64_t size, struct merkle_hash *proof,
                      size_t *ret_count) MUST_USE;

/* RFC 9162 2.1.3.2 and 2.1.4.2. Equal sizes are consistent with an empty proof and equal roots only; nothing is consistent with size 0. */
bool merkle_inclusion_check(const struct merkle_hash *leaf, int64_t index, int64_t size, const struct merkle_hash *proof, size_t count,
                            const struct merkle_hash *root);
bool merkle_consistency_check(int64_t old, const struct merkle_hash *old_root, int64_t size, const struct merkle_hash *root,
                              const struct merkle_hash *proof, size_t count);

#endif
