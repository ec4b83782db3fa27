/* record_model.c - see record_model.h. */
#include "base/house.h"

#include "register/record_model.h"

#include "base/clock.h"
#include "identity/permission.h"
#include "register/item.h"
#include "register/record_row.h"

str record_model_actor(str actor)
{
        str rest;

        (void)str_cut(actor, ':', &rest);
        if (str_absent(rest))
                return actor;
        (void)str_cut(rest, ':', &rest);
        return str_absent(rest) ? actor : rest;
}

json_t *record_model(struct cx *cx, const struct definition *def, const struct record *rec, bool narrow)
{
        json_t *m = json_object();

        (void)json_set(m, "id", json_integer(rec->id));
        (void)json_set(m, "version", json_integer(rec->version));
        for (size_t i = 0; i < def->item_count; i++) {
                const struct item *item = &def->items[i];

                if (narrow && !sql_listed(item))
                        continue;
                if (sql_visible(cx, item))
                        (void)json_set(m, item->name.p, item_json(item, rec->values[i]));
                else
                        (void)json_set(m, item->name.p, json_set(json_object(), "masked", json_true()));
        }
        (void)json_set(m, "created_at", json_str(clock_rfc3339(cx->mem, rec->created_at)));
        (void)json_set(m, "created_by", json_str(record_model_actor(rec->created_by)));
        (void)json_set(m, "updated_at", json_str(clock_rfc3339(cx->mem, rec->updated_at)));
        (void)json_set(m, "updated_by", json_str(record_model_actor(rec->updated_by)));
        (void)json_set(m, "origin", rec->origin ? json_integer(rec->origin) : json_null());
        return m;
}

/* Values by number, as rows of `values` or of a record. */
static str heading_of(struct cx *cx, const struct definition *def, int64_t id, const str *values)
{
        str s = S("");

        for (size_t i = 0; i < def->heading_count; i++) {
                const struct item *item = def->heading[i];
                str one;

                if (!sql_visible(cx, item))
                        continue;
                one = item_show(cx->mem, cx->lang, item, values[item->number]);
                if (one.n > 0)
                        s = s.n ? str_format(cx->mem, "%.*s %.*s", STR_ARG(s), STR_ARG(one)) : one;
        }
        return s.n ? s : str_format(cx->mem, "#%" PRId64, id);
}

static json_t *numbers_model(struct cx *cx, const int64_t *ids, size_t count)
{
        json_t *all = json_object();

        for (size_t i = 0; i < count; i++)
                (void)json_set(all, db_int(cx, ids[i]).p, json_str(str_format(cx->mem, "#%" PRId64, ids[i])));
        return all;
}

rc record_model_headings(struct cx *cx, str register_name, const int64_t *ids, size_t count, json_t **ret)
{
        if (permission_held_for(cx, PERM_RECORD_READ, register_name))
                return record_model_names(cx, register_name, ids, count, ret);
        *ret = numbers_model(cx, ids, count);
        return RC_OK;
}

rc record_model_named(struct cx *cx, enum lang lang, str register_name, int64_t id, bool reads, str *ret_title, str *ret_heading)
{
        enum lang before = cx->lang;
        const struct definition *def;
        json_t *names;
        rc result;

        TRY(definition_get(cx, register_name, &def));
        *ret_title = def->title[lang];
        *ret_heading = str_format(cx->mem, "#%" PRId64, id);
        if (!reads)
                return RC_OK;
        cx->lang = lang;
        result = record_model_names(cx, register_name, &id, 1, &names);
        cx->lang = before;
        if (result == RC_OK)
                *ret_heading = json_get_text(names, db_int(cx, id).p);
        return result;
}

rc record_model_names(struct cx *cx, str register_name, const int64_t *ids, size_t count, json_t **ret)
{
        const struct definition *def;
        struct sql *sql = sql_open(cx);
        str *numbers = NEW_ARRAY(cx->mem, str, count + 1);
        json_t *all = numbers_model(cx, ids, count);
        struct rows *rows;

        *ret = all;
        if (count == 0)
                return RC_OK;
        TRY(definition_get(cx, register_name, &def));
        for (size_t i = 0; i < count; i++)
                numbers[i] = db_int(cx, ids[i]);
        sql_add(sql, "select r.id");
        for (size_t i = 0; i < def->heading_count; i++)
                if (sql_visible(cx, def->heading[i])) {
                        sql_add(sql, ", ");
                        sql_column(sql, def->heading[i]);
                }
        sql_add(sql, " from ");
        sql_table(sql, def);
        sql_add(sql, " r where r.id = any (");
        sql_arg(sql, db_array(cx, numbers, count), "bigint");
        sql_add(sql, "[])");
        TRY(record_row_run(sql, def, &rows));
        for (size_t i = 0; i < rows_count(rows); i++) {
                str *values = NEW_ARRAY(cx->mem, str, def->item_count);
                size_t column = 1;

                for (size_t h = 0; h < def->heading_count; h++)
                        if (sql_visible(cx, def->heading[h]))
                                values[def->heading[h]->number] = rows_text(rows, i, column++);
                (void)json_set(all, db_int(cx, rows_int(rows, i, 0)).p, json_str(heading_of(cx, def, rows_int(rows, i, 0), values)));
        }
        return RC_OK;
}
