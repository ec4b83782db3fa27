/* claims_test.c - what proves a second factor, which domains are listed; the checks of single claims are tried against a real house in test_sign_on.py. */
#include "base/house.h"

#include "identity/claims.h"

#include "base/fail.h"

#include <setjmp.h>
#include <cmocka.h>

static void domains_are_whole_names(void **state)
{
        static const struct {
                const char *address, *domains;
                bool listed;
        } rows[] = {
                { "a@example.jp", "example.jp", true },
                { "a@EXAMPLE.jp", "other.jp,example.JP", true },
                { "a@sub.example.jp", "example.jp", false },
                { "a@example.jp.evil", "example.jp", false },
                { "example.jp", "example.jp", true },
                { "a@b@example.jp", "example.jp", true },
                { "a@example.jp@evil", "example.jp", false },
                { "", "example.jp", false },
                { "a@", "example.jp", false },
                { "a@example.jp", "", false },
        };

        for (size_t i = 0; i < COUNT(rows); i++)
                assert_int_equal(claims_domain_listed(str_of(rows[i].address), str_of(rows[i].domains)), rows[i].listed);
}

static void proof_is_what_the_standards_call_so(void **state)
{
        static const struct {
                const char *claims;
                bool proof;
        } rows[] = {
                { "{}", false },
                { "{\"amr\":[\"mfa\"]}", true },
                { "{\"amr\":[\"pwd\",\"otp\"]}", true },
                { "{\"amr\":[\"otp\",\"hwk\"]}", false },
                { "{\"amr\":[\"pwd\",\"pin\"]}", false },
                { "{\"amr\":\"mfa\"}", false },
                { "{\"amr\":[\"MFA\"]}", false },
                { "{\"acr\":\"phrh\"}", true },
                { "{\"acr\":[\"phrh\"]}", false },
                { "{\"acr\":\"http://schemas.openid.net/pape/policies/2007/06/multi-factor\"}", true },
                { "{\"acr\":\"0\"}", false },
        };
        struct cx cx = { .mem = arena_open(MB(1)), .lang = LANG_EN };

        json_start();
        arena_current = cx.mem;
        for (size_t i = 0; i < COUNT(rows); i++) {
                json_t *v;

                assert_int_equal(json_read(&cx, str_of(rows[i].claims), &v), RC_OK);
                assert_int_equal(claims_prove_factor(v), rows[i].proof);
        }
        arena_close(cx.mem);
}

int main(void)
{
        const struct CMUnitTest tests[] = { cmocka_unit_test(domains_are_whole_names), cmocka_unit_test(proof_is_what_the_standards_call_so) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
