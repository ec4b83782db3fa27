/* commitment.c - see commitment.h. */
#include "base/house.h"

#include "log/commitment.h"

#include "base/crypto.h"

void commitment_of(struct arena *mem, str salt, str detail, uint8_t ret[static COMMITMENT_SIZE])
{
        struct crypto_hash *hash = crypto_hash_open(mem);

        crypto_hash_add(hash, salt);
        crypto_hash_add(hash, detail);
        crypto_hash_end(hash, ret);
}
