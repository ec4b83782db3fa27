/* verify.c - see verify.h. What is right, the entry or its tile, the root tells at the end: so a difference is remembered, and the walk goes on. */
#include "base/house.h"

#include "log/verify.h"

#include "base/fail.h"

struct walk {
        const struct verify_source *source;
        const struct checkpoint *checkpoint;
        struct merkle_frontier frontier;
        /* hashes of each level that wait for their tile to be full */
        struct merkle_hash row[TILE_LEVELS][TILE_WIDTH];
        struct tile wrong;   /* the first tile that does not fit what is below it; width 0: none */
        int64_t wrong_index; /* its first hash that differs, counted over the level */
};

static rc tile_missing(struct cx *cx, struct tile tile)
{
        fail_clear(cx);
        return fail(cx, RC_FORGED, NULL, "%.*s is missing", STR_ARG(tile_path(cx->mem, tile)));
}

/* The tile against the `width` hashes worked out from below; *ret_first: the first that differs, or width. */
static rc tile_compare(struct cx *cx, struct walk *w, struct tile tile, const struct merkle_hash *want, int *ret_first)
{
        str bytes;
        rc result = w->source->tile(cx, w->source->data, tile, &bytes);
        int i = 0;

        if (result == RC_UNKNOWN)
                return tile_missing(cx, tile);
        TRY(result);
        while (i < tile.width && bytes.n >= (size_t)(i + 1) * MERKLE_SIZE && memcmp(bytes.p + (size_t)i * MERKLE_SIZE, want[i].b, MERKLE_SIZE) == 0)
                i++;
        if (i == tile.width && bytes.n != (size_t)tile.width * MERKLE_SIZE)
                i--; /* something follows that should not */
        *ret_first = i;
        return RC_OK;
}

/* A row of hashes is complete (or the log ends): compare it with its tile, hand its root up. */
static rc row_end(struct cx *cx, struct walk *w, int level, int64_t n, int width)
{
        struct tile tile = { level, n, width };
        int first = width;

        if (w->wrong.width == 0)
                TRY(tile_compare(cx, w, tile, w->row[level], &first));
        if (first < width) {
                w->wrong = tile;
                w->wrong_index = n * TILE_WIDTH + first;
        }
        if (width == TILE_WIDTH && level + 1 < TILE_LEVELS) {
                struct merkle_hash up;
                int64_t at = n % TILE_WIDTH;

                merkle_fold(w->row[level], TILE_WIDTH, &up);
                w->row[level + 1][at] = up;
                if (at == TILE_WIDTH - 1)
                        return row_end(cx, w, level + 1, n / TILE_WIDTH, TILE_WIDTH);
        }
        return RC_OK;
}

static rc bundle_short(struct cx *cx, int64_t index, int64_t size)
{
        return fail(cx, RC_FORGED, NULL, "the log ends too early: entry %ld of %ld is missing", (long)index, (long)size);
}

static rc entry_wrong(struct cx *cx, int64_t index)
{
        return fail(cx, RC_FORGED, NULL, "entry %ld is not the one that was sealed", (long)index);
}

/* A bundle ends after `have` entries: is one of those wrong already? Then that is the first thing to say. */
static rc row_begun(struct cx *cx, struct walk *w, struct tile tile, int have)
{
        int first = tile.width;

        memset(&w->row[0][have], 0, (size_t)(tile.width - have) * MERKLE_SIZE);
        if (w->wrong.width == 0)
                TRY(tile_compare(cx, w, tile, w->row[0], &first));
        return first < have ? entry_wrong(cx, tile.n * TILE_WIDTH + first) : RC_OK;
}

/* Hash the entries of a bundle into row 0 and the frontier. */
static rc bundle_walk(struct cx *cx, struct walk *w, int64_t n, int width, str *ret)
{
        str rest, entry;
        rc result = w->source->bundle(cx, w->source->data, n, width, &rest);
        int64_t index = n * TILE_WIDTH;

        if (result == RC_UNKNOWN) {
                fail_clear(cx);
                return bundle_short(cx, index, w->checkpoint->size);
        }
        TRY(result);
        *ret = rest;
        for (int i = 0; i < width; i++, index++) {
                if (!tile_bundle_next(&rest, &entry)) {
                        TRY(row_begun(cx, w, (struct tile){ 0, n, width }, i));
                        return rest.n == 0 ? bundle_short(cx, index, w->checkpoint->size)
                                           : fail(cx, RC_FORGED, NULL, "entry %ld cannot be read: its bundle is damaged", (long)index);
                }
                merkle_leaf(entry, &w->row[0][i]);
                merkle_append(&w->frontier, &w->row[0][i]);
        }
        if (rest.n != 0)
                return fail(cx, RC_FORGED, NULL, "behind entry %ld stands something that the checkpoint does not know", (long)(index - 1));
        return RC_OK;
}

/* At the end of the log: the tiles that are not full, except those of level 0, which came with their bundles. */
static rc partial_tiles(struct cx *cx, struct walk *w)
{
        for (int level = 1; level < TILE_LEVELS; level++) {
                int64_t hashes = w->checkpoint->size >> TILE_HEIGHT * level;
                int width = (int)(hashes % TILE_WIDTH);

                if (width > 0)
                        TRY(row_end(cx, w, level, hashes / TILE_WIDTH, width));
        }
        return RC_OK;
}

