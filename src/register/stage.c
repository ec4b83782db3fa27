/* stage.c - see stage.h. Columns of the temporary tables are named by their place in the file: c0, c1, …; a reference has its record's key beside
 * it, k0, k1, …. Composed with sql.h: names of checked definitions only, and no value of the file is ever part of a statement. */
#include "base/house.h"

#include "register/stage.h"

#include "base/fail.h"
#include "identity/permission.h"
#include "register/item.h"
#include "register/sql.h"
#include "register/stage.sql.h"

enum { SETTLE_ROWS = 1000 }; /* fewer: autovacuum and the search index take them in with the changes of people */

static rc run(struct sql *sql, int64_t *ret_changed)
{
        struct rows *rows;

        TRY(sql_run(sql, &rows));
        if (ret_changed != NULL)
                *ret_changed = (int64_t)rows_changed(rows);
        return RC_OK;
}

static void queue(struct sql *sql)
{
        must(!buf_full(&sql->text) && sql->count == 0);
        db_queue(sql->cx, buf_str(&sql->text), NULL, 0);
}

static bool reference(const struct item *item)
{
        return item->type == ITEM_REFERENCE || item->type == ITEM_ACCOUNT;
}

static size_t place(const struct stage *stage, const struct item *item)
{
        for (size_t i = 0; i < stage->count; i++)
                if (stage->items[i] == item)
                        return i;
        panic("an item that is no column of the file");
}

/* s.c3, as `from` has it; what: 'c' the value, 'k' the key of the record referred to. */
static void cell(struct sql *sql, const char *from, char what, size_t i)
{
        buf_add(&sql->text, str_of(from));
        buf_char(&sql->text, what);
        sql_int(sql, (int64_t)i);
}

/* t.c3 of the register's table is t."NAME". */
static void column(struct sql *sql, const struct item *item)
{
        sql_add(sql, "t.");
        sql_name(sql, item->name);
}

static void columns(struct sql *sql, const struct stage *stage, bool types)
{
        sql_add(sql, "line");
        if (types)
                sql_add(sql, " integer");
        for (size_t i = 0; i < stage->count; i++) {
                cell(sql, ", ", 'c', i);
                if (types) {
                        sql_add(sql, " ");
                        buf_add(&sql->text, str_of(item_pg_type(stage->items[i])));
                }
                if (!reference(stage->items[i]))
                        continue;
                cell(sql, ", ", 'k', i);
                if (types)
                        sql_add(sql, " text");
        }
}

rc stage_open(struct cx *cx, const struct stage *stage)
{
        static const char *const tables[] = { "import_row", "import_suspect" };

        must(!cx->masked);
        db_queue(cx, S("set local work_mem = '128MB'"), NULL, 0);
        db_queue(cx, str_format(cx->mem, "set local daicho.job = '%" PRId64 "'", stage->job), NULL, 0); /* for the history of changes */
        for (size_t i = 0; i < COUNT(tables); i++) {
                struct sql *sql = sql_open(cx);

                sql_add(sql, "create temporary table ");
                buf_add(&sql->text, str_of(tables[i]));
                sql_add(sql, " (");
                columns(sql, stage, true);
                sql_add(sql, ") on commit drop");
                queue(sql);
        }
        return db_run(cx, S("create temporary table import_refused (line integer, item integer, reason integer, other integer) on commit drop"), NULL,
                      0, NULL);
}

rc stage_close(struct cx *cx)
{
        return db_run(cx, S("drop table pg_temp.import_row, pg_temp.import_suspect, pg_temp.import_refused"), NULL, 0, NULL);
}

rc stage_lock(struct cx *cx, const struct stage *stage)
{
        struct sql *sql = sql_open(cx);

        sql_add(sql, "lock table ");
        sql_table(sql, stage->def);
        sql_add(sql, " in share update exclusive mode");
        return run(sql, NULL);
}

str stage_copy(struct cx *cx, const struct stage *stage, bool suspects)
{
        struct sql *sql = sql_open(cx);

        buf_add(&sql->text, suspects ? S("copy pg_temp.import_suspect (") : S("copy pg_temp.import_row ("));
        columns(sql, stage, false);
        sql_add(sql, ") from stdin");
        must(!buf_full(&sql->text));
        return buf_str(&sql->text);
}

/* Checks. Each adds lines to import_refused. ------------------------------------------------------------------------------------- */

static struct sql *refusal(struct cx *cx, const struct item *item, enum stage_reason reason, const char *other)
{
        struct sql *sql = sql_open(cx);

