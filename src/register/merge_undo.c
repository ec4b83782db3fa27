/* merge_undo.c - see merge_undo.h. Alias g is what the record that went held (a row of tenant.change as columns), v what the survivor held before, t a
 * record as it is now. */
#include "base/house.h"

#include "register/merge_undo.h"

#include "base/clock.h"
#include "base/fail.h"
#include "identity/permission.h"
#include "log/log.h"
#include "register/alike.h"
#include "register/item.h"
#include "register/merge.sql.h"
#include "register/record_model.h"
#include "register/record_row.h"

/* Lists -------------------------------------------------------------------------------------------------------------------------------- */

static rc taken_titles(struct cx *cx, const struct definition *def, str json, json_t **ret)
{
        json_t *names, *list = json_array();
        const json_t *one;
        size_t i;

        TRY(json_read(cx, json, &names));
        json_array_foreach(names, i, one) {
                const struct item *item = definition_item_ever(def, json_text(one));

                json_array_append_new(list, json_str(item ? item->title[cx->lang] : json_text(one)));
        }
        *ret = list;
        return RC_OK;
}

static rc merge_told(struct cx *cx, const struct definition *def, const struct merge_row *row, json_t **ret)
{
        json_t *m = json_object(), *taken;

        TRY(taken_titles(cx, def, row->taken, &taken));
        (void)json_set(m, "id", json_integer(row->id));
        (void)json_set(m, "survivor", json_integer(row->survivor));
        (void)json_set(m, "gone", json_integer(row->gone));
        (void)json_set(m, "taken", taken);
        (void)json_set(m, "moved", json_integer(row->moved));
        (void)json_set(m, "at", json_str(clock_rfc3339(cx->mem, row->at)));
        (void)json_set(m, "merged_at", json_str(clock_rfc3339(cx->mem, row->at)));
        (void)json_set(m, "actor", json_str(record_model_actor(row->actor)));
        (void)json_set(m, "until_at", json_str(clock_rfc3339(cx->mem, row->until)));
        (void)json_set(m, "open", json_boolean(row->open && row->undone_at_null));
        (void)json_set(m, "over", json_boolean(!row->open));
        (void)json_set(m, "change", row->survivor_change_null ? json_null() : json_integer(row->survivor_change));
        (void)json_set(m, "undone_at", row->undone_at_null ? json_null() : json_str(clock_rfc3339(cx->mem, row->undone_at)));
        (void)json_set(m, "undone_by", row->undone_at_null ? json_null() : json_str(record_model_actor(row->undone_by)));
        *ret = m;
        return RC_OK;
}

static rc merges_told(struct cx *cx, const struct definition *def, const struct merge_row *list, size_t count, json_t **ret)
{
        int64_t *ids = NEW_ARRAY(cx->mem, int64_t, count + 1);
        json_t *all = json_array(), *headings, *one;

        for (size_t i = 0; i < count; i++)
                ids[i] = list[i].survivor;
        TRY(record_model_headings(cx, def->name, ids, count, &headings));
        for (size_t i = 0; i < count; i++) {
                TRY(merge_told(cx, def, &list[i], &one));
                (void)json_set(one, "survivor_heading", json_object_get(headings, db_int(cx, list[i].survivor).p));
                json_array_append_new(all, one);
        }
        *ret = all;
        return RC_OK;
}

rc merge_undo_list(struct cx *cx, str register_name, int64_t before, json_t **ret)
{
        json_t *model = json_object(), *merges;
        const struct definition *def;
        struct merge_row *list;
        size_t count;

        TRY(alike_allowed(cx));
        TRY(definition_get(cx, register_name, &def));
        TRY(sql_merge_list(cx, def->id, before, MERGE_LIMIT + 1, MERGE_UNDO_DAYS, &list, &count));
        TRY(merges_told(cx, def, list, count > MERGE_LIMIT ? MERGE_LIMIT : count, &merges));
        (void)json_set(model, "register", definition_model(cx, def));
        (void)json_set(model, "merges", merges);
        (void)json_set(model, "next", count > MERGE_LIMIT ? json_integer(list[MERGE_LIMIT - 1].id) : json_null());
        *ret = model;
        return RC_OK;
}

rc merge_undo_of(struct cx *cx, const struct definition *def, int64_t survivor, json_t **ret)
{
        struct merge_row *list;
        size_t count;

        TRY(sql_merge_of(cx, def->id, survivor, MERGE_UNDO_DAYS, &list, &count));
        return merges_told(cx, def, list, count, ret);
}

