/* tile_fuzz.c - any bytes as a path of a tile and as an entry bundle. */
#include "base/house.h"

#include "log/tile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct arena *mem = arena_open(MB(64));
        str raw = { (const char *)data, size }, rest = raw, entry;
        struct buf back = buf_open(mem, MB(32));
        struct tile tile;

        if (tile_path_read(raw, &tile))
                must(str_equal(tile_path(mem, tile), raw));
        while (tile_bundle_next(&rest, &entry))
                tile_bundle_add(&back, entry);
        buf_add(&back, rest);
        must(buf_full(&back) || str_equal(buf_str(&back), raw));
        arena_close(mem);
        return 0;
}
