/* key.c - see key.h. The look-up of a key is gate's first trip (daicho.key_enter). */
#include "base/house.h"

#include "identity/key.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/fail.h"
#include "base/text.h"
#include "identity/border.h"
#include "identity/key.sql.h"
#include "identity/permission.h"

enum { NAME_MAX = 100, SECRET_SIZE = 32, HINT_SIZE = 8, LIST_MAX = 500 };

static json_t *time_model(struct cx *cx, msec at, bool none)
{
        return none ? json_null() : json_str(clock_rfc3339(cx->mem, at));
}

static json_t *model(struct cx *cx, const struct api_key *k)
{
        struct rights held = permission_parse(cx->mem, k->permissions), now = permission_parse(cx->mem, k->words);
        json_t *m = json_object();

        json_set(m, "id", json_integer(k->id));
        json_set(m, "name", json_str(k->name));
        json_set(m, "hint", json_str(k->hint));
        json_set(m, "permissions", permission_words(cx, &held));
        json_set(m, "permission_list", permission_titles(cx, &held));
        json_set(m, "permissions_now", permission_words(cx, &now));
        json_set(m, "maker", json_str(k->maker));
        json_set(m, "state", json_str(k->state));
        json_set(m, "created_at", time_model(cx, k->created_at, false));
        json_set(m, "expires_at", time_model(cx, k->expires_at, k->expires_at_null));
        json_set(m, "used_at", time_model(cx, k->used_at, k->used_at_null));
        json_set(m, "used_from", json_str(k->used_from));
        json_set(m, "revoked_at", time_model(cx, k->revoked_at, k->revoked_at_null));
        json_set(m, "addresses", border_ranges_model(k->addresses));
        json_set(m, "rotated_at", time_model(cx, k->rotated_at, k->rotated_at_null));
        json_set(m, "old_until", time_model(cx, k->old_until, k->old_until_null));
        return m;
}

rc key_list(struct cx *cx, json_t **ret)
{
        json_t *m = json_object(), *keys = json_array();
        struct api_key *row;
        size_t count;

        TRY(sql_key_list(cx, LIST_MAX, &row, &count));
        for (size_t i = 0; i < count; i++)
                must(json_array_append_new(keys, model(cx, &row[i])) == 0);
        json_set(m, "keys", keys);
        *ret = m;
        return RC_OK;
}

static rc row_find(struct cx *cx, int64_t id, struct api_key **ret)
{
        struct api_key *row;

        TRY(sql_key_find(cx, id, &row));
        if (row == NULL)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such key");
        *ret = row;
        return RC_OK;
}

rc key_get(struct cx *cx, int64_t id, json_t **ret)
{
        struct api_key *row;

        TRY(row_find(cx, id, &row));
        *ret = model(cx, row);
        return RC_OK;
}

/* The account in whose name a key is made; a key makes keys in its maker's name. 0: the operator. */
static rc maker_of(struct cx *cx, int64_t *ret)
{
        *ret = cx->actor.kind == ACTOR_ACCOUNT ? cx->actor.id : 0;
        return cx->actor.kind == ACTOR_KEY ? sql_key_maker(cx, cx->actor.id, ret) : RC_OK;
}

static void secret_make(struct cx *cx, str *ret_key, str *ret_hash)
{
        uint8_t secret[SECRET_SIZE], hash[SHA256_SIZE];

        crypto_random(secret, sizeof(secret));
        *ret_key = str_format(cx->mem, "dk_%.*s", STR_ARG(crypto_base64url(cx->mem, secret, sizeof(secret))));
        crypto_wipe(secret, sizeof(secret));
        crypto_sha256(*ret_key, hash);
        *ret_hash = (str){ arena_copy(cx->mem, hash, sizeof(hash)), sizeof(hash) };
}