/* What was, and what is ------------------------------------------------------------------------------------------------------------- */

struct undo {
        struct cx *cx;
        const struct definition *def;
        struct merge_row *row;
        bool there, came, erased; /* the survivor; a record under the number of the one that went; the history that is needed */
        struct rows *rows;        /* one row: by item.number three columns: before (and whether it changed), gone, now */
};

/* "jsonb_to_record(OF) as ALIAS (columns)" */
static void old_values(struct sql *sql, const struct definition *def, const char *of)
{
        merge_text(sql, " cross join lateral jsonb_to_record(");
        merge_text(sql, of);
        for (size_t i = 0, n = 0; i < def->item_count; i++) {
                if (!item_stored(&def->items[i]))
                        continue;
                merge_column(sql, n++ == 0 ? " (" : ", ", &def->items[i]);
                sql_add(sql, " ");
                merge_text(sql, item_pg_type(&def->items[i]));
        }
        sql_add(sql, ")");
}

/* "(select * from tenant.change …)": the one row of the history, of this register. */
static void change_row(struct sql *sql, const struct undo *u, int64_t id)
{
        sql_add(sql, "(select c.* from tenant.change c where c.id = ");
        sql_arg(sql, db_int(sql->cx, id), "bigint");
        sql_add(sql, " and c.register = ");
        sql_arg(sql, db_int(sql->cx, u->def->id), "bigint");
        sql_add(sql, ")");
}

/* The three states of the record, and whether all is there. One row. */
static rc look(struct undo *u)
{
        struct cx *cx = u->cx;
        struct sql *sql = sql_open(cx);

        sql_add(sql, "select t.id is not null, exists (select from ");
        sql_table(sql, u->def);
        sql_add(sql, " x where x.id = ");
        sql_arg(sql, db_int(cx, u->row->gone), "bigint");
        sql_add(sql, "), cg.id is null or (cs.id is null and ");
        merge_text(sql, u->row->survivor_change_null ? "false)" : "true)");
        for (size_t i = 0; i < u->def->item_count; i++) {
                const struct item *item = &u->def->items[i];

                if (!item_stored(item)) {
                        sql_add(sql, ", null, null, null, null");
                        continue;
                }
                sql_add(sql, ", case when jsonb_exists(cs.old, ");
                sql_arg(sql, item->name, "text");
                merge_column(sql, ") then 'x' end, v.", item);
                merge_column(sql, ", g.", item);
                merge_column(sql, ", t.", item);
        }
        sql_add(sql, " from (select) one left join ");
        sql_table(sql, u->def);
        sql_add(sql, " t on t.id = ");
        sql_arg(sql, db_int(cx, u->row->survivor), "bigint");
        sql_add(sql, " left join ");
        change_row(sql, u, u->row->retyped ? 0 : u->row->gone_change); /* values of another type are not read */
        sql_add(sql, " cg on true left join ");
        change_row(sql, u, u->row->retyped || u->row->survivor_change_null ? 0 : u->row->survivor_change);
        sql_add(sql, " cs on true");
        old_values(sql, u->def, "coalesce(cs.old, '{}')) as v");
        old_values(sql, u->def, "coalesce(cg.old, '{}')) as g");
        TRY(record_row_run(sql, u->def, &u->rows));
        u->there = rows_bool(u->rows, 0, 0);
        u->came = rows_bool(u->rows, 0, 1);
        u->erased = rows_bool(u->rows, 0, 2);
        return RC_OK;
}

enum { WAS = 3, EACH = 4 };

static bool same(str a, str b)
{
        return str_absent(a) ? str_absent(b) : !str_absent(b) && str_equal(a, b);
}

/* An item of the survivor that came from the other one, and that somebody gave another value since. */
static bool item_kept(const struct undo *u, size_t i, bool *ret_taken)
{
        *ret_taken = !rows_null(u->rows, 0, WAS + EACH * i);
        return u->row->undone_at_null && *ret_taken && !same(rows_text(u->rows, 0, WAS + EACH * i + 2), rows_text(u->rows, 0, WAS + EACH * i + 3));
}

static rc find(struct cx *cx, str register_name, int64_t id, struct undo *ret)
{
        *ret = (struct undo){ .cx = cx };
        TRY(alike_allowed(cx));
        TRY(definition_get(cx, register_name, &ret->def));
        TRY(sql_merge_find(cx, id, ret->def->id, MERGE_UNDO_DAYS, &ret->row));
        if (ret->row == NULL)
                return fail(cx, RC_UNKNOWN, NULL, "no records were made one under this number");
        return look(ret);
}

