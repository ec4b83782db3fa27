/* merge.c - see merge.h. Composed with sql.h: names of checked definitions only. The order matters: what refers to the record that goes moves first (entries
 * of a history would go with it), then it goes (its unique values are free), then the survivor takes them. */
#include "base/house.h"

#include "register/merge.h"

#include "base/clock.h"
#include "base/fail.h"
#include "identity/permission.h"
#include "log/log.h"
#include "register/alike.h"
#include "register/alike.sql.h"
#include "register/item.h"
#include "register/merge.sql.h"
#include "register/record_model.h"
#include "register/record_row.h"

struct pick {
        bool take;          /* the value of the one that goes */
        const char *reason; /* same | only | newest | strictest | state */
};

struct merge {
        struct cx *cx;
        const struct definition *def;
        struct record *survivor, *gone;
        struct pick *picks; /* by item->number */
};

void merge_text(struct sql *sql, const char *literal)
{
        buf_add(&sql->text, str_of(literal));
}

void merge_column(struct sql *sql, const char *alias, const struct item *item)
{
        merge_text(sql, alias);
        sql_name(sql, item->name);
}

/* Which value wins --------------------------------------------------------------------------------------------------------------------- */

/* How much a value allows: no < not said < yes; of a choice the first one least, and nothing chosen less. */
static int64_t allows(const struct item *item, str value)
{
        if (item->type == ITEM_BOOLEAN)
                return str_absent(value) ? 1 : str_is(value, "t") || str_is(value, "true") ? 2 : 0;
        for (size_t i = 0; i < item->choice_count; i++)
                if (str_equal(item->choices[i].value, value))
                        return (int64_t)i + 1;
        return str_absent(value) ? 0 : INT64_MAX; /* a choice that is no more: nobody knows what it allows */
}

static msec age(const struct record *rec, const struct item *item, const struct merge_age *ages, size_t count)
{
        for (size_t i = 0; i < count; i++)
                if (ages[i].record == rec->id && str_equal(ages[i].item, item->name))
                        return ages[i].at;
        return rec->created_at;
}

static rc picks_make(struct merge *m)
{
        struct cx *cx = m->cx;
        struct merge_age *ages;
        size_t count;

        TRY(sql_merge_ages(cx, m->def->id, m->survivor->id, m->gone->id, &ages, &count));
        m->picks = NEW_ARRAY(cx->mem, struct pick, m->def->item_count);
        for (size_t i = 0; i < m->def->item_count; i++) {
                const struct item *item = &m->def->items[i];
                str mine = m->survivor->values[i], other = m->gone->values[i];
                struct pick *p = &m->picks[i];

                if (!item_stored(item) || (str_absent(mine) ? str_absent(other) : !str_absent(other) && str_equal(mine, other)))
                        *p = (struct pick){ false, "same" };
                else if (item == m->def->state)
                        *p = (struct pick){ false, "state" }; /* only moves change it */
                else if (item->strictest)
                        *p = (struct pick){ allows(item, other) < allows(item, mine), "strictest" };
                else if (str_absent(mine) || str_absent(other))
                        *p = (struct pick){ str_absent(mine), "only" };
                else
                        *p = (struct pick){ age(m->gone, item, ages, count) > age(m->survivor, item, ages, count), "newest" };
        }
        return RC_OK;
}

/* What somebody chose instead; what is fixed cannot be chosen. */
static rc picks_take(struct merge *m, const json_t *take)
{
        struct cx *cx = m->cx;
        const json_t *one;
        bool *named;
        size_t i;

        if (take == NULL)
                return RC_OK;
        named = NEW_ARRAY(cx->mem, bool, m->def->item_count);
        json_array_foreach((json_t *)(uintptr_t)take, i, one) {
                const struct item *item = definition_item(m->def, json_text(one));

                if (item == NULL)
                        return fail(cx, RC_INVALID, "take", "there is no such item in this register");
                named[item->number] = true;
                if (item == m->def->state && strcmp(m->picks[item->number].reason, "same") != 0)
                        (void)fail(cx, RC_INVALID, item->name.p, "is changed by moves only; the page of the record has those that are possible");
                if (m->def->items[item->number].strictest && !m->picks[item->number].take && strcmp(m->picks[item->number].reason, "same") != 0)
                        (void)fail(cx, RC_INVALID, item->name.p, "keeps what allows least, so the other value cannot be taken");
        }
        for (i = 0; i < m->def->item_count; i++)
                if (!m->def->items[i].strictest && &m->def->items[i] != m->def->state)
                        m->picks[i].take = named[i] && strcmp(m->picks[i].reason, "same") != 0;
        return cx->failure.code;
}

