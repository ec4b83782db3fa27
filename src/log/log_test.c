/* Promises of log.h that need no database. */
#include "base/house.h"

#include "log/log.h"

#include "base/crypto.h"
#include "log/commitment.h"

#include <setjmp.h>
#include <cmocka.h>

static struct cx *open_cx(void)
{
        static struct cx cx;

        json_start();
        cx = (struct cx){ .mem = arena_open(MB(8)), .lang = LANG_EN };
        arena_current = cx.mem;
        return &cx;
}

static void the_commitment_is_sha_256_of_salt_and_detail(void **state)
{
        /* python3 -c 'import hashlib; print(hashlib.sha256(bytes(range(32)) + "{\"q\":\"佐藤\"}".encode()).hexdigest())' */
        static const char expected[] = "9a8be3ffc88a809c6278a904fb8d83b7b8e13db3efd4dad3db5a517381776ce1";
        struct cx *cx = open_cx();
        uint8_t salt[32], got[SHA256_SIZE];

        for (size_t i = 0; i < sizeof(salt); i++)
                salt[i] = (uint8_t)i;
        commitment_of(cx->mem, (str){ (const char *)salt, sizeof(salt) }, S("{\"q\":\"佐藤\"}"), got);
        assert_string_equal(crypto_hex(cx->mem, got, sizeof(got)).p, expected);
        commitment_of(cx->mem, S(""), S(""), got);
        assert_string_equal(crypto_hex(cx->mem, got, sizeof(got)).p, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        arena_close(cx->mem);
}

static void a_difference_holds_what_changed_and_nothing_else(void **state)
{
        static const struct {
                const char *before, *after, *difference;
        } row[] = {
                { "{}", "{}", "{}" },
                { "{\"a\":1}", "{\"a\":1}", "{}" },
                { "{\"a\":1,\"b\":\"x\"}", "{\"a\":2,\"b\":\"x\"}", "{\"a\":{\"from\":1,\"to\":2}}" },
                { "{}", "{\"a\":null}", "{}" },
                { "{}", "{\"a\":[1]}", "{\"a\":{\"from\":null,\"to\":[1]}}" },
                { "{\"a\":[1,2]}", "{\"a\":[2,1]}", "{\"a\":{\"from\":[1,2],\"to\":[2,1]}}" },
                { "{\"gone\":1}", "{}", "{}" },
        };

        for (size_t i = 0; i < COUNT(row); i++) {
                struct cx *cx = open_cx();
                json_t *before, *after;

                assert_int_equal(json_read(cx, str_of(row[i].before), &before), RC_OK);
                assert_int_equal(json_read(cx, str_of(row[i].after), &after), RC_OK);
                assert_string_equal(json_write(cx->mem, log_difference(before, after)).p, row[i].difference);
                arena_close(cx->mem);
        }
}

static void each_verb_has_its_word(void **state)
{
        assert_string_equal(log_verb_word(LOG_NOTHING), "");
        assert_string_equal(log_verb_word(LOG_LOGIN), "login");
        for (int v = LOG_NOTHING + 1; v < LOG_VERBS; v++)
                for (int w = LOG_NOTHING; w < v; w++)
                        assert_string_not_equal(log_verb_word((enum log_verb)v), log_verb_word((enum log_verb)w));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_commitment_is_sha_256_of_salt_and_detail),
                cmocka_unit_test(a_difference_holds_what_changed_and_nothing_else),
                cmocka_unit_test(each_verb_has_its_word),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
