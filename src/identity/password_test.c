/* Promises of password.h, without a database. Cost 4, so that a run takes milliseconds. */
#include "base/house.h"

#include "identity/password.h"

#include "base/fail.h"

#include <setjmp.h>
#include <cmocka.h>

static struct cx *open_cx(void **state)
{
        struct cx *cx = *state;

        fail_clear(cx);
        return cx;
}

static int start(void **state)
{
        struct arena *mem = arena_open(MB(16));
        struct cx *cx = NEW(mem, struct cx);

        cx->mem = mem;
        cx->lang = LANG_EN;
        password_start(PASSWORD_COST_MIN);
        *state = cx;
        return 0;
}

static int stop(void **state)
{
        struct cx *cx = *state;

        arena_close(cx->mem);
        return 0;
}

static void the_published_vector_holds(void **state)
{
        struct cx *cx = open_cx(state);

        /* crypt_blowfish's own test vector */
        assert_true(password_matches(cx, S("U*U"), S("$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW")));
        assert_false(password_matches(cx, S("U*V"), S("$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW")));
}

static void a_hash_matches_its_password_and_no_other(void **state)
{
        struct cx *cx = open_cx(state);
        str hash = password_hash(cx, S("正しい馬の電池"));

        assert_int_equal(hash.n, 60);
        assert_true(str_starts(hash, S("$2b$04$")));
        assert_true(password_matches(cx, S("正しい馬の電池"), hash));
        assert_false(password_matches(cx, S("正しい馬の電地"), hash));
        assert_false(str_equal(hash, password_hash(cx, S("正しい馬の電池"))));
}

static void what_cannot_be_a_password_matches_nothing(void **state)
{
        struct cx *cx = open_cx(state);
        char longer[80];
        str hash;

        memset(longer, 'a', sizeof(longer));
        hash = password_hash(cx, (str){ longer, 72 });
        assert_true(password_matches(cx, (str){ longer, 72 }, hash));
        assert_false(password_matches(cx, (str){ longer, 73 }, hash)); /* bcrypt alone would say yes */
        assert_false(password_matches(cx, (str){ "abc\0def", 7 }, password_hash(cx, S("abc"))));
        assert_false(password_matches(cx, S(""), hash));
        assert_false(password_matches(cx, STR_NONE, hash));
        assert_false(password_matches(cx, S("anything"), STR_NONE));
        assert_false(password_matches(cx, S("anything"), S("")));
        assert_false(password_matches(cx, S("anything"), S("*0")));
        assert_false(password_matches(cx, S("-"), S("$2b$04$zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz")));
}

static const struct policy plain = { .length_min = 8 };
static const struct guess_owner hanako = { .login = { "hanako.sato", 11 }, .tenant = { "acmetrading", 11 } };

static rc check(void **state, const struct policy *policy, str password)
{
        struct cx *cx = open_cx(state);
        rc got = password_check(cx, policy, &hanako, password, "password");

        if (got != RC_OK)
                assert_string_equal(cx->failure.problem[0].item, "password");
        return got;
}

static void the_rules_have_exact_edges(void **state)
{
        static const struct {
                const char *text;
                rc code;
        } row[] = {
                { "", RC_INVALID },
                { "kX4-9qz", RC_INVALID },
                { "kX4-9qzw", RC_OK },
                { "七文字しかない", RC_INVALID },
                { "これなら八文字だ", RC_OK },
                { "雨粒猫窓辺夜汽車帽子眼鏡黒板机椅子時計鉛筆消石山", RC_OK },        /* 24 characters, 72 bytes */
                { "雨粒猫窓辺夜汽車帽子眼鏡黒板机椅子時計鉛筆消石山川", RC_INVALID }, /* 25 characters, 75 bytes */
                { "tab\tinside1", RC_INVALID },
                { "bad\xffutf8 here", RC_INVALID },
                { "kX4-9qzwＡ", RC_INVALID }, /* full-width, also beside all else */
                { "kX4-9qzw　", RC_INVALID },
                { "abKx4qwz9Rt-7mvPd3Lf6hJn8gTy2c", RC_OK },       /* 30 */
                { "abKx4qwz9Rt-7mvPd3Lf6hJn8gTy2cE", RC_INVALID }, /* 31 */
        };

        for (size_t i = 0; i < COUNT(row); i++) {
                rc got = check(state, &plain, str_of(row[i].text));

                if (got != row[i].code)
                        fail_msg("row %zu \"%s\": %s", i, row[i].text, rc_name(got));
        }
        assert_int_equal(check(state, &plain, (str){ "abc\0defgh", 9 }), RC_INVALID);
        assert_int_equal(check(state, &plain, STR_NONE), RC_INVALID);
}

static const char thirty[] = "abKx4qwz9Rt-7mvPd3Lf6hJn8gTy2c";
static const char seventy_three[] = "abKx4qwz9Rt-7mvPd3Lf6hJn8gTy2cEuWp5sVr-k9XmQ4hLd7fBn2zGt6jYc8vRwK3pHxM9sTq";

static void the_shortest_length_is_the_policys(void **state)
{
        for (int64_t min = POLICY_LENGTH_MIN; min <= POLICY_LENGTH_MAX; min++) {
                const struct policy policy = { .length_min = min };

                assert_int_equal(check(state, &policy, (str){ thirty, (size_t)min - 1 }), RC_INVALID);
                assert_int_equal(check(state, &policy, (str){ thirty, (size_t)min }), RC_OK);
        }
}

