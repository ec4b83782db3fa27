/* address_test.c - ranges as people type them, and the one form they get. */
#include "base/house.h"

#include "base/address.h"
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct cx cx;

static int setup(void **state)
{
        cx = (struct cx){ .mem = arena_open(MB(4)), .lang = LANG_EN };
        return 0;
}

static int teardown(void **state)
{
        arena_close(cx.mem);
        return 0;
}

static void a_range_has_one_form(void **state)
{
        static const struct {
                const char *typed, *form; /* NULL: refused */
        } rows[] = {
                { "192.0.2.7", "192.0.2.7/32" },
                { "192.0.2.0/24", "192.0.2.0/24" },
                { "10.0.0.0/8", "10.0.0.0/8" },
                { "128.0.0.0/1", "128.0.0.0/1" },
                { "2001:DB8::1", "2001:db8::1/128" },
                { "2001:0db8:0000:0000::/32", "2001:db8::/32" },
                { "2001:db8::/61", "2001:db8::/61" },
                { "::1", "::1/128" },
                { "::ffff:192.0.2.7", "192.0.2.7/32" },
                { "::ffff:c000:200/120", "192.0.2.0/24" },
                { "::ffff:0:0/95", NULL },
                { "192.0.2.7/24", NULL },
                { "2001:db8::1/64", NULL },
                { "::ffff:192.0.2.7/120", NULL },
                { "0.0.0.0/0", NULL },
                { "::/0", NULL },
                { "::ffff:0.0.0.0/96", NULL },
                { "192.0.2.0/33", NULL },
                { "::1/129", NULL },
                { "192.0.2.0/", NULL },
                { "192.0.2.0/024", NULL },
                { "192.0.2.0/+24", NULL },
                { "192.0.2.0/2 4", NULL },
                { "192.0.2.0/24/24", NULL },
                { "192.0.2", NULL },
                { "192.0.2.256", NULL },
                { "192.0.02.1", NULL },
                { "0xc0000201", NULL },
                { "fe80::1%eth0", NULL },
                { "localhost", NULL },
                { "/24", NULL },
                { "", NULL },
                { "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd:eeee:ffff", NULL },
        };

        for (size_t i = 0; i < COUNT(rows); i++) {
                rc result;
                str form;

                cx.failure = (struct failure){ 0 };
                result = address_range(&cx, str_of(rows[i].typed), "addresses", &form);
                if (rows[i].form == NULL)
                        assert_int_equal(result, RC_INVALID);
                else
                        assert_int_equal(result, RC_OK);
                if (result == RC_OK)
                        assert_true(str_is(form, rows[i].form));
        }
}

static void the_sentence_says_what_may_have_been_meant(void **state)
{
        str form;

        assert_int_equal(address_range(&cx, S("192.0.2.7/24"), "addresses", &form), RC_INVALID);
        assert_string_equal(str_z(cx.mem, cx.failure.problem[0].text),
                            "\"192.0.2.7/24\" is not the beginning of a range; write 192.0.2.0/24 for the range or 192.0.2.7/32 for the one address");
}

static void a_list_holds_each_range_once(void **state)
{
        struct buf many = buf_open(cx.mem, KB(64));
        str *list;
        size_t count;

        assert_int_equal(address_list(&cx, S(" 192.0.2.7,\r\n192.0.2.7/32; 2001:db8::/32\t::ffff:192.0.2.7 "), "addresses", &list, &count), RC_OK);
        assert_int_equal(count, 2);
        assert_true(str_is(list[0], "192.0.2.7/32") && str_is(list[1], "2001:db8::/32"));
        assert_int_equal(address_list(&cx, S(" \n"), "addresses", &list, &count), RC_OK);
        assert_int_equal(count, 0);
        for (int i = 0; i < 201; i++)
                buf_format(&many, "10.0.%d.%d\n", i / 100, i % 100);
        assert_int_equal(address_list(&cx, buf_str(&many), "addresses", &list, &count), RC_INVALID);
        cx.failure = (struct failure){ 0 };
        assert_int_equal(address_list(&cx, S("x 192.0.2.1 y"), "addresses", &list, &count), RC_INVALID);
        assert_int_equal(cx.failure.count, 2);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(a_range_has_one_form, setup, teardown),
                cmocka_unit_test_setup_teardown(the_sentence_says_what_may_have_been_meant, setup, teardown),
                cmocka_unit_test_setup_teardown(a_list_holds_each_range_once, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
