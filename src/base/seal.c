/* seal.c - see seal.h. */
#include "base/house.h"

#include "base/seal.h"

#include "base/crypto.h"
#include "base/fail.h"

#include <openssl/evp.h>

enum { NONCE_SIZE = 12, TAG_SIZE = 16, HEAD = 1 + NONCE_SIZE };

static struct {
        uint8_t number; /* 1..255 */
        uint8_t key[SEAL_KEY_SIZE];
} keys[SEAL_KEYS_MAX];
static size_t key_count; /* the last one seals */

str seal_key_line(struct arena *mem, int number)
{
        uint8_t key[SEAL_KEY_SIZE];
        str line;

        must(number >= 1 && number <= 255);
        crypto_random(key, sizeof(key));
        line = str_format(mem, "%d %.*s\n", number, STR_ARG(crypto_base64url(mem, key, sizeof(key))));
        crypto_wipe(key, sizeof(key));
        return line;
}

static rc key_add(struct cx *cx, str line)
{
        str encoded, number = str_cut(line, ' ', &encoded), key;
        int64_t n;

        if (str_absent(encoded) || !str_int(number, &n) || n < 1 || n > 255 || !crypto_base64url_read(cx->mem, encoded, &key) ||
            key.n != SEAL_KEY_SIZE)
                return fail(cx, RC_INVALID, NULL, "a line of the factor key must be a number and 32 bytes as base64url");
        for (size_t i = 0; i < key_count; i++)
                if (keys[i].number == n)
                        return fail(cx, RC_INVALID, NULL, "a line of the factor key must be a number and 32 bytes as base64url");
        if (key_count == SEAL_KEYS_MAX)
                return fail(cx, RC_INVALID, NULL, "a line of the factor key must be a number and 32 bytes as base64url");
        keys[key_count].number = (uint8_t)n;
        memcpy(keys[key_count++].key, key.p, SEAL_KEY_SIZE);
        return RC_OK;
}

rc seal_start(struct cx *cx, str text)
{
        key_count = 0;
        while (!str_absent(text)) {
                str line = str_trim(str_cut(text, '\n', &text));

                if (line.n > 0)
                        TRY(key_add(cx, line));
        }
        if (key_count == 0)
                return fail(cx, RC_INVALID, NULL, "a line of the factor key must be a number and 32 bytes as base64url");
        return RC_OK;
}

bool seal_ready(void)
{
        return key_count > 0;
}

static const uint8_t *bytes(str s)
{
        return (const uint8_t *)(s.p ? s.p : "");
}

str seal_close(struct arena *mem, str secret, str bound)
{
        EVP_CIPHER_CTX *work = EVP_CIPHER_CTX_new();
        uint8_t *out = arena_alloc(mem, secret.n + SEAL_EXTRA);
        int n;

        must(key_count > 0 && secret.n <= KB(64) && work != NULL);
        out[0] = keys[key_count - 1].number;
        crypto_random(out + 1, NONCE_SIZE);
        must(EVP_EncryptInit_ex(work, EVP_aes_256_gcm(), NULL, keys[key_count - 1].key, out + 1) == 1);
        must(EVP_EncryptUpdate(work, NULL, &n, out, 1) == 1); /* the number is authenticated, too */
        must(EVP_EncryptUpdate(work, NULL, &n, bytes(bound), (int)bound.n) == 1);
        must(EVP_EncryptUpdate(work, out + HEAD, &n, bytes(secret), (int)secret.n) == 1 && (size_t)n == secret.n);
        must(EVP_EncryptFinal_ex(work, out + HEAD + n, &n) == 1);
        must(EVP_CIPHER_CTX_ctrl(work, EVP_CTRL_GCM_GET_TAG, TAG_SIZE, out + HEAD + secret.n) == 1);
        EVP_CIPHER_CTX_free(work);
        return (str){ (const char *)out, secret.n + SEAL_EXTRA };
}

static bool decrypt(EVP_CIPHER_CTX *work, const uint8_t *key, const uint8_t *in, size_t n, str bound, uint8_t *out)
{
        uint8_t tag[TAG_SIZE];
        int got;

        memcpy(tag, in + HEAD + n, TAG_SIZE);
        return EVP_DecryptInit_ex(work, EVP_aes_256_gcm(), NULL, key, in + 1) == 1 && EVP_DecryptUpdate(work, NULL, &got, in, 1) == 1 &&
               EVP_DecryptUpdate(work, NULL, &got, bytes(bound), (int)bound.n) == 1 && EVP_DecryptUpdate(work, out, &got, in + HEAD, (int)n) == 1 &&
               EVP_CIPHER_CTX_ctrl(work, EVP_CTRL_GCM_SET_TAG, TAG_SIZE, tag) == 1 && EVP_DecryptFinal_ex(work, out + n, &got) == 1;
}

bool seal_open(struct arena *mem, str sealed, str bound, str *ret, bool *ret_old)
{
        EVP_CIPHER_CTX *work;
        uint8_t *out;
        size_t n, at = 0;
        bool good;

        if (sealed.n < SEAL_EXTRA || sealed.n > KB(64) + SEAL_EXTRA)
                return false;
        while (at < key_count && keys[at].number != bytes(sealed)[0])
                at++;
        if (at == key_count)
                return false;
        n = sealed.n - SEAL_EXTRA;
        out = arena_alloc(mem, n + 1);
        work = EVP_CIPHER_CTX_new();
        must(work != NULL);
        good = decrypt(work, keys[at].key, bytes(sealed), n, bound, out);
        EVP_CIPHER_CTX_free(work);
        if (!good) {
                crypto_wipe(out, n);
                return false;
        }
        *ret = (str){ (const char *)out, n };
        *ret_old = at + 1 < key_count;
        return true;
}
