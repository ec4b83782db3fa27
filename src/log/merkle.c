/* merkle.c - see merkle.h. */
#include "base/house.h"

#include "log/merkle.h"

#include "base/crypto.h"
#include "base/fail.h"

void merkle_empty(struct merkle_hash *ret)
{
        crypto_sha256(S(""), ret->b);
}

void merkle_leaf(str entry, struct merkle_hash *ret)
{
        crypto_sha256_two((str){ "\0", 1 }, entry, ret->b);
}

void merkle_node(const struct merkle_hash *left, const struct merkle_hash *right, struct merkle_hash *ret)
{
        char text[1 + 2 * MERKLE_SIZE];

        text[0] = 1;
        memcpy(text + 1, left->b, MERKLE_SIZE);
        memcpy(text + 1 + MERKLE_SIZE, right->b, MERKLE_SIZE);
        crypto_sha256((str){ text, sizeof(text) }, ret->b);
}

/* Level by level; a last one without neighbour goes up as it is, which is what cutting at the largest power of two comes to. */
void merkle_fold(struct merkle_hash *list, size_t count, struct merkle_hash *ret)
{
        must(count > 0);
        while (count > 1) {
                for (size_t i = 0; i + 1 < count; i += 2)
                        merkle_node(&list[i], &list[i + 1], &list[i / 2]);
                if (count % 2 == 1)
                        list[count / 2] = list[count - 1];
                count = (count + 1) / 2;
        }
        *ret = list[0];
}

bool merkle_equal(const struct merkle_hash *a, const struct merkle_hash *b)
{
        return memcmp(a->b, b->b, MERKLE_SIZE) == 0;
}

void merkle_append(struct merkle_frontier *f, const struct merkle_hash *leaf)
{
        struct merkle_hash up = *leaf;
        int level = 0;

        must(f->size < INT64_MAX);
        for (; f->size >> level & 1; level++)
                merkle_node(&f->hash[level], &up, &up);
        f->hash[level] = up;
        f->size++;
}

void merkle_root(const struct merkle_frontier *f, struct merkle_hash *ret)
{
        bool begun = false;

        merkle_empty(ret);
        for (int level = 0; level < MERKLE_LEVELS; level++) {
                if ((f->size >> level & 1) == 0)
                        continue;
                if (begun)
                        merkle_node(&f->hash[level], ret, ret);
                else
                        *ret = f->hash[level];
                begun = true;
        }
}

/* The largest power of two below n > 1, as its exponent. */
static int split(int64_t n)
{
        return 63 - __builtin_clzll((uint64_t)(n - 1));
}

/* The root over the leaves from..to-1, where `from` is a multiple of every complete subtree in it: its largest first. */
static rc range(struct cx *cx, const struct merkle_reader *reader, int64_t from, int64_t to, struct merkle_hash *ret)
{
        struct merkle_hash part[MERKLE_LEVELS];
        size_t count = 0;

        while (from < to) {
                int level = 63 - __builtin_clzll((uint64_t)(to - from));

                TRY(reader->node(cx, reader->data, level, from >> level, &part[count++]));
                from += (int64_t)1 << level;
        }
        must(count > 0);
        while (--count > 0)
                merkle_node(&part[count - 1], &part[count], &part[count - 1]);
        *ret = part[0];
        return RC_OK;
}

rc merkle_root_at(struct cx *cx, const struct merkle_reader *reader, int64_t size, struct merkle_hash *ret)
{
        if (size > 0)
                return range(cx, reader, 0, size, ret);
        merkle_empty(ret);
        return RC_OK;
}

/* Both proofs walk down from the root and note the neighbour at each fork; the reader of a proof begins below. */
static void turn(struct merkle_hash *proof, size_t count)
{
        for (size_t i = 0; i < count / 2; i++) {
                struct merkle_hash other = proof[i];

                proof[i] = proof[count - 1 - i];
                proof[count - 1 - i] = other;
        }
}

