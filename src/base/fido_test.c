/* fido_test.c - an authenticator in software (by OpenSSL) answers as it should, and in every way it should not. */
#include "base/house.h"

#include "base/fido.h"

#include "base/buf.h"
#include "base/crypto.h"
#include "base/fail.h"
#include "base/json.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <setjmp.h>

#include <cmocka.h>

static struct cx cx;
static struct fido_question question;

enum { UP = 1, UV = 4, AT = 0x40, ED = 0x80 };

static int setup(void **state)
{
        static const char challenge[FIDO_CHALLENGE_SIZE + 1] = "0123456789abcdef0123456789abcdef";

        json_start();
        cx = (struct cx){ .mem = arena_open(MB(16)), .lang = LANG_EN };
        arena_current = cx.mem;
        question = (struct fido_question){ S("daicho.example"), S("https://daicho.example:8443"), { challenge, FIDO_CHALLENGE_SIZE } };
        return 0;
}

static int teardown(void **state)
{
        arena_close(cx.mem);
        return 0;
}

/* The authenticator ------------------------------------------------------------------------------------------------------------------------ */

struct device {
        int algorithm;
        int claimed; /* in the key it tells */
        EVP_PKEY *key;
        str id;
};

static void key_drop(void *key)
{
        EVP_PKEY_free(key);
}

static struct device device_of(int algorithm)
{
        struct device d = { .algorithm = algorithm, .claimed = algorithm, .id = S("credential-1") };

        d.key = algorithm == FIDO_ES256   ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256")
                : algorithm == FIDO_EDDSA ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
                                          : EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
        must(d.key != NULL);
        arena_defer(cx.mem, key_drop, d.key);
        return d;
}

static void head(struct buf *b, int major, size_t n)
{
        if (n < 24) {
                buf_char(b, (char)(major << 5 | (int)n));
        } else if (n < 256) {
                buf_char(b, (char)(major << 5 | 24));
                buf_char(b, (char)n);
        } else {
                buf_char(b, (char)(major << 5 | 25));
                buf_char(b, (char)(n >> 8));
                buf_char(b, (char)n);
        }
}

static void text(struct buf *b, const char *s)
{
        head(b, 3, strlen(s));
        buf_add(b, str_of(s));
}

static void data(struct buf *b, str s)
{
        head(b, 2, s.n);
        buf_add(b, s);
}

static void number(struct buf *b, int n)
{
        head(b, n < 0 ? 1 : 0, (size_t)(n < 0 ? -1 - n : n));
}

static str part(const struct device *d, const char *name)
{
        BIGNUM *n = NULL;
        uint8_t *out = arena_alloc(cx.mem, 256);
        int size = strcmp(name, "n") == 0 ? 256 : strcmp(name, "e") == 0 ? 3 : 32;

        must(EVP_PKEY_get_bn_param(d->key, name, &n) == 1 && BN_bn2binpad(n, out, size) == size);
        BN_free(n);
        return (str){ (const char *)out, (size_t)size };
}

static str cose(const struct device *d)
{
        struct buf b = buf_open(cx.mem, KB(1));
        uint8_t raw[32];
        size_t n = sizeof(raw);

        head(&b, 5, d->algorithm == FIDO_ES256 ? 5 : 4);
        number(&b, 1);
        number(&b, d->algorithm == FIDO_ES256 ? 2 : d->algorithm == FIDO_EDDSA ? 1 : 3);
        number(&b, 3);
        number(&b, d->claimed);
        number(&b, -1);
        if (d->algorithm == FIDO_RS256) {
                data(&b, part(d, "n"));
                number(&b, -2);
                data(&b, part(d, "e"));
                return buf_str(&b);
        }
        number(&b, d->algorithm == FIDO_ES256 ? 1 : 6);
        number(&b, -2);
        if (d->algorithm == FIDO_ES256) {
                data(&b, part(d, "qx"));
                number(&b, -3);
                data(&b, part(d, "qy"));
        } else {
                must(EVP_PKEY_get_raw_public_key(d->key, raw, &n) == 1);
                data(&b, (str){ (const char *)raw, n });
        }
        return buf_str(&b);
}