/* One of them is not there: who was faster is told where it went. */
static rc made_one_already(struct cx *cx, str register_name, int64_t a, int64_t b, rc code)
{
        const int64_t ids[] = { a, b };
        struct failure told = cx->failure;

        if (code != RC_UNKNOWN && code != RC_STALE)
                return code;
        fail_clear(cx);
        for (size_t i = 0; i < COUNT(ids); i++) {
                int64_t to;

                TRY(merge_way(cx, register_name, ids[i], &to));
                if (to > 0)
                        return fail(cx, RC_CONFLICT, NULL, "record %lld was made one with record %lld in the meantime; please look at that one",
                                    (long long)ids[i], (long long)to);
        }
        cx->failure = told;
        return code;
}

static rc records_get(struct cx *cx, str register_name, int64_t survivor, int64_t gone, struct merge *ret)
{
        rc code;

        *ret = (struct merge){ .cx = cx };
        TRY(alike_allowed(cx));
        if (survivor == gone)
                return fail(cx, RC_INVALID, "gone", "must be another record");
        code = record_get(cx, register_name, gone, &ret->def, &ret->gone);
        if (code == RC_OK)
                code = record_get(cx, register_name, survivor, &ret->def, &ret->survivor);
        return code == RC_OK ? picks_make(ret) : made_one_already(cx, register_name, survivor, gone, code);
}

/* What refers to it -------------------------------------------------------------------------------------------------------------------- */

static rc referring(const struct merge *m, const struct definition *from, const struct item *item, int64_t *ret)
{
        struct sql *sql = sql_open(m->cx);
        struct rows *rows;

        sql_add(sql, "select count(*) from ");
        sql_table(sql, from);
        merge_column(sql, " x where x.", item);
        sql_add(sql, " = ");
        sql_arg(sql, db_int(m->cx, m->gone->id), "bigint");
        if (from == m->def) {
                sql_add(sql, " and x.id <> ");
                sql_arg(sql, db_int(m->cx, m->gone->id), "bigint");
        }
        TRY(record_row_run(sql, from, &rows));
        *ret = rows_int(rows, 0, 0);
        return RC_OK;
}

/* … of each register and item: each(m, from, item, count, of). */
static rc referrers(const struct merge *m,
                    rc (*each)(const struct merge *m, const struct definition *from, const struct item *item, int64_t count, void *of), void *of)
{
        const struct definition **list;
        size_t count;

        TRY(definition_referrers(m->cx, m->def->name, &list, &count));
        for (size_t i = 0; i < count; i++)
                for (size_t k = 0; k < list[i]->item_count; k++) {
                        const struct item *item = &list[i]->items[k];
                        int64_t found;

                        if (item->type != ITEM_REFERENCE || !str_equal(item->reference, m->def->name))
                                continue;
                        TRY(referring(m, list[i], item, &found));
                        if (found > 0)
                                TRY(each(m, list[i], item, found, of));
                }
        return RC_OK;
}

struct telling {
        json_t *list;
        bool blocked;
};

static rc reference_tell(const struct merge *m, const struct definition *from, const struct item *item, int64_t count, void *of)
{
        struct telling *t = of;
        struct cx *cx = m->cx;
        json_t *one = json_object();

        t->blocked = t->blocked || !permission_held_for(cx, PERM_RECORD_WRITE, from->name);
        if (permission_hidden(cx, from->name))
                return RC_OK;
        (void)json_set(one, "register", json_str(from->name));
        (void)json_set(one, "title", json_str(from->title[cx->lang]));
        (void)json_set(one, "item", json_str(item->title[cx->lang]));
        json_array_append_new(t->list, json_set(one, "count", json_integer(count)));
        return RC_OK;
}

