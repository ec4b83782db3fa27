/* charset_fuzz.c - any bytes are guessed, decoded and encoded without overrun; what decodes is UTF-8 and comes back. */
#include "base/house.h"

#include "base/charset.h"

#include "base/fail.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct cx cx = { .mem = arena_open(MB(64)), .lang = LANG_EN };
        str in = { (const char *)data, size };

        for (enum charset set = CHARSET_UTF8; set < CHARSETS; set++) {
                char *out = arena_alloc(cx.mem, size * CHARSET_GROWTH), *back, *twice;
                struct charset_loss loss = { 0 };
                size_t read, n = charset_decode(set, in, out, &read), m, again;

                must(read <= size && n <= read * CHARSET_GROWTH && utf8_valid((str){ out, n }));
                back = arena_alloc(cx.mem, n * CHARSET_WIDTH);
                m = charset_encode(set, (str){ out, n }, back, &loss);
                must(m <= n * (charset_wide(set) ? CHARSET_WIDTH : 1) && loss.similar == 0);
                twice = arena_alloc(cx.mem, m * CHARSET_GROWTH);
                must(charset_decode(set, (str){ back, m }, twice, &again) == n || loss.replaced > 0);
                must(loss.replaced > 0 || (again == m && (n == 0 || memcmp(twice, out, n) == 0)));
        }
        for (size_t piece = 1; piece < 5; piece += 3) {
                struct charset_guess g;
                enum charset set = CHARSETS;
                str reason = STR_NONE;

                charset_guess_start(&g);
                for (size_t at = 0; at < size; at += piece)
                        (void)charset_guess_add(&g, in.p + at, piece < size - at ? piece : size - at);
                must(g.bytes == (int64_t)size);
                fail_clear(&cx);
                if (charset_guess_end(&cx, &g, &set, &reason) == RC_OK)
                        must(set < CHARSETS && reason.n > 0);
        }
        arena_close(cx.mem);
        return 0;
}