static str authenticator(const struct device *d, str party, int flags, uint32_t count)
{
        struct buf b = buf_open(cx.mem, KB(4));
        uint8_t hash[SHA256_SIZE];

        crypto_sha256(party, hash);
        buf_add(&b, (str){ (const char *)hash, sizeof(hash) });
        buf_char(&b, (char)flags);
        for (int shift = 24; shift >= 0; shift -= 8)
                buf_char(&b, (char)(count >> shift));
        if ((flags & AT) != 0) {
                buf_add(&b, (str){ "0123456789abcdef", 16 });
                buf_char(&b, (char)(d->id.n >> 8));
                buf_char(&b, (char)d->id.n);
                buf_add(&b, d->id);
                buf_add(&b, cose(d));
        }
        if ((flags & ED) != 0) {
                head(&b, 5, 1);
                text(&b, "credProtect");
                number(&b, 2);
        }
        return buf_str(&b);
}

static str client(const char *type, str challenge, str origin)
{
        return str_format(cx.mem, "{\"type\":\"%s\",\"challenge\":\"%.*s\",\"origin\":\"%.*s\",\"crossOrigin\":false}", type,
                          STR_ARG(crypto_base64url(cx.mem, challenge.p, challenge.n)), STR_ARG(origin));
}

static str created(void)
{
        return client("webauthn.create", question.challenge, question.origin);
}

static str got(void)
{
        return client("webauthn.get", question.challenge, question.origin);
}

static str sign(const struct device *d, str auth, str client_data)
{
        EVP_MD_CTX *work = EVP_MD_CTX_new();
        struct buf b = buf_open(cx.mem, KB(16));
        uint8_t hash[SHA256_SIZE], *out = arena_alloc(cx.mem, 512);
        size_t n = 512;

        crypto_sha256(client_data, hash);
        buf_add(&b, auth);
        buf_add(&b, (str){ (const char *)hash, sizeof(hash) });
        must(EVP_DigestSignInit(work, NULL, d->algorithm == FIDO_EDDSA ? NULL : EVP_sha256(), NULL, d->key) == 1);
        must(EVP_DigestSign(work, out, &n, (const uint8_t *)b.p, b.n) == 1);
        EVP_MD_CTX_free(work);
        return (str){ (const char *)out, n };
}

static str none(str auth)
{
        struct buf b = buf_open(cx.mem, KB(8));

        head(&b, 5, 3);
        text(&b, "fmt");
        text(&b, "none");
        text(&b, "attStmt");
        head(&b, 5, 0);
        text(&b, "authData");
        data(&b, auth);
        return buf_str(&b);
}

static str packed(const struct device *d, str auth, str signature)
{
        struct buf b = buf_open(cx.mem, KB(8));

        head(&b, 5, 3);
        text(&b, "fmt");
        text(&b, "packed");
        text(&b, "attStmt");
        head(&b, 5, 2);
        text(&b, "alg");
        number(&b, d->algorithm);
        text(&b, "sig");
        data(&b, signature);
        text(&b, "authData");
        data(&b, auth);
        return buf_str(&b);
}

static str flip(str s, size_t at)
{
        char *copy = arena_copy(cx.mem, s.p, s.n);

        copy[at] = (char)(copy[at] ^ 1);
        return (str){ copy, s.n };
}

/* Refused about the credential, in one sentence that names the part. */
static void refused(rc result, const char *part_name)
{
        assert_int_equal(result, RC_INVALID);
        assert_int_equal(cx.failure.count, 1);
        assert_string_equal(cx.failure.problem[0].item, "credential");
        if (part_name != NULL)
                assert_non_null(strstr(cx.failure.problem[0].text.p, part_name));
        fail_clear(&cx);
}

static struct fido_key registered(const struct device *d)
{
        struct fido_key key;

        assert_int_equal(fido_register(&cx, &question, created(), none(authenticator(d, question.party, UP | UV | AT, 7)), &key), RC_OK);
        return key;
}

/* The tests --------------------------------------------------------------------------------------------------------------------------------- */

static const int algorithms[] = { FIDO_ES256, FIDO_EDDSA, FIDO_RS256 };

static void registers_and_asserts(void **state)
{
        for (size_t i = 0; i < COUNT(algorithms); i++) {
                struct device d = device_of(algorithms[i]);
                struct fido_key key = registered(&d);
                str auth = authenticator(&d, question.party, UP | UV, 8);
                int64_t count = 0;

                assert_true(str_equal(key.credential, d.id));
                assert_int_equal(key.algorithm, algorithms[i]);
                assert_int_equal(key.sign_count, 7);
                assert_int_equal(fido_assert(&cx, &question, &key, got(), auth, sign(&d, auth, got()), &count), RC_OK);
                assert_int_equal(count, 8);
        }
}

