/* tree.c - see tree.h. Of each level the tile that is not full yet is kept; what is full is on the disk. */
#include "base/house.h"

#include "log/tree.h"

#include "base/fail.h"
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TREE_MEMORY_MB = 64 };

struct level {
        struct merkle_hash hash[TILE_WIDTH];
        int count;
        bool changed;
};

struct tree {
        struct arena *mem; /* the open bundle outlives the batches */
        const char *directory;
        struct merkle_frontier frontier;
        struct level level[TILE_LEVELS];
        struct buf bundle;
};

static void tree_drop(void *p)
{
        arena_close(p);
}

/* The directory of a file, and its parents, durably. */
static rc folder_make(struct cx *cx, const char *path)
{
        char *z = str_z(cx->mem, str_of(path));
        char *slash = strrchr(z, '/');

        must(slash != NULL && slash != z);
        *slash = '\0';
        if (mkdir(z, 0700) == 0) {
                char *above = str_z(cx->mem, str_of(z));
                int fd;

                *strrchr(above, '/') = '\0';
                fd = open(above[0] ? above : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                if (fd < 0 || fsync(fd) != 0)
                        return file_failed(cx, above, errno);
                (void)close(fd);
                return RC_OK;
        }
        if (errno == EEXIST)
                return RC_OK;
        if (errno != ENOENT)
                return file_failed(cx, z, errno);
        TRY(folder_make(cx, z));
        return folder_make(cx, path);
}

static rc put(struct cx *cx, const struct tree *tree, struct tile tile, str bytes)
{
        struct arena_mark mark = arena_mark(cx->mem);
        const char *path = str_format(cx->mem, "%s/%.*s", tree->directory, STR_ARG(tile_path(cx->mem, tile))).p;
        rc result = folder_make(cx, path);

        if (result == RC_OK)
                result = file_write(cx, path, bytes, 0600);
        if (result == RC_OK)
                arena_rewind(cx->mem, mark);
        return result;
}

static str level_bytes(const struct level *l)
{
        return (str){ (const char *)l->hash, (size_t)l->count * MERKLE_SIZE };
}

/* The open bundle as it was, each entry compared with its hash. */
static rc bundle_load(struct cx *cx, struct tree *tree, int64_t size)
{
        struct tile tile = { .level = TILE_ENTRIES, .n = size / TILE_WIDTH, .width = (int)(size % TILE_WIDTH) };
        const struct level *leaves = &tree->level[0];
        str bytes, rest, entry;
        int count = 0;

        if (tile.width == 0)
                return RC_OK;
        TRY(tile_file_read(cx, tree->directory, tile, &bytes));
        rest = bytes;
        while (count < tile.width && tile_bundle_next(&rest, &entry)) {
                struct merkle_hash hash;

                merkle_leaf(entry, &hash);
                if (!merkle_equal(&hash, &leaves->hash[count]))
                        break;
                count++;
        }
        if (count < tile.width || rest.n > 0)
                return fail(cx, RC_CONFLICT, NULL, "the entries in %s are not those that were sealed", tree->directory);
        buf_add(&tree->bundle, bytes);
        return RC_OK;
}

/* The roots of the complete subtrees of 2^b leaves, from the open tile of each level. */
static void frontier_of(struct tree *tree, int64_t size)
{
        tree->frontier.size = size;
        for (int l = 0; l < TILE_LEVELS; l++) {
                const struct level *level = &tree->level[l];
                int at = 0;

                for (int b = TILE_HEIGHT - 1; b >= 0; b--) {
                        struct merkle_hash part[TILE_WIDTH / 2];

                        if ((level->count >> b & 1) == 0)
                                continue;
                        memcpy(part, level->hash + at, sizeof(part[0]) << b);
                        merkle_fold(part, (size_t)1 << b, &tree->frontier.hash[l * TILE_HEIGHT + b]);
                        at += 1 << b;
                }
        }
}

rc tree_open(struct cx *cx, const char *directory, int64_t size, const struct merkle_hash *root, struct tree **ret)
{
        struct arena *mem = arena_open(MB(TREE_MEMORY_MB));
        struct tree *tree = NEW(mem, struct tree);
        struct merkle_hash found;

        arena_defer(cx->mem, tree_drop, mem);
        tree->mem = mem;
        tree->directory = directory;
        tree->bundle = buf_open(mem, TILE_BUNDLE_MAX);
        for (int l = 0; l < TILE_LEVELS; l++) {
                int64_t hashes = size >> (TILE_HEIGHT * l);
                struct tile tile = { .level = l, .n = hashes / TILE_WIDTH, .width = (int)(hashes % TILE_WIDTH) };
                str bytes;

                if (tile.width == 0)
                        continue;
                TRY(tile_file_get(cx, (void *)(uintptr_t)directory, tile, &bytes));
                if (bytes.n != (size_t)tile.width * MERKLE_SIZE)
                        return fail(cx, RC_CONFLICT, NULL, "the files in %s are not those that were sealed", directory);
                memcpy(tree->level[l].hash, bytes.p, bytes.n);
                tree->level[l].count = tile.width;
        }
        TRY(bundle_load(cx, tree, size));
        frontier_of(tree, size);
        merkle_root(&tree->frontier, &found);
        if (!merkle_equal(&found, root))
                return fail(cx, RC_CONFLICT, NULL, "the files in %s are not those that were sealed", directory);
        *ret = tree;
        return RC_OK;
}

/* The open tile of a level is full: onto the disk, its root into the level above. */
static rc level_close(struct cx *cx, struct tree *tree, int l)
{
        struct level *level = &tree->level[l];
        struct tile tile = { .level = l, .n = (tree->frontier.size >> (TILE_HEIGHT * (l + 1))) - 1, .width = TILE_WIDTH };
        struct merkle_hash root;

        if (l == 0) {
                TRY(put(cx, tree, (struct tile){ TILE_ENTRIES, tile.n, TILE_WIDTH }, buf_str(&tree->bundle)));
                tree->bundle.n = 0;
        }
        TRY(put(cx, tree, tile, level_bytes(level)));
        merkle_fold(level->hash, TILE_WIDTH, &root);
        level->count = 0;
        level->changed = false;
        must(l + 1 < TILE_LEVELS);
        tree->level[l + 1].hash[tree->level[l + 1].count++] = root;
        tree->level[l + 1].changed = true;
        return tree->level[l + 1].count == TILE_WIDTH ? level_close(cx, tree, l + 1) : RC_OK;
}

rc tree_add(struct cx *cx, struct tree *tree, str leaf)
{
        struct level *leaves = &tree->level[0];
        struct merkle_hash hash;

        merkle_leaf(leaf, &hash);
        merkle_append(&tree->frontier, &hash);
        tile_bundle_add(&tree->bundle, leaf);
        leaves->hash[leaves->count++] = hash;
        leaves->changed = true;
        return leaves->count == TILE_WIDTH ? level_close(cx, tree, 0) : RC_OK;
}

rc tree_flush(struct cx *cx, struct tree *tree)
{
        for (int l = 0; l < TILE_LEVELS; l++) {
                struct level *level = &tree->level[l];
                struct tile tile = { .level = l, .n = tree->frontier.size >> (TILE_HEIGHT * (l + 1)), .width = level->count };

                if (!level->changed || level->count == 0)
                        continue;
                if (l == 0)
                        TRY(put(cx, tree, (struct tile){ TILE_ENTRIES, tile.n, tile.width }, buf_str(&tree->bundle)));
                TRY(put(cx, tree, tile, level_bytes(level)));
                level->changed = false;
        }
        return RC_OK;
}

int64_t tree_size(const struct tree *tree)
{
        return tree->frontier.size;
}

void tree_root(const struct tree *tree, struct merkle_hash *ret)
{
        merkle_root(&tree->frontier, ret);
}

rc tree_continues(struct cx *cx, const char *directory, int64_t old, const struct merkle_hash *old_root, int64_t size, const struct merkle_hash *root)
{
        struct tile_tree files = { .size = size, .get = tile_file_get, .data = (void *)(uintptr_t)directory };
        struct merkle_reader reader = tile_reader(&files);
        struct merkle_hash proof[MERKLE_PROOF_MAX];
        size_t count;

        if (old == 0)
                return RC_OK;
        TRY(merkle_consistency(cx, &reader, old, size, proof, &count));
        if (merkle_consistency_check(old, old_root, size, root, proof, count))
                return RC_OK;
        return fail(cx, RC_CONFLICT, NULL, "the log in %s does not continue what was signed before", directory);
}

/* DIRECTORY/PATH.p and what is in it. */
static void partial_drop(struct cx *cx, const char *directory, struct tile full)
{
        const char *path = str_format(cx->mem, "%s/%.*s.p", directory, STR_ARG(tile_path(cx->mem, full))).p;
        DIR *list = opendir(path);
        const struct dirent *entry;

        if (list == NULL)
                return;
        while ((entry = readdir(list)) != NULL)
                if (entry->d_name[0] != '.')
                        (void)unlinkat(dirfd(list), entry->d_name, 0);
        (void)closedir(list);
        (void)rmdir(path);
}

void tree_prune(struct cx *cx, const struct tree *tree, int64_t old)
{
        for (int l = 0; l < TILE_LEVELS; l++) {
                int64_t n = old >> (TILE_HEIGHT * (l + 1));

                if (n >= tree->frontier.size >> (TILE_HEIGHT * (l + 1)))
                        return;
                if (l == 0)
                        partial_drop(cx, tree->directory, (struct tile){ TILE_ENTRIES, n, TILE_WIDTH });
                partial_drop(cx, tree->directory, (struct tile){ l, n, TILE_WIDTH });
        }
}
