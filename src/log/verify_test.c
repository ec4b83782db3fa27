/* Promises of verify.h: a log as it was sealed is verified; whatever is changed in it - an entry, a pair, a tail, a tile, all of it - is named. */
#include "base/house.h"

#include "log/verify.h"

#include "base/fail.h"

#include <setjmp.h>
#include <cmocka.h>
#undef fail /* cmocka's; here it is the house's */

enum { SIZE = 70000, BUNDLES = (SIZE + 255) / 256, TILE_FILES = 300 };

static struct cx cx;

/* A log in memory: bundles, and tiles by path. */
static struct store {
        str bundle[BUNDLES];
        struct {
                struct tile tile;
                str bytes;
        } tile[TILE_FILES];
        size_t tiles;
        struct checkpoint checkpoint;
        int64_t told, seen;
        int64_t refuse_at; /* the entry the caller refuses, 0: none */
} made;

static rc bundle(struct cx *c, void *data, int64_t n, int width, str *ret)
{
        struct store *s = data;

        if (n >= BUNDLES || str_absent(s->bundle[n]))
                return fail(c, RC_UNKNOWN, NULL, "there is no file %s", "bundle");
        *ret = s->bundle[n];
        return RC_OK;
}

static rc tile(struct cx *c, void *data, struct tile t, str *ret)
{
        struct store *s = data;

        for (size_t i = 0; i < s->tiles; i++)
                if (s->tile[i].tile.level == t.level && s->tile[i].tile.n == t.n && s->tile[i].tile.width == t.width) {
                        *ret = s->tile[i].bytes;
                        return RC_OK;
                }
        return fail(c, RC_UNKNOWN, NULL, "there is no file %s", "tile");
}

static rc entry_seen(struct cx *c, void *data, int64_t index, str entry)
{
        struct store *s = data;

        s->seen++;
        assert_true(str_starts(entry, S("entry ")));
        return s->refuse_at != 0 && index == s->refuse_at ? fail(c, RC_FORGED, NULL, "entry %ld is not the one that was sealed", (long)index) : RC_OK;
}

static void progress(void *data, int64_t done, int64_t total)
{
        struct store *s = data;

        assert_true(done > s->told && done <= total);
        s->told = done;
}

static void level_store(struct store *s, int level, const struct merkle_hash *list, int64_t count)
{
        for (int64_t n = 0; n * TILE_WIDTH < count; n++) {
                int width = tile_width(level, n, SIZE);

                assert_true(s->tiles < TILE_FILES);
                s->tile[s->tiles].tile = (struct tile){ level, n, width };
                s->tile[s->tiles++].bytes =
                    (str){ arena_copy(cx.mem, list + n * TILE_WIDTH, (size_t)width * MERKLE_SIZE), (size_t)width * MERKLE_SIZE };
        }
}

/* Tiles and root of the bundles as they stand in s, honestly worked out. */
static void seal(struct store *s)
{
        struct merkle_hash *list = NEW_ARRAY(cx.mem, struct merkle_hash, SIZE);
        struct merkle_frontier f = { 0 };
        int64_t count = 0;
        str entry;

        s->tiles = 0;
        for (size_t n = 0; n < BUNDLES; n++)
                for (str rest = s->bundle[n]; tile_bundle_next(&rest, &entry);) {
                        merkle_leaf(entry, &list[count]);
                        merkle_append(&f, &list[count++]);
                }
        s->checkpoint = (struct checkpoint){ .origin = S("test"), .size = count };
        merkle_root(&f, &s->checkpoint.root);
        for (int level = 0; count > 0; level++) {
                level_store(s, level, list, count);
                for (int64_t n = 0; n < count / TILE_WIDTH; n++) {
                        struct merkle_hash row[TILE_WIDTH];

                        memcpy(row, list + n * TILE_WIDTH, sizeof(row));
                        merkle_fold(row, TILE_WIDTH, &list[n]);
                }
                count /= TILE_WIDTH;
        }
}

static const char *told(const struct store *s, const struct checkpoint *checkpoint, const struct checkpoint *older, size_t older_count)
{
        struct store copy = *s;
        struct verify_source source = { bundle, tile, entry_seen, progress, &copy };

        fail_clear(&cx);
        if (verify_log(&cx, &source, checkpoint, older, older_count) == RC_OK) {
                assert_int_equal(copy.told, checkpoint->size);
                return "right";
        }
        assert_int_equal(cx.failure.code, RC_FORGED);
        return str_z(cx.mem, cx.failure.problem[0].text);
}

