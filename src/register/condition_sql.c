/* condition_sql.c - a condition as a boolean expression. What it names comes from the definition, every value is a parameter. */
#include "base/house.h"

#include "register/condition_node.h"

#include "register/item.h"

#define TODAY "(daicho.clock() at time zone 'Asia/Tokyo')::date"

static void column(struct sql *sql, const struct condition *c)
{
        if (!c->system && c->item != &c->day)
                sql_column(sql, c->item);
        else if (!c->system) {
                sql_add(sql, "(");
                sql_column(sql, c->item);
                sql_add(sql, " at time zone 'Asia/Tokyo')::date");
        } else if (c->item->type == ITEM_INTEGER)
                sql_system(sql, SQL_ID);
        else {
                sql_add(sql, "(");
                sql_system(sql, str_is(c->item->name, "created_at") ? SQL_CREATED_AT : SQL_UPDATED_AT);
                sql_add(sql, " at time zone 'Asia/Tokyo')::date");
        }
}

void condition_sql_column(struct sql *sql, const struct condition *leaf)
{
        column(sql, leaf);
}

/* Telephone numbers are the same with and without hyphens. */
static void compared(struct sql *sql, const struct condition *c)
{
        if (c->item->type != ITEM_TELEPHONE) {
                column(sql, c);
                return;
        }
        sql_add(sql, "replace(");
        column(sql, c);
        sql_add(sql, ", '-', '')");
}

static void value(struct sql *sql, const struct condition *c, size_t i)
{
        str s = c->values[i];

        if (c->item->type == ITEM_TELEPHONE) {
                char *p = str_z(sql->cx->mem, s);
                size_t n = 0;

                for (size_t j = 0; j < s.n; j++)
                        if (s.p[j] != '-')
                                p[n++] = s.p[j];
                s = (str){ p, n };
        }
        sql_value(sql, c->item, s);
}

static void values_array(struct sql *sql, const struct condition *c)
{
        struct condition plain = *c;
        struct sql scratch = { .cx = sql->cx, .text = buf_open(sql->cx->mem, KB(64)) };

        for (size_t i = 0; i < c->value_count; i++)
                value(&scratch, &plain, i);
        sql_arg(sql, db_array(sql->cx, scratch.args, scratch.count), item_pg_type(c->item));
        if (c->item->type != ITEM_CHOICES)
                sql_add(sql, "[]");
}

static void binary(struct sql *sql, const struct condition *c, str operator)
{
        compared(sql, c);
        buf_add(&sql->text, operator);
        value(sql, c, 0);
}

static void contains(struct sql *sql, const struct condition *c)
{
        sql_add(sql, "strpos(daicho.fold(");
        column(sql, c);
        sql_add(sql, "), (select ");
        sql_arg(sql, c->word.folded, "text");
        sql_add(sql, ")) > 0");
}

/* Month and day as a number, 12 November: 1112, between that of today and that of the last day; the range may go over the end of the year. Who was born on
 * 29 February has the day on 28 February in other years: a range that ends there takes them in. The ends are worked out once a statement. */
static void month_and_day(struct sql *sql, const struct condition *c)
{
        sql_add(sql, "date_part('month', ");
        column(sql, c);
        sql_add(sql, ") * 100 + date_part('day', ");
        column(sql, c);
        sql_add(sql, ")");
}

static void anniversary(struct sql *sql, const struct condition *c)
{
        static const char first[] = "(select to_char(" TODAY ", 'MMDD')::int)";
        int64_t days = 0;
        str last;

        must(str_int(c->values[0], &days));
        last = str_format(sql->cx->mem,
                          "(select case to_char(" TODAY " + %d, 'MMDD') when '0301' then 229 else to_char(" TODAY " + %d, 'MMDD')::int end)",
                          (int)days, (int)days - 1);
        buf_format(&sql->text, "case when %s <= %.*s then ", first, STR_ARG(last));
        month_and_day(sql, c);
        buf_format(&sql->text, " between %s and %.*s else ", first, STR_ARG(last));
        month_and_day(sql, c);
        buf_format(&sql->text, " >= %s or ", first);
        month_and_day(sql, c);
        buf_format(&sql->text, " <= %.*s end", STR_ARG(last));
}

