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
                { "いちにさんしごろくしちはちきゅうじゅうあいうえおか", RC_INVALID }, /* 25 characters, 75 bytes */
                { "いちにさんしごろくしちはちきゅうじゅうあいうえお", RC_OK },        /* 24 characters, 72 bytes */
                { "tab\tinside1", RC_INVALID },
                { "bad\xffutf8 here", RC_INVALID },
                { "PassWord", RC_INVALID },
                { "Hanako.Sato", RC_INVALID },
                { "acmetrading", RC_INVALID },
        };
        char edge[73];

        for (size_t i = 0; i < COUNT(row); i++) {
                struct cx *cx = open_cx(state);
                rc got = password_check(cx, str_of(row[i].text), S("hanako.sato"), S("acmetrading"), "password");

                if (got != row[i].code)
                        fail_msg("row %zu \"%s\": %s", i, row[i].text, rc_name(got));
                if (got != RC_OK)
                        assert_string_equal(cx->failure.problem[0].item, "password");
        }
        memset(edge, 'x', sizeof(edge));
        assert_int_equal(password_check(open_cx(state), (str){ edge, 72 }, STR_NONE, STR_NONE, "password"), RC_OK);
        assert_int_equal(password_check(open_cx(state), (str){ edge, 73 }, STR_NONE, STR_NONE, "password"), RC_INVALID);
        assert_int_equal(password_check(open_cx(state), (str){ "abc\0defgh", 9 }, STR_NONE, STR_NONE, "password"), RC_INVALID);
        assert_int_equal(password_check(open_cx(state), STR_NONE, STR_NONE, STR_NONE, "password"), RC_INVALID);
}

static void made_passwords_pass_and_differ(void **state)
{
        struct cx *cx = open_cx(state);
        str before = STR_NONE;

        for (int i = 0; i < 1000; i++) {
                str made = password_make(cx);

                assert_int_equal(made.n, 19);
                assert_int_equal(password_check(cx, made, S("hanako"), S("acme"), "password"), RC_OK);
                assert_false(str_equal(made, before));
                for (size_t j = 0; j < made.n; j++)
                        assert_null(strchr("0Oo1lI2Zz5Ss", made.p[j]));
                before = made;
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_published_vector_holds),
                cmocka_unit_test(a_hash_matches_its_password_and_no_other),
                cmocka_unit_test(what_cannot_be_a_password_matches_nothing),
                cmocka_unit_test(the_rules_have_exact_edges),
                cmocka_unit_test(made_passwords_pass_and_differ),
        };

        return cmocka_run_group_tests(tests, start, stop);
}
