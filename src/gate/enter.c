/* enter.c - see enter.h. */
#include "base/house.h"

#include "gate/enter.h"

#include "base/crypto.h"
#include "base/fail.h"
#include "db/db.h"
#include "gate/enter.sql.h"
#include "gate/recall.h"

enum { COOKIE_LENGTH = 43, KEY_MIN = 20, KEY_MAX = 200 };

str enter_csrf(struct cx *cx, str cookie)
{
        uint8_t hash[SHA256_SIZE];

        if (str_absent(cookie))
                return STR_NONE;
        crypto_sha256(str_format(cx->mem, "csrf%.*s", STR_ARG(cookie)), hash);
        return crypto_base64url(cx->mem, hash, sizeof(hash));
}

rc enter_read(struct cx *cx, struct unit *u)
{
        str authorization = http_header(u->req, "Authorization");
        str bearer = S("Bearer ");

        u->cookie = u->key = STR_NONE;
        if (!str_absent(authorization)) {
                str scheme = { authorization.p, authorization.n < bearer.n ? authorization.n : bearer.n };
                str key = str_trim((str){ authorization.p + scheme.n, authorization.n - scheme.n });

                if (!str_equal_nocase(scheme, bearer) || key.n < KEY_MIN || key.n > KEY_MAX ||
                    (!str_starts(key, S("dk_")) && !str_starts(key, S("da_"))))
                        return fail(cx, RC_UNAUTHORIZED, NULL,
                                    "the Authorization header must hold an API key or an access token: Bearer dk_… or da_…");
                u->key = key;
                return RC_OK;
        }
        u->cookie = http_cookie(u->req, "__Host-daicho");
        if (u->cookie.n != COOKIE_LENGTH)
                u->cookie = STR_NONE;
        return RC_OK;
}

enum stage enter_stage(str word)
{
        static const char *const words[STAGES] = { "full", "password", "device", "locked", "confirm", "enroll", "factor", "certificate", "address" };

        for (int i = 0; i < STAGES; i++)
                if (str_is(word, words[i]))
                        return (enum stage)i;
        return STAGE_ADDRESS;
}

static void entered(struct cx *cx, struct unit *u, const struct entrance *e)
{
        cx->tenant = e->tenant;
        cx->masked = e->masked;
        cx->actor.kind = str_is(e->kind, "key") ? ACTOR_KEY : str_is(e->kind, "operator") ? ACTOR_OPERATOR : ACTOR_ACCOUNT;
        cx->actor.id = e->id;
        cx->actor.name = e->actor;
        cx->actor.groups = e->groups;
        cx->permissions = permission_parse(cx->mem, e->permissions);
        cx->lang = str_is(e->lang, "en") ? LANG_EN : LANG_JA;
        cx->now = e->now_ms;
        u->theme = e->theme;
        cx->actor.session = e->session_id;
        u->stage = enter_stage(e->stage);
        u->proven = e->proven_ms;
        cx->actor.stage = (int)u->stage;
        if (u->stage > STAGE_PASSWORD)
                cx->permissions = (struct rights){ 0 };
        u->entered = true;
}

/* SHA-256 of the key or cookie; absent when there is neither. */
static str token_of(struct cx *cx, const struct unit *u)
{
        str secret = !str_absent(u->key) ? u->key : u->cookie;
        uint8_t hash[SHA256_SIZE];

        if (str_absent(secret))
                return STR_NONE;
        crypto_sha256(secret, hash);
        return (str){ arena_copy(cx->mem, hash, sizeof(hash)), sizeof(hash) };
}

/* nginx takes away what a client sends under this name. */
str enter_certificate(const struct http_req *req)
{
        str serial = http_header(req, "X-Client-Certificate");

        return str_absent(serial) ? S("") : serial;
}

