/* maintenance.c - see maintenance.h. */
#include "base/house.h"

#include "governance/maintenance.h"

#include "base/clock.h"
#include "base/fail.h"
#include "base/text.h"
#include "db/db.h"
#include "governance/maintenance.sql.h"
#include "governance/probe.h"
#include "governance/roster.h"
#include "log/log.h"

enum { TRIES = 20, VDI_DAYS = 7, DAY_MS = 24 * 3600 * 1000 };

static json_t *time_model(struct cx *cx, msec at, bool none)
{
        return none ? json_null() : json_str(clock_rfc3339(cx->mem, at));
}

/* tiles -------------------------------------------------------------------------------------------------------------------------------------- */
static const struct {
        const char *kind, *clause;
} controls[] = {
        { "outside", "3.12.1-b" }, { "egress", "3.12.1-e" }, { "plain", "3.12.2-a" }, { "sessions", "3.12.1-c" }, { "accounts", "3.12.1-f" },
};

static json_t *tile_make(const char *control, const char *state)
{
        json_t *m = json_object();

        json_set(m, "control", json_string(control));
        for (size_t i = 0; i < COUNT(controls); i++)
                if (strcmp(controls[i].kind, control) == 0)
                        json_set(m, "clause", json_string(controls[i].clause));
        return json_set(m, "state", json_string(state));
}

static json_t *try_tile(struct cx *cx, const struct maintenance_last *row)
{
        json_t *m = tile_make(str_z(cx->mem, row->kind), str_z(cx->mem, row->state));

        json_set(m, "tried", json_true());
        json_set(m, "at", time_model(cx, row->at, row->at_null));
        json_set(m, "place", json_str(row->place));
        json_set(m, "expected", json_str(row->expected));
        json_set(m, "found", json_str(row->found));
        json_set(m, "route", json_str(row->route));
        json_set(m, "tls", json_str(row->tls));
        json_set(m, "verdict", json_str(row->verdict));
        json_set(m, "good_at", time_model(cx, row->good_at, row->good_at_null));
        json_set(m, "bad_at", time_model(cx, row->bad_since, row->bad_since_null));
        return m;
}

static int64_t accounts_flagged(const json_t *accounts)
{
        const json_t *one;
        int64_t count = 0;
        size_t i;

        json_array_foreach(accounts, i, one)
                count += json_is_true(json_object_get(one, "flagged"));
        return count;
}

static rc tiles_read(struct cx *cx, const json_t *accounts, json_t **ret)
{
        json_t *list = json_array(), *m;
        struct maintenance_last *row;
        struct maintenance_counts *counts;
        size_t count;
        int64_t flagged = accounts_flagged(accounts);
        bool stale;

        TRY(sql_maintenance_last(cx, cx->tenant, &row, &count));
        TRY(sql_maintenance_counts(cx, &counts));
        for (size_t i = 0; i < count; i++)
                must(json_array_append_new(list, try_tile(cx, &row[i])) == 0);
        m = tile_make("sessions", counts->flagged > 0 ? "red" : counts->vpn_at_null || counts->waiting > 0 ? "amber" : "green");
        json_set(m, "count", json_integer(counts->flagged));
        json_set(m, "waiting", json_integer(counts->waiting));
        json_set(m, "at", time_model(cx, counts->vpn_at, counts->vpn_at_null));
        json_set(m, "until_at", time_model(cx, counts->until, counts->until_null));
        must(json_array_append_new(list, m) == 0);
        stale = counts->vdi_at_null || cx->now - counts->vdi_at > (msec)VDI_DAYS * DAY_MS;
        m = tile_make("accounts", flagged > 0 ? "red" : stale ? "amber" : "green");
        json_set(m, "count", json_integer(flagged));
        json_set(m, "at", time_model(cx, counts->vdi_at, counts->vdi_at_null));
        must(json_array_append_new(list, m) == 0);
        *ret = list;
        return RC_OK;
}

