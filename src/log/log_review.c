/* log_review.c - see log_review.h. */
#include "base/house.h"

#include "log/log_review.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/fail.h"
#include "base/text.h"
#include "log/log.h"
#include "log/log_review.sql.h"

static json_t *time_model(struct cx *cx, msec at, bool none)
{
        return none ? json_null() : json_str(clock_rfc3339(cx->mem, at));
}

static str day_slashes(struct cx *cx, msec at)
{
        struct date d = clock_tokyo(at).date;

        return str_format(cx->mem, "%04d/%02d/%02d", (int)d.year, (int)d.month, (int)d.day);
}

/* The days of a period for people: "2026/10/01〜2026/12/31". */
static str period_text(struct cx *cx, msec from, msec to)
{
        return str_format(cx->mem, cx->lang == LANG_JA ? "%.*s〜%.*s" : "%.*s – %.*s", STR_ARG(day_slashes(cx, from)),
                          STR_ARG(day_slashes(cx, to - 1)));
}

static json_t *review_model(struct cx *cx, const struct log_review_row *r)
{
        json_t *m = json_object();

        json_set(m, "id", json_integer(r->id));
        json_set(m, "from_at", time_model(cx, r->from_at, false));
        json_set(m, "to_at", time_model(cx, r->to_at, false));
        json_set(m, "from_day", json_str(clock_iso_date(cx->mem, clock_tokyo(r->from_at).date)));
        json_set(m, "to_day", json_str(clock_iso_date(cx->mem, clock_tokyo(r->to_at - 1).date)));
        json_set(m, "period", json_str(period_text(cx, r->from_at, r->to_at)));
        json_set(m, "due_day", json_str(day_slashes(cx, r->due_at - 1)));
        json_set(m, "opened_at", time_model(cx, r->opened_at, false));
        json_set(m, "due_at", time_model(cx, r->due_at, false));
        json_set(m, "state", json_str(!r->closed_at_null ? S("closed") : r->overdue ? S("overdue") : S("open")));
        json_set(m, "closed_at", time_model(cx, r->closed_at, r->closed_at_null));
        json_set(m, "closed_by", json_str(r->closed_by));
        json_set(m, "found", json_integer(r->found));
        json_set(m, "important", json_integer(r->important));
        json_set(m, "entries", json_integer(r->entries));
        json_set(m, "judged", json_integer(r->judged));
        json_set(m, "follows", json_integer(r->follows));
        json_set(m, "ends", json_integer(r->ends));
        json_set(m, "left", json_integer(r->entries - r->judged + r->follows - r->ends));
        return m;
}

rc log_review_list(struct cx *cx, int64_t before, int limit, json_t **ret)
{
        json_t *model = json_object(), *list = json_array();
        struct log_review_period *period;
        struct log_review_row *row;
        size_t count;

        TRY(sql_log_review_list(cx, before, limit + 1, &row, &count));
        TRY(sql_log_review_next(cx, &period));
        for (size_t i = 0; i < count && i < (size_t)limit; i++)
                must(json_array_append_new(list, review_model(cx, &row[i])) == 0);
        json_set(model, "reviews", list);
        json_set(model, "next", count > (size_t)limit ? json_integer(row[limit - 1].id) : json_null());
        json_set(model, "months", period == NULL || period->months_null ? json_null() : json_integer(period->months));
        json_set(model, "ends_at", period == NULL ? json_null() : time_model(cx, period->ends_at, period->ends_at_null));
        if (period != NULL && !period->ends_at_null)
                json_set(model, "begins_day", json_str(clock_date_text(cx->mem, cx->lang, clock_tokyo(period->ends_at).date)));
        *ret = model;
        return RC_OK;
}

static rc unknown(struct cx *cx)
{
        return fail(cx, RC_UNKNOWN, NULL, "there is no such review of the log");
}

static json_t *entry_find(const json_t *entries, int64_t id)
{
        json_t *one;
        size_t i;

        json_array_foreach(entries, i, one) {
                if (json_integer_value(json_object_get(one, "id")) == id)
                        return one;
        }
        return NULL;
}

