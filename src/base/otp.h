/* otp.h - one-time codes of authenticator apps: TOTP (RFC 6238) with SHA-1, 6 digits, 30 seconds: what every app can. By liboath. Knows no accounts. */
#ifndef DAICHO_BASE_OTP_H
#define DAICHO_BASE_OTP_H

#include "base/arena.h"
#include "base/str.h"

enum { OTP_SEED_SIZE = 20, OTP_DIGITS = 6, OTP_SECONDS = 30 };

/* 160 random bits (RFC 4226, R6). */
str otp_seed(struct arena *mem);
/* The step a moment lies in. */
int64_t otp_step(msec at);
/* The code of a step, 6 digits and NUL. */
void otp_code(str seed, int64_t step, char ret[OTP_DIGITS + 1]);
/* Is it the code of exactly this step? In the same time wherever it differs. */
bool otp_matches(str seed, int64_t step, str code);

/* Base32 (RFC 4648) without padding: for typing it into an app. */
str otp_base32(struct arena *mem, str seed);
/* "otpauth://totp/…": what the QR code holds (Key Uri Format). issuer and account are shown by the app. */
str otp_uri(struct arena *mem, str seed, str issuer, str account);

#endif
