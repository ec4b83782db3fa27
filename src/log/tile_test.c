/* Promises of tile.h: paths of the specification, widths, bundles, and proofs out of tiles that are those of the tree itself. */
#include "base/house.h"

#include "log/tile.h"

#include "base/fail.h"

#include <setjmp.h>
#include <cmocka.h>

enum { SIZE = 70000 }; /* three levels of tiles */

static struct cx cx;

static void paths_are_those_of_the_specification(void **state)
{
        static const struct {
                struct tile tile;
                const char *path;
        } row[] = {
                { { 0, 0, 256 }, "tile/0/000" },
                { { 0, 999, 256 }, "tile/0/999" },
                { { 0, 1000, 256 }, "tile/0/x001/000" },
                { { 2, 1234067, 256 }, "tile/2/x001/x234/067" },
                { { 2, 1234067, 8 }, "tile/2/x001/x234/067.p/8" },
                { { TILE_ENTRIES, 5, 255 }, "tile/entries/005.p/255" },
                { { TILE_ENTRIES, INT64_MAX / 256, 1 }, "tile/entries/x036/x028/x797/x018/x963/967.p/1" },
                { { 7, 0, 1 }, "tile/7/000.p/1" },
        };
        static const char *const bad[] = { "",
                                           "checkpoint",
                                           "tile/0/",
                                           "tile/0/1",
                                           "tile/0/0000",
                                           "tile/0/x000/001",
                                           "tile/0/001/002",
                                           "tile/0/x001",
                                           "tile/8/000",
                                           "tile/00/000",
                                           "tile/-1/000",
                                           "tile/0/000.p/0",
                                           "tile/0/000.p/256",
                                           "tile/0/000.p/01",
                                           "tile/0/000.p/",
                                           "tile/0/000.p",
                                           "tile/0/../000",
                                           "tile/entries/000/",
                                           "/tile/0/000",
                                           "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
                                           "tile/0/000.p/1.p/1" };
        struct tile tile;

        for (size_t i = 0; i < COUNT(row); i++) {
                assert_string_equal(str_z(cx.mem, tile_path(cx.mem, row[i].tile)), row[i].path);
                assert_true(tile_path_read(str_of(row[i].path), &tile));
                assert_true(tile.level == row[i].tile.level && tile.n == row[i].tile.n && tile.width == row[i].tile.width);
        }
        for (size_t i = 0; i < COUNT(bad); i++)
                assert_false(tile_path_read(str_of(bad[i]), &tile));
}

static void widths_follow_the_size(void **state)
{
        static const struct {
                int level;
                int64_t n, size;
                int width;
        } row[] = {
                { 0, 0, 0, 0 },           { 0, 0, 1, 1 },
                { 0, 0, 255, 255 },       { 0, 0, 256, 256 },
                { 0, 1, 256, 0 },         { 0, 1, 257, 1 },
                { 1, 0, 255, 0 },         { 1, 0, 256, 1 },
                { 1, 0, 70000, 256 },     { 1, 1, 70000, 17 },
                { 2, 0, 70000, 1 },       { 2, 1, 70000, 0 },
                { 0, 273, 70000, 112 },   { TILE_ENTRIES, 273, 70000, 112 },
                { 0, -1, 5, 0 },          { 0, INT64_MAX, 5, 0 },
                { 7, 0, INT64_MAX, 127 },
        };

        for (size_t i = 0; i < COUNT(row); i++)
                assert_int_equal(tile_width(row[i].level, row[i].n, row[i].size), row[i].width);
}

static void bundles_give_back_what_was_put_in(void **state)
{
        struct buf b = buf_open(cx.mem, TILE_BUNDLE_MAX);
        char *big = arena_alloc(cx.mem, TILE_ENTRY_MAX);
        str rest, entry;

        memset(big, 'x', TILE_ENTRY_MAX);
        tile_bundle_add(&b, S("one"));
        tile_bundle_add(&b, S(""));
        tile_bundle_add(&b, (str){ big, TILE_ENTRY_MAX });
        rest = buf_str(&b);
        assert_memory_equal(rest.p, "\0\3one\0\0\xff\xff", 9);
        assert_true(tile_bundle_next(&rest, &entry) && str_is(entry, "one"));
        assert_true(tile_bundle_next(&rest, &entry) && entry.n == 0);
        assert_true(tile_bundle_next(&rest, &entry) && entry.n == TILE_ENTRY_MAX);
        assert_false(tile_bundle_next(&rest, &entry));
        assert_int_equal(rest.n, 0);
        rest = S("\0\4abc");
        assert_false(tile_bundle_next(&rest, &entry));
        assert_int_equal(rest.n, 5);
        rest = S("\0");
        assert_false(tile_bundle_next(&rest, &entry));
}