        sql_add(sql, "insert into pg_temp.import_refused select s.line, ");
        sql_int(sql, (int64_t)item->number);
        sql_add(sql, ", ");
        sql_int(sql, (int64_t)reason);
        sql_add(sql, ", ");
        buf_add(&sql->text, str_of(other));
        return sql;
}

/* Rows whose key stands in an earlier row. A suspect may be none: its key only looked like one seen before. */
static rc check_suspects(struct cx *cx, const struct stage *stage)
{
        struct sql *sql = refusal(cx, stage->key, STAGE_REPEATED, "coalesce(r.line, s.first)");
        size_t key = place(stage, stage->key);

        cell(sql, " from (select line, ", 'c', key);
        cell(sql, ", min(line) over (partition by ", 'c', key);
        cell(sql, ") as first from pg_temp.import_suspect) s left join pg_temp.import_row r on r.", 'c', key);
        cell(sql, " = s.", 'c', key);
        sql_add(sql, " where r.line is not null or s.first < s.line");
        TRY(run(sql, NULL));
        return db_run(cx,
                      S("insert into pg_temp.import_row select * from pg_temp.import_suspect s where not exists "
                        "(select from pg_temp.import_refused r where r.line = s.line)"),
                      NULL, 0, NULL);
}

/* Another unique item: used twice in the file, or by another record. */
static rc check_unique(struct cx *cx, const struct stage *stage, size_t i)
{
        const struct item *item = stage->items[i];
        struct sql *sql = refusal(cx, item, STAGE_REPEATED, "s.first");

        cell(sql, " from (select line, min(line) over (partition by ", 'c', i);
        cell(sql, ") as first from pg_temp.import_row where ", 'c', i);
        sql_add(sql, " is not null) s where s.first < s.line");
        TRY(run(sql, NULL));
        sql = refusal(cx, item, STAGE_TAKEN, "0");
        sql_add(sql, " from pg_temp.import_row s join ");
        sql_table(sql, stage->def);
        sql_add(sql, " t on ");
        column(sql, item);
        cell(sql, " = s.", 'c', i);
        if (stage->key != NULL) {
                sql_add(sql, " where ");
                column(sql, stage->key);
                cell(sql, " is distinct from s.", 'c', place(stage, stage->key));
        }
        return run(sql, NULL);
}

/* References are written as an id, or as the key of the record, where the account may see it: one that exists. */
static rc check_reference(struct cx *cx, const struct stage *stage, size_t i)
{
        const struct item *item = stage->items[i];
        const struct definition *to;
        struct sql *sql = sql_open(cx);

        TRY(definition_get(cx, item->reference, &to));
        if (to->key != NULL && sql_visible(cx, to->key) && permission_held_for(cx, PERM_RECORD_READ, to->name)) {
                cell(sql, "update pg_temp.import_row s set ", 'c', i);
                sql_add(sql, " = t.id from ");
                sql_table(sql, to);
                sql_add(sql, " t where ");
                column(sql, to->key);
                cell(sql, "::text = s.", 'k', i);
                TRY(run(sql, NULL));
        }
        sql = refusal(cx, item, STAGE_NO_RECORD, "0");
        sql_add(sql, " from pg_temp.import_row s left join ");
        sql_table(sql, to);
        cell(sql, " t on t.id = s.", 'c', i);
        cell(sql, " where t.id is null and (s.", 'c', i);
        cell(sql, " is not null or s.", 'k', i);
        sql_add(sql, " is not null)");
        return run(sql, NULL);
}

/* Accounts are written as their log-in name, or as their number: one that there is or was. Who is gone has only the number. */
static rc check_account(struct cx *cx, const struct stage *stage, size_t i)
{
        struct sql *sql = sql_open(cx);

        cell(sql, "update pg_temp.import_row s set ", 'c', i);
        sql_add(sql,
                " = a.id from (select n.id, lower(n.login) as login from daicho.account_named n where n.state <> 'ended') a where a.login = lower(");
        cell(sql, "s.", 'k', i);
        sql_add(sql, ")");
        TRY(run(sql, NULL));
        sql = refusal(cx, stage->items[i], STAGE_NO_ACCOUNT, "0");
        cell(sql, " from pg_temp.import_row s left join daicho.account_named a on a.id = s.", 'c', i);
        cell(sql, " where a.id is null and (s.", 'c', i);
        cell(sql, " is not null or s.", 'k', i);
        sql_add(sql, " is not null)");
        return run(sql, NULL);
}

/* … where [not] exists (the record with the row's key) */
static void where_known(struct sql *sql, const struct stage *stage)
{
        if (stage->key == NULL)
                return;
        sql_add(sql, " where not exists (select from ");
        sql_table(sql, stage->def);
        sql_add(sql, " t where ");
        column(sql, stage->key);
        cell(sql, " = s.", 'c', place(stage, stage->key));
        sql_add(sql, ")");
}

