/* Promises of guess.h: what a person who knows Japan, the company and the colleague would try is refused, with the reason; what nobody would is not. */
#include "base/house.h"

#include "identity/guess.h"

#include "base/fail.h"

#include <setjmp.h>
#include <cmocka.h>

static const struct guess_owner owner = {
        .login = { "t.yamada", 8 },
        .name = { "山田 太郎", 13 },
        .email = { "yamada.taro@midori-shoji.example", 32 },
        .tenant = { "midori", 6 },
        .title = { "株式会社みどり商事", 27 },
};

static void what_is_guessed_is_refused_with_its_reason(void **state)
{
        static const struct {
                const char *text, *why;
        } row[] = {
                { "password2026", "words" },
                { "P@ssw0rd!", "words" },
                { "Passw0rd#1", "words" },
                { "arigatou", "words" },
                { "Arigatou2026", "words" },
                { "tanakahanako1985", "words" },
                { "Tanaka-Hanako", "words" },
                { "watashinopasuwaado", "words" },
                { "ohayougozaimasu", "words" },
                { "さくら咲くさくら", "words" },
                { "あいしてるあいしてる", "repetition" },
                { "パスワードわたし", "words" },
                { "東京東京東京東京", "repetition" },
                { "sakura-sakura-1", "words" },
                { "shinzyuku2024", "words" },
                { "doraemon3150", "words" },
                { "株式会社日本東京", "words" },
                { "Yamada1234", "name" },
                { "t.yamada2026", "name" },
                { "T.Y@mada!", "name" },
                { "midori2026!", "name" },
                { "MidoriShoji1", "name" },
                { "みどり商事2026", "name" },
                { "midorisyouzi7", "name" },
                { "ミドリショウジ", "name" },
                { "山田太郎山田太郎", "name" },
                { "abcdefgh1234", "sequence" },
                { "11111111111", "sequence" },
                { "ababababab", "sequence" },
                { "zxcvfdsa", "side by side" },
                { "20260401", "date" },
                { "1985/11/22", "date" },
                { "7391826x", "guessed quickly" },
        };
        struct arena *mem = arena_open(MB(8));
        struct cx *cx = NEW(mem, struct cx);
        size_t wrong = 0;

        cx->mem = mem;
        cx->lang = LANG_EN;
        for (size_t i = 0; i < COUNT(row); i++) {
                rc got;
                str text;

                fail_clear(cx);
                got = guess_check(cx, &owner, str_of(row[i].text), "password");
                text = got == RC_OK ? S("taken") : cx->failure.problem[0].text;
                if (got == RC_INVALID && memmem(text.p, text.n, row[i].why, strlen(row[i].why)) != NULL)
                        continue;
                print_message("\"%s\": %.*s\n", row[i].text, STR_ARG(text));
                wrong++;
        }
        assert_int_equal(wrong, 0);
        arena_close(mem);
}

static void what_nobody_guesses_is_taken(void **state)
{
        static const char *const row[] = {
                "kX4-9qzw", "雨の日の長い散歩道", "neues Passwort 雪", "correct horse battery staple", "Kf7m-9RxQ-vw3T-bZ8e",
                "qmv7tkz4", "窓辺で猫が鳴く夜",   "vbnXq!82",          "トマトと深海魚の手紙",         "given-by-the-admin-1",
        };
        struct arena *mem = arena_open(MB(8));
        struct cx *cx = NEW(mem, struct cx);
        size_t wrong = 0;

        cx->mem = mem;
        for (size_t i = 0; i < COUNT(row); i++) {
                fail_clear(cx);
                if (guess_check(cx, &owner, str_of(row[i]), "password") == RC_OK)
                        continue;
                print_message("\"%s\": %.*s\n", row[i], STR_ARG(cx->failure.problem[0].text));
                wrong++;
        }
        assert_int_equal(wrong, 0);
        arena_close(mem);
}

static void nothing_is_known_of_the_owner(void **state)
{
        const struct guess_owner nobody = { 0 };
        struct arena *mem = arena_open(MB(8));
        struct cx *cx = NEW(mem, struct cx);

        cx->mem = mem;
        assert_int_equal(guess_check(cx, &nobody, S("kX4-9qzw"), "password"), RC_OK);
        assert_int_equal(guess_check(cx, &nobody, S("konnichiwa"), "password"), RC_INVALID);
        arena_close(mem);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_guessed_is_refused_with_its_reason),
                cmocka_unit_test(what_nobody_guesses_is_taken),
                cmocka_unit_test(nothing_is_known_of_the_owner),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
