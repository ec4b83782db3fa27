/* person.c - see person.h. The rules that must hold whatever this code does stand in schema/0008_people.sql. */
#include "base/house.h"

#include "identity/person.h"

#include "base/clock.h"
#include "base/fail.h"
#include "base/file.h"
#include "base/text.h"
#include "db/db.h"
#include "identity/account.h"
#include "identity/alert.h"
#include "identity/department.h"
#include "identity/device.h"
#include "identity/permission.h"
#include "identity/person.sql.h"

#include <errno.h>
#include <unistd.h>

enum { NAME_MAX = 100, EMAIL_MAX = 254, NOTE_MAX = 1000, DEVICE_MAX = 200, LIST_DEFAULT = 50, LIST_MAX = 200 };
enum { FILES_AT_ONCE = 100, FILES_TURNS = 100 };

static const char *const kinds[] = { "employee", "officer", "temporary", "contractor", "other" };
static const char *const reasons[] = { "leaver", "loss", "violation", "other" };
static const char *const whats[] = { "theft", "loss", "leakage" };

/* Models --------------------------------------------------------------------------------------------------------------------------- */

static json_t *time_model(struct cx *cx, msec at, bool none)
{
        return none ? json_null() : json_str(clock_rfc3339(cx->mem, at));
}

static json_t *account_model(struct cx *cx, const struct person_row *p)
{
        json_t *m = json_object();

        if (p->account_id_null)
                return json_null();
        json_set(m, "id", json_integer(p->account_id));
        json_set(m, "login", json_str(p->login));
        json_set(m, "groups", json_str(p->groups));
        json_set(m, "suspended_for", json_str(p->suspended_for));
        json_set(m, "suspended_by", json_str(p->suspended_by));
        json_set(m, "suspended_at", time_model(cx, p->suspended_at, p->suspended_at_null));
        json_set(m, "last_login_at", time_model(cx, p->last_login_at, p->last_login_at_null));
        return m;
}

static json_t *model(struct cx *cx, const struct person_row *p)
{
        json_t *m = json_object();

        json_set(m, "id", json_integer(p->id));
        json_set(m, "name", json_str(p->name));
        json_set(m, "email", json_str(p->email));
        json_set(m, "kind", json_str(p->kind));
        json_set(m, "department", json_str(p->department));
        json_set(m, "state", json_str(p->state));
        json_set(m, "version", json_integer(p->version));
        json_set(m, "created_at", time_model(cx, p->created_at, false));
        json_set(m, "leaves_at", time_model(cx, p->leaves_at, p->leaves_at_null));
        json_set(m, "due_at", time_model(cx, p->due_at, p->due_at_null));
        json_set(m, "overdue", json_boolean(p->overdue));
        json_set(m, "left_at", time_model(cx, p->left_at, p->left_at_null));
        json_set(m, "keys", json_integer(p->keys));
        json_set(m, "certificates", json_integer(p->certificates));
        json_set(m, "idle_days", p->idle_days_null ? json_null() : json_integer(p->idle_days));
        json_set(m, "dormant", json_boolean(p->dormant));
        json_set(m, "unreturned", json_integer(p->unreturned));
        json_set(m, "undeclared", json_integer(p->undeclared));
        json_set(m, "return_overdue", json_boolean(p->return_overdue));
        json_set(m, "declare_overdue", json_boolean(p->declare_overdue));
        json_set(m, "complete", p->left_at_null ? json_null() : json_boolean(p->unreturned == 0 && p->undeclared == 0));
        json_set(m, "account", account_model(cx, p));
        return m;
}

static str given(const json_t *in, const char *name)
{
        str s = json_get_text(in, name);

        if (str_absent(s))
                return STR_NONE;
        s = str_trim(s);
        return str_empty(s) ? STR_NONE : s;
}