/* An action of the reader's also by the name that was typed; keys have names of their own. */
static bool own_name(const struct cx *cx, const json_t *entry)
{
        return cx->actor.kind == ACTOR_ACCOUNT && !str_is(json_get_text(entry, "actor_kind"), "key") &&
               str_equal_nocase(json_get_text(entry, "actor"), cx->actor.name);
}

static json_t *part_model(struct cx *cx, const struct log_review_part *p, json_t *entry)
{
        json_t *m = entry ? entry : json_set(json_set(json_object(), "id", json_integer(p->entry)), "gone", json_true());

        json_set(m, "why", json_str(p->why));
        json_set(m, "verdict", json_str(p->verdict));
        json_set(m, "note", json_str(p->note));
        json_set(m, "reviewed_by", json_str(p->reviewed_by));
        json_set(m, "reviewed_at", time_model(cx, p->reviewed_at, p->reviewed_at_null));
        json_set(m, "outcome", json_str(p->outcome));
        json_set(m, "outcome_by", json_str(p->outcome_by));
        json_set(m, "outcome_at", time_model(cx, p->outcome_at, p->outcome_at_null));
        json_set(m, "own", json_boolean(p->own || own_name(cx, m)));
        json_set(m, "mine", json_boolean(p->mine));
        return m;
}

rc log_review_get(struct cx *cx, int64_t id, json_t **ret)
{
        json_t *model = json_object(), *list = json_array(), *entries;
        struct buf ids = buf_open(cx->mem, KB(8));
        struct log_review_part *part;
        struct log_review_row *row;
        size_t count;

        TRY(sql_log_review_find(cx, id, &row));
        if (row == NULL)
                return unknown(cx);
        TRY(sql_log_review_entries(cx, id, &part, &count));
        for (size_t i = 0; i < count; i++)
                buf_format(&ids, "%s%" PRId64, i > 0 ? "," : "{", part[i].entry);
        buf_add(&ids, count > 0 ? S("}") : S("{}"));
        TRY(log_some(cx, buf_str(&ids), &entries));
        for (size_t i = 0; i < count; i++)
                must(json_array_append_new(list, part_model(cx, &part[i], entry_find(entries, part[i].entry))) == 0);
        json_set(model, "review", review_model(cx, row));
        json_set(model, "entries", list);
        *ret = model;
        return RC_OK;
}

/* What is said about somebody is said by somebody: a key has no name of a person. */
static rc person_check(struct cx *cx)
{
        return cx->actor.kind == ACTOR_ACCOUNT
                   ? RC_OK
                   : fail(cx, RC_FORBIDDEN, NULL, "this is decided by people who are logged in, not by keys and commands");
}

static rc said_check(struct cx *cx, str said)
{
        if (str_is(said, "done"))
                return RC_OK;
        if (str_is(said, "closed"))
                return fail(cx, RC_CONFLICT, NULL, "this review of the log is closed");
        if (str_is(said, "open"))
                return fail(cx, RC_CONFLICT, NULL, "entries without a verdict are left, or follow-ups without an end");
        if (str_is(said, "own"))
                return fail(cx, RC_FORBIDDEN, NULL, "this is an action of your own: somebody else must review it");
        if (str_is(said, "other"))
                return fail(cx, RC_FORBIDDEN, NULL, "somebody else has given a verdict on this; only they change it");
        if (str_is(said, "none"))
                return fail(cx, RC_CONFLICT, NULL, "nobody wants this entry followed up");
        return unknown(cx);
}

static rc note_read(struct cx *cx, const json_t *in, const char *name, str *ret)
{
        str note = str_trim(json_get_text(in, name));

        if (str_absent(note) || str_empty(note))
                return fail(cx, RC_INVALID, name, "must not be empty");
        TRY(text_check(cx, note, name, LOG_REVIEW_NOTE_MAX, true));
        *ret = note;
        return RC_OK;
}

