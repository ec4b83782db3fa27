/* bulk_undo.c - see bulk_undo.h. Composed with sql.h: names of checked definitions only. Alias c is a row of tenant.change, v its old values as columns
 * of the register, t the record as it is now. */
#include "base/house.h"

#include "register/bulk_undo.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/fail.h"
#include "base/file.h"
#include "base/utf8.h"
#include "db/db.h"
#include "identity/permission.h"
#include "log/log.h"
#include "page/page.h"
#include "register/bulk.sql.h"
#include "register/formula.h"
#include "register/item.h"
#include "register/record_row.h"

#include <errno.h>
#include <stdio.h>

enum { PAGE = 1000, TOUCHED_MAX = 1000 };

/* The batch ------------------------------------------------------------------------------------------------------------------------ */

static rc batch_model(struct cx *cx, const struct bulk_row *row, json_t **ret)
{
        json_t *m = json_object(), *args, *result;
        bool is_delete;

        TRY(json_read(cx, row->args, &args));
        TRY(json_read(cx, row->result, &result));
        is_delete = str_is(json_get_text(args, "action"), "delete");
        (void)json_set(m, "id", json_integer(row->id));
        (void)json_set(m, "action", json_str(json_get_text(args, "action")));
        (void)json_set(m, "is_delete", json_boolean(is_delete));
        (void)json_set(m, "count", json_object_get(args, "count"));
        (void)json_set(m, "sentence", json_str(json_get_text(result, "sentence")));
        (void)json_set(m, "q", json_str(json_get_text(result, "q")));
        (void)json_set(m, "set", json_object_get(args, "set") ? json_object_get(args, "set") : json_null());
        (void)json_set(m, "actor", json_str(row->actor));
        (void)json_set(m, "finished_at", json_str(clock_rfc3339(cx->mem, row->finished_at)));
        (void)json_set(m, "until_at", json_str(clock_rfc3339(cx->mem, row->until)));
        (void)json_set(m, "open", json_boolean(row->open && row->undo_null));
        (void)json_set(m, "over", json_boolean(!row->open));
        (void)json_set(m, "undo", row->undo_null ? json_null() : json_integer(row->undo));
        *ret = m;
        return RC_OK;
}

static rc batch_find(struct cx *cx, str register_name, int64_t id, struct bulk_row **ret)
{
        TRY(sql_bulk_find(cx, id, register_name, BULK_UNDO_DAYS, ret));
        return *ret ? RC_OK : fail(cx, RC_UNKNOWN, NULL, "there is no such batch");
}

rc bulk_undo_list(struct cx *cx, str register_name, int64_t before, json_t **ret)
{
        json_t *model = json_object(), *batches = json_array();
        const struct definition *def;
        struct bulk_row *list;
        size_t count;

        TRY(definition_get(cx, register_name, &def));
        TRY(sql_bulk_list(cx, register_name, before, BULK_UNDO_LIMIT + 1, BULK_UNDO_DAYS, &list, &count));
        for (size_t i = 0; i < count && i < BULK_UNDO_LIMIT; i++) {
                json_t *one;

                TRY(batch_model(cx, &list[i], &one));
                json_array_append_new(batches, one);
        }
        (void)json_set(model, "register", definition_model(cx, def));
        (void)json_set(model, "batches", batches);
        (void)json_set(model, "next", count > BULK_UNDO_LIMIT ? json_integer(list[BULK_UNDO_LIMIT - 1].id) : json_null());
        *ret = model;
        return RC_OK;
}

/* What can come back --------------------------------------------------------------------------------------------------------------- */

static void text(struct sql *sql, const char *literal)
{
        buf_add(&sql->text, str_of(literal));
}

static void column(struct sql *sql, const char *alias, const struct item *item)
{
        text(sql, alias);
        sql_name(sql, item->name);
}

