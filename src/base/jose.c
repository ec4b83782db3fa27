/* jose.c - see jose.h. The shape of a token and of a key is checked here, strictly, before libcjose computes anything: it takes what it is given. */
#include "base/house.h"

#include "base/jose.h"

#include "base/crypto.h"
#include "base/fail.h"

#include <cjose/cjose.h>

enum { RSA_BYTES_MIN = 256, RSA_BYTES_MAX = 1024, P256_BYTES = 32, ES256_BYTES = 64, SECRET_MIN = 16, SECRET_MAX = 512 };

/* How to add an algorithm: a line here, and its key type in key_fits(). */
static const struct algorithm {
        const char *name;
        const char *type; /* kty */
} known[] = { { "RS256", "RSA" }, { "PS256", "RSA" }, { "ES256", "EC" }, { "HS256", "oct" } };

struct parts {
        str header, payload, signature; /* decoded */
        const struct algorithm *algorithm;
        str key;
};

static rc malformed(struct cx *cx)
{
        return fail(cx, RC_UNAUTHORIZED, NULL, "the provider's token cannot be read");
}

/* A JSON object; why it is none interests nobody who could do anything about it. */
static bool object_read(struct cx *cx, str text, json_t **ret)
{
        struct failure before = cx->failure;
        json_t *v = NULL;
        bool good = json_read(cx, text, &v) == RC_OK && json_is_object(v);

        cx->failure = before;
        *ret = v;
        return good;
}

static bool split(struct cx *cx, str token, struct parts *ret)
{
        str rest, header = str_cut(token, '.', &rest), payload, signature;

        if (token.n > JOSE_TOKEN_MAX || str_absent(rest))
                return false;
        payload = str_cut(rest, '.', &signature);
        if (str_absent(signature) || memchr(signature.p, '.', signature.n) != NULL || header.n > JOSE_HEADER_MAX)
                return false;
        return crypto_base64url_read(cx->mem, header, &ret->header) && crypto_base64url_read(cx->mem, payload, &ret->payload) &&
               crypto_base64url_read(cx->mem, signature, &ret->signature);
}

static const struct algorithm *algorithm_find(str name, const char *const *allowed)
{
        for (; *allowed != NULL; allowed++) {
                if (!str_is(name, *allowed))
                        continue;
                for (size_t i = 0; i < COUNT(known); i++)
                        if (str_is(name, known[i].name))
                                return &known[i];
        }
        return NULL;
}

/* The header says which algorithm and key; `crit` asks for extensions, of which none is known here. */
static rc header_read(struct cx *cx, const char *const *allowed, struct parts *parts)
{
        json_t *header;
        str type;

        if (!object_read(cx, parts->header, &header))
                return malformed(cx);
        type = json_get_text(header, "typ");
        parts->key = json_get_text(header, "kid");
        if (json_object_get(header, "crit") != NULL || json_object_get(header, "b64") != NULL || json_object_get(header, "enc") != NULL ||
            json_object_get(header, "zip") != NULL || (json_object_get(header, "typ") != NULL && !str_equal_nocase(type, S("JWT"))) ||
            (json_object_get(header, "kid") != NULL && (str_absent(parts->key) || parts->key.n > 500)))
                return malformed(cx);
        parts->algorithm = algorithm_find(json_get_text(header, "alg"), allowed);
        if (parts->algorithm == NULL)
                return fail(cx, RC_UNAUTHORIZED, NULL, "the provider's token is signed in a way that is not taken here");
        return RC_OK;
}

static bool part_read(struct cx *cx, const json_t *key, const char *name, size_t min, size_t max)
{
        str bytes;

        return crypto_base64url_read(cx->mem, json_get_text(key, name), &bytes) && bytes.n >= min && bytes.n <= max;
}

