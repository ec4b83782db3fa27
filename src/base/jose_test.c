/* jose_test.c - tokens signed here with OpenSSL, as somebody else would; then everything that must not be taken. */
#include "base/house.h"

#include "base/jose.h"

#include "base/crypto.h"
#include "base/fail.h"

#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <setjmp.h>
#include <cmocka.h>

static struct cx cx;
static EVP_PKEY *rsa, *small, *ec;
static const char *const all[] = { "RS256", "PS256", "ES256", "HS256", NULL };
static const char *const by_keys[] = { "RS256", "PS256", "ES256", NULL };
#define SECRET S("a secret of thirty-two characters")

static int open_all(void **state)
{
        json_start();
        rsa = EVP_RSA_gen(2048);
        small = EVP_RSA_gen(1024);
        ec = EVP_EC_gen("P-256");
        assert_true(rsa != NULL && small != NULL && ec != NULL);
        return 0;
}

static int close_all(void **state)
{
        EVP_PKEY_free(rsa);
        EVP_PKEY_free(small);
        EVP_PKEY_free(ec);
        return 0;
}

static int open_cx(void **state)
{
        cx = (struct cx){ .mem = arena_open(MB(16)), .lang = LANG_EN };
        arena_current = cx.mem;
        return 0;
}

static int close_cx(void **state)
{
        arena_close(cx.mem);
        return 0;
}

static str number(EVP_PKEY *key, const char *name, size_t size)
{
        BIGNUM *n = NULL;
        uint8_t bytes[512];

        assert_int_equal(EVP_PKEY_get_bn_param(key, name, &n), 1);
        if (size == 0)
                size = (size_t)BN_num_bytes(n);
        assert_int_equal(BN_bn2binpad(n, bytes, (int)size), (int)size);
        BN_free(n);
        return crypto_base64url(cx.mem, bytes, size);
}

static json_t *jwk(EVP_PKEY *key, const char *kid)
{
        json_t *k = json_object();

        json_set(k, "kid", json_string(kid));
        if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA) {
                json_set(k, "kty", json_string("RSA"));
                json_set(k, "n", json_str(number(key, "n", 0)));
                json_set(k, "e", json_str(number(key, "e", 0)));
        } else {
                json_set(k, "kty", json_string("EC"));
                json_set(k, "crv", json_string("P-256"));
                json_set(k, "x", json_str(number(key, "qx", 32)));
                json_set(k, "y", json_str(number(key, "qy", 32)));
        }
        return k;
}

static json_t *set_of(json_t *a, json_t *b)
{
        json_t *set = json_object(), *list = json_array();

        must(json_array_append_new(list, a) == 0);
        if (b != NULL)
                must(json_array_append_new(list, b) == 0);
        return json_set(set, "keys", list);
}

static str signature(str text, EVP_PKEY *key, bool pss)
{
        EVP_MD_CTX *md = EVP_MD_CTX_new();
        EVP_PKEY_CTX *pk = NULL;
        uint8_t raw[1024], fixed[64];
        size_t n = sizeof(raw);
        str out;

        assert_int_equal(EVP_DigestSignInit(md, &pk, EVP_sha256(), NULL, key), 1);
        if (pss) {
                assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(pk, RSA_PKCS1_PSS_PADDING), 1);
                assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(pk, RSA_PSS_SALTLEN_DIGEST), 1);
        }
        assert_int_equal(EVP_DigestSign(md, raw, &n, (const uint8_t *)text.p, text.n), 1);
        EVP_MD_CTX_free(md);
        out = (str){ (const char *)raw, n };
        if (EVP_PKEY_get_base_id(key) == EVP_PKEY_EC) {
                const uint8_t *at = raw;
                ECDSA_SIG *two = d2i_ECDSA_SIG(NULL, &at, (long)n);

                assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(two), fixed, 32), 32);
                assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(two), fixed + 32, 32), 32);
                ECDSA_SIG_free(two);
                out = (str){ (const char *)fixed, sizeof(fixed) };
        }
        return crypto_base64url(cx.mem, out.p, out.n);
}

static str part(const char *json)
{
        return crypto_base64url(cx.mem, json, strlen(json));
}

static str token_of(const char *header, const char *claims, EVP_PKEY *key, bool pss)
{
        str text = str_format(cx.mem, "%.*s.%.*s", STR_ARG(part(header)), STR_ARG(part(claims)));

        return str_format(cx.mem, "%.*s.%.*s", STR_ARG(text), STR_ARG(signature(text, key, pss)));
}

static str token_by_secret(const char *header, str secret)
{
        str text = str_format(cx.mem, "%.*s.%.*s", STR_ARG(part(header)), STR_ARG(part("{\"sub\":\"a\"}")));
        uint8_t mac[32];
        unsigned n = sizeof(mac);

        assert_non_null(HMAC(EVP_sha256(), secret.p, (int)secret.n, (const uint8_t *)text.p, text.n, mac, &n));
        return str_format(cx.mem, "%.*s.%.*s", STR_ARG(text), STR_ARG(crypto_base64url(cx.mem, mac, n)));
}

