/* crypto.c - see crypto.h. The digest is looked up once a process: a look-up costs more than hashing a cookie. */
#include "base/house.h"

#include "base/crypto.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/random.h>

struct crypto_hash {
        EVP_MD_CTX *md;
};

static const EVP_MD *sha256(void)
{
        static EVP_MD *found;

        if (found == NULL) {
                found = EVP_MD_fetch(NULL, "SHA256", NULL);
                must(found != NULL);
        }
        return found;
}

/* One context for what is hashed at once: making one costs more than a short hash. A process has one thread. */
static EVP_MD_CTX *fresh(void)
{
        static EVP_MD_CTX *kept;

        if (kept == NULL) {
                kept = EVP_MD_CTX_new();
                must(kept != NULL && EVP_DigestInit_ex(kept, sha256(), NULL) == 1);
        } else {
                must(EVP_DigestInit_ex(kept, NULL, NULL) == 1);
        }
        return kept;
}

void crypto_sha256_two(str first, str second, uint8_t ret[SHA256_SIZE])
{
        EVP_MD_CTX *md = fresh();

        must(EVP_DigestUpdate(md, first.p ? first.p : "", first.n) == 1 && EVP_DigestUpdate(md, second.p ? second.p : "", second.n) == 1 &&
             EVP_DigestFinal_ex(md, ret, NULL) == 1);
}

void crypto_sha256(str data, uint8_t ret[SHA256_SIZE])
{
        crypto_sha256_two(data, S(""), ret);
}

static void hash_drop(void *p)
{
        EVP_MD_CTX_free(p);
}

struct crypto_hash *crypto_hash_open(struct arena *mem)
{
        struct crypto_hash *hash = NEW(mem, struct crypto_hash);

        hash->md = EVP_MD_CTX_new();
        must(hash->md != NULL && EVP_DigestInit_ex(hash->md, sha256(), NULL) == 1);
        arena_defer(mem, hash_drop, hash->md);
        return hash;
}

void crypto_hash_add(struct crypto_hash *hash, str data)
{
        must(EVP_DigestUpdate(hash->md, data.p ? data.p : "", data.n) == 1);
}

void crypto_hash_end(struct crypto_hash *hash, uint8_t ret[SHA256_SIZE])
{
        must(EVP_DigestFinal_ex(hash->md, ret, NULL) == 1);
}

void crypto_hmac(str key, str data, uint8_t ret[SHA256_SIZE])
{
        unsigned n = SHA256_SIZE;

        must(HMAC(sha256(), key.p, (int)key.n, (const unsigned char *)data.p, data.n, ret, &n) != NULL && n == SHA256_SIZE);
}

void crypto_random(void *p, size_t size)
{
        char *at = p;

        while (size > 0) {
                size_t want = size < 256 ? size : 256; /* up to here getrandom gives all or nothing */

                must(getrandom(at, want, 0) == (ssize_t)want);
                at += want;
                size -= want;
        }
}

bool crypto_equal(str a, str b)
{
        return a.n == b.n && (a.n == 0 || CRYPTO_memcmp(a.p, b.p, a.n) == 0);
}

void crypto_wipe(void *p, size_t size)
{
        if (size > 0)
                explicit_bzero(p, size);
}

str crypto_hex(struct arena *mem, const void *p, size_t size)
{
        static const char digit[] = "0123456789abcdef";
        const uint8_t *from = p;
        char *to = arena_array(mem, size + 1, 2);

        for (size_t i = 0; i < size; i++) {
                to[i * 2] = digit[from[i] >> 4];
                to[i * 2 + 1] = digit[from[i] & 15];
        }
        return (str){ to, size * 2 };
}

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
static const char url_alphabet[] = LETTERS "-_", alphabet[] = LETTERS "+/";

