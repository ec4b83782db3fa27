/* round_trigger.c - see round_trigger.h. One trigger function a register, o_NAME: after each statement it tells the engine (daicho.round_settle), for each round
 * of records, which of the records it wrote meet the condition now. It is the owner's. Values of conditions stand in it as hexadecimal digits
 * (sql_open_literal): nothing of a definition can end the text it stands in. */
#include "base/house.h"

#include "register/round_trigger.h"

#include "base/fail.h"
#include "db/db.h"
#include "register/clock_trigger.h"
#include "register/condition.h"
#include "register/round.sql.h"
#include "register/round_rule.h"

static size_t of_records(const struct definition *def)
{
        size_t n = 0;

        for (size_t i = 0; def != NULL && i < def->round_count; i++)
                n += !def->rounds[i].once;
        return n;
}

static void whose(struct sql *sql, const struct definition *def)
{
        sql_add(sql, "('");
        sql_word(sql, sql->cx->tenant);
        sql_add(sql, "', ");
        sql_int(sql, def->id);
}

/* all: every record there is, not only those a statement wrote. */
static void settle(struct sql *sql, const struct definition *def, const struct round_rule *round, bool all)
{
        buf_add(&sql->text, all ? S("select ") : S("perform "));
        sql_add(sql, "daicho.round_settle");
        whose(sql, def);
        sql_add(sql, ", '");
        sql_word(sql, round->name);
        sql_add(sql, "', array_agg(r.id), array_agg(");
        if (round->only != NULL) {
                sql_add(sql, "coalesce(");
                condition_sql(sql, round->only);
                sql_add(sql, ", false)");
        } else {
                sql_add(sql, "true");
        }
        sql_add(sql, ")) from ");
        if (all) {
                sql_add(sql, "tenant.");
                sql_names(sql, "r_", def->name, "");
                sql_add(sql, " r;\n");
        } else {
                sql_add(sql, "after r;\n");
        }
}

static void function(struct sql *sql, const struct definition *def)
{
        sql_add(sql, "create or replace function tenant.");
        sql_names(sql, "o_", def->name, "");
        sql_add(sql, "() returns trigger language plpgsql security definer set search_path = pg_catalog as $daicho$\nbegin\n"
                     "if tg_op = 'DELETE' then\nperform daicho.round_gone");
        whose(sql, def);
        sql_add(sql, ", array_agg(b.id)) from before b;\nelse\n");
        for (size_t i = 0; i < def->round_count; i++)
                if (!def->rounds[i].once)
                        settle(sql, def, &def->rounds[i], false);
        sql_add(sql, "end if;\nreturn null;\nend\n$daicho$;\nrevoke execute on function tenant.");
        sql_names(sql, "o_", def->name, "");
        sql_add(sql, "() from public;\n");
}

static void trigger(struct sql *sql, const struct definition *def, bool make, const char *event, const char *tables)
{
        buf_add(&sql->text, make ? S("create or replace trigger round_") : S("drop trigger if exists round_"));
        buf_add(&sql->text, str_of(event));
        if (make) {
                sql_add(sql, " after ");
                buf_add(&sql->text, str_of(event));
        }
        sql_add(sql, " on tenant.");
        sql_names(sql, "r_", def->name, "");
        if (make) {
                buf_add(&sql->text, str_of(tables));
                sql_add(sql, " for each statement execute function tenant.");
                sql_names(sql, "o_", def->name, "");
                sql_add(sql, "()");
        }
        sql_add(sql, ";\n");
}

static json_t *rules(const struct definition *def)
{
        json_t *list = json_array();

        for (size_t i = 0; i < def->round_count; i++) {
                const struct round_rule *round = &def->rounds[i];
                json_t *one = json_object();

                json_set(one, "name", json_str(round->name));
                json_set(one, "ja", json_str(round->title[LANG_JA]));
                json_set(one, "en", json_str(round->title[LANG_EN]));
                json_set(one, "rule", round->rule);
                json_array_append_new(list, one);
        }
        return list;
}

/* Does it ask for the same records as before? */
static bool same(const struct definition *old, const struct round_rule *round)
{
        for (size_t i = 0; old != NULL && i < old->round_count; i++) {
                const json_t *was = json_object_get(old->rounds[i].source, "only"), *is = json_object_get(round->source, "only");

                if (str_equal(old->rounds[i].name, round->name))
                        return !old->rounds[i].once && (was == NULL) == (is == NULL) && (was == NULL || json_equal(was, is));
        }
        return false;
}

rc round_trigger_apply(struct cx *cx, const struct definition *old, const struct definition *def)
{
        static const struct {
                const char *name, *tables;
        } events[] = { { "insert", " referencing new table as after" },
                       { "update", " referencing new table as after" },
                       { "delete", " referencing old table as before" } };
        size_t now = of_records(def), before = of_records(old);
        struct sql *sql = sql_open_literal(cx);

        if (def->round_count == 0 && (old == NULL || old->round_count == 0))
                return RC_OK;
        TRY(sql_round_rules(cx, cx->tenant, def->id, def->name, json_write(cx->mem, rules(def))));
        if (now > 0)
                function(sql, def);
        for (size_t i = 0; (now > 0 || before > 0) && i < COUNT(events); i++)
                trigger(sql, def, now > 0, events[i].name, events[i].tables);
        if (now == 0 && before > 0) {
                sql_add(sql, "drop function if exists tenant.");
                sql_names(sql, "o_", def->name, "");
                sql_add(sql, "();\n");
        }
        for (size_t i = 0; i < def->round_count; i++)
                if (!def->rounds[i].once && !same(old, &def->rounds[i]))
                        settle(sql, def, &def->rounds[i], true);
        must(!buf_full(&sql->text) && sql->count == 0);
        return sql->text.n > 0 ? db_script(cx, buf_str(&sql->text)) : RC_OK;
}

rc round_trigger_check(struct cx *cx, const struct definition *def)
{
        for (size_t i = 0; i < def->round_count; i++) {
                const char *path = str_format(cx->mem, "rounds[%zu]", i).p;
                str who = json_get_text(def->rounds[i].rule, "assignee");

                TRY(clock_trigger_rule_check(cx, path, def->rounds[i].rule));
                if (str_starts(who, S("account:")))
                        TRY(clock_trigger_who_check(cx, path, who));
        }
        return cx->failure.code;
}

rc round_trigger_lay(struct cx *cx, int64_t register_id, bool laid)
{
        return sql_round_lay(cx, cx->tenant, register_id, laid);
}