/* lists -------------------------------------------------------------------------------------------------------------------------------------- */
static rc works_read(struct cx *cx, json_t **ret)
{
        json_t *list = json_array();
        struct maintenance_work *row;
        size_t count;

        TRY(sql_maintenance_works(cx, &row, &count));
        for (size_t i = 0; i < count; i++) {
                const struct maintenance_work *w = &row[i];
                json_t *m = json_object();
                bool flagged = str_is(w->state, "flagged");

                json_set(m, "id", json_integer(w->id));
                json_set(m, "kind", json_str(w->kind));
                json_set(m, "actor", json_str(w->actor));
                json_set(m, "source", json_str(w->source));
                json_set(m, "address", json_str(w->address));
                json_set(m, "network", json_str(w->network));
                json_set(m, "began_at", time_model(cx, w->began_at, false));
                json_set(m, "last_at", time_model(cx, w->last_at, false));
                json_set(m, "count", json_integer(w->count));
                json_set(m, "covered_at", time_model(cx, w->covered_at, w->covered_at_null));
                json_set(m, "state", json_str(w->state));
                json_set(m, "reason", flagged || !str_absent(w->note) ? json_str(w->network) : json_null());
                json_set(m, "note", json_str(w->note));
                json_set(m, "noted_by", json_str(w->noted_by));
                json_set(m, "noted_at", time_model(cx, w->noted_at, w->noted_at_null));
                json_set(m, "own", json_boolean(w->own));
                json_set(m, "ask", json_boolean(flagged && !w->own));
                must(json_array_append_new(list, m) == 0);
        }
        *ret = list;
        return RC_OK;
}

static rc accounts_read(struct cx *cx, json_t **ret)
{
        json_t *list = json_array();
        struct maintenance_account *row;
        size_t count;

        TRY(sql_maintenance_accounts(cx, cx->tenant, &row, &count));
        for (size_t i = 0; i < count; i++) {
                const struct maintenance_account *a = &row[i];
                bool flagged = str_is(a->state, "unapproved") || str_is(a->state, "left") || str_is(a->state, "ended");
                json_t *m = json_object();

                json_set(m, "id", a->id_null ? json_null() : json_integer(a->id));
                json_set(m, "name", json_str(a->name));
                json_set(m, "person", json_str(a->person));
                json_set(m, "purpose", json_str(a->purpose));
                json_set(m, "asked_by", json_str(a->asked_by));
                json_set(m, "asked_at", time_model(cx, a->asked_at, a->asked_at_null));
                json_set(m, "approved_by", json_str(a->approved_by));
                json_set(m, "approved_at", time_model(cx, a->approved_at, a->approved_at_null));
                json_set(m, "ended_at", time_model(cx, a->ended_at, a->ended_at_null));
                json_set(m, "here", a->here_null ? json_null() : json_boolean(a->here));
                json_set(m, "state", json_str(a->state));
                json_set(m, "flagged", json_boolean(flagged));
                json_set(m, "asked", json_boolean(!a->id_null && a->approved_at_null && a->ended_at_null));
                json_set(m, "open", json_boolean(!a->id_null && a->ended_at_null));
                must(json_array_append_new(list, m) == 0);
        }
        *ret = list;
        return RC_OK;
}

static rc tries_read(struct cx *cx, json_t **ret)
{
        json_t *list = json_array();
        struct maintenance_try *row;
        size_t count;

        TRY(sql_maintenance_tries(cx, TRIES, &row, &count));
        for (size_t i = 0; i < count; i++) {
                json_t *m = json_object();

                json_set(m, "id", json_integer(row[i].id));
                json_set(m, "kind", json_str(row[i].kind));
                json_set(m, "at", time_model(cx, row[i].at, false));
                json_set(m, "tried_at", time_model(cx, row[i].tried_at, false));
                json_set(m, "place", json_str(row[i].place));
                json_set(m, "expected", json_str(row[i].expected));
                json_set(m, "found", json_str(row[i].found));
                json_set(m, "route", json_str(row[i].route));
                json_set(m, "tls", json_str(row[i].tls));
                json_set(m, "verdict", json_str(row[i].verdict));
                must(json_array_append_new(list, m) == 0);
        }
        *ret = list;
        return RC_OK;
}