/* A copy of a bundle with one byte of one entry changed. */
static str flipped(const struct store *s, int64_t index)
{
        str all = s->bundle[index / 256], rest = all, entry = STR_NONE;
        char *copy = arena_copy(cx.mem, all.p, all.n);

        for (int64_t i = 0; i <= index % 256; i++)
                assert_true(tile_bundle_next(&rest, &entry));
        copy[entry.p - all.p + 6] ^= 1;
        return (str){ copy, all.n };
}

static void a_log_as_it_was_sealed_is_verified(void **state)
{
        struct store none = { .checkpoint = { .size = 0 } };

        assert_string_equal(told(&made, &made.checkpoint, NULL, 0), "right");
        merkle_empty(&none.checkpoint.root);
        assert_string_equal(told(&none, &none.checkpoint, NULL, 0), "right");
        none.checkpoint.root.b[0] ^= 1;
        assert_string_equal(told(&none, &none.checkpoint, NULL, 0), "entries and tiles were changed together: their root is not the signed one");
}

static void a_changed_entry_is_named(void **state)
{
        static const int64_t at[] = { 0, 1, 255, 256, 65535, 65536, 69999 };

        for (size_t i = 0; i < COUNT(at); i++) {
                struct store s = made;

                s.bundle[at[i] / 256] = flipped(&made, at[i]);
                assert_string_equal(told(&s, &s.checkpoint, NULL, 0), str_format(cx.mem, "entry %ld is not the one that was sealed", (long)at[i]).p);
        }
}

static void a_swapped_pair_is_named(void **state)
{
        struct store s = made;
        struct buf b = buf_open(cx.mem, TILE_BUNDLE_MAX);
        str rest = made.bundle[4], entry[256];

        for (int i = 0; i < 256; i++)
                assert_true(tile_bundle_next(&rest, &entry[i]));
        for (int i = 0; i < 256; i++)
                tile_bundle_add(&b, entry[i == 100 ? 101 : i == 101 ? 100 : i]);
        s.bundle[4] = buf_str(&b);
        assert_string_equal(told(&s, &s.checkpoint, NULL, 0), "entry 1124 is not the one that was sealed");
}

static void a_cut_tail_is_named(void **state)
{
        struct store s = made;
        str last = made.bundle[BUNDLES - 1], rest = last, entry;

        s.bundle[BUNDLES - 1] = STR_NONE;
        assert_string_equal(told(&s, &s.checkpoint, NULL, 0), "the log ends too early: entry 69888 of 70000 is missing");
        assert_true(tile_bundle_next(&rest, &entry) && tile_bundle_next(&rest, &entry));
        s.bundle[BUNDLES - 1] = (str){ last.p, (size_t)(rest.p - last.p) };
        assert_string_equal(told(&s, &s.checkpoint, NULL, 0), "the log ends too early: entry 69890 of 70000 is missing");
        s.bundle[BUNDLES - 1] = (str){ last.p, (size_t)(rest.p - last.p) + 5 };
        assert_string_equal(told(&s, &s.checkpoint, NULL, 0), "entry 69890 cannot be read: its bundle is damaged");
        s.bundle[BUNDLES - 1] = str_format(cx.mem, "%.*s", 0, "");
        {
                struct buf b = buf_open(cx.mem, TILE_BUNDLE_MAX);

                buf_add(&b, last);
                tile_bundle_add(&b, S("entry more"));
                s.bundle[BUNDLES - 1] = buf_str(&b);
        }
        assert_string_equal(told(&s, &s.checkpoint, NULL, 0), "behind entry 69999 stands something that the checkpoint does not know");
}

static void a_cut_tail_that_was_sealed_anew_is_a_fork_for_who_saw_the_old_one(void **state)
{
        struct store s = made;
        struct checkpoint older = made.checkpoint;

        s.bundle[BUNDLES - 1] = STR_NONE;
        seal(&s);
        assert_string_equal(told(&s, &s.checkpoint, NULL, 0), "right");
        assert_string_equal(told(&s, &s.checkpoint, &older, 1), "this log has 69888 entries, fewer than the 70000 of a checkpoint seen before");
}