static rc verify(str token, const json_t *keys, str secret, const char *const *algorithms)
{
        struct jose jose = { NULL };
        rc code;

        cx.failure = (struct failure){ 0 };
        code = jose_verify(&cx, token, keys, secret, algorithms, &jose);
        if (code == RC_OK)
                assert_string_equal(json_string_value(json_object_get(jose.claims, "sub")), "a");
        else
                assert_int_equal(cx.failure.code, code);
        return code;
}

static void a_token_signed_with_a_listed_key_is_taken(void **state)
{
        json_t *keys = set_of(jwk(rsa, "r"), jwk(ec, "e"));

        assert_int_equal(
            verify(token_of("{\"alg\":\"RS256\",\"kid\":\"r\",\"typ\":\"JWT\"}", "{\"sub\":\"a\"}", rsa, false), keys, STR_NONE, by_keys), RC_OK);
        assert_int_equal(verify(token_of("{\"alg\":\"PS256\",\"kid\":\"r\"}", "{\"sub\":\"a\"}", rsa, true), keys, STR_NONE, by_keys), RC_OK);
        assert_int_equal(verify(token_of("{\"alg\":\"ES256\",\"kid\":\"e\",\"typ\":\"jwt\"}", "{\"sub\":\"a\"}", ec, false), keys, STR_NONE, by_keys),
                         RC_OK);
        assert_int_equal(verify(token_of("{\"alg\":\"RS256\"}", "{\"sub\":\"a\"}", rsa, false), keys, STR_NONE, by_keys),
                         RC_OK); /* the only one of its type */
        assert_int_equal(verify(token_by_secret("{\"alg\":\"HS256\"}", SECRET), NULL, SECRET, all), RC_OK);
}

static void headers_ask_for_nothing(void **state)
{
        static const char *const headers[] = {
                "{\"alg\":\"none\",\"kid\":\"r\"}",
                "{\"alg\":\"RS512\",\"kid\":\"r\"}",
                "{\"alg\":\"HS256\",\"kid\":\"r\"}",
                "{\"kid\":\"r\"}",
                "{\"alg\":1}",
                "{\"alg\":\"rs256\",\"kid\":\"r\"}",
                "{\"alg\":\"RS256\",\"kid\":\"r\",\"crit\":[]}",
                "{\"alg\":\"RS256\",\"kid\":\"r\",\"crit\":[\"exp\"],\"exp\":1}",
                "{\"alg\":\"RS256\",\"kid\":\"r\",\"b64\":false}",
                "{\"alg\":\"RS256\",\"kid\":\"r\",\"typ\":\"JOSE\"}",
                "{\"alg\":\"RS256\",\"kid\":\"r\",\"typ\":1}",
                "{\"alg\":\"RS256\",\"kid\":1}",
                "{\"alg\":\"RS256\",\"kid\":\"r\",\"alg\":\"RS256\"}",
                "{\"alg\":\"RS256\",\"kid\":\"r\",\"enc\":\"A128GCM\"}",
                "[]",
                "\"RS256\"",
                "{\"alg\":\"RS256\",\"kid\":\"r\"",
                "",
        };
        json_t *keys = set_of(jwk(rsa, "r"), NULL);

        for (size_t i = 0; i < COUNT(headers); i++)
                assert_int_equal(verify(token_of(headers[i], "{\"sub\":\"a\"}", rsa, false), keys, SECRET, by_keys), RC_UNAUTHORIZED);
}

static void keys_work_with_their_own_algorithm_only(void **state)
{
        json_t *signing = jwk(rsa, "r"), *encrypting = jwk(rsa, "r"), *other = jwk(rsa, "r");
        str good = token_of("{\"alg\":\"RS256\",\"kid\":\"r\"}", "{\"sub\":\"a\"}", rsa, false);
        str modulus = json_get_text(signing, "n");

        json_set(encrypting, "use", json_string("enc"));
        json_set(other, "alg", json_string("PS256"));
        assert_int_equal(verify(good, set_of(encrypting, NULL), STR_NONE, by_keys), RC_UNKNOWN);
        assert_int_equal(verify(good, set_of(other, NULL), STR_NONE, by_keys), RC_UNKNOWN);
        assert_int_equal(verify(good, set_of(jwk(ec, "r"), NULL), STR_NONE, by_keys), RC_UNKNOWN);
        assert_int_equal(verify(good, set_of(jwk(rsa, "other"), NULL), STR_NONE, by_keys), RC_UNKNOWN);
        assert_int_equal(verify(good, set_of(jwk(rsa, "r"), jwk(rsa, "r")), STR_NONE, by_keys), RC_UNKNOWN); /* which of the two? */
        assert_int_equal(verify(good, json_object(), STR_NONE, by_keys), RC_UNKNOWN);
        assert_int_equal(
            verify(token_of("{\"alg\":\"RS256\",\"kid\":\"s\"}", "{\"sub\":\"a\"}", small, false), set_of(jwk(small, "s"), NULL), STR_NONE, by_keys),
            RC_UNKNOWN);
        /* the public key, or what the caller did not give, is no secret */
        assert_int_equal(verify(token_by_secret("{\"alg\":\"HS256\",\"kid\":\"r\"}", modulus), set_of(signing, NULL), SECRET, all), RC_UNAUTHORIZED);
        assert_int_equal(verify(token_by_secret("{\"alg\":\"HS256\"}", S("")), NULL, S(""), all), RC_UNAUTHORIZED);
        assert_int_equal(verify(token_by_secret("{\"alg\":\"HS256\"}", SECRET), NULL, STR_NONE, all), RC_UNAUTHORIZED);
        assert_int_equal(verify(token_by_secret("{\"alg\":\"HS256\"}", SECRET), NULL, SECRET, by_keys), RC_UNAUTHORIZED);
}