static bool key_fits(struct cx *cx, const json_t *key, const struct parts *parts)
{
        str use = json_get_text(key, "use"), algorithm = json_get_text(key, "alg");

        if (!str_is(json_get_text(key, "kty"), parts->algorithm->type) || str_is(str_of(parts->algorithm->type), "oct"))
                return false;
        if ((!str_absent(use) && !str_is(use, "sig")) || (!str_absent(algorithm) && !str_is(algorithm, parts->algorithm->name)))
                return false;
        if (!str_absent(parts->key) && !str_equal(json_get_text(key, "kid"), parts->key))
                return false;
        if (str_is(str_of(parts->algorithm->type), "RSA"))
                return part_read(cx, key, "n", RSA_BYTES_MIN, RSA_BYTES_MAX) && part_read(cx, key, "e", 1, 8);
        return str_is(json_get_text(key, "crv"), "P-256") && part_read(cx, key, "x", P256_BYTES, P256_BYTES) &&
               part_read(cx, key, "y", P256_BYTES, P256_BYTES);
}

/* A token that names no key takes the only one there is for its algorithm; of several none is right. */
static const json_t *key_find(struct cx *cx, const json_t *set, const struct parts *parts)
{
        const json_t *list = json_object_get(set, "keys"), *found = NULL;

        for (size_t i = 0; i < json_array_size(list) && i < JOSE_KEYS_MAX; i++) {
                const json_t *key = json_array_get(list, i);

                if (!json_is_object(key) || !key_fits(cx, key, parts))
                        continue;
                if (found != NULL)
                        return NULL;
                found = key;
        }
        return found;
}

/* Only the public numbers go on. libcjose reads as many bytes of the signature as the key is long: it must have them. */
static cjose_jwk_t *key_import(struct cx *cx, const json_t *key, const struct parts *parts)
{
        static const char *const members[] = { "kty", "n", "e", "crv", "x", "y" };
        json_t *bare = json_object();
        cjose_err error;
        str text, n;

        for (size_t i = 0; i < COUNT(members); i++)
                if (json_object_get(key, members[i]) != NULL)
                        json_set(bare, members[i], json_str(json_get_text(key, members[i])));
        if (str_is(str_of(parts->algorithm->type), "RSA")) {
                if (!crypto_base64url_read(cx->mem, json_get_text(key, "n"), &n) || n.p[0] == '\0' || parts->signature.n != n.n)
                        return NULL;
        } else if (parts->signature.n != ES256_BYTES) {
                return NULL;
        }
        text = json_write(cx->mem, bare);
        return cjose_jwk_import(text.p, text.n, &error);
}

static rc signature_check(struct cx *cx, str token, cjose_jwk_t *key)
{
        cjose_err error;
        cjose_jws_t *jws = key ? cjose_jws_import(token.p, token.n, &error) : NULL;
        bool good = jws != NULL && cjose_jws_verify(jws, key, &error);

        cjose_jws_release(jws);
        if (key != NULL)
                (void)cjose_jwk_release(key);
        return good ? RC_OK : fail(cx, RC_UNAUTHORIZED, NULL, "the signature of the provider's token is not right");
}

static cjose_jwk_t *secret_key(str secret, const struct parts *parts)
{
        cjose_err error;

        if (str_absent(secret) || secret.n < SECRET_MIN || secret.n > SECRET_MAX || parts->signature.n != SHA256_SIZE)
                return NULL;
        return cjose_jwk_create_oct_spec((const uint8_t *)secret.p, secret.n, &error);
}

rc jose_verify(struct cx *cx, str token, const json_t *keys, str secret, const char *const *algorithms, struct jose *ret)
{
        struct parts parts = { .key = STR_NONE };
        const json_t *key;
        json_t *claims;

        if (str_absent(token) || !split(cx, token, &parts))
                return malformed(cx);
        TRY(header_read(cx, algorithms, &parts));
        if (!object_read(cx, parts.payload, &claims))
                return malformed(cx);
        if (str_is(str_of(parts.algorithm->type), "oct")) {
                TRY(signature_check(cx, token, secret_key(secret, &parts)));
        } else {
                key = key_find(cx, keys, &parts);
                if (key == NULL)
                        return fail(cx, RC_UNKNOWN, NULL, "the provider's token is signed with a key the provider does not list");
                TRY(signature_check(cx, token, key_import(cx, key, &parts)));
        }
        *ret = (struct jose){ .claims = claims, .algorithm = str_of(parts.algorithm->name), .key = parts.key };
        return RC_OK;
}

str jose_half_hash(struct arena *mem, str token)
{
        uint8_t hash[SHA256_SIZE];

        crypto_sha256(token, hash);
        return crypto_base64url(mem, hash, SHA256_SIZE / 2);
}