/* " and …": t refers to the survivor, as the merge left it; the survivor itself to nothing. */
static void still(struct sql *sql, const struct undo *u, const struct definition *from, const struct item *item)
{
        merge_column(sql, " and (t.", item);
        sql_add(sql, " = ");
        sql_arg(sql, db_int(sql->cx, u->row->survivor), "bigint");
        if (from == u->def) {
                merge_column(sql, " or (t.", item);
                sql_add(sql, " is null and t.id = ");
                sql_arg(sql, db_int(sql->cx, u->row->survivor), "bigint");
                sql_add(sql, ")");
        }
        sql_add(sql, ")");
}

struct moved {
        const struct definition *def;
        const struct item *item;
        str name; /* of the item, then */
        int64_t count;
};

/* What moved, of one register and item: how many still stand as the merge left them. */
static rc standing(const struct undo *u, const struct moved *m, int64_t *ret)
{
        struct sql *sql = sql_open(u->cx);
        struct rows *rows;

        sql_add(sql, "select count(*) from tenant.merge_moved m join ");
        sql_table(sql, m->def);
        sql_add(sql, " t on t.id = m.record where m.merge = ");
        sql_arg(sql, db_int(u->cx, u->row->id), "bigint");
        sql_add(sql, " and m.register = ");
        sql_arg(sql, db_int(u->cx, m->def->id), "bigint");
        sql_add(sql, " and m.item = ");
        sql_arg(sql, m->name, "text");
        still(sql, u, m->def, m->item);
        TRY(record_row_run(sql, m->def, &rows));
        *ret = rows_int(rows, 0, 0);
        return RC_OK;
}

/* Items that are no more have nothing to get back. */
static rc moved_read(const struct undo *u, struct moved **ret, size_t *ret_count)
{
        struct merge_moved_row *rows;
        struct moved *list;
        size_t count, n = 0;

        TRY(sql_merge_moved(u->cx, u->row->id, &rows, &count));
        list = NEW_ARRAY(u->cx->mem, struct moved, count + 1);
        for (size_t i = 0; i < count; i++) {
                struct moved *m = &list[n];

                TRY(definition_get(u->cx, rows[i].register_, &m->def));
                m->item = definition_item_ever(m->def, rows[i].item);
                m->name = rows[i].item;
                m->count = rows[i].count;
                n += m->item != NULL && m->item->type == ITEM_REFERENCE;
        }
        *ret = list;
        *ret_count = n;
        return RC_OK;
}

static bool rights_held(const struct undo *u, const struct moved *list, size_t count)
{
        bool held = permission_held_for(u->cx, PERM_RECORD_WRITE, u->def->name);

        for (size_t i = 0; i < count; i++)
                held = held && permission_held_for(u->cx, PERM_RECORD_WRITE, list[i].def->name);
        return held;
}

static const char *obstacle(const struct undo *u)
{
        return u->row->retyped ? "retyped" : u->erased ? "erased" : !u->there ? "gone" : u->came ? "there" : NULL;
}

static json_t *items_told(const struct undo *u)
{
        struct cx *cx = u->cx;
        json_t *list = json_array();

        for (size_t i = 0; i < u->def->item_count; i++) {
                const struct item *item = &u->def->items[i];
                bool taken, kept = item_kept(u, i, &taken);
                str gone = rows_text(u->rows, 0, WAS + EACH * i + 2), now = rows_text(u->rows, 0, WAS + EACH * i + 3);
                str before = taken ? rows_text(u->rows, 0, WAS + EACH * i + 1) : now;
                json_t *one = json_object();

                if (str_absent(before) && str_absent(gone) && str_absent(now))
                        continue;
                (void)json_set(one, "name", json_str(item->name));
                (void)json_set(one, "title", json_str(item->title[cx->lang]));
                (void)json_set(one, "before", item_json(item, before));
                (void)json_set(one, "gone", item_json(item, gone));
                (void)json_set(one, "now", item_json(item, now));
                (void)json_set(one, "before_text", json_str(item_show(cx->mem, cx->lang, item, before)));
                (void)json_set(one, "gone_text", json_str(item_show(cx->mem, cx->lang, item, gone)));
                (void)json_set(one, "now_text", json_str(item_show(cx->mem, cx->lang, item, now)));
                (void)json_set(one, "taken", json_boolean(taken));
                json_array_append_new(list, json_set(one, "kept", json_boolean(kept)));
        }
        return list;
}

