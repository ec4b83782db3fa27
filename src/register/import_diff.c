/* import_diff.c - see import_diff.h. Composed with sql.h: names of checked definitions only. Alias s is a kept row, t its record. */
#include "base/house.h"

#include "register/import_diff.h"

#include "base/fail.h"
#include "identity/permission.h"
#include "register/import.h"
#include "register/item.h"
#include "register/item_account.h"
#include "register/record_row.h"

enum kind { KIND_NEW = 1, KIND_CHANGED, KIND_UNCHANGED, KIND_REFUSED, KINDS };

static const char *const kinds[KINDS] = { "", "new", "changed", "unchanged", "refused" };
/* Of a job's result: how many there are. */
static const char *const numbers[KINDS] = { "", "would_create", "would_change", "would_leave", "refused" };

struct diff {
        struct cx *cx;
        const struct definition *def;
        int64_t job, after;
        enum kind kind;
        const struct item **items;    /* columns of the file */
        const struct definition **to; /* of a reference whose key may be seen; NULL */
        size_t count;
        bool blank_keeps;
        json_t *names; /* of accounts, by number */
};

static rc columns_read(struct diff *d, const json_t *names)
{
        size_t n = json_array_size(names);

        d->items = NEW_ARRAY(d->cx->mem, const struct item *, n + 1);
        d->to = NEW_ARRAY(d->cx->mem, const struct definition *, n + 1);
        for (size_t i = 0; i < n; i++) {
                const struct item *item = definition_item(d->def, json_text(json_array_get(names, i)));
                const struct definition *to = NULL;

                if (item == NULL)
                        return fail(d->cx, RC_CONFLICT, NULL,
                                    "the definition of this register has changed since the file was read; please send the file again");
                if (item->type == ITEM_REFERENCE)
                        TRY(definition_get(d->cx, item->reference, &to));
                if (to != NULL && to->key != NULL && sql_visible(d->cx, to->key) && permission_held_for(d->cx, PERM_RECORD_READ, to->name))
                        d->to[i] = to;
                d->items[d->count++] = item;
        }
        return RC_OK;
}

/* (s.cells[3])::date */
static void cell_sql(struct sql *sql, const struct diff *d, size_t i)
{
        sql_add(sql, "(s.cells[");
        sql_int(sql, (int64_t)i + 1);
        sql_add(sql, "])::");
        buf_add(&sql->text, str_of(item_pg_type(d->items[i])));
}

static void column_sql(struct sql *sql, const struct item *item)
{
        sql_add(sql, "t.");
        sql_name(sql, item->name);
}

/* What the record would hold. */
static void new_sql(struct sql *sql, const struct diff *d, size_t i)
{
        if (d->blank_keeps)
                sql_add(sql, "coalesce(");
        cell_sql(sql, d, i);
        if (d->blank_keeps) {
                sql_add(sql, ", ");
                column_sql(sql, d->items[i]);
                sql_add(sql, ")");
        }
}

/* A value as text; a reference as the key of its record. */
static void text_sql(struct sql *sql, const struct diff *d, size_t i, bool old)
{
        if (d->to[i] != NULL) {
                sql_add(sql, "(select k.");
                sql_name(sql, d->to[i]->key->name);
                sql_add(sql, "::text from ");
                sql_table(sql, d->to[i]);
                sql_add(sql, " k where k.id = ");
        }
        if (old)
                column_sql(sql, d->items[i]);
        else if (d->kind == KIND_NEW)
                cell_sql(sql, d, i);
        else
                new_sql(sql, d, i);
        buf_add(&sql->text, d->to[i] != NULL ? S(")") : S("::text"));
}

static void heading_sql(struct sql *sql, const struct definition *def)
{
        sql_add(sql, ", concat_ws(' '");
        for (size_t i = 0; i < def->heading_count; i++) {
                sql_add(sql, ", ");
                column_sql(sql, def->heading[i]);
                sql_add(sql, "::text");
        }
        sql_add(sql, ")");
}

