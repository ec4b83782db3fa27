/* x509_test.c - what the authority signs is read back with OpenSSL: fields, purpose, passphrase, revocation. */
#include "base/house.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/x509.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509v3.h>

static struct cx cx;

static int setup(void **state)
{
        cx = (struct cx){ .mem = arena_open(MB(16)), .lang = LANG_EN };
        return 0;
}

static int teardown(void **state)
{
        arena_close(cx.mem);
        return 0;
}

static struct x509_authority *authority(str *ret_certificate)
{
        struct x509_authority *a;
        str key;

        x509_authority_make(&cx, S("test authority"), ret_certificate, &key);
        assert_int_equal(x509_authority_open(&cx, *ret_certificate, key, &a), RC_OK);
        return a;
}

static X509 *pem(str text)
{
        BIO *bio = BIO_new_mem_buf(text.p, (int)text.n);
        X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);

        (void)BIO_free(bio);
        return certificate;
}

static int verify(X509 *ca, X509 *certificate, X509_CRL *list)
{
        X509_STORE *store = X509_STORE_new();
        X509_STORE_CTX *context = X509_STORE_CTX_new();
        int result;

        (void)X509_STORE_add_cert(store, ca);
        if (list != NULL) {
                (void)X509_STORE_add_crl(store, list);
                (void)X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
        }
        (void)X509_STORE_CTX_init(context, store, certificate, NULL);
        (void)X509_STORE_CTX_set_purpose(context, X509_PURPOSE_SSL_CLIENT);
        (void)X509_verify_cert(context);
        result = X509_STORE_CTX_get_error(context);
        X509_STORE_CTX_free(context);
        X509_STORE_free(store);
        return result;
}

static void a_certificate_names_its_contract_and_opens_with_its_passphrase_only(void **state)
{
        struct x509_order order = { S("acme"), S("経理の花子のノートパソコン"), 86400, S("abcd-efgh") };
        str ca_pem, serial, bytes;
        struct x509_authority *a = authority(&ca_pem);
        const unsigned char *p;
        PKCS12 *bag;
        EVP_PKEY *key = NULL;
        X509 *certificate = NULL;
        STACK_OF(X509) *chain = NULL;
        char text[200];

        x509_issue(&cx, a, &order, &serial, &bytes);
        assert_int_equal(serial.n, X509_SERIAL);
        assert_true(serial.p[0] >= '4' && serial.p[0] <= '7');
        p = (const unsigned char *)bytes.p;
        bag = d2i_PKCS12(NULL, &p, (long)bytes.n);
        assert_non_null(bag);
        assert_int_equal(PKCS12_verify_mac(bag, "wrong", -1), 0);
        assert_int_equal(PKCS12_parse(bag, "abcd-efgh", &key, &certificate, &chain), 1);
        assert_int_equal(X509_check_private_key(certificate, key), 1);
        assert_int_equal(EVP_PKEY_get_bits(key), 256);
        assert_int_equal(X509_get_signature_nid(certificate), NID_ecdsa_with_SHA256);
        (void)X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_organizationName, text, sizeof(text));
        assert_string_equal(text, "acme");
        assert_int_equal(sk_X509_num(chain), 1);
        PKCS12_free(bag);
        EVP_PKEY_free(key);
        X509_free(certificate);
        sk_X509_pop_free(chain, X509_free);
}

static X509 *issued(const struct x509_authority *a, int64_t seconds, str *ret_serial)
{
        struct x509_order order = { S("acme"), S("x"), seconds, S("p") };
        const unsigned char *p;
        EVP_PKEY *key = NULL;
        X509 *certificate = NULL;
        PKCS12 *bag;
        str bytes;

        x509_issue(&cx, a, &order, ret_serial, &bytes);
        p = (const unsigned char *)bytes.p;
        bag = d2i_PKCS12(NULL, &p, (long)bytes.n);
        assert_int_equal(PKCS12_parse(bag, "p", &key, &certificate, NULL), 1);
        PKCS12_free(bag);
        EVP_PKEY_free(key);
        return certificate;
}