static rc people_read(struct cx *cx, json_t **ret)
{
        json_t *list = json_array();
        struct maintenance_person *row;
        size_t count;

        TRY(sql_maintenance_people(cx, &row, &count));
        for (size_t i = 0; i < count; i++)
                must(json_array_append_new(list, json_set(json_set(json_object(), "id", json_integer(row[i].id)), "name", json_str(row[i].name))) ==
                     0);
        *ret = list;
        return RC_OK;
}

rc maintenance_get(struct cx *cx, json_t **ret)
{
        json_t *model = json_object(), *plan = json_null(), *tiles, *works, *accounts, *tries, *people;
        struct maintenance_plan *row;

        TRY(sql_maintenance_plan(cx, &row));
        if (row != NULL) {
                TRY(json_read(cx, row->plan, &plan));
                json_set(plan, "set_by", json_str(row->set_by));
                json_set(plan, "set_at", time_model(cx, row->set_at, false));
        }
        TRY(accounts_read(cx, &accounts));
        TRY(tiles_read(cx, accounts, &tiles));
        TRY(works_read(cx, &works));
        TRY(tries_read(cx, &tries));
        TRY(people_read(cx, &people));
        json_set(model, "plan", plan);
        json_set(model, "tiles", tiles);
        json_set(model, "works", works);
        json_set(model, "vdi", accounts);
        json_set(model, "tries", tries);
        json_set(model, "people", people);
        *ret = model;
        return RC_OK;
}

/* commands ------------------------------------------------------------------------------------------------------------------------------------ */
rc maintenance_desk(struct cx *cx)
{
        str tenant;

        return sql_maintenance_desk(cx, &tenant);
}

rc maintenance_set(struct cx *cx, const json_t *plan)
{
        log_detail(cx, "plan", json_deep_copy(plan));
        return sql_maintenance_set(cx, json_write(cx->mem, plan));
}

rc maintenance_plan(struct cx *cx, json_t **ret)
{
        struct maintenance_plan *row;

        TRY(sql_maintenance_plan(cx, &row));
        if (row == NULL)
                return fail(cx, RC_UNKNOWN, NULL, "there is no plan of maintenance yet: daicho maintenance set FILE");
        return json_read(cx, row->plan, ret);
}

rc maintenance_observe(struct cx *cx, const json_t *report, json_t **ret)
{
        json_t *plan, *meaning;
        msec tried_at = 0;
        str said;

        TRY(maintenance_plan(cx, &plan));
        TRY(probe_check(cx, plan, report));
        must(clock_read(json_get_text(report, "tried_at"), &tried_at));
        meaning = probe_judge(report);
        TRY(sql_maintenance_observe(cx, json_get_text(report, "kind"), json_get_text(report, "place"), tried_at, json_get_text(meaning, "expected"),
                                    json_get_text(meaning, "found"), json_get_text(meaning, "route"), json_get_text(meaning, "tls"),
                                    json_write(cx->mem, json_object_get(report, "attempts")), json_get_text(meaning, "verdict"), &said));
        if (str_is(said, "old"))
                return fail(cx, RC_CONFLICT, NULL, "this report is too old to say anything, or its clock is wrong");
        json_set(meaning, "kind", json_str(json_get_text(report, "kind")));
        json_set(meaning, "place", json_str(json_get_text(report, "place")));
        json_set(meaning, "said", json_str(said));
        log_detail(cx, "observation", json_deep_copy(meaning));
        *ret = meaning;
        return RC_OK;
}

rc maintenance_vpn(struct cx *cx, const json_t *lines, msec until, str sha256, int64_t *ret_added, int64_t *ret_covered)
{
        struct maintenance_taken *taken;

        TRY(sql_maintenance_vpn(cx, json_write(cx->mem, lines), until, sha256, &taken));
        log_detail(cx, "sha256", json_str(sha256));
        log_detail(cx, "lines", json_integer((json_int_t)json_array_size(lines)));
        *ret_added = taken->added;
        *ret_covered = taken->covered;
        return RC_OK;
}