/* jsonb_to_record's columns: the items as they were. */
static void old_values(struct sql *sql, const struct definition *def)
{
        sql_add(sql, " cross join lateral jsonb_to_record(c.old) as v (");
        for (size_t i = 0, n = 0; i < def->item_count; i++) {
                if (!item_stored(&def->items[i]))
                        continue;
                if (n++ > 0)
                        sql_add(sql, ", ");
                sql_name(sql, def->items[i].name);
                sql_add(sql, " ");
                text(sql, item_pg_type(&def->items[i]));
        }
        sql_add(sql, ")");
}

/* … when the old value of a reference leads nowhere. looking: records that this batch deleted count as there. */
static void reference_reasons(struct sql *sql, const struct definition *def, const struct definition *const *to, int64_t batch, bool looking)
{
        for (size_t i = 0; i < def->item_count; i++) {
                if (def->items[i].type != ITEM_REFERENCE || to[i] == NULL)
                        continue;
                column(sql, " when v.", &def->items[i]);
                sql_add(sql, " is not null and not exists (select from ");
                sql_table(sql, to[i]);
                column(sql, " x where x.id = v.", &def->items[i]);
                sql_add(sql, ")");
                if (looking || to[i] == def) {
                        sql_add(sql, " and not exists (select from tenant.change d where d.deleted and d.job = ");
                        sql_arg(sql, db_int(sql->cx, batch), "bigint");
                        sql_add(sql, " and d.register = ");
                        sql_arg(sql, db_int(sql->cx, to[i]->id), "bigint");
                        column(sql, " and d.record = v.", &def->items[i]);
                        sql_add(sql, ")");
                }
                sql_add(sql, " then 'reference'");
        }
}

static void taken_reasons(struct sql *sql, const struct definition *def)
{
        for (size_t i = 0; i < def->item_count; i++) {
                if (!def->items[i].unique)
                        continue;
                sql_add(sql, " when c.deleted and exists (select from ");
                sql_table(sql, def);
                column(sql, " x where x.", &def->items[i]);
                column(sql, " = v.", &def->items[i]);
                sql_add(sql, ") then 'taken'");
        }
}

/* Why a record stays as it is; null: it comes back. */
static void reason(struct sql *sql, const struct definition *def, const struct definition *const *to, int64_t batch, bool looking)
{
        sql_add(sql,
                "case when c.deleted and t.id is not null then 'there' when not c.deleted and t.id is null then 'gone' "
                "when not c.deleted and exists (select from tenant.change n where n.register = c.register and n.record = c.record and n.id > c.id "
                "and n.job is distinct from c.job) then 'changed'");
        taken_reasons(sql, def);
        reference_reasons(sql, def, to, batch, looking);
        sql_add(sql, " end");
}

/* What named the record: "佐藤 美咲". */
static void heading(struct sql *sql, const struct definition *def)
{
        sql_add(sql, "concat_ws(' '");
        for (size_t i = 0; i < def->heading_count; i++) {
                column(sql, ", coalesce(t.", def->heading[i]);
                column(sql, ", v.", def->heading[i]);
                sql_add(sql, ")::text");
        }
        sql_add(sql, ")");
}

/* " from the batch's rows of this register" */
static void from_batch(struct sql *sql, const struct definition *def, int64_t batch)
{
        sql_add(sql, " from tenant.change c");
        old_values(sql, def);
        sql_add(sql, " left join ");
        sql_table(sql, def);
        sql_add(sql, " t on t.id = c.record where c.job = ");
        sql_arg(sql, db_int(sql->cx, batch), "bigint");
        sql_add(sql, " and c.register = ");
        sql_arg(sql, db_int(sql->cx, def->id), "bigint");
}

/* A register that a batch touched, and what its items refer to. */
struct touched {
        const struct definition *def;
        const struct definition **to; /* by item number; NULL: no reference */
        bool done;
};

