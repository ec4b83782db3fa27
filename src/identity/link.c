/* link.c - see link.h. */
#include "base/house.h"

#include "identity/link.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/fail.h"
#include "identity/account.h"
#include "identity/link.sql.h"
#include "identity/permission.h"
#include "identity/provider.h"
#include "identity/session.h"

static json_t *time_model(struct cx *cx, msec at, bool none)
{
        return none ? json_null() : json_str(clock_rfc3339(cx->mem, at));
}

rc link_list(struct cx *cx, int64_t account_id, json_t **ret)
{
        json_t *list = json_array();
        struct link_row *row;
        size_t count;

        TRY(sql_link_list(cx, account_id, &row, &count));
        for (size_t i = 0; i < count; i++) {
                json_t *m = json_object();

                json_set(m, "id", json_integer(row[i].id));
                json_set(m, "provider_id", json_integer(row[i].provider_id));
                json_set(m, "provider", json_str(row[i].provider));
                json_set(m, "kind", json_str(row[i].kind));
                json_set(m, "email", json_str(row[i].email));
                json_set(m, "name", json_str(row[i].name));
                json_set(m, "created_at", time_model(cx, row[i].created_at, false));
                json_set(m, "used_at", time_model(cx, row[i].used_at, row[i].used_at_null));
                must(json_array_append_new(list, m) == 0);
        }
        *ret = list;
        return RC_OK;
}

/* May the caller decide about this account? Its own, or one that holds no more. */
static rc account_check(struct cx *cx, int64_t account_id)
{
        struct buf words = buf_open(cx->mem, KB(64));
        struct rights held;
        json_t *account, *word;
        size_t i;

        if (cx->actor.kind == ACTOR_ACCOUNT && cx->actor.id == account_id)
                return RC_OK;
        TRY(account_get(cx, account_id, &account));
        json_array_foreach(json_object_get(account, "permissions"), i, word)
                buf_format(&words, " %.*s", STR_ARG(json_text(word)));
        must(!buf_full(&words));
        held = permission_parse(cx->mem, buf_str(&words));
        return permission_above(cx, &held);
}

rc link_erase(struct cx *cx, int64_t account_id, int64_t id)
{
        int64_t gone;

        TRY(account_check(cx, account_id));
        TRY(sql_link_drop(cx, account_id, id, &gone));
        if (gone == 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such link");
        return session_end_others(cx, account_id, cx->actor.kind == ACTOR_ACCOUNT && cx->actor.id == account_id ? cx->actor.session : 0);
}

static json_t *applicant_model(struct cx *cx, const struct link_applicant *a)
{
        json_t *m = json_object();

        json_set(m, "id", json_integer(a->id));
        json_set(m, "provider_id", json_integer(a->provider_id));
        json_set(m, "provider", json_str(a->provider));
        json_set(m, "kind", json_str(a->kind));
        json_set(m, "subject", json_str(a->subject));
        json_set(m, "email", json_str(a->email));
        json_set(m, "name", json_str(a->name));
        json_set(m, "created_at", time_model(cx, a->created_at, false));
        json_set(m, "refused_at", time_model(cx, a->refused_at, a->refused_at_null));
        json_set(m, "state", json_str(a->refused_at_null ? S("waiting") : S("refused")));
        return m;
}

rc link_applicants(struct cx *cx, json_t **ret)
{
        json_t *m = json_object(), *list = json_array();
        struct link_applicant *row;
        size_t count;

        TRY(sql_link_applicants(cx, &row, &count));
        for (size_t i = 0; i < count; i++)
                must(json_array_append_new(list, applicant_model(cx, &row[i])) == 0);
        json_set(m, "applicants", list);
        *ret = m;
        return RC_OK;
}

static rc unknown(struct cx *cx)
{
        return fail(cx, RC_UNKNOWN, NULL, "there is no such application");
}

rc link_applicant_get(struct cx *cx, int64_t id, json_t **ret)
{
        struct link_applicant *row;

        TRY(sql_link_applicant(cx, id, &row));
        if (row == NULL)
                return unknown(cx);
        *ret = applicant_model(cx, row);
        return RC_OK;
}

rc link_approve(struct cx *cx, int64_t id, const json_t *in, json_t **ret_account)
{
        struct link_applicant *row;
        json_t *account, *member;
        int64_t linked;
        str none;

        TRY(sql_link_applicant(cx, id, &row));
        if (row == NULL)
                return unknown(cx);
        account = json_copy((json_t *)(uintptr_t)in);
        member = json_object_get(account, "email");
        if ((member == NULL || str_empty(json_text(member))) && !str_absent(row->email))
                json_set(account, "email", json_str(row->email));
        json_set(account, "without_password", json_true());
        TRY(account_create(cx, account, ret_account, &none));
        TRY(sql_link_approve(cx, id, json_integer_value(json_object_get(*ret_account, "id")), &linked));
        return linked != 0 ? RC_OK : unknown(cx);
}

rc link_refuse(struct cx *cx, int64_t id)
{
        int64_t done;

        TRY(sql_link_refuse(cx, id, &done));
        return done != 0 ? RC_OK : unknown(cx);
}

rc link_forget(struct cx *cx, int64_t id)
{
        int64_t done;

        TRY(sql_link_forget(cx, id, &done));
        return done != 0 ? RC_OK : unknown(cx);
}

rc link_invite(struct cx *cx, int64_t provider_id, int64_t account_id, str *ret)
{
        uint8_t secret[SHA256_SIZE], hash[SHA256_SIZE];
        json_t *provider;
        int64_t id;
        str token;

        TRY(account_check(cx, account_id));
        TRY(provider_get(cx, provider_id, &provider));
        if (!json_is_true(json_object_get(provider, "active")) || !json_is_true(json_object_get(provider, "allowed")))
                return fail(cx, RC_CONFLICT, "provider", "this contract does not let in by this sign-on service");
        crypto_random(secret, sizeof(secret));
        token = crypto_base64url(cx->mem, secret, sizeof(secret));
        crypto_wipe(secret, sizeof(secret));
        crypto_sha256(token, hash);
        TRY(sql_link_uninvite(cx, provider_id, account_id));
        TRY(sql_link_invite(cx, cx->tenant, provider_id, account_id, (str){ (const char *)hash, sizeof(hash) }, cx->actor.name, &id));
        *ret = token;
        return RC_OK;
}
