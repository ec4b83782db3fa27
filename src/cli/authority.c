/* authority.c - see authority.h. */
#include "base/house.h"

#include "cli/authority.h"

#include "base/buf.h"
#include "base/crypto.h"
#include "base/fail.h"
#include "base/file.h"
#include "base/x509.h"
#include "cli/place.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <time.h>
#include <unistd.h>

enum { CA_DAYS = 3650, SERVER_DAYS = 397, RENEW_DAYS = 30, LIST_DAYS = 7, LIST_MAX = 4 << 20, PEM_MAX = 64 << 10, DAY = 24 * 60 * 60 };

static void key_free(void *key)
{
        EVP_PKEY_free(key);
}

static void certificate_free(void *certificate)
{
        X509_free(certificate);
}

static void bio_free(void *bio)
{
        (void)BIO_free(bio);
}

static BIO *bio_of(struct cx *cx, str text)
{
        BIO *bio = str_absent(text) ? BIO_new(BIO_s_mem()) : BIO_new_mem_buf(text.p, (int)text.n);

        must(bio != NULL);
        arena_defer(cx->mem, bio_free, bio);
        return bio;
}

static str bio_text(BIO *bio)
{
        char *p;
        long n = BIO_get_mem_data(bio, &p);

        return (str){ p, (size_t)n };
}

static EVP_PKEY *key_make(struct cx *cx)
{
        EVP_PKEY *key = EVP_EC_gen("P-256");

        must(key != NULL);
        arena_defer(cx->mem, key_free, key);
        return key;
}

static EVP_PKEY *key_read(struct cx *cx, const char *path)
{
        EVP_PKEY *key;
        str pem;

        if (access(path, F_OK) != 0 || file_read(cx, path, PEM_MAX, &pem) != RC_OK)
                return NULL;
        key = PEM_read_bio_PrivateKey(bio_of(cx, pem), NULL, NULL, NULL);
        if (key != NULL)
                arena_defer(cx->mem, key_free, key);
        return key;
}

static X509 *certificate_read(struct cx *cx, const char *path)
{
        X509 *certificate;
        str pem;

        if (access(path, F_OK) != 0 || file_read(cx, path, PEM_MAX, &pem) != RC_OK)
                return NULL;
        certificate = PEM_read_bio_X509(bio_of(cx, pem), NULL, NULL, NULL);
        if (certificate != NULL)
                arena_defer(cx->mem, certificate_free, certificate);
        return certificate;
}

static rc key_write(struct cx *cx, const char *path, EVP_PKEY *key)
{
        BIO *bio = bio_of(cx, STR_NONE);

        must(PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1);
        return file_write(cx, path, bio_text(bio), 0600);
}

static rc certificate_write(struct cx *cx, const char *path, X509 *certificate, X509 *issuer)
{
        BIO *bio = bio_of(cx, STR_NONE);

        must(PEM_write_bio_X509(bio, certificate) == 1);
        must(issuer == NULL || PEM_write_bio_X509(bio, issuer) == 1);
        return file_write(cx, path, bio_text(bio), 0644);
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

static void serial_set(X509 *certificate)
{
        BIGNUM *number = BN_new();

        must(number != NULL && BN_rand(number, 127, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1);
        must(BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL);
        BN_free(number);
}

/* issuer NULL: signs itself. */
static X509 *certificate_make(struct cx *cx, const char *name, EVP_PKEY *key, int days, X509 *issuer)
{
        X509 *certificate = X509_new();
        X509_NAME *subject = X509_NAME_new();

        must(certificate != NULL && subject != NULL);
        arena_defer(cx->mem, certificate_free, certificate);
        must(X509_set_version(certificate, X509_VERSION_3) == 1);
        serial_set(certificate);
        must(X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_UTF8, (const unsigned char *)"Daicho", -1, -1, 0) == 1);
        must(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0) == 1);
        must(X509_set_subject_name(certificate, subject) == 1);
        must(X509_set_issuer_name(certificate, issuer ? X509_get_subject_name(issuer) : subject) == 1);
        X509_NAME_free(subject);
        must(X509_gmtime_adj(X509_getm_notBefore(certificate), -DAY) != NULL);
        must(X509_time_adj_ex(X509_getm_notAfter(certificate), days, 0, NULL) != NULL);
        must(X509_set_pubkey(certificate, key) == 1);
        return certificate;
}