rc person_list(struct cx *cx, const json_t *query, json_t **ret)
{
        int64_t limit = json_integer_value(json_object_get(query, "limit")), after = json_integer_value(json_object_get(query, "after"));
        json_t *m = json_object(), *people = json_array(), *asks = json_array();
        struct person_row *row;
        struct person_open_ask *ask;
        struct person_count *counts;
        size_t count, ask_count;
        str department;

        if (limit < 1 || limit > LIST_MAX)
                limit = LIST_DEFAULT;
        department = given(query, "department");
        if (str_is(department, "-"))
                department = S("");
        TRY(sql_person_list(cx, given(query, "q"), given(query, "state"), after, limit + 1, department, &row, &count));
        TRY(sql_person_open_asks(cx, &ask, &ask_count));
        TRY(sql_person_counts(cx, &counts));
        for (size_t i = 0; i < count && i < (size_t)limit; i++)
                must(json_array_append_new(people, model(cx, &row[i])) == 0);
        for (size_t i = 0; i < ask_count; i++) {
                json_t *one = json_object();

                json_set(one, "person_id", json_integer(ask[i].person_id));
                json_set(one, "name", json_str(ask[i].name));
                json_set(one, "why", json_str(ask[i].why));
                json_set(one, "asked_by", json_str(ask[i].asked_by));
                json_set(one, "asked_at", time_model(cx, ask[i].asked_at, false));
                must(json_array_append_new(asks, one) == 0);
        }
        json_set(m, "people", people);
        json_set(m, "next", count > (size_t)limit ? json_integer(row[limit - 1].id) : json_null());
        json_set(m, "asks", asks);
        json_set(m, "dormant", json_integer(counts->dormant));
        json_set(m, "dormant_days", json_integer(counts->dormant_days));
        *ret = m;
        return RC_OK;
}

static rc row_find(struct cx *cx, int64_t id, struct person_row **ret)
{
        struct person_row *row;

        TRY(sql_person_find(cx, id, &row));
        if (row == NULL)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such person");
        *ret = row;
        return RC_OK;
}

rc person_get(struct cx *cx, int64_t id, json_t **ret)
{
        struct person_row *row;

        TRY(row_find(cx, id, &row));
        *ret = model(cx, row);
        return RC_OK;
}

static rc stop_model(struct cx *cx, const struct person_stop_row *s, json_t **ret)
{
        json_t *m = json_object(), *had;

        TRY(json_read(cx, s->before, &had));
        json_set(m, "id", json_integer(s->id));
        json_set(m, "reason", json_str(s->reason));
        json_set(m, "what", json_str(s->what));
        json_set(m, "device", json_str(s->device));
        json_set(m, "note", json_str(s->note));
        json_set(m, "login", json_str(s->login));
        json_set(m, "happened_at", time_model(cx, s->happened_at, false));
        json_set(m, "reported_by", json_str(s->reported_by));
        json_set(m, "reported_at", time_model(cx, s->reported_at, false));
        json_set(m, "revoked_at", time_model(cx, s->revoked_at, false));
        json_set(m, "took_ms", json_integer(s->took_ms));
        json_set(m, "had", had);
        json_set(m, "ended_at", time_model(cx, s->ended_at, s->ended_at_null));
        *ret = m;
        return RC_OK;
}

static rc sharings_model(struct cx *cx, int64_t id, json_t *m)
{
        struct person_sharing_row *row;
        json_t *list = json_array();
        size_t count;

        TRY(sql_person_sharings(cx, id, &row, &count));
        for (size_t i = 0; i < count; i++) {
                json_t *one = json_object();

                json_set(one, "id", json_integer(row[i].id));
                json_set(one, "here", json_str(row[i].here));
                json_set(one, "there", json_str(row[i].there));
                json_set(one, "at", time_model(cx, row[i].at, false));
                must(json_array_append_new(list, one) == 0);
        }
        json_set(m, "sharings", list);
        return RC_OK;
}

static rc transfers_model(struct cx *cx, int64_t id, json_t **ret)
{
        struct person_transfer_row *row;
        json_t *list = json_array();
        size_t count;

        TRY(sql_person_transfers(cx, id, &row, &count));
        for (size_t i = 0; i < count; i++) {
                json_t *one = json_object(), *groups, *grants;

                TRY(json_read(cx, row[i].groups, &groups));
                TRY(json_read(cx, row[i].grants, &grants));
                json_set(one, "from", json_str(row[i].from_name));
                json_set(one, "to", json_str(row[i].to_name));
                json_set(one, "groups", groups);
                json_set(one, "grants", grants);
                json_set(one, "by", json_str(row[i].done_by));
                json_set(one, "at", time_model(cx, row[i].done_at, false));
                must(json_array_append_new(list, one) == 0);
        }
        *ret = list;
        return RC_OK;
}

