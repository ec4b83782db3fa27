/* json_test.c - what is written is what Jansson itself writes, and reads back as the same. */
#include "base/house.h"

#include "base/json.h"

#include "base/fail.h"

#include <setjmp.h>
#include <cmocka.h>

static struct cx cx;

static int open_cx(void **state)
{
        json_start();
        cx = (struct cx){ .mem = arena_open(MB(16)), .lang = LANG_EN };
        arena_current = cx.mem;
        return 0;
}

static int close_cx(void **state)
{
        arena_close(cx.mem);
        return 0;
}

static void documents_are_written_as_they_were_read(void **state)
{
        static const char *const documents[] = {
                "{}",
                "[]",
                "null",
                "true",
                "false",
                "0",
                "-1",
                "9223372036854775807",
                "-9223372036854775808",
                "\"\"",
                "\"a\"",
                "1.5",
                "1.0",
                "1e300",
                "-2.5e-10",
                "{\"a\":1,\"b\":[1,2,{\"c\":null}],\"名前\":\"佐藤 美咲\"}",
                "[[[[[]]]]]",
                "\"\\\"\\\\\\n\\t\\r\"",
                "[\"</script>\",\"😀\"]",
                "{\"z\":1,\"a\":2}",
        };

        for (size_t i = 0; i < COUNT(documents); i++) {
                json_t *v, *again;
                str text;
                char theirs[256];

                assert_int_equal(json_read(&cx, str_of(documents[i]), &v), RC_OK);
                text = json_write(cx.mem, v);
                assert_int_equal(text.n, json_dumpb(v, theirs, sizeof(theirs), JSON_COMPACT | JSON_ENCODE_ANY));
                assert_memory_equal(text.p, theirs, text.n);
                assert_int_equal(text.p[text.n], 0);
                assert_int_equal(json_read(&cx, text, &again), RC_OK);
                assert_true(json_equal(v, again));
        }
}

static void control_characters_are_escaped(void **state)
{
        assert_string_equal(json_write(cx.mem, json_stringn("\x01\x1f\x7f", 3)).p, "\"\\u0001\\u001f\x7f\"");
}

static void nesting_and_twins_are_refused(void **state)
{
        json_t *v;

        assert_int_equal(json_read(&cx, S("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"), &v), RC_MALFORMED);
        fail_clear(&cx);
        assert_int_equal(json_read(&cx, S("{\"a\":1,\"a\":2}"), &v), RC_MALFORMED);
        fail_clear(&cx);
        assert_int_equal(json_read(&cx, S("\"\\u0000\""), &v), RC_MALFORMED);
        fail_clear(&cx);
        assert_int_equal(json_read(&cx, S("{\"a\":1} x"), &v), RC_MALFORMED);
        assert_string_equal(cx.failure.problem[0].text.p, "the JSON cannot be read at line 1, column 9");
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, open_cx, close_cx)
        const struct CMUnitTest tests[] = {
                CASE(documents_are_written_as_they_were_read),
                CASE(control_characters_are_escaped),
                CASE(nesting_and_twins_are_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