static void packed_by_the_key_itself(void **state)
{
        struct device d = device_of(FIDO_ES256);

        for (int flags = UP | UV | AT; flags <= (UP | UV | AT | ED); flags += ED) { /* with credProtect as browsers ask for it, and without */
                str auth = authenticator(&d, question.party, flags, 0), signature = sign(&d, auth, created());
                struct fido_key key;

                assert_int_equal(fido_register(&cx, &question, created(), packed(&d, auth, signature), &key), RC_OK);
                assert_int_equal(fido_register(&cx, &question, created(), none(auth), &key), RC_OK);
                refused(fido_register(&cx, &question, created(), packed(&d, auth, flip(signature, signature.n - 1)), &key), "attestation");
        }
}

static void what_was_not_asked_for(void **state)
{
        struct device d = device_of(FIDO_ES256), other = device_of(FIDO_ES256);
        struct fido_key key = registered(&d), untouched = { .algorithm = 1 };
        str auth = authenticator(&d, question.party, UP | UV, 8), new = none(authenticator(&d, question.party, UP | UV | AT, 0));
        str wrong_challenge = { "0123456789abcdef0123456789abcdeF", 32 }, client_data;
        int64_t count = -1;
        static const char *const origins[] = { "https://evil.example:8443",    "http://daicho.example:8443",  "https://daicho.example",
                                               "https://daicho.example:8443/", "https://daicho.example:8444", "" };

        refused(fido_register(&cx, &question, got(), new, &untouched), "type");
        refused(fido_assert(&cx, &question, &key, created(), auth, sign(&d, auth, created()), &count), "type");
        client_data = client("webauthn.get", wrong_challenge, question.origin);
        refused(fido_assert(&cx, &question, &key, client_data, auth, sign(&d, auth, client_data), &count), "challenge");
        refused(fido_register(&cx, &question, client("webauthn.create", wrong_challenge, question.origin), new, &untouched), "challenge");
        for (size_t i = 0; i < COUNT(origins); i++) {
                client_data = client("webauthn.get", question.challenge, str_of(origins[i]));
                refused(fido_assert(&cx, &question, &key, client_data, auth, sign(&d, auth, client_data), &count), "origin");
        }
        client_data = str_format(cx.mem, "{\"type\":\"webauthn.get\",\"challenge\":\"%.*s\",\"origin\":\"%.*s\",\"crossOrigin\":true}",
                                 STR_ARG(crypto_base64url(cx.mem, question.challenge.p, question.challenge.n)), STR_ARG(question.origin));
        refused(fido_assert(&cx, &question, &key, client_data, auth, sign(&d, auth, client_data), &count), "origin");
        auth = authenticator(&d, S("evil.example"), UP | UV, 8);
        refused(fido_assert(&cx, &question, &key, got(), auth, sign(&d, auth, got()), &count), "party");
        refused(fido_register(&cx, &question, created(), none(authenticator(&d, S("evil.example"), UP | UV | AT, 0)), &untouched), "party");
        auth = authenticator(&d, question.party, UV, 8);
        refused(fido_assert(&cx, &question, &key, got(), auth, sign(&d, auth, got()), &count), "presence");
        auth = authenticator(&d, question.party, UP, 8);
        refused(fido_assert(&cx, &question, &key, got(), auth, sign(&d, auth, got()), &count), "verification");
        refused(fido_register(&cx, &question, created(), none(authenticator(&d, question.party, UP | AT, 0)), &untouched), "verification");
        auth = authenticator(&d, question.party, UP | UV, 8);
        refused(fido_assert(&cx, &question, &key, got(), auth, sign(&other, auth, got()), &count), "signature");
        assert_int_equal(count, -1);
        assert_int_equal(untouched.algorithm, 1);
}

static void every_byte_counts(void **state)
{
        for (size_t i = 0; i < COUNT(algorithms); i++) {
                struct device d = device_of(algorithms[i]);
                struct fido_key key = registered(&d);
                str auth = authenticator(&d, question.party, UP | UV, 8), signature = sign(&d, auth, got());
                int64_t count;

                for (size_t at = 0; at < auth.n; at++)
                        refused(fido_assert(&cx, &question, &key, got(), flip(auth, at), signature, &count), NULL);
                for (size_t at = 0; at < signature.n; at++)
                        refused(fido_assert(&cx, &question, &key, got(), auth, flip(signature, at), &count), "signature");
                for (size_t n = 0; n < auth.n; n++)
                        refused(fido_assert(&cx, &question, &key, got(), (str){ auth.p, n }, signature, &count), NULL);
                for (size_t n = 0; n < signature.n; n++)
                        refused(fido_assert(&cx, &question, &key, got(), auth, (str){ signature.p, n }, &count), "signature");
                refused(fido_assert(&cx, &question, &key, str_format(cx.mem, "%.*s ", STR_ARG(got())), auth, signature, &count), "signature");
        }
}