static rc judged(struct cx *cx, const struct walk *w)
{
        struct merkle_hash root;
        int shift = TILE_HEIGHT * w->wrong.level;
        bool right;

        merkle_root(&w->frontier, &root);
        right = merkle_equal(&root, &w->checkpoint->root);
        if (w->wrong.width == 0)
                return right ? RC_OK : fail(cx, RC_FORGED, NULL, "entries and tiles were changed together: their root is not the signed one");
        if (right)
                return fail(cx, RC_FORGED, NULL, "%.*s is damaged; the entries are those that were signed", STR_ARG(tile_path(cx->mem, w->wrong)));
        if (w->wrong.level == 0)
                return entry_wrong(cx, w->wrong_index);
        return fail(cx, RC_FORGED, NULL, "among the entries %ld to %ld some were changed together with their tiles", (long)(w->wrong_index << shift),
                    (long)(((w->wrong_index + 1) << shift) - 1));
}

static rc older_check(struct cx *cx, const struct walk *w, const struct checkpoint *older, size_t count)
{
        struct merkle_hash root;

        merkle_root(&w->frontier, &root);
        for (size_t i = 0; i < count; i++)
                if (older[i].size == w->frontier.size && !merkle_equal(&older[i].root, &root))
                        return fail(cx, RC_FORGED, NULL, "this log has not grown out of the checkpoint of size %ld: the two are a fork",
                                    (long)older[i].size);
        return RC_OK;
}

static rc older_sizes(struct cx *cx, const struct walk *w, const struct checkpoint *older, size_t count)
{
        for (size_t i = 0; i < count; i++)
                if (older[i].size > w->checkpoint->size)
                        return fail(cx, RC_FORGED, NULL, "this log has %ld entries, fewer than the %ld of a checkpoint seen before",
                                    (long)w->checkpoint->size, (long)older[i].size);
        return RC_OK;
}

/* Roots at sizes in the middle of the bundle that has just been walked. */
static rc older_inside(struct cx *cx, const struct walk *w, const struct merkle_frontier *before, const struct checkpoint *older, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                struct walk at = { .frontier = *before, .checkpoint = w->checkpoint };

                if (older[i].size <= before->size || older[i].size > w->frontier.size)
                        continue;
                for (int64_t k = 0; at.frontier.size < older[i].size; k++)
                        merkle_append(&at.frontier, &w->row[0][k]);
                TRY(older_check(cx, &at, &older[i], 1));
        }
        return RC_OK;
}

/* They are those of the tile: let the caller see them. */
static rc entries_show(struct cx *cx, const struct walk *w, int64_t n, str rest)
{
        str entry;

        if (w->source->entry == NULL || w->wrong.width != 0)
                return RC_OK;
        for (int64_t index = n * TILE_WIDTH; tile_bundle_next(&rest, &entry); index++)
                TRY(w->source->entry(cx, w->source->data, index, entry));
        return RC_OK;
}

rc verify_log(struct cx *cx, const struct verify_source *source, const struct checkpoint *checkpoint, const struct checkpoint *older,
              size_t older_count)
{
        struct walk *w = NEW(cx->mem, struct walk);
        int width;

        *w = (struct walk){ .source = source, .checkpoint = checkpoint };
        must(older_count <= VERIFY_OLDER_MAX);
        TRY(older_sizes(cx, w, older, older_count));
        TRY(older_check(cx, w, older, older_count));
        for (int64_t n = 0; (width = tile_width(TILE_ENTRIES, n, checkpoint->size)) > 0; n++) {
                struct arena_mark mark = arena_mark(cx->mem);
                struct merkle_frontier before = w->frontier;
                str bundle;

                TRY(bundle_walk(cx, w, n, width, &bundle));
                TRY(older_inside(cx, w, &before, older, older_count));
                TRY(row_end(cx, w, 0, n, width));
                TRY(entries_show(cx, w, n, bundle));
                arena_rewind(cx->mem, mark);
                if (source->progress != NULL)
                        source->progress(source->data, w->frontier.size, checkpoint->size);
        }
        TRY(partial_tiles(cx, w));
        return judged(cx, w);
}

rc verify_directory_bundle(struct cx *cx, void *directory, int64_t n, int width, str *ret)
{
        struct tile tile = { TILE_ENTRIES, n, width }, full = { TILE_ENTRIES, n, TILE_WIDTH };
        rc result = tile_file_read(cx, directory, tile, ret);
        str rest, entry;

        if (result != RC_UNKNOWN || width == TILE_WIDTH)
                return result;
        /* the log has grown since: the full bundle begins with the same entries */
        fail_clear(cx);
        TRY(tile_file_read(cx, directory, full, &rest));
        *ret = rest;
        for (int i = 0; i < width && tile_bundle_next(&rest, &entry); i++) {
        }
        ret->n = (size_t)(rest.p - ret->p);
        return RC_OK;
}
