/* Tests of buf.c: the maximum is kept, and each escape makes its text harmless where it goes. */
#include "base/house.h"

#include "base/buf.h"

#include <setjmp.h>
#include <cmocka.h>

static struct arena *mem;

static void texts_of_any_size_are_put_together(void **state)
{
        struct buf b = buf_open(mem, MB(1));

        assert_int_equal(buf_str(&b).n, 0);
        assert_false(str_absent(buf_str(&b)));
        for (int i = 0; i < 20000; i++) {
                buf_int(&b, i % 10);
                buf_char(&b, ',');
        }
        buf_format(&b, "%d-%s", 7, "x");
        buf_text(&b, "end");
        buf_add(&b, STR_NONE);
        assert_int_equal(buf_str(&b).n, 40006);
        assert_memory_equal(buf_str(&b).p, "0,1,2,3,4,5,6,7,8,9,0,", 22);
        assert_memory_equal(buf_str(&b).p + 40000, "7-xend", 6);
        assert_false(buf_full(&b));
        buf_int(&b, INT64_MIN);
        assert_true(str_ends(buf_str(&b), S("-9223372036854775808")));
}

static void writing_past_the_maximum_is_told_and_dropped(void **state)
{
        struct buf b = buf_open(mem, 5);

        buf_text(&b, "abc");
        assert_false(buf_full(&b));
        buf_text(&b, "defg");
        assert_true(buf_full(&b));
        assert_true(str_is(buf_str(&b), "abcde"));
        buf_char(&b, 'x');
        assert_int_equal(buf_str(&b).n, 5);
        b = buf_open(mem, 300); /* between two sizes it would grow to */
        for (int i = 0; i < 400; i++)
                buf_char(&b, 'y');
        assert_int_equal(buf_str(&b).n, 300);
}

static str with(void (*escape)(struct buf *b, str s), str s)
{
        struct buf b = buf_open(mem, 1000);

        escape(&b, s);
        assert_false(buf_full(&b));
        return buf_str(&b);
}

static void each_escape_makes_its_text_harmless(void **state)
{
        static const struct {
                void (*escape)(struct buf *b, str s);
                str text;
                const char *want;
        } table[] = {
                { buf_html, S("<a href=\"x\" b='y'>&`佐"), "&lt;a href&#61;&quot;x&quot; b&#61;&#39;y&#39;&gt;&amp;&#96;佐" },
                { buf_html, S(""), "" },
                { buf_json, S("a\"\\\n\x01</script>/\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa佐"),
                  "\"a\\\"\\\\\\u000a\\u0001<\\/script>/\\u2028\\u2029\xe2\x80\xaa佐\"" },
                { buf_json, S("\xe2\x80"), "\"\xe2\x80\"" },
                { buf_csv, S("plain"), "plain" },
                { buf_csv, S("a,b"), "\"a,b\"" },
                { buf_csv, S("a\"b"), "\"a\"\"b\"" },
                { buf_csv, S("a\nb"), "\"a\nb\"" },
                { buf_csv, S("a\rb"), "\"a\rb\"" },
                { buf_csv, S(" a"), "\" a\"" },
                { buf_csv, S("a "), "\"a \"" },
                { buf_csv, S(""), "" },
                { buf_header, S("a\r\nSet-Cookie: x\x7f"), "a  Set-Cookie: x " },
                { buf_url, S("aZ09-_.~ /?佐"), "aZ09-_.~%20%2F%3F%E4%BD%90" },
        };

        for (size_t i = 0; i < COUNT(table); i++)
                if (!str_is(with(table[i].escape, table[i].text), table[i].want))
                        fail_msg("line %zu: %.*s", i, STR_ARG(with(table[i].escape, table[i].text)));
}

static int open_arena(void **state)
{
        mem = arena_open(MB(16));
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
                cmocka_unit_test(texts_of_any_size_are_put_together),
                cmocka_unit_test(writing_past_the_maximum_is_told_and_dropped),
                cmocka_unit_test(each_escape_makes_its_text_harmless),
        };

        return cmocka_run_group_tests(tests, open_arena, close_arena);
}