static void leaf_sql(struct sql *sql, const struct condition *c)
{
        static const char *const signs[] = {
                [OP_EQ] = " = ", [OP_NE] = " is distinct from ", [OP_LT] = " < ", [OP_LE] = " <= ", [OP_GT] = " > ", [OP_GE] = " >= "
        };

        switch (c->op) {
        case OP_EQ:
        case OP_NE:
        case OP_LT:
        case OP_LE:
        case OP_GT:
        case OP_GE: binary(sql, c, str_of(signs[c->op])); break;
        case OP_IN:
                compared(sql, c);
                sql_add(sql, " = any (");
                values_array(sql, c);
                sql_add(sql, ")");
                break;
        case OP_NOT_IN:
                column(sql, c);
                sql_add(sql, " is null or ");
                compared(sql, c);
                sql_add(sql, " <> all (");
                values_array(sql, c);
                sql_add(sql, ")");
                break;
        case OP_BETWEEN:
                column(sql, c);
                sql_add(sql, " between ");
                value(sql, c, 0);
                sql_add(sql, " and ");
                value(sql, c, 1);
                break;
        case OP_CONTAINS: contains(sql, c); break;
        case OP_NOT_CONTAINS:
                sql_add(sql, "not coalesce(");
                contains(sql, c);
                sql_add(sql, ", false)");
                break;
        case OP_STARTS:
                sql_add(sql, "starts_with(daicho.fold(");
                column(sql, c);
                sql_add(sql, "), ");
                sql_arg(sql, c->word.folded, "text");
                sql_add(sql, ")");
                break;
        case OP_ENDS:
                sql_add(sql, "right(daicho.fold(");
                column(sql, c);
                sql_add(sql, "), length(");
                sql_arg(sql, c->word.folded, "text");
                sql_add(sql, ")) = ");
                sql_arg(sql, c->word.folded, "text");
                break;
        case OP_EMPTY:
                column(sql, c);
                sql_add(sql, " is null");
                break;
        case OP_NOT_EMPTY:
                column(sql, c);
                sql_add(sql, " is not null");
                break;
        case OP_LAST_DAYS:
                column(sql, c);
                sql_add(sql, " between " TODAY " - (");
                sql_arg(sql, c->values[0], "int");
                sql_add(sql, " - 1) and " TODAY);
                break;
        case OP_NEXT_DAYS:
                column(sql, c);
                sql_add(sql, " between " TODAY " and " TODAY " + (");
                sql_arg(sql, c->values[0], "int");
                sql_add(sql, " - 1)");
                break;
        case OP_MONTH_IS:
                sql_add(sql, "extract(month from ");
                column(sql, c);
                sql_add(sql, ") = ");
                sql_arg(sql, c->values[0], "int");
                break;
        case OP_THIS_MONTH:
        case OP_LAST_MONTH:
        case OP_THIS_YEAR:
                column(sql, c);
                if (c->op == OP_THIS_MONTH)
                        sql_add(sql, " between date_trunc('month', " TODAY "::timestamp)::date and (date_trunc('month', " TODAY
                                     "::timestamp) + interval '1 month')::date - 1");
                else if (c->op == OP_LAST_MONTH)
                        sql_add(sql, " between (date_trunc('month', " TODAY "::timestamp) - interval '1 month')::date and date_trunc('month', " TODAY
                                     "::timestamp)::date - 1");
                else
                        sql_add(sql, " between date_trunc('year', " TODAY "::timestamp)::date and (date_trunc('year', " TODAY
                                     "::timestamp) + interval '1 year')::date - 1");
                break;
        case OP_HAS_ANY:
        case OP_HAS_ALL:
                column(sql, c);
                buf_add(&sql->text, c->op == OP_HAS_ANY ? S(" && ") : S(" @> "));
                values_array(sql, c);
                break;
        case OP_HAS_NONE:
                column(sql, c);
                sql_add(sql, " is null or not ");
                column(sql, c);
                sql_add(sql, " && ");
                values_array(sql, c);
                break;
        case OP_IS_ME:
        case OP_IS_NOT_ME:
                buf_add(&sql->text, c->op == OP_IS_ME ? S("coalesce(") : S("not coalesce("));
                column(sql, c);
                sql_add(sql, " = (select daicho.actor_account()), false)");
                break;
        case OP_DAYS_AGO:
        case OP_DAYS_AHEAD:
                column(sql, c);
                buf_add(&sql->text, c->op == OP_DAYS_AGO ? S(" = " TODAY " - ") : S(" = " TODAY " + "));
                sql_arg(sql, c->values[0], "int");
                break;
        case OP_ANNIVERSARY_NEXT: anniversary(sql, c); break;
        case OP_ANNIVERSARY_MONTH:
                sql_add(sql, "extract(month from ");
                column(sql, c);
                sql_add(sql, ") = (select extract(month from " TODAY "))");
                break;
        case OPS: break;
        }
}