static void changes_sql(struct sql *sql, const struct diff *d)
{
        for (size_t i = 0; i < d->count; i++) {
                sql_add(sql, ", ");
                text_sql(sql, d, i, true);
                sql_add(sql, ", ");
                text_sql(sql, d, i, false);
                sql_add(sql, ", ");
                column_sql(sql, d->items[i]);
                sql_add(sql, " is distinct from ");
                new_sql(sql, d, i);
        }
}

static rc rows_read(const struct diff *d, struct rows **ret)
{
        struct sql *sql = sql_open(d->cx);

        sql_add(sql, "select s.line");
        if (d->kind == KIND_REFUSED)
                sql_add(sql, ", s.told::text");
        if (d->kind == KIND_NEW)
                for (size_t i = 0; i < d->count; i++) {
                        sql_add(sql, ", ");
                        text_sql(sql, d, i, false);
                }
        if (d->kind == KIND_CHANGED || d->kind == KIND_UNCHANGED) {
                sql_add(sql, ", s.record, t.version is distinct from s.version");
                heading_sql(sql, d->def);
        }
        if (d->kind == KIND_CHANGED)
                changes_sql(sql, d);
        sql_add(sql, " from tenant.import_row s");
        if (d->kind == KIND_CHANGED || d->kind == KIND_UNCHANGED) {
                sql_add(sql, " left join ");
                sql_table(sql, d->def);
                sql_add(sql, " t on t.id = s.record");
        }
        sql_add(sql, " where s.job = ");
        sql_arg(sql, db_int(d->cx, d->job), "bigint");
        sql_add(sql, " and s.kind = ");
        sql_int(sql, d->kind);
        sql_add(sql, " and s.line > ");
        sql_arg(sql, db_int(d->cx, d->after), "bigint");
        sql_add(sql, " order by s.line limit ");
        sql_int(sql, IMPORT_DIFF_LIMIT + 1);
        return record_row_run(sql, d->def, ret);
}

static json_t *shown(const struct diff *d, size_t i, str stored)
{
        if (str_absent(stored))
                return json_null();
        if (d->items[i]->type == ITEM_ACCOUNT && json_object_get(d->names, str_z(d->cx->mem, stored)) != NULL)
                return json_object_get(d->names, str_z(d->cx->mem, stored));
        return json_str(d->items[i]->type == ITEM_REFERENCE ? stored : item_show(d->cx->mem, d->cx->lang, d->items[i], stored));
}

static void cells_model(const struct diff *d, const struct rows *rows, size_t row, json_t *one)
{
        json_t *cells = json_array();

        for (size_t i = 0; i < d->count; i++)
                json_array_append_new(cells, json_set(json_object(), "text", shown(d, i, rows_text(rows, row, 1 + i))));
        (void)json_set(one, "cells", cells);
}

static void changes_model(const struct diff *d, const struct rows *rows, size_t row, json_t *one)
{
        json_t *items = json_array();

        for (size_t i = 0; i < d->count; i++) {
                size_t at = 4 + 3 * i;
                json_t *m;

                if (!rows_bool(rows, row, at + 2))
                        continue;
                m = json_object();
                (void)json_set(m, "name", json_str(d->items[i]->name));
                (void)json_set(m, "title", json_str(d->items[i]->title[d->cx->lang]));
                (void)json_set(m, "old", shown(d, i, rows_text(rows, row, at)));
                (void)json_set(m, "new", shown(d, i, rows_text(rows, row, at + 1)));
                json_array_append_new(items, m);
        }
        (void)json_set(one, "items", items);
}

static rc row_model(const struct diff *d, const struct rows *rows, size_t row, json_t **ret)
{
        json_t *one = json_object(), *problems;

        (void)json_set(one, "line", json_integer(rows_int(rows, row, 0)));
        if (d->kind == KIND_NEW)
                cells_model(d, rows, row, one);
        if (d->kind == KIND_REFUSED) {
                TRY(json_read(d->cx, rows_text(rows, row, 1), &problems));
                (void)json_set(one, "problems", problems);
        }
        if (d->kind == KIND_CHANGED || d->kind == KIND_UNCHANGED) {
                (void)json_set(one, "record", json_integer(rows_int(rows, row, 1)));
                (void)json_set(one, "moved", json_boolean(rows_bool(rows, row, 2)));
                (void)json_set(one, "heading", json_str(rows_text(rows, row, 3)));
        }
        if (d->kind == KIND_CHANGED)
                changes_model(d, rows, row, one);
        *ret = one;
        return RC_OK;
}

