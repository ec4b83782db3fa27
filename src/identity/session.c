/* session.c - see session.h. */
#include "base/house.h"

#include "identity/session.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/fail.h"
#include "base/text.h"
#include "db/db.h"
#include "identity/password.h"
#include "identity/session.sql.h"

enum { TOKEN_SIZE = 32, LIST_MAX = 200, CURSOR_MAX = 100 };

/* The contract is suspended: whose password is right hears that, and nobody else. */
static rc held_attempt(struct cx *cx, str tenant, str login, str certificate, struct attempt *ret)
{
        struct held_try *row;

        TRY(sql_session_held(cx, tenant, login, cx->actor.source, certificate, &row));
        if (row == NULL)
                return RC_OK;
        *ret = (struct attempt){
                .tenant = row->tenant,
                .lang = str_is(row->lang, "en") ? LANG_EN : LANG_JA,
                .account_id = row->account_id,
                .login = row->login,
                .groups = str_absent(row->groups) ? S("") : row->groups,
                .active = str_is(row->state, "active"),
                .locked = row->locked,
                .held = true,
                .hash = row->hash,
        };
        return RC_OK;
}

rc session_attempt(struct cx *cx, str tenant, str login, str certificate, struct attempt *ret)
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
                .locked = row->locked,
                .busy = row->busy,
                .hash = row->hash,
        };
        return str_absent(row->tenant) && !row->busy ? held_attempt(cx, tenant, login, certificate, ret) : RC_OK;
}

rc session_verify(struct cx *cx, const struct attempt *attempt, str password)
{
        bool right;

        if (attempt->busy)
                return fail(cx, RC_BUSY, NULL, "too many attempts under this name; please wait a moment");
        right = password_matches(cx, password, attempt->hash);
        if (right && attempt->account_id != 0 && attempt->active && !attempt->locked) {
                if (!attempt->held)
                        return RC_OK;
                TRY(sql_session_held_right(cx, attempt->account_id));
                return fail(cx, RC_FORBIDDEN, NULL, "this contract is suspended for now; its data is kept, please ask the operator of the service");
        }
        return fail(cx, RC_UNAUTHORIZED, NULL, "the contract, the log-in name or the password is not right");
}

rc session_recost(struct cx *cx, const struct attempt *attempt, str password)
{
        return password_outdated(attempt->hash) ? sql_session_recost(cx, attempt->account_id, attempt->hash, password_hash(cx, password)) : RC_OK;
}

rc session_failed(struct cx *cx, const struct attempt *attempt, str login, struct alert **ret, size_t *ret_count)
{
        struct session_alert *row;
        struct alert *list;
        size_t count;

        must(!db_in_transaction(cx));
        TRY(sql_session_failed(cx, attempt->tenant, login, attempt->account_id, cx->actor.source, &row, &count));
        list = NEW_ARRAY(cx->mem, struct alert, count);
        for (size_t i = 0; i < count; i++)
                list[i] = (struct alert){ .recipient = row[i].recipient,
                                          .lang = row[i].lang,
                                          .title = row[i].title,
                                          .count = row[i].count,
                                          .locked = str_is(row[i].alert, "locked"),
                                          .at = row[i].now };
        *ret = list;
        *ret_count = count;
        return RC_OK;
}

rc session_again(struct cx *cx, struct attempt *ret)
{
        struct login_again *row;

        if (cx->actor.kind != ACTOR_ACCOUNT)
                return fail(cx, RC_FORBIDDEN, NULL, "this is for accounts; an API key has none");
        TRY(sql_session_again(cx, cx->actor.id, &row));
        if (row == NULL)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such account");
        *ret = (struct attempt){ .tenant = cx->tenant,
                                 .account_id = cx->actor.id,
                                 .login = row->login,
                                 .groups = cx->actor.groups,
                                 .active = true,
                                 .locked = row->locked,
                                 .busy = row->busy,
                                 .hash = row->hash };
        return RC_OK;
}