static void list_sql(struct sql *sql, const struct condition *c, str between, str empty)
{
        for (size_t i = 0; i < c->count; i++) {
                if (i > 0)
                        buf_add(&sql->text, between);
                condition_sql(sql, c->list[i]);
        }
        if (c->count == 0)
                buf_add(&sql->text, empty);
}

/* The table of the history; or as it was before the statement of a trigger (sql.h). */
static void history_source(struct sql *sql, const struct definition *history)
{
        if (sql->before == NULL || !str_equal(sql->before->name, history->name)) {
                sql_table(sql, history);
                return;
        }
        sql_add(sql, "(select x.* from ");
        sql_table(sql, history);
        sql_add(sql, " x where x.");
        sql_name(sql, history->master->name);
        sql_add(sql, " = r.id");
        if (sql->event != SQL_DELETE)
                sql_add(sql, " and not exists (select from after a where a.id = x.id)");
        if (sql->event != SQL_INSERT) {
                sql_add(sql, " union all select x.* from before x where x.");
                sql_name(sql, history->master->name);
                sql_add(sql, " = r.id");
        }
        sql_add(sql, ")");
}

static void history_entries(struct sql *sql, const struct condition *c)
{
        char outer = sql->alias;

        history_source(sql, c->history);
        sql_add(sql, " h where h.");
        sql_name(sql, c->history->master->name);
        sql_add(sql, " = r.id and ");
        sql->alias = 'h';
        if (c->within_days > 0) {
                sql_add(sql, "(");
                if (c->when == NULL)
                        sql_system(sql, SQL_CREATED_AT);
                else
                        sql_column(sql, c->when);
                if (c->when == NULL || c->when->type == ITEM_DATETIME)
                        sql_add(sql, " at time zone 'Asia/Tokyo')::date between " TODAY " - ");
                else
                        sql_add(sql, ") between " TODAY " - ");
                sql_int(sql, c->within_days - 1);
                sql_add(sql, " and " TODAY " and ");
        }
        list_sql(sql, c, S(" and "), S("true"));
        sql->alias = outer;
}

static void history_sql(struct sql *sql, const struct condition *c)
{
        static const char *const signs[] = { [AMOUNT_AT_LEAST] = " >= ", [AMOUNT_AT_MOST] = " <= ", [AMOUNT_EXACTLY] = " = " };

        if (c->amount == AMOUNT_SOME) {
                sql_add(sql, "exists (select 1 from ");
                history_entries(sql, c);
                sql_add(sql, ")");
                return;
        }
        sql_add(sql, "(select count(*) from ");
        history_entries(sql, c);
        sql_add(sql, ")");
        buf_add(&sql->text, str_of(signs[c->amount]));
        sql_int(sql, c->amount_of);
}

void condition_sql_entries(struct sql *sql, const struct condition *c)
{
        sql_add(sql, "(select count(*) from ");
        history_entries(sql, c);
        sql_add(sql, ")");
}

void condition_sql(struct sql *sql, const struct condition *c)
{
        sql_add(sql, "(");
        switch (c->kind) {
        case ALL: list_sql(sql, c, S(" and "), S("true")); break;
        case ANY: list_sql(sql, c, S(" or "), S("true")); break;
        case NONE:
                sql_add(sql, "not coalesce(");
                list_sql(sql, c, S(" or "), S("false"));
                sql_add(sql, ", false)");
                break;
        case LEAF: leaf_sql(sql, c); break;
        case HISTORY: history_sql(sql, c); break;
        case SEGMENT: condition_sql(sql, c->list[0]); break;
        }
        sql_add(sql, ")");
}
