/* urlencoded_test.c - addresses and form bodies are decoded exactly or refused; cookies and file names for downloads. */
#include "base/house.h"

#include "http/urlencoded.h"

#include "base/buf.h"
#include "base/fail.h"
#include "base/json.h"
#include "http/cookie.h"
#include "http/disposition.h"

#include <setjmp.h>
#include <cmocka.h>

static struct cx cx;

static int open_cx(void **state)
{
        json_start();
        cx = (struct cx){ .mem = arena_open(MB(16)), .lang = LANG_EN };
        return 0;
}

static int close_cx(void **state)
{
        arena_close(cx.mem);
        return 0;
}

static void components_are_decoded(void **state)
{
        static const struct {
                const char *raw;
                bool plus;
                const char *text;
        } cases[] = {
                { "abc", true, "abc" },      { "a+b", true, "a b" }, { "a+b", false, "a+b" }, { "%2B%2b", true, "++" },
                { "%e6%9D%B1", true, "東" }, { "", true, "" },       { "%25", true, "%" },    { "東京", true, "東京" },
        };

        for (size_t i = 0; i < COUNT(cases); i++) {
                str got;

                assert_int_equal(urlencoded_decode(&cx, str_of(cases[i].raw), cases[i].plus, NULL, false, &got), RC_OK);
                assert_string_equal(got.p, cases[i].text);
                assert_int_equal(got.n, strlen(cases[i].text));
        }
}

static void what_cannot_be_decoded_is_refused(void **state)
{
        static const char *const bad[] = { "%", "%4", "a%zz", "%g0", "%00", "%0a", "%ff", "%c0%80", "%ed%a0%80", "a\x01", "\xff", "%7f", "%c2%85" };

        for (size_t i = 0; i < COUNT(bad); i++) {
                str got = STR_NONE;

                fail_clear(&cx);
                if (urlencoded_decode(&cx, str_of(bad[i]), true, NULL, false, &got) != RC_MALFORMED || !str_absent(got))
                        fail_msg("taken: %s", bad[i]);
        }
}

static void pairs_are_read_in_order(void **state)
{
        struct http_pair *p;
        size_t n;

        assert_int_equal(urlencoded_read(&cx, S("a=1&b=x%0D%0Ay&&a=2&c&=v&d=a=b"), true, &p, &n), RC_OK);
        assert_int_equal(n, 6);
        assert_string_equal(p[1].value.p, "x\r\ny");
        assert_string_equal(p[2].value.p, "2");
        assert_string_equal(p[3].name.p, "c");
        assert_int_equal(p[3].value.n, 0);
        assert_int_equal(p[4].name.n, 0);
        assert_string_equal(p[5].value.p, "a=b");
        assert_int_equal(urlencoded_read(&cx, S(""), true, &p, &n), RC_OK);
        assert_int_equal(n, 0);
}

static void a_thousand_fields_are_the_most(void **state)
{
        struct http_pair *p;
        size_t n;
        struct buf b = buf_open(cx.mem, KB(64));

        for (int i = 0; i <= URLENCODED_PAIRS_MAX; i++)
                buf_text(&b, "a=1&");
        assert_int_equal(urlencoded_read(&cx, buf_str(&b), true, &p, &n), RC_TOO_LARGE);
}

static void cookies_are_found_by_name(void **state)
{
        static const struct {
                const char *header, *name, *value;
        } cases[] = {
                { "a=1; __Host-daicho=abc; b=2", "__Host-daicho", "abc" },
                { "__Host-daicho=abc", "__Host-daicho", "abc" },
                { "x__Host-daicho=evil; __Host-daicho=abc", "__Host-daicho", "abc" },
                { "__Host-daicho=first; __Host-daicho=second", "__Host-daicho", "first" },
                { "a=\"q\"", "a", "q" },
                { "a=", "a", "" },
                { "a", "a", NULL },
                { "a=b c", "a", NULL },
                { "a=b\"c", "a", NULL },
                { "", "a", NULL },
                { ";;;", "a", NULL },
                { "A=1", "a", NULL },
        };

        for (size_t i = 0; i < COUNT(cases); i++) {
                str got = cookie_value(str_of(cases[i].header), cases[i].name);

                assert_true(cases[i].value ? str_is(got, cases[i].value) : str_absent(got));
        }
        assert_true(str_absent(cookie_value(STR_NONE, "a")));
}

static void downloads_carry_both_names(void **state)
{
        static const struct {
                const char *name, *header;
        } cases[] = {
                { "a.csv", "attachment; filename=\"a.csv\"; filename*=UTF-8''a.csv" },
                { "顧客 1.csv", "attachment; filename=\"__ 1.csv\"; filename*=UTF-8''%E9%A1%A7%E5%AE%A2%201.csv" },
                { "a\"b\\c\r\n.csv", "attachment; filename=\"a_b_c__.csv\"; filename*=UTF-8''a%22b%5Cc%0D%0A.csv" },
        };

        for (size_t i = 0; i < COUNT(cases); i++)
                assert_true(str_is(disposition_attachment(cx.mem, str_of(cases[i].name)), cases[i].header));
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, open_cx, close_cx)
        const struct CMUnitTest tests[] = {
                CASE(components_are_decoded),         CASE(what_cannot_be_decoded_is_refused), CASE(pairs_are_read_in_order),
                CASE(a_thousand_fields_are_the_most), CASE(cookies_are_found_by_name),         CASE(downloads_carry_both_names),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
