/* segment.c - see segment.h. */
#include "base/house.h"

#include "register/segment.h"

#include "base/clock.h"
#include "base/fail.h"
#include "base/utf8.h"
#include "identity/permission.h"
#include "jobs/jobs.h"
#include "log/log.h"
#include "register/condition_facts.h"
#include "register/condition_why.h"
#include "register/record_model.h"
#include "register/record_row.h"
#include "register/segment.sql.h"

/* Who asks: an account; 0 for keys and commands, which together own what they make. */
static int64_t me(const struct cx *cx)
{
        return cx->actor.kind == ACTOR_ACCOUNT ? cx->actor.id : 0;
}

static bool defines(const struct cx *cx, const struct definition *def)
{
        return permission_held_for(cx, PERM_REGISTER_DEFINE, def->name);
}

static bool may_change(const struct cx *cx, const struct definition *def, const struct segment_row *row)
{
        return !cx->masked && (row->owner == me(cx) || ((row->shared || row->orphan) && defines(cx, def)));
}

/* *ret_seen false: it asks about what this account may not see. A broken one is seen by who can mend it. */
static rc row_read(struct cx *cx, const struct definition *def, const struct segment_row *row, bool fold, json_t **ret_json, struct condition **ret,
                   bool *ret_seen)
{
        rc code;

        *ret = NULL;
        TRY(json_read(cx, row->condition, ret_json));
        code = condition_parse_as(cx, def, *ret_json, &(struct condition_reading){ .segment = row->id, .saved = true, .bare = !fold }, ret);
        *ret_seen = code == RC_OK || (code == RC_INVALID && may_change(cx, def, row));
        if (code != RC_OK && code != RC_INVALID && code != RC_FORBIDDEN)
                return code;
        fail_clear(cx);
        return RC_OK;
}

static json_t *row_model(struct cx *cx, const struct definition *def, const struct segment_row *row, json_t *json, const struct condition *condition)
{
        bool broken = str_is(row->state, "broken") || condition == NULL;
        json_t *m = json_object();

        (void)json_set(m, "id", json_integer(row->id));
        (void)json_set(m, "version", json_integer(row->version));
        (void)json_set(m, "name", json_str(row->name));
        (void)json_set(m, "description", json_str(row->description));
        (void)json_set(m, "owner", json_str(row->owner_name));
        (void)json_set(m, "mine", json_boolean(row->owner == me(cx)));
        (void)json_set(m, "shared", json_boolean(row->shared));
        (void)json_set(m, "may_change", json_boolean(may_change(cx, def, row)));
        (void)json_set(m, "condition", json);
        (void)json_set(m, "sentence", condition ? json_str(condition_sentence(cx, condition)) : json_null());
        (void)json_set(m, "personal", json_boolean(row->personal));
        (void)json_set(m, "moving", json_boolean(row->moving));
        (void)json_set(m, "broken", json_boolean(broken));
        (void)json_set(m, "counting", json_boolean(!broken && !row->known));
        (void)json_set(m, "count", broken || row->counted_at_null ? json_null() : json_integer(row->total));
        (void)json_set(m, "counted_at", row->counted_at_null ? json_null() : json_str(clock_rfc3339(cx->mem, row->counted_at)));
        (void)json_set(m, "checked_at", row->checked_at_null ? json_null() : json_str(clock_rfc3339(cx->mem, row->checked_at)));
        (void)json_set(m, "updated_at", json_str(clock_rfc3339(cx->mem, row->updated_at)));
        return json_set(m, "drift", json_integer(row->drift));
}

rc segment_list(struct cx *cx, str register_name, json_t **ret)
{
        json_t *model = json_object(), *list = json_array();
        const struct definition *def;
        struct segment_row *rows;
        size_t count;

        TRY(definition_get(cx, register_name, &def));
        TRY(sql_segment_rows(cx, def->id, 0, me(cx), defines(cx, def), &rows, &count));
        for (size_t i = 0; i < count; i++) {
                struct condition *condition;
                json_t *json;
                bool seen;

                TRY(row_read(cx, def, &rows[i], false, &json, &condition, &seen));
                if (seen)
                        json_array_append_new(list, row_model(cx, def, &rows[i], json, condition));
        }
        (void)json_set(model, "register", definition_model(cx, def));
        (void)json_set(model, "segments", list);
        *ret = model;
        return RC_OK;
}

