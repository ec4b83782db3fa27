/* factor.h - second factors of accounts: authenticator apps (TOTP), passkeys and security keys, recovery codes.
 *
 * What reads or writes secrets runs in the auth processes only (schema/0010_factor.sql refuses everybody else) and concerns the account that asks.
 * A code is right in its own half minute and once. Wrong ones are counted before anybody looks, and lock the account as wrong passwords do. */
#ifndef DAICHO_IDENTITY_FACTOR_H
#define DAICHO_IDENTITY_FACTOR_H

#include "base/json.h"

enum { FACTOR_CODES = 10, FACTOR_NAME_MAX = 100 };

/* Once in an auth process: where people open this house ("host", "https://host:port": passkeys are bound to it), and the key that opens seeds
 * (base/seal.h). */
rc factor_start(struct cx *cx, str host, str url, str keys) MUST_USE;

/* Models: {factors: [{id, kind totp | passkey, name, created_at, used_at}], required, apps, passkeys, codes, codes_left}. Any process. */
rc factor_list(struct cx *cx, int64_t account_id, json_t **ret) MUST_USE;
/* One of the own; RC_UNKNOWN. Any process. */
rc factor_rename(struct cx *cx, int64_t id, str name) MUST_USE;

/* Setting up an app: {id, secret (base32), secret_groups, uri, qr: {size, path}}, shown this once; then the first code, within a quarter of an hour. */
rc factor_totp_begin(struct cx *cx, str name, json_t **ret) MUST_USE;
rc factor_totp_confirm(struct cx *cx, int64_t id, str code) MUST_USE;

/* Setting up a passkey: what the browser needs for create(); then the challenge is taken, which the caller commits: it holds once; then the browser's
 * answer {client_data, attestation, name}, base64url. */
rc factor_passkey_begin(struct cx *cx, json_t **ret) MUST_USE;
rc factor_challenge_take(struct cx *cx, str *ret) MUST_USE;
rc factor_passkey_add(struct cx *cx, const json_t *in, str challenge, int64_t *ret_id) MUST_USE;

/* New recovery codes, which replace the old: ["abcd-efgh-jkmn-pqrs", …], shown this once. */
rc factor_codes(struct cx *cx, json_t **ret) MUST_USE;
/* The same for somebody who has none yet; else *ret is NULL. */
rc factor_codes_first(struct cx *cx, json_t **ret) MUST_USE;

/* RC_CONFLICT when it is the last and one is required. *ret_name: what it was called. */
rc factor_remove(struct cx *cx, int64_t id, str *ret_name) MUST_USE;
/* Somebody else's, all of them (also for commands): sessions end, and nothing is reached before a new one is set up. */
rc factor_reset(struct cx *cx, int64_t account_id) MUST_USE;

/* Proving a factor ---------------------------------------------------------------------------------------------------------------------------- */
/* What the browser needs for get(): {challenge, party, credentials: […]}; RC_CONFLICT without passkeys. */
rc factor_ask(struct cx *cx, json_t **ret) MUST_USE;

/* 1. Counts one wrong attempt; the caller commits it before the next step. RC_FORBIDDEN: locked; RC_BUSY: too soon. *ret_challenge may be absent.
 * 2. Is it right? in: {code} (of an app, or a recovery code) or {credential, client_data, authenticator, signature}. *ret_proof: totp | passkey |
 *    recovery; *ret_name: which one. RC_INVALID, and the attempt stays counted. */
rc factor_attempt(struct cx *cx, str *ret_challenge) MUST_USE;
rc factor_check(struct cx *cx, const json_t *in, str challenge, const char **ret_proof, str *ret_name) MUST_USE;

/* For somebody logged in: proven again now. password: their password instead, when they have no factor. */
rc factor_prove(struct cx *cx, const char *proof) MUST_USE;

#endif
