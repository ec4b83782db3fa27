/* enter.c - see enter.h. The only statements of the house that take a role. */
#include "base/house.h"

#include "gate/enter.h"

#include "base/buf.h"
#include "base/crypto.h"
#include "base/fail.h"
#include "db/db.h"

enum { COOKIE_LENGTH = 43, KEY_MIN = 20, KEY_MAX = 200 };

/* e.role and the actor are set for this transaction only, together with the look-up: one trip. */
#define ENTRANCE                                                                                                               \
        "select e.tenant, e.masked, e.kind, e.id, e.actor, e.groups, e.permissions, e.lang, e.theme, e.session_id, "           \
        "e.must_change, e.now_ms, pg_catalog.set_config('role', e.role, true), "                                               \
        "pg_catalog.set_config('daicho.actor', e.kind || ':' || e.id || ':' || e.actor, true) "

static str hash_of(struct cx *cx, str secret)
{
        uint8_t hash[SHA256_SIZE];
        struct buf b = buf_open(cx->mem, 2 * SHA256_SIZE + 2);

        crypto_sha256(secret, hash);
        buf_text(&b, "\\x");
        buf_add(&b, crypto_hex(cx->mem, hash, sizeof(hash)));
        return buf_str(&b);
}

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

                if (!str_equal_nocase(scheme, bearer) || key.n < KEY_MIN || key.n > KEY_MAX || !str_starts(key, S("dk_")))
                        return fail(cx, RC_UNAUTHORIZED, NULL, "the Authorization header must hold an API key: Bearer dk_…");
                u->key = key;
                return RC_OK;
        }
        u->cookie = http_cookie(u->req, "__Host-daicho");
        if (u->cookie.n != COOKIE_LENGTH)
                u->cookie = STR_NONE;
        return RC_OK;
}

static void entered(struct cx *cx, struct unit *u, const struct rows *r)
{
        cx->tenant = rows_text(r, 0, 0);
        cx->masked = rows_bool(r, 0, 1);
        cx->actor.kind = str_is(rows_text(r, 0, 2), "key") ? ACTOR_KEY : ACTOR_ACCOUNT;
        cx->actor.id = rows_int(r, 0, 3);
        cx->actor.name = rows_text(r, 0, 4);
        cx->actor.groups = rows_text(r, 0, 5);
        cx->permissions = permission_parse(rows_text(r, 0, 6));
        cx->lang = str_is(rows_text(r, 0, 7), "en") ? LANG_EN : LANG_JA;
        cx->now = rows_int(r, 0, 11);
        u->theme = rows_text(r, 0, 8);
        cx->actor.session = rows_int(r, 0, 9);
        u->must_change = rows_bool(r, 0, 10);
        u->entered = true;
}

rc enter_tenant(struct cx *cx, struct unit *u)
{
        bool by_key = !str_absent(u->key);
        struct rows *r;
        str hash;

        if (!by_key && str_absent(u->cookie))
                return fail(cx, RC_UNAUTHORIZED, NULL, "please log in");
        hash = hash_of(cx, by_key ? u->key : u->cookie);
        TRY(db_ensure(cx));
        db_begin(cx);
        TRY(db_run(cx, by_key ? S(ENTRANCE "from daicho.key_enter($1) e") : S(ENTRANCE "from daicho.session_enter($1) e"), &hash, 1, &r));
        if (rows_count(r) == 0)
                return by_key ? fail(cx, RC_UNAUTHORIZED, NULL, "this API key is not known, or no longer valid")
                              : fail(cx, RC_UNAUTHORIZED, NULL, "the session has ended; please log in");
        entered(cx, u, r);
        return RC_OK;
}

static const char *kind_word(enum actor_kind kind)
{
        static const char *const words[] = { "nobody", "account", "key", "operator", "system" };

        return words[kind];
}

rc enter_by_name(struct cx *cx, str tenant)
{
        str actor = str_format(cx->mem, "%s:%" PRId64 ":%.*s", kind_word(cx->actor.kind), cx->actor.id, STR_ARG(cx->actor.name));
        struct rows *r;

        db_begin(cx);
        TRY(db_run(cx, S("select e.tenant, e.lang, e.now_ms, "
                         "pg_catalog.set_config('role', e.role || case when $2::boolean then '_masked' else '' end, true), "
                         "pg_catalog.set_config('daicho.actor', $3, true) from daicho.tenant_enter($1) e"),
                   (str[]){ tenant, db_bool(cx->masked), actor }, 3, &r));
        if (rows_count(r) == 0)
                return fail(cx, RC_UNKNOWN, "tenant", "there is no contract \"%.*s\"", STR_ARG(tenant));
        cx->tenant = rows_text(r, 0, 0);
        cx->now = rows_int(r, 0, 2);
        return RC_OK;
}
