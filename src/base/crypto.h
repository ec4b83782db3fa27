/* crypto.h - the few primitives the house uses, by OpenSSL's libcrypto and the kernel. No password hashing (identity), no TLS (nginx). */
#ifndef DAICHO_BASE_CRYPTO_H
#define DAICHO_BASE_CRYPTO_H

#include "base/arena.h"
#include "base/str.h"

enum { SHA256_SIZE = 32, ED25519_KEY_SIZE = 32, ED25519_SIGNATURE_SIZE = 64 };

/* FIPS 180-4. */
void crypto_sha256(str data, uint8_t ret[SHA256_SIZE]);
/* Of the two, one after the other, without copying them together. */
void crypto_sha256_two(str first, str second, uint8_t ret[SHA256_SIZE]);
/* HMAC (RFC 2104) with SHA-256. */
void crypto_hmac(str key, str data, uint8_t ret[SHA256_SIZE]);

/* SHA-256 of what comes in pieces; closed with the arena. */
struct crypto_hash;
struct crypto_hash *crypto_hash_open(struct arena *mem);
void crypto_hash_add(struct crypto_hash *hash, str data);
void crypto_hash_end(struct crypto_hash *hash, uint8_t ret[SHA256_SIZE]);

/* From the kernel's generator. */
void crypto_random(void *p, size_t size);
/* Takes the same time wherever the two differ; texts of different length are unequal. */
bool crypto_equal(str a, str b);
/* Overwrite a secret; not optimised away. */
void crypto_wipe(void *p, size_t size);

str crypto_hex(struct arena *mem, const void *p, size_t size); /* lower case */
/* RFC 4648 base64 with padding. The reader takes exactly that form: no line breaks, no stray bits, no missing padding. */
str crypto_base64(struct arena *mem, const void *p, size_t size);
bool crypto_base64_read(struct arena *mem, str text, str *ret);
/* RFC 4648 base64url without padding. The reader takes exactly that form: other characters, stray bits or a wrong length give false. */
str crypto_base64url(struct arena *mem, const void *p, size_t size);
bool crypto_base64url_read(struct arena *mem, str text, str *ret);

/* RFC 8032. seed: the 32 secret bytes. Verifying is false for anything that is not that key's signature of exactly these bytes. */
void crypto_ed25519_public(const uint8_t seed[ED25519_KEY_SIZE], uint8_t ret[ED25519_KEY_SIZE]);
void crypto_ed25519_sign(const uint8_t seed[ED25519_KEY_SIZE], str data, uint8_t ret[ED25519_SIGNATURE_SIZE]);
bool crypto_ed25519_verify(const uint8_t key[ED25519_KEY_SIZE], str data, str signature);

#endif
