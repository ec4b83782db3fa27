/* duty.c - see duty.h. */
#include "base/house.h"

#include "register/duty.h"

#include "base/clock.h"
#include "base/fail.h"
#include "base/text.h"
#include "identity/permission.h"
#include "db/db.h"
#include "page/page.h"
#include "register/duty.sql.h"
#include "register/record_model.h"

str duty_words(struct cx *cx)
{
        return str_format(cx->mem, "%s %s", permission_held(cx, PERM_LOG_READ) ? permission_word(PERM_LOG_READ) : "-",
                          permission_held(cx, PERM_ACCESS_APPROVE) ? permission_word(PERM_ACCESS_APPROVE) : "-");
}

/* What this account may see: registers, and the rights of which duties come. */
struct sight {
        bool all;
        str names, words;
        int64_t account;
};

static struct sight sight_of(struct cx *cx)
{
        struct sight s = { .account = cx->actor.kind == ACTOR_ACCOUNT ? cx->actor.id : 0 };

        permission_registers(cx, PERM_RECORD_READ, &s.all, &s.names);
        s.words = duty_words(cx);
        return s;
}

static json_t *time_model(struct cx *cx, msec at, bool none)
{
        return none ? json_null() : json_str(clock_rfc3339(cx->mem, at));
}

static str text(struct cx *cx, const char *group, str word)
{
        return page_text(cx->lang, str_format(cx->mem, "duties.%s.%.*s", group, STR_ARG(word)).p);
}

/* "24時間", "1営業日（support）" */
static str within(struct cx *cx, const struct duty_row *r)
{
        str unit = text(cx, "unit", r->unit);

        if (str_absent(r->calendar) || !str_starts(r->unit, S("business")))
                return str_format(cx->mem, cx->lang == LANG_JA ? "%" PRId64 "%.*s" : "%" PRId64 " %.*s", r->count, STR_ARG(unit));
        return str_format(cx->mem, cx->lang == LANG_JA ? "%" PRId64 "%.*s（%.*s）" : "%" PRId64 " %.*s (%.*s)", r->count, STR_ARG(unit),
                          STR_ARG(r->calendar));
}

static str path_of(struct cx *cx, const struct duty_row *r)
{
        if (str_is(r->kind, "round") && r->record_null)
                return str_format(cx->mem, "/registers/%.*s/rounds", STR_ARG(r->register_));
        if (str_is(r->kind, "clock") || str_is(r->kind, "round") || str_is(r->kind, "move"))
                return str_format(cx->mem, "/registers/%.*s/records/%" PRId64, STR_ARG(r->register_), r->record);
        return str_format(cx->mem, "/%s/%" PRId64, str_is(r->kind, "log_review") ? "log-reviews" : "reviews", r->ref);
}

/* An approval is called by what is to be approved. */
static str title_of(struct cx *cx, const struct duty_row *r)
{
        str title = cx->lang == LANG_EN ? r->title_en : r->title_ja;

        if (str_is(r->kind, "move"))
                return str_format(cx->mem, "%.*s: %.*s", STR_ARG(text(cx, "kind", r->kind)), STR_ARG(title));
        return str_is(r->kind, "clock") || str_is(r->kind, "round") ? title : text(cx, "kind", r->kind);
}

/* heading: what names their records, as far as the reader sees it. One look-up a register. */
static rc headings_add(struct cx *cx, json_t *duties)
{
        size_t n = json_array_size(duties);
        bool *done = NEW_ARRAY(cx->mem, bool, n + 1);
        int64_t *ids = NEW_ARRAY(cx->mem, int64_t, n + 1);

        for (size_t i = 0; i < n; i++) {
                str name = json_get_text(json_array_get(duties, i), "register");
                size_t count = 0;
                json_t *headings;

                if (str_absent(name) || done[i])
                        continue;
                for (size_t k = i; k < n; k++)
                        if (str_equal(json_get_text(json_array_get(duties, k), "register"), name))
                                ids[count++] = json_integer_value(json_object_get(json_array_get(duties, k), "record"));
                TRY(record_model_headings(cx, name, ids, count, &headings));
                for (size_t k = i; k < n; k++) {
                        json_t *one = json_array_get(duties, k);

                        if (!str_equal(json_get_text(one, "register"), name))
                                continue;
                        done[k] = true;
                        if (json_is_integer(json_object_get(one, "record")))
                                json_set(one, "heading",
                                         json_str(json_get_text(headings, db_int(cx, json_integer_value(json_object_get(one, "record"))).p)));
                }
        }
        return RC_OK;
}

