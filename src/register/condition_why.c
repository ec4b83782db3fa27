/* condition_why.c - see condition_why.h. One statement: for each piece whether it holds, and what stands there. */
#include "base/house.h"

#include "register/condition_why.h"

#include "base/fail.h"
#include "register/condition_node.h"
#include "register/item.h"
#include "register/record_row.h"

static void ask(struct sql *sql, const struct condition *c)
{
        sql_add(sql, ", coalesce(");
        condition_sql(sql, c);
        sql_add(sql, ", false), ");
        if (c->kind == LEAF) {
                sql_add(sql, "(");
                condition_sql_column(sql, c);
                sql_add(sql, ")::text");
        } else if (c->kind == HISTORY) {
                condition_sql_entries(sql, c);
        } else {
                sql_add(sql, "null::text");
        }
        if (c->kind == HISTORY)
                return; /* what it asks is asked of entries, not of the record */
        for (size_t i = 0; i < c->count; i++)
                ask(sql, c->list[i]);
}

static void tell(struct cx *cx, const struct condition *c, const struct rows *rows, size_t *column, int depth, json_t *list)
{
        static const char *const kinds[] = { "all", "any", "none", "item", "history", "segment" };
        json_t *one = json_object();
        bool holds = rows_bool(rows, 0, *column);
        str value = rows_text(rows, 0, *column + 1);

        *column += 2;
        (void)json_set(one, "depth", json_integer(depth));
        (void)json_set(one, "kind", json_string(kinds[c->kind]));
        (void)json_set(one, "text", json_str(condition_sentence(cx, c)));
        (void)json_set(one, "holds", json_boolean(holds));
        if (c->kind == LEAF) {
                bool number = c->system && c->item->type == ITEM_INTEGER;

                (void)json_set(one, "value",
                               str_absent(value) ? json_null() : json_str(number ? value : item_show(cx->mem, cx->lang, c->item, value)));
        }
        if (c->kind == HISTORY)
                (void)json_set(one, "entries", json_integer(rows_int(rows, 0, *column - 1)));
        json_array_append_new(list, one);
        if (c->kind == HISTORY)
                return;
        for (size_t i = 0; i < c->count; i++)
                tell(cx, c->list[i], rows, column, depth + 1, list);
}

rc condition_why(struct cx *cx, const struct definition *def, const struct condition *c, int64_t record, json_t **ret)
{
        struct sql *sql = sql_open(cx);
        json_t *list = json_array();
        struct rows *rows;
        size_t column = 1;

        sql_add(sql, "select r.id");
        if (c != NULL)
                ask(sql, c);
        sql_add(sql, " from ");
        sql_table(sql, def);
        sql_add(sql, " r where r.id = ");
        sql_arg(sql, db_int(cx, record), "bigint");
        TRY(record_row_run(sql, def, &rows));
        if (rows_count(rows) == 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such record");
        if (c != NULL)
                tell(cx, c, rows, &column, 0, list);
        *ret = list;
        return RC_OK;
}
