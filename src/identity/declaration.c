/* declaration.c - see declaration.h. */
#include "base/house.h"

#include "identity/declaration.h"

#include "base/clock.h"
#include "base/fail.h"
#include "base/text.h"
#include "identity/declaration.sql.h"
#include "identity/device.h"
#include "identity/permission.h"

enum { NOTE_MAX = 1000 };

/* What is declared: all of it, or nothing. */
static const char *const points[] = { "data_removed", "accounts_removed", "nothing_kept" };

static json_t *when(struct cx *cx, msec at, bool none)
{
        return none ? json_null() : json_str(clock_rfc3339(cx->mem, at));
}

rc declaration_list(struct cx *cx, int64_t device_id, json_t **ret)
{
        struct declaration_row *row;
        json_t *list = json_array();
        size_t count;

        TRY(sql_declaration_list(cx, device_id, &row, &count));
        for (size_t i = 0; i < count; i++) {
                json_t *one = json_object();

                json_set(one, "id", json_integer(row[i].id));
                json_set(one, "signed_by", json_str(row[i].signed_by));
                json_set(one, "signed_at", when(cx, row[i].signed_at, false));
                json_set(one, "own", json_boolean(row[i].own));
                json_set(one, "mine", json_boolean(row[i].mine));
                json_set(one, "reason", json_str(row[i].reason));
                json_set(one, "how", json_str(row[i].how));
                json_set(one, "countersigned_by", json_str(row[i].countersigned_by));
                json_set(one, "countersigned_at", when(cx, row[i].countersigned_at, row[i].countersigned_at_null));
                json_set(one, "void_at", when(cx, row[i].void_at, row[i].void_at_null));
                json_set(one, "void_by", json_str(row[i].void_by));
                json_set(one, "void_reason", str_is(row[i].void_reason, "stays") ? json_null() : json_str(row[i].void_reason));
                json_set(one, "stays", json_boolean(str_is(row[i].void_reason, "stays")));
                json_set(one, "valid", json_boolean(row[i].void_at_null));
                must(json_array_append_new(list, one) == 0);
        }
        *ret = list;
        return RC_OK;
}

static rc ties_read(struct cx *cx, int64_t device_id, json_t **ret)
{
        struct declaration_tied *row;
        json_t *list = json_array();
        size_t count;

        TRY(sql_declaration_ties(cx, device_id, &row, &count));
        for (size_t i = 0; i < count; i++) {
                json_t *one = json_object();

                json_set(one, "kind", json_str(row[i].kind));
                json_set(one, "id", json_integer(row[i].id));
                json_set(one, "name", json_str(row[i].name));
                json_set(one, "live", json_boolean(row[i].live));
                must(json_array_append_new(list, one) == 0);
        }
        *ret = list;
        return RC_OK;
}

rc declaration_ties(struct cx *cx, int64_t device_id, json_t **ret, json_t **ret_loose)
{
        TRY(ties_read(cx, device_id, ret));
        return ties_read(cx, 0, ret_loose);
}

rc declaration_tasks(struct cx *cx, json_t **ret)
{
        json_t *m = json_object(), *mine = json_array();
        struct declaration_wanted *row;
        struct declaration_counts *counts;
        size_t count;

        TRY(sql_declaration_mine(cx, &row, &count));
        for (size_t i = 0; i < count; i++) {
                json_t *one = json_object();

                json_set(one, "id", json_integer(row[i].id));
                json_set(one, "name", json_str(row[i].name));
                json_set(one, "due_at", when(cx, row[i].due_at, false));
                must(json_array_append_new(mine, one) == 0);
        }
        json_set(m, "mine", mine);
        if (permission_held(cx, PERM_ACCOUNT_MANAGE)) {
                TRY(sql_declaration_counts(cx, &counts));
                json_set(m, "signed", json_integer(counts->signed_));
                json_set(m, "open", json_integer(counts->open));
        }
        *ret = m;
        return RC_OK;
}

static rc text_take(struct cx *cx, const json_t *in, const char *item, str *ret)
{
        str s = json_get_text(in, item);

        *ret = STR_NONE;
        if (str_absent(s) || str_empty(str_trim(s)))
                return RC_OK;
        *ret = str_trim(s);
        return text_check(cx, *ret, item, NOTE_MAX, true);
}