rc session_again_verify(struct cx *cx, const struct attempt *attempt, str password, const char *item)
{
        if (attempt->busy)
                return fail(cx, RC_BUSY, NULL, "too many attempts under this name; please wait a moment");
        if (attempt->locked)
                return fail(cx, RC_FORBIDDEN, NULL, "this account is locked after too many wrong passwords; whoever manages accounts can unlock it");
        if (!password_matches(cx, password, attempt->hash))
                return fail(cx, RC_INVALID, item, "this is not the current password");
        return sql_session_right(cx, cx->actor.id);
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

/* Cursor: log-in name and number of the last one shown. */
static rc cursor_read(struct cx *cx, str after, str *ret_login, int64_t *ret_id)
{
        str bytes, login;

        *ret_login = S("");
        *ret_id = 0;
        if (str_absent(after) || str_empty(after))
                return RC_OK;
        if (!crypto_base64url_read(cx->mem, after, &bytes) || memchr(bytes.p, ' ', bytes.n) == NULL)
                return fail(cx, RC_INVALID, "after", "is not a cursor that was given out here");
        login = str_cut(bytes, ' ', &bytes);
        TRY(text_check(cx, login, "after", CURSOR_MAX, false));
        if (!str_int(bytes, ret_id))
                return fail(cx, RC_INVALID, "after", "is not a cursor that was given out here");
        *ret_login = login;
        return RC_OK;
}

rc session_all(struct cx *cx, const json_t *query, json_t **ret)
{
        int64_t limit = json_integer_value(json_object_get(query, "limit")), account = json_integer_value(json_object_get(query, "account")), id;
        json_t *m = json_object(), *list = json_array();
        struct session_of *row;
        size_t count;
        str login;

        if (limit < 1 || limit > LIST_MAX)
                limit = LIST_MAX;
        TRY(cursor_read(cx, json_get_text(query, "after"), &login, &id));
        TRY(sql_session_all(cx, account, login, id, limit + 1, &row, &count));
        for (size_t i = 0; i < count && i < (size_t)limit; i++) {
                json_t *one = json_object();

                json_set(one, "id", json_integer(row[i].id));
                json_set(one, "account_id", json_integer(row[i].account_id));
                json_set(one, "login", json_str(row[i].login));
                json_set(one, "name", json_str(row[i].name));
                json_set(one, "groups", json_str(row[i].group_names));
                json_set(one, "source", json_str(row[i].source));
                json_set(one, "agent", json_str(row[i].agent));
                json_set(one, "stage", json_str(row[i].stage));
                json_set(one, "created_at", json_str(clock_rfc3339(cx->mem, row[i].created_at)));
                json_set(one, "seen_at", json_str(clock_rfc3339(cx->mem, row[i].seen_at)));
                json_set(one, "current", json_boolean(row[i].id == cx->actor.session));
                must(json_array_append_new(list, one) == 0);
        }
        json_set(m, "sessions", list);
        json_set(m, "next", json_null());
        if (count > (size_t)limit) {
                str last = str_format(cx->mem, "%.*s %" PRId64, STR_ARG(row[limit - 1].sort), row[limit - 1].id);

                json_set(m, "next", json_str(crypto_base64url(cx->mem, last.p, last.n)));
        }
        *ret = m;
        return RC_OK;
}

rc session_end_any(struct cx *cx, int64_t id, int64_t *ret_account)
{
        struct session_ended *row;

        TRY(sql_session_end_any(cx, id, &row));
        if (row == NULL)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such session");
        *ret_account = row->account_id;
        return RC_OK;
}

rc session_end_all(struct cx *cx, int64_t account_id, int64_t *ret_count)
{
        return sql_session_end_all(cx, account_id, ret_count);
}

rc session_lock(struct cx *cx)
{
        bool done;

        if (cx->actor.session == 0)
                return fail(cx, RC_INVALID, NULL, "there is no session to lock: an API key does not log in");
        TRY(sql_session_lock(cx, cx->actor.session, &done));
        return done ? RC_OK : fail(cx, RC_CONFLICT, NULL, "this log-in is not waiting for that");
}

rc session_share(struct cx *cx, str token)
{
        bool changed;

        if (str_absent(token) || str_empty(token))
                return fail(cx, RC_INVALID, NULL, "an API key sits at no computer");
        return sql_session_share(cx, token_hash(cx, token), &changed);
}

rc session_place(struct cx *cx, str certificate, struct session_place *ret)
{
        struct session_place_row *row;

        *ret = (struct session_place){ .device = STR_NONE };
        if (cx->actor.session == 0 && cx->actor.kind != ACTOR_KEY)
                return RC_OK;
        TRY(sql_session_place(cx, cx->actor.session, certificate, &row));
        *ret = (struct session_place){ row->shared, row->own, row->known, row->device_id_null ? 0 : row->device_id, row->device };
        return RC_OK;
}

json_t *session_place_model(const struct session_place *place)
{
        json_t *m = json_object();

        if (!place->known && !place->own)
                return NULL;
        json_set(m, "id", place->known ? json_integer(place->device_id) : json_null());
        json_set(m, "name", json_str(place->device));
        json_set(m, "own", json_boolean(place->own));
        return m;
}

rc session_takeaway_check(struct cx *cx, str certificate, bool contact)
{
        struct session_place place;

        TRY(session_place(cx, certificate, &place));
        if (place.shared)
                return fail(cx, RC_FORBIDDEN, NULL, "on a shared computer no file is handed out; log in on a computer of your own");
        if (place.own && !contact)
                return fail(cx, RC_FORBIDDEN, NULL,
                            "this file is not handed out to a device of one's own; use one of the company, and say so under your settings");
        return RC_OK;
}

rc session_sit(struct cx *cx, int64_t device_id, str *ret_name)
{
        if (cx->actor.session == 0)
                return fail(cx, RC_INVALID, NULL, "an API key sits at no computer");
        TRY(sql_session_sit(cx, cx->actor.session, device_id, ret_name));
        if (str_absent(*ret_name))
                return fail(cx, RC_INVALID, "device_id", "must be one of your devices: the company's approved ones, or one of your own");
        if (str_empty(*ret_name))
                return fail(cx, RC_CONFLICT, NULL, "this session is known to come from another device; log out, and log in at the right one");
        return RC_OK;
}

rc session_unlock(struct cx *cx, str *ret_stage)
{
        TRY(sql_session_unlock(cx, cx->actor.session, ret_stage));
        return str_absent(*ret_stage) ? fail(cx, RC_CONFLICT, NULL, "this log-in is not waiting for that") : RC_OK;
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
