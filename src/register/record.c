/* record.c - see record.h: one record read, made, changed, erased. */
#include "base/house.h"

#include "register/record.h"

#include "base/fail.h"
#include "identity/permission.h"
#include "register/record_input.h"
#include "register/record_row.h"

static rc unknown(struct cx *cx)
{
        return fail(cx, RC_UNKNOWN, NULL, "there is no such record");
}

rc record_get(struct cx *cx, str register_name, int64_t id, const struct definition **ret_def, struct record **ret)
{
        const struct definition *def;
        struct record *rec = NEW(cx->mem, struct record);
        bool again = true;

        TRY(definition_recall(cx, register_name, &def));
        for (int tries = 0; again && tries < RECORD_ROW_TRIES; tries++) {
                struct sql *sql = sql_open(cx);
                struct rows *rows;

                record_row_select(sql, def, false);
                sql_table(sql, def);
                sql_add(sql, " r on r.id = ");
                sql_arg(sql, db_int(cx, id), "bigint");
                record_row_where(sql, def);
                TRY(record_row_run(sql, def, &rows));
                TRY(record_row_checked(cx, &def, rows_count(rows) ? rows_int(rows, 0, 0) : -1, &again));
                if (!again && rows_null(rows, 0, 1))
                        return unknown(cx);
                if (!again)
                        record_row_read(cx, def, rows, 0, 1, false, rec);
        }
        if (again)
                return fail(cx, RC_BUSY, NULL, "this register was changed just now; please try again");
        *ret_def = def;
        *ret = rec;
        return RC_OK;
}

static void version_check(struct sql *sql, const struct definition *def)
{
        sql_add(sql, "exists (select 1 from tenant.register d where d.name = ");
        sql_arg(sql, def->name, "text");
        sql_add(sql, " and d.version = ");
        sql_arg(sql, db_int(sql->cx, def->version), "bigint");
        sql_add(sql, ")");
}

static void insert_sql(struct sql *sql, const struct definition *def, const struct record_input *in)
{
        size_t n = 0;

        sql_add(sql, "insert into ");
        sql_table(sql, def);
        sql_add(sql, " as r (");
        for (size_t i = 0; i < def->item_count; i++)
                if (in->given[i]) {
                        if (n++ > 0)
                                sql_add(sql, ", ");
                        sql_name(sql, def->items[i].name);
                }
        sql_add(sql, ") select ");
        for (size_t i = 0, m = 0; i < def->item_count; i++)
                if (in->given[i]) {
                        if (m++ > 0)
                                sql_add(sql, ", ");
                        sql_value(sql, &def->items[i], in->values[i]);
                }
        sql_add(sql, " where ");
        version_check(sql, def);
        sql_add(sql, " returning ");
        sql_columns(sql, def, false);
}

rc record_create(struct cx *cx, str register_name, const json_t *object, const struct definition **ret_def, struct record **ret)
{
        const struct definition *def;
        struct record *rec = NEW(cx->mem, struct record);

        TRY(definition_recall(cx, register_name, &def));
        for (int tries = 0; tries < RECORD_ROW_TRIES; tries++) {
                struct record_input *in = NULL;
                struct sql *sql = sql_open(cx);
                struct rows *rows;
                bool again;
                rc code = record_input_read(cx, def, object, true, &in);

                if (code != RC_OK) {
                        TRY(record_row_refused(cx, &def, code, &again));
                        continue;
                }
                insert_sql(sql, def, in);
                TRY(record_row_run(sql, def, &rows));
                if (rows_count(rows) == 1) {
                        record_row_read(cx, def, rows, 0, 0, false, rec);
                        *ret_def = def;
                        *ret = rec;
                        return RC_OK;
                }
                TRY(definition_get(cx, register_name, &def));
        }
        return fail(cx, RC_BUSY, NULL, "this register was changed just now; please try again");
}

static rc stale(struct cx *cx, int64_t seen, int64_t now)
{
        return fail(cx, RC_STALE, NULL, "somebody changed this record in the meantime: you saw version %lld, it is now %lld", (long long)seen,
                    (long long)now);
}

static size_t given_count(const struct definition *def, const struct record_input *in)
{
        size_t n = 0;

        for (size_t i = 0; i < def->item_count; i++)
                n += in->given[i];
        return n;
}

static void update_sql(struct sql *sql, const struct definition *def, int64_t id, int64_t version, const struct record_input *in)
{
        size_t n = 0;

        sql_add(sql, "update ");
        sql_table(sql, def);
        sql_add(sql, " as r set version = r.version + 1, updated_at = daicho.clock(), updated_by = "
                     "coalesce(current_setting('daicho.actor', true), '')");
        for (size_t i = 0; i < def->item_count; i++)
                if (in->given[i]) {
                        sql_add(sql, ", ");
                        sql_name(sql, def->items[i].name);
                        sql_add(sql, " = ");
                        sql_value(sql, &def->items[i], in->values[i]);
                }
        sql_add(sql, " where r.id = ");
        sql_arg(sql, db_int(sql->cx, id), "bigint");
        sql_add(sql, " and r.version = ");
        sql_arg(sql, db_int(sql->cx, version), "bigint");
        sql_add(sql, " and (");
        for (size_t i = 0; i < def->item_count; i++)
                if (in->given[i]) {
                        if (n++ > 0)
                                sql_add(sql, " or ");
                        sql_column(sql, &def->items[i]);
                        sql_add(sql, " is distinct from ");
                        sql_value(sql, &def->items[i], in->values[i]);
                }
        sql_add(sql, ") and ");
        version_check(sql, def);
        sql_add(sql, " returning ");
        sql_columns(sql, def, false);
}