/* Whoever has the key of a suspended contract is told that; strangers have none. */
static rc key_refuse(struct cx *cx, str token)
{
        bool held;

        TRY(sql_enter_key_held(cx, token, cx->actor.source, &held));
        if (held)
                return fail(cx, RC_FORBIDDEN, NULL, "this contract is suspended for now; its data is kept, please ask the operator of the service");
        return fail(cx, RC_UNAUTHORIZED, NULL, "this API key is not known, or no longer valid");
}

rc enter_tenant(struct cx *cx, struct unit *u)
{
        bool by_key = !str_absent(u->key);
        str token = token_of(cx, u);
        struct entrance *e;

        if (str_absent(token))
                return fail(cx, RC_UNAUTHORIZED, NULL, "please log in");
        TRY(db_ensure(cx));
        db_begin(cx);
        if (by_key)
                TRY(sql_enter_key(cx, token, cx->actor.source, &e));
        else
                TRY(sql_enter_session(cx, token, cx->actor.source, enter_certificate(u->req), &e));
        if (e == NULL && by_key)
                return key_refuse(cx, token);
        if (e == NULL)
                return fail(cx, RC_UNAUTHORIZED, NULL, "the session has ended; please log in");
        entered(cx, u, e);
        recall_keep(token, e);
        return RC_OK;
}

bool enter_guess(struct cx *cx, struct unit *u)
{
        str token = token_of(cx, u);
        struct entrance *e = str_absent(token) ? NULL : recall_find(token, cx->mem);

        if (e == NULL || db_ensure(cx) != RC_OK)
                return false;
        db_begin(cx);
        if (!str_absent(u->key))
                sql_enter_key_ask(cx, token, cx->actor.source, &u->found);
        else
                sql_enter_session_ask(cx, token, cx->actor.source, enter_certificate(u->req), &u->found);
        u->guess = e;
        entered(cx, u, e);
        return true;
}

bool enter_confirm(struct cx *cx, struct unit *u)
{
        struct entrance *guess = u->guess, *e = NULL;

        if (guess == NULL)
                return true;
        if (u->found == NULL && db_run(cx, S("select 1"), NULL, 0, NULL) != RC_OK)
                return false;
        if (u->found == NULL || (str_absent(u->key) ? sql_enter_session_take(cx, u->found, &e) : sql_enter_key_take(cx, u->found, &e)) != RC_OK)
                return false;
        u->guess = NULL;
        return e != NULL && recall_same(guess, e);
}

rc enter_by_name(struct cx *cx, str tenant, bool owner)
{
        static const char *const kinds[] = { "nobody", "account", "key", "operator", "system" };
        str actor = str_format(cx->mem, "%s:%" PRId64 ":%.*s", kinds[cx->actor.kind], cx->actor.id, STR_ARG(cx->actor.name));
        struct doorway *d;

        if (unit_pool == POOL_SSO) /* it listens to the network: nobody's personal items for it */
                cx->masked = true;
        db_begin(cx);
        TRY(sql_enter_name(cx, tenant, cx->masked, owner, actor, cx->actor.job ? db_int(cx, cx->actor.job) : S(""),
                           str_absent(cx->actor.groups) ? S("") : cx->actor.groups, str_absent(cx->actor.source) ? S("") : cx->actor.source, &d));
        if (d == NULL)
                return fail(cx, RC_UNKNOWN, "tenant", "there is no contract \"%.*s\"", STR_ARG(tenant));
        cx->tenant = d->tenant;
        cx->desk = str_ends(d->role, S("_desk"));
        cx->lang = str_is(d->lang, "en") ? LANG_EN : LANG_JA;
        cx->now = d->now_ms;
        return RC_OK;
}

void enter_probe(struct cx *cx, str path)
{
        sql_enter_probe_queue(cx, path);
}

rc enter_renew(struct cx *cx)
{
        enum lang lang = cx->lang;

        TRY(db_commit(cx));
        TRY(enter_by_name(cx, cx->tenant, false));
        cx->lang = lang;
        return RC_OK;
}
