/* tile.c - see tile.h. */
#include "base/house.h"

#include "log/tile.h"

#include "base/fail.h"
#include "base/file.h"

enum { PATH_MAX_BYTES = 80 };

str tile_path(struct arena *mem, struct tile tile)
{
        struct buf b = buf_open(mem, PATH_MAX_BYTES);
        int64_t part = 1;

        must(tile.level >= TILE_ENTRIES && tile.level < TILE_LEVELS && tile.n >= 0 && tile.width >= 1 && tile.width <= TILE_WIDTH);
        if (tile.level == TILE_ENTRIES)
                buf_text(&b, "tile/entries");
        else
                buf_format(&b, "tile/%d", tile.level);
        while (tile.n / part >= 1000)
                part *= 1000;
        for (; part >= 1000; part /= 1000)
                buf_format(&b, "/x%03d", (int)(tile.n / part % 1000));
        buf_format(&b, "/%03d", (int)(tile.n % 1000));
        if (tile.width < TILE_WIDTH)
                buf_format(&b, ".p/%d", tile.width);
        must(!buf_full(&b));
        return buf_str(&b);
}

/* One to three digits. */
static bool digits(str s, size_t least, size_t most, int *ret)
{
        int v = 0;

        if (s.n < least || s.n > most)
                return false;
        for (size_t i = 0; i < s.n; i++) {
                if (s.p[i] < '0' || s.p[i] > '9')
                        return false;
                v = v * 10 + (s.p[i] - '0');
        }
        *ret = v;
        return true;
}

static bool number_read(str s, int64_t *ret)
{
        int64_t n = 0;
        int group;

        for (;;) {
                str rest, one = str_cut(s, '/', &rest);
                bool more = !str_absent(rest);

                if (more && (one.n == 0 || one.p[0] != 'x'))
                        return false;
                if (more)
                        one = (str){ one.p + 1, one.n - 1 };
                if (!digits(one, 3, 3, &group) || __builtin_mul_overflow(n, 1000, &n) || __builtin_add_overflow(n, group, &n))
                        return false;
                if (!more)
                        break;
                if (n == 0)
                        return false;
                s = rest;
        }
        *ret = n;
        return true;
}

bool tile_path_read(str path, struct tile *ret)
{
        struct tile tile = { .width = TILE_WIDTH };
        str rest = path, level;

        if (path.n > PATH_MAX_BYTES || !str_is(str_cut(rest, '/', &rest), "tile"))
                return false;
        level = str_cut(rest, '/', &rest);
        if (str_is(level, "entries"))
                tile.level = TILE_ENTRIES;
        else if (!digits(level, 1, 1, &tile.level) || tile.level >= TILE_LEVELS)
                return false;
        for (size_t i = 0; i + 3 <= rest.n; i++)
                if (memcmp(rest.p + i, ".p/", 3) == 0) {
                        str width = { rest.p + i + 3, rest.n - i - 3 };

                        if (!digits(width, 1, 3, &tile.width) || width.p[0] == '0' || tile.width >= TILE_WIDTH)
                                return false;
                        rest.n = i;
                }
        if (!number_read(rest, &tile.n))
                return false;
        *ret = tile;
        return true;
}

int tile_width(int level, int64_t n, int64_t size)
{
        int shift = TILE_HEIGHT * (level == TILE_ENTRIES ? 0 : level);
        int64_t hashes = size >> shift, from;

        if (n < 0 || __builtin_mul_overflow(n, TILE_WIDTH, &from) || from >= hashes)
                return 0;
        return hashes - from >= TILE_WIDTH ? TILE_WIDTH : (int)(hashes - from);
}

void tile_bundle_add(struct buf *bundle, str entry)
{
        must(entry.n <= TILE_ENTRY_MAX);
        buf_char(bundle, (char)(entry.n >> 8));
        buf_char(bundle, (char)entry.n);
        buf_add(bundle, entry);
}

bool tile_bundle_next(str *rest, str *ret_entry)
{
        size_t n;

        if (rest->n < 2)
                return false;
        n = (size_t)(uint8_t)rest->p[0] << 8 | (uint8_t)rest->p[1];
        if (rest->n - 2 < n)
                return false;
        *ret_entry = (str){ rest->p + 2, n };
        *rest = (str){ rest->p + 2 + n, rest->n - 2 - n };
        return true;
}

rc tile_hash(struct cx *cx, struct tile_tree *tree, int level, int64_t index, struct merkle_hash *ret)
{
        struct tile tile = { .level = level, .n = index / TILE_WIDTH };
        str bytes;

        tile.width = tile_width(level, tile.n, tree->size);
        if (index < 0 || index % TILE_WIDTH >= tile.width)
                return fail(cx, RC_INVALID, NULL, "a log of %" PRId64 " entries has no tile %d/%" PRId64, tree->size, level, tile.n);
        if (!tree->kept[level].held || tree->kept[level].n != tile.n) {
                TRY(tree->get(cx, tree->data, tile, &bytes));
                if (bytes.n != (size_t)tile.width * MERKLE_SIZE)
                        return fail(cx, RC_INVALID, NULL, "%.*s is damaged: it must hold %d hashes", STR_ARG(tile_path(cx->mem, tile)), tile.width);
                tree->kept[level].held = true;
                tree->kept[level].n = tile.n;
                tree->kept[level].bytes = bytes;
        }
        memcpy(ret->b, tree->kept[level].bytes.p + index % TILE_WIDTH * MERKLE_SIZE, MERKLE_SIZE);
        return RC_OK;
}

/* A subtree of 2^level leaves lies in a tile of level/8 as 2^(level%8) neighbours. */
static rc node(struct cx *cx, void *data, int level, int64_t index, struct merkle_hash *ret)
{
        struct merkle_hash part[TILE_WIDTH / 2];
        size_t count = (size_t)1 << level % TILE_HEIGHT;

        for (size_t i = 0; i < count; i++)
                TRY(tile_hash(cx, data, level / TILE_HEIGHT, index * (int64_t)count + (int64_t)i, &part[i]));
        merkle_fold(part, count, ret);
        return RC_OK;
}

struct merkle_reader tile_reader(struct tile_tree *tree)
{
        return (struct merkle_reader){ .node = node, .data = tree };
}

rc tile_file_read(struct cx *cx, const char *directory, struct tile tile, str *ret)
{
        size_t max = tile.level == TILE_ENTRIES ? TILE_BUNDLE_MAX : TILE_SIZE_MAX;
        const char *path = str_z(cx->mem, str_format(cx->mem, "%s/%.*s", directory, STR_ARG(tile_path(cx->mem, tile))));

        return file_read(cx, path, max, ret);
}

rc tile_file_get(struct cx *cx, void *directory, struct tile tile, str *ret)
{
        struct tile full = { tile.level, tile.n, TILE_WIDTH };
        size_t wanted = (size_t)tile.width * MERKLE_SIZE;
        rc result = tile_file_read(cx, directory, tile, ret);

        if (result != RC_UNKNOWN || tile.width == TILE_WIDTH)
                return result;
        fail_clear(cx);
        TRY(tile_file_read(cx, directory, full, ret));
        if (ret->n > wanted)
                ret->n = wanted;
        return RC_OK;
}
