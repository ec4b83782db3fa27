/* segment_turn.c - see segment_turn.h. A count is one statement: the records that meet the condition and the sum of the differences are seen in the same
 * state of the database, and what is missing between them is added. Nobody who writes waits for it. */
#include "base/house.h"

#include "register/segment_turn.h"

#include "base/fail.h"
#include "identity/permission.h"
#include "jobs/jobs.h"
#include "log/log.h"
#include "register/condition.h"
#include "register/record_row.h"
#include "register/segment.sql.h"

rc segment_turn_asked(struct cx *cx, int64_t after, str *ret_tenant, int64_t *ret_id)
{
        struct segment_due *row;

        TRY(sql_segment_due(cx, after, &row));
        *ret_tenant = row ? row->tenant : STR_NONE;
        *ret_id = row ? row->id : 0;
        return RC_OK;
}

rc segment_turn_due(struct cx *cx, int64_t after, str *ret_tenant, int64_t *ret_id)
{
        struct segment_due *row;

        TRY(sql_segment_turn_due(cx, after, &row));
        *ret_tenant = row ? row->tenant : STR_NONE;
        *ret_id = row ? row->id : 0;
        return RC_OK;
}

struct count {
        int64_t now, was;
        bool broken;
};

static void count_sql(struct sql *sql, const struct definition *def, const struct condition *condition, int64_t id)
{
        str number = db_int(sql->cx, id);

        sql_add(sql, "with gone as (delete from tenant.segment_count c where c.segment = ");
        sql_arg(sql, number, "bigint");
        sql_add(sql, " returning c.day, c.delta), now as (select count(*) as n, (daicho.clock() at time zone 'Asia/Tokyo')::date as today from ");
        sql_table(sql, def);
        sql_add(sql, " r where ");
        condition_sql(sql, condition);
        sql_add(sql, "), was as (select coalesce(sum(g.delta), 0)::bigint as n from gone g), kept as (insert into tenant.segment_count (segment, "
                     "day, delta) select ");
        sql_arg(sql, number, "bigint");
        sql_add(sql, ", k.day, sum(k.delta) from (select greatest(g.day, now.today - 400) as day, g.delta from gone g cross join now where g.delta "
                     "is not null "
                     "union all select now.today, now.n - was.n from now cross join was) k group by k.day having sum(k.delta) <> 0) "
                     "select now.n, was.n from now cross join was");
}

/* The row is locked first: two that count the same one add up one after the other. */
static rc count_one(struct cx *cx, const struct segment_stale *row, bool check, struct count *ret)
{
        struct sql *sql = sql_open(cx);
        const struct definition *def;
        struct condition *condition;
        struct rows *rows;
        size_t changed;
        json_t *json;
        rc code;

        *ret = (struct count){ 0 };
        TRY(definition_get(cx, row->register_, &def));
        TRY(json_read(cx, row->condition, &json));
        code = condition_parse_as(cx, def, json, &(struct condition_reading){ .segment = row->id, .saved = true }, &condition);
        if (code != RC_OK) {
                if (code != RC_INVALID && code != RC_FORBIDDEN)
                        return code;
                fail_clear(cx);
                ret->broken = true;
                return sql_segment_broke(cx, row->id);
        }
        TRY(sql_segment_counting(cx, row->id, check, &changed));
        if (changed == 0)
                return RC_OK;
        count_sql(sql, def, condition, row->id);
        TRY(record_row_run(sql, def, &rows));
        ret->now = rows_int(rows, 0, 0);
        ret->was = rows_int(rows, 0, 1);
        return RC_OK;
}

static json_t *drift_model(const struct segment_stale *row, const struct count *count)
{
        json_t *m = json_object();

        (void)json_set(m, "id", json_integer(row->id));
        (void)json_set(m, "name", json_str(row->name));
        (void)json_set(m, "register", json_str(row->register_));
        (void)json_set(m, "counted", json_integer(count->now));
        return json_set(m, "was", json_integer(count->was));
}

/* After a definition changed, or a job that built them failed. */
static rc build_ask(struct cx *cx)
{
        size_t count;
        str *names;
        int64_t job;

        TRY(sql_segment_unbuilt(cx, &names, &count));
        for (size_t i = 0; i < count; i++)
                TRY(job_add(cx, "segment", names[i], json_object(), &job));
        return RC_OK;
}

static rc count_all(struct cx *cx, str which, json_t **ret)
{
        bool check = str_is(which, "check");
        json_t *told = json_object(), *drifted = json_array();
        struct segment_stale *rows;
        size_t n;

        cx->permissions = permission_all(); /* as the house: nobody asked, and nobody sees more than a number */
        TRY(build_ask(cx));
        TRY(sql_segment_stale(cx, which, &rows, &n));
        for (size_t i = 0; i < n; i++) {
                struct count count;

                TRY(count_one(cx, &rows[i], check, &count));
                if (!check || count.broken)
                        continue;
                TRY(sql_segment_drifted(cx, rows[i].id, count.now - count.was));
                if (count.now != count.was)
                        json_array_append_new(drifted, drift_model(&rows[i], &count));
        }
        log_subject(cx, S("segment"), 0);
        (void)json_set(told, check ? "checked" : "counted", json_integer((json_int_t)n));
        if (check) {
                (void)json_set(told, "drifted", json_integer((json_int_t)json_array_size(drifted)));
                (void)json_set(told, "segments", drifted);
        }
        *ret = told;
        return RC_OK;
}

rc segment_turn_count(struct cx *cx, int64_t id, json_t **ret)
{
        bool took;

        (void)id;
        *ret = NULL;
        TRY(sql_segment_take(cx, &took));
        return took ? count_all(cx, S("unknown"), ret) : RC_OK;
}

rc segment_turn_day(struct cx *cx, int64_t id, json_t **ret)
{
        str took;

        (void)id;
        *ret = NULL;
        TRY(sql_segment_turn_take(cx, &took));
        return str_absent(took) ? RC_OK : count_all(cx, took, ret);
}

rc segment_turn_fold(struct cx *cx)
{
        int64_t folded;

        return sql_segment_fold(cx, &folded);
}