/* New records cannot do without a required item that the file has no column for. */
static rc check_missing(struct cx *cx, const struct stage *stage, const struct item *item)
{
        struct sql *sql = refusal(cx, item, STAGE_NO_COLUMN, "0");

        sql_add(sql, " from pg_temp.import_row s");
        where_known(sql, stage);
        return run(sql, NULL);
}

/* The same of one with an empty cell, when empty cells keep what was there. */
static rc check_blank(struct cx *cx, const struct stage *stage, size_t i)
{
        struct sql *sql = refusal(cx, stage->items[i], STAGE_NO_VALUE, "0");

        sql_add(sql, " from pg_temp.import_row s");
        where_known(sql, stage);
        cell(sql, stage->key ? " and s." : " where s.", 'c', i);
        sql_add(sql, " is null");
        return run(sql, NULL);
}

/* The state of a record that is there stays; a new one begins in one of its first. An empty cell says nothing. */
static rc check_state(struct cx *cx, const struct stage *stage, size_t i)
{
        const struct item *item = stage->items[i];
        struct sql *sql;

        if (stage->key != NULL) {
                sql = refusal(cx, item, STAGE_MOVES, "0");
                sql_add(sql, " from pg_temp.import_row s join ");
                sql_table(sql, stage->def);
                sql_add(sql, " t on ");
                column(sql, stage->key);
                cell(sql, " = s.", 'c', place(stage, stage->key));
                cell(sql, " where s.", 'c', i);
                sql_add(sql, " <> ");
                column(sql, item);
                TRY(run(sql, NULL));
        }
        sql = refusal(cx, item, STAGE_BEGINS, "0");
        sql_add(sql, " from pg_temp.import_row s");
        where_known(sql, stage);
        cell(sql, stage->key ? " and s." : " where s.", 'c', i);
        sql_add(sql, " <> all (");
        sql_arg(sql, db_array(cx, stage->def->begins, stage->def->begin_count), "text[]");
        sql_add(sql, ")");
        return run(sql, NULL);
}

static rc check_all(struct cx *cx, const struct stage *stage, bool suspects, bool *ret_checked)
{
        *ret_checked = suspects || stage->missing != NULL;
        if (suspects)
                TRY(check_suspects(cx, stage));
        for (size_t i = 0; i < stage->count; i++) {
                const struct item *item = stage->items[i];

                *ret_checked = *ret_checked || reference(item) || (item->unique && item != stage->key) || (item->required && stage->blank_keeps) ||
                               item == stage->def->state;
                if (item == stage->def->state)
                        TRY(check_state(cx, stage, i));
                if (reference(item))
                        TRY(item->type == ITEM_ACCOUNT ? check_account(cx, stage, i) : check_reference(cx, stage, i));
                if (item->unique && item != stage->key)
                        TRY(check_unique(cx, stage, i));
                if (item->required && stage->blank_keeps && item != stage->key && item != stage->def->state)
                        TRY(check_blank(cx, stage, i));
        }
        return stage->missing != NULL ? check_missing(cx, stage, stage->missing) : RC_OK;
}

rc stage_check(struct cx *cx, const struct stage *stage, bool suspects, int64_t *ret_refused)
{
        struct rows *rows;
        bool checked;

        *ret_refused = 0;
        TRY(check_all(cx, stage, suspects, &checked));
        if (!checked)
                return RC_OK;
        TRY(db_run(cx, S("select count(distinct line) from pg_temp.import_refused"), NULL, 0, &rows));
        *ret_refused = rows_int(rows, 0, 0);
        if (*ret_refused == 0)
                return RC_OK;
        return db_run(cx, S("delete from pg_temp.import_row s using pg_temp.import_refused r where r.line = s.line"), NULL, 0, NULL);
}

str stage_refused(void)
{
        return S("copy (select line, item, reason, coalesce(other, 0) from pg_temp.import_refused order by line, item, reason) to stdout");
}

/* The two statements that write ---------------------------------------------------------------------------------------------------- */

/* What a column of the record becomes: the file's value, or with blank_keeps, and for a state, its old one where the cell is empty. */
static void new_value(struct sql *sql, const struct stage *stage, size_t i)
{
        if (!stage->blank_keeps && stage->items[i] != stage->def->state) {
                cell(sql, "s.", 'c', i);
                return;
        }
        cell(sql, "coalesce(s.", 'c', i);
        sql_add(sql, ", ");
        column(sql, stage->items[i]);
        sql_add(sql, ")");
}

