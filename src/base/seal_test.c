/* seal_test.c - what was sealed opens for its owner only, also after the key was changed. */
#include "base/house.h"

#include "base/seal.h"

#include "base/fail.h"

#include <setjmp.h>

#include <cmocka.h>

#define ONE "1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n"
#define TWO "2 HwECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n"

static struct cx cx;

static int setup(void **state)
{
        cx = (struct cx){ .mem = arena_open(MB(4)), .lang = LANG_EN };
        return 0;
}

static int teardown(void **state)
{
        arena_close(cx.mem);
        return 0;
}

static void seals_and_opens(void **state)
{
        str sealed, again, secret;
        bool old;

        assert_int_equal(seal_start(&cx, S(ONE)), RC_OK);
        assert_true(seal_ready());
        for (size_t n = 0; n < 100; n += 7) {
                str plain = { "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789", n };

                sealed = seal_close(cx.mem, plain, S("acme 1"));
                again = seal_close(cx.mem, plain, S("acme 1"));
                assert_int_equal(sealed.n, n + SEAL_EXTRA);
                assert_false(str_equal(sealed, again));
                assert_true(seal_open(cx.mem, sealed, S("acme 1"), &secret, &old));
                assert_true(str_equal(secret, plain) && !old);
        }
}

static void opens_for_nobody_else(void **state)
{
        str sealed, secret = S("untouched");
        char *copy;
        bool old;

        assert_int_equal(seal_start(&cx, S(ONE)), RC_OK);
        sealed = seal_close(cx.mem, S("12345678901234567890"), S("acme 1"));
        assert_false(seal_open(cx.mem, sealed, S("acme 2"), &secret, &old));
        assert_false(seal_open(cx.mem, sealed, S(""), &secret, &old));
        for (size_t i = 0; i < sealed.n; i++) { /* every byte counts */
                copy = arena_copy(cx.mem, sealed.p, sealed.n);
                copy[i] = (char)(copy[i] ^ 1);
                assert_false(seal_open(cx.mem, (str){ copy, sealed.n }, S("acme 1"), &secret, &old));
        }
        for (size_t n = 0; n < sealed.n; n++)
                assert_false(seal_open(cx.mem, (str){ sealed.p, n }, S("acme 1"), &secret, &old));
        assert_true(str_is(secret, "untouched"));
}

static void the_key_can_be_changed(void **state)
{
        str by_one, by_two, secret;
        bool old;

        assert_int_equal(seal_start(&cx, S(ONE)), RC_OK);
        by_one = seal_close(cx.mem, S("seed"), S("x"));
        assert_int_equal(seal_start(&cx, S(ONE TWO)), RC_OK);
        by_two = seal_close(cx.mem, S("seed"), S("x"));
        assert_int_equal(by_two.p[0], 2);
        assert_true(seal_open(cx.mem, by_one, S("x"), &secret, &old) && old && str_is(secret, "seed"));
        assert_true(seal_open(cx.mem, by_two, S("x"), &secret, &old) && !old);
        assert_int_equal(seal_start(&cx, S(TWO)), RC_OK);
        assert_false(seal_open(cx.mem, by_one, S("x"), &secret, &old));
}

static void a_key_file_is_read_strictly(void **state)
{
        static const char twice[] = ONE ONE;
        static const char *const wrong[] = { "",
                                             "\n\n",
                                             "1",
                                             "1 ",
                                             "x AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
                                             "0 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
                                             "256 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
                                             "1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8A",
                                             "1 AAEC+wQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
                                             twice };
        str line;

        for (size_t i = 0; i < COUNT(wrong); i++) {
                assert_int_equal(seal_start(&cx, str_of(wrong[i])), RC_INVALID);
                fail_clear(&cx);
        }
        line = seal_key_line(cx.mem, 7);
        assert_int_equal(seal_start(&cx, line), RC_OK);
        assert_int_equal(seal_close(cx.mem, S("a"), S("b")).p[0], 7);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(seals_and_opens, setup, teardown),
                cmocka_unit_test_setup_teardown(opens_for_nobody_else, setup, teardown),
                cmocka_unit_test_setup_teardown(the_key_can_be_changed, setup, teardown),
                cmocka_unit_test_setup_teardown(a_key_file_is_read_strictly, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