rc merkle_inclusion(struct cx *cx, const struct merkle_reader *reader, int64_t index, int64_t size, struct merkle_hash *proof, size_t *ret_count)
{
        int64_t from = 0, to = size;
        size_t count = 0;

        if (index < 0 || index >= size)
                return fail(cx, RC_INVALID, NULL, "a tree of size %" PRId64 " has no entry %" PRId64, size, index);
        while (to - from > 1) {
                int64_t middle = from + ((int64_t)1 << split(to - from));

                if (index < middle) {
                        TRY(range(cx, reader, middle, to, &proof[count++]));
                        to = middle;
                } else {
                        TRY(range(cx, reader, from, middle, &proof[count++]));
                        from = middle;
                }
        }
        turn(proof, count);
        *ret_count = count;
        return RC_OK;
}

rc merkle_consistency(struct cx *cx, const struct merkle_reader *reader, int64_t old, int64_t size, struct merkle_hash *proof, size_t *ret_count)
{
        int64_t from = 0, to = size;
        size_t count = 0;

        if (old < 1 || old > size)
                return fail(cx, RC_INVALID, NULL, "a tree of size %" PRId64 " has not grown from size %" PRId64, size, old);
        while (old != to) {
                int64_t middle = from + ((int64_t)1 << split(to - from));

                if (old <= middle) {
                        TRY(range(cx, reader, middle, to, &proof[count++]));
                        to = middle;
                } else {
                        TRY(range(cx, reader, from, middle, &proof[count++]));
                        from = middle;
                }
        }
        /* Where the old tree itself was reached there is nothing to tell: its root is known. */
        if (from > 0)
                TRY(range(cx, reader, from, to, &proof[count++]));
        turn(proof, count);
        *ret_count = count;
        return RC_OK;
}

bool merkle_inclusion_check(const struct merkle_hash *leaf, int64_t index, int64_t size, const struct merkle_hash *proof, size_t count,
                            const struct merkle_hash *root)
{
        struct merkle_hash r = *leaf;
        int64_t fn = index, sn = size - 1;

        if (index < 0 || index >= size)
                return false;
        for (size_t i = 0; i < count; i++) {
                if (sn == 0)
                        return false;
                if ((fn & 1) == 1 || fn == sn) {
                        merkle_node(&proof[i], &r, &r);
                        while ((fn & 1) == 0 && fn != 0) {
                                fn >>= 1;
                                sn >>= 1;
                        }
                } else {
                        merkle_node(&r, &proof[i], &r);
                }
                fn >>= 1;
                sn >>= 1;
        }
        return sn == 0 && merkle_equal(&r, root);
}

bool merkle_consistency_check(int64_t old, const struct merkle_hash *old_root, int64_t size, const struct merkle_hash *root,
                              const struct merkle_hash *proof, size_t count)
{
        int64_t fn = old - 1, sn = size - 1;
        struct merkle_hash fr, sr;
        size_t i = 0;

        if (old < 1 || old > size)
                return false;
        if (old == size)
                return count == 0 && merkle_equal(old_root, root);
        if (count == 0)
                return false;
        /* A complete old tree is its own first hash. */
        fr = (old & (old - 1)) == 0 ? *old_root : proof[i++];
        sr = fr;
        for (; fn & 1; fn >>= 1)
                sn >>= 1;
        for (; i < count; i++) {
                if (sn == 0)
                        return false;
                if ((fn & 1) == 1 || fn == sn) {
                        merkle_node(&proof[i], &fr, &fr);
                        merkle_node(&proof[i], &sr, &sr);
                        while ((fn & 1) == 0 && fn != 0) {
                                fn >>= 1;
                                sn >>= 1;
                        }
                } else {
                        merkle_node(&sr, &proof[i], &sr);
                }
                fn >>= 1;
                sn >>= 1;
        }
        return sn == 0 && merkle_equal(&fr, old_root) && merkle_equal(&sr, root);
}