static X509_CRL *list_read(str text)
{
        BIO *bio = BIO_new_mem_buf(text.p, (int)text.n);
        X509_CRL *list = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL);

        (void)BIO_free(bio);
        return list;
}

static void the_list_revokes_what_it_names_and_nothing_else(void **state)
{
        str ca_pem, other_pem, good_serial, bad_serial, text;
        struct x509_authority *a = authority(&ca_pem), *other = authority(&other_pem);
        X509 *ca = pem(ca_pem), *other_ca = pem(other_pem);
        X509 *good = issued(a, 86400, &good_serial), *bad = issued(a, 86400, &bad_serial);
        X509 *old = issued(a, -2, &text), *foreign = issued(other, 86400, &text);
        X509_CRL *list;

        assert_int_equal(x509_revoked(&cx, a, &bad_serial, 1, 7, 7, &text), RC_OK);
        list = list_read(text);
        assert_non_null(list);
        assert_int_equal(verify(ca, good, list), X509_V_OK);
        assert_int_equal(verify(ca, bad, list), X509_V_ERR_CERT_REVOKED);
        assert_int_equal(verify(ca, old, list), X509_V_ERR_CERT_HAS_EXPIRED);
        assert_int_not_equal(verify(ca, foreign, NULL), X509_V_OK);
        assert_int_equal(verify(other_ca, foreign, NULL), X509_V_OK);
        X509_CRL_free(list);
        X509_free(ca);
        X509_free(other_ca);
        X509_free(good);
        X509_free(bad);
        X509_free(old);
        X509_free(foreign);
}

static void what_is_no_serial_is_refused(void **state)
{
        static const char *const odd[] = { "", "1", "4aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "4AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAG",
                                           "4AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" };
        str ca_pem, text;
        struct x509_authority *a = authority(&ca_pem);

        for (size_t i = 0; i < COUNT(odd); i++) {
                str serial = str_of(odd[i]);

                cx.failure = (struct failure){ 0 };
                assert_int_equal(x509_revoked(&cx, a, &serial, 1, 1, 7, &text), RC_INVALID);
        }
        cx.failure = (struct failure){ 0 };
        assert_int_equal(x509_revoked(&cx, a, NULL, 0, 1, 7, &text), RC_OK);
}

static void a_key_of_another_authority_is_refused(void **state)
{
        struct x509_authority *a;
        str one, one_key, two, two_key;

        x509_authority_make(&cx, S("one"), &one, &one_key);
        x509_authority_make(&cx, S("two"), &two, &two_key);
        cx.failure = (struct failure){ 0 };
        assert_int_equal(x509_authority_open(&cx, one, two_key, &a), RC_INVALID);
        cx.failure = (struct failure){ 0 };
        assert_int_equal(x509_authority_open(&cx, S("not a certificate"), two_key, &a), RC_INVALID);
        ERR_clear_error();
}

static void a_long_name_is_cut_at_a_character(void **state)
{
        char name[400];
        struct x509_order order = { S("acme"), STR_NONE, 86400, S("p") };
        str ca_pem, serial, bytes;
        struct x509_authority *a = authority(&ca_pem);

        for (size_t i = 0; i < 300; i += 3)
                memcpy(name + i, "\xe5\x8f\xb0", 3);
        order.name = (str){ name, 300 };
        x509_issue(&cx, a, &order, &serial, &bytes);
        assert_true(bytes.n > 500);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(a_certificate_names_its_contract_and_opens_with_its_passphrase_only, setup, teardown),
                cmocka_unit_test_setup_teardown(the_list_revokes_what_it_names_and_nothing_else, setup, teardown),
                cmocka_unit_test_setup_teardown(what_is_no_serial_is_refused, setup, teardown),
                cmocka_unit_test_setup_teardown(a_key_of_another_authority_is_refused, setup, teardown),
                cmocka_unit_test_setup_teardown(a_long_name_is_cut_at_a_character, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
