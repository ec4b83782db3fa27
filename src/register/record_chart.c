/* record_chart.c - see record_chart.h. */
#include "base/house.h"

#include "register/record_chart.h"

#include "register/item.h"
#include "register/record_row.h"

rc record_chart_months(struct cx *cx, const struct definition *def, json_t **ret)
{
        struct sql *sql = sql_open(cx);
        json_t *list = json_array();
        struct rows *rows;

        sql_add(sql, "with found as (select date_trunc('month', r.created_at at time zone 'Asia/Tokyo') as month, "
                     "count(*) as n from ");
        sql_table(sql, def);
        sql_add(sql, " r group by 1) select to_char(m.month, 'YYYY-MM'), coalesce(f.n, 0) from generate_series("
                     "date_trunc('month', daicho.clock() at time zone 'Asia/Tokyo') - interval '12 months', "
                     "date_trunc('month', daicho.clock() at time zone 'Asia/Tokyo'), interval '1 month') m(month) left "
                     "join found f on f.month = m.month order by 1");
        TRY(record_row_run(sql, def, &rows));
        for (size_t i = 0; i < rows_count(rows); i++) {
                json_t *one = json_object();

                (void)json_set(one, "month", json_str(rows_text(rows, i, 0)));
                (void)json_set(one, "count", json_integer(rows_int(rows, i, 1)));
                json_array_append_new(list, one);
        }
        *ret = list;
        return RC_OK;
}

rc record_chart_groups(struct cx *cx, const struct definition *def, const struct item *item, json_t **ret)
{
        struct sql *sql = sql_open(cx);
        json_t *list = json_array();
        struct rows *rows;

        if (!sql_visible(cx, item)) {
                *ret = list;
                return RC_OK;
        }
        sql_add(sql, "select ");
        sql_column(sql, item);
        sql_add(sql, ", count(*) from ");
        sql_table(sql, def);
        sql_add(sql, " r group by 1 order by 2 desc, 1 limit 500");
        TRY(record_row_run(sql, def, &rows));
        for (size_t i = 0; i < rows_count(rows); i++) {
                json_t *one = json_object();

                (void)json_set(one, "value", json_str(rows_text(rows, i, 0)));
                (void)json_set(one, "title", json_str(item_show(cx->mem, cx->lang, item, rows_text(rows, i, 0))));
                (void)json_set(one, "count", json_integer(rows_int(rows, i, 1)));
                json_array_append_new(list, one);
        }
        *ret = list;
        return RC_OK;
}