/* Looking ------------------------------------------------------------------------------------------------------------------------------ */

static json_t *record_brief(struct cx *cx, const struct definition *def, const struct record *rec)
{
        json_t *m = json_object();
        str text = S("");

        for (size_t i = 0; i < def->heading_count; i++) {
                str one = item_show(cx->mem, cx->lang, def->heading[i], rec->values[def->heading[i]->number]);

                if (one.n > 0)
                        text = text.n ? str_format(cx->mem, "%.*s %.*s", STR_ARG(text), STR_ARG(one)) : one;
        }
        (void)json_set(m, "id", json_integer(rec->id));
        (void)json_set(m, "version", json_integer(rec->version));
        (void)json_set(m, "heading", json_str(text.n ? text : str_format(cx->mem, "#%" PRId64, rec->id)));
        (void)json_set(m, "created_at", json_str(clock_rfc3339(cx->mem, rec->created_at)));
        return json_set(m, "updated_at", json_str(clock_rfc3339(cx->mem, rec->updated_at)));
}

static json_t *item_told(const struct merge *m, const struct item *item)
{
        struct cx *cx = m->cx;
        const struct pick *p = &m->picks[item->number];
        str mine = m->survivor->values[item->number], other = m->gone->values[item->number];
        json_t *one = json_object();

        (void)json_set(one, "name", json_str(item->name));
        (void)json_set(one, "title", json_str(item->title[cx->lang]));
        (void)json_set(one, "survivor", item_json(item, mine));
        (void)json_set(one, "gone", item_json(item, other));
        (void)json_set(one, "survivor_text", json_str(item_show(cx->mem, cx->lang, item, mine)));
        (void)json_set(one, "gone_text", json_str(item_show(cx->mem, cx->lang, item, other)));
        (void)json_set(one, "same", json_boolean(strcmp(p->reason, "same") == 0));
        (void)json_set(one, "take", json_boolean(p->take));
        (void)json_set(one, "fixed", json_boolean(strcmp(p->reason, "strictest") == 0 || strcmp(p->reason, "state") == 0));
        return json_set(one, "reason", json_string(p->reason));
}

rc merge_plan(struct cx *cx, str register_name, int64_t survivor, int64_t gone, json_t **ret)
{
        json_t *model = json_object(), *items = json_array(), *why;
        struct telling t = { json_array(), false };
        struct merge m;

        TRY(records_get(cx, register_name, survivor, gone, &m));
        TRY(referrers(&m, reference_tell, &t));
        TRY(alike_why(cx, m.def, survivor, gone, &why));
        for (size_t i = 0; i < m.def->item_count; i++)
                if (item_stored(&m.def->items[i]))
                        json_array_append_new(items, item_told(&m, &m.def->items[i]));
        (void)json_set(model, "register", definition_model(cx, m.def));
        (void)json_set(model, "survivor", record_brief(cx, m.def, m.survivor));
        (void)json_set(model, "gone", record_brief(cx, m.def, m.gone));
        (void)json_set(model, "items", items);
        (void)json_set(model, "references", t.list);
        (void)json_set(model, "why", why);
        (void)json_set(model, "blocked",
                       json_boolean(t.blocked || !permission_held_for(cx, PERM_RECORD_WRITE, m.def->name) ||
                                    !permission_held_for(cx, PERM_RECORD_DELETE, m.def->name)));
        *ret = model;
        return RC_OK;
}

/* Doing ---------------------------------------------------------------------------------------------------------------------------------- */

static rc changed_since(struct cx *cx)
{
        return fail(cx, RC_STALE, NULL, "one of the two records was changed in the meantime; please look at them again");
}

