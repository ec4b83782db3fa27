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

/* Which of the four classes it has. Full-width letters are no letters here: they were refused before. */
struct classes {
        bool lower, upper, digit, symbol;
};

static struct classes classes_of(str password)
{
        struct classes c = { 0 };

        for (size_t i = 0; i < password.n; i++) {
                unsigned char b = (unsigned char)password.p[i];

                c.lower |= b >= 'a' && b <= 'z';
                c.upper |= b >= 'A' && b <= 'Z';
                c.digit |= b >= '0' && b <= '9';
                c.symbol |= b >= 0x20 && b < 0x7f && !(b >= 'a' && b <= 'z') && !(b >= 'A' && b <= 'Z') && !(b >= '0' && b <= '9');
        }
        return c;
}

/* Letters, digits and signs as an input method writes them when nobody looks: at the next keyboard the password would not be found again. */
static bool full_width(str password)
{
        for (size_t at = 0; at < password.n;) {
                uint32_t c = utf8_decode(password, &at);

                if ((c >= 0xff01 && c <= 0xff5e) || c == 0x3000)
                        return true;
        }
        return false;
}

static rc length_check(struct cx *cx, const struct policy *policy, str password, const char *item)
{
        if (utf8_length(password) < (size_t)policy->length_min)
                return fail(cx, RC_INVALID, item, "a password must have at least %d characters", (int)policy->length_min);
        if (!policy->length_long && utf8_length(password) > PASSWORD_CHARS_MAX)
                return fail(cx, RC_INVALID, item, "a password must have at most %d characters", PASSWORD_CHARS_MAX);
        if (password.n > PASSWORD_BYTES_MAX)
                return fail(cx, RC_INVALID, item, "a password must not be longer than %d bytes; this one has %zu (a Japanese character counts 3)",
                            PASSWORD_BYTES_MAX, password.n);
        return RC_OK;
}

static rc classes_check(struct cx *cx, const struct policy *policy, str password, const char *item)
{
        struct classes c = classes_of(password);

        if (policy->need_lower && !c.lower)
                (void)fail(cx, RC_INVALID, item, "a password needs a small letter (a to z)");
        if (policy->need_upper && !c.upper)
                (void)fail(cx, RC_INVALID, item, "a password needs a capital letter (A to Z)");
        if (policy->need_digit && !c.digit)
                (void)fail(cx, RC_INVALID, item, "a password needs a digit (0 to 9)");
        if (policy->need_symbol && !c.symbol)
                (void)fail(cx, RC_INVALID, item, "a password needs a sign (such as ! # - _)");
        if (c.lower + c.upper + c.digit + c.symbol < policy->classes_min)
                (void)fail(cx, RC_INVALID, item, "a password needs %d of the four: small letters, capital letters, digits, signs",
                           (int)policy->classes_min);
        return cx->failure.code;
}

rc password_check(struct cx *cx, const struct policy *policy, const struct guess_owner *owner, str password, const char *item)
{
        if (str_absent(password) || password.n == 0)
                return fail(cx, RC_INVALID, item, "a password is needed");
        if (memchr(password.p, 0, password.n) != NULL || !utf8_valid(password) || text_control(password, false) != password.n)
                return fail(cx, RC_INVALID, item, "a password must not hold control characters");
        if (full_width(password))
                return fail(cx, RC_INVALID, item, "a password must not hold full-width letters, digits or signs; please type them half-width");
        TRY(length_check(cx, policy, password, item));
        TRY(classes_check(cx, policy, password, item));
        return guess_check(cx, owner, password, item);
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

bool password_outdated(str hash)
{
        char cost[4];

        (void)snprintf(cost, sizeof(cost), "%02d$", cost_now);
        return hash.n == HASH_SIZE && memcmp(hash.p + 4, cost, 3) != 0;
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

str password_make(struct cx *cx, int64_t length_min)
{
        /* no 0 O o, 1 l I, 2 Z z, 5 S s: read from paper and told by telephone */
        static const char letters[] = "ABCDEFGHJKLMNPQRTUVWXYabcdefghijkmnpqrtuvwxy346789";
        enum { PART = 4, SIZE_MIN = 4 * (PART + 1) - 1, ROOM = POLICY_LENGTH_MAX };
        size_t size = length_min > SIZE_MIN ? (size_t)length_min : SIZE_MIN;
        char text[ROOM] = "";
        struct classes c;

        must(size <= ROOM);
        do {
                for (size_t i = 0; i < size; i++) {
                        uint8_t byte;

                        if (i % (PART + 1) == PART && i + 1 < size) {
                                text[i] = '-';
                                continue;
                        }
                        do
                                crypto_random(&byte, 1);
                        while (byte >= 256 / (sizeof(letters) - 1) * (sizeof(letters) - 1));
                        text[i] = letters[byte % (sizeof(letters) - 1)];
                }
                c = classes_of((str){ text, size });
        } while (!c.lower || !c.upper || !c.digit);
        return str_copy(cx->mem, (str){ text, size });
}