rc log_review_judge(struct cx *cx, int64_t id, const json_t *in)
{
        str verdict = json_get_text(in, "verdict"), note = STR_NONE, said;
        int64_t entry = json_integer_value(json_object_get(in, "entry"));

        log_detail(cx, "entry", json_integer(entry));
        if (str_is(verdict, "follow"))
                TRY(note_read(cx, in, "note", &note));
        TRY(person_check(cx));
        TRY(sql_log_review_judge(cx, id, entry, verdict, note, &said));
        TRY(said_check(cx, said));
        log_detail(cx, "verdict", json_str(verdict));
        log_detail(cx, "note", json_str(note));
        return RC_OK;
}

rc log_review_outcome(struct cx *cx, int64_t id, const json_t *in)
{
        int64_t entry = json_integer_value(json_object_get(in, "entry"));
        str outcome, said;

        log_detail(cx, "entry", json_integer(entry));
        TRY(note_read(cx, in, "outcome", &outcome));
        TRY(person_check(cx));
        TRY(sql_log_review_outcome(cx, id, entry, outcome, &said));
        TRY(said_check(cx, said));
        log_detail(cx, "outcome", json_str(outcome));
        return RC_OK;
}

rc log_review_close(struct cx *cx, int64_t id)
{
        str said;

        TRY(person_check(cx));
        TRY(sql_log_review_close(cx, id, &said));
        return said_check(cx, said);
}

rc log_review_open(struct cx *cx, json_t **ret)
{
        struct log_review_waiting *w;
        json_t *m = json_object();

        *ret = json_null();
        TRY(sql_log_review_open(cx, &w));
        if (w->open == 0)
                return RC_OK;
        json_set(m, "open", json_integer(w->open));
        json_set(m, "overdue", json_integer(w->overdue));
        json_set(m, "is_overdue", json_boolean(w->overdue > 0));
        json_set(m, "id", json_integer(w->id));
        json_set(m, "from_at", time_model(cx, w->from_at, w->from_at_null));
        json_set(m, "to_at", time_model(cx, w->to_at, w->to_at_null));
        json_set(m, "due_at", time_model(cx, w->due_at, w->due_at_null));
        json_set(m, "period", json_str(period_text(cx, w->from_at, w->to_at)));
        json_set(m, "due_day", json_str(day_slashes(cx, w->due_at - 1)));
        *ret = m;
        return RC_OK;
}

rc log_review_next(struct cx *cx, int64_t after, str *ret_tenant, int64_t *ret_id)
{
        struct log_review_due *row;

        TRY(sql_log_review_due(cx, after, &row));
        *ret_tenant = row ? row->tenant : STR_NONE;
        *ret_id = row ? row->id : 0;
        return RC_OK;
}

static json_t *begun_model(struct cx *cx, const struct log_review_begun *r)
{
        json_t *m = json_object();

        if (r == NULL)
                return NULL;
        log_subject(cx, S("log_review"), r->id);
        json_set(m, "id", json_integer(r->id));
        json_set(m, "begins", json_str(clock_iso_date(cx->mem, clock_tokyo(r->from_at).date)));
        json_set(m, "ends", json_str(clock_iso_date(cx->mem, clock_tokyo(r->to_at - 1).date)));
        json_set(m, "due", json_str(clock_iso_date(cx->mem, clock_tokyo(r->due_at - 1).date)));
        json_set(m, "found", json_integer(r->found));
        json_set(m, "important", json_integer(r->important));
        return m;
}

rc log_review_begin(struct cx *cx, int64_t id, json_t **ret)
{
        struct log_review_begun *row;

        TRY(sql_log_review_begin(cx, &row));
        *ret = begun_model(cx, row);
        return RC_OK;
}

rc log_review_late(struct cx *cx, int64_t after, str *ret_tenant, int64_t *ret_id)
{
        struct log_review_due *row;

        TRY(sql_log_review_late(cx, after, &row));
        *ret_tenant = row ? row->tenant : STR_NONE;
        *ret_id = row ? row->id : 0;
        return RC_OK;
}

rc log_review_tell(struct cx *cx, int64_t id, json_t **ret)
{
        struct log_review_begun *row;

        TRY(sql_log_review_tell(cx, id, &row));
        *ret = begun_model(cx, row);
        return RC_OK;
}