rc merge_undo_get(struct cx *cx, str register_name, int64_t id, json_t **ret)
{
        json_t *model = json_object(), *merge, *list = json_array();
        struct moved *moved;
        struct undo u;
        size_t count;
        bool open;

        TRY(find(cx, register_name, id, &u));
        TRY(merges_told(cx, u.def, u.row, 1, &merge));
        merge = json_array_get(merge, 0);
        open = json_is_true(json_object_get(merge, "open"));
        TRY(moved_read(&u, &moved, &count));
        for (size_t i = 0; i < count; i++) {
                json_t *one = json_object();
                int64_t back = moved[i].count; /* of what was taken apart nothing is left behind or to come */

                if (u.row->undone_at_null)
                        TRY(standing(&u, &moved[i], &back));
                if (permission_hidden(cx, moved[i].def->name))
                        continue;
                (void)json_set(one, "register", json_str(moved[i].def->name));
                (void)json_set(one, "title", json_str(moved[i].def->title[cx->lang]));
                (void)json_set(one, "item", json_str(moved[i].item->title[cx->lang]));
                (void)json_set(one, "count", json_integer(moved[i].count));
                (void)json_set(one, "back", json_integer(back));
                json_array_append_new(list, json_set(one, "left", json_integer(moved[i].count - back)));
        }
        (void)json_set(model, "register", definition_model(cx, u.def));
        (void)json_set(model, "merge", merge);
        (void)json_set(model, "items", items_told(&u));
        (void)json_set(model, "references", list);
        (void)json_set(model, "may_undo", json_boolean(open && obstacle(&u) == NULL && rights_held(&u, moved, count)));
        (void)json_set(model, "obstacle", open && obstacle(&u) != NULL ? json_string(obstacle(&u)) : json_null());
        *ret = model;
        return RC_OK;
}

/* Doing ---------------------------------------------------------------------------------------------------------------------------------- */

static rc possible(struct undo *u, const struct moved *moved, size_t count)
{
        struct merge_locked *lock;
        struct cx *cx = u->cx;
        const char *why;

        if (!rights_held(u, moved, count))
                return fail(cx, RC_FORBIDDEN, NULL, "taking this apart needs the right to write in every register it touched");
        if (!u->row->open)
                return fail(cx, RC_CONFLICT, NULL, "records made one can be taken apart for %d days, and these are over", MERGE_UNDO_DAYS);
        TRY(sql_merge_lock(cx, u->row->id, &lock));
        if (lock == NULL)
                return fail(cx, RC_CONFLICT, NULL, "these records were taken apart already");
        TRY(look(u));
        why = obstacle(u);
        if (why == NULL)
                return RC_OK;
        if (strcmp(why, "retyped") == 0)
                return fail(cx, RC_CONFLICT, NULL, "an item has another type now than when these records were made one: they cannot be taken apart");
        return strcmp(why, "gone") == 0
                   ? fail(cx, RC_CONFLICT, NULL,
                          "the record that stayed is not there any more; if it was made one with another, take that apart first")
                   : fail(cx, RC_CONFLICT, NULL,
                          strcmp(why, "there") == 0 ? "there is a record again under the number of the one that went"
                                                    : "nothing is left of what these records held before: they cannot be taken apart");
}

/* First the survivor, so that unique values are free for the one that comes back. Its version changes in any case, as in merge.c. */
static rc survivor_restore(const struct undo *u, json_t *kept)
{
        struct cx *cx = u->cx;
        struct sql *sql = sql_open(cx);
        struct rows *rows;

        sql_add(sql, "update ");
        sql_table(sql, u->def);
        sql_add(sql, " r set version = r.version + 1, updated_at = daicho.clock(), updated_by = coalesce(current_setting('daicho.actor', true), '')");
        for (size_t i = 0; i < u->def->item_count; i++) {
                bool taken, stays = item_kept(u, i, &taken);

                if (stays)
                        json_array_append_new(kept, json_str(u->def->items[i].name));
                if (!taken || stays)
                        continue;
                merge_column(sql, ", ", &u->def->items[i]);
                sql_add(sql, " = ");
                sql_value(sql, &u->def->items[i], rows_text(u->rows, 0, WAS + EACH * i + 1));
        }
        sql_add(sql, " where r.id = ");
        sql_arg(sql, db_int(cx, u->row->survivor), "bigint");
        return record_row_run(sql, u->def, &rows);
}

