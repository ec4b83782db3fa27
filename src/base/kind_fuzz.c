/* kind_fuzz.c - any bytes have a type that is a type. */
#include "base/house.h"

#include "base/kind.h"

#include "base/fail.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static struct arena *mem;
        static struct cx cx;
        str kind;

        if (mem == NULL) {
                mem = arena_open(MB(64));
                cx.mem = mem;
                arena_current = mem;
                must(kind_start(&cx) == RC_OK);
        }
        arena_reset(mem);
        kind = kind_of(mem, (str){ (const char *)data, size });
        must(kind.n >= 3 && memchr(kind.p, '/', kind.n) != NULL);
        return 0;
}
