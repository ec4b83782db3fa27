/* session.c - see session.h. */
#include "base/house.h"

#include "identity/session.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/fail.h"
#include "identity/password.h"
#include "identity/session.sql.h"

enum { TOKEN_SIZE = 32 };

rc session_attempt(struct cx *cx, str tenant, str login, struct attempt *ret)
{
        struct login_try *row;

        must(!db_in_transaction(cx));
        TRY(sql_session_begin(cx, tenant, login, &row));
        *ret = (struct attempt){
                .tenant = row->tenant,
                .lang = str_is(row->lang, "en") ? LANG_EN : LANG_JA,
                .account_id = row->account_id,
                .login = row->login,
                .groups = str_absent(row->groups) ? S("") : row->groups,
                .active = str_is(row->state, "active"),
                .hash = row->hash,
        };
        return RC_OK;
}

rc session_verify(struct cx *cx, const struct attempt *attempt, str password)
{
        bool right = password_matches(cx, password, attempt->hash);

        if (right && attempt->account_id != 0 && attempt->active)
                return RC_OK;
        return fail(cx, RC_UNAUTHORIZED, NULL, "the contract, the log-in name or the password is not right");
}

static str token_hash(struct cx *cx, str token)
{
        uint8_t hash[SHA256_SIZE];

        crypto_sha256(token, hash);
        return (str){ arena_copy(cx->mem, hash, sizeof(hash)), sizeof(hash) };
}

static str token_make(struct cx *cx)
{
        uint8_t secret[TOKEN_SIZE];
        str token;

        crypto_random(secret, sizeof(secret));
        token = crypto_base64url(cx->mem, secret, sizeof(secret));
        crypto_wipe(secret, sizeof(secret));
        return token;
}

rc session_open(struct cx *cx, int64_t account_id, str agent, str old_token, bool take_over, str *ret_token, str *ret_stage)
{
        str token = token_make(cx), old_hash = str_absent(old_token) ? STR_NONE : token_hash(cx, old_token);

        TRY(sql_session_insert(cx, account_id, token_hash(cx, token), old_hash, cx->actor.source, str_absent(agent) ? S("") : agent, take_over,
                               ret_stage));
        if (str_absent(*ret_stage)) /* suspended while the password was looked at */
                return fail(cx, RC_UNAUTHORIZED, NULL, "the contract, the log-in name or the password is not right");
        *ret_token = token;
        return RC_OK;
}

rc session_open_by_provider(struct cx *cx, const struct provided *p, str agent, str old_token, str *ret_token, str *ret_stage)
{
        str token = token_make(cx), old_hash = str_absent(old_token) ? STR_NONE : token_hash(cx, old_token);

        TRY(sql_session_insert_provided(cx, p->account_id, p->provider_id, token_hash(cx, token), old_hash, cx->actor.source,
                                        str_absent(agent) ? S("") : agent, p->proof, p->context, p->lifetime > 0 ? &p->lifetime : NULL, p->sealed,
                                        ret_stage));
        if (str_absent(*ret_stage))
                return fail(cx, RC_FORBIDDEN, NULL, "this account is suspended; please ask an administrator");
        if (str_is(*ret_stage, "refused"))
                return fail(cx, RC_FORBIDDEN, NULL, "the sign-on service did not confirm a second factor, and this account has none here");
        *ret_token = token;
        return RC_OK;
}

rc session_raise(struct cx *cx, const char *proof, bool take_over, str *ret_token, str *ret_stage)
{
        str token = token_make(cx);

        TRY(sql_session_raise(cx, cx->actor.session, token_hash(cx, token), str_of(proof), take_over, ret_stage));
        if (str_absent(*ret_stage))
                return fail(cx, RC_CONFLICT, NULL, "this log-in is not waiting for that");
        *ret_token = token;
        return RC_OK;
}

rc session_close(struct cx *cx)
{
        bool ended;

        if (cx->actor.session == 0)
                return fail(cx, RC_INVALID, NULL, "there is no session to end: an API key does not log in");
        return sql_session_quit(cx, cx->actor.session, &ended);
}

rc session_list(struct cx *cx, int64_t account_id, json_t **ret)
{
        json_t *list = json_array();
        struct session_row *row;
        size_t count;

        TRY(sql_session_list(cx, account_id, &row, &count));
        for (size_t i = 0; i < count; i++) {
                json_t *one = json_object();

                json_set(one, "id", json_integer(row[i].id));
                json_set(one, "source", json_str(row[i].source));
                json_set(one, "agent", json_str(row[i].agent));
                json_set(one, "created_at", json_str(clock_rfc3339(cx->mem, row[i].created_at)));
                json_set(one, "seen_at", json_str(clock_rfc3339(cx->mem, row[i].seen_at)));
                json_set(one, "current", json_boolean(row[i].id == cx->actor.session));
                must(json_array_append_new(list, one) == 0);
        }
        *ret = list;
        return RC_OK;
}

rc session_end(struct cx *cx, int64_t account_id, int64_t id)
{
        int64_t ended;

        TRY(sql_session_end(cx, account_id, id, &ended));
        return ended != 0 ? RC_OK : fail(cx, RC_UNKNOWN, NULL, "there is no such session");
}

rc session_end_others(struct cx *cx, int64_t account_id, int64_t but)
{
        return sql_session_end_others(cx, account_id, but);
}
