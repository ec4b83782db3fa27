/* scan_fuzz.c - whatever a scanner says: clean, a printable name of what was found, or no answer. */
#include "base/house.h"

#include "http/scan.h"

#include "base/fail.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static struct arena *mem;
        struct cx cx = { 0 };
        str found = S("-");

        if (mem == NULL)
                mem = arena_open(MB(4));
        arena_reset(mem);
        cx.mem = mem;
        arena_current = mem;
        if (size > SCAN_ANSWER_MAX || scan_read(&cx, (str){ (const char *)data, size }, &found) != RC_OK)
                return 0;
        if (str_absent(found)) {
                must(size >= 10 && memcmp(data, "stream: OK", 10) == 0);
                return 0;
        }
        must(found.n > 0 && found.n <= SCAN_NAME_MAX);
        for (size_t i = 0; i < found.n; i++)
                must(found.p[i] > ' ' && found.p[i] <= '~');
        return 0;
}