static rc row_find(struct cx *cx, const struct definition *def, int64_t id, struct segment_row **ret)
{
        size_t count;

        if (id > 0)
                TRY(sql_segment_rows(cx, def->id, id, me(cx), defines(cx, def), ret, &count));
        return id > 0 && count == 1 ? RC_OK : fail(cx, RC_UNKNOWN, NULL, "there is no such segment");
}

/* One that this account may see. */
static rc find(struct cx *cx, const struct definition *def, int64_t id, bool fold, struct segment_row **ret, json_t **ret_json,
               struct condition **ret_condition)
{
        bool seen;

        TRY(row_find(cx, def, id, ret));
        TRY(row_read(cx, def, *ret, fold, ret_json, ret_condition, &seen));
        return seen ? RC_OK : fail(cx, RC_UNKNOWN, NULL, "there is no such segment");
}

rc segment_get(struct cx *cx, str register_name, int64_t id, json_t **ret)
{
        json_t *model = json_object(), *json, *list = json_array();
        const struct definition *def;
        struct condition *condition;
        struct segment_row *row;
        struct segment_day *days;
        size_t count;

        TRY(definition_get(cx, register_name, &def));
        TRY(find(cx, def, id, false, &row, &json, &condition));
        TRY(sql_segment_days(cx, id, &days, &count));
        for (size_t i = 0; i < count; i++) {
                json_t *one = json_object();

                (void)json_set(one, "day", json_str(days[i].day));
                json_array_append_new(list, json_set(one, "count", json_integer(days[i].total)));
        }
        (void)json_set(model, "register", definition_model(cx, def));
        (void)json_set(model, "segment", row_model(cx, def, row, json, condition));
        (void)json_set(model, "days", list);
        *ret = model;
        return RC_OK;
}

rc segment_options(struct cx *cx, const struct definition *def, int64_t without, json_t **ret)
{
        json_t *list = json_array();
        struct segment_row *rows;
        size_t count;

        TRY(sql_segment_rows(cx, def->id, 0, me(cx), false, &rows, &count));
        for (size_t i = 0; i < count; i++) {
                struct condition *condition;
                json_t *json, *one = json_object();
                bool seen;

                TRY(row_read(cx, def, &rows[i], false, &json, &condition, &seen));
                if (condition == NULL || rows[i].id == without)
                        continue;
                (void)json_set(one, "id", json_integer(rows[i].id));
                json_array_append_new(list, json_set(one, "name", json_str(rows[i].name)));
        }
        *ret = list;
        return RC_OK;
}

rc segment_new(struct cx *cx, str register_name, str text, json_t **ret)
{
        json_t *model = json_object(), *json;
        const struct definition *def;
        struct condition *condition;

        TRY(definition_get(cx, register_name, &def));
        TRY(condition_read(cx, def, text, &condition, &json));
        (void)json_set(model, "register", definition_model(cx, def));
        (void)json_set(model, "condition", json ? json : json_null());
        (void)json_set(model, "sentence", json_str(condition_sentence(cx, condition)));
        *ret = model;
        return RC_OK;
}

/* Saving ---------------------------------------------------------------------------------------------------------------------------- */

static rc words_check(struct cx *cx, const struct segment_order *order)
{
        if (!str_absent(order->name)) {
                if (str_trim(order->name).n == 0)
                        (void)fail(cx, RC_INVALID, "name", "must not be empty");
                else
                        TRY(text_check(cx, str_trim(order->name), "name", SEGMENT_NAME_MAX, false));
        }
        if (!str_absent(order->description))
                TRY(text_check(cx, order->description, "description", SEGMENT_TEXT_MAX, true));
        return cx->failure.code;
}