static void no_byte_of_a_token_can_be_another(void **state)
{
        json_t *keys = set_of(jwk(rsa, "r"), jwk(ec, "e"));
        const str tokens[] = { token_of("{\"alg\":\"RS256\",\"kid\":\"r\"}", "{\"sub\":\"a\"}", rsa, false),
                               token_of("{\"alg\":\"ES256\",\"kid\":\"e\"}", "{\"sub\":\"a\"}", ec, false) };

        for (size_t t = 0; t < COUNT(tokens); t++) {
                for (size_t i = 0; i < tokens[t].n; i++) {
                        struct arena_mark mark = arena_mark(cx.mem);
                        char *changed = str_z(cx.mem, tokens[t]);

                        changed[i] = changed[i] == 'A' ? 'B' : 'A';
                        assert_int_not_equal(verify((str){ changed, tokens[t].n }, keys, STR_NONE, by_keys), RC_OK);
                        assert_int_not_equal(verify((str){ changed, i }, keys, STR_NONE, by_keys), RC_OK);
                        arena_rewind(cx.mem, mark);
                }
                assert_int_equal(verify(tokens[t], keys, STR_NONE, by_keys), RC_OK);
        }
}

static void shapes_that_are_no_tokens(void **state)
{
        static const char *const shapes[] = {
                "", ".", "..", "...", "a", "a.b", "a.b.c", "e30.e30.", "e30.e30.e30.e30.e30", "e30=.e30.e30", " e30.e30.e30", "e30.e30.e30\n"
        };
        json_t *keys = set_of(jwk(rsa, "r"), NULL);
        char *large = arena_alloc(cx.mem, JOSE_TOKEN_MAX + 100);

        for (size_t i = 0; i < COUNT(shapes); i++)
                assert_int_equal(verify(str_of(shapes[i]), keys, STR_NONE, by_keys), RC_UNAUTHORIZED);
        assert_int_equal(verify(STR_NONE, keys, STR_NONE, by_keys), RC_UNAUTHORIZED);
        memset(large, 'A', JOSE_TOKEN_MAX + 50);
        assert_int_equal(verify((str){ large, JOSE_TOKEN_MAX + 50 }, keys, STR_NONE, by_keys), RC_UNAUTHORIZED);
        assert_int_equal(verify(token_of("{\"alg\":\"RS256\",\"kid\":\"r\"}", "{\"sub\":\"a\",\"sub\":\"b\"}", rsa, false), keys, STR_NONE, by_keys),
                         RC_UNAUTHORIZED);
        assert_int_equal(verify(token_of("{\"alg\":\"RS256\",\"kid\":\"r\"}", "[1]", rsa, false), keys, STR_NONE, by_keys), RC_UNAUTHORIZED);
}

/* OpenID Connect Core 1.0, the example of appendix A.3 and A.4: access token and at_hash belong together. */
static void the_half_hash_is_that_of_the_standard(void **state)
{
        assert_true(str_is(jose_half_hash(cx.mem, S("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y")), "77QmUPtjPfzWtF2AnpK9RQ"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(a_token_signed_with_a_listed_key_is_taken, open_cx, close_cx),
                cmocka_unit_test_setup_teardown(headers_ask_for_nothing, open_cx, close_cx),
                cmocka_unit_test_setup_teardown(keys_work_with_their_own_algorithm_only, open_cx, close_cx),
                cmocka_unit_test_setup_teardown(no_byte_of_a_token_can_be_another, open_cx, close_cx),
                cmocka_unit_test_setup_teardown(shapes_that_are_no_tokens, open_cx, close_cx),
                cmocka_unit_test_setup_teardown(the_half_hash_is_that_of_the_standard, open_cx, close_cx),
        };

        return cmocka_run_group_tests(tests, open_all, close_all);
}