static bool lasts(const X509 *certificate, int days)
{
        int left = 0, seconds = 0;

        return certificate != NULL && ASN1_TIME_diff(&left, &seconds, NULL, X509_get0_notAfter(certificate)) == 1 && left >= days;
}

static rc authority_open(struct cx *cx, str dir, EVP_PKEY **ret_key, X509 **ret_certificate)
{
        const char *key_path = place_path(cx, dir, "secret/ca.key"), *path = place_path(cx, dir, "tls/ca.crt");
        EVP_PKEY *key = key_read(cx, key_path);
        X509 *certificate = certificate_read(cx, path);

        if (key == NULL || !lasts(certificate, SERVER_DAYS + 1) || X509_check_private_key(certificate, key) != 1) {
                key = key_make(cx);
                certificate = certificate_make(cx, str_z(cx->mem, str_format(cx->mem, "Daicho authority %.*s", STR_ARG(place_random(cx, 6)))), key,
                                               CA_DAYS, NULL);
                extension_add(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
                extension_add(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign");
                extension_add(certificate, certificate, NID_subject_key_identifier, "hash");
                must(X509_sign(certificate, key, EVP_sha256()) > 0);
                TRY(key_write(cx, key_path, key));
                TRY(certificate_write(cx, path, certificate, NULL));
        }
        *ret_key = key;
        *ret_certificate = certificate;
        return RC_OK;
}

static bool is_address(struct cx *cx, str name)
{
        unsigned char bytes[16];

        return inet_pton(AF_INET, str_z(cx->mem, name), bytes) == 1 || inet_pton(AF_INET6, str_z(cx->mem, name), bytes) == 1;
}

/* A DNS name of letters, digits, hyphens and dots: what may stand in the certificate and in nginx.conf. */
static bool is_name(str name)
{
        for (size_t i = 0; i < name.n; i++) {
                char c = name.p[i];

                if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.'))
                        return false;
        }
        return name.n > 0 && name.n <= 253;
}

static rc names_list(struct cx *cx, str host, const char **ret)
{
        struct buf list = buf_open(cx->mem, KB(4));
        char machine[256] = "";

        if (!is_name(host) && !is_address(cx, host))
                return fail(cx, RC_INVALID, "host", "must be a host name or an address, not \"%.*s\"", STR_ARG(host));
        buf_text(&list, "DNS:localhost,IP:127.0.0.1,IP:::1");
        if (is_address(cx, host))
                buf_format(&list, ",IP:%.*s", STR_ARG(host));
        else if (!str_is(host, "localhost"))
                buf_format(&list, ",DNS:%.*s", STR_ARG(host));
        (void)gethostname(machine, sizeof(machine) - 1);
        if (is_name(str_of(machine)) && !str_is(host, machine) && strcmp(machine, "localhost") != 0)
                buf_format(&list, ",DNS:%s", machine);
        *ret = str_z(cx->mem, buf_str(&list));
        return RC_OK;
}

static bool is_for(X509 *certificate, struct cx *cx, str host)
{
        const char *z = str_z(cx->mem, host);

        return X509_check_host(certificate, z, 0, 0, NULL) == 1 || X509_check_ip_asc(certificate, z, 0) == 1;
}

rc authority_ensure(struct cx *cx, str dir, str host, bool *ret_fresh)
{
        const char *key_path = place_path(cx, dir, "secret/server.key"), *path = place_path(cx, dir, "tls/server.crt");
        const char *names;
        X509 *authority, *certificate = certificate_read(cx, path);
        EVP_PKEY *authority_key, *key = key_read(cx, key_path);

        TRY(names_list(cx, host, &names));
        TRY(authority_open(cx, dir, &authority_key, &authority));
        if (key != NULL && lasts(certificate, RENEW_DAYS) && is_for(certificate, cx, host) && X509_verify(certificate, authority_key) == 1 &&
            X509_check_private_key(certificate, key) == 1) {
                *ret_fresh = false;
                return RC_OK;
        }
        key = key_make(cx);
        certificate = certificate_make(cx, host.n <= 64 ? str_z(cx->mem, host) : "Daicho", key, SERVER_DAYS, authority);
        extension_add(certificate, authority, NID_basic_constraints, "critical,CA:FALSE");
        extension_add(certificate, authority, NID_key_usage, "critical,digitalSignature");
        extension_add(certificate, authority, NID_ext_key_usage, "serverAuth");
        extension_add(certificate, authority, NID_subject_alt_name, names);
        extension_add(certificate, authority, NID_subject_key_identifier, "hash");
        extension_add(certificate, authority, NID_authority_key_identifier, "keyid:always");
        must(X509_sign(certificate, authority_key, EVP_sha256()) > 0);
        TRY(key_write(cx, key_path, key));
        TRY(certificate_write(cx, path, certificate, authority));
        *ret_fresh = true;
        return RC_OK;
}

rc authority_clients_ensure(struct cx *cx, str dir)
{
        const char *key_path = place_path(cx, dir, "secret/client-ca.key"), *path = place_path(cx, dir, "tls/client-ca.crt");
        str certificate, key;
        bool fresh;

        TRY(file_directory(cx, place_path(cx, dir, "run/watch"), 0700));
        /* never replaced silently: every certificate out there would be worth nothing */
        if (access(path, F_OK) != 0 || access(key_path, F_OK) != 0) {
                x509_authority_make(cx, str_format(cx->mem, "Daicho clients %.*s", STR_ARG(place_random(cx, 6))), &certificate, &key);
                TRY(file_write(cx, key_path, key, 0600));
                TRY(file_write(cx, path, certificate, 0644));
        }
        return authority_clients_revoke(cx, dir, &fresh);
}

rc authority_clients_open(struct cx *cx, str dir, struct x509_authority **ret)
{
        str certificate, key;

        TRY(file_read(cx, place_path(cx, dir, "tls/client-ca.crt"), PEM_MAX, &certificate));
        TRY(file_read(cx, place_path(cx, dir, "secret/client-ca.key"), PEM_MAX, &key));
        return x509_authority_open(cx, certificate, key, ret);
}

static rc list_write(struct cx *cx, str dir, str text, int64_t now)
{
        struct x509_authority *authority;
        size_t count = 0, max = text.n / (X509_SERIAL + 1) + 1;
        str *serials = NEW_ARRAY(cx->mem, str, max), list;

        while (text.n > 0 && count < max) {
                str line = str_cut(text, '\n', &text);

                if (!str_empty(line))
                        serials[count++] = line;
        }
        TRY(authority_clients_open(cx, dir, &authority));
        TRY(x509_revoked(cx, authority, serials, count, now, LIST_DAYS, &list));
        return file_write(cx, place_path(cx, dir, "tls/client.crl"), list, 0644);
}

rc authority_clients_revoke(struct cx *cx, str dir, bool *ret_fresh)
{
        static uint8_t known[SHA256_SIZE];
        static int64_t written;
        const char *path = place_path(cx, dir, "run/watch/revoked");
        uint8_t hash[SHA256_SIZE];
        struct timespec now;
        str text = S("");

        if (access(path, F_OK) == 0)
                TRY(file_read(cx, path, LIST_MAX, &text));
        crypto_sha256(text, hash);
        (void)clock_gettime(CLOCK_REALTIME, &now);
        *ret_fresh = false;
        if (written != 0 && now.tv_sec - written < LIST_DAYS * DAY / 2 && memcmp(hash, known, sizeof(hash)) == 0)
                return RC_OK;
        TRY(list_write(cx, dir, text, now.tv_sec));
        memcpy(known, hash, sizeof(known));
        written = now.tv_sec;
        *ret_fresh = true;
        return RC_OK;
}
