/* import_undo.c - see import_undo.h. Composed with sql.h: names of checked definitions only. Alias t is a record, c its row of tenant.change, v the old values
 * in there as columns. A record is as the import left it when its version is the one the import gave it. */
#include "base/house.h"

#include "register/import_undo.h"

#include "base/fail.h"
#include "log/log.h"
#include "register/bulk_undo.h"
#include "register/import.h"
#include "register/import_undo.sql.h"
#include "register/item.h"
#include "register/record_row.h"

struct undo {
        struct cx *cx;
        struct job *job;
        const struct definition *def;
        const struct definition **referrers;
        size_t referrer_count;
        const struct item **items; /* columns of the file: only they changed */
        const struct definition **to;
        size_t count;
        int64_t batch;
        bool all;
        int64_t removed, restored, left;
};

static void text(struct sql *sql, const char *literal)
{
        buf_add(&sql->text, str_of(literal));
}

static void column(struct sql *sql, const char *alias, const struct item *item)
{
        text(sql, alias);
        sql_name(sql, item->name);
}

static void batch_arg(struct sql *sql, const struct undo *u)
{
        sql_arg(sql, db_int(sql->cx, u->batch), "bigint");
}

static rc undo_read(struct undo *u, const json_t *names)
{
        struct cx *cx = u->cx;
        size_t n = json_array_size(names);

        TRY(definition_referrers(cx, u->def->name, &u->referrers, &u->referrer_count));
        u->items = NEW_ARRAY(cx->mem, const struct item *, n + 1);
        u->to = NEW_ARRAY(cx->mem, const struct definition *, n + 1);
        for (size_t i = 0; i < n; i++) {
                const struct item *item = definition_item(u->def, json_text(json_array_get(names, i)));

                if (item == NULL || item == u->def->key) /* dropped since; the key is never changed */
                        continue;
                if (item->type == ITEM_REFERENCE)
                        TRY(definition_get(cx, item->reference, &u->to[u->count]));
                u->items[u->count++] = item;
        }
        return RC_OK;
}

/* Made records -------------------------------------------------------------------------------------------------------------------- */

/* "(… refer to t)" */
static void referred(struct sql *sql, const struct undo *u)
{
        bool any = false;

        for (size_t i = 0; i < u->referrer_count; i++)
                for (size_t k = 0; k < u->referrers[i]->item_count; k++) {
                        const struct item *item = &u->referrers[i]->items[k];

                        if (item->type != ITEM_REFERENCE || !str_equal(item->reference, u->def->name))
                                continue;
                        text(sql, any ? " or " : "(");
                        sql_add(sql, "exists (select from ");
                        sql_table(sql, u->referrers[i]);
                        column(sql, " x where x.", item);
                        sql_add(sql, " = t.id and x.origin is distinct from ");
                        batch_arg(sql, u);
                        sql_add(sql, ")");
                        any = true;
                }
        text(sql, any ? ")" : "false");
}

static void made_reason(struct sql *sql, const struct undo *u)
{
        sql_add(sql, "case when ");
        referred(sql, u);
        sql_add(sql, " then 'referred'");
        if (!u->all)
                sql_add(sql, " when t.version > 1 then 'changed'");
        sql_add(sql, " end");
}

static void made_from(struct sql *sql, const struct undo *u)
{
        sql_add(sql, " from ");
        sql_table(sql, u->def);
        sql_add(sql, " t where t.origin = ");
        batch_arg(sql, u);
}

/* Changed records ----------------------------------------------------------------------------------------------------------------- */

static void old_values(struct sql *sql, const struct undo *u)
{
        sql_add(sql, " cross join lateral jsonb_to_record(c.old) as v (");
        for (size_t i = 0; i < u->count; i++) {
                if (i > 0)
                        sql_add(sql, ", ");
                sql_name(sql, u->items[i]->name);
                sql_add(sql, " ");
                text(sql, item_pg_type(u->items[i]));
        }
        sql_add(sql, ")");
}