static rc state_check(struct cx *cx, const json_t *device, const char *wanted, const char *text, int64_t version)
{
        if (!str_is(json_get_text(device, "declaration"), wanted))
                return fail(cx, RC_CONFLICT, NULL, "%s", fail_translate(cx->lang, text));
        if (json_integer_value(json_object_get(device, "version")) != version)
                return fail(cx, RC_STALE, NULL, "somebody changed this in the meantime");
        return RC_OK;
}

static rc person_check(struct cx *cx)
{
        return cx->actor.kind == ACTOR_ACCOUNT ? RC_OK : fail(cx, RC_FORBIDDEN, NULL, "a declaration is signed by a person who is logged in");
}

rc declaration_sign(struct cx *cx, int64_t device_id, int64_t version, const json_t *in)
{
        str reason, how;
        json_t *device;
        int64_t done;

        TRY(person_check(cx));
        TRY(device_get(cx, device_id, &device));
        if (str_is(json_get_text(device, "declaration"), "signed") || str_is(json_get_text(device, "declaration"), "countersigned"))
                return fail(cx, RC_CONFLICT, NULL, "this declaration is signed already");
        TRY(state_check(cx, device, "open", "a declaration is about a device of their own of somebody who leaves", version));
        for (size_t i = 0; i < COUNT(points); i++)
                if (!json_is_true(json_object_get(in, points[i])))
                        (void)fail(cx, RC_INVALID, points[i], "must be confirmed; only what is done is signed");
        (void)text_take(cx, in, "how", &how);
        (void)text_take(cx, in, "reason", &reason);
        if (str_absent(reason) && !json_is_true(json_object_get(device, "mine")))
                (void)fail(cx, RC_INVALID, "reason", "must say why the person who leaves does not sign");
        if (cx->failure.code != RC_OK)
                return cx->failure.code;
        TRY(sql_declaration_sign(cx, device_id, version, reason, how, &done));
        return done != 0 ? RC_OK : fail(cx, RC_STALE, NULL, "somebody changed this in the meantime");
}

static rc decide(struct cx *cx, int64_t device_id, int64_t version, bool good, str reason)
{
        json_t *device, *list, *newest;
        int64_t done;

        TRY(person_check(cx));
        TRY(device_get(cx, device_id, &device));
        TRY(state_check(cx, device, "signed", "there is no declaration that waits for a countersignature", version));
        TRY(declaration_list(cx, device_id, &list));
        newest = json_array_get(list, 0);
        if (json_is_true(json_object_get(device, "mine")) || json_is_true(json_object_get(newest, "mine")))
                return fail(cx, RC_FORBIDDEN, NULL, "who signed, and whom it is about, does not countersign; another person must");
        TRY(sql_declaration_decide(cx, device_id, version, good, reason, &done));
        return done != 0 ? RC_OK : fail(cx, RC_STALE, NULL, "somebody changed this in the meantime");
}

rc declaration_countersign(struct cx *cx, int64_t device_id, int64_t version)
{
        return decide(cx, device_id, version, true, STR_NONE);
}

rc declaration_send_back(struct cx *cx, int64_t device_id, int64_t version, str reason)
{
        json_t *in = json_set(json_object(), "reason", json_str(reason));

        TRY(text_take(cx, in, "reason", &reason));
        if (str_absent(reason))
                return fail(cx, RC_INVALID, "reason", "must not be empty");
        return decide(cx, device_id, version, false, reason);
}

rc declaration_tie(struct cx *cx, int64_t device_id, str kind, int64_t id, str *ret_name)
{
        bool key = str_is(kind, "key");
        json_t *device;

        TRY(device_get(cx, device_id, &device));
        if (cx->actor.kind == ACTOR_KEY)
                return fail(cx, RC_FORBIDDEN, NULL, "this is for accounts; an API key has none");
        if (json_is_true(json_object_get(device, "owner_left")) || str_is(json_get_text(device, "state"), "returned") ||
            str_is(json_get_text(device, "state"), "lost"))
                return fail(cx, RC_CONFLICT, NULL, "this device is not used any more");
        TRY(sql_declaration_tie(cx, device_id, key ? NULL : &id, key ? &id : NULL, ret_name));
        if (str_absent(*ret_name))
                return fail(cx, RC_INVALID, "of", "there is no such certificate or key, or it is revoked");
        return RC_OK;
}
