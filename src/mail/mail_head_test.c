/* Tests of mail_head.c. */
#include "base/house.h"

#include "mail/mail_head.h"

#include "base/arena.h"
#include "base/fail.h"

#include <setjmp.h>
#include <cmocka.h>

static struct cx cx;

static void what_stands_in_one_line_is_taken(void **state)
{
        static const char *const fine[] = {
                "", "夏の大感謝祭のお知らせ", "Sale: 20% off", "株式会社みどり商事 <お知らせ>", "👨‍👩‍👧 ご家族で", "a: b"
        };

        for (size_t i = 0; i < COUNT(fine); i++)
                assert_int_equal(mail_head_check(&cx, str_of(fine[i]), "subject", 200), RC_OK);
}

static void what_would_begin_another_line_or_is_not_seen_is_refused(void **state)
{
        static const char *const odd[] = { "a\r\nBcc: x@example.jp",
                                           "a\nb",
                                           "a\rb",
                                           "a\tb",
                                           "\v",
                                           "\x1b[31m",
                                           "\x7f",
                                           "a\xc2\x85"
                                           "b",
                                           "a\u2028b",
                                           "a\u2029b",
                                           "\u202egpj.exe",
                                           "\u2066a",
                                           "a\u200bb",
                                           "\ufeffa",
                                           "a\u2060b",
                                           "\u061c",
                                           "\ufff9",
                                           "=?utf-8?B?4pyT?=",
                                           "a=?" };

        for (size_t i = 0; i < COUNT(odd); i++) {
                assert_int_equal(mail_head_check(&cx, str_of(odd[i]), "subject", 200), RC_INVALID);
                fail_clear(&cx);
        }
        assert_int_equal(mail_head_check(&cx, (str){ "a\0b", 3 }, "subject", 200), RC_INVALID);
        fail_clear(&cx);
        assert_int_equal(mail_head_check(&cx, S("\xff"), "subject", 200), RC_INVALID);
        fail_clear(&cx);
        assert_int_equal(mail_head_check(&cx, S("件件件"), "subject", 2), RC_INVALID);
        fail_clear(&cx);
}

static void the_place_is_told(void **state)
{
        assert_int_equal(mail_head_odd(S("件名\nX")), strlen("件名"));
        assert_int_equal(mail_head_odd(S("件名")), strlen("件名"));
}

static void blanks_of_every_width_go(void **state)
{
        assert_true(str_is(mail_head_trim(S(" \xe3\x80\x80\xc2\xa0 件 名\xe3\x80\x80 \xc2\xa0")), "件 名"));
        assert_int_equal(mail_head_trim(S("\xe3\x80\x80 \xe3\x80\x80")).n, 0);
        assert_int_equal(mail_head_trim(S("")).n, 0);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_stands_in_one_line_is_taken),
                cmocka_unit_test(what_would_begin_another_line_or_is_not_seen_is_refused),
                cmocka_unit_test(the_place_is_told),
                cmocka_unit_test(blanks_of_every_width_go),
        };

        cx = (struct cx){ .mem = arena_open(MB(1)), .lang = LANG_EN };
        return cmocka_run_group_tests_name("mail_head", tests, NULL, NULL);
}