rc person_past(struct cx *cx, int64_t id, json_t **ret)
{
        json_t *m = json_object(), *stops = json_array(), *asks = json_array(), *open = json_null(), *alerts, *transfers;
        struct person_stop_row *stop;
        struct person_ask_row *ask;
        size_t count;

        TRY(sql_person_stops(cx, id, &stop, &count));
        for (size_t i = 0; i < count; i++) {
                json_t *one;

                TRY(stop_model(cx, &stop[i], &one));
                must(json_array_append_new(stops, one) == 0);
        }
        TRY(sql_person_asks(cx, id, &ask, &count));
        for (size_t i = 0; i < count; i++) {
                json_t *one = json_object();

                json_set(one, "id", json_integer(ask[i].id));
                json_set(one, "why", json_str(ask[i].why));
                json_set(one, "state", json_str(ask[i].state));
                json_set(one, "asked_by", json_str(ask[i].asked_by));
                json_set(one, "asked_at", time_model(cx, ask[i].asked_at, false));
                json_set(one, "decided_by", json_str(ask[i].decided_by));
                json_set(one, "decided_at", time_model(cx, ask[i].decided_at, ask[i].decided_at_null));
                json_set(one, "own", json_boolean(ask[i].own));
                if (str_is(ask[i].state, "asked"))
                        open = json_copy(one);
                must(json_array_append_new(asks, one) == 0);
        }
        TRY(sharings_model(cx, id, m));
        TRY(alert_list(cx, id, &alerts));
        json_set(m, "alerts", alerts);
        TRY(transfers_model(cx, id, &transfers));
        json_set(m, "transfers", transfers);
        json_set(m, "stops", stops);
        json_set(m, "asks", asks);
        json_set(m, "ask", open);
        *ret = m;
        return RC_OK;
}

