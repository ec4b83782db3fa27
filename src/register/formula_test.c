/* Tests of formula.c and keys.c. */
#include "base/house.h"

#include "register/formula.h"

#include "register/keys.h"

#include <setjmp.h>
#include <stdio.h>
#include <cmocka.h>

static void cells_a_spreadsheet_would_run_are_known_and_read_back(void **state)
{
        static const str run[] = { S("=1"),  S("+81"), S("-2"),  S("@a"),  S("\tx"), S("\rx"),
                                   S("＝1"), S("＋1"), S("－1"), S("＠a"), S("'=1"), S("''-1") };
        static const str harmless[] = { S(""), S("a=1"), S("'a"), S("'"), S("1-2"), S("佐藤"), S(" =1"), S("\xef") };

        for (size_t i = 0; i < COUNT(run); i++) {
                char written[32] = "'";

                assert_true(formula_like(run[i]));
                memcpy(written + 1, run[i].p, run[i].n);
                assert_true(str_equal(formula_bare((str){ written, run[i].n + 1 }), run[i]));
        }
        for (size_t i = 0; i < COUNT(harmless); i++) {
                assert_false(formula_like(harmless[i]));
                assert_true(str_equal(formula_bare(harmless[i]), harmless[i]));
        }
        assert_true(str_equal(formula_bare(S("=1")), S("=1")));
}

static void a_key_seen_is_never_forgotten_and_others_are_rarely_suspected(void **state)
{
        enum { MANY = 300000 };
        struct arena *mem = arena_open(MB(16));
        struct keys *keys = keys_open(mem);
        size_t suspected = 0;
        char key[40];

        for (int i = 0; i < MANY; i++)
                suspected += keys_seen(keys, (str){ key, (size_t)snprintf(key, sizeof(key), "hanako.%d@example.jp", i) });
        assert_true(suspected < MANY / 1000);
        for (int i = 0; i < MANY; i++)
                assert_true(keys_seen(keys, (str){ key, (size_t)snprintf(key, sizeof(key), "hanako.%d@example.jp", i) }));
        arena_close(mem);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(cells_a_spreadsheet_would_run_are_known_and_read_back),
                cmocka_unit_test(a_key_seen_is_never_forgotten_and_others_are_rarely_suspected),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
