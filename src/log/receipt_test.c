/* Promises of receipt.h, on our own log of five entries. */
#include "base/house.h"

#include "log/receipt.h"

#include "base/fail.h"

#include <setjmp.h>
#include <cmocka.h>

#define NOTE                                                                                                                                         \
        "daicho.example/t/1\n5\nfKo0Xb2JKmZFTWxlEuo8PqPw0+whvj/C4jdXBf049nI=\n\n"                                                                    \
        "\xe2\x80\x94 daicho.example/t/1 b3+fdmSv+C3WnNH86nj2Og532fg1iX3G4lQutv71+sFlqlxETTN5MWqzlrzNZnw/FID55YnUvj6D8jBPDZSXFB73NAk=\n"
#define PROOF                                                                                                                                        \
        "V8efTzGuApxdS9MLBzwnyU35NDiytGl+Hh7vW8A5SkE=\nWkdmL9ijF9lgSaP59HxV3GfKZgUbqjaD27GbL+CaB7A=\nSFM123z+yWXxX/dF/GJcQdXqJkaTaTAWWCj3PdS2iFQ=\n"
#define HEAD  "c2sp.org/tlog-proof@v1\n"
#define EXTRA "extra ZW50cnkgMw==\n"
#define KEY   "daicho.example/t/1+6f7f9f76+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"

static struct cx cx;
static struct trust *trust;

static rc checked(str bytes, str entry)
{
        struct receipt *r;
        struct checkpoint c;

        fail_clear(&cx);
        TRY(receipt_read(&cx, bytes, &r));
        assert_true(str_equal(receipt_write(cx.mem, r), bytes));
        return receipt_check(&cx, r, trust, entry, &c, NULL);
}

static void our_own_receipt_proves_its_entry_and_no_other(void **state)
{
        struct receipt *r;

        assert_int_equal(receipt_read(&cx, S(HEAD EXTRA "index 3\n" PROOF "\n" NOTE), &r), RC_OK);
        assert_true(str_is(r->extra, "entry 3") && r->index == 3 && r->count == 3);
        assert_int_equal(checked(S(HEAD EXTRA "index 3\n" PROOF "\n" NOTE), S("entry 3")), RC_OK);
        assert_int_equal(checked(S(HEAD "index 3\n" PROOF "\n" NOTE), S("entry 3")), RC_OK);
        assert_int_equal(checked(S(HEAD EXTRA "index 3\n" PROOF "\n" NOTE), S("entry 2")), RC_FORGED);
        assert_int_equal(checked(S(HEAD EXTRA "index 2\n" PROOF "\n" NOTE), S("entry 3")), RC_FORGED);
        assert_int_equal(checked(S(HEAD EXTRA "index 5\n" PROOF "\n" NOTE), S("entry 3")), RC_FORGED);
        assert_int_equal(checked(S(HEAD EXTRA "index 3\n\n" NOTE), S("entry 3")), RC_FORGED);
        assert_int_equal(checked(S(HEAD EXTRA "index 3\n" PROOF PROOF "\n" NOTE), S("entry 3")), RC_FORGED);
}

static void no_flipped_bit_of_a_receipt_goes_unseen(void **state)
{
        str good = S(HEAD "index 3\n" PROOF "\n" NOTE);

        for (size_t i = 0; i < good.n; i++)
                for (int bit = 0; bit < 8; bit++) {
                        struct arena_mark mark = arena_mark(cx.mem);
                        char *bad = arena_copy(cx.mem, good.p, good.n);
                        struct receipt *r;
                        struct checkpoint c;

                        bad[i] ^= (char)(1 << bit);
                        fail_clear(&cx);
                        assert_true(receipt_read(&cx, (str){ bad, good.n }, &r) != RC_OK ||
                                    receipt_check(&cx, r, trust, S("entry 3"), &c, NULL) != RC_OK);
                        arena_rewind(cx.mem, mark);
                }
}

static void what_is_no_receipt_is_refused(void **state)
{
        static const str bad[] = {
                S(""),
                S(HEAD),
                S("c2sp.org/tlog-proof@v2\nindex 3\n" PROOF "\n" NOTE),
                S(HEAD "index 03\n" PROOF "\n" NOTE),
                S(HEAD "index -3\n" PROOF "\n" NOTE),
                S(HEAD "index\n" PROOF "\n" NOTE),
                S(HEAD "index 3\n" EXTRA PROOF "\n" NOTE),
                S(HEAD EXTRA EXTRA "index 3\n" PROOF "\n" NOTE),
                S(HEAD "extra ZW50cnkgMw=\nindex 3\n" PROOF "\n" NOTE),
                S(HEAD "index 3\nAAAA\n\n" NOTE),
                S(HEAD "index 3\n" PROOF),
                S(HEAD "index 3\r\n" PROOF "\r\n" NOTE),
        };
        str many = S(HEAD "index 3\n");
        struct receipt *r;

        for (size_t i = 0; i < COUNT(bad); i++) {
                fail_clear(&cx);
                assert_int_equal(receipt_read(&cx, bad[i], &r), RC_MALFORMED);
        }
        for (int i = 0; i < MERKLE_PROOF_MAX / 3 + 1; i++)
                many = str_format(cx.mem, "%.*s" PROOF, STR_ARG(many));
        fail_clear(&cx);
        assert_int_equal(receipt_read(&cx, str_format(cx.mem, "%.*s\n" NOTE, STR_ARG(many)), &r), RC_MALFORMED);
}

static int start(void **state)
{
        struct note_key key;

        cx = (struct cx){ .mem = arena_open(MB(64)), .lang = LANG_EN };
        assert_int_equal(note_key_read(&cx, S(KEY), &key), RC_OK);
        trust = trust_of(cx.mem, &key);
        return 0;
}

static int stop(void **state)
{
        arena_close(cx.mem);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(our_own_receipt_proves_its_entry_and_no_other),
                cmocka_unit_test(no_flipped_bit_of_a_receipt_goes_unseen),
                cmocka_unit_test(what_is_no_receipt_is_refused),
        };

        return cmocka_run_group_tests(tests, start, stop);
}
