/* factor.c - see factor.h. */
#include "base/house.h"

#include "identity/factor.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/fail.h"
#include "base/fido.h"
#include "base/otp.h"
#include "base/qr.h"
#include "base/seal.h"
#include "base/text.h"
#include "base/utf8.h"
#include "identity/account.h"
#include "identity/factor.sql.h"
#include "identity/permission.h"

enum { CODE_PARTS = 4, CODE_PART = 4, CODE_SIZE = CODE_PARTS * CODE_PART, CODE_INPUT_MAX = 64 };

static char party[256], origin[300];

rc factor_start(struct cx *cx, str host, str url, str keys)
{
        must(host.n < sizeof(party) && url.n < sizeof(origin));
        memcpy(party, host.p, host.n);
        party[host.n] = '\0';
        memcpy(origin, url.p, url.n);
        origin[url.n] = '\0';
        return seal_start(cx, keys);
}

static rc own_account(struct cx *cx)
{
        if (cx->actor.kind != ACTOR_ACCOUNT)
                return fail(cx, RC_FORBIDDEN, NULL, "this is for accounts; an API key has none");
        return RC_OK;
}

/* Whose seed it is: a sealed one that was moved to another account does not open. */
static str bound_to(struct cx *cx)
{
        return str_format(cx->mem, "totp %.*s %" PRId64, STR_ARG(cx->tenant), cx->actor.id);
}

/* Lists --------------------------------------------------------------------------------------------------------------------------------- */

static rc standing(struct cx *cx, int64_t account_id, struct factor_standing **ret)
{
        TRY(sql_factor_state(cx, account_id, ret));
        return *ret != NULL ? RC_OK : fail(cx, RC_UNKNOWN, NULL, "there is no such account");
}

rc factor_list(struct cx *cx, int64_t account_id, json_t **ret)
{
        json_t *m = json_object(), *list = json_array();
        struct factor_standing *state;
        struct factor_row *row;
        size_t count;

        TRY(standing(cx, account_id, &state));
        TRY(sql_factor_list(cx, account_id, &row, &count));
        for (size_t i = 0; i < count; i++) {
                json_t *one = json_object();

                json_set(one, "id", json_integer(row[i].id));
                json_set(one, "kind", json_str(row[i].kind));
                json_set(one, "name", json_str(row[i].name));
                json_set(one, "created_at", json_str(clock_rfc3339(cx->mem, row[i].created_at)));
                json_set(one, "used_at", row[i].used_at_null ? json_null() : json_str(clock_rfc3339(cx->mem, row[i].used_at)));
                must(json_array_append_new(list, one) == 0);
        }
        json_set(m, "factors", list);
        json_set(m, "required", json_boolean(state->required));
        json_set(m, "apps", json_integer(state->apps));
        json_set(m, "passkeys", json_integer(state->passkeys));
        json_set(m, "codes", json_integer(state->codes));
        json_set(m, "codes_left", json_integer(state->codes_left));
        *ret = m;
        return RC_OK;
}

static rc name_check(struct cx *cx, str name, str *ret)
{
        name = str_trim(str_absent(name) ? S("") : name);
        if (str_empty(name))
                return fail(cx, RC_INVALID, "name", "must not be empty");
        TRY(text_check(cx, name, "name", FACTOR_NAME_MAX, false));
        *ret = name;
        return RC_OK;
}

static rc no_such(struct cx *cx)
{
        return fail(cx, RC_UNKNOWN, NULL, "there is no such app or passkey");
}

rc factor_rename(struct cx *cx, int64_t id, str name)
{
        int64_t changed;

        TRY(own_account(cx));
        TRY(name_check(cx, name, &name));
        TRY(sql_factor_rename(cx, cx->actor.id, id, name, &changed));
        return changed != 0 ? RC_OK : no_such(cx);
}

/* Authenticator apps ------------------------------------------------------------------------------------------------------------------------ */

