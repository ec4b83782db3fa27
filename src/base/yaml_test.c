/* yaml_test.c - what the YAML reader takes, refuses and remembers. */
#include "base/house.h"

#include "base/yaml.h"

#include <setjmp.h>
#include <cmocka.h>

static struct cx *open_cx(void)
{
        static struct cx cx;

        json_start();
        cx = (struct cx){ .mem = arena_open(MB(32)), .lang = LANG_EN };
        arena_current = cx.mem;
        return &cx;
}

static void values_become_their_json(void **state)
{
        static const struct {
                const char *yaml, *json;
        } cases[] = {
                { "a: 1\nb: [x, '1', 2.5]\n", "{\"a\":1,\"b\":[\"x\",\"1\",2.5]}" },
                { "- null\n- ~\n-\n- true\n- no\n", "[null,null,null,true,\"no\"]" },
                { "code: 0120\nzero: 0\nminus: -3\n", "{\"code\":\"0120\",\"zero\":0,\"minus\":-3}" },
                { "名: |\n  一行\n  二行\n", "{\"名\":\"一行\\n二行\\n\"}" },
                { "{a: {b: {}}}", "{\"a\":{\"b\":{}}}" },
                { "when: 2026-11-22\nn: 99999999999999999999\nv: 1.2.3\n",
                  "{\"when\":\"2026-11-22\",\"n\":\"99999999999999999999\",\"v\":\"1.2.3\"}" },
                { "\"on\": yes", "{\"on\":\"yes\"}" },
        };

        for (size_t i = 0; i < COUNT(cases); i++) {
                struct cx *cx = open_cx();
                json_t *v;

                assert_int_equal(yaml_read(cx, str_of(cases[i].yaml), &v), RC_OK);
                assert_string_equal(json_write(cx->mem, v).p, cases[i].json);
                arena_close(cx->mem);
        }
}

static void refusals_name_the_line(void **state)
{
        static const struct {
                const char *yaml;
                int line;
        } cases[] = {
                { "a: 1\nb: 2\na: 3\n", 3 }, { "a: &x 1\nb: *x\n", 1 },  { "a: 1\nb: *x\n", 2 },
                { "a: !!int 3\n", 1 },       { "a: 1\n---\nb: 2\n", 2 }, { "", 1 },
                { "a: [1, 2\nb: 3\n", 2 },   { "x:\n  <<: 3\n", 2 },     { "a: \"x\\0y\"\n", 1 },
                { "? [a]\n: b\n", 1 },       { "a: \xff\n", 1 },         { "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", 1 },
        };

        for (size_t i = 0; i < COUNT(cases); i++) {
                struct cx *cx = open_cx();
                json_t *v = NULL;

                assert_int_not_equal(yaml_read(cx, str_of(cases[i].yaml), &v), RC_OK);
                assert_null(v);
                assert_int_equal(cx->failure.problem[0].line, cases[i].line);
                arena_close(cx->mem);
        }
}

static void members_and_elements_know_their_line(void **state)
{
        struct cx *cx = open_cx();
        struct yaml_lines *lines;
        json_t *v, *items;

        assert_int_equal(yaml_read_lines(cx, S("name: x\n\nitems:\n  - a: 1\n    b: 2\n  - text\n"), &v, &lines), RC_OK);
        items = json_object_get(v, "items");
        assert_int_equal(yaml_line(lines, v, "name"), 1);
        assert_int_equal(yaml_line(lines, v, "items"), 3);
        assert_int_equal(yaml_line(lines, json_array_get(items, 0), "b"), 5);
        assert_int_equal(yaml_line(lines, json_array_get(items, 0), "unknown"), 4);
        assert_int_equal(yaml_line_at(lines, items, 1), 6);
        assert_int_equal(yaml_line(lines, json_integer(1), NULL), 0);
        arena_close(cx->mem);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(values_become_their_json),
                cmocka_unit_test(refusals_name_the_line),
                cmocka_unit_test(members_and_elements_know_their_line),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
