/* alike_find.c - see alike_find.h. */
#include "base/house.h"

#include "register/alike_find.h"

#include "base/fail.h"
#include "db/db.h"
#include "log/log.h"
#include "register/alike.h"
#include "register/alike.sql.h"
#include "register/record_row.h"

enum { STEP = 20000 };

struct find {
        struct cx *cx;
        struct job *job;
        const struct definition *def;
        int64_t done, total, after;
};

static rc rules_check(struct cx *cx, str register_name, const struct definition **ret)
{
        TRY(alike_allowed(cx));
        TRY(definition_get(cx, register_name, ret));
        if ((*ret)->rule_count == 0)
                return fail(cx, RC_CONFLICT, NULL, "this register does not say yet which records may be the same; add duplicates to its definition");
        return RC_OK;
}

rc alike_find_start(struct cx *cx, str register_name, int64_t *ret_job)
{
        const struct definition *def;
        struct alike_found *found;

        TRY(rules_check(cx, register_name, &def));
        TRY(sql_alike_about(cx, register_name, &found));
        if (!found->running_null)
                return fail(cx, RC_CONFLICT, NULL, "a search for duplicates of this register is under way already");
        TRY(job_add(cx, "duplicates", register_name, json_object(), ret_job));
        log_subject(cx, S("job"), *ret_job);
        log_detail(cx, "register", json_str(register_name));
        return RC_OK;
}

static bool go_on(void *of)
{
        struct find *f = of;

        return job_progress(f->cx, f->job, f->done, f->total, "job.step.duplicates") == RC_OK;
}

static void numbered(struct sql *sql, const char *prefix, size_t i)
{
        buf_add(&sql->text, str_of(prefix));
        sql_int(sql, (int64_t)i);
}

static rc begin(struct find *f)
{
        struct sql *sql = sql_open(f->cx), *count = sql_open(f->cx);
        struct rows *rows;

        sql_add(sql, "create temporary table alike_key (id bigint not null");
        for (size_t i = 0; i < f->def->rule_count; i++) {
                numbered(sql, ", k", i);
                sql_add(sql, " bigint");
        }
        sql_add(sql, ") on commit drop");
        TRY(sql_run(sql, &rows));
        TRY(db_run(f->cx,
                   S("create temporary table alike_set (rule text not null, number int not null, size bigint not null, records bigint[] not null) on "
                     "commit drop"),
                   NULL, 0, NULL));
        sql_add(count, "select count(*) from ");
        sql_table(count, f->def);
        TRY(record_row_run(count, f->def, &rows));
        f->total = rows_int(rows, 0, 0);
        return RC_OK;
}

/* One hash a rule; null when one of its items is empty. */
static void keys(struct sql *sql, const struct definition *def, const size_t *place)
{
        for (size_t i = 0; i < def->rule_count; i++) {
                sql_add(sql, ", hashtextextended(");
                for (size_t k = 0; k < def->rules[i].count; k++)
                        numbered(sql, k == 0 ? "p.p" : " || E'\\x1f' || p.p", place[def->rules[i].items[k]->number]);
                sql_add(sql, ", 0)");
        }
}

/* Names repeat: what is folded is each different text of a step, once. b: the records with what they hold; f: texts and how they read. */
static void step_sql(struct sql *sql, const struct find *f, const struct item *const *items, const size_t *place, size_t count)
{
        bool first = true;

        sql_add(sql, "with b as materialized (select r.id");
        for (size_t i = 0; i < count; i++) {
                sql_add(sql, ", ");
                if (alike_folds(items[i]))
                        sql_column(sql, items[i]);
                else
                        alike_part(sql, items[i], STR_NONE);
                numbered(sql, " as p", i);
        }
        sql_add(sql, " from ");
        sql_table(sql, f->def);
        sql_add(sql, " r where r.id > ");
        sql_arg(sql, db_int(f->cx, f->after), "bigint");
        sql_add(sql, " order by r.id limit ");
        sql_int(sql, STEP);
        sql_add(sql, "), f as materialized (select t.x, nullif(daicho.fold(t.x), '') as folded from (select distinct u.x from (");
        for (size_t i = 0; i < count; i++)
                if (alike_folds(items[i])) {
                        numbered(sql, first ? "select b.p" : " union all select b.p", i);
                        sql_add(sql, " as x from b");
                        first = false;
                }
        if (first)
                sql_add(sql, "select null::text as x");
        sql_add(sql, ") u where u.x is not null) t), p as (select b.id");
        for (size_t i = 0; i < count; i++) {
                numbered(sql, alike_folds(items[i]) ? ", f" : ", b.p", i);
                numbered(sql, alike_folds(items[i]) ? ".folded as p" : " as p", i);
        }
        sql_add(sql, " from b");
        for (size_t i = 0; i < count; i++)
                if (alike_folds(items[i])) {
                        numbered(sql, " left join f f", i);
                        numbered(sql, " on f", i);
                        numbered(sql, ".x = b.p", i);
                }
        sql_add(sql, "), put as (insert into pg_temp.alike_key select p.id");
        keys(sql, f->def, place);
        sql_add(sql, " from p returning id) select count(*), max(id) from put");
}

