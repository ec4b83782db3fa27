/* define_laid.c - see define_laid.h. */
#include "base/house.h"

#include "register/define_laid.h"

#include "base/clock.h"
#include "base/fail.h"
#include "db/db.h"
#include "identity/permission.h"
#include "log/log.h"
#include "register/attachment_trigger.h"
#include "register/define.sql.h"
#include "register/define_aside.h"
#include "register/sql.h"

/* What can be brought back ----------------------------------------------------------------------------------------------------------- */

static json_t *title_in(const struct cx *cx, json_t *title, str name)
{
        json_t *in = json_is_object(title) ? json_object_get(title, cx->lang == LANG_JA ? "ja" : "en") : title;

        if (in == NULL)
                in = json_object_get(title, cx->lang == LANG_JA ? "en" : "ja");
        return json_is_string(in) ? json_incref(in) : json_str(name);
}

static json_t *gone_model(struct cx *cx, const struct define_gone *row, json_t *m)
{
        (void)json_set(m, "id", json_integer(row->id));
        (void)json_set(m, "actor", json_str(row->actor));
        (void)json_set(m, "deleted_at", json_str(clock_rfc3339(cx->mem, row->at)));
        return json_set(m, "until_at", json_str(clock_rfc3339(cx->mem, row->due_at)));
}

rc define_laid_items(struct cx *cx, str register_name, json_t **ret)
{
        json_t *list = json_array();
        struct define_gone *rows;
        size_t count;

        TRY(sql_define_laid(cx, cx->tenant, register_name, &rows, &count));
        for (size_t i = 0; i < count; i++) {
                json_t *detail, *item, *m = json_object();

                TRY(json_read(cx, rows[i].detail, &detail));
                item = json_object_get(detail, "item");
                (void)json_set(m, "name", json_str(rows[i].item));
                (void)json_set(m, "title", title_in(cx, json_object_get(item, "title"), rows[i].item));
                (void)json_set(m, "type", json_str(json_get_text(item, "type")));
                (void)json_set(m, "records", json_integer(json_integer_value(json_object_get(detail, "records"))));
                json_array_append_new(list, gone_model(cx, &rows[i], m));
        }
        *ret = list;
        return RC_OK;
}

rc define_laid_registers(struct cx *cx, json_t **ret)
{
        json_t *list = json_array();
        struct define_gone *rows;
        size_t count;

        TRY(sql_define_laid(cx, cx->tenant, STR_NONE, &rows, &count));
        for (size_t i = 0; i < count; i++) {
                json_t *detail, *m = json_object();

                if (!permission_held_for(cx, PERM_REGISTER_DEFINE, rows[i].register_))
                        continue;
                TRY(json_read(cx, rows[i].detail, &detail));
                (void)json_set(m, "name", json_str(rows[i].register_));
                (void)json_set(m, "title", title_in(cx, json_object_get(detail, "title"), rows[i].register_));
                json_array_append_new(list, gone_model(cx, &rows[i], m));
        }
        *ret = list;
        return RC_OK;
}

rc define_laid_return(struct cx *cx, str register_name, int64_t id, int64_t *ret_job, json_t **ret_plan)
{
        struct define_wish *wish = NEW(cx->mem, struct define_wish);
        const struct definition *def;
        json_t *source, *items, *detail;
        struct define_gone *row;
        size_t number;

        TRY(definition_get(cx, register_name, &def));
        log_subject(cx, S("register"), def->id);
        TRY(sql_define_laid_one(cx, cx->tenant, id, &row));
        if (row == NULL || str_absent(row->item) || !str_equal(row->register_, register_name))
                return fail(cx, RC_UNKNOWN, NULL, "there is no such item that could be brought back");
        TRY(json_read(cx, row->detail, &detail));
        source = json_deep_copy(def->source);
        items = json_object_get(source, "items");
        number = (size_t)json_integer_value(json_object_get(detail, "number"));
        must(json_array_insert(items, number < json_array_size(items) ? number : json_array_size(items), json_object_get(detail, "item")) == 0);
        wish->back = row->item;
        return define_queue(cx, source, wish, ret_job, ret_plan);
}