static void a_rewritten_log_is_a_fork_for_who_saw_an_old_checkpoint(void **state)
{
        static const int64_t sizes[] = { 1, 255, 256, 257, 40000, 69999, 70000 };
        struct checkpoint older[COUNT(sizes)];
        struct merkle_frontier f = { 0 };
        struct store s = made;
        size_t k = 0;
        str entry;

        for (size_t n = 0; n < BUNDLES; n++)
                for (str rest = made.bundle[n]; tile_bundle_next(&rest, &entry);) {
                        struct merkle_hash h;

                        merkle_leaf(entry, &h);
                        merkle_append(&f, &h);
                        if (k < COUNT(sizes) && f.size == sizes[k]) {
                                older[k].size = f.size;
                                merkle_root(&f, &older[k++].root);
                        }
                }
        assert_string_equal(told(&made, &made.checkpoint, older, COUNT(sizes)), "right");
        s.bundle[300 / 256] = flipped(&made, 300);
        seal(&s);
        assert_string_equal(told(&s, &s.checkpoint, NULL, 0), "right");
        assert_string_equal(told(&s, &s.checkpoint, older, 4), "right"); /* they end before it */
        assert_string_equal(told(&s, &s.checkpoint, older, COUNT(sizes)),
                            "this log has not grown out of the checkpoint of size 40000: the two are a fork");
        assert_string_equal(told(&s, &s.checkpoint, &older[6], 1), "this log has not grown out of the checkpoint of size 70000: the two are a fork");
}

static void changed_tiles_are_told_from_changed_entries(void **state)
{
        struct store s = made;
        char *bytes = arena_copy(cx.mem, made.tile[3].bytes.p, made.tile[3].bytes.n);

        bytes[77] ^= 1;
        s.tile[3].bytes.p = bytes;
        assert_string_equal(told(&s, &s.checkpoint, NULL, 0), "tile/0/003 is damaged; the entries are those that were signed");
        s.tile[3] = made.tile[3];
        s.tile[3].bytes.n -= 32;
        assert_string_equal(told(&s, &s.checkpoint, NULL, 0), "tile/0/003 is damaged; the entries are those that were signed");
        s.tile[3].tile.n = 999;
        assert_string_equal(told(&s, &s.checkpoint, NULL, 0), "tile/0/003 is missing");
        /* entries changed, and the tile above them worked out anew: the tile over that tells */
        s = made;
        s.bundle[1] = flipped(&made, 300);
        seal(&s);
        s.checkpoint = made.checkpoint;
        for (size_t i = 0; i < s.tiles; i++)
                if (s.tile[i].tile.level >= 1)
                        s.tile[i].bytes = made.tile[i].bytes;
        assert_string_equal(told(&s, &s.checkpoint, NULL, 0), "among the entries 256 to 511 some were changed together with their tiles");
        for (size_t i = 0; i < s.tiles; i++)
                if (s.tile[i].tile.level == 1) {
                        struct store again = made;

                        again.bundle[1] = s.bundle[1];
                        seal(&again);
                        s.tile[i].bytes = again.tile[i].bytes;
                }
        assert_string_equal(told(&s, &s.checkpoint, NULL, 0), "among the entries 0 to 65535 some were changed together with their tiles");
        /* everything worked out anew, but not signed */
        seal(&s);
        assert_string_equal(told(&s, &made.checkpoint, NULL, 0), "entries and tiles were changed together: their root is not the signed one");
}

static void the_caller_sees_each_entry_and_may_refuse(void **state)
{
        struct store s = made;

        s.refuse_at = 4242;
        assert_string_equal(told(&s, &s.checkpoint, NULL, 0), "entry 4242 is not the one that was sealed");
}

static int start(void **state)
{
        cx = (struct cx){ .mem = arena_open(MB(512)), .lang = LANG_EN };
        for (int64_t n = 0; n < BUNDLES; n++) {
                struct buf b = buf_open(cx.mem, TILE_BUNDLE_MAX);

                for (int64_t i = n * 256; i < SIZE && i < (n + 1) * 256; i++)
                        tile_bundle_add(&b, str_format(cx.mem, "entry %ld", (long)i));
                made.bundle[n] = buf_str(&b);
        }
        seal(&made);
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
                cmocka_unit_test(a_log_as_it_was_sealed_is_verified),
                cmocka_unit_test(a_changed_entry_is_named),
                cmocka_unit_test(a_swapped_pair_is_named),
                cmocka_unit_test(a_cut_tail_is_named),
                cmocka_unit_test(a_cut_tail_that_was_sealed_anew_is_a_fork_for_who_saw_the_old_one),
                cmocka_unit_test(a_rewritten_log_is_a_fork_for_who_saw_an_old_checkpoint),
                cmocka_unit_test(changed_tiles_are_told_from_changed_entries),
                cmocka_unit_test(the_caller_sees_each_entry_and_may_refuse),
        };

        return cmocka_run_group_tests(tests, start, stop);
}
