/* basic_test.c - the vector of RFC 7617, the encoding of RFC 6749, and what is neither. */
#include "base/house.h"

#include "http/basic.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void names_and_passwords_are_read_as_the_standards_have_them(void **state)
{
        static const struct {
                const char *header, *name, *password; /* NULL: refused */
        } rows[] = {
                { "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame" },
                { "basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame" },
                { "Basic MTI6ZGtfYSUzQWI=", "12", "dk_a:b" },
                { "Basic MTI6", "12", "" },
                { "Basic Og==", "", "" },
                { "Basic MTI=", NULL, NULL },
                { "Basic MTI6%%%", NULL, NULL },
                { "Basic MTI6JXg=", NULL, NULL },
                { "Basic MTI6/w==", NULL, NULL },
                { "Basic MTI6AA==", NULL, NULL },
                { "Basic", NULL, NULL },
                { "Basic ", NULL, NULL },
                { "Bearer MTI6", NULL, NULL },
                { "", NULL, NULL },
        };

        for (size_t i = 0; i < COUNT(rows); i++) {
                struct cx cx = { .mem = arena_open(MB(1)), .lang = LANG_EN };
                str name, password;
                rc result = basic_read(&cx, str_of(rows[i].header), &name, &password);

                assert_int_equal(result == RC_OK, rows[i].name != NULL);
                if (result == RC_OK)
                        assert_true(str_is(name, rows[i].name) && str_is(password, rows[i].password));
                arena_close(cx.mem);
        }
}

static void a_long_header_is_refused_before_it_is_read(void **state)
{
        struct cx cx = { .mem = arena_open(MB(1)), .lang = LANG_EN };
        char header[BASIC_MAX + 2];
        str name, password;

        memset(header, 'A', sizeof(header));
        memcpy(header, "Basic ", 6);
        assert_int_equal(basic_read(&cx, (str){ header, sizeof(header) }, &name, &password), RC_MALFORMED);
        arena_close(cx.mem);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(names_and_passwords_are_read_as_the_standards_have_them),
                cmocka_unit_test(a_long_header_is_refused_before_it_is_read),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