rc maintenance_vdi(struct cx *cx, const str *names, size_t count, str sha256)
{
        log_detail(cx, "sha256", json_str(sha256));
        log_detail(cx, "accounts", json_integer((json_int_t)count));
        return sql_maintenance_vdi(cx, db_array(cx, names, count), sha256);
}

rc maintenance_command(struct cx *cx, str actor, str source)
{
        return sql_maintenance_command(cx, actor, source);
}

/* people -------------------------------------------------------------------------------------------------------------------------------------- */
static rc person_check(struct cx *cx)
{
        return cx->actor.kind == ACTOR_ACCOUNT
                   ? RC_OK
                   : fail(cx, RC_FORBIDDEN, NULL, "this is decided by people who are logged in, not by keys and commands");
}

static rc text_read(struct cx *cx, const json_t *in, const char *name, str *ret)
{
        str text = str_trim(json_get_text(in, name));

        if (str_absent(text) || str_empty(text))
                return fail(cx, RC_INVALID, name, "must not be empty");
        TRY(text_check(cx, text, name, MAINTENANCE_NOTE_MAX, true));
        *ret = text;
        return RC_OK;
}

rc maintenance_explain(struct cx *cx, int64_t id, const json_t *in)
{
        str note, said;

        TRY(person_check(cx));
        TRY(text_read(cx, in, "note", &note));
        TRY(sql_maintenance_explain(cx, id, note, &said));
        log_detail(cx, "note", json_str(note));
        if (str_is(said, "own"))
                return fail(cx, RC_FORBIDDEN, NULL, "this was your own session: somebody else explains it");
        if (str_is(said, "state"))
                return fail(cx, RC_CONFLICT, NULL, "this session is not flagged");
        return str_is(said, "done") ? RC_OK : fail(cx, RC_UNKNOWN, NULL, "there is no such maintenance session");
}

static rc account_said(struct cx *cx, str said)
{
        if (str_is(said, "own"))
                return fail(cx, RC_FORBIDDEN, NULL, "somebody else approves it: neither who asked nor who gets the account");
        if (str_is(said, "state"))
                return fail(cx, RC_CONFLICT, NULL, "this account of the VDI is not in a state for it");
        if (str_is(said, "person"))
                return fail(cx, RC_INVALID, "person", "is nobody who works here");
        if (str_is(said, "twice"))
                return fail(cx, RC_CONFLICT, "name", "an account of this name stands in the list already");
        return str_is(said, "done") ? RC_OK : fail(cx, RC_UNKNOWN, NULL, "there is no such account of the VDI");
}

rc maintenance_ask(struct cx *cx, const json_t *in, int64_t *ret_id)
{
        str name = str_trim(json_get_text(in, "name")), purpose;
        struct maintenance_asked *asked;

        TRY(person_check(cx));
        if (!roster_name_valid(name))
                return fail(cx, RC_INVALID, "name", "must be 1 to %d letters, digits and . _ @ \\ -", ROSTER_NAME_MAX);
        TRY(text_read(cx, in, "purpose", &purpose));
        TRY(sql_maintenance_ask(cx, name, json_integer_value(json_object_get(in, "person")), purpose, &asked));
        TRY(account_said(cx, asked->said));
        log_detail(cx, "name", json_str(name));
        log_detail(cx, "purpose", json_str(purpose));
        *ret_id = asked->id;
        return RC_OK;
}

rc maintenance_approve(struct cx *cx, int64_t id)
{
        str said;

        TRY(person_check(cx));
        TRY(sql_maintenance_approve(cx, id, &said));
        return account_said(cx, said);
}

rc maintenance_end(struct cx *cx, int64_t id)
{
        str said;

        TRY(person_check(cx));
        TRY(sql_maintenance_end(cx, id, &said));
        return account_said(cx, said);
}