/* Unique values that others hold now, references that lead nowhere. */
static void value_reasons(struct sql *sql, const struct undo *u)
{
        for (size_t i = 0; i < u->count; i++) {
                const struct item *item = u->items[i];

                if (item->unique) {
                        sql_add(sql, " when exists (select from ");
                        sql_table(sql, u->def);
                        column(sql, " x where x.", item);
                        column(sql, " = v.", item);
                        sql_add(sql, " and x.id <> t.id) then 'taken'");
                }
                if (u->to[i] != NULL) {
                        column(sql, " when v.", item);
                        sql_add(sql, " is not null and not exists (select from ");
                        sql_table(sql, u->to[i]);
                        column(sql, " x where x.id = v.", item);
                        sql_add(sql, ") then 'reference'");
                }
        }
}

static void changed_reason(struct sql *sql, const struct undo *u)
{
        sql_add(sql, "case when t.id is null then 'gone'");
        if (!u->all)
                sql_add(sql, " when t.version <> c.version + 1 then 'changed'");
        value_reasons(sql, u);
        sql_add(sql, " end");
}

static void changed_where(struct sql *sql, const struct undo *u)
{
        sql_add(sql, " where not c.deleted and c.job = ");
        batch_arg(sql, u);
        sql_add(sql, " and c.register = ");
        sql_arg(sql, db_int(sql->cx, u->def->id), "bigint");
}

static void changed_from(struct sql *sql, const struct undo *u)
{
        sql_add(sql, " from tenant.change c");
        if (u->count > 0)
                old_values(sql, u);
        sql_add(sql, " left join ");
        sql_table(sql, u->def);
        sql_add(sql, " t on t.id = c.record");
        changed_where(sql, u);
}

static void heading(struct sql *sql, const struct definition *def)
{
        sql_add(sql, ", concat_ws(' '");
        for (size_t i = 0; i < def->heading_count; i++) {
                column(sql, ", t.", def->heading[i]);
                sql_add(sql, "::text");
        }
        sql_add(sql, ")");
}

/* "select record, reason, heading" of one kind, why each stays or null. */
static void judged(struct sql *sql, const struct undo *u, bool made)
{
        text(sql, made ? "select t.id as record, " : "select c.record, ");
        (made ? made_reason : changed_reason)(sql, u);
        sql_add(sql, " as reason");
        heading(sql, u->def);
        sql_add(sql, " as heading");
        (made ? made_from : changed_from)(sql, u);
}

/* Looking first -------------------------------------------------------------------------------------------------------------------- */

static rc look(struct undo *u, bool made, int64_t *ret_back, json_t *first)
{
        struct sql *sql = sql_open(u->cx);
        struct rows *rows;

        sql_add(sql, "with found as materialized (");
        judged(sql, u, made);
        sql_add(sql, ") select n.back, n.stay, f.record, f.reason, f.heading from (select count(*) filter (where reason is null) as back, "
                     "count(reason) as stay from found) n left join lateral (select * from found where reason is not null order by record limit ");
        sql_int(sql, IMPORT_UNDO_SHOWN);
        sql_add(sql, ") f on true");
        TRY(record_row_run(sql, u->def, &rows));
        *ret_back = rows_int(rows, 0, 0);
        u->left += rows_int(rows, 0, 1);
        for (size_t i = 0; i < rows_count(rows) && json_array_size(first) < IMPORT_UNDO_SHOWN; i++) {
                json_t *one = json_object();

                if (rows_null(rows, i, 2))
                        continue;
                (void)json_set(one, "record", json_integer(rows_int(rows, i, 2)));
                (void)json_set(one, "reason", json_str(rows_text(rows, i, 3)));
                (void)json_set(one, "heading", json_str(rows_text(rows, i, 4)));
                json_array_append_new(first, one);
        }
        return RC_OK;
}

/* The import and whether it can be taken back; *ret_job its model. */
static rc undo_open(struct undo *u, const struct job_sight *sight, str register_name, json_t **ret_job, struct import_undo_row **ret)
{
        struct cx *cx = u->cx;

        if (cx->masked)
                return fail(cx, RC_FORBIDDEN, NULL, "an account that may not see personal items cannot bring records back");
        TRY(definition_get(cx, register_name, &u->def));
        TRY(import_job(cx, sight, register_name, u->batch, ret_job));
        TRY(sql_import_undo_find(cx, u->batch, u->def->id, IMPORT_UNDO_DAYS, ret));
        if (*ret == NULL)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such import");
        return undo_read(u, json_object_get(json_object_get(*ret_job, "result"), "columns"));
}

