/* support.c - see support.h. */
#include "base/house.h"

#include "identity/support.h"

#include "base/clock.h"
#include "base/fail.h"
#include "base/text.h"
#include "identity/support.sql.h"

enum { REASON_MAX = 1000, MINUTES_MIN = 5, MINUTES_MAX = 480 };

static json_t *time_model(struct cx *cx, msec at, bool none)
{
        return none ? json_null() : json_str(clock_rfc3339(cx->mem, at));
}

static json_t *grants_model(struct cx *cx, const struct support_row *row, size_t count)
{
        json_t *list = json_array();

        for (size_t i = 0; i < count; i++) {
                const struct support_row *g = &row[i];
                json_t *m = json_object();

                json_set(m, "id", json_integer(g->id));
                json_set(m, "tenant", json_str(g->tenant));
                json_set(m, "operator", json_str(g->operator));
                json_set(m, "reason", json_str(g->reason));
                json_set(m, "personal", json_boolean(g->personal));
                json_set(m, "minutes", json_integer(g->minutes));
                json_set(m, "state", json_str(g->state));
                json_set(m, "asked_at", time_model(cx, g->asked_at, false));
                json_set(m, "approved_by", json_str(g->approved_by));
                json_set(m, "approved_at", time_model(cx, g->approved_at, g->approved_at_null));
                json_set(m, "ends_at", time_model(cx, g->ends_at, g->ends_at_null));
                json_set(m, "ended_at", time_model(cx, g->ended_at, g->ended_at_null));
                json_set(m, "refused_by", json_str(g->refused_by));
                json_set(m, "mine", json_boolean(cx->actor.kind == ACTOR_ACCOUNT && g->operator_id == cx->actor.id));
                must(json_array_append_new(list, m) == 0);
        }
        return list;
}

rc support_list(struct cx *cx, json_t **ret)
{
        struct support_row *row;
        size_t count;

        TRY(sql_support_list(cx, &row, &count));
        *ret = json_set(json_object(), "grants", grants_model(cx, row, count));
        return RC_OK;
}

static rc known(struct cx *cx, str said)
{
        return str_is(said, "unknown") ? fail(cx, RC_UNKNOWN, NULL, "there is no such support grant") : RC_OK;
}

rc support_approve(struct cx *cx, int64_t id)
{
        str state;

        TRY(sql_support_approve(cx, id, &state));
        TRY(known(cx, state));
        return str_absent(state) ? fail(cx, RC_CONFLICT, NULL, "this request is not waiting for an approval") : RC_OK;
}

rc support_end(struct cx *cx, int64_t id)
{
        str state;

        TRY(sql_support_end(cx, id, &state));
        TRY(known(cx, state));
        return str_absent(state) ? fail(cx, RC_CONFLICT, NULL, "this support grant is over") : RC_OK;
}

static json_t *contracts_model(struct cx *cx, const struct support_contract *row, size_t count)
{
        json_t *list = json_array();

        for (size_t i = 0; i < count; i++) {
                json_t *m = json_object();

                json_set(m, "name", json_str(row[i].name));
                json_set(m, "title", json_str(row[i].title));
                json_set(m, "state", json_str(row[i].state));
                json_set(m, "lang", json_str(row[i].lang));
                json_set(m, "created_at", time_model(cx, row[i].created_at, false));
                json_set(m, "accounts", json_integer(row[i].accounts));
                json_set(m, "sessions", json_integer(row[i].sessions));
                json_set(m, "jobs", json_integer(row[i].jobs));
                json_set(m, "bytes", json_integer(row[i].bytes));
                must(json_array_append_new(list, m) == 0);
        }
        return list;
}

rc support_overview(struct cx *cx, json_t **ret)
{
        struct support_contract *contract;
        struct support_row *grant;
        size_t contracts, grants;
        json_t *model = json_object();

        TRY(sql_support_contracts(cx, &contract, &contracts));
        TRY(sql_support_grants(cx, &grant, &grants));
        json_set(model, "contracts", contracts_model(cx, contract, contracts));
        json_set(model, "grants", grants_model(cx, grant, grants));
        *ret = model;
        return RC_OK;
}

rc support_ask(struct cx *cx, const json_t *in, int64_t *ret_id)
{
        int64_t minutes = json_integer_value(json_object_get(in, "minutes"));
        str reason = str_trim(json_get_text(in, "reason"));

        if (str_absent(reason) || str_empty(reason))
                return fail(cx, RC_INVALID, "reason", "must not be empty");
        TRY(text_check(cx, reason, "reason", REASON_MAX, true));
        if (minutes < MINUTES_MIN || minutes > MINUTES_MAX)
                return fail(cx, RC_INVALID, "minutes", "must be a whole number from %d to %d", MINUTES_MIN, MINUTES_MAX);
        TRY(sql_support_insert(cx, json_get_text(in, "tenant"), reason, minutes, json_is_true(json_object_get(in, "personal")), ret_id));
        return *ret_id != 0 ? RC_OK : fail(cx, RC_UNKNOWN, "tenant", "there is no contract of this name");
}

rc support_enter(struct cx *cx, int64_t id)
{
        str tenant;

        TRY(sql_support_enter(cx, cx->actor.session, id, &tenant));
        TRY(known(cx, tenant));
        return str_absent(tenant) ? fail(cx, RC_CONFLICT, NULL, "this support grant is not open") : RC_OK;
}

rc support_leave(struct cx *cx)
{
        bool left;

        TRY(sql_support_leave(cx, cx->actor.session, &left));
        return left ? RC_OK : fail(cx, RC_CONFLICT, NULL, "this session is not in another contract");
}
