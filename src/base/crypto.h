/* crypto.h - the few primitives the house uses, by OpenSSL's libcrypto and the kernel. No password hashing (identity), no TLS (nginx). */
#ifndef DAICHO_BASE_CRYPTO_H
#define DAICHO_BASE_CRYPTO_H

#include "base/arena.h"
#include "base/str.h"

enum { SHA256_SIZE = 32 };

/* FIPS 180-4. */
void crypto_sha256(str data, uint8_t ret[SHA256_SIZE]);

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
/* RFC 4648 base64url without padding. The reader takes exactly that form: other characters, stray bits or a wrong length give false. */
str crypto_base64url(struct arena *mem, const void *p, size_t size);
bool crypto_base64url_read(struct arena *mem, str text, str *ret);

#endif