static rc condition_check(struct cx *cx, const struct definition *def, const struct segment_order *order, str *ret)
{
        struct condition *condition;
        json_t *json;

        if (order->condition.n > SEGMENT_SIZE_MAX)
                return fail(cx, RC_TOO_LARGE, "condition", "may have at most %d bytes", SEGMENT_SIZE_MAX);
        if (str_trim(order->condition).n == 0)
                return fail(cx, RC_INVALID, "condition", "must hold at least one condition");
        TRY(json_read(cx, order->condition, &json));
        TRY(condition_parse_as(cx, def, json, &(struct condition_reading){ .segment = order->id }, &condition));
        if (condition == NULL)
                return fail(cx, RC_INVALID, "condition", "must hold at least one condition");
        if (condition_facts(condition).asker)
                return fail(cx, RC_INVALID, "condition", "means something else for each who asks, so it has no count; choose the account by name");
        *ret = json_write(cx->mem, json);
        return RC_OK;
}

/* Counting it is built by the owner's job, after the commit. */
static rc build_ask(struct cx *cx, const struct definition *def)
{
        int64_t job;

        return job_add(cx, "segment", def->name, json_object(), &job);
}

static rc create(struct cx *cx, const struct definition *def, const struct segment_order *order, str condition, int64_t *ret_id)
{
        bool shared = order->shared || me(cx) == 0; /* what a key makes would be seen by no person */
        int64_t number;

        if (str_absent(order->name))
                return fail(cx, RC_INVALID, "name", "must not be empty");
        TRY(sql_segment_number(cx, def->id, &number));
        if (number >= SEGMENT_MAX)
                return fail(cx, RC_CONFLICT, NULL, "a register has at most %d segments; please delete one that nobody needs", SEGMENT_MAX);
        TRY(sql_segment_insert(cx, def->id, str_trim(order->name), str_absent(order->description) ? S("") : order->description, me(cx),
                               cx->actor.name, shared, condition, ret_id));
        return build_ask(cx, def);
}

static rc change(struct cx *cx, const struct definition *def, const struct segment_order *order, str condition)
{
        struct segment_row *row;
        size_t changed;
        bool shared;

        TRY(row_find(cx, def, order->id, &row));
        if (!may_change(cx, def, row))
                return fail(cx, RC_FORBIDDEN, NULL, "a segment is changed by whose it is; a shared one also by who may define the register");
        shared = order->shared_given ? order->shared || row->owner == 0 : row->shared;
        if (!shared && row->shared && row->owner != me(cx))
                return fail(cx, RC_FORBIDDEN, "shared", "only whose segment it is can take it back from the others");
        TRY(sql_segment_update(cx, order->id, order->version, str_absent(order->name) ? row->name : str_trim(order->name),
                               str_absent(order->description) ? row->description : order->description, shared,
                               str_absent(condition) ? row->condition : condition, &changed));
        if (changed != 1)
                return fail(cx, RC_STALE, NULL, "somebody else changed this segment at the same moment; please look at it again");
        if (str_absent(condition))
                return RC_OK;
        TRY(sql_segment_touch(cx, def->id, &changed));
        return build_ask(cx, def);
}

static rc writer_check(struct cx *cx)
{
        return cx->masked ? fail(cx, RC_FORBIDDEN, NULL, "segments are saved by accounts that may see personal items") : RC_OK;
}

rc segment_save(struct cx *cx, str register_name, const struct segment_order *order, int64_t *ret_id)
{
        const struct definition *def;
        str condition = STR_NONE;

        TRY(definition_get(cx, register_name, &def));
        TRY(writer_check(cx));
        if (order->id != 0) {
                struct segment_row *row;

                TRY(row_find(cx, def, order->id, &row));
        }
        TRY(words_check(cx, order));
        if (order->id == 0 || !str_absent(order->condition))
                TRY(condition_check(cx, def, order, &condition));
        *ret_id = order->id;
        return order->id == 0 ? create(cx, def, order, condition, ret_id) : change(cx, def, order, condition);
}

