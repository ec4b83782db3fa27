/* basic_fuzz.c - any bytes as an Authorization header: a refusal, or two texts. */
#include "base/house.h"

#include "http/basic.h"

#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct cx cx = { .mem = arena_open(MB(4)), .lang = LANG_EN };
        str name = STR_NONE, password = STR_NONE;

        if (basic_read(&cx, (str){ (const char *)data, size }, &name, &password) == RC_OK)
                must(utf8_valid(name) && utf8_valid(password));
        else
                must(cx.failure.count > 0);
        arena_close(cx.mem);
        return 0;
}
