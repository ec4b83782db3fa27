/* otp_test.c - the vectors of RFC 6238, Appendix B (SHA-1; their last six digits), and of RFC 4648 for base32. */
#include "base/house.h"

#include "base/otp.h"

#include <setjmp.h>

#include <cmocka.h>

static struct arena *mem;

static int setup(void **state)
{
        mem = arena_open(MB(1));
        return 0;
}

static int teardown(void **state)
{
        arena_close(mem);
        return 0;
}

static void rfc_6238(void **state)
{
        static const struct {
                int64_t second;
                const char *code;
        } rows[] = {
                { 59, "287082" },         { 1111111109, "081804" }, { 1111111111, "050471" },
                { 1234567890, "005924" }, { 2000000000, "279037" }, { 20000000000, "353130" },
        };
        str seed = S("12345678901234567890");

        for (size_t i = 0; i < COUNT(rows); i++) {
                int64_t step = otp_step(rows[i].second * 1000);
                char code[OTP_DIGITS + 1];

                otp_code(seed, step, code);
                assert_string_equal(code, rows[i].code);
                assert_true(otp_matches(seed, step, str_of(code)));
                assert_false(otp_matches(seed, step - 1, str_of(code)));
                assert_false(otp_matches(seed, step + 1, str_of(code)));
        }
}

static void wrong_codes(void **state)
{
        static const char *const wrong[] = { "", "2870820", "28708", "287083", " 287082", "287082 ", "94287082", "abcdef" };

        for (size_t i = 0; i < COUNT(wrong); i++)
                assert_false(otp_matches(S("12345678901234567890"), 1, str_of(wrong[i])));
        assert_false(otp_matches(S("12345678901234567890"), 1, STR_NONE));
        assert_int_equal(otp_step(59999), 1);
        assert_int_equal(otp_step(60000), 2);
}

static void base32(void **state)
{
        assert_true(str_is(otp_base32(mem, S("12345678901234567890")), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"));
        assert_true(str_is(otp_base32(mem, S("foobar")), "MZXW6YTBOI"));
}

static void uri(void **state)
{
        assert_true(str_is(otp_uri(mem, S("12345678901234567890"), S("Daicho"), S("acme/花子")),
                           "otpauth://totp/Daicho:acme%2F%E8%8A%B1%E5%AD%90?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Daicho"
                           "&algorithm=SHA1&digits=6&period=30"));
}

static void seeds_differ(void **state)
{
        str a = otp_seed(mem), b = otp_seed(mem);

        assert_int_equal(a.n, 20);
        assert_false(str_equal(a, b));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(rfc_6238, setup, teardown),     cmocka_unit_test_setup_teardown(wrong_codes, setup, teardown),
                cmocka_unit_test_setup_teardown(base32, setup, teardown),       cmocka_unit_test_setup_teardown(uri, setup, teardown),
                cmocka_unit_test_setup_teardown(seeds_differ, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