static rc survivor_lock(struct undo *u)
{
        struct sql *sql = sql_open(u->cx);
        struct rows *rows;

        sql_add(sql, "select r.id from ");
        sql_table(sql, u->def);
        sql_add(sql, " r where r.id = ");
        sql_arg(sql, db_int(u->cx, u->row->survivor), "bigint");
        sql_add(sql, " for update");
        return record_row_run(sql, u->def, &rows);
}

static rc gone_insert(const struct undo *u)
{
        struct cx *cx = u->cx;
        struct sql *sql = sql_open(cx);
        struct rows *rows;

        sql_add(sql, "insert into ");
        sql_table(sql, u->def);
        sql_add(sql, " (id, version, created_at, created_by, updated_at, updated_by, origin");
        for (size_t i = 0; i < u->def->item_count; i++)
                if (item_stored(&u->def->items[i]))
                        merge_column(sql, ", ", &u->def->items[i]);
        sql_add(sql, ") overriding system value select c.record, c.version + 1, (c.made ->> 'created_at')::timestamptz, c.made ->> 'created_by', "
                     "daicho.clock(), coalesce(current_setting('daicho.actor', true), ''), (c.made ->> 'origin')::bigint");
        for (size_t i = 0; i < u->def->item_count; i++)
                if (item_stored(&u->def->items[i]))
                        merge_column(sql, ", g.", &u->def->items[i]);
        sql_add(sql, " from ");
        change_row(sql, u, u->row->gone_change);
        sql_add(sql, " c");
        old_values(sql, u->def, "c.old) as g");
        TRY(record_row_run(sql, u->def, &rows));
        must(rows_changed(rows) == 1);
        return RC_OK;
}

static rc reference_restore(const struct undo *u, const struct moved *m, int64_t *back)
{
        struct cx *cx = u->cx;
        struct sql *sql = sql_open(cx);
        struct rows *rows;

        sql_add(sql, "update ");
        sql_table(sql, m->def);
        merge_column(sql, " t set ", m->item);
        sql_add(sql, " = ");
        sql_arg(sql, db_int(cx, u->row->gone), "bigint");
        sql_add(sql, ", version = t.version + 1, updated_at = daicho.clock(), updated_by = coalesce(current_setting('daicho.actor', true), '') "
                     "from tenant.merge_moved m where t.id = m.record and m.merge = ");
        sql_arg(sql, db_int(cx, u->row->id), "bigint");
        sql_add(sql, " and m.register = ");
        sql_arg(sql, db_int(cx, m->def->id), "bigint");
        sql_add(sql, " and m.item = ");
        sql_arg(sql, m->name, "text");
        still(sql, u, m->def, m->item);
        TRY(record_row_run(sql, m->def, &rows));
        *back += (int64_t)rows_changed(rows);
        return RC_OK;
}

rc merge_undo_do(struct cx *cx, str register_name, int64_t id, json_t **ret)
{
        json_t *model = json_object(), *kept = json_array();
        int64_t back = 0, all = 0;
        struct moved *moved;
        struct undo u;
        size_t count, changed;

        TRY(find(cx, register_name, id, &u));
        TRY(moved_read(&u, &moved, &count));
        TRY(survivor_lock(&u));
        TRY(possible(&u, moved, count));
        TRY(sql_merge_undone(cx, id, &changed)); /* first: deadlines go back before the records that have them are written */
        TRY(survivor_restore(&u, kept));
        TRY(gone_insert(&u));
        for (size_t i = 0; i < count; i++) {
                TRY(reference_restore(&u, &moved[i], &back));
                all += moved[i].count;
        }
        log_subject(cx, u.def->name, u.row->survivor);
        log_detail(cx, "merge", json_integer(id));
        log_detail(cx, "restored", json_integer(u.row->gone));
        log_detail(cx, "kept", json_deep_copy(kept));
        log_detail(cx, "back", json_integer(back));
        log_detail(cx, "left", json_integer(all - back));
        (void)json_set(model, "merge", json_integer(id));
        (void)json_set(model, "survivor", json_integer(u.row->survivor));
        (void)json_set(model, "restored", json_integer(u.row->gone));
        (void)json_set(model, "kept", kept);
        (void)json_set(model, "back", json_integer(back));
        (void)json_set(model, "left", json_integer(all - back));
        *ret = model;
        return RC_OK;
}