static void broken_registrations(void **state)
{
        struct device d = device_of(FIDO_ES256);
        str auth = authenticator(&d, question.party, UP | UV | AT, 0), whole = none(auth);
        struct fido_key key = { .algorithm = 1 };
        static const char *const odd[] = {
                "",
                "\xa0",
                "\x80",
                "\xbf\xff",
                "\xa1\x63\x66mt\x64none",
                "\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
                "\xbb\x7f\xff\xff\xff\xff\xff\xff\xff",
                "\x5b\xff\xff\xff\xff\xff\xff\xff\xff",
                "\xd8\x18\xa0",
                "\xf6",
                "\x60",
                "text",
                "\x81\x81\x81\x81\x81\x81\x81\x81\x81\x81\xa0",
        };

        for (size_t n = 0; n < whole.n; n++)
                refused(fido_register(&cx, &question, created(), (str){ whole.p, n }, &key), "attestation");
        refused(fido_register(&cx, &question, created(), str_format(cx.mem, "%.*sx", (int)whole.n, whole.p), &key), NULL);
        for (size_t i = 0; i < COUNT(odd); i++)
                refused(fido_register(&cx, &question, created(), str_of(odd[i]), &key), "attestation");
        /* the key it tells is on no curve; its algorithm is not one of ours */
        refused(fido_register(&cx, &question, created(), flip(whole, whole.n - 1), &key), "key");
        d.claimed = -65535;
        refused(fido_register(&cx, &question, created(), none(authenticator(&d, question.party, UP | UV | AT, 0)), &key), NULL);
        d.claimed = FIDO_EDDSA;
        refused(fido_register(&cx, &question, created(), none(authenticator(&d, question.party, UP | UV | AT, 0)), &key), NULL);
        d.claimed = FIDO_ES256;
        d.id = (str){ arena_alloc(cx.mem, FIDO_CREDENTIAL_MAX + 1), FIDO_CREDENTIAL_MAX + 1 };
        refused(fido_register(&cx, &question, created(), none(authenticator(&d, question.party, UP | UV | AT, 0)), &key), "attestation");
        d.id = (str){ "", 0 };
        refused(fido_register(&cx, &question, created(), none(authenticator(&d, question.party, UP | UV | AT, 0)), &key), "attestation");
        /* without a key in it */
        refused(fido_register(&cx, &question, created(), none(authenticator(&d, question.party, UP | UV, 0)), &key), "attestation");
        assert_int_equal(key.algorithm, 1);
}

static void broken_client_data(void **state)
{
        struct device d = device_of(FIDO_ES256);
        struct fido_key key;
        str new = none(authenticator(&d, question.party, UP | UV | AT, 0));
        char *long_one = arena_alloc(cx.mem, FIDO_CLIENT_DATA_MAX + 1);
        static const char *const odd[] = {
                "",
                "{",
                "[]",
                "null",
                "\"webauthn.create\"",
                "{\"type\":[\"webauthn.create\"]}",
                "{\"type\":\"webauthn.create\"}",
                "{\"type\":\"webauthn.create\",\"type\":\"webauthn.create\"}",
                "{\"type\":\"webauthn.create\",\"challenge\":5}",
                "{\"type\":\"webauthn.create\",\"challenge\":\"!!\"}",
                "{\"type\":\"webauthn.create\",\"challenge\":\"\"}",
                "\xff\xfe",
        };

        memset(long_one, ' ', FIDO_CLIENT_DATA_MAX + 1);
        for (size_t i = 0; i < COUNT(odd); i++)
                refused(fido_register(&cx, &question, str_of(odd[i]), new, &key), NULL);
        refused(fido_register(&cx, &question, (str){ long_one, FIDO_CLIENT_DATA_MAX + 1 }, new, &key), "client data");
        refused(fido_register(&cx, &question, STR_NONE, new, &key), "client data");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(registers_and_asserts, setup, teardown),
                cmocka_unit_test_setup_teardown(packed_by_the_key_itself, setup, teardown),
                cmocka_unit_test_setup_teardown(what_was_not_asked_for, setup, teardown),
                cmocka_unit_test_setup_teardown(every_byte_counts, setup, teardown),
                cmocka_unit_test_setup_teardown(broken_registrations, setup, teardown),
                cmocka_unit_test_setup_teardown(broken_client_data, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