static rc touched_read(struct cx *cx, int64_t batch, str register_name, struct touched **ret, size_t *ret_count)
{
        struct bulk_touch *rows;
        struct touched *list;
        size_t count;

        TRY(sql_bulk_touched(cx, batch, register_name, &rows, &count));
        list = NEW_ARRAY(cx->mem, struct touched, count + 1);
        for (size_t i = 0; i < count; i++) {
                struct touched *t = &list[i];

                TRY(definition_get(cx, rows[i].name, &t->def));
                t->to = NEW_ARRAY(cx->mem, const struct definition *, t->def->item_count);
                for (size_t k = 0; k < t->def->item_count; k++)
                        if (t->def->items[k].type == ITEM_REFERENCE)
                                TRY(definition_get(cx, t->def->items[k].reference, &t->to[k]));
        }
        *ret = list;
        *ret_count = count;
        return RC_OK;
}

static bool may_write(struct cx *cx, const struct touched *list, size_t count)
{
        for (size_t i = 0; i < count; i++)
                if (!permission_held_for(cx, PERM_RECORD_WRITE, list[i].def->name))
                        return false;
        return !cx->masked;
}

static rc look(struct cx *cx, const struct touched *t, int64_t batch, int64_t *back, int64_t *left, json_t *first)
{
        struct sql *sql = sql_open(cx);
        struct rows *rows;

        sql_add(sql, "with found as materialized (select c.record, ");
        reason(sql, t->def, t->to, batch, true);
        sql_add(sql, " as reason, ");
        heading(sql, t->def);
        sql_add(sql, " as heading");
        from_batch(sql, t->def, batch);
        sql_add(sql, ") select n.back, n.stay, f.record, f.reason, f.heading from (select count(*) filter (where reason is null) as back, "
                     "count(reason) as stay from found) n left join lateral (select * from found where reason is not null order by record limit ");
        sql_int(sql, BULK_UNDO_SHOWN);
        sql_add(sql, ") f on true");
        TRY(record_row_run(sql, t->def, &rows));
        *back += rows_int(rows, 0, 0);
        *left += rows_int(rows, 0, 1);
        for (size_t i = 0; i < rows_count(rows) && json_array_size(first) < BULK_UNDO_SHOWN; i++) {
                json_t *one = json_object();

                if (rows_null(rows, i, 2))
                        continue;
                (void)json_set(one, "register", json_str(t->def->name));
                (void)json_set(one, "title", json_str(t->def->title[cx->lang]));
                (void)json_set(one, "record", json_integer(rows_int(rows, i, 2)));
                (void)json_set(one, "reason", json_str(rows_text(rows, i, 3)));
                (void)json_set(one, "heading", json_str(rows_text(rows, i, 4)));
                json_array_append_new(first, one);
        }
        return RC_OK;
}

rc bulk_undo_get(struct cx *cx, str register_name, int64_t id, json_t **ret)
{
        json_t *model = json_object(), *batch, *first = json_array();
        const struct definition *def;
        struct bulk_row *row;
        bool may = false;

        TRY(definition_get(cx, register_name, &def));
        TRY(batch_find(cx, register_name, id, &row));
        TRY(batch_model(cx, row, &batch));
        (void)json_set(model, "register", definition_model(cx, def));
        if (json_is_true(json_object_get(batch, "open")) && !cx->masked) {
                struct touched *list;
                int64_t back = 0, left = 0;
                size_t count;

                TRY(touched_read(cx, id, register_name, &list, &count));
                may = count > 0 && may_write(cx, list, count);
                if (count == 0) {
                        (void)json_set(batch, "open", json_false());
                        (void)json_set(batch, "gone", json_true());
                }
                for (size_t i = 0; i < count && may; i++)
                        TRY(look(cx, &list[i], id, &back, &left, first));
                if (may) {
                        (void)json_set(model, "back", json_integer(back));
                        (void)json_set(model, "left", json_integer(left));
                        (void)json_set(model, "left_first", first);
                }
        }
        (void)json_set(model, "batch", batch);
        (void)json_set(model, "may_undo", json_boolean(may));
        *ret = model;
        return RC_OK;
}

