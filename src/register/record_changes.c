/* record_changes.c - see record_changes.h. */
#include "base/house.h"

#include "register/record_changes.h"

#include "base/fail.h"
#include "register/item.h"
#include "register/record_row.h"

static json_t *value_after(const struct definition *def, const char *name, const struct record *now)
{
        const struct item *item = definition_item_ever(def, str_of(name));

        return item != NULL && now != NULL ? item_json(item, now->values[item->number]) : json_null();
}

rc record_changes(struct cx *cx, const struct definition *def, int64_t id, int64_t before, int limit, struct record_change **ret, size_t *ret_count)
{
        struct sql *sql = sql_open(cx);
        struct record_change *list;
        struct record *now = NULL;
        struct rows *rows;
        size_t count;

        sql_add(sql, "select c.id, c.version, c.at, c.actor, c.job, c.deleted, c.old::text from tenant.");
        if (cx->masked)
                sql_names(sql, "mc_", def->name, "");
        else
                sql_add(sql, "change");
        sql_add(sql, " c where c.register = ");
        sql_arg(sql, db_int(cx, def->id), "bigint");
        sql_add(sql, " and c.record = ");
        sql_arg(sql, db_int(cx, id), "bigint");
        /* from the newest on: what a change made of an item is what the next one found, or what the record holds now */
        sql_add(sql, " order by c.id desc limit ");
        sql_int(sql, 2000);
        TRY(record_row_run(sql, def, &rows));
        count = rows_count(rows);
        if (count == 0 || !rows_bool(rows, 0, 5)) {
                const struct definition *same;

                if (record_get(cx, def->name, id, &same, &now) != RC_OK) {
                        if (cx->failure.code != RC_UNKNOWN || count == 0)
                                return cx->failure.code;
                        fail_clear(cx);
                        now = NULL;
                }
                def = now ? same : def;
        }
        list = NEW_ARRAY(cx->mem, struct record_change, count + 1);
        {
                json_t *known = json_object();
                const char *name;
                json_t *value;
                size_t n = 0;

                for (size_t i = 0; i < count && n < (size_t)limit; i++) {
                        struct record_change c = { .id = rows_int(rows, i, 0),
                                                   .version = rows_int(rows, i, 1),
                                                   .at = rows_time(rows, i, 2),
                                                   .actor = rows_text(rows, i, 3),
                                                   .job = rows_int(rows, i, 4),
                                                   .deleted = rows_bool(rows, i, 5),
                                                   .new = json_object() };

                        TRY(json_read(cx, rows_text(rows, i, 6), &c.old));
                        json_object_foreach(c.old, name, value) {
                                json_t *next = json_object_get(known, name);

                                if (!c.deleted)
                                        json_object_set_new(c.new, name, next ? json_incref(next) : value_after(def, name, now));
                                json_object_set(known, name, value);
                        }
                        if (before == 0 || c.id < before)
                                list[n++] = c;
                }
                *ret_count = n;
        }
        *ret = list;
        return RC_OK;
}