/* Constants of the statement, once: functions of the house would be called for each row. */
#define NOW_AND_ACTOR "(select daicho.clock() as at, coalesce(current_setting('daicho.actor', true), '') as actor offset 0) c"

/* "(the record differs from the row)"; false: the file has no column but the key. */
static bool differs(struct sql *sql, const struct stage *stage)
{
        size_t key = place(stage, stage->key);
        bool any = false;

        for (size_t i = 0; i < stage->count; i++) {
                if (i == key)
                        continue;
                buf_add(&sql->text, any ? S(" or ") : S("("));
                column(sql, stage->items[i]);
                sql_add(sql, " is distinct from ");
                new_value(sql, stage, i);
                any = true;
        }
        buf_add(&sql->text, any ? S(")") : S("false"));
        return any;
}

/* " where the record with the row's key differs from it" */
static bool where_differs(struct sql *sql, const struct stage *stage)
{
        sql_add(sql, " where ");
        column(sql, stage->key);
        cell(sql, " = s.", 'c', place(stage, stage->key));
        sql_add(sql, " and ");
        return differs(sql, stage);
}

static rc update(struct cx *cx, const struct stage *stage, int64_t *ret_changed)
{
        struct sql *sql = sql_open(cx);
        size_t key = place(stage, stage->key);
        bool any = false;

        sql_add(sql, "update ");
        sql_table(sql, stage->def);
        sql_add(sql, " t set version = t.version + 1, updated_at = c.at, updated_by = c.actor");
        for (size_t i = 0; i < stage->count; i++) {
                if (i == key)
                        continue;
                sql_add(sql, ", ");
                sql_name(sql, stage->items[i]->name);
                sql_add(sql, " = ");
                new_value(sql, stage, i);
        }
        sql_add(sql, " from pg_temp.import_row s cross join " NOW_AND_ACTOR);
        any = where_differs(sql, stage);
        *ret_changed = 0;
        return any ? run(sql, ret_changed) : RC_OK;
}

static rc insert(struct cx *cx, const struct stage *stage, int64_t *ret_created)
{
        struct sql *sql = sql_open(cx);

        sql_add(sql, "insert into ");
        sql_table(sql, stage->def);
        sql_add(sql, " (created_at, updated_at, created_by, updated_by, origin");
        for (size_t i = 0; i < stage->count; i++) {
                sql_add(sql, ", ");
                sql_name(sql, stage->items[i]->name);
        }
        sql_add(sql, ") select c.at, c.at, c.actor, c.actor, ");
        sql_int(sql, stage->job);
        for (size_t i = 0; i < stage->count; i++)
                cell(sql, ", s.", 'c', i);
        sql_add(sql, " from pg_temp.import_row s cross join " NOW_AND_ACTOR);
        where_known(sql, stage);
        sql_add(sql, " on conflict do nothing"); /* somebody made a record with this key in this moment: it stays */
        return run(sql, ret_created);
}

/* The planner knows nothing of a table just filled; nested loops over a million rows would be its mistake. Statistics of all columns would cost
 * more than they tell. */
static rc measure(struct cx *cx, const struct stage *stage)
{
        struct sql *sql = sql_open(cx);

        sql_add(sql, "analyze pg_temp.import_row (line");
        if (stage->key != NULL)
                cell(sql, ", ", 'c', place(stage, stage->key));
        sql_add(sql, ")");
        return run(sql, NULL);
}

static rc count(struct sql *sql, int64_t *ret)
{
        struct rows *rows;

        TRY(sql_run(sql, &rows));
        *ret = rows_int(rows, 0, 0);
        return RC_OK;
}

rc stage_count(struct cx *cx, const struct stage *stage, struct stage_counts *ret)
{
        struct stage_counts counts = { 0 };
        struct sql *all = sql_open(cx), *new = sql_open(cx), *changed = sql_open(cx);
        int64_t staged;

        TRY(measure(cx, stage));
        sql_add(all, "select count(*) from pg_temp.import_row s");
        TRY(count(all, &staged));
        if (stage->key != NULL) {
                sql_add(changed, "select count(*) from ");
                sql_table(changed, stage->def);
                sql_add(changed, " t cross join pg_temp.import_row s");
                if (where_differs(changed, stage))
                        TRY(count(changed, &counts.changed));
        }
        if (stage->missing == NULL) {
                sql_add(new, "select count(*) from pg_temp.import_row s");
                where_known(new, stage);
                TRY(count(new, &counts.created));
        }
        counts.unchanged = staged - counts.changed - counts.created;
        *ret = counts;
        return RC_OK;
}