rc person_of_account(struct cx *cx, int64_t account_id, int64_t *ret)
{
        int64_t id;

        TRY(sql_person_of_account(cx, account_id, &id));
        if (id == 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such account");
        *ret = id;
        return RC_OK;
}

rc person_find(struct cx *cx, str login, int64_t *ret)
{
        int64_t id;

        TRY(sql_person_of_login(cx, login, &id));
        if (id == 0)
                return fail(cx, RC_UNKNOWN, "login", "there is no account \"%.*s\"", STR_ARG(login));
        *ret = id;
        return RC_OK;
}

/* Reading -------------------------------------------------------------------------------------------------------------------------- */

static rc name_read(struct cx *cx, const json_t *in, str *ret)
{
        if (json_object_get(in, "name") == NULL)
                return RC_OK;
        *ret = given(in, "name");
        if (str_absent(*ret))
                return fail(cx, RC_INVALID, "name", "must not be empty");
        return text_check(cx, *ret, "name", NAME_MAX, false);
}

static rc email_read(struct cx *cx, const json_t *in, str *ret)
{
        const char *at;

        if (json_object_get(in, "email") == NULL)
                return RC_OK;
        *ret = given(in, "email");
        if (str_absent(*ret))
                return RC_OK;
        TRY(text_check(cx, *ret, "email", EMAIL_MAX, false));
        at = memchr(ret->p, '@', ret->n);
        if (at == NULL || at == ret->p || at + 1 == ret->p + ret->n || memchr(ret->p, ' ', ret->n) != NULL ||
            memchr(at + 1, '@', ret->n - (size_t)(at + 1 - ret->p)) != NULL)
                return fail(cx, RC_INVALID, "email", "is not an e-mail address");
        return RC_OK;
}

static rc choice_read(struct cx *cx, const json_t *in, const char *item, const char *const *list, size_t count, str *ret)
{
        str text = given(in, item);

        if (str_absent(text))
                return RC_OK;
        for (size_t i = 0; i < count; i++)
                if (str_is(text, list[i])) {
                        *ret = text;
                        return RC_OK;
                }
        return fail(cx, RC_INVALID, item, "is not one of the values known here");
}

static rc lines_read(struct cx *cx, const json_t *in, const char *item, size_t max, str *ret)
{
        *ret = given(in, item);
        return str_absent(*ret) ? RC_OK : text_check(cx, *ret, item, max, true);
}

/* A day (its end, for the last day of somebody; else its beginning), a minute in Tokyo as forms send it, or RFC 3339. */
static rc when_read(struct cx *cx, str text, const char *item, bool end, msec *ret)
{
        struct date date;

        if (clock_read_date(text, &date)) {
                *ret = clock_from_tokyo((struct civil){ .date = date }) + (end ? CLOCK_DAY : 0);
                return RC_OK;
        }
        if (text.n == strlen("2026-11-22T14:05"))
                text = str_format(cx->mem, "%.*s:00+09:00", STR_ARG(text));
        if (!clock_read(text, ret))
                return fail(cx, RC_INVALID, item, "must be a date, or a time as in 2026-11-22T14:05:00+09:00");
        return RC_OK;
}

/* Changing -------------------------------------------------------------------------------------------------------------------------- */

rc person_create(struct cx *cx, const json_t *in, json_t **ret)
{
        str name = STR_NONE, email = STR_NONE, kind = str_of(kinds[0]);
        int64_t id, department = 0;

        TRY(name_read(cx, in, &name));
        if (str_absent(name))
                return fail(cx, RC_INVALID, "name", "must not be empty");
        TRY(email_read(cx, in, &email));
        TRY(choice_read(cx, in, "kind", kinds, COUNT(kinds), &kind));
        TRY(department_read(cx, in, "department", &department));
        TRY(sql_person_insert(cx, cx->tenant, name, email, kind, department ? &department : NULL, &id));
        return person_get(cx, id, ret);
}

static rc future_check(struct cx *cx, msec at, const char *item, bool wanted, const char *text)
{
        bool future;

        TRY(sql_person_future(cx, at, &future));
        return future == wanted ? RC_OK : fail(cx, RC_INVALID, item, "%s", fail_translate(cx->lang, text));
}

static rc leaves_read(struct cx *cx, const json_t *in, struct person_row *row)
{
        str text = given(in, "leaves_at");
        msec at;

        if (json_object_get(in, "leaves_at") == NULL)
                return RC_OK;
        if (!row->left_at_null)
                return fail(cx, RC_CONFLICT, "leaves_at", "this person has left already");
        row->leaves_at_null = str_absent(text);
        if (row->leaves_at_null)
                return RC_OK;
        TRY(when_read(cx, text, "leaves_at", true, &at));
        TRY(future_check(cx, at, "leaves_at", true, "must lie in the future; for somebody who is gone already, use the stop"));
        row->leaves_at = at;
        return RC_OK;
}

static bool own(const struct cx *cx, const struct person_row *row)
{
        return cx->actor.kind == ACTOR_ACCOUNT && !row->account_id_null && cx->actor.id == row->account_id;
}

static rc own_refuse(struct cx *cx)
{
        return fail(cx, RC_CONFLICT, NULL, "nobody suspends or removes their own account; somebody else must do it");
}

/* The newest transfer: what went. */
static rc transfer_last(struct cx *cx, int64_t id, json_t **ret)
{
        json_t *list;

        TRY(transfers_model(cx, id, &list));
        *ret = json_array_get(list, 0);
        must(*ret != NULL);
        return RC_OK;
}

/* Into another department: the groups of the one left go at once. *ret: what went; null: no transfer. */
static rc department_change(struct cx *cx, const struct person_row *row, int64_t next, json_t **ret)
{
        struct rights held = permission_parse(cx->mem, row->words);
        int64_t changed;

        *ret = json_null();
        if (next == (row->department_id_null ? 0 : row->department_id))
                return RC_OK;
        TRY(sql_person_move(cx, row->id, next ? &next : NULL, &changed));
        must(changed == row->id);
        TRY(account_manager_left(cx, &held));
        return transfer_last(cx, row->id, ret);
}

rc person_update(struct cx *cx, int64_t id, int64_t version, const json_t *in, json_t **ret_before, json_t **ret_transfer, json_t **ret)
{
        struct person_row *row;
        json_t *before;
        int64_t changed, department;

        if (json_object_get(in, "department") != NULL)
                TRY(account_queue_up(cx)); /* it may take groups away */
        TRY(row_find(cx, id, &row));
        if (row->version != version)
                return fail(cx, RC_STALE, NULL, "somebody changed this in the meantime");
        before = model(cx, row);
        department = row->department_id_null ? 0 : row->department_id;
        TRY(department_read(cx, in, "department", &department));
        if (json_object_get(in, "leaves_at") != NULL && own(cx, row))
                return own_refuse(cx);
        TRY(name_read(cx, in, &row->name));
        TRY(email_read(cx, in, &row->email));
        TRY(choice_read(cx, in, "kind", kinds, COUNT(kinds), &row->kind));
        TRY(leaves_read(cx, in, row));
        TRY(sql_person_change(cx, id, version, row->name, row->email, row->kind, row->leaves_at_null ? NULL : &row->leaves_at, &changed));
        if (changed == 0)
                return fail(cx, RC_STALE, NULL, "somebody changed this in the meantime");
        TRY(department_change(cx, row, department, ret_transfer));
        *ret_before = before;
        return person_get(cx, id, ret);
}

/* Out ------------------------------------------------------------------------------------------------------------------------------- */

static rc may_stop(struct cx *cx, const struct person_row *row, str reason)
{
        bool manages = cx->actor.kind == ACTOR_OPERATOR || permission_held(cx, PERM_PERSON_MANAGE) ||
                       (str_is(reason, "other") && permission_held(cx, PERM_ACCOUNT_MANAGE));

        if (str_is(reason, "loss") && (own(cx, row) || manages))
                return RC_OK;
        if (!manages)
                return fail(cx, RC_FORBIDDEN, NULL, "without the right to manage people, only the loss of an own device can be reported");
        if (own(cx, row))
                return own_refuse(cx);
        if (!row->left_at_null && str_is(reason, "leaver"))
                return fail(cx, RC_CONFLICT, NULL, "this person has left already");
        return RC_OK;
}

static json_t *moment(struct cx *cx, const json_t *done, const char *name)
{
        return json_str(clock_rfc3339(cx->mem, (msec)json_integer_value(json_object_get(done, name))));
}

/* device_id: the lost one, when it is of the register; 0: none. */
static rc stop_now(struct cx *cx, int64_t id, str reason, str what, int64_t device_id, str device, str note, const msec *at, json_t **ret)
{
        json_t *m = json_object(), *done;
        str text;

        if (str_is(reason, "loss"))
                TRY(device_lose(cx, id, device_id, what, device, note, at, &text));
        else
                TRY(sql_person_stop(cx, id, reason, what, device, note, at, &text));
        if (str_absent(text))
                return fail(cx, RC_UNKNOWN, NULL, "there is no such person");
        TRY(json_read(cx, text, &done));
        json_set(m, "id", json_object_get(done, "id"));
        json_set(m, "before", json_object_get(done, "before"));
        json_set(m, "after", json_object_get(done, "after"));
        json_set(m, "reported_at", moment(cx, done, "reported_ms"));
        json_set(m, "revoked_at", moment(cx, done, "revoked_ms"));
        json_set(m, "took_ms", json_object_get(done, "took_ms"));
        if (str_is(reason, "loss")) {
                json_set(m, "incident_id", json_object_get(done, "incident_id"));
                json_set(m, "device_id", json_object_get(done, "device_id") ? json_object_get(done, "device_id") : json_null());
                json_set(m, "device", json_object_get(done, "device"));
        }
        *ret = m;
        return RC_OK;
}

/* A last day to come: noted; the doors close then by themselves. */
static rc leave_later(struct cx *cx, const struct person_row *row, msec at, json_t **ret)
{
        json_t *m = json_object();
        int64_t changed;

        TRY(sql_person_change(cx, row->id, row->version, row->name, row->email, row->kind, &at, &changed));
        if (changed == 0)
                return fail(cx, RC_STALE, NULL, "somebody changed this in the meantime");
        json_set(m, "leaves_at", json_str(clock_rfc3339(cx->mem, at)));
        *ret = m;
        return RC_OK;
}

rc person_stop(struct cx *cx, int64_t id, const json_t *in, json_t **ret)
{
        int64_t device_id = json_integer_value(json_object_get(in, "device_id"));
        str reason = STR_NONE, what = STR_NONE, device, note, name, when = given(in, "at");
        struct person_row *row;
        struct rights held;
        bool future = false;
        msec at = 0;

        TRY(row_find(cx, id, &row));
        TRY(choice_read(cx, in, "reason", reasons, COUNT(reasons), &reason));
        if (str_absent(reason))
                return fail(cx, RC_INVALID, "reason", "must not be empty");
        TRY(may_stop(cx, row, reason));
        TRY(choice_read(cx, in, "what", whats, COUNT(whats), &what));
        TRY(lines_read(cx, in, "device", DEVICE_MAX, &device));
        TRY(lines_read(cx, in, "note", NOTE_MAX, &note));
        if (device_id != 0 && !str_is(reason, "loss"))
                return fail(cx, RC_INVALID, "device_id", "a device is named when it was lost");
        TRY(device_of(cx, id, device_id, &name));
        if (str_absent(device))
                device = name;
        if (!str_absent(when)) {
                TRY(when_read(cx, when, "at", str_is(reason, "leaver"), &at));
                TRY(sql_person_future(cx, at, &future));
        }
        if (future && !str_is(reason, "leaver"))
                return fail(cx, RC_INVALID, "at", "must not lie in the future");
        if (future)
                return leave_later(cx, row, at, ret);
        /* who manages accounts is changed one after the other; a lost device does not wait for a successor */
        TRY(account_queue_up(cx));
        TRY(stop_now(cx, id, reason, what, device_id, device, note, str_absent(when) ? NULL : &at, ret));
        if (str_is(reason, "loss") || str_absent(row->words))
                return RC_OK;
        held = permission_parse(cx->mem, row->words);
        return account_manager_left(cx, &held);
}

rc person_leave_next(struct cx *cx, int64_t after, str *ret_tenant, int64_t *ret_id)
{
        struct person_due_row *row;

        TRY(sql_person_due(cx, after, &row));
        *ret_tenant = row ? row->tenant : STR_NONE;
        *ret_id = row ? row->person_id : 0;
        return RC_OK;
}

rc person_leave(struct cx *cx, int64_t id, json_t **ret)
{
        struct person_due_at *due;

        TRY(sql_person_due_lock(cx, id, &due));
        if (due == NULL) {
                *ret = NULL;
                return RC_OK;
        }
        return stop_now(cx, id, S("leaver"), STR_NONE, 0, STR_NONE, STR_NONE, &due->leaves_at, ret);
}

rc person_sharing_next(struct cx *cx, int64_t after, str *ret_tenant, int64_t *ret_id)
{
        struct person_sharing_due *row;

        TRY(sql_person_sharing_due(cx, after, &row));
        *ret_tenant = row ? row->tenant : STR_NONE;
        *ret_id = row ? row->id : 0;
        return RC_OK;
}

rc person_sharing_tell(struct cx *cx, int64_t id, json_t **ret)
{
        struct person_sharing_told *row;
        json_t *m = json_object();

        *ret = NULL;
        TRY(sql_person_sharing_tell(cx, id, &row));
        if (row == NULL)
                return RC_OK;
        json_set(m, "person_id", json_integer(row->person_id));
        json_set(m, "login", json_str(row->login));
        json_set(m, "name", json_str(row->name));
        json_set(m, "here", json_str(row->here));
        json_set(m, "there", json_str(row->there));
        *ret = m;
        return RC_OK;
}

/* What cannot be taken from the disk now stays on the list. */
static rc files_erase(struct cx *cx, int64_t *after, size_t *ret_count)
{
        struct withdrawn_row *row;

        TRY(sql_person_withdrawn(cx, *after, &row, ret_count));
        for (size_t i = 0; i < *ret_count; i++) {
                *after = row[i].id;
                if (unlink(file_store_path(cx->mem, row[i].path)) == 0 || errno == ENOENT)
                        TRY(sql_person_withdrawn_gone(cx, row[i].id));
        }
        return db_commit(cx);
}

rc person_files_erase(struct cx *cx)
{
        size_t count = FILES_AT_ONCE;
        int64_t after = 0;
        rc result = RC_OK;

        for (int n = 0; n < FILES_TURNS && count == FILES_AT_ONCE && result == RC_OK; n++) {
                db_begin(cx);
                result = files_erase(cx, &after, &count);
        }
        if (result != RC_OK)
                db_rollback(cx);
        return result;
}

/* Back ------------------------------------------------------------------------------------------------------------------------------ */

static rc manages(struct cx *cx)
{
        if (cx->actor.kind == ACTOR_OPERATOR || permission_held(cx, PERM_PERSON_MANAGE))
                return RC_OK;
        return fail(cx, RC_FORBIDDEN, NULL, "this needs the permission \"%s\"", permission_word(PERM_PERSON_MANAGE));
}

rc person_reinstate_ask(struct cx *cx, int64_t id, str why)
{
        struct person_row *row;
        json_t *past;
        int64_t ask;

        TRY(manages(cx));
        TRY(row_find(cx, id, &row));
        why = str_absent(why) ? why : str_trim(why);
        if (str_empty(why))
                return fail(cx, RC_INVALID, "why", "must not be empty");
        TRY(text_check(cx, why, "why", NOTE_MAX, true));
        TRY(person_past(cx, id, &past));
        if (json_is_object(json_object_get(past, "ask")))
                return fail(cx, RC_CONFLICT, NULL, "somebody has asked for this reinstatement already; a second person can approve it");
        TRY(sql_person_ask(cx, id, why, &ask));
        if (ask == 0)
                return fail(cx, RC_CONFLICT, NULL, "this person is not suspended");
        return RC_OK;
}

rc person_reinstate_refuse(struct cx *cx, int64_t id)
{
        struct person_row *row;
        int64_t ask;

        TRY(manages(cx));
        TRY(row_find(cx, id, &row));
        TRY(sql_person_refuse(cx, id, &ask));
        return ask != 0 ? RC_OK : fail(cx, RC_CONFLICT, NULL, "nobody has asked for a reinstatement of this person");
}

/* Two people: neither who asked, nor the one it is about, under whatever account. The table says it, too. */
static rc second_check(struct cx *cx, const struct person_row *row)
{
        struct rights held;
        const json_t *ask;
        json_t *past;

        TRY(manages(cx));
        if (cx->actor.kind == ACTOR_KEY)
                return fail(cx, RC_FORBIDDEN, NULL, "a reinstatement is approved by a person who is logged in, not by an API key");
        if (own(cx, row))
                return fail(cx, RC_FORBIDDEN, NULL, "nobody approves their own reinstatement");
        TRY(person_past(cx, row->id, &past));
        ask = json_object_get(past, "ask");
        if (!json_is_object(ask))
                return fail(cx, RC_CONFLICT, NULL, "nobody has asked for a reinstatement of this person");
        if (json_is_true(json_object_get(ask, "own")))
                return fail(cx, RC_FORBIDDEN, NULL, "who asked for a reinstatement does not approve it; a second person must");
        held = permission_parse(cx->mem, str_absent(row->words) ? S("") : row->words);
        return permission_above(cx, &held);
}

rc person_reinstate_approve(struct cx *cx, int64_t id, json_t **ret, str *ret_password)
{
        struct person_row *row;
        json_t *done;
        str text;

        *ret_password = STR_NONE;
        TRY(row_find(cx, id, &row));
        TRY(second_check(cx, row));
        TRY(account_queue_up(cx));
        TRY(sql_person_approve(cx, id, &text));
        if (str_absent(text))
                return fail(cx, RC_CONFLICT, NULL, "nobody has asked for a reinstatement of this person");
        TRY(json_read(cx, text, &done));
        if (json_is_true(json_object_get(done, "fresh")))
                TRY(account_password_renew(cx, json_integer_value(json_object_get(done, "account_id")), ret_password));
        *ret = done;
        return RC_OK;
}

/* Dormant --------------------------------------------------------------------------------------------------------------------------- */

rc person_decide(struct cx *cx, int64_t id, bool keep, str note)
{
        struct person_row *row;
        json_t *before;

        TRY(row_find(cx, id, &row));
        note = str_absent(note) ? note : str_trim(note);
        if (str_empty(note))
                return fail(cx, RC_INVALID, "note", "must not be empty");
        TRY(text_check(cx, note, "note", NOTE_MAX, true));
        if (row->account_id_null)
                return fail(cx, RC_CONFLICT, NULL, "this person has no account");
        TRY(sql_person_decide(cx, cx->tenant, row->account_id, row->login, keep ? S("keep") : S("remove"), note, cx->actor.name));
        return keep ? RC_OK : account_erase(cx, row->account_id, row->account_version, &before);
}