/* All hashes of all levels, as the files would hold them. */
static struct merkle_hash *level_of[TILE_LEVELS];

static rc get(struct cx *c, void *data, struct tile tile, str *ret)
{
        *ret = (str){ (const char *)(level_of[tile.level] + tile.n * TILE_WIDTH), (size_t)tile.width * MERKLE_SIZE };
        return RC_OK;
}

static rc get_short(struct cx *c, void *data, struct tile tile, str *ret)
{
        *ret = S("too short");
        return RC_OK;
}

static void levels_make(struct merkle_frontier *f)
{
        for (int l = 0; l < 3; l++)
                level_of[l] = NEW_ARRAY(cx.mem, struct merkle_hash, (SIZE >> 8 * l) + 1);
        for (size_t i = 0; i < SIZE; i++) {
                struct merkle_hash copy[TILE_WIDTH];

                merkle_leaf((str){ (const char *)&i, sizeof(i) }, &level_of[0][i]);
                merkle_append(f, &level_of[0][i]);
                for (int l = 0; l < 2 && (i + 1) % ((size_t)1 << 8 * (l + 1)) == 0; l++) {
                        size_t n = ((i + 1) >> 8 * (l + 1)) - 1;

                        memcpy(copy, level_of[l] + n * TILE_WIDTH, sizeof(copy));
                        merkle_fold(copy, TILE_WIDTH, &level_of[l + 1][n]);
                }
        }
}

static void proofs_out_of_tiles_hold(void **state)
{
        struct merkle_frontier f = { 0 };
        struct tile_tree tree = { .size = SIZE, .get = get };
        struct merkle_reader reader = tile_reader(&tree);
        struct merkle_hash root, again, old, proof[MERKLE_PROOF_MAX];
        size_t count;

        levels_make(&f);
        merkle_root(&f, &root);
        assert_int_equal(merkle_root_at(&cx, &reader, SIZE, &again), RC_OK);
        assert_true(merkle_equal(&root, &again));
        for (int64_t i = 0; i < SIZE; i += 997) {
                assert_int_equal(merkle_inclusion(&cx, &reader, i, SIZE, proof, &count), RC_OK);
                assert_true(merkle_inclusion_check(&level_of[0][i], i, SIZE, proof, count, &root));
                assert_int_equal(merkle_consistency(&cx, &reader, i + 1, SIZE, proof, &count), RC_OK);
                assert_int_equal(merkle_root_at(&cx, &reader, i + 1, &old), RC_OK);
                assert_true(merkle_consistency_check(i + 1, &old, SIZE, &root, proof, count));
        }
        assert_int_equal(tile_hash(&cx, &tree, 0, SIZE, &again), RC_INVALID);
        assert_int_equal(tile_hash(&cx, &tree, 0, -1, &again), RC_INVALID);
        tree = (struct tile_tree){ .size = SIZE, .get = get_short };
        fail_clear(&cx);
        assert_int_equal(merkle_root_at(&cx, &reader, SIZE, &again), RC_INVALID);
}

static int start(void **state)
{
        cx = (struct cx){ .mem = arena_open(MB(64)), .lang = LANG_EN };
        return 0;
}

static int stop(void **state)
{
        arena_close(cx.mem);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(paths_are_those_of_the_specification),
                cmocka_unit_test(widths_follow_the_size),
                cmocka_unit_test(bundles_give_back_what_was_put_in),
                cmocka_unit_test(proofs_out_of_tiles_hold),
        };

        return cmocka_run_group_tests(tests, start, stop);
}