rc stage_apply(struct cx *cx, const struct stage *stage, struct stage_counts *ret)
{
        struct stage_counts counts = { 0 };
        struct rows *rows;
        int64_t staged;

        TRY(measure(cx, stage));
        TRY(db_run(cx, S("select count(*) from pg_temp.import_row"), NULL, 0, &rows));
        staged = rows_int(rows, 0, 0);
        if (stage->key != NULL)
                TRY(update(cx, stage, &counts.changed));
        if (stage->missing == NULL)
                TRY(insert(cx, stage, &counts.created));
        counts.unchanged = staged - counts.changed - counts.created;
        if (counts.created + counts.changed >= SETTLE_ROWS)
                TRY(sql_stage_settle(cx, stage->def->name));
        *ret = counts;
        return RC_OK;
}

/* Kept to be looked at ------------------------------------------------------------------------------------------------------------- */

static void job_arg(struct sql *sql, const struct stage *stage)
{
        sql_arg(sql, db_int(sql->cx, stage->job), "bigint");
}

static void kept_cells(struct sql *sql, const struct stage *stage)
{
        sql_add(sql, "case when x.kind < 3 then array[");
        for (size_t i = 0; i < stage->count; i++) {
                if (i > 0)
                        sql_add(sql, ", ");
                cell(sql, "x.", 'c', i);
                sql_add(sql, "::text");
        }
        sql_add(sql, "] end");
}

rc stage_keep(struct cx *cx, const struct stage *stage, struct stage_counts *ret)
{
        struct sql *sql = sql_open(cx);
        struct rows *rows;

        TRY(measure(cx, stage));
        sql_add(sql, "insert into tenant.import_row (job, kind, line, record, version, cells) select ");
        job_arg(sql, stage);
        sql_add(sql, ", x.kind, x.line, x.record, x.record_version, ");
        kept_cells(sql, stage);
        if (stage->key == NULL) {
                sql_add(sql,
                        " from (select s.*, 1 as kind, null::bigint as record, null::bigint as record_version from pg_temp.import_row s offset 0) x");
        } else {
                sql_add(sql, " from (select s.*, t.id as record, t.version as record_version, case when t.id is null then 1 when ");
                (void)differs(sql, stage);
                sql_add(sql, " then 2 else 3 end as kind from pg_temp.import_row s left join ");
                sql_table(sql, stage->def);
                sql_add(sql, " t on ");
                column(sql, stage->key);
                cell(sql, " = s.", 'c', place(stage, stage->key));
                sql_add(sql, " offset 0) x");
        }
        TRY(run(sql, NULL));
        sql = sql_open(cx);
        sql_add(sql,
                "select count(*) filter (where kind = 1), count(*) filter (where kind = 2), count(*) filter (where kind = 3) from tenant.import_row "
                "where job = ");
        job_arg(sql, stage);
        TRY(sql_run(sql, &rows));
        *ret = (struct stage_counts){ .created = rows_int(rows, 0, 0), .changed = rows_int(rows, 0, 1), .unchanged = rows_int(rows, 0, 2) };
        return RC_OK;
}

rc stage_fetch(struct cx *cx, const struct stage *stage)
{
        struct sql *sql = sql_open(cx);

        sql_add(sql, "insert into pg_temp.import_row (");
        columns(sql, stage, false);
        sql_add(sql, ") select s.line");
        for (size_t i = 0; i < stage->count; i++) {
                sql_add(sql, ", (s.cells[");
                sql_int(sql, (int64_t)i + 1);
                sql_add(sql, "])::");
                buf_add(&sql->text, str_of(item_pg_type(stage->items[i])));
                if (reference(stage->items[i]))
                        sql_add(sql, ", null");
        }
        sql_add(sql, " from tenant.import_row s where s.kind in (1, 2) and s.job = ");
        job_arg(sql, stage);
        return run(sql, NULL);
}

rc stage_fits(struct cx *cx, const struct stage *stage, const struct stage_counts *kept, bool *ret)
{
        struct stage_counts now;
        struct sql *sql = sql_open(cx);
        int64_t same;

        sql_add(sql, "select count(*) from tenant.import_row s join ");
        sql_table(sql, stage->def);
        sql_add(sql, " t on t.id = s.record and t.version = s.version where s.kind = 2 and s.job = ");
        job_arg(sql, stage);
        TRY(count(sql, &same));
        TRY(stage_count(cx, stage, &now));
        *ret = same == kept->changed && now.created == kept->created && now.changed == kept->changed && now.unchanged == 0;
        return RC_OK;
}
