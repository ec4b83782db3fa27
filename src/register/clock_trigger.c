/* clock_trigger.c - see clock_trigger.h: clocks at work. One trigger function a register, k_NAME: after each statement it tells the engine
 * (daicho.clock_settle), for each clock, what the records it wrote now say. It is the owner's, as the history is. Values of conditions stand in it as
 * hexadecimal digits (sql_open_literal): nothing of a definition can end the text it stands in. */
#include "base/house.h"

#include "register/clock_trigger.h"

#include "base/fail.h"
#include "db/db.h"
#include "register/clock_rule.h"
#include "register/clock_run.sql.h"
#include "register/condition.h"

static void event(struct sql *sql, const struct clock_event *e, bool otherwise)
{
        if (e->item != NULL) {
                sql_column(sql, e->item);
                sql_add(sql, " is not null");
        } else if (e->condition != NULL) {
                sql_add(sql, "coalesce(");
                condition_sql(sql, e->condition);
                sql_add(sql, ", false)");
        } else {
                buf_add(&sql->text, otherwise ? S("true") : S("false"));
        }
}

static void keeps(struct sql *sql, const struct clock_rule *clock)
{
        const struct clock_event only = { NULL, clock->only };

        event(sql, &only, true);
}

static void begins(struct sql *sql, const struct clock_rule *clock)
{
        sql_add(sql, "(");
        event(sql, &clock->start, true);
        sql_add(sql, " and ");
        keeps(sql, clock);
        sql_add(sql, ")");
}

static void since(struct sql *sql, const struct clock_rule *clock)
{
        sql_add(sql, "least(null");
        for (size_t i = 0; i < clock->since_count; i++) {
                sql_add(sql, ", ");
                if (clock->since[i]->type == ITEM_DATE) {
                        sql_add(sql, "(");
                        sql_column(sql, clock->since[i]);
                        sql_add(sql, "::timestamp at time zone 'Asia/Tokyo')");
                } else {
                        sql_column(sql, clock->since[i]);
                }
        }
        if (clock->since_count == 0)
                sql_add(sql, ", null::timestamptz");
        sql_add(sql, ")");
}

static void whose(struct sql *sql, const struct definition *def)
{
        sql_add(sql, "('");
        sql_word(sql, sql->cx->tenant);
        sql_add(sql, "', ");
        sql_int(sql, def->id);
}

/* Records that were there before the clock, and would begin. */
static void starting(struct sql *sql, const struct definition *def, int64_t id, const struct clock_rule *clock)
{
        sql_add(sql, " from tenant.");
        sql_names(sql, "r_", def->name, "");
        sql_add(sql, " r where ");
        begins(sql, clock);
        sql_add(sql, " and not (");
        event(sql, &clock->stop, false);
        sql_add(sql, ") and not exists (select from daicho.duty d where d.kind = 'clock' and d.why is null and d.tenant = '");
        sql_word(sql, sql->cx->tenant);
        sql_add(sql, "' and d.register_id = ");
        sql_int(sql, id);
        sql_add(sql, " and d.clock = '");
        sql_word(sql, clock->name);
        sql_add(sql, "' and d.record = r.id)");
}

/* settled: only those that begin and have not stopped; records that were there before the clock. */
static void settle(struct sql *sql, const struct definition *def, const struct clock_rule *clock, bool there_before)
{
        buf_add(&sql->text, there_before ? S("select ") : S("perform "));
        sql_add(sql, "daicho.clock_settle");
        whose(sql, def);
        sql_add(sql, ", '");
        sql_word(sql, clock->name);
        sql_add(sql, "', array_agg(r.id), array_agg(");
        since(sql, clock);
        sql_add(sql, "), array_agg(");
        begins(sql, clock);
        sql_add(sql, "), array_agg(");
        keeps(sql, clock);
        sql_add(sql, "), array_agg(");
        event(sql, &clock->stop, false);
        sql_add(sql, "))");
        if (there_before) {
                starting(sql, def, def->id, clock);
                sql_add(sql, ";\n");
        } else {
                sql_add(sql, " from after r;\n");
        }
}

