/* password.c - see password.h. Standard: OpenBSD's bcrypt, variant $2b$, by libxcrypt. */
#include "base/house.h"

#include "identity/password.h"

#include "base/crypto.h"
#include "base/fail.h"
#include "base/utf8.h"

#include <crypt.h>
#include <stdio.h>

enum { HASH_SIZE = 60 };

static int cost_now = PASSWORD_COST;
/* Compared with when there is no account: nobody's password (a random one, forgotten), cost as now. */
static char dummy[CRYPT_OUTPUT_SIZE];

void password_start(int cost)
{
        must(cost >= PASSWORD_COST_MIN && cost <= PASSWORD_COST_MAX);
        cost_now = cost;
        dummy[0] = 0;
}

/* Tried first by whoever guesses. Long lists and judgement of strength come with the tenant's policy. */
static const char *const guessable[] = {
        "password", "passw0rd", "password1",  "password123",     "p@ssw0rd",      "12345678", "123456789",  "1234567890", "11111111",
        "00000000", "qwertyui", "qwertyuiop", "qwerty123",       "1qaz2wsx",      "1q2w3e4r", "1q2w3e4r5t", "zaq12wsx",   "abcd1234",
        "abcdefgh", "asdfghjk", "asdfghjkl",  "iloveyou",        "sunshine",      "football", "baseball",   "princess",   "superman",
        "trustno1", "letmein1", "welcome1",   "admin123",        "administrator", "changeme", "sakura123",  "nihon123",   "tokyo2020",
        "arigatou", "arigato1", "konnichiwa", "ohayougozaimasu", "pasuwaado",     "doraemon", "pokemon1",   "87654321",   "aaaaaaaa",
        "88888888", "abc12345", "a1b2c3d4",   "daicho123",       "daichodaicho",
};

rc password_check(struct cx *cx, str password, str login, str tenant, const char *item)
{
        if (str_absent(password) || password.n == 0)
                return fail(cx, RC_INVALID, item, "a password is needed");
        if (memchr(password.p, 0, password.n) != NULL || !utf8_valid(password) || text_control(password, false) != password.n)
                return fail(cx, RC_INVALID, item, "a password must not hold control characters");
        if (utf8_length(password) < PASSWORD_CHARS_MIN)
                return fail(cx, RC_INVALID, item, "a password must have at least %d characters", PASSWORD_CHARS_MIN);
        if (password.n > PASSWORD_BYTES_MAX)
                return fail(cx, RC_INVALID, item, "a password must not be longer than %d bytes; this one has %zu (a Japanese character counts 3)",
                            PASSWORD_BYTES_MAX, password.n);
        if ((!str_absent(login) && str_equal_nocase(password, login)) || (!str_absent(tenant) && str_equal_nocase(password, tenant)))
                return fail(cx, RC_INVALID, item, "the password must not be the log-in name or the contract");
        for (size_t i = 0; i < COUNT(guessable); i++)
                if (str_equal_nocase(password, str_of(guessable[i])))
                        return fail(cx, RC_INVALID, item, "this password is among the first that are guessed");
        return RC_OK;
}

/* crypt_data is 32 kB and holds the password: arena, wiped. setting: a salt or a hash. False: the setting is no bcrypt. */
static bool hash_make(struct cx *cx, str password, const char *setting, char ret[static CRYPT_OUTPUT_SIZE])
{
        struct arena_mark mark = arena_mark(cx->mem);
        struct crypt_data *work = NEW(cx->mem, struct crypt_data);
        char *z = str_z(cx->mem, password);
        const char *made = crypt_r(z, setting, work);
        bool good = made != NULL && strlen(made) == HASH_SIZE && memcmp(made, "$2b$", 4) == 0;

        if (good)
                memcpy(ret, made, HASH_SIZE + 1);
        crypto_wipe(z, password.n);
        crypto_wipe(work, sizeof(*work));
        arena_rewind(cx->mem, mark);
        return good;
}

static void hash_new(struct cx *cx, str password, char ret[static CRYPT_OUTPUT_SIZE])
{
        char salt[CRYPT_GENSALT_OUTPUT_SIZE];
        char seed[16];

        crypto_random(seed, sizeof(seed));
        must(crypt_gensalt_rn("$2b$", (unsigned long)cost_now, seed, sizeof(seed), salt, sizeof(salt)) != NULL);
        must(hash_make(cx, password, salt, ret));
}

str password_hash(struct cx *cx, str password)
{
        char hash[CRYPT_OUTPUT_SIZE];

        must(password.n > 0 && password.n <= PASSWORD_BYTES_MAX && memchr(password.p, 0, password.n) == NULL);
        hash_new(cx, password, hash);
        return str_copy(cx->mem, (str){ hash, HASH_SIZE });
}

bool password_matches(struct cx *cx, str password, str hash)
{
        bool known = !str_absent(hash) && hash.n == HASH_SIZE;
        char made[CRYPT_OUTPUT_SIZE];
        bool fits = !str_absent(password) && password.n > 0 && password.n <= PASSWORD_BYTES_MAX && memchr(password.p, 0, password.n) == NULL;

        if (dummy[0] == 0) {
                char secret[32];

                crypto_random(secret, sizeof(secret));
                hash_new(cx, crypto_base64url(cx->mem, secret, sizeof(secret)), dummy);
        }
        /* A password that cannot be anybody's costs the same time as a wrong one. */
        if (!hash_make(cx, fits ? password : S("-"), known ? str_z(cx->mem, hash) : dummy, made))
                return false;
        return known && fits && crypto_equal((str){ made, HASH_SIZE }, hash);
}

str password_make(struct cx *cx)
{
        /* no 0 O o, 1 l I, 2 Z z, 5 S s: read from paper and told by telephone */
        static const char letters[] = "ABCDEFGHJKLMNPQRTUVWXYabcdefghijkmnpqrtuvwxy346789";
        enum { PARTS = 4, PART = 4, SIZE = PARTS * (PART + 1) - 1 };
        char text[SIZE];
        bool lower, upper, digit;

        do {
                lower = upper = digit = false;
                for (size_t i = 0; i < SIZE; i++) {
                        uint8_t byte;

                        if (i % (PART + 1) == PART) {
                                text[i] = '-';
                                continue;
                        }
                        do
                                crypto_random(&byte, 1);
                        while (byte >= 256 / (sizeof(letters) - 1) * (sizeof(letters) - 1));
                        text[i] = letters[byte % (sizeof(letters) - 1)];
                        lower |= text[i] >= 'a' && text[i] <= 'z';
                        upper |= text[i] >= 'A' && text[i] <= 'Z';
                        digit |= text[i] >= '0' && text[i] <= '9';
                }
        } while (!lower || !upper || !digit);
        return str_copy(cx->mem, (str){ text, SIZE });
}