static rc possible(struct cx *cx, const struct bulk_row *row)
{
        if (!row->open)
                return fail(cx, RC_CONFLICT, NULL, "a batch can be taken back for %d days, and these are over", BULK_UNDO_DAYS);
        return RC_OK;
}

static rc rights_check(struct cx *cx, const struct touched *list, size_t count)
{
        if (cx->masked)
                return fail(cx, RC_FORBIDDEN, NULL, "an account that may not see personal items cannot bring records back");
        if (!may_write(cx, list, count))
                return fail(cx, RC_FORBIDDEN, NULL, "taking this batch back needs the right to write in every register it touched");
        return RC_OK;
}

rc bulk_undo_start(struct cx *cx, str register_name, int64_t id, int64_t *ret_job)
{
        json_t *args = json_object();
        struct touched *list;
        struct bulk_row *row;
        size_t count;

        TRY(batch_find(cx, register_name, id, &row));
        TRY(possible(cx, row));
        if (!row->undo_null)
                return fail(cx, RC_CONFLICT, NULL, "this batch was taken back already");
        TRY(touched_read(cx, id, register_name, &list, &count));
        if (count == 0)
                return fail(cx, RC_CONFLICT, NULL, "nothing is left of what this batch changed: it cannot be taken back");
        TRY(rights_check(cx, list, count));
        (void)json_set(args, "batch", json_integer(id));
        TRY(job_add(cx, "bulk_undo", register_name, args, ret_job));
        log_subject(cx, S("job"), *ret_job);
        log_detail(cx, "register", json_str(register_name));
        log_detail(cx, "batch", json_integer(id));
        return RC_OK;
}

/* The job -------------------------------------------------------------------------------------------------------------------------- */

struct undo {
        struct cx *cx;
        struct job *job;
        int64_t batch;
        struct touched *list;
        size_t count;
        int64_t done, left;
};

/* Asked while the database works on one long statement. */
static bool go_on(void *of)
{
        struct undo *u = of;

        return job_progress(u->cx, u->job, u->done, 0, "job.step.bulk_undo") == RC_OK;
}

static rc judge(struct undo *u, const struct touched *t, bool deleted)
{
        struct sql *sql = sql_open(u->cx);
        struct rows *rows;

        sql_add(sql,
                "insert into pg_temp.bulk_back (change, register, record, deleted, reason, heading) select c.id, c.register, c.record, c.deleted, ");
        reason(sql, t->def, t->to, u->batch, false);
        sql_add(sql, ", ");
        heading(sql, t->def);
        from_batch(sql, t->def, u->batch);
        buf_add(&sql->text, deleted ? S(" and c.deleted") : S(" and not c.deleted"));
        TRY(record_row_run(sql, t->def, &rows));
        return db_run(u->cx, S("analyze pg_temp.bulk_back"), NULL, 0, NULL);
}

#define NOW_AND_ACTOR " cross join (select daicho.clock() as at, coalesce(current_setting('daicho.actor', true), '') as actor offset 0) w"

static void picked(struct sql *sql, const struct touched *t, bool deleted)
{
        sql_add(sql, " from pg_temp.bulk_back b join tenant.change c on c.id = b.change");
        old_values(sql, t->def);
        sql_add(sql, NOW_AND_ACTOR " where b.reason is null and b.register = ");
        sql_arg(sql, db_int(sql->cx, t->def->id), "bigint");
        buf_add(&sql->text, deleted ? S(" and b.deleted") : S(" and not b.deleted"));
}

static rc insert(struct undo *u, const struct touched *t)
{
        struct sql *sql = sql_open(u->cx);
        struct rows *rows;

        sql_add(sql, "insert into ");
        sql_table(sql, t->def);
        sql_add(sql, " (id, version, created_at, created_by, updated_at, updated_by, origin");
        for (size_t i = 0; i < t->def->item_count; i++)
                if (item_stored(&t->def->items[i]))
                        column(sql, ", ", &t->def->items[i]);
        sql_add(sql, ") overriding system value select c.record, c.version + 1, (c.made ->> 'created_at')::timestamptz, c.made ->> 'created_by', "
                     "w.at, w.actor, (c.made ->> 'origin')::bigint");
        for (size_t i = 0; i < t->def->item_count; i++)
                if (item_stored(&t->def->items[i]))
                        column(sql, ", v.", &t->def->items[i]);
        picked(sql, t, true);
        TRY(record_row_run(sql, t->def, &rows));
        u->done += (int64_t)rows_changed(rows);
        return RC_OK;
}