static void function(struct sql *sql, const struct definition *def)
{
        sql_add(sql, "create or replace function tenant.");
        sql_names(sql, "k_", def->name, "");
        sql_add(sql, "() returns trigger language plpgsql security definer set search_path = pg_catalog as $daicho$\nbegin\n"
                     "if tg_op = 'DELETE' then\nperform daicho.clock_gone");
        whose(sql, def);
        sql_add(sql, ", array_agg(b.id)) from before b;\nelse\n");
        for (size_t i = 0; i < def->clock_count; i++)
                settle(sql, def, &def->clocks[i], false);
        sql_add(sql, "end if;\nreturn null;\nend\n$daicho$;\nrevoke execute on function tenant.");
        sql_names(sql, "k_", def->name, "");
        sql_add(sql, "() from public;\n");
}

static void trigger(struct sql *sql, const struct definition *def, bool make, const char *event_name, const char *tables)
{
        buf_add(&sql->text, make ? S("create or replace trigger clock_") : S("drop trigger if exists clock_"));
        buf_add(&sql->text, str_of(event_name));
        if (make) {
                sql_add(sql, " after ");
                buf_add(&sql->text, str_of(event_name));
        }
        sql_add(sql, " on tenant.");
        sql_names(sql, "r_", def->name, "");
        if (make) {
                buf_add(&sql->text, str_of(tables));
                sql_add(sql, " for each statement execute function tenant.");
                sql_names(sql, "k_", def->name, "");
                sql_add(sql, "()");
        }
        sql_add(sql, ";\n");
}

static json_t *rules(const struct definition *def)
{
        json_t *list = json_array();

        for (size_t i = 0; i < def->clock_count; i++) {
                const struct clock_rule *c = &def->clocks[i];
                json_t *one = json_object();

                json_set(one, "name", json_str(c->name));
                json_set(one, "ja", json_str(c->title[LANG_JA]));
                json_set(one, "en", json_str(c->title[LANG_EN]));
                json_set(one, "rule", c->rule);
                json_array_append_new(list, one);
        }
        return list;
}

static const struct clock_rule *find(const struct definition *def, const struct clock_rule *clock)
{
        for (size_t i = 0; def != NULL && i < def->clock_count; i++)
                if (str_equal(def->clocks[i].name, clock->name))
                        return &def->clocks[i];
        return NULL;
}

/* Does it begin for records that are there already? */
static bool fresh(const struct definition *old, const struct clock_rule *clock)
{
        const struct clock_rule *was = find(old, clock);

        return !clock->later && (was == NULL || was->later);
}

rc clock_trigger_apply(struct cx *cx, const struct definition *old, const struct definition *def)
{
        static const struct {
                const char *name, *tables;
        } events[] = { { "insert", " referencing new table as after" },
                       { "update", " referencing new table as after" },
                       { "delete", " referencing old table as before" } };
        struct sql *sql = sql_open_literal(cx);

        if (def->clock_count == 0 && (old == NULL || old->clock_count == 0))
                return RC_OK;
        TRY(sql_clock_run_rules(cx, cx->tenant, def->id, def->name, json_write(cx->mem, rules(def))));
        if (def->clock_count > 0)
                function(sql, def);
        for (size_t i = 0; i < COUNT(events); i++)
                trigger(sql, def, def->clock_count > 0, events[i].name, events[i].tables);
        if (def->clock_count == 0) {
                sql_add(sql, "drop function if exists tenant.");
                sql_names(sql, "k_", def->name, "");
                sql_add(sql, "();\n");
        }
        for (size_t i = 0; i < def->clock_count; i++)
                if (fresh(old, &def->clocks[i]))
                        settle(sql, def, &def->clocks[i], true);
        must(!buf_full(&sql->text) && sql->count == 0);
        return db_script(cx, buf_str(&sql->text));
}

rc clock_trigger_who_check(struct cx *cx, const char *path, str who)
{
        bool is = true;

        if (str_starts(who, S("group:")))
                TRY(sql_clock_run_group(cx, cx->tenant, (str){ who.p + 6, who.n - 6 }, &is));
        else if (str_starts(who, S("account:")))
                TRY(sql_clock_run_account(cx, cx->tenant, (str){ who.p + 8, who.n - 8 }, &is));
        if (!is)
                (void)fail(cx, RC_INVALID, path, "nobody here is called \"%.*s\"", STR_ARG(who));
        return RC_OK;
}