/* "GEZD GNBV …": four letters at a time are typed without a mistake. */
static str in_groups(struct cx *cx, str text, char between)
{
        struct buf out = buf_open(cx->mem, KB(1));

        for (size_t i = 0; i < text.n; i++) {
                if (i > 0 && i % CODE_PART == 0)
                        buf_char(&out, between);
                buf_char(&out, text.p[i]);
        }
        return buf_str(&out);
}

static rc no_room(struct cx *cx)
{
        return fail(cx, RC_CONFLICT, NULL, "an account may have ten apps and passkeys, three of them apps; remove one first");
}

rc factor_totp_begin(struct cx *cx, str name, json_t **ret)
{
        str seed = otp_seed(cx->mem), base32 = otp_base32(cx->mem, seed), uri;
        json_t *m = json_object(), *qr = json_object();
        int size = 0;
        int64_t id;

        TRY(own_account(cx));
        TRY(name_check(cx, name, &name));
        TRY(sql_factor_totp_begin(cx, cx->actor.session, name, seal_close(cx->mem, seed, bound_to(cx)), &id));
        if (id == 0)
                return no_room(cx);
        uri = otp_uri(cx->mem, seed, S("Daicho"), str_format(cx->mem, "%.*s/%.*s", STR_ARG(cx->tenant), STR_ARG(cx->actor.name)));
        json_set(qr, "path", json_str(qr_path(cx->mem, uri, &size)));
        json_set(qr, "size", json_integer(size + 2 * QR_QUIET));
        json_set(qr, "from", json_integer(-QR_QUIET));
        json_set(m, "id", json_integer(id));
        json_set(m, "name", json_str(name));
        json_set(m, "secret", json_str(base32));
        json_set(m, "secret_groups", json_str(in_groups(cx, base32, ' ')));
        json_set(m, "uri", json_str(uri));
        json_set(m, "qr", qr);
        *ret = m;
        return RC_OK;
}

/* What people type: full-width digits and letters of a Japanese keyboard, spaces and hyphens between. Small letters. */
static str code_read(struct cx *cx, str text)
{
        struct buf out = buf_open(cx->mem, CODE_INPUT_MAX);

        if (str_absent(text) || text.n > CODE_INPUT_MAX * UTF8_MAX)
                return S("");
        for (size_t at = 0; at < text.n;) {
                uint32_t c = utf8_decode(text, &at);

                if (c >= 0xff01 && c <= 0xff5e) /* full-width forms of ASCII */
                        c -= 0xfee0;
                if (c >= 'A' && c <= 'Z')
                        c += 'a' - 'A';
                if (c == ' ' || c == '-' || c == 0x3000 || (c >= 0x2010 && c <= 0x2015) || c == 0x2212 || c == 0x30fc)
                        continue;
                buf_char(&out, c < 0x80 ? (char)c : '?');
        }
        return buf_full(&out) ? S("") : buf_str(&out);
}

static rc wrong_code(struct cx *cx)
{
        return fail(cx, RC_INVALID, "code", "this code is not right; please take the one shown now");
}

static rc seed_open(struct cx *cx, str sealed, str *ret, bool *ret_old)
{
        if (seal_open(cx->mem, sealed, bound_to(cx), ret, ret_old))
                return RC_OK;
        return fail(cx, RC_UNAVAILABLE, NULL, "the seed of this app cannot be opened: the factor key of this house has changed");
}

rc factor_totp_confirm(struct cx *cx, int64_t id, str code)
{
        int64_t step = otp_step(cx->now);
        str sealed, seed;
        bool old, done;

        TRY(own_account(cx));
        TRY(sql_factor_totp_waiting(cx, id, &sealed));
        if (str_absent(sealed))
                return fail(cx, RC_UNKNOWN, NULL, "this set-up has been open for too long; please begin again");
        TRY(seed_open(cx, sealed, &seed, &old));
        if (!otp_matches(seed, step, code_read(cx, code)))
                return wrong_code(cx);
        TRY(sql_factor_totp_confirm(cx, cx->actor.session, id, step, &done));
        return done ? RC_OK : no_room(cx);
}