/* Nobody changes them, and nothing new refers to them, until the end. */
static rc both_lock(const struct merge *m)
{
        struct sql *sql = sql_open(m->cx);
        struct rows *rows;

        sql_add(sql, "select r.id from ");
        sql_table(sql, m->def);
        sql_add(sql, " r where (r.id, r.version) in ((");
        sql_arg(sql, db_int(m->cx, m->survivor->id), "bigint");
        sql_add(sql, ", ");
        sql_arg(sql, db_int(m->cx, m->survivor->version), "bigint");
        sql_add(sql, "), (");
        sql_arg(sql, db_int(m->cx, m->gone->id), "bigint");
        sql_add(sql, ", ");
        sql_arg(sql, db_int(m->cx, m->gone->version), "bigint");
        sql_add(sql, ")) order by r.id for update");
        TRY(record_row_run(sql, m->def, &rows));
        if (rows_count(rows) != 2)
                return made_one_already(m->cx, m->def->name, m->survivor->id, m->gone->id, changed_since(m->cx));
        return RC_OK;
}

struct moving {
        int64_t merge, moved;
};

/* The survivor cannot refer to itself: there the item becomes empty. */
static rc reference_move(const struct merge *m, const struct definition *from, const struct item *item, int64_t count, void *of)
{
        struct moving *moving = of;
        struct cx *cx = m->cx;
        struct sql *sql = sql_open(cx);
        struct rows *rows;

        (void)count;
        if (!permission_held_for(cx, PERM_RECORD_WRITE, from->name))
                return fail(cx, RC_FORBIDDEN, NULL, "records of other registers refer to the one that goes, and this account may not change those");
        sql_add(sql, "with moved as (update ");
        sql_table(sql, from);
        merge_column(sql, " t set ", item);
        if (from == m->def) {
                sql_add(sql, " = case when t.id <> ");
                sql_arg(sql, db_int(cx, m->survivor->id), "bigint");
                sql_add(sql, " then ");
                sql_arg(sql, db_int(cx, m->survivor->id), "bigint");
                sql_add(sql, " end");
        } else {
                sql_add(sql, " = ");
                sql_arg(sql, db_int(cx, m->survivor->id), "bigint");
        }
        sql_add(sql, ", version = t.version + 1, updated_at = daicho.clock(), updated_by = coalesce(current_setting('daicho.actor', true), '')");
        merge_column(sql, " where t.", item);
        sql_add(sql, " = ");
        sql_arg(sql, db_int(cx, m->gone->id), "bigint");
        if (from == m->def) {
                sql_add(sql, " and t.id <> ");
                sql_arg(sql, db_int(cx, m->gone->id), "bigint");
        }
        sql_add(sql, " returning t.id), put as (insert into tenant.merge_moved (merge, register, item, record) select ");
        sql_arg(sql, db_int(cx, moving->merge), "bigint");
        sql_add(sql, ", ");
        sql_arg(sql, db_int(cx, from->id), "bigint");
        sql_add(sql, ", ");
        sql_arg(sql, item->name, "text");
        sql_add(sql, ", moved.id from moved returning 1) select count(*) from put");
        TRY(record_row_run(sql, from, &rows));
        moving->moved += rows_int(rows, 0, 0);
        return RC_OK;
}

static rc gone_delete(const struct merge *m)
{
        struct sql *sql = sql_open(m->cx);
        struct rows *rows;

        sql_add(sql, "delete from ");
        sql_table(sql, m->def);
        sql_add(sql, " r where r.id = ");
        sql_arg(sql, db_int(m->cx, m->gone->id), "bigint");
        return record_row_run(sql, m->def, &rows);
}

/* *ret_taken: how many items differ now. Its version changes in any case: nobody goes on from what it was before, and its deadlines are settled anew. */
static rc survivor_update(const struct merge *m, size_t *ret_taken)
{
        struct sql *sql = sql_open(m->cx);
        struct rows *rows;

        *ret_taken = 0;
        sql_add(sql, "update ");
        sql_table(sql, m->def);
        sql_add(sql, " r set version = r.version + 1, updated_at = daicho.clock(), updated_by = coalesce(current_setting('daicho.actor', true), '')");
        for (size_t i = 0; i < m->def->item_count; i++)
                if (m->picks[i].take) {
                        merge_column(sql, ", ", &m->def->items[i]);
                        sql_add(sql, " = ");
                        sql_value(sql, &m->def->items[i], m->gone->values[i]);
                        ++*ret_taken;
                }
        sql_add(sql, " where r.id = ");
        sql_arg(sql, db_int(m->cx, m->survivor->id), "bigint");
        return record_row_run(sql, m->def, &rows);
}

