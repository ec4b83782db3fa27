/* otp.c - see otp.h. */
#include "base/house.h"

#include "base/otp.h"

#include "base/buf.h"
#include "base/crypto.h"

#include <liboath/oath.h>
#include <stdlib.h>

str otp_seed(struct arena *mem)
{
        char *seed = arena_alloc(mem, OTP_SEED_SIZE);

        crypto_random(seed, OTP_SEED_SIZE);
        return (str){ seed, OTP_SEED_SIZE };
}

int64_t otp_step(msec at)
{
        return at / 1000 / OTP_SECONDS;
}

void otp_code(str seed, int64_t step, char ret[OTP_DIGITS + 1])
{
        must(seed.n > 0 && step >= 0);
        must(oath_hotp_generate(seed.p, seed.n, (uint64_t)step, OTP_DIGITS, false, OATH_HOTP_DYNAMIC_TRUNCATION, ret) == OATH_OK);
}

bool otp_matches(str seed, int64_t step, str code)
{
        char right[OTP_DIGITS + 1];
        bool same;

        otp_code(seed, step, right);
        same = crypto_equal((str){ right, OTP_DIGITS }, code);
        crypto_wipe(right, sizeof(right));
        return same;
}

str otp_base32(struct arena *mem, str seed)
{
        char *text = NULL;
        size_t n = 0;
        str copy;

        must(oath_base32_encode(seed.p, seed.n, &text, &n) == OATH_OK);
        while (n > 0 && text[n - 1] == '=')
                n--;
        copy = str_copy(mem, (str){ text, n });
        crypto_wipe(text, n);
        free(text);
        return copy;
}

str otp_uri(struct arena *mem, str seed, str issuer, str account)
{
        struct buf b = buf_open(mem, KB(8));

        buf_text(&b, "otpauth://totp/");
        buf_url(&b, issuer);
        buf_char(&b, ':');
        buf_url(&b, account);
        buf_text(&b, "?secret=");
        buf_add(&b, otp_base32(mem, seed));
        buf_text(&b, "&issuer=");
        buf_url(&b, issuer);
        buf_format(&b, "&algorithm=SHA1&digits=%d&period=%d", OTP_DIGITS, OTP_SECONDS);
        must(!buf_full(&b));
        return buf_str(&b);
}
