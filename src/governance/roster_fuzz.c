/* roster_fuzz.c - any bytes as a list of accounts: refused with a sentence, or names that are names, each once. */
#include "base/house.h"

#include "governance/roster.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct cx cx = { .mem = arena_open(MB(16)), .lang = LANG_EN };
        size_t count = 0;
        str *names;

        if (roster_read(&cx, (str){ (const char *)data, size }, &names, &count) == RC_OK) {
                must(count > 0 && count <= ROSTER_NAMES_MAX);
                for (size_t i = 0; i < count; i++)
                        must(roster_name_valid(names[i]));
        } else {
                must(cx.failure.count > 0);
        }
        arena_close(cx.mem);
        return 0;
}