static rc finish(const struct merge *m, const struct moving *moving, size_t taken)
{
        str *names = NEW_ARRAY(m->cx->mem, str, m->def->item_count + 1);
        struct merge_change_row *gone, *survivor = NULL;
        size_t n = 0, changed;

        TRY(sql_merge_change(m->cx, m->def->id, m->gone->id, &gone));
        if (taken > 0) {
                TRY(sql_merge_change(m->cx, m->def->id, m->survivor->id, &survivor));
                must(survivor != NULL && !survivor->deleted);
        }
        for (size_t i = 0; i < m->def->item_count; i++)
                if (m->picks[i].take)
                        names[n++] = m->def->items[i].name;
        /* of a contract that is ending what is deleted leaves no history */
        return sql_merge_finish(m->cx, moving->merge, survivor ? &survivor->id : NULL, gone && gone->deleted ? &gone->id : NULL,
                                db_array(m->cx, names, n), moving->moved, &changed);
}

static json_t *taken_names(const struct merge *m)
{
        json_t *list = json_array();

        for (size_t i = 0; i < m->def->item_count; i++)
                if (m->picks[i].take)
                        json_array_append_new(list, json_str(m->def->items[i].name));
        return list;
}

/* A reference of the survivor to the one that goes was emptied with the others that move; it cannot come back with what it takes, nor be emptied twice. */
static void self_references_clear(struct merge *m)
{
        for (size_t i = 0; i < m->def->item_count; i++) {
                const struct item *item = &m->def->items[i];
                str value = m->gone->values[i];
                int64_t to;

                if (item->type != ITEM_REFERENCE || !str_equal(item->reference, m->def->name) || !m->picks[i].take)
                        continue;
                if (str_absent(value) ? str_int(m->survivor->values[i], &to) && to == m->gone->id
                                      : str_int(value, &to) && (to == m->gone->id || to == m->survivor->id))
                        m->picks[i].take = false;
        }
}

rc merge_do(struct cx *cx, const struct merge_order *order, int64_t *ret_merge)
{
        struct moving moving = { 0 };
        struct merge m;
        size_t taken, changed;

        if (!permission_held_for(cx, PERM_RECORD_WRITE, order->register_name) || !permission_held_for(cx, PERM_RECORD_DELETE, order->register_name))
                return fail(cx, RC_FORBIDDEN, NULL, "making two records one needs the rights to write and to delete");
        TRY(records_get(cx, order->register_name, order->survivor, order->gone, &m));
        if (m.survivor->version != order->survivor_version || m.gone->version != order->gone_version)
                return changed_since(cx);
        TRY(picks_take(&m, order->take));
        TRY(both_lock(&m));
        self_references_clear(&m);
        TRY(sql_merge_insert(cx, m.def->id, m.survivor->id, m.gone->id, &moving.merge));
        TRY(referrers(&m, reference_move, &moving));
        TRY(gone_delete(&m));
        TRY(survivor_update(&m, &taken));
        TRY(finish(&m, &moving, taken));
        TRY(sql_alike_forget_gone(cx, m.def->id, m.gone->id, &changed));
        log_subject(cx, m.def->name, m.survivor->id);
        log_detail(cx, "merge", json_integer(moving.merge));
        log_detail(cx, "gone", json_integer(m.gone->id));
        log_detail(cx, "taken", taken_names(&m));
        log_detail(cx, "moved", json_integer(moving.moved));
        *ret_merge = moving.merge;
        return RC_OK;
}

rc merge_way(struct cx *cx, str register_name, int64_t record, int64_t *ret)
{
        struct merge_to *row;

        TRY(sql_merge_survivor(cx, register_name, record, &row));
        *ret = row ? row->survivor : 0;
        return RC_OK;
}