static str base64(struct arena *mem, const void *p, size_t size, const char *digit, bool pad)
{
        const uint8_t *from = p;
        char *to = arena_array(mem, size / 3 + 1, 4);
        size_t n = 0;

        for (size_t i = 0; i < size; i += 3) {
                uint32_t three = (uint32_t)from[i] << 16 | (i + 1 < size ? (uint32_t)from[i + 1] << 8 : 0) | (i + 2 < size ? from[i + 2] : 0);
                size_t digits = i + 2 < size ? 4 : size - i + 1;

                for (size_t d = 0; d < digits; d++)
                        to[n++] = digit[three >> (18 - 6 * d) & 63];
        }
        while (pad && n % 4 != 0)
                to[n++] = '=';
        return (str){ to, n };
}

static bool base64_read(struct arena *mem, str text, const char *digit, str *ret)
{
        char *to = arena_alloc(mem, text.n / 4 * 3 + 4);
        uint32_t bits = 0;
        size_t n = 0, held = 0;

        if (text.n % 4 == 1)
                return false;
        for (size_t i = 0; i < text.n; i++) {
                const char *at = text.p[i] ? strchr(digit, text.p[i]) : NULL;

                if (at == NULL)
                        return false;
                bits = bits << 6 | (uint32_t)(at - digit);
                held += 6;
                if (held >= 8) {
                        held -= 8;
                        to[n++] = (char)(bits >> held);
                }
        }
        if ((bits & ((1u << held) - 1)) != 0)
                return false;
        *ret = (str){ to, n };
        return true;
}

str crypto_base64url(struct arena *mem, const void *p, size_t size)
{
        return base64(mem, p, size, url_alphabet, false);
}

bool crypto_base64url_read(struct arena *mem, str text, str *ret)
{
        return base64_read(mem, text, url_alphabet, ret);
}

str crypto_base64(struct arena *mem, const void *p, size_t size)
{
        return base64(mem, p, size, alphabet, true);
}

bool crypto_base64_read(struct arena *mem, str text, str *ret)
{
        if (text.n % 4 != 0)
                return false;
        for (int i = 0; i < 2 && str_ends(text, S("=")); i++)
                text.n--;
        return base64_read(mem, text, alphabet, ret);
}

void crypto_ed25519_public(const uint8_t seed[static ED25519_KEY_SIZE], uint8_t ret[static ED25519_KEY_SIZE])
{
        EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, ED25519_KEY_SIZE);
        size_t size = ED25519_KEY_SIZE;

        must(key != NULL && EVP_PKEY_get_raw_public_key(key, ret, &size) == 1 && size == ED25519_KEY_SIZE);
        EVP_PKEY_free(key);
}

void crypto_ed25519_sign(const uint8_t seed[static ED25519_KEY_SIZE], str data, uint8_t ret[static ED25519_SIGNATURE_SIZE])
{
        EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, ED25519_KEY_SIZE);
        EVP_MD_CTX *md = EVP_MD_CTX_new();
        size_t size = ED25519_SIGNATURE_SIZE;

        must(key != NULL && md != NULL && EVP_DigestSignInit(md, NULL, NULL, NULL, key) == 1 &&
             EVP_DigestSign(md, ret, &size, (const uint8_t *)data.p, data.n) == 1 && size == ED25519_SIGNATURE_SIZE);
        EVP_MD_CTX_free(md);
        EVP_PKEY_free(key);
}

bool crypto_ed25519_verify(const uint8_t key[static ED25519_KEY_SIZE], str data, str signature)
{
        EVP_PKEY *public = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, ED25519_KEY_SIZE);
        EVP_MD_CTX *md = EVP_MD_CTX_new();
        bool good;

        must(md != NULL);
        good = public != NULL && signature.n == ED25519_SIGNATURE_SIZE && EVP_DigestVerifyInit(md, NULL, NULL, NULL, public) == 1 &&
               EVP_DigestVerify(md, (const uint8_t *)signature.p, signature.n, (const uint8_t *)data.p, data.n) == 1;
        EVP_MD_CTX_free(md);
        EVP_PKEY_free(public);
        ERR_clear_error();
        return good;
}