rc record_update(struct cx *cx, str register_name, int64_t id, int64_t version, const json_t *object, const struct definition **ret_def,
                 struct record **ret)
{
        const struct definition *def;
        struct record *rec = NEW(cx->mem, struct record);

        TRY(definition_recall(cx, register_name, &def));
        for (int tries = 0; tries < RECORD_ROW_TRIES; tries++) {
                const struct definition *seen = def;
                int64_t seen_version = def->version;
                struct record_input *in = NULL;
                struct sql *sql = sql_open(cx);
                struct rows *rows;
                bool again;
                rc code = record_input_read(cx, def, object, false, &in);

                if (code != RC_OK) {
                        TRY(record_row_refused(cx, &def, code, &again));
                        continue;
                }
                if (given_count(def, in) > 0) {
                        update_sql(sql, def, id, version, in);
                        TRY(record_row_run(sql, def, &rows));
                        if (rows_count(rows) == 1) {
                                record_row_read(cx, def, rows, 0, 0, false, rec);
                                *ret_def = def;
                                *ret = rec;
                                return RC_OK;
                        }
                }
                /* gone, changed by somebody, of another definition, or nothing differs */
                TRY(record_get(cx, register_name, id, &def, ret));
                if (def != seen || def->version != seen_version)
                        continue;
                *ret_def = def;
                return (*ret)->version == version ? RC_OK : stale(cx, version, (*ret)->version);
        }
        return fail(cx, RC_BUSY, NULL, "this register was changed just now; please try again");
}

/* How many records refer to this entry of a look-up list; and the titles of their registers, those the account may know of. */
static rc users_count(struct cx *cx, const struct definition *def, int64_t id, int64_t *ret, struct buf *titles)
{
        const struct definition **list;
        size_t count;

        *ret = 0;
        TRY(definition_referrers(cx, def->name, &list, &count));
        for (size_t i = 0; i < count; i++) {
                int64_t before = *ret;

                for (size_t k = 0; k < list[i]->item_count; k++) {
                        const struct item *item = &list[i]->items[k];
                        struct sql *sql = sql_open(cx);
                        struct rows *rows;

                        if (item->type != ITEM_REFERENCE || !str_equal(item->reference, def->name) || !sql_visible(cx, item))
                                continue;
                        sql_add(sql, "select count(*) from ");
                        sql_table(sql, list[i]);
                        sql_add(sql, " r where ");
                        sql_column(sql, item);
                        sql_add(sql, " = ");
                        sql_arg(sql, db_int(cx, id), "bigint");
                        TRY(record_row_run(sql, list[i], &rows));
                        *ret += rows_int(rows, 0, 0);
                }
                if (*ret == before || permission_hidden(cx, list[i]->name))
                        continue;
                if (buf_str(titles).n > 0)
                        buf_add(titles, cx->lang == LANG_EN ? S(", ") : S("、"));
                buf_add(titles, list[i]->title[cx->lang]);
        }
        return RC_OK;
}

/* The foreign keys refuse it as well; here it is told how often it is used, and where. */
static rc unused_check(struct cx *cx, const struct definition *def, int64_t id)
{
        struct buf titles = buf_open(cx->mem, KB(16));
        int64_t count;

        if (def->kind != REGISTER_REFERENCE)
                return RC_OK;
        TRY(users_count(cx, def, id, &count, &titles));
        if (count == 0)
                return RC_OK;
        if (buf_str(&titles).n == 0)
                return fail(cx, RC_CONFLICT, NULL, "this entry is used by %lld records and cannot be deleted", (long long)count);
        return fail(cx, RC_CONFLICT, NULL, "this entry is used by %lld records (%.*s) and cannot be deleted", (long long)count,
                    STR_ARG(buf_str(&titles)));
}

rc record_erase(struct cx *cx, str register_name, int64_t id, int64_t version, const struct definition **ret_def, struct record **ret)
{
        const struct definition *def;
        struct sql *sql = sql_open(cx);
        struct rows *rows;

        TRY(record_get(cx, register_name, id, &def, ret));
        *ret_def = def;
        if ((*ret)->version != version)
                return stale(cx, version, (*ret)->version);
        TRY(unused_check(cx, def, id));
        sql_add(sql, "delete from ");
        sql_table(sql, def);
        sql_add(sql, " r where r.id = ");
        sql_arg(sql, db_int(cx, id), "bigint");
        sql_add(sql, " and r.version = ");
        sql_arg(sql, db_int(cx, version), "bigint");
        TRY(record_row_run(sql, def, &rows));
        if (rows_changed(rows) == 0)
                return fail(cx, RC_STALE, NULL, "somebody changed this record at the same moment; please look at it again");
        return RC_OK;
}