/* Passkeys ------------------------------------------------------------------------------------------------------------------------------ */

static struct fido_question question_of(str challenge)
{
        return (struct fido_question){ str_of(party), str_of(origin), challenge };
}

static rc challenge_make(struct cx *cx, str *ret)
{
        char *bytes = arena_alloc(cx->mem, FIDO_CHALLENGE_SIZE);
        bool done;

        crypto_random(bytes, FIDO_CHALLENGE_SIZE);
        TRY(sql_factor_challenge(cx, cx->actor.session, (str){ bytes, FIDO_CHALLENGE_SIZE }, &done));
        if (!done)
                return fail(cx, RC_UNAUTHORIZED, NULL, "the session has ended; please log in");
        *ret = (str){ bytes, FIDO_CHALLENGE_SIZE };
        return RC_OK;
}

static json_t *base64url(struct cx *cx, str bytes)
{
        return json_str(crypto_base64url(cx->mem, bytes.p, bytes.n));
}

static json_t *credentials_of(struct cx *cx, const struct factor_secret *row, size_t count)
{
        json_t *list = json_array();

        for (size_t i = 0; i < count; i++)
                if (str_is(row[i].kind, "passkey"))
                        must(json_array_append_new(list, base64url(cx, row[i].credential)) == 0);
        return list;
}

static rc options_make(struct cx *cx, const struct factor_secret *row, size_t count, json_t **ret)
{
        json_t *m = json_object();
        str challenge = STR_NONE;

        TRY(challenge_make(cx, &challenge));
        json_set(m, "challenge", base64url(cx, challenge));
        json_set(m, "party", json_str(str_of(party)));
        json_set(m, "credentials", credentials_of(cx, row, count));
        *ret = m;
        return RC_OK;
}

rc factor_passkey_begin(struct cx *cx, json_t **ret)
{
        struct factor_secret *row;
        uint8_t hash[SHA256_SIZE];
        size_t count;

        TRY(own_account(cx));
        TRY(sql_factor_read(cx, &row, &count));
        TRY(options_make(cx, row, count, ret));
        /* who it is for, in the authenticator: no name, the same for all keys of the account */
        crypto_sha256(str_format(cx->mem, "%.*s %" PRId64, STR_ARG(cx->tenant), cx->actor.id), hash);
        json_set(*ret, "user", base64url(cx, (str){ (const char *)hash, 16 }));
        json_set(*ret, "login", json_str(str_format(cx->mem, "%.*s/%.*s", STR_ARG(cx->tenant), STR_ARG(cx->actor.name))));
        return RC_OK;
}

/* A member in base64url as bytes; absent when it is none. */
static str bytes_read(struct cx *cx, const json_t *in, const char *name)
{
        str text = json_get_text(in, name), bytes;

        return !str_absent(text) && crypto_base64url_read(cx->mem, text, &bytes) ? bytes : STR_NONE;
}

static rc challenge_gone(struct cx *cx)
{
        return fail(cx, RC_INVALID, "credential", "the question to the passkey is no longer open; please try again");
}

rc factor_challenge_take(struct cx *cx, str *ret)
{
        TRY(own_account(cx));
        TRY(sql_factor_challenge_take(cx, cx->actor.session, ret));
        return str_absent(*ret) ? challenge_gone(cx) : RC_OK;
}

rc factor_passkey_add(struct cx *cx, const json_t *in, str challenge, int64_t *ret_id)
{
        struct fido_question question = question_of(challenge);
        struct fido_key key;
        str name;

        TRY(own_account(cx));
        TRY(name_check(cx, json_get_text(in, "name"), &name));
        TRY(fido_register(cx, &question, bytes_read(cx, in, "client_data"), bytes_read(cx, in, "attestation"), &key));
        TRY(sql_factor_passkey_add(cx, cx->actor.session, name, key.credential, key.public_key, key.algorithm, key.sign_count, ret_id));
        return *ret_id != 0 ? RC_OK : no_room(cx);
}

