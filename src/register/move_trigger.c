/* move_trigger.c - see move_trigger.h. The functions they call are the house's (schema/0045_move.sql): nothing of a definition stands in a body. States stand
 * in the condition of a trigger as hexadecimal digits (sql_open_literal). */
#include "base/house.h"

#include "register/move_trigger.h"

#include "base/fail.h"
#include "db/db.h"
#include "register/clock_run.sql.h"
#include "register/move.sql.h"
#include "register/move_rule.h"
#include "register/sql.h"

static const char *const triggers[] = { "move_begin", "move_guard", "move_follow", "move_gone" };

static void open_trigger(struct sql *sql, const struct definition *def, const char *name, const char *when)
{
        sql_add(sql, "create trigger ");
        buf_add(&sql->text, str_of(name));
        buf_add(&sql->text, str_of(when));
        sql_add(sql, " on tenant.");
        sql_names(sql, "r_", def->name, "");
}

static void close_trigger(struct sql *sql, const struct definition *def, const char *function)
{
        sql_add(sql, " execute function daicho.");
        buf_add(&sql->text, str_of(function));
        sql_add(sql, "('");
        sql_int(sql, def->id);
        sql_add(sql, "', '");
        sql_word(sql, def->state->name);
        sql_add(sql, "');\n");
}

static void make(struct sql *sql, const struct definition *def)
{
        open_trigger(sql, def, "move_begin", " before insert");
        sql_add(sql, " for each row when (new.");
        sql_name(sql, def->state->name);
        sql_add(sql, " is null");
        for (size_t i = 0; i < def->begin_count; i++) {
                buf_add(&sql->text, i == 0 ? S(" or new.") : S(" and new."));
                sql_name(sql, def->state->name);
                sql_add(sql, " <> ");
                sql_arg(sql, def->begins[i], "text");
        }
        sql_add(sql, ")");
        close_trigger(sql, def, "move_begin");
        open_trigger(sql, def, "move_guard", " before update");
        sql_add(sql, " for each row when (new.");
        sql_name(sql, def->state->name);
        sql_add(sql, " is distinct from old.");
        sql_name(sql, def->state->name);
        sql_add(sql, ")");
        close_trigger(sql, def, "move_guard");
        open_trigger(sql, def, "move_follow", " after update");
        sql_add(sql, " referencing new table as after for each statement");
        close_trigger(sql, def, "move_follow");
        open_trigger(sql, def, "move_gone", " after delete");
        sql_add(sql, " referencing old table as before for each statement");
        close_trigger(sql, def, "move_follow");
}

static json_t *rules(const struct definition *def)
{
        json_t *list = json_array();

        for (size_t i = 0; i < def->move_count; i++) {
                const struct move_rule *move = &def->moves[i];
                json_t *one = json_object();

                json_set(one, "name", json_str(move->name));
                json_set(one, "ja", json_str(move->title[LANG_JA]));
                json_set(one, "en", json_str(move->title[LANG_EN]));
                json_set(one, "rule", move->rule);
                json_array_append_new(list, one);
        }
        return list;
}

void move_trigger_drop(struct sql *sql, const struct definition *def)
{
        for (size_t i = 0; i < COUNT(triggers); i++) {
                sql_add(sql, "drop trigger if exists ");
                buf_add(&sql->text, str_of(triggers[i]));
                sql_add(sql, " on tenant.");
                sql_names(sql, "r_", def->name, "");
                sql_add(sql, ";\n");
        }
}

rc move_trigger_apply(struct cx *cx, const struct definition *old, const struct definition *def)
{
        struct sql *sql = sql_open_literal(cx);
        int64_t ended;

        if (def->move_count == 0 && (old == NULL || old->move_count == 0))
                return RC_OK;
        TRY(sql_move_rules(cx, cx->tenant, def->id, def->name, def->state ? def->state->name : S(""), json_write(cx->mem, rules(def)), &ended));
        if (def->move_count > 0)
                make(sql, def);
        must(!buf_full(&sql->text) && sql->count == 0);
        return db_script(cx, buf_str(&sql->text));
}

static rc who_check(struct cx *cx, const char *path, const json_t *list)
{
        json_t *one;
        size_t i;

        json_array_foreach((json_t *)(uintptr_t)list, i, one) {
                str who = json_text(one);
                bool is = true;

                if (str_starts(who, S("group:")))
                        TRY(sql_clock_run_group(cx, cx->tenant, (str){ who.p + 6, who.n - 6 }, &is));
                else if (str_starts(who, S("account:")))
                        TRY(sql_clock_run_account(cx, cx->tenant, (str){ who.p + 8, who.n - 8 }, &is));
                if (!is)
                        (void)fail(cx, RC_INVALID, path, "nobody here is called \"%.*s\"", STR_ARG(who));
        }
        return RC_OK;
}

rc move_trigger_check(struct cx *cx, const struct definition *def)
{
        for (size_t i = 0; i < def->move_count; i++) {
                const char *path = str_format(cx->mem, "moves[%zu]", i).p;
                json_t *rule = def->moves[i].rule, *set;
                str calendar = json_get_text(rule, "calendar");
                size_t k;
                bool is = true;

                if (!str_absent(calendar))
                        TRY(sql_clock_run_calendar(cx, cx->tenant, calendar, &is));
                if (!is)
                        (void)fail(cx, RC_INVALID, path, "there is no calendar \"%.*s\"", STR_ARG(calendar));
                TRY(who_check(cx, path, json_object_get(rule, "who")));
                json_array_foreach(json_object_get(rule, "approvals"), k, set)
                        TRY(who_check(cx, path, json_object_get(set, "who")));
        }
        return cx->failure.code;
}

rc move_trigger_lay(struct cx *cx, int64_t register_id, bool laid)
{
        return sql_move_lay(cx, cx->tenant, register_id, laid);
}
