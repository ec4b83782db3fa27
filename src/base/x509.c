/* x509.c - see x509.h. OpenSSL refuses here only for want of memory or entropy: those are must(); what may be somebody's fault is an rc. */
#include "base/house.h"

#include "base/x509.h"

#include "base/crypto.h"
#include "base/fail.h"
#include "base/utf8.h"

#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509v3.h>

enum {
        NAME_CHARS = 64 /* ub-common-name */,
        ITERATIONS = 100000,
        MAC_ITERATIONS = 100000,
        SERIAL_BYTES = X509_SERIAL / 2,
        BACKDATE_S = 3600,
        DAY_S = 24 * 60 * 60
};

struct x509_authority {
        EVP_PKEY *key;
        X509 *certificate;
};

static void key_free(void *p)
{
        EVP_PKEY_free(p);
}

static void certificate_free(void *p)
{
        X509_free(p);
}

static void list_free(void *p)
{
        X509_CRL_free(p);
}

static void pkcs12_free(void *p)
{
        PKCS12_free(p);
}

static void bio_free(void *p)
{
        (void)BIO_free(p);
}

static BIO *bio_of(struct cx *cx, str text)
{
        BIO *bio = str_absent(text) ? BIO_new(BIO_s_mem()) : BIO_new_mem_buf(text.p, (int)text.n);

        must(bio != NULL);
        arena_defer(cx->mem, bio_free, bio);
        return bio;
}

static str bio_text(struct cx *cx, BIO *bio)
{
        char *p;
        long n = BIO_get_mem_data(bio, &p);

        must(n > 0);
        return str_copy(cx->mem, (str){ p, (size_t)n });
}

static EVP_PKEY *key_make(struct cx *cx)
{
        EVP_PKEY *key = EVP_EC_gen("P-256");

        must(key != NULL);
        arena_defer(cx->mem, key_free, key);
        return key;
}

/* At most 64 characters, as X.520 has it; never half a character. */
static str name_cut(str name)
{
        while (utf8_length(name) > NAME_CHARS) {
                name.n--;
                while (name.n > 0 && ((unsigned char)name.p[name.n] & 0xc0) == 0x80)
                        name.n--;
        }
        return name;
}

static void name_add(X509_NAME *to, const char *field, str text)
{
        str cut = name_cut(text);

        must(X509_NAME_add_entry_by_txt(to, field, MBSTRING_UTF8, (const unsigned char *)cut.p, (int)cut.n, -1, 0) == 1);
}

static void subject_set(X509 *certificate, str organisation, str name)
{
        X509_NAME *subject = X509_NAME_new();

        must(subject != NULL);
        name_add(subject, "O", organisation);
        name_add(subject, "CN", name);
        must(X509_set_subject_name(certificate, subject) == 1);
        X509_NAME_free(subject);
}

/* 16 random bytes; the first is 0x40 to 0x7f: positive, and always as many digits. */
static void serial_make(uint8_t ret[SERIAL_BYTES])
{
        crypto_random(ret, SERIAL_BYTES);
        ret[0] = (uint8_t)((ret[0] & 0x3f) | 0x40);
}

static ASN1_INTEGER *serial_of(const uint8_t bytes[SERIAL_BYTES])
{
        BIGNUM *number = BN_bin2bn(bytes, SERIAL_BYTES, NULL);
        ASN1_INTEGER *serial;

        must(number != NULL);
        serial = BN_to_ASN1_INTEGER(number, NULL);
        must(serial != NULL);
        BN_free(number);
        return serial;
}

static void extension_add(X509 *certificate, X509 *issuer, int nid, const char *value)
{
        X509V3_CTX context;
        X509_EXTENSION *extension;

        X509V3_set_ctx_nodb(&context);
        X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
        extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
        must(extension != NULL && X509_add_ext(certificate, extension, -1) == 1);
        X509_EXTENSION_free(extension);
}

static X509 *certificate_make(struct cx *cx, EVP_PKEY *key, const uint8_t serial[SERIAL_BYTES])
{
        X509 *certificate = X509_new();
        ASN1_INTEGER *number = serial_of(serial);

        must(certificate != NULL);
        arena_defer(cx->mem, certificate_free, certificate);
        must(X509_set_version(certificate, X509_VERSION_3) == 1 && X509_set_serialNumber(certificate, number) == 1);
        ASN1_INTEGER_free(number);
        must(X509_set_pubkey(certificate, key) == 1);
        return certificate;
}