/* Recovery codes ------------------------------------------------------------------------------------------------------------------------- */

static str code_hash(struct cx *cx, str code)
{
        uint8_t hash[SHA256_SIZE];

        crypto_sha256(code, hash);
        return (str){ arena_copy(cx->mem, hash, sizeof(hash)), sizeof(hash) };
}

rc factor_codes(struct cx *cx, json_t **ret)
{
        static const char letters[] = "abcdefghjkmnpqrstuvwxyz023456789"; /* 32 that are not mistaken for each other: no i l o 1 */
        struct buf hashes = buf_open(cx->mem, KB(2));
        struct factor_standing *state;
        json_t *list = json_array();
        bool done;

        TRY(own_account(cx));
        TRY(standing(cx, cx->actor.id, &state));
        if (state->apps + state->passkeys == 0)
                return fail(cx, RC_CONFLICT, NULL, "recovery codes stand in for an app or a passkey; please set up one first");
        for (int i = 0; i < FACTOR_CODES; i++) {
                char code[CODE_SIZE];
                str hash;

                crypto_random(code, sizeof(code));
                for (size_t c = 0; c < sizeof(code); c++)
                        code[c] = letters[(unsigned char)code[c] & 31];
                hash = code_hash(cx, (str){ code, sizeof(code) });
                if (i > 0)
                        buf_char(&hashes, ' ');
                buf_add(&hashes, crypto_hex(cx->mem, hash.p, hash.n));
                must(json_array_append_new(list, json_str(in_groups(cx, (str){ code, sizeof(code) }, '-'))) == 0);
        }
        TRY(sql_factor_recovery_set(cx, buf_str(&hashes), &done));
        *ret = list;
        return RC_OK;
}

rc factor_codes_first(struct cx *cx, json_t **ret)
{
        struct factor_standing *state;

        TRY(own_account(cx));
        TRY(standing(cx, cx->actor.id, &state));
        *ret = NULL;
        return state->codes > 0 ? RC_OK : factor_codes(cx, ret);
}

/* Taking away ------------------------------------------------------------------------------------------------------------------------------ */

rc factor_remove(struct cx *cx, int64_t id, str *ret_name)
{
        struct factor_secret *row;
        size_t count;
        str done;

        TRY(own_account(cx));
        TRY(sql_factor_read(cx, &row, &count));
        for (size_t i = 0; i < count; i++)
                if (row[i].id == id)
                        *ret_name = row[i].name;
        TRY(sql_factor_remove(cx, id, &done));
        if (str_is(done, "unknown"))
                return no_such(cx);
        if (str_is(done, "last"))
                return fail(cx, RC_CONFLICT, NULL, "this account needs a second factor; add another one before this is removed");
        return RC_OK;
}

rc factor_reset(struct cx *cx, int64_t account_id)
{
        bool done;

        if (cx->actor.kind == ACTOR_ACCOUNT && cx->actor.id == account_id)
                return fail(cx, RC_CONFLICT, NULL, "the own apps and passkeys are removed under \"my account\"");
        TRY(account_above(cx, account_id));
        TRY(sql_factor_reset(cx, account_id, &done));
        return done ? RC_OK : fail(cx, RC_UNKNOWN, NULL, "there is no such account");
}

/* Proving -------------------------------------------------------------------------------------------------------------------------------- */

rc factor_ask(struct cx *cx, json_t **ret)
{
        struct factor_secret *row;
        size_t count, passkeys = 0;

        TRY(own_account(cx));
        TRY(sql_factor_read(cx, &row, &count));
        for (size_t i = 0; i < count; i++)
                passkeys += str_is(row[i].kind, "passkey");
        if (passkeys == 0)
                return fail(cx, RC_CONFLICT, NULL, "this account has no passkey");
        return options_make(cx, row, count, ret);
}