static json_t *duty_model(struct cx *cx, const struct duty_row *r)
{
        bool en = cx->lang == LANG_EN, clock = str_is(r->kind, "clock") || str_is(r->kind, "round"), open = r->stopped_at_null && r->void_at_null;
        json_t *m = json_object();

        json_set(m, "id", json_integer(r->id));
        json_set(m, "kind", json_str(r->kind));
        json_set(m, "title", json_str(title_of(cx, r)));
        json_set(m, "register", json_str(r->register_));
        json_set(m, "register_title", json_str(en ? r->register_en : r->register_ja));
        json_set(m, "record", r->record_null ? json_null() : json_integer(r->record));
        json_set(m, "heading", json_null());
        json_set(m, "ref", r->ref_null ? json_null() : json_integer(r->ref));
        json_set(m, "path", json_str(path_of(cx, r)));
        json_set(m, "group", json_str(r->group_name));
        json_set(m, "assignee", r->assignee_null ? json_null() : json_integer(r->assignee));
        json_set(m, "assignee_name", json_str(r->assignee_name));
        json_set(m, "started_at", time_model(cx, r->started_at, false));
        json_set(m, "due_at", time_model(cx, r->due_at, false));
        json_set(m, "due_first_at", time_model(cx, r->due_first, r->due_first == r->due_at));
        json_set(m, "ended_at", time_model(cx, r->stopped_at_null ? r->void_at : r->stopped_at, open));
        json_set(m, "stopped_by", json_str(r->stopped_by));
        json_set(m, "state", json_str(r->state));
        json_set(m, "open", json_boolean(open));
        json_set(m, "mine", json_boolean(r->mine));
        json_set(m, "within", clock ? json_str(within(cx, r)) : json_null());
        json_set(m, "asked", json_boolean(r->asked));
        json_set(m, "why", json_str(r->why));
        return m;
}

rc duty_list(struct cx *cx, const struct duty_query *q, json_t **ret)
{
        json_t *list = json_array(), *model = json_object(), *next = json_object();
        struct sight s = sight_of(cx);
        struct duty_row *row;
        size_t count;

        TRY(sql_duty_list(cx, s.account, q->which, s.all, s.names, s.words, q->from ? &q->from : NULL, q->to ? &q->to : NULL,
                          q->after ? &q->after_due : NULL, q->after, q->limit + 1, &row, &count));
        for (size_t i = 0; i < count && i < (size_t)q->limit; i++)
                json_array_append_new(list, duty_model(cx, &row[i]));
        TRY(headings_add(cx, list));
        json_set(model, "duties", list);
        if (count > (size_t)q->limit) {
                json_set(next, "after", json_integer(row[q->limit - 1].id));
                json_set(next, "after_due", json_str(clock_rfc3339(cx->mem, row[q->limit - 1].due_at)));
        }
        json_set(model, "next", count > (size_t)q->limit ? next : json_null());
        *ret = model;
        return RC_OK;
}

static rc row_find(struct cx *cx, int64_t id, struct duty_row **ret)
{
        struct sight s = sight_of(cx);

        TRY(sql_duty_find(cx, id, s.account, s.all, s.names, s.words, ret));
        return *ret != NULL ? RC_OK : fail(cx, RC_UNKNOWN, NULL, "there is no such duty");
}

static json_t *pause_model(struct cx *cx, const struct duty_pause *p)
{
        json_t *m = json_object();

        json_set(m, "id", json_integer(p->id));
        json_set(m, "reason", json_str(p->reason));
        json_set(m, "until_at", time_model(cx, p->until_at, false));
        json_set(m, "state", json_str(p->state));
        json_set(m, "asked_by", json_str(p->asked_by));
        json_set(m, "asked_at", time_model(cx, p->asked_at, false));
        json_set(m, "decided_by", json_str(p->decided_by));
        json_set(m, "decided_at", time_model(cx, p->decided_at, p->decided_at_null));
        json_set(m, "due_before_at", time_model(cx, p->due_before, p->due_before_null));
        json_set(m, "due_after_at", time_model(cx, p->due_after, p->due_after_null));
        json_set(m, "own", json_boolean(p->own));
        return m;
}

static json_t *step_model(struct cx *cx, const struct duty_step *s)
{
        json_t *m = json_object();

        json_set(m, "at", time_model(cx, s->at, false));
        json_set(m, "notice", json_str(s->notice));
        json_set(m, "to", json_str(s->who));
        json_set(m, "told", json_boolean(s->told));
        return m;
}