static rc step(struct find *f)
{
        struct cx *cx = f->cx;
        struct arena_mark mark = arena_mark(cx->mem);
        struct sql *sql = sql_open(cx);
        const struct item **items;
        struct rows *rows;
        size_t *place, count = alike_places(cx, f->def, &items, &place);

        step_sql(sql, f, items, place, count);
        TRY(record_row_run(sql, f->def, &rows));
        f->done += rows_int(rows, 0, 0);
        f->after = rows_int(rows, 0, 0) == STEP ? rows_int(rows, 0, 1) : -1;
        arena_rewind(cx->mem, mark);
        return job_progress(cx, f->job, f->done, f->done > f->total ? f->done : f->total, "job.step.duplicates");
}

static rc sets_of(struct find *f, size_t i)
{
        struct sql *sql = sql_open(f->cx);
        struct rows *rows;

        sql_add(sql, "insert into pg_temp.alike_set select ");
        sql_arg(sql, f->def->rules[i].name, "text");
        numbered(sql, ", ", i);
        sql_add(sql, ", count(*), (array_agg(a.id order by a.id))[1:");
        sql_int(sql, ALIKE_KEPT);
        numbered(sql, "] from pg_temp.alike_key a join (select k", i);
        numbered(sql, " as k from pg_temp.alike_key where k", i);
        numbered(sql, " is not null group by k", i);
        numbered(sql, " having count(*) > 1) d on a.k", i);
        sql_add(sql, " = d.k group by d.k");
        return sql_run(sql, &rows);
}

/* Sets of which every pair was declared to be different go; equal sets found by several rules are one. */
static rc keep(struct find *f)
{
        str id[] = { db_int(f->cx, f->def->id), db_int(f->cx, f->job->id), db_int(f->cx, ALIKE_KEPT) };

        TRY(db_run(f->cx, S("lock table tenant.duplicate in share row exclusive mode"), NULL, 0, NULL));
        TRY(db_run(f->cx, S("delete from tenant.duplicate where register = $1::bigint"), id, 1, NULL));
        return db_run(f->cx,
                      S("insert into tenant.duplicate (register, records, size, rules, job) "
                        "select $1::bigint, s.records, s.size, array_agg(s.rule order by s.number), $2::bigint from pg_temp.alike_set s "
                        "where s.size > $3::bigint or s.size * (s.size - 1) / 2 > (select count(*) from tenant.duplicate_apart a "
                        "where a.register = $1::bigint and a.a = any (s.records) and a.b = any (s.records)) "
                        "group by s.records, s.size order by count(*) desc, s.size, s.records"),
                      id, COUNT(id), NULL);
}

static rc tell(struct find *f)
{
        str args[] = { db_int(f->cx, f->def->id) };
        json_t *result = json_object();
        struct rows *rows;

        TRY(db_run(f->cx, S("select count(*), coalesce(sum(size), 0)::bigint from tenant.duplicate where register = $1::bigint"), args, 1, &rows));
        (void)json_set(result, "looked", json_integer(f->done));
        (void)json_set(result, "groups", json_integer(rows_int(rows, 0, 0)));
        f->job->result = result;
        log_subject(f->cx, f->def->name, 0);
        log_detail(f->cx, "looked", json_integer(f->done));
        log_detail(f->cx, "groups", json_integer(rows_int(rows, 0, 0)));
        return RC_OK;
}

rc alike_find_run(struct cx *cx, struct job *job)
{
        struct find f = { .cx = cx, .job = job };

        TRY(rules_check(cx, job->register_name, &f.def));
        db_queue(cx, S("set local work_mem = '128MB'"), NULL, 0);
        db_watch(cx, go_on, &f);
        TRY(begin(&f));
        TRY(job_progress(cx, job, 0, f.total, "job.step.duplicates"));
        while (f.after >= 0)
                TRY(step(&f));
        TRY(db_run(cx, S("analyze pg_temp.alike_key"), NULL, 0, NULL));
        for (size_t i = 0; i < f.def->rule_count; i++)
                TRY(sets_of(&f, i));
        TRY(keep(&f));
        return tell(&f);
}