static rc update(struct undo *u, const struct touched *t)
{
        struct sql *sql = sql_open(u->cx);
        struct rows *rows;

        sql_add(sql, "update ");
        sql_table(sql, t->def);
        sql_add(sql, " t set version = t.version + 1, updated_at = w.at, updated_by = w.actor");
        for (size_t i = 0; i < t->def->item_count; i++) {
                const struct item *item = &t->def->items[i];

                if (!item_stored(item))
                        continue;
                column(sql, ", ", item);
                sql_add(sql, " = case when jsonb_exists(c.old, ");
                sql_arg(sql, item->name, "text");
                column(sql, ") then v.", item);
                column(sql, " else t.", item);
                sql_add(sql, " end");
        }
        picked(sql, t, false);
        sql_add(sql, " and t.id = c.record");
        TRY(record_row_run(sql, t->def, &rows));
        u->done += (int64_t)rows_changed(rows);
        return RC_OK;
}

/* May its records come back now: is everything they refer to done? */
static bool ready(const struct undo *u, const struct touched *t)
{
        for (size_t i = 0; i < u->count; i++)
                for (size_t k = 0; k < t->def->item_count; k++)
                        if (!u->list[i].done && u->list[i].def != t->def && t->to[k] == u->list[i].def)
                                return false;
        return true;
}

static rc bring_back(struct undo *u)
{
        for (size_t round = 0; round < u->count; round++) {
                size_t next = u->count;

                for (size_t i = u->count; i-- > 0;)
                        if (!u->list[i].done && (next == u->count || ready(u, &u->list[i])))
                                next = i;
                TRY(judge(u, &u->list[next], true));
                TRY(insert(u, &u->list[next]));
                u->list[next].done = true;
        }
        for (size_t i = 0; i < u->count; i++) {
                TRY(judge(u, &u->list[i], false));
                TRY(update(u, &u->list[i]));
        }
        return RC_OK;
}

/* Those left as they are, as a file ------------------------------------------------------------------------------------------------ */

static void cell(struct buf *b, str value)
{
        str guarded = formula_like(value) ? str_format(arena_current, "'%.*s", STR_ARG(value)) : value;

        buf_csv(b, guarded);
}

static str register_title(const struct undo *u, int64_t id)
{
        for (size_t i = 0; i < u->count; i++)
                if (u->list[i].def->id == id)
                        return u->list[i].def->title[u->cx->lang];
        return S("");
}

static rc page_write(struct undo *u, FILE *out, int64_t *after)
{
        struct cx *cx = u->cx;
        struct arena_mark mark = arena_mark(cx->mem);
        str args[] = { db_int(cx, *after), db_int(cx, PAGE) };
        struct buf b = buf_open(cx->mem, MB(4));
        struct rows *rows;
        size_t count;

        TRY(db_run(cx,
                   S("select change, register, record, reason, heading from pg_temp.bulk_back where reason is not null and change > $1::bigint "
                     "order by change limit $2::bigint"),
                   args, COUNT(args), &rows));
        count = rows_count(rows);
        for (size_t i = 0; i < count; i++) {
                str key = str_format(cx->mem, "bulk.reason.%.*s", STR_ARG(rows_text(rows, i, 3)));

                cell(&b, register_title(u, rows_int(rows, i, 1)));
                buf_char(&b, ',');
                buf_int(&b, rows_int(rows, i, 2));
                buf_char(&b, ',');
                cell(&b, utf8_head(rows_text(rows, i, 4), 300));
                buf_char(&b, ',');
                cell(&b, page_text(cx->lang, key.p));
                buf_add(&b, S("\r\n"));
                *after = rows_int(rows, i, 0);
        }
        must(!buf_full(&b));
        if (fwrite(b.p, 1, b.n, out) != b.n)
                return file_failed(cx, file_store(), errno);
        arena_rewind(cx->mem, mark);
        if (count < PAGE)
                *after = -1;
        return RC_OK;
}

