/* keys.c - see keys.h. All bits of a key lie in one cache line; the hash is seeded, so that nobody can prepare a file of collisions. */
#include "base/house.h"

#include "register/keys.h"

#include "base/crypto.h"

enum { LINES = 1 << 17, WORDS = 8, PROBES = 6 };

struct keys {
        uint64_t seed;
        uint64_t line[LINES][WORDS];
};

struct keys *keys_open(struct arena *mem)
{
        struct keys *keys = NEW(mem, struct keys);

        crypto_random(&keys->seed, sizeof(keys->seed));
        return keys;
}

static uint64_t mix(uint64_t a, uint64_t b)
{
        unsigned __int128 product = (unsigned __int128)a * b;

        return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t hash(uint64_t seed, str s)
{
        uint64_t h = mix(seed ^ 0x9e3779b97f4a7c15u, s.n ^ 0xd1342543de82ef95u);

        while (s.n > 0) {
                uint64_t word = 0;
                size_t n = s.n < 8 ? s.n : 8;

                memcpy(&word, s.p, n);
                h = mix(h ^ word, 0xa0761d6478bd642fu);
                s = (str){ s.p + n, s.n - n };
        }
        return mix(h, 0xe7037ed1a0b428dbu);
}

bool keys_seen(struct keys *keys, str key)
{
        uint64_t h = hash(keys->seed, key), bits = mix(h, 0x8ebc6af09c88c6e3u);
        uint64_t *line = keys->line[h % LINES];
        bool seen = true;

        for (int i = 0; i < PROBES; i++, bits >>= 9) {
                uint64_t bit = UINT64_C(1) << (bits & 63);
                uint64_t *word = &line[bits >> 6 & (WORDS - 1)];

                seen = seen && (*word & bit) != 0;
                *word |= bit;
        }
        return seen;
}