void x509_authority_make(struct cx *cx, str name, str *ret_certificate, str *ret_key)
{
        uint8_t serial[SERIAL_BYTES];
        EVP_PKEY *key = key_make(cx);
        BIO *certificate_bio = bio_of(cx, STR_NONE), *key_bio = bio_of(cx, STR_NONE);
        X509 *certificate;

        serial_make(serial);
        certificate = certificate_make(cx, key, serial);
        subject_set(certificate, S("Daicho"), name);
        must(X509_set_issuer_name(certificate, X509_get_subject_name(certificate)) == 1);
        must(X509_gmtime_adj(X509_getm_notBefore(certificate), -BACKDATE_S) != NULL);
        must(X509_time_adj_ex(X509_getm_notAfter(certificate), X509_AUTHORITY_DAYS, 0, NULL) != NULL);
        extension_add(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
        extension_add(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign");
        extension_add(certificate, certificate, NID_ext_key_usage, "clientAuth");
        extension_add(certificate, certificate, NID_subject_key_identifier, "hash");
        must(X509_sign(certificate, key, EVP_sha256()) > 0);
        must(PEM_write_bio_X509(certificate_bio, certificate) == 1);
        must(PEM_write_bio_PKCS8PrivateKey(key_bio, key, NULL, NULL, 0, NULL, NULL) == 1);
        *ret_certificate = bio_text(cx, certificate_bio);
        *ret_key = bio_text(cx, key_bio);
}

rc x509_authority_open(struct cx *cx, str certificate, str key, struct x509_authority **ret)
{
        struct x509_authority *authority = NEW(cx->mem, struct x509_authority);

        authority->certificate = PEM_read_bio_X509(bio_of(cx, certificate), NULL, NULL, NULL);
        if (authority->certificate != NULL)
                arena_defer(cx->mem, certificate_free, authority->certificate);
        authority->key = PEM_read_bio_PrivateKey(bio_of(cx, key), NULL, NULL, NULL);
        if (authority->key != NULL)
                arena_defer(cx->mem, key_free, authority->key);
        if (authority->certificate == NULL || authority->key == NULL || X509_check_private_key(authority->certificate, authority->key) != 1)
                return fail(cx, RC_INVALID, NULL, "the certificate and the key of the authority do not belong together");
        *ret = authority;
        return RC_OK;
}

static str pkcs12_write(struct cx *cx, const struct x509_authority *authority, const struct x509_order *order, EVP_PKEY *key, X509 *certificate)
{
        const char *passphrase = str_z(cx->mem, order->passphrase);
        STACK_OF(X509) *chain = sk_X509_new_null();
        BIO *bio = bio_of(cx, STR_NONE);
        PKCS12 *bag;

        must(chain != NULL && sk_X509_push(chain, authority->certificate) > 0);
        bag = PKCS12_create(passphrase, str_z(cx->mem, order->name), key, certificate, chain, NID_aes_256_cbc, NID_aes_256_cbc, ITERATIONS, -1, 0);
        sk_X509_free(chain);
        must(bag != NULL);
        arena_defer(cx->mem, pkcs12_free, bag);
        must(PKCS12_set_mac(bag, passphrase, -1, NULL, 0, MAC_ITERATIONS, EVP_sha256()) == 1);
        must(i2d_PKCS12_bio(bio, bag) == 1);
        return bio_text(cx, bio);
}

void x509_issue(struct cx *cx, const struct x509_authority *authority, const struct x509_order *order, str *ret_serial, str *ret_pkcs12)
{
        static const char digit[] = "0123456789ABCDEF";
        char *hex = arena_alloc(cx->mem, X509_SERIAL + 1);
        uint8_t serial[SERIAL_BYTES];
        EVP_PKEY *key = key_make(cx);
        X509 *certificate;

        serial_make(serial);
        certificate = certificate_make(cx, key, serial);
        subject_set(certificate, order->organisation, order->name);
        must(X509_set_issuer_name(certificate, X509_get_subject_name(authority->certificate)) == 1);
        must(X509_gmtime_adj(X509_getm_notBefore(certificate), -BACKDATE_S) != NULL);
        must(X509_gmtime_adj(X509_getm_notAfter(certificate), (long)order->seconds) != NULL);
        extension_add(certificate, authority->certificate, NID_basic_constraints, "critical,CA:FALSE");
        extension_add(certificate, authority->certificate, NID_key_usage, "critical,digitalSignature");
        extension_add(certificate, authority->certificate, NID_ext_key_usage, "clientAuth");
        extension_add(certificate, authority->certificate, NID_subject_key_identifier, "hash");
        extension_add(certificate, authority->certificate, NID_authority_key_identifier, "keyid:always");
        must(X509_sign(certificate, authority->key, EVP_sha256()) > 0);
        *ret_pkcs12 = pkcs12_write(cx, authority, order, key, certificate);
        for (size_t i = 0; i < SERIAL_BYTES; i++) {
                hex[i * 2] = digit[serial[i] >> 4];
                hex[i * 2 + 1] = digit[serial[i] & 15];
        }
        *ret_serial = (str){ hex, X509_SERIAL };
}

static int hex_value(char c)
{
        return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool serial_read(str hex, uint8_t ret[SERIAL_BYTES])
{
        if (hex.n != X509_SERIAL)
                return false;
        for (size_t i = 0; i < SERIAL_BYTES; i++) {
                int high = hex_value(hex.p[i * 2]), low = hex_value(hex.p[i * 2 + 1]);

                if (high < 0 || low < 0)
                        return false;
                ret[i] = (uint8_t)(high << 4 | low);
        }
        return true;
}

static void revoked_add(X509_CRL *list, const uint8_t serial[SERIAL_BYTES], const ASN1_TIME *at)
{
        X509_REVOKED *entry = X509_REVOKED_new();
        ASN1_INTEGER *number = serial_of(serial);
        ASN1_TIME *when = ASN1_STRING_dup(at);

        must(entry != NULL && when != NULL);
        must(X509_REVOKED_set_serialNumber(entry, number) == 1 && X509_REVOKED_set_revocationDate(entry, when) == 1);
        ASN1_INTEGER_free(number);
        ASN1_TIME_free(when);
        must(X509_CRL_add0_revoked(list, entry) == 1);
}

/* RFC 5280, 5.2.1 and 5.2.3: a list names its authority's key and its own number. */
static void list_number(X509_CRL *list, const struct x509_authority *authority, int64_t number)
{
        ASN1_INTEGER *n = ASN1_INTEGER_new();
        X509V3_CTX context;
        X509_EXTENSION *extension;

        must(n != NULL && ASN1_INTEGER_set_int64(n, number) == 1);
        must(X509_CRL_add1_ext_i2d(list, NID_crl_number, n, 0, 0) == 1);
        ASN1_INTEGER_free(n);
        X509V3_set_ctx_nodb(&context);
        X509V3_set_ctx(&context, authority->certificate, NULL, NULL, list, 0);
        extension = X509V3_EXT_conf_nid(NULL, &context, NID_authority_key_identifier, "keyid:always");
        must(extension != NULL && X509_CRL_add_ext(list, extension, -1) == 1);
        X509_EXTENSION_free(extension);
}

rc x509_revoked(struct cx *cx, const struct x509_authority *authority, const str *serials, size_t count, int64_t number, int days, str *ret)
{
        X509_CRL *list = X509_CRL_new();
        ASN1_TIME *from = ASN1_TIME_new(), *until = ASN1_TIME_new();
        BIO *bio = bio_of(cx, STR_NONE);

        must(list != NULL && from != NULL && until != NULL);
        arena_defer(cx->mem, list_free, list);
        must(X509_gmtime_adj(from, -BACKDATE_S) != NULL && X509_gmtime_adj(until, (long)days * DAY_S) != NULL);
        must(X509_CRL_set_version(list, X509_CRL_VERSION_2) == 1);
        must(X509_CRL_set_issuer_name(list, X509_get_subject_name(authority->certificate)) == 1);
        must(X509_CRL_set1_lastUpdate(list, from) == 1 && X509_CRL_set1_nextUpdate(list, until) == 1);
        for (size_t i = 0; i < count; i++) {
                uint8_t serial[SERIAL_BYTES];

                if (!serial_read(serials[i], serial)) {
                        ASN1_TIME_free(from);
                        ASN1_TIME_free(until);
                        return fail(cx, RC_INVALID, NULL, "a serial number must have %d digits 0-9 and A-F", X509_SERIAL);
                }
                revoked_add(list, serial, from);
        }
        ASN1_TIME_free(from);
        ASN1_TIME_free(until);
        list_number(list, authority, number);
        must(X509_CRL_sort(list) == 1 && X509_CRL_sign(list, authority->key, EVP_sha256()) > 0);
        must(PEM_write_bio_X509_CRL(bio, list) == 1);
        *ret = bio_text(cx, bio);
        return RC_OK;
}
