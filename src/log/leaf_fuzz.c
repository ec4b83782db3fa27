/* leaf_fuzz.c - any bytes as an entry: what is read as one is written back the same, unless a value stands there as its hash. */
#include "base/house.h"

#include "log/leaf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct cx cx = { .mem = arena_open(MB(64)), .lang = LANG_EN };
        str raw = { (const char *)data, size };
        struct leaf leaf;

        if (leaf_read(&cx, raw, &leaf) == RC_OK && memmem(data, size, ".sha256 ", 8) == NULL)
                must(str_equal(leaf_write(cx.mem, &leaf), raw));
        arena_close(cx.mem);
        return 0;
}
