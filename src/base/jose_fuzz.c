/* jose_fuzz.c - any bytes as a key set (first line) and a token (the rest): nothing that was not signed with a listed key is ever taken. */
#include "base/house.h"

#include "base/jose.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const char *const all[] = { "RS256", "PS256", "ES256", "HS256", NULL };
        struct cx cx = { .mem = arena_open(MB(64)), .lang = LANG_EN };
        str text = { (const char *)data, size }, token;
        str first = str_cut(text, '\n', &token);
        json_t *keys = NULL;
        struct jose jose;

        json_start();
        arena_current = cx.mem;
        if (json_read(&cx, first, &keys) != RC_OK)
                keys = NULL;
        cx.failure = (struct failure){ 0 };
        if (!str_absent(token) && jose_verify(&cx, token, keys, S("a secret of the fuzzer, 32 bytes"), all, &jose) == RC_OK)
                must(json_is_object(jose.claims));
        else if (!str_absent(token))
                must(cx.failure.count > 0);
        arena_close(cx.mem);
        return 0;
}