static void an_option_raises_the_maximum_to_what_bcrypt_reads(void **state)
{
        const struct policy longer = { .length_min = 8, .length_long = true };

        assert_int_equal(check(state, &plain, (str){ seventy_three, 31 }), RC_INVALID);
        assert_int_equal(check(state, &longer, (str){ seventy_three, 31 }), RC_OK);
        assert_int_equal(check(state, &longer, (str){ seventy_three, 72 }), RC_OK);
        assert_int_equal(check(state, &longer, (str){ seventy_three, 73 }), RC_INVALID);
}

/* For each of the 16 combinations of demanded classes: a password of every one of the 16 combinations of classes it has. */
static void each_demanded_class_must_be_there(void **state)
{
        static const char *const piece[] = { "kxqwvbzj", "KXQWVBZJ", "47960825", "-_!#%+=?" };

        for (unsigned need = 0; need < 16; need++) {
                const struct policy policy = {
                        .length_min = 8, .need_lower = need & 1, .need_upper = need & 2, .need_digit = need & 4, .need_symbol = need & 8
                };

                for (unsigned has = 1; has < 16; has++) {
                        struct cx *cx = open_cx(state);
                        char text[32];
                        size_t n = 0, missing = 0;
                        rc got;

                        for (size_t i = 0; n < 16; i++)
                                for (unsigned k = 0; k < 4; k++)
                                        if (has & (1U << k))
                                                text[n++] = piece[k][(i * 5 + k * 3) % 8];
                        got = password_check(cx, &policy, &hanako, (str){ text, n }, "password");
                        for (unsigned k = 0; k < 4; k++)
                                missing += (need & (1U << k)) != 0 && (has & (1U << k)) == 0;
                        if (missing > 0) {
                                assert_int_equal(got, RC_INVALID);
                                assert_int_equal(cx->failure.count, missing);
                        } else if (got != RC_OK && has != 4) {
                                fail_msg("need %u has %u \"%.*s\": %.*s", need, has, (int)n, text, STR_ARG(cx->failure.problem[0].text));
                        }
                }
        }
}

static void so_many_classes_can_be_asked_for_whichever(void **state)
{
        static const struct {
                const char *text;
                int64_t classes;
        } row[] = {
                { "kxqwvbzjmt", 1 }, { "KXQWVBZJMT", 1 }, { "kxQWvbZJmt", 2 }, { "kx47vb96mt", 2 }, { "kx-_vb#!mt", 2 },
                { "KX47VB96MT", 2 }, { "KX-_VB#!MT", 2 }, { "47-_96#!08", 2 }, { "kX4wvB9jMt", 3 }, { "kX-wvB#jMt", 3 },
                { "k4-wv9#jm0", 3 }, { "K4-WV9#JM0", 3 }, { "kX4-vB9#mT", 4 },
        };

        for (int64_t want = 0; want <= 4; want++) {
                const struct policy policy = { .length_min = 8, .classes_min = want };

                for (size_t i = 0; i < COUNT(row); i++)
                        assert_int_equal(check(state, &policy, str_of(row[i].text)), row[i].classes >= want ? RC_OK : RC_INVALID);
        }
}

static void full_width_letters_are_of_no_class(void **state)
{
        const struct policy upper = { .length_min = 8, .need_upper = true };

        assert_int_equal(check(state, &upper, S("kx4-9qzwvb")), RC_INVALID);
        assert_int_equal(check(state, &upper, S("kx4-9qzwvbＡ")), RC_INVALID);
        assert_int_equal(check(state, &upper, S("kx4-9qzwvbÀ")), RC_INVALID);
        assert_int_equal(check(state, &upper, S("kx4-9qzwvbA")), RC_OK);
}

static void made_passwords_pass_and_differ(void **state)
{
        struct cx *cx = open_cx(state);
        str before = STR_NONE;

        for (int i = 0; i < 400; i++) {
                const struct policy policy = {
                        .length_min = 8 + i % 23, .need_lower = true, .need_upper = true, .need_digit = true, .need_symbol = true, .classes_min = 4
                };
                str made = password_make(cx, policy.length_min);

                assert_int_equal(made.n, policy.length_min > 19 ? policy.length_min : 19);
                assert_int_equal(password_check(cx, &policy, &hanako, made, "password"), RC_OK);
                assert_false(str_equal(made, before));
                for (size_t j = 0; j < made.n; j++)
                        assert_null(strchr("0Oo1lI2Zz5Ss", made.p[j]));
                assert_int_not_equal(made.p[made.n - 1], '-');
                before = made;
        }
}

static void a_hash_of_another_cost_is_outdated(void **state)
{
        struct cx *cx = open_cx(state);
        str hash = password_hash(cx, S("kX4-9qzwVb"));
        char other[60];

        assert_int_equal(hash.n, sizeof(other));
        memcpy(other, hash.p, sizeof(other));
        assert_false(password_outdated(hash));
        other[5] = (char)(other[5] == '9' ? '8' : other[5] + 1);
        assert_true(password_outdated((str){ other, sizeof(other) }));
        assert_false(password_outdated(STR_NONE));
        assert_false(password_outdated((str){ other, 20 }));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_published_vector_holds),
                cmocka_unit_test(a_hash_matches_its_password_and_no_other),
                cmocka_unit_test(what_cannot_be_a_password_matches_nothing),
                cmocka_unit_test(the_rules_have_exact_edges),
                cmocka_unit_test(the_shortest_length_is_the_policys),
                cmocka_unit_test(an_option_raises_the_maximum_to_what_bcrypt_reads),
                cmocka_unit_test(each_demanded_class_must_be_there),
                cmocka_unit_test(so_many_classes_can_be_asked_for_whichever),
                cmocka_unit_test(full_width_letters_are_of_no_class),
                cmocka_unit_test(made_passwords_pass_and_differ),
                cmocka_unit_test(a_hash_of_another_cost_is_outdated),
        };

        return cmocka_run_group_tests(tests, start, stop);
}
