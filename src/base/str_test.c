/* Tests of str.c. */
#include "base/house.h"

#include "base/str.h"

#include "base/arena.h"

#include <setjmp.h>
#include <cmocka.h>

static struct arena *mem;

static void absent_and_empty_are_two_things(void **state)
{
        assert_true(str_absent(STR_NONE));
        assert_false(str_absent(S("")));
        assert_true(str_empty(S("")) && str_empty(STR_NONE));
        assert_true(str_absent(str_of(NULL)));
        assert_true(str_absent(str_copy(mem, STR_NONE)));
        assert_string_equal(str_z(mem, STR_NONE), "");
}

static void beginnings_ends_and_order_are_by_bytes(void **state)
{
        assert_true(str_starts(S("佐藤"), S("佐")) && !str_starts(S("佐"), S("佐藤")) && str_starts(S("x"), S("")));
        assert_true(str_ends(S("a.csv"), S(".csv")) && !str_ends(S("csv"), S(".csv")) && !str_ends(S("a.csx"), S(".csv")));
        assert_true(str_equal_nocase(S("E-Mail"), S("e-mAIL")) && !str_equal_nocase(S("ab"), S("abc")) && !str_equal_nocase(S("ab"), S("ac")));
        assert_true(str_equal(S(""), STR_NONE) && str_is(S("a"), "a") && !str_is(S("a"), "b"));
        assert_true(str_compare(S("a"), S("b")) < 0 && str_compare(S("ab"), S("a")) > 0 && str_compare(S("a"), S("ab")) < 0);
        assert_int_equal(str_compare(S("x"), S("x")), 0);
        assert_int_equal(str_compare(S(""), STR_NONE), 0);
}

static void trimming_takes_white_space_off_both_ends(void **state)
{
        assert_true(str_is(str_trim(S(" \t\r\n\v\fa b \n")), "a b"));
        assert_int_equal(str_trim(S("   ")).n, 0);
        assert_int_equal(str_trim(STR_NONE).n, 0);
}

static void cutting_walks_through_a_list(void **state)
{
        str rest = S("a,,b"), part;

        part = str_cut(rest, ',', &rest);
        assert_true(str_is(part, "a"));
        part = str_cut(rest, ',', &rest);
        assert_true(str_empty(part) && !str_absent(rest));
        part = str_cut(rest, ',', &rest);
        assert_true(str_is(part, "b") && str_absent(rest));
        part = str_cut(S(""), ',', &rest);
        assert_true(str_empty(part) && str_absent(rest));
}

static void integers_are_whole_texts_that_fit(void **state)
{
        static const struct {
                str text;
                int64_t value;
        } good[] = { { S("0"), 0 },
                     { S("-0"), 0 },
                     { S("+12"), 12 },
                     { S("007"), 7 },
                     { S("9223372036854775807"), INT64_MAX },
                     { S("-9223372036854775808"), INT64_MIN } };
        static const str bad[] = { S(""),
                                   S("-"),
                                   S("+"),
                                   S(" 1"),
                                   S("1 "),
                                   S("1.0"),
                                   S("0x1"),
                                   S("9223372036854775808"),
                                   S("-9223372036854775809"),
                                   S("99999999999999999999"),
                                   S("１"),
                                   STR_NONE };
        int64_t v;

        for (size_t i = 0; i < COUNT(good); i++)
                assert_true(str_int(good[i].text, &v) && v == good[i].value);
        for (size_t i = 0; i < COUNT(bad); i++)
                assert_false(str_int(bad[i], &v));
}

static void copies_end_with_a_nul(void **state)
{
        str a = str_copy(mem, (str){ "abcdef", 3 }), b = str_format(mem, "%s-%d", "x", 7);

        assert_string_equal(a.p, "abc");
        assert_int_equal(a.n, 3);
        assert_string_equal(b.p, "x-7");
        assert_int_equal(b.n, 3);
        assert_true(str_absent(a) == false && str_is(str_format(mem, "%.*s|", STR_ARG(STR_NONE)), "|"));
}

static int open_arena(void **state)
{
        mem = arena_open(MB(1));
        return 0;
}

static int close_arena(void **state)
{
        arena_close(mem);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(absent_and_empty_are_two_things),          cmocka_unit_test(beginnings_ends_and_order_are_by_bytes),
                cmocka_unit_test(trimming_takes_white_space_off_both_ends), cmocka_unit_test(cutting_walks_through_a_list),
                cmocka_unit_test(integers_are_whole_texts_that_fit),        cmocka_unit_test(copies_end_with_a_nul),
        };

        return cmocka_run_group_tests(tests, open_arena, close_arena);
}