rc import_undo_get(struct cx *cx, const struct job_sight *sight, str register_name, int64_t id, bool all, json_t **ret)
{
        struct undo u = { .cx = cx, .batch = id, .all = all };
        json_t *model = json_object(), *job, *first = json_array();
        struct import_undo_row *row;
        bool open;

        TRY(undo_open(&u, sight, register_name, &job, &row));
        open = row->open && row->undo_null;
        (void)json_set(model, "register", definition_model(cx, u.def));
        (void)json_set(model, "job", job);
        (void)json_set(model, "open", json_boolean(open));
        (void)json_set(model, "undo", row->undo_null ? json_null() : json_integer(row->undo));
        (void)json_set(model, "all", json_boolean(all));
        if (open) {
                int64_t changed = json_integer_value(json_object_get(json_object_get(job, "result"), "changed"));

                TRY(look(&u, true, &u.removed, first));
                TRY(look(&u, false, &u.restored, first));
                (void)json_set(model, "remove", json_integer(u.removed));
                (void)json_set(model, "restore", json_integer(u.restored));
                (void)json_set(model, "left", json_integer(u.left));
                (void)json_set(model, "lost", json_integer(changed > row->changes ? changed - row->changes : 0));
                (void)json_set(model, "left_first", first);
        }
        *ret = model;
        return RC_OK;
}

static rc possible(struct cx *cx, const struct import_undo_row *row)
{
        if (!row->undo_null)
                return fail(cx, RC_CONFLICT, NULL, "this import was taken back already");
        return row->open ? RC_OK : fail(cx, RC_CONFLICT, NULL, "an import that wrote something can be taken back for %d days", IMPORT_UNDO_DAYS);
}

rc import_undo_start(struct cx *cx, const struct job_sight *sight, str register_name, int64_t id, bool all, int64_t *ret_job)
{
        struct undo u = { .cx = cx, .batch = id, .all = all };
        json_t *args = json_object(), *job;
        struct import_undo_row *row;

        TRY(undo_open(&u, sight, register_name, &job, &row));
        TRY(possible(cx, row));
        (void)json_set(args, "batch", json_integer(id));
        (void)json_set(args, "columns", json_incref(json_object_get(json_object_get(job, "result"), "columns")));
        if (all)
                (void)json_set(args, "all", json_true());
        TRY(job_add(cx, "import_undo", register_name, args, ret_job));
        log_subject(cx, S("job"), *ret_job);
        log_detail(cx, "register", json_str(register_name));
        log_detail(cx, "batch", json_integer(id));
        log_detail(cx, "all", json_boolean(all));
        return RC_OK;
}

/* The job -------------------------------------------------------------------------------------------------------------------------- */

/* Asked while the database works on one long statement. */
static bool go_on(void *of)
{
        struct undo *u = of;

        return job_progress(u->cx, u->job, u->removed + u->restored, 0, "job.step.bulk_undo") == RC_OK;
}

static rc lock(const struct undo *u)
{
        struct sql *sql = sql_open(u->cx);
        struct rows *rows;

        sql_add(sql, "lock table ");
        sql_table(sql, u->def);
        sql_add(sql, " in share update exclusive mode");
        return sql_run(sql, &rows);
}

/* Those that stay, as bulk_undo_left() wants them. */
static rc put_aside(struct undo *u, bool made)
{
        struct sql *sql = sql_open(u->cx);
        struct rows *rows;

        sql_add(sql, "insert into pg_temp.bulk_back (change, register, record, deleted, reason, heading) select ");
        sql_arg(sql, db_int(u->cx, u->left), "bigint");
        sql_add(sql, " + row_number() over (order by j.record), ");
        sql_arg(sql, db_int(u->cx, u->def->id), "bigint");
        sql_add(sql, ", j.record, false, j.reason, j.heading from (");
        judged(sql, u, made);
        sql_add(sql, ") j where j.reason is not null");
        TRY(record_row_run(sql, u->def, &rows));
        u->left += (int64_t)rows_changed(rows);
        return RC_OK;
}

