/* Tests of fail.c and json.c: refusals as values, JSON in the arena. */
#include "base/house.h"

#include "base/fail.h"

#include "base/json.h"

#include <setjmp.h>
#include <stdio.h>
#include <cmocka.h>
#undef fail /* cmocka's, which hides ours */

static struct cx cx;

static void the_first_refusal_wins_and_all_are_told(void **state)
{
        fail_clear(&cx);
        assert_int_equal(fail(&cx, RC_INVALID, "name", "must be at least %d", 3), RC_INVALID);
        assert_int_equal(fail_line(&cx, RC_CONFLICT, 7, NULL, "is taken"), RC_INVALID);
        assert_int_equal(cx.failure.count, 2);
        assert_true(str_is(cx.failure.problem[0].text, "must be at least 3"));
        assert_string_equal(cx.failure.problem[0].item, "name");
        assert_int_equal(cx.failure.problem[0].line, 0);
        assert_int_equal(cx.failure.problem[1].line, 7);
        for (int i = 0; i < 100; i++)
                (void)fail(&cx, RC_INVALID, NULL, "again");
        assert_int_equal(cx.failure.count, COUNT(cx.failure.problem));
        fail_clear(&cx);
        assert_int_equal(cx.failure.code, RC_OK);
        assert_int_equal(cx.failure.count, 0);
}

static void each_code_has_a_status_an_exit_and_a_sentence(void **state)
{
        for (rc code = RC_OK; code < RC_END; code++) {
                assert_true(rc_http(code) >= 200 && rc_http(code) < 600);
                assert_true(rc_exit(code) == (code == RC_OK ? 0 : code == RC_USAGE ? 2 : 1));
                assert_true(strlen(rc_name(code)) > 1 && strlen(rc_text(code)) > 3);
        }
        assert_int_equal(rc_http(RC_STALE), 412);
        assert_string_equal(rc_name(RC_INVALID), "INVALID");
}

static void sentences_come_in_the_readers_language(void **state)
{
        char words[300][16];

        assert_string_equal(fail_translate(LANG_JA, "is unknown %d"), "is unknown %d");
        for (size_t i = 0; i < 300; i++) {
                (void)snprintf(words[i], sizeof(words[i]), "%zu %%d", i);
                fail_translation_add(LANG_JA, words[i], words[(i + 1) % 300]);
        }
        for (size_t i = 0; i < 300; i++)
                assert_string_equal(fail_translate(LANG_JA, words[i]), words[(i + 1) % 300]);
        assert_string_equal(fail_translate(LANG_JA, "not there"), "not there");
        assert_string_equal(fail_translate(LANG_EN, words[0]), words[0]);
        fail_translation_add(LANG_JA, "between %d and %d", "%2$d以下%1$d以上");
        cx.lang = LANG_JA;
        (void)fail(&cx, RC_INVALID, NULL, "between %d and %d", 1, 9);
        assert_true(str_is(cx.failure.problem[0].text, "9以下1以上"));
        cx.lang = LANG_EN;
        fail_clear(&cx);
}

static void json_is_read_written_and_refused_with_its_place(void **state)
{
        static const str bad[] = { S("{"), S("{\"a\":1,\n\"a\":2}"), S("[1]x"), S("\"\xff\""), S("") };
        char deep[200];
        json_t *v;

        assert_int_equal(json_read(&cx, S("{\"b\":[1,null,\"\\\"[[[[\\\\\"],\"a\":{\"名\":\"前\"}}"), &v), RC_OK);
        assert_true(str_is(json_write(cx.mem, v), "{\"b\":[1,null,\"\\\"[[[[\\\\\"],\"a\":{\"名\":\"前\"}}"));
        assert_true(str_is(json_get_text(json_object_get(v, "a"), "名"), "前"));
        assert_true(str_absent(json_get_text(v, "b")) && str_absent(json_get_text(v, "none")));
        assert_int_equal(json_read(&cx, S("7"), &v), RC_OK);
        assert_true(str_is(json_write(cx.mem, v), "7"));
        for (size_t i = 0; i < COUNT(bad); i++) {
                fail_clear(&cx);
                assert_int_equal(json_read(&cx, bad[i], &v), RC_MALFORMED);
                assert_true(str_starts(cx.failure.problem[0].text,
                                       i == 1 ? S("the JSON cannot be read at line 2, column ") : S("the JSON cannot be read at line 1, column ")));
        }
        fail_clear(&cx);
        memset(deep, '[', 33);
        memset(deep + 33, ']', 33);
        assert_int_equal(json_read(&cx, (str){ deep, 66 }, &v), RC_MALFORMED);
        fail_clear(&cx);
        assert_int_equal(json_read(&cx, (str){ deep + 1, 64 }, &v), RC_OK);
        v = json_set(json_object(), "text", json_str(S("x")));
        json_set(v, "none", json_str(STR_NONE));
        assert_true(str_is(json_write(cx.mem, v), "{\"text\":\"x\",\"none\":null}"));
}

static int open_arena(void **state)
{
        cx = (struct cx){ .mem = arena_open(MB(4)), .lang = LANG_EN };
        arena_current = cx.mem;
        json_start();
        return 0;
}

static int close_arena(void **state)
{
        arena_close(cx.mem);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_first_refusal_wins_and_all_are_told),
                cmocka_unit_test(each_code_has_a_status_an_exit_and_a_sentence),
                cmocka_unit_test(sentences_come_in_the_readers_language),
                cmocka_unit_test(json_is_read_written_and_refused_with_its_place),
        };

        return cmocka_run_group_tests(tests, open_arena, close_arena);
}
