/* Tests of crypto.c: vectors of FIPS 180-4 and RFC 4648. */
#include "base/house.h"

#include "base/crypto.h"

#include <setjmp.h>
#include <cmocka.h>

static struct arena *mem;

static const char *hex32(const uint8_t p[SHA256_SIZE])
{
        return crypto_hex(mem, p, SHA256_SIZE).p;
}

static void sha_256_gives_the_published_values(void **state)
{
        static const struct {
                str data;
                const char *want;
        } table[] = {
                { S(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
                { STR_NONE, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
                { S("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
                { S("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"), "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
        };

        for (size_t i = 0; i < COUNT(table); i++) {
                struct crypto_hash *hash = crypto_hash_open(mem);
                uint8_t got[SHA256_SIZE];

                crypto_sha256(table[i].data, got);
                assert_string_equal(hex32(got), table[i].want);
                for (size_t k = 0; k < table[i].data.n; k++)
                        crypto_hash_add(hash, (str){ table[i].data.p + k, 1 });
                crypto_hash_add(hash, STR_NONE);
                crypto_hash_end(hash, got);
                assert_string_equal(hex32(got), table[i].want);
        }
}

/* RFC 4231, test cases 2 and 6. */
static void hmac_gives_the_published_values(void **state)
{
        uint8_t got[SHA256_SIZE];
        char key[131];

        crypto_hmac(S("Jefe"), S("what do ya want for nothing?"), got);
        assert_string_equal(hex32(got), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        memset(key, 0xaa, sizeof(key));
        crypto_hmac((str){ key, sizeof(key) }, S("Test Using Larger Than Block-Size Key - Hash Key First"), got);
        assert_string_equal(hex32(got), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void base64url_gives_the_values_of_rfc_4648_and_reads_them_back(void **state)
{
        static const struct {
                str plain;
                const char *url;
        } table[] = {
                { S(""), "" }, { S("f"), "Zg" }, { S("fo"), "Zm8" }, { S("foo"), "Zm9v" }, { S("foob"), "Zm9vYg" }, { S("\xfb\xff\xbf"), "-_-_" },
        };
        static const str bad[] = { S("Z"), S("Zg=="), S("Zh"), S("Zm9w+"), S("Zm9"), S("Z g"), S("Zg\0="), S("Zm+v") };
        str back;

        for (size_t i = 0; i < COUNT(table); i++) {
                assert_true(str_is(crypto_base64url(mem, table[i].plain.p, table[i].plain.n), table[i].url));
                assert_true(crypto_base64url_read(mem, str_of(table[i].url), &back) && str_equal(back, table[i].plain));
        }
        for (size_t i = 0; i < COUNT(bad); i++)
                assert_false(crypto_base64url_read(mem, bad[i], &back));
}

static void base64_gives_the_values_of_rfc_4648_and_reads_exactly_them(void **state)
{
        static const struct {
                str plain;
                const char *text;
        } table[] = {
                { S(""), "" },        { S("f"), "Zg==" },        { S("fo"), "Zm8=" },
                { S("foo"), "Zm9v" }, { S("foob"), "Zm9vYg==" }, { S("\xfb\xff\xbf"), "+/+/" },
        };
        static const str bad[] = { S("Z"), S("Zg"), S("Zg="), S("Zh=="), S("Zm9="), S("Zg==\n"), S("===="), S("Z==="), S("Zg==Zg=="), S("-_-_") };
        str back;

        for (size_t i = 0; i < COUNT(table); i++) {
                assert_true(str_is(crypto_base64(mem, table[i].plain.p, table[i].plain.n), table[i].text));
                assert_true(crypto_base64_read(mem, str_of(table[i].text), &back) && str_equal(back, table[i].plain));
        }
        for (size_t i = 0; i < COUNT(bad); i++)
                assert_false(crypto_base64_read(mem, bad[i], &back));
}

/* RFC 8032, 7.1, test 3. */
static void ed25519_gives_the_published_signature_and_takes_no_other(void **state)
{
        static const uint8_t seed[] = { 0xc5, 0xaa, 0x8d, 0xf4, 0x3f, 0x9f, 0x83, 0x7b, 0xed, 0xb7, 0x44, 0x2f, 0x31, 0xdc, 0xb7, 0xb1,
                                        0x66, 0xd3, 0x85, 0x35, 0x07, 0x6f, 0x09, 0x4b, 0x85, 0xce, 0x3a, 0x2e, 0x0b, 0x44, 0x58, 0xf7 };
        uint8_t key[ED25519_KEY_SIZE], signature[ED25519_SIGNATURE_SIZE];
        str signed_ = { (const char *)signature, sizeof(signature) };

        crypto_ed25519_public(seed, key);
        assert_string_equal(crypto_hex(mem, key, sizeof(key)).p, "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025");
        crypto_ed25519_sign(seed, S("\xaf\x82"), signature);
        assert_string_equal(crypto_hex(mem, signature, sizeof(signature)).p, "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
                                                                             "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a");
        assert_true(crypto_ed25519_verify(key, S("\xaf\x82"), signed_));
        assert_false(crypto_ed25519_verify(key, S("\xaf\x83"), signed_));
        assert_false(crypto_ed25519_verify(key, S("\xaf\x82"), (str){ signed_.p, signed_.n - 1 }));
        for (size_t i = 0; i < sizeof(signature); i++) {
                signature[i] ^= 4;
                assert_false(crypto_ed25519_verify(key, S("\xaf\x82"), signed_));
                signature[i] ^= 4;
        }
        memset(key, 0xff, sizeof(key));
        assert_false(crypto_ed25519_verify(key, S("\xaf\x82"), signed_));
}

static void comparing_secrets_sees_every_difference(void **state)
{
        assert_true(crypto_equal(S("secret"), S("secret")));
        assert_false(crypto_equal(S("secret"), S("secreT")));
        assert_false(crypto_equal(S("secret"), S("secre")));
        assert_true(crypto_equal(S(""), STR_NONE));
}

static void random_bytes_differ_and_secrets_are_wiped(void **state)
{
        uint8_t a[1000] = { 0 }, b[1000] = { 0 };
        size_t zeros = 0;

        crypto_random(a, sizeof(a));
        crypto_random(b, sizeof(b));
        assert_memory_not_equal(a, b, sizeof(a));
        for (size_t i = 0; i < sizeof(a); i++)
                zeros += a[i] == 0;
        assert_true(zeros < 50);
        crypto_wipe(a, sizeof(a));
        for (size_t i = 0; i < sizeof(a); i++)
                assert_int_equal(a[i], 0);
        crypto_wipe(NULL, 0);
}

static int open_arena(void **state)
{
        mem = arena_open(MB(1));
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
                cmocka_unit_test(sha_256_gives_the_published_values),
                cmocka_unit_test(hmac_gives_the_published_values),
                cmocka_unit_test(base64url_gives_the_values_of_rfc_4648_and_reads_them_back),
                cmocka_unit_test(base64_gives_the_values_of_rfc_4648_and_reads_exactly_them),
                cmocka_unit_test(ed25519_gives_the_published_signature_and_takes_no_other),
                cmocka_unit_test(comparing_secrets_sees_every_difference),
                cmocka_unit_test(random_bytes_differ_and_secrets_are_wiped),
        };

        return cmocka_run_group_tests(tests, open_arena, close_arena);
}