static void file_close(void *p)
{
        (void)fclose(p);
}

static rc left_write(struct undo *u)
{
        struct cx *cx = u->cx;
        str head = page_text(cx->lang, "bulk.left_columns");
        int64_t after = 0;
        FILE *out;

        u->job->result_file = str_format(cx->mem, "result/%" PRId64 ".csv", u->job->id);
        u->job->result_name = str_format(cx->mem, "%.*s_%" PRId64 ".csv", STR_ARG(page_text(cx->lang, "bulk.left_file")), u->batch);
        TRY(file_directory(cx, file_store_path(cx->mem, S("result")), 0700));
        out = fopen(file_store_path(cx->mem, u->job->result_file), "we");
        if (out == NULL)
                return file_failed(cx, file_store(), errno);
        arena_defer(cx->mem, file_close, out);
        if (fwrite("\xef\xbb\xbf", 1, 3, out) != 3 || fwrite(head.p, 1, head.n, out) != head.n || fwrite("\r\n", 1, 2, out) != 2)
                return file_failed(cx, file_store(), errno);
        while (after >= 0)
                TRY(page_write(u, out, &after));
        return fflush(out) == 0 ? RC_OK : file_failed(cx, file_store(), errno);
}

static void tell(struct undo *u)
{
        json_t *result = json_object();

        (void)json_set(result, "batch", json_integer(u->batch));
        (void)json_set(result, "restored", json_integer(u->done));
        (void)json_set(result, "left", json_integer(u->left));
        u->job->result = result;
        log_subject(u->cx, u->job->register_name, 0);
        log_detail(u->cx, "batch", json_integer(u->batch));
        log_detail(u->cx, "restored", json_integer(u->done));
        log_detail(u->cx, "left", json_integer(u->left));
}

rc bulk_undo_aside(struct cx *cx)
{
        return db_run(cx,
                      S("create temporary table bulk_back (change bigint primary key, register bigint not null, record bigint not null, "
                        "deleted boolean not null, reason text, heading text) on commit drop"),
                      NULL, 0, NULL);
}

rc bulk_undo_left(struct cx *cx, struct job *job, int64_t batch, const struct definition *def)
{
        struct touched one = { .def = def };
        struct undo u = { .cx = cx, .job = job, .batch = batch, .list = &one, .count = 1 };

        return left_write(&u);
}

rc bulk_undo_run(struct cx *cx, struct job *job)
{
        struct undo u = { .cx = cx, .job = job, .batch = json_integer_value(json_object_get(job->args, "batch")) };
        struct bulk_row *row;
        struct rows *rows;

        TRY(batch_find(cx, job->register_name, u.batch, &row));
        TRY(possible(cx, row));
        TRY(touched_read(cx, u.batch, job->register_name, &u.list, &u.count));
        TRY(rights_check(cx, u.list, u.count));
        db_queue(cx, S("set local work_mem = '128MB'"), NULL, 0);
        db_queue(cx, str_format(cx->mem, "set local daicho.job = '%" PRId64 "'", job->id), NULL, 0); /* for the history of changes */
        TRY(bulk_undo_aside(cx));
        db_watch(cx, go_on, &u);
        TRY(job_progress(cx, job, 0, 0, "job.step.bulk_undo"));
        TRY(bring_back(&u));
        TRY(db_run(cx, S("select count(*) from pg_temp.bulk_back where reason is not null"), NULL, 0, &rows));
        u.left = rows_int(rows, 0, 0);
        if (u.left > 0)
                TRY(left_write(&u));
        tell(&u);
        return RC_OK;
}