rc factor_attempt(struct cx *cx, str *ret_challenge)
{
        struct factor_try *try;

        TRY(own_account(cx));
        TRY(sql_factor_attempt(cx, cx->actor.session, &try));
        if (str_is(try->verdict, "locked"))
                return fail(cx, RC_FORBIDDEN, NULL, "locked after too many wrong codes; somebody who manages accounts can unlock this account");
        if (!str_is(try->verdict, "go"))
                return fail(cx, RC_BUSY, NULL, "too many wrong codes; please try again in %lld seconds", (long long)try->wait_seconds);
        *ret_challenge = try->challenge;
        return RC_OK;
}

static rc totp_check(struct cx *cx, str code, const char **ret_proof, str *ret_name)
{
        int64_t step = otp_step(cx->now);
        struct factor_secret *row;
        size_t count;

        TRY(sql_factor_read(cx, &row, &count));
        for (size_t i = 0; i < count; i++) {
                bool old, done;
                str seed;

                if (!str_is(row[i].kind, "totp"))
                        continue;
                TRY(seed_open(cx, row[i].secret, &seed, &old));
                if (!otp_matches(seed, step, code))
                        continue;
                TRY(sql_factor_totp_use(cx, row[i].id, step, old ? seal_close(cx->mem, seed, bound_to(cx)) : STR_NONE, &done));
                if (!done)
                        return fail(cx, RC_INVALID, "code", "this code was used already; please wait for the next one");
                *ret_proof = "totp";
                *ret_name = row[i].name;
                return RC_OK;
        }
        return wrong_code(cx);
}

static rc recovery_check(struct cx *cx, str code, const char **ret_proof, str *ret_name)
{
        bool done;

        TRY(sql_factor_recovery_use(cx, code_hash(cx, code), &done));
        if (!done)
                return fail(cx, RC_INVALID, "code", "this recovery code is not right, or was used already");
        *ret_proof = "recovery";
        *ret_name = S("");
        return RC_OK;
}

static rc passkey_check(struct cx *cx, const json_t *in, str challenge, const char **ret_proof, str *ret_name)
{
        str credential = bytes_read(cx, in, "credential");
        struct fido_question question = question_of(challenge);
        struct factor_secret *row;
        size_t count, at = 0;
        int64_t sign_count;
        struct fido_key key;
        bool done;

        if (str_absent(challenge))
                return challenge_gone(cx);
        TRY(sql_factor_read(cx, &row, &count));
        while (at < count && (!str_is(row[at].kind, "passkey") || str_absent(credential) || !str_equal(row[at].credential, credential)))
                at++;
        if (at == count)
                return fail(cx, RC_INVALID, "credential", "this passkey does not belong to this account");
        key = (struct fido_key){ row[at].credential, row[at].public_key, row[at].algorithm, row[at].sign_count };
        TRY(fido_assert(cx, &question, &key, bytes_read(cx, in, "client_data"), bytes_read(cx, in, "authenticator"), bytes_read(cx, in, "signature"),
                        &sign_count));
        TRY(sql_factor_passkey_use(cx, row[at].id, sign_count, &done));
        *ret_name = row[at].name;
        if (!done)
                return fail(cx, RC_CONFLICT, "credential", "this passkey counts backwards, as a copy would; please use another factor and remove it");
        *ret_proof = "passkey";
        return RC_OK;
}

rc factor_check(struct cx *cx, const json_t *in, str challenge, const char **ret_proof, str *ret_name)
{
        str code;

        TRY(own_account(cx));
        *ret_name = S("");
        if (!str_empty(json_get_text(in, "credential")))
                return passkey_check(cx, in, challenge, ret_proof, ret_name);
        code = code_read(cx, json_get_text(in, "code"));
        if (code.n == CODE_SIZE)
                return recovery_check(cx, code, ret_proof, ret_name);
        return totp_check(cx, code, ret_proof, ret_name);
}

rc factor_prove(struct cx *cx, const char *proof)
{
        bool done;

        TRY(own_account(cx));
        TRY(sql_factor_prove(cx, cx->actor.session, str_of(proof), &done));
        return done ? RC_OK : fail(cx, RC_CONFLICT, NULL, "this log-in is not waiting for that");
}