static rc remove_made(struct undo *u)
{
        struct sql *sql = sql_open(u->cx);
        struct rows *rows;

        TRY(put_aside(u, true));
        sql_add(sql, "delete");
        made_from(sql, u);
        sql_add(sql, " and ");
        made_reason(sql, u);
        sql_add(sql, " is null");
        TRY(record_row_run(sql, u->def, &rows));
        u->removed = (int64_t)rows_changed(rows);
        return RC_OK;
}

static rc restore_changed(struct undo *u)
{
        struct sql *sql = sql_open(u->cx);
        struct rows *rows;

        if (u->count == 0)
                return RC_OK;
        TRY(put_aside(u, false));
        sql_add(sql, "update ");
        sql_table(sql, u->def);
        sql_add(sql, " t set version = t.version + 1, updated_at = w.at, updated_by = w.actor");
        for (size_t i = 0; i < u->count; i++) {
                column(sql, ", ", u->items[i]);
                sql_add(sql, " = case when jsonb_exists(c.old, ");
                sql_arg(sql, u->items[i]->name, "text");
                column(sql, ") then v.", u->items[i]);
                column(sql, " else t.", u->items[i]);
                sql_add(sql, " end");
        }
        sql_add(sql, " from tenant.change c");
        old_values(sql, u);
        sql_add(sql, " cross join (select daicho.clock() as at, coalesce(current_setting('daicho.actor', true), '') as actor offset 0) w");
        changed_where(sql, u);
        sql_add(sql, " and t.id = c.record and ");
        changed_reason(sql, u);
        sql_add(sql, " is null");
        TRY(record_row_run(sql, u->def, &rows));
        u->restored = (int64_t)rows_changed(rows);
        return RC_OK;
}

static void tell(struct undo *u)
{
        json_t *result = json_object();

        (void)json_set(result, "batch", json_integer(u->batch));
        (void)json_set(result, "removed", json_integer(u->removed));
        (void)json_set(result, "restored", json_integer(u->restored));
        (void)json_set(result, "left", json_integer(u->left));
        u->job->result = result;
        log_subject(u->cx, u->def->name, 0);
        log_detail(u->cx, "batch", json_integer(u->batch));
        log_detail(u->cx, "removed", json_integer(u->removed));
        log_detail(u->cx, "restored", json_integer(u->restored));
        log_detail(u->cx, "left", json_integer(u->left));
}

rc import_undo_run(struct cx *cx, struct job *job)
{
        struct undo u = { .cx = cx, .job = job, .batch = json_integer_value(json_object_get(job->args, "batch")) };
        struct import_undo_row *row;

        u.all = json_is_true(json_object_get(job->args, "all"));
        if (cx->masked)
                return fail(cx, RC_FORBIDDEN, NULL, "an account that may not see personal items cannot bring records back");
        TRY(definition_get(cx, job->register_name, &u.def));
        TRY(sql_import_undo_find(cx, u.batch, u.def->id, IMPORT_UNDO_DAYS, &row));
        if (row == NULL || !row->open)
                return fail(cx, RC_CONFLICT, NULL, "an import that wrote something can be taken back for %d days", IMPORT_UNDO_DAYS);
        TRY(undo_read(&u, json_object_get(job->args, "columns")));
        db_queue(cx, S("set local work_mem = '128MB'"), NULL, 0);
        db_queue(cx, str_format(cx->mem, "set local daicho.job = '%" PRId64 "'", job->id), NULL, 0); /* for the history of changes */
        TRY(bulk_undo_aside(cx));
        db_watch(cx, go_on, &u);
        TRY(job_progress(cx, job, 0, 0, "job.step.wait"));
        TRY(lock(&u));
        TRY(job_progress(cx, job, 0, 0, "job.step.bulk_undo"));
        TRY(remove_made(&u));
        TRY(restore_changed(&u));
        if (u.left > 0)
                TRY(bulk_undo_left(cx, job, u.batch, u.def));
        tell(&u);
        return RC_OK;
}
