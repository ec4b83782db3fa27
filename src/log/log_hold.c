/* log_hold.c - see log_hold.h. */
#include "base/house.h"

#include "log/log_hold.h"

#include "base/clock.h"
#include "base/fail.h"
#include "base/text.h"
#include "log/log.h"
#include "log/log_hold.sql.h"

enum { TEXT_MAX = 1000 };

static json_t *time_model(struct cx *cx, msec at, bool none)
{
        return none ? json_null() : json_str(clock_rfc3339(cx->mem, at));
}

static json_t *hold_model(struct cx *cx, const struct log_hold_row *h)
{
        json_t *m = json_object();

        json_set(m, "id", json_integer(h->id));
        json_set(m, "reason", json_str(h->reason));
        json_set(m, "basis", json_str(h->basis));
        json_set(m, "kind", json_str(h->kind));
        json_set(m, "subject_id", h->subject_id_null ? json_null() : json_integer(h->subject_id));
        json_set(m, "from_at", time_model(cx, h->from_at, h->from_at_null));
        json_set(m, "to_at", time_model(cx, h->to_at, h->to_at_null));
        json_set(m, "asked_by", json_str(h->asked_by));
        json_set(m, "asked_at", time_model(cx, h->asked_at, false));
        json_set(m, "lapses_at", time_model(cx, h->lapses_at, false));
        json_set(m, "approved_by", json_str(h->approved_by));
        json_set(m, "approved_at", time_model(cx, h->approved_at, h->approved_at_null));
        json_set(m, "ended_by", json_str(h->ended_by));
        json_set(m, "ended_at", time_model(cx, h->ended_at, h->ended_at_null));
        json_set(m, "ended_why", json_str(h->ended_why));
        json_set(m, "state", json_str(h->state));
        json_set(m, "mine", json_boolean(h->mine));
        json_set(m, "about", json_boolean(h->about));
        return m;
}

rc log_hold_list(struct cx *cx, json_t **ret)
{
        json_t *model = json_object(), *list = json_array();
        struct log_hold_row *row;
        int64_t days;
        size_t count;

        TRY(sql_log_hold_list(cx, &row, &count));
        TRY(sql_log_hold_days(cx, &days));
        for (size_t i = 0; i < count; i++) {
                json_t *one = hold_model(cx, &row[i]);

                if (!str_absent(row[i].kind)) {
                        str title;

                        TRY(log_kind_title(cx, row[i].kind, &title));
                        json_set(one, "kind_title", json_str(title));
                }
                must(json_array_append_new(list, one) == 0);
        }
        json_set(model, "holds", list);
        json_set(model, "days", days == 0 ? json_null() : json_integer(days));
        *ret = model;
        return RC_OK;
}

static rc text_read(struct cx *cx, const json_t *in, const char *name, str *ret)
{
        str text = str_trim(json_get_text(in, name));

        if (str_absent(text) || str_empty(text))
                return fail(cx, RC_INVALID, name, "must not be empty");
        TRY(text_check(cx, text, name, TEXT_MAX, true));
        *ret = text;
        return RC_OK;
}

static rc person_check(struct cx *cx)
{
        return cx->actor.kind == ACTOR_ACCOUNT
                   ? RC_OK
                   : fail(cx, RC_FORBIDDEN, NULL, "this is decided by people who are logged in, not by keys and commands");
}

rc log_hold_ask(struct cx *cx, const json_t *in, int64_t *ret_id)
{
        static const struct {
                const char *given, *told;
        } words[] = { { "kind", "kind" }, { "subject", "subject" }, { "from", "begins" }, { "to", "ends" }, { "basis", "basis" } };
        str kind = json_get_text(in, "kind"), reason = S(""), basis = S("");
        const json_t *subject = json_object_get(in, "subject");
        int64_t number = json_integer_value(subject);
        msec *from = NULL, *to = NULL;

        TRY(text_read(cx, in, "reason", &reason));
        TRY(text_read(cx, in, "basis", &basis));
        TRY(log_time(cx, json_get_text(in, "from"), false, "from", &from));
        TRY(log_time(cx, json_get_text(in, "to"), true, "to", &to));
        if (str_empty(kind))
                kind = STR_NONE;
        if (str_absent(kind) != (subject == NULL))
                return fail(cx, RC_INVALID, "subject", "a kind and its number belong together");
        if (str_absent(kind) && from == NULL)
                return fail(cx, RC_INVALID, "from", "say from when on, or what the entries are about");
        if (to != NULL && from != NULL && *to <= *from)
                return fail(cx, RC_INVALID, "to", "must be after the beginning");
        TRY(person_check(cx));
        TRY(sql_log_hold_ask(cx, kind, subject ? &number : NULL, from, to, reason, basis, ret_id));
        log_subject(cx, S("log_hold"), *ret_id);
        log_detail(cx, "reason", json_str(reason));
        for (size_t i = 0; i < COUNT(words); i++)
                if (json_object_get(in, words[i].given) != NULL)
                        log_detail(cx, words[i].told, json_object_get(in, words[i].given));
        return RC_OK;
}

static rc said_check(struct cx *cx, str said)
{
        if (str_is(said, "done"))
                return RC_OK;
        if (str_is(said, "over"))
                return fail(cx, RC_CONFLICT, NULL, "this hold is over, or does not wait for that any more");
        if (str_is(said, "own"))
                return fail(cx, RC_FORBIDDEN, NULL, "somebody else must do this: who asks for a hold neither approves nor ends it");
        if (str_is(said, "about"))
                return fail(cx, RC_FORBIDDEN, NULL, "this hold is about you: somebody else must decide");
        return fail(cx, RC_UNKNOWN, NULL, "there is no such hold");
}

rc log_hold_approve(struct cx *cx, int64_t id)
{
        str said;

        TRY(person_check(cx));
        TRY(sql_log_hold_approve(cx, id, &said));
        return said_check(cx, said);
}

rc log_hold_end(struct cx *cx, int64_t id, str why)
{
        json_t *in = json_set(json_object(), "why", json_str(why));
        str said;

        TRY(text_read(cx, in, "why", &why));
        TRY(person_check(cx));
        TRY(sql_log_hold_end(cx, id, why, &said));
        TRY(said_check(cx, said));
        log_detail(cx, "why", json_str(why));
        return RC_OK;
}

rc log_hold_next(struct cx *cx, int64_t after, str *ret_tenant, int64_t *ret_id)
{
        struct log_hold_due *row;

        TRY(sql_log_hold_due(cx, after, &row));
        *ret_tenant = row ? row->tenant : STR_NONE;
        *ret_id = row ? row->id : 0;
        return RC_OK;
}

rc log_hold_purge(struct cx *cx, int64_t id, json_t **ret)
{
        struct log_hold_purged *row;
        json_t *m = json_object();

        *ret = NULL;
        TRY(sql_log_hold_purge(cx, &row));
        if (row == NULL)
                return RC_OK;
        log_subject(cx, S("log"), 0);
        json_set(m, "erased", json_integer(row->gone));
        json_set(m, "held", json_integer(row->held));
        json_set(m, "upto", json_str(clock_rfc3339(cx->mem, row->to_at)));
        json_set(m, "days", json_integer(row->days));
        *ret = m;
        return RC_OK;
}
