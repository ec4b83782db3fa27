/* attachment_trigger.c - see attachment_trigger.h. One trigger function a register, f_NAME: before a row is written it asks the engine (schema/0049_file.sql) what each
 * of these columns may hold, and tells it what was let go. It is the owner's: whoever writes the table, in whatever way, cannot name another's file. */
#include "base/house.h"

#include "register/attachment_trigger.h"

#include "base/fail.h"
#include "db/db.h"
#include "register/attachment.sql.h"
#include "register/define_plan.h"
#include "register/item_file.h"
#include "register/sql.h"

static const char *const events[] = { "insert", "update", "delete" };

static void about(struct sql *sql, const struct definition *def)
{
        sql_add(sql, "('");
        sql_word(sql, sql->cx->tenant);
        sql_add(sql, "', ");
        sql_int(sql, def->id);
        sql_add(sql, ", ");
}

static void column(struct sql *sql, const char *row, const struct item *item)
{
        buf_add(&sql->text, str_of(row));
        sql_name(sql, item->name);
}

static void hold(struct sql *sql, const struct definition *def, const struct item *item)
{
        column(sql, "new.", item);
        sql_add(sql, " := daicho.file_hold");
        about(sql, def);
        sql_add(sql, "'");
        sql_word(sql, item->name);
        sql_add(sql, "', new.id, ");
        column(sql, "new.", item);
        sql_add(sql, ");\n");
}

static void change(struct sql *sql, const struct definition *def, const struct item *item)
{
        sql_add(sql, "if ");
        column(sql, "new.", item);
        sql_add(sql, " is distinct from ");
        column(sql, "old.", item);
        sql_add(sql, " then\n");
        hold(sql, def, item);
        sql_add(sql, "if ");
        column(sql, "old.", item);
        sql_add(sql, " is not null and split_part(");
        column(sql, "old.", item);
        sql_add(sql, ", '/', 1) is distinct from split_part(");
        column(sql, "new.", item);
        sql_add(sql, ", '/', 1) then\nperform daicho.file_let");
        about(sql, def);
        sql_add(sql, "old.id, split_part(");
        column(sql, "old.", item);
        sql_add(sql, ", '/', 1)::bigint);\nend if;\nend if;\n");
}

static void function(struct sql *sql, const struct definition *def)
{
        sql_add(sql, "create or replace function tenant.");
        sql_names(sql, "f_", def->name, "");
        sql_add(sql, "() returns trigger language plpgsql security definer set search_path = pg_catalog as $daicho$\nbegin\n"
                     "if tg_op = 'DELETE' then\nperform daicho.file_let");
        about(sql, def);
        sql_add(sql, "old.id, null);\nreturn old;\nelsif tg_op = 'INSERT' then\n");
        for (size_t i = 0; i < def->item_count; i++)
                if (def->items[i].type == ITEM_FILE)
                        hold(sql, def, &def->items[i]);
        sql_add(sql, "else\n");
        for (size_t i = 0; i < def->item_count; i++)
                if (def->items[i].type == ITEM_FILE)
                        change(sql, def, &def->items[i]);
        sql_add(sql, "end if;\nreturn new;\nend\n$daicho$;\nrevoke execute on function tenant.");
        sql_names(sql, "f_", def->name, "");
        sql_add(sql, "() from public;\n");
}

static void trigger(struct sql *sql, const struct definition *def, const char *event)
{
        bool insert = strcmp(event, "insert") == 0, first = true;

        sql_add(sql, "create trigger file_");
        buf_add(&sql->text, str_of(event));
        sql_add(sql, " before ");
        buf_add(&sql->text, str_of(event));
        sql_add(sql, " on tenant.");
        sql_names(sql, "r_", def->name, "");
        sql_add(sql, " for each row");
        for (size_t i = 0; strcmp(event, "delete") != 0 && i < def->item_count; i++) {
                if (def->items[i].type != ITEM_FILE)
                        continue;
                buf_add(&sql->text, first ? S(" when (") : S(" or "));
                column(sql, "new.", &def->items[i]);
                if (insert) {
                        sql_add(sql, " is not null");
                } else {
                        sql_add(sql, " is distinct from ");
                        column(sql, "old.", &def->items[i]);
                }
                first = false;
        }
        if (!first)
                sql_add(sql, ")");
        sql_add(sql, " execute function tenant.");
        sql_names(sql, "f_", def->name, "");
        sql_add(sql, "();\n");
}

void attachment_trigger_clear(struct sql *sql, const struct definition *def)
{
        for (size_t i = 0; i < COUNT(events); i++) {
                sql_add(sql, "drop trigger if exists file_");
                buf_add(&sql->text, str_of(events[i]));
                sql_add(sql, " on tenant.");
                sql_names(sql, "r_", def->name, "");
                sql_add(sql, ";\n");
        }
}

rc attachment_trigger_apply(struct cx *cx, const struct definition *old, const struct definition *def)
{
        struct sql *sql = sql_open_literal(cx);

        if (!item_file_any(def))
                return RC_OK;
        function(sql, def);
        for (size_t i = 0; i < COUNT(events); i++)
                trigger(sql, def, events[i]);
        must(!buf_full(&sql->text) && sql->count == 0);
        TRY(db_script(cx, buf_str(&sql->text)));
        for (size_t i = 0; old != NULL && i < old->item_count; i++) {
                const struct item *was = &old->items[i], *is = define_plan_becomes(old, def, was);

                if (was->type == ITEM_FILE && is != NULL)
                        TRY(sql_attachment_item(cx, cx->tenant, def->id, was->name, is->name, is->personal));
        }
        return RC_OK;
}

rc attachment_trigger_drop(struct cx *cx, int64_t register_id, str item)
{
        return sql_attachment_drop(cx, cx->tenant, register_id, item);
}