rc segment_erase(struct cx *cx, str register_name, int64_t id, int64_t version)
{
        const struct definition *def;
        struct segment_row *row;
        size_t changed;
        str user;

        TRY(definition_get(cx, register_name, &def));
        TRY(writer_check(cx));
        TRY(row_find(cx, def, id, &row));
        if (!may_change(cx, def, row))
                return fail(cx, RC_FORBIDDEN, NULL, "a segment is changed by whose it is; a shared one also by who may define the register");
        TRY(sql_segment_used(cx, id, &user));
        if (!str_absent(user))
                return fail(cx, RC_CONFLICT, NULL, "the segment \"%.*s\" is made of this one; it has to be changed first", STR_ARG(user));
        TRY(sql_segment_delete(cx, id, version, &changed));
        if (changed != 1)
                return fail(cx, RC_STALE, NULL, "somebody else changed this segment at the same moment; please look at it again");
        return build_ask(cx, def);
}

/* One record ------------------------------------------------------------------------------------------------------------------------ */

rc segment_of(struct cx *cx, str register_name, int64_t record, json_t **ret)
{
        json_t *model = json_object(), *list = json_array();
        struct sql *sql = sql_open(cx);
        const struct definition *def;
        struct segment_row *row;
        struct rows *rows;
        size_t count, asked = 0;

        TRY(definition_get(cx, register_name, &def));
        TRY(sql_segment_rows(cx, def->id, 0, me(cx), false, &row, &count));
        sql_add(sql, "select r.id");
        for (size_t i = 0; i < count; i++) {
                struct condition *condition;
                json_t *json, *one = json_object();
                bool seen;

                TRY(row_read(cx, def, &row[i], true, &json, &condition, &seen));
                if (!seen || condition == NULL)
                        continue;
                sql_add(sql, ", coalesce(");
                condition_sql(sql, condition);
                sql_add(sql, ", false)");
                (void)json_set(one, "id", json_integer(row[i].id));
                (void)json_set(one, "name", json_str(row[i].name));
                (void)json_set(one, "shared", json_boolean(row[i].shared));
                json_array_append_new(list, one);
                asked++;
        }
        sql_add(sql, " from ");
        sql_table(sql, def);
        sql_add(sql, " r where r.id = ");
        sql_arg(sql, db_int(cx, record), "bigint");
        TRY(record_row_run(sql, def, &rows));
        if (rows_count(rows) == 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such record");
        for (size_t i = 0; i < asked; i++)
                (void)json_set(json_array_get(list, i), "in", json_boolean(rows_bool(rows, 0, i + 1)));
        (void)json_set(model, "segments", list);
        *ret = model;
        return RC_OK;
}

rc segment_why(struct cx *cx, str register_name, int64_t id, int64_t record, json_t **ret)
{
        json_t *model = json_object(), *json, *nodes, *headings, *who = json_object();
        const struct definition *def;
        struct condition *condition;
        struct segment_row *row;

        TRY(definition_get(cx, register_name, &def));
        TRY(find(cx, def, id, true, &row, &json, &condition));
        TRY(condition_why(cx, def, condition, record, &nodes));
        TRY(record_model_headings(cx, def->name, &record, 1, &headings));
        (void)json_set(who, "id", json_integer(record));
        (void)json_set(who, "heading", json_object_get(headings, db_int(cx, record).p));
        (void)json_set(model, "register", definition_model(cx, def));
        (void)json_set(model, "segment", row_model(cx, def, row, json, condition));
        (void)json_set(model, "about", who);
        (void)json_set(model, "in",
                       json_object_get(json_array_get(nodes, 0), "holds") ? json_object_get(json_array_get(nodes, 0), "holds") : json_false());
        (void)json_set(model, "nodes", nodes);
        *ret = model;
        return RC_OK;
}

rc segment_count(struct cx *cx, const struct definition *def, int64_t id, int64_t *ret, bool *ret_known)
{
        struct segment_row *row;
        size_t count;

        TRY(sql_segment_rows(cx, def->id, id, me(cx), false, &row, &count));
        *ret_known = count == 1 && row->known;
        if (*ret_known)
                *ret = row->total;
        return RC_OK;
}
