/* qr_test.c - the three finder patterns stand where the standard has them, size grows with the text, what is too long is refused. */
#include "base/house.h"

#include "base/qr.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SIDE_MAX = 177 };

static bool dark[SIDE_MAX][SIDE_MAX];

/* The path drawn again. */
static void draw(str path)
{
        memset(dark, 0, sizeof(dark));
        while (path.n > 0) {
                str rest, piece = str_cut(path, 'z', &rest), tail, xy = str_cut((str){ piece.p + 1, piece.n - 1 }, 'h', &tail), y;
                int64_t x = 0, row = 0, count = 0;
                str x_text = str_cut(xy, ' ', &y);

                assert_true(str_int(x_text, &x) && str_int(y, &row) && str_int(str_cut(tail, 'v', &tail), &count));
                for (int64_t i = 0; i < count; i++)
                        dark[row][x + i] = true;
                path = str_absent(rest) ? S("") : rest;
        }
}

static void finder(int x, int y)
{
        for (int i = 0; i < 7; i++) {
                assert_true(dark[y][x + i] && dark[y + 6][x + i] && dark[y + i][x] && dark[y + i][x + 6]);
                if (i >= 1 && i <= 5)
                        assert_true(!dark[y + 1][x + i] && !dark[y + 5][x + i]);
        }
        assert_true(dark[y + 3][x + 3]);
}

static void patterns(void **state)
{
        struct arena *mem = arena_open(MB(4));
        int size = 0, larger = 0;
        str path = qr_path(mem, S("otpauth://totp/Daicho:a?secret=GEZDGNBVGY3TQOJQ"), &size);

        assert_true(size >= 21 && (size - 17) % 4 == 0);
        draw(path);
        finder(0, 0);
        finder(size - 7, 0);
        finder(0, size - 7);
        assert_false(str_absent(qr_path(mem, (str){ path.p, 900 }, &larger)));
        assert_true(larger > size);
        arena_close(mem);
}

static void limits(void **state)
{
        struct arena *mem = arena_open(MB(4));
        char *text = arena_alloc(mem, QR_TEXT_MAX + 1);
        int size = 0;

        memset(text, 'x', QR_TEXT_MAX + 1);
        assert_false(str_absent(qr_path(mem, (str){ text, QR_TEXT_MAX }, &size)));
        assert_true(str_absent(qr_path(mem, (str){ text, QR_TEXT_MAX + 1 }, &size)));
        assert_true(str_absent(qr_path(mem, S(""), &size)));
        arena_close(mem);
}

int main(void)
{
        const struct CMUnitTest tests[] = { cmocka_unit_test(patterns), cmocka_unit_test(limits) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