rc duty_get(struct cx *cx, int64_t id, json_t **ret)
{
        json_t *model = json_object(), *steps = json_array(), *pauses = json_array(), *may = json_object(), *one = json_array();
        bool person = cx->actor.kind == ACTOR_ACCOUNT, clock, of_register, open, waits;
        struct duty_row *row;
        struct duty_step *step;
        struct duty_pause *pause;
        size_t count;

        TRY(row_find(cx, id, &row));
        TRY(sql_duty_steps(cx, id, &step, &count));
        for (size_t i = 0; i < count; i++)
                json_array_append_new(steps, step_model(cx, &step[i]));
        TRY(sql_duty_pauses(cx, id, &pause, &count));
        for (size_t i = 0; i < count; i++)
                json_array_append_new(pauses, pause_model(cx, &pause[i]));
        clock = str_is(row->kind, "clock");
        of_register = clock || str_is(row->kind, "round");
        open = row->stopped_at_null && row->void_at_null;
        waits = count > 0 && str_is(pause[0].state, "asked");
        json_set(may, "assign",
                 json_boolean(person && open && !str_is(row->kind, "move") &&
                              (!of_register || permission_held_for(cx, PERM_RECORD_WRITE, row->register_))));
        json_set(
            may, "ask",
            json_boolean(person && clock && str_is(row->state, "running") && !waits && permission_held_for(cx, PERM_RECORD_WRITE, row->register_)));
        json_set(may, "decide", json_boolean(person && waits && !pause[0].own && permission_held(cx, PERM_POLICY_MANAGE)));
        json_array_append_new(one, duty_model(cx, row));
        TRY(headings_add(cx, one));
        json_set(model, "duty", json_array_get(one, 0));
        json_set(model, "steps", steps);
        json_set(model, "pauses", pauses);
        json_set(model, "may", may);
        *ret = model;
        return RC_OK;
}

/* What the database said, as a refusal. */
static rc answer(struct cx *cx, str said)
{
        if (str_is(said, "unknown"))
                return fail(cx, RC_UNKNOWN, NULL, "there is no such duty");
        if (str_is(said, "forbidden"))
                return fail(cx, RC_FORBIDDEN, NULL, "this account may not do this about a duty");
        if (str_is(said, "over"))
                return fail(cx, RC_CONFLICT, NULL, "this duty is over, or its deadline has passed");
        if (str_is(said, "stranger"))
                return fail(cx, RC_INVALID, "login", "must be somebody who may do this duty");
        if (str_is(said, "until"))
                return fail(cx, RC_INVALID, "until", "must lie ahead, within a year");
        if (str_is(said, "asked"))
                return fail(cx, RC_CONFLICT, NULL, "an exception has been asked for already");
        if (str_is(said, "none"))
                return fail(cx, RC_CONFLICT, NULL, "no exception has been asked for");
        if (str_is(said, "own"))
                return fail(cx, RC_FORBIDDEN, NULL, "nobody decides about an exception of their own; somebody else must do it");
        must(str_is(said, "done"));
        return RC_OK;
}

rc duty_assign(struct cx *cx, int64_t id, str login)
{
        struct duty_row *row;
        int64_t account = 0;
        str said;

        TRY(row_find(cx, id, &row));
        if (!str_absent(login) && !str_empty(str_trim(login))) {
                TRY(sql_duty_account(cx, str_trim(login), &account));
                if (account == 0)
                        return fail(cx, RC_INVALID, "login", "must be somebody who may do this duty");
        }
        TRY(sql_duty_assign(cx, id, account, &said));
        return answer(cx, said);
}

rc duty_pause(struct cx *cx, int64_t id, str reason, msec until)
{
        struct duty_row *row;
        str said;

        TRY(row_find(cx, id, &row));
        reason = str_absent(reason) ? S("") : str_trim(reason);
        if (str_empty(reason))
                return fail(cx, RC_INVALID, "reason", "must not be empty");
        TRY(text_check(cx, reason, "reason", DUTY_REASON_MAX, true));
        TRY(sql_duty_pause_ask(cx, id, reason, until, &said));
        return answer(cx, said);
}

rc duty_decide(struct cx *cx, int64_t id, bool approve)
{
        struct duty_row *row;
        str said;

        TRY(row_find(cx, id, &row));
        TRY(sql_duty_pause_decide(cx, id, approve, &said));
        return answer(cx, said);
}

rc duty_counts(struct cx *cx, json_t **ret)
{
        struct sight s = sight_of(cx);
        struct duty_count *c;
        json_t *m = json_object();

        TRY(sql_duty_counts(cx, s.account, s.all, s.names, s.words, &c));
        json_set(m, "mine", json_integer(c->mine));
        json_set(m, "overdue", json_integer(c->overdue));
        *ret = m;
        return RC_OK;
}
