/* urlencoded_fuzz.c - any bytes as a form body, a query or a Cookie header: what comes out is text, or there is a refusal. */
#include "base/house.h"

#include "http/urlencoded.h"

#include "base/text.h"
#include "base/utf8.h"
#include "http/cookie.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct cx cx = { .mem = arena_open(MB(64)), .lang = LANG_EN };
        str raw = { (const char *)data, size };
        struct http_pair *pairs;
        size_t count;

        for (int lines = 0; lines < 2; lines++) {
                cx.failure.count = 0;
                cx.failure.code = RC_OK;
                if (urlencoded_read(&cx, raw, lines, &pairs, &count) != RC_OK) {
                        must(cx.failure.count > 0);
                        continue;
                }
                for (size_t i = 0; i < count; i++) {
                        must(utf8_valid(pairs[i].name) && utf8_valid(pairs[i].value));
                        must(text_control(pairs[i].value, lines) == pairs[i].value.n);
                }
        }
        must(cookie_value(raw, "__Host-daicho").n <= size);
        arena_close(cx.mem);
        return 0;
}