/* Accounts stand in these rows by number. */
static rc names_read(struct diff *d, const struct rows *rows)
{
        size_t n = 0, count = rows_count(rows);
        str *ids = NEW_ARRAY(d->cx->mem, str, 2 * count * d->count + 1);

        for (size_t i = 0; i < d->count; i++)
                for (size_t row = 0; d->items[i]->type == ITEM_ACCOUNT && row < count; row++) {
                        if (d->kind == KIND_NEW) {
                                ids[n++] = rows_text(rows, row, 1 + i);
                        } else if (d->kind == KIND_CHANGED) {
                                ids[n++] = rows_text(rows, row, 4 + 3 * i);
                                ids[n++] = rows_text(rows, row, 5 + 3 * i);
                        }
                }
        for (size_t i = n; i > 0; i--)
                if (str_absent(ids[i - 1]))
                        ids[i - 1] = ids[--n];
        return n > 0 ? item_account_names(d->cx, ids, n, &d->names) : RC_OK;
}

static rc list(struct diff *d, json_t *model)
{
        json_t *rows = json_array(), *columns = json_array(), *one;
        struct rows *found;
        size_t n;

        TRY(rows_read(d, &found));
        TRY(names_read(d, found));
        n = rows_count(found);
        for (size_t i = 0; i < d->count; i++) {
                one = json_set(json_object(), "name", json_str(d->items[i]->name));
                json_array_append_new(columns, json_set(one, "title", json_str(d->items[i]->title[d->cx->lang])));
        }
        for (size_t i = 0; i < n && i < IMPORT_DIFF_LIMIT; i++) {
                TRY(row_model(d, found, i, &one));
                json_array_append_new(rows, one);
        }
        (void)json_set(model, "columns", columns);
        (void)json_set(model, "rows", rows);
        (void)json_set(model, "next", n > IMPORT_DIFF_LIMIT ? json_integer(rows_int(found, IMPORT_DIFF_LIMIT - 1, 0)) : json_null());
        return RC_OK;
}

static rc kind_read(struct diff *d, str wanted, const json_t *result)
{
        static const enum kind order[] = { KIND_CHANGED, KIND_NEW, KIND_REFUSED, KIND_UNCHANGED };

        for (enum kind k = KIND_NEW; k < KINDS; k++)
                if (str_is(wanted, kinds[k]))
                        d->kind = k;
        if (!str_empty(wanted) && d->kind == 0)
                return fail(d->cx, RC_INVALID, "kind", "must be one of: %s", "new changed unchanged refused");
        for (size_t i = 0; i < COUNT(order) && d->kind == 0; i++)
                if (json_integer_value(json_object_get(result, numbers[order[i]])) > 0)
                        d->kind = order[i];
        if (d->kind == 0)
                d->kind = KIND_NEW;
        return RC_OK;
}

rc import_diff_get(struct cx *cx, const struct job_sight *sight, str register_name, int64_t id, str kind, int64_t after, json_t **ret)
{
        struct diff d = { .cx = cx, .job = id, .after = after };
        json_t *model = json_object(), *job, *result;

        if (cx->masked)
                return fail(cx, RC_FORBIDDEN, NULL, "an account that may not see personal items cannot import files");
        TRY(definition_get(cx, register_name, &d.def));
        TRY(import_job(cx, sight, register_name, id, &job));
        result = json_object_get(job, "result");
        TRY(kind_read(&d, kind, result));
        (void)json_set(model, "register", definition_model(cx, d.def));
        (void)json_set(model, "job", job);
        (void)json_set(model, "kind", json_string(kinds[d.kind]));
        d.blank_keeps = json_is_true(json_object_get(result, "blank_keeps"));
        if (json_is_true(json_object_get(job, "is_ready"))) {
                TRY(columns_read(&d, json_object_get(result, "columns")));
                TRY(list(&d, model));
        }
        *ret = model;
        return RC_OK;
}