rc clock_trigger_rule_check(struct cx *cx, const char *path, const json_t *rule)
{
        str group = json_get_text(rule, "group"), calendar = json_get_text(rule, "calendar");
        json_t *step, *to;
        size_t k, n;
        bool is;

        if (!str_absent(calendar)) {
                TRY(sql_clock_run_calendar(cx, cx->tenant, calendar, &is));
                if (!is)
                        (void)fail(cx, RC_INVALID, path, "there is no calendar \"%.*s\"", STR_ARG(calendar));
        }
        if (!str_absent(group)) {
                TRY(sql_clock_run_group(cx, cx->tenant, group, &is));
                if (!is)
                        (void)fail(cx, RC_INVALID, path, "there is no group \"%.*s\"", STR_ARG(group));
        }
        json_array_foreach(json_object_get(rule, "ladder"), k, step)
                json_array_foreach(json_object_get(step, "to"), n, to)
                        TRY(clock_trigger_who_check(cx, path, json_text(to)));
        return RC_OK;
}

rc clock_trigger_check(struct cx *cx, const struct definition *def)
{
        for (size_t i = 0; i < def->clock_count; i++)
                TRY(clock_trigger_rule_check(cx, str_format(cx->mem, "clocks[%zu]", i).p, def->clocks[i].rule));
        return cx->failure.code;
}

rc clock_trigger_lay(struct cx *cx, int64_t register_id, bool laid)
{
        return sql_clock_run_lay(cx, cx->tenant, register_id, laid);
}

/* Is this the name of an item whose column is not there yet, or not as it will be? Of all texts of a clock: what is a value as well makes it careful only. */
static bool names_change(const struct definition *old, const struct definition *wanted, const json_t *json)
{
        const char *name;
        json_t *one;
        size_t i;

        if (json_is_string(json)) {
                const struct item *item = definition_item(wanted, json_text(json)), *was = definition_item(old, json_text(json));

                return item != NULL && (was == NULL || was->type != item->type || was->scale != item->scale || !item_stored(item));
        }
        json_array_foreach((json_t *)(uintptr_t)json, i, one)
                if (names_change(old, wanted, one))
                        return true;
        json_object_foreach((json_t *)(uintptr_t)json, name, one)
                if (names_change(old, wanted, one))
                        return true;
        return false;
}

static rc start_count(struct cx *cx, const struct definition *old, const struct definition *wanted, size_t i, int64_t *ret)
{
        struct sql *sql = sql_open_literal(cx);
        struct rows *rows;

        *ret = -1;
        if (names_change(old, wanted, json_array_get(json_object_get(wanted->source, "clocks"), i)))
                return RC_OK;
        sql_add(sql, "select count(*)");
        starting(sql, wanted, old->id, &wanted->clocks[i]);
        TRY(sql_run(sql, &rows));
        *ret = rows_int(rows, 0, 0);
        return RC_OK;
}

rc clock_trigger_changes(struct cx *cx, const struct definition *old, const struct definition *wanted, json_t **ret)
{
        int64_t n;

        *ret = json_array();
        for (size_t i = 0; old != NULL && i < old->clock_count; i++)
                if (find(wanted, &old->clocks[i]) == NULL) {
                        json_t *m = json_object();

                        TRY(sql_clock_run_running(cx, cx->tenant, old->id, old->clocks[i].name, &n));
                        json_set(m, "name", json_str(old->clocks[i].name));
                        json_set(m, "title", json_str(old->clocks[i].title[cx->lang]));
                        json_set(m, "ends", json_integer(n));
                        json_array_append_new(*ret, m);
                }
        for (size_t i = 0; old != NULL && i < wanted->clock_count; i++) {
                const struct clock_rule *clock = &wanted->clocks[i];
                bool begins_now = fresh(old, clock);
                json_t *m = json_object();

                if (!begins_now && (!clock->later || find(old, clock) != NULL))
                        continue;
                n = 0;
                if (begins_now)
                        TRY(start_count(cx, old, wanted, i, &n));
                json_set(m, "name", json_str(clock->name));
                json_set(m, "title", json_str(clock->title[cx->lang]));
                json_set(m, "later", json_boolean(clock->later));
                json_set(m, "starts", n < 0 ? json_null() : json_integer(n));
                json_array_append_new(*ret, m);
        }
        return RC_OK;
}