/* What is due ------------------------------------------------------------------------------------------------------------------------ */

rc define_laid_next(struct cx *cx, int64_t after, str *ret_tenant, int64_t *ret_id)
{
        struct define_due *due;

        TRY(sql_define_due_after(cx, after, &due));
        *ret_tenant = due ? due->tenant : STR_NONE;
        *ret_id = due ? due->id : 0;
        return RC_OK;
}

static rc bytes_ask(struct cx *cx, str table)
{
        return sql_define_bytes(cx, str_format(cx->mem, "t_%.*s.%.*s", STR_ARG(cx->tenant), STR_ARG(table)));
}

/* The column, and what the history holds of it. */
static rc item_drop(struct cx *cx, const struct define_owed *row)
{
        struct sql *sql = sql_open(cx);
        size_t changed;

        define_aside_lock(sql, row->register_);
        sql_add(sql, "alter table tenant.");
        sql_names(sql, "r_", row->register_, "");
        sql_add(sql, " drop column if exists ");
        define_aside_gone(sql, row->id);
        sql_add(sql, ";\n");
        TRY(attachment_trigger_drop(cx, row->register_id, row->item));
        TRY(sql_define_history_forget(cx, row->register_id, row->item, &changed));
        TRY(db_script(cx, buf_str(&sql->text)));
        TRY(bytes_ask(cx, S("change")));
        return bytes_ask(cx, str_format(cx->mem, "r_%.*s", STR_ARG(row->register_)));
}

static rc register_drop(struct cx *cx, const struct define_owed *row)
{
        static const char *const functions[] = { "c_", "f_", "g_", "k_", "o_", "s_", "n_", "d_" };
        struct sql *sql = sql_open(cx);
        size_t changed;

        define_aside_lock(sql, row->register_);
        sql_add(sql, "drop table tenant.");
        sql_names(sql, "r_", row->register_, "");
        sql_add(sql, " cascade;\ndrop view if exists tenant.");
        sql_names(sql, "mc_", row->register_, "");
        sql_add(sql, ";\n");
        for (size_t i = 0; i < COUNT(functions); i++) {
                sql_add(sql, "drop function if exists tenant.");
                sql_names(sql, functions[i], row->register_, "");
                sql_add(sql, "();\n");
        }
        TRY(db_script(cx, buf_str(&sql->text)));
        TRY(attachment_trigger_drop(cx, row->register_id, STR_NONE));
        TRY(sql_define_history_forget_all(cx, row->register_id, &changed));
        TRY(sql_define_registers_gone(cx, row->register_, &changed));
        TRY(sql_define_end_all(cx, cx->tenant, row->register_));
        return bytes_ask(cx, S("change"));
}

rc define_laid_take(struct cx *cx, int64_t id, json_t **ret)
{
        struct define_owed *row;
        json_t *m = json_object();

        TRY(sql_define_due_one(cx, cx->tenant, id, &row));
        if (row == NULL || !row->due)
                return RC_OK;
        log_subject(cx, S("register"), row->register_id);
        if (str_is(row->kind, "change")) {
                TRY(define_aside_drop(cx, row->register_, row->detail));
                TRY(sql_define_rows_erase(cx, id));
        } else if (str_is(row->kind, "item")) {
                TRY(item_drop(cx, row));
        } else {
                TRY(register_drop(cx, row));
        }
        TRY(sql_define_end(cx, id));
        (void)json_set(m, "register", json_str(row->register_));
        (void)json_set(m, "gone", json_str(row->kind));
        if (!str_absent(row->item))
                (void)json_set(m, "item", json_str(row->item));
        *ret = m;
        return RC_OK;
}