rc key_create(struct cx *cx, const json_t *in, json_t **ret, str *ret_key)
{
        str name = str_trim(json_get_text(in, "name")), key;
        const json_t *days_given = json_object_get(in, "days");
        int64_t days = json_integer_value(days_given), maker, id;
        struct rights permissions;
        str hash, ranges;

        if (str_absent(name) || str_empty(name))
                return fail(cx, RC_INVALID, "name", "must not be empty");
        TRY(text_check(cx, name, "name", NAME_MAX, false));
        TRY(permission_read(cx, json_object_get(in, "permissions"), "permissions", NULL, &permissions));
        if (permission_none(&permissions))
                return fail(cx, RC_INVALID, "permissions", "a key without a permission could do nothing; choose at least one");
        if (days_given != NULL && !json_is_null(days_given) && (days < 1 || days > KEY_DAYS_MAX))
                return fail(cx, RC_INVALID, "days", "must be a whole number from %d to %d", 1, KEY_DAYS_MAX);
        TRY(maker_of(cx, &maker));
        TRY(border_ranges(cx, in, &ranges));
        secret_make(cx, &key, &hash);
        TRY(sql_key_insert(cx, cx->tenant, name, hash, (str){ key.p, HINT_SIZE }, permission_format(cx->mem, &permissions), maker ? &maker : NULL,
                           days ? &days : NULL, ranges, &id));
        TRY(key_get(cx, id, ret));
        *ret_key = key;
        return RC_OK;
}

/* A living key that the caller may change: their own, or one that can do no more than they. */
static rc changeable(struct cx *cx, int64_t id, struct api_key **ret)
{
        struct api_key *row;
        struct rights held;
        int64_t maker;

        TRY(row_find(cx, id, &row));
        TRY(maker_of(cx, &maker));
        held = permission_parse(cx->mem, row->words);
        if (maker == 0 || row->maker_id != maker)
                TRY(permission_above(cx, &held));
        if (!row->revoked_at_null)
                return fail(cx, RC_CONFLICT, NULL, "this key is revoked already");
        *ret = row;
        return RC_OK;
}

rc key_revoke(struct cx *cx, int64_t id, json_t **ret)
{
        struct api_key *row;
        int64_t closed;

        TRY(changeable(cx, id, &row));
        TRY(sql_key_close(cx, id, &closed));
        if (closed == 0)
                return fail(cx, RC_CONFLICT, NULL, "this key is revoked already");
        return key_get(cx, id, ret);
}

rc key_check(struct cx *cx, int64_t id)
{
        struct api_key *row;

        return row_find(cx, id, &row);
}

rc key_rotate(struct cx *cx, int64_t id, const json_t *in, json_t **ret, str *ret_key)
{
        const json_t *days_given = json_object_get(in, "days"), *hours_given = json_object_get(in, "hours");
        int64_t days = json_integer_value(days_given), hours = json_is_integer(hours_given) ? json_integer_value(hours_given) : KEY_OVERLAP_HOURS,
                done;
        struct api_key *row;
        str key, hash;

        TRY(changeable(cx, id, &row));
        secret_make(cx, &key, &hash);
        TRY(sql_key_rotate(cx, id, hash, (str){ key.p, HINT_SIZE }, hours * 60, json_is_integer(days_given) ? &days : NULL, &done));
        if (done == 0)
                return fail(cx, RC_CONFLICT, NULL, "this key is revoked already");
        TRY(key_get(cx, id, ret));
        *ret_key = key;
        return RC_OK;
}

rc key_addresses(struct cx *cx, int64_t id, const json_t *in, json_t **ret_before, json_t **ret)
{
        struct api_key *row;
        size_t changed;
        str ranges;

        TRY(border_ranges(cx, in, &ranges));
        TRY(changeable(cx, id, &row));
        *ret_before = model(cx, row);
        TRY(sql_key_addresses(cx, id, ranges, &changed));
        return key_get(cx, id, ret);
}

rc key_grid(struct cx *cx, json_t **ret)
{
        struct permission_lists lists = { 0 };

        return permission_grid(cx, &lists, ret);
}
