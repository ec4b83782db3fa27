/* address_fuzz.c - ranges of addresses: whatever is typed, the answer is a refusal or a form that reads as itself. */
#include "base/house.h"

#include "base/address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct cx cx = { .mem = arena_open(MB(16)), .lang = LANG_EN };
        size_t count = 0;
        str *list, again;

        if (address_list(&cx, (str){ (const char *)data, size }, "addresses", &list, &count) == RC_OK)
                for (size_t i = 0; i < count; i++)
                        must(address_range(&cx, list[i], "addresses", &again) == RC_OK && str_equal(again, list[i]));
        arena_close(cx.mem);
        return 0;
}
