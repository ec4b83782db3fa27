/* define.c - see define.h. A plan is a list of steps; applying is writing each step as DDL (sql.c) and running all of
 * it as one script. */
#include "base/house.h"

#include "register/define.h"

#include "base/fail.h"
#include "db/db.h"
#include "identity/permission.h"
#include "log/log.h"
#include "register/definition.sql.h"
#include "register/item.h"
#include "register/sql.h"

struct plan {
        const struct definition *old; /* NULL: a new register */
        const struct definition *wanted;
        bool search;      /* the search column changes */
        int64_t *records; /* by old item that goes: records that lose a value */
        json_t *model;
};

/* Old and new items with the same name; either may be NULL. */
static const struct item *same(const struct definition *def, const struct item *item)
{
        return def ? definition_item(def, item->name) : NULL;
}

static bool searchable_any(const struct definition *def)
{
        for (size_t i = 0; def != NULL && i < def->item_count; i++)
                if (def->items[i].searchable)
                        return true;
        return false;
}

/* Do both definitions search the same items in the same order? */
static bool search_same(const struct definition *a, const struct definition *b)
{
        size_t i = 0, j = 0;

        for (;; i++, j++) {
                while (i < a->item_count && !a->items[i].searchable)
                        i++;
                while (j < b->item_count && !b->items[j].searchable)
                        j++;
                if (i == a->item_count || j == b->item_count)
                        return i == a->item_count && j == b->item_count;
                if (!str_equal(a->items[i].name, b->items[j].name) || a->items[i].joined != b->items[j].joined)
                        return false;
        }
}

static json_t *item_named(struct cx *cx, const struct item *item)
{
        json_t *m = json_object();

        (void)json_set(m, "name", json_str(item->name));
        return json_set(m, "title", json_str(item->title[cx->lang]));
}

/* How many records hold a value of an item that goes. */
static rc records_count(struct cx *cx, const struct definition *def, const struct item *item, int64_t *ret)
{
        struct sql *sql = sql_open(cx);
        struct rows *rows;

        sql_add(sql, "select count(*) from ");
        sql_table(sql, def);
        sql_add(sql, " r where r.");
        sql_name(sql, item->name);
        sql_add(sql, " is not null");
        TRY(sql_run(sql, &rows));
        *ret = rows_int(rows, 0, 0);
        return RC_OK;
}

static json_t *changes_of(const struct item *a, const struct item *b)
{
        json_t *what = json_array();
        const struct {
                const char *word;
                bool changed;
        } list[] = {
                { "title", !str_equal(a->title[0], b->title[0]) || !str_equal(a->title[1], b->title[1]) },
                { "required", a->required != b->required },
                { "unique", a->unique != b->unique },
                { "personal", a->personal != b->personal },
                { "classification", a->classification != b->classification },
                { "searchable", a->searchable != b->searchable || a->joined != b->joined },
                { "indexed", a->indexed != b->indexed },
                { "limits", a->min != b->min || a->max != b->max || a->characters != b->characters },
                { "choices", a->choice_count != b->choice_count },
                { "place", a->number != b->number || !str_equal(a->section, b->section) || a->in_list != b->in_list },
        };

        for (size_t i = 0; i < COUNT(list); i++)
                if (list[i].changed)
                        json_array_append_new(what, json_string(list[i].word));
        return what;
}

static rc items_compare(struct cx *cx, struct plan *p)
{
        json_t *add = json_array(), *drop = json_array(), *change = json_array();

        for (size_t i = 0; i < p->wanted->item_count; i++) {
                const struct item *item = &p->wanted->items[i], *was = same(p->old, item);

                if (was == NULL) {
                        json_array_append_new(add, item_named(cx, item));
                        continue;
                }
                if (was->type != item->type)
                        (void)fail(cx, RC_INVALID, item->name.p, "is of type %s and cannot become %s; add a new item instead",
                                   item_type_name(was->type), item_type_name(item->type));
                else if (was->scale != item->scale)
                        (void)fail(cx, RC_INVALID, item->name.p, "has %d decimal places and cannot have %d; add a new item instead", (int)was->scale,
                                   (int)item->scale);
                else if (!str_equal(was->reference, item->reference))
                        (void)fail(cx, RC_INVALID, item->name.p, "refers to another register already; add a new item instead");
                if (json_array_size(changes_of(was, item)) > 0)
                        json_array_append_new(change, json_set(item_named(cx, item), "what", changes_of(was, item)));
        }
        for (size_t i = 0; p->old != NULL && i < p->old->item_count; i++) {
                const struct item *was = &p->old->items[i];

                if (same(p->wanted, was) != NULL)
                        continue;
                TRY(records_count(cx, p->old, was, &p->records[i]));
                json_array_append_new(drop, json_set(item_named(cx, was), "records", json_integer(p->records[i])));
        }
        (void)json_set(p->model, "add", add);
        (void)json_set(p->model, "drop", drop);
        (void)json_set(p->model, "change", change);
        return cx->failure.code;
}

static bool refers(const struct definition *def, str name)
{
        for (size_t i = 0; def != NULL && i < def->item_count; i++)
                if (def->items[i].type == ITEM_REFERENCE && str_equal(def->items[i].reference, name))
                        return true;
        return false;
}

/* The registers referred to must be there, for who defines as well. */
static rc references_check(struct cx *cx, const struct definition *old, const struct definition *wanted)
{
        for (size_t i = 0; i < wanted->item_count; i++) {
                const struct item *item = &wanted->items[i];
                const struct definition *other;
                rc code;

                if (item->type != ITEM_REFERENCE || str_equal(item->reference, wanted->name))
                        continue;
                if (!refers(old, item->reference) && permission_hidden(cx, item->reference))
                        code = fail(cx, RC_UNKNOWN, NULL, "there is no such register");
                else
                        code = definition_get(cx, item->reference, &other);
                if (code != RC_OK) {
                        if (code != RC_UNKNOWN)
                                return code;
                        fail_clear(cx);
                        return fail(cx, RC_INVALID, item->name.p, "refers to the register \"%.*s\", which does not exist", STR_ARG(item->reference));
                }
        }
        return RC_OK;
}

static rc plan_make(struct cx *cx, const struct definition *wanted, struct plan **ret)
{
        struct plan *p = NEW(cx->mem, struct plan);
        bool masked = cx->masked;

        p->wanted = wanted;
        p->model = json_object();
        if (definition_get(cx, wanted->name, &p->old) != RC_OK) {
                if (cx->failure.code != RC_UNKNOWN)
                        return cx->failure.code;
                fail_clear(cx);
                p->old = NULL;
        }
        (void)json_set(p->model, "register", json_str(wanted->name));
        (void)json_set(p->model, "title", json_str(wanted->title[cx->lang]));
        (void)json_set(p->model, "new", json_boolean(p->old == NULL));
        TRY(references_check(cx, p->old, wanted));
        if (p->old != NULL && p->old->kind != wanted->kind)
                return fail(cx, RC_INVALID, "kind", "of a register cannot change");
        if (p->old != NULL && p->old->master != NULL && !str_equal(p->old->master->name, wanted->master->name))
                return fail(cx, RC_INVALID, "master", "of a register cannot change");
        if (masked)
                return fail(cx, RC_FORBIDDEN, NULL, "definitions are changed by accounts that may see personal items");
        p->records = NEW_ARRAY(cx->mem, int64_t, p->old ? p->old->item_count : 1);
        p->search = p->old ? !search_same(p->old, wanted) : searchable_any(wanted);
        TRY(items_compare(cx, p));
        (void)json_set(p->model, "rewrite", json_boolean(p->old != NULL && p->search));
        *ret = p;
        return RC_OK;
}

rc define_plan(struct cx *cx, const struct definition *wanted, json_t **ret)
{
        struct plan *p;

        TRY(plan_make(cx, wanted, &p));
        *ret = p->model;
        return RC_OK;
}

static bool named(const str *list, size_t count, str name)
{
        for (size_t i = 0; i < count; i++)
                if (str_equal(list[i], name))
                        return true;
        return false;
}

/* Nothing is lost that was not named. */
static rc drops_check(struct cx *cx, const struct plan *p, const str *drop, size_t drop_count)
{
        for (size_t i = 0; p->old != NULL && i < p->old->item_count; i++) {
                const struct item *was = &p->old->items[i];

                if (same(p->wanted, was) == NULL && !named(drop, drop_count, was->name))
                        (void)fail(cx, RC_CONFLICT, was->name.p,
                                   "is missing in the new definition; its values in %lld records would be lost, so it "
                                   "must be named to be dropped",
                                   (long long)p->records[i]);
        }
        return cx->failure.code;
}

/* Steps
 * ------------------------------------------------------------------------------------------------------------------------------------------
 */

static void item_add(struct sql *sql, const struct definition *def, const struct item *item)
{
        if (item->unique)
                sql_unique(sql, def, item, true);
        else if (item->indexed || item == def->master)
                sql_index(sql, def, item, true);
}

static bool has_index(const struct definition *def, const struct item *item)
{
        return !item->unique && (item->indexed || item == def->master);
}

static void item_change(struct sql *sql, const struct plan *p, const struct item *was, const struct item *item)
{
        if (has_index(p->old, was) && !has_index(p->wanted, item))
                sql_index(sql, p->wanted, item, false);
        if (was->unique != item->unique)
                sql_unique(sql, p->wanted, item, item->unique);
        if (!has_index(p->old, was) && has_index(p->wanted, item))
                sql_index(sql, p->wanted, item, true);
        if (was->required && !item->required)
                sql_required(sql, p->wanted, item, false);
}

static void create(struct sql *sql, const struct plan *p)
{
        sql_create_table(sql, p->wanted);
        for (size_t i = 0; i < p->wanted->item_count; i++)
                item_add(sql, p->wanted, &p->wanted->items[i]);
        if (p->search)
                sql_search(sql, p->wanted, true);
}

static void alter(struct sql *sql, const struct plan *p)
{
        sql_views_drop(sql, p->old);
        if (p->search && searchable_any(p->old))
                sql_search(sql, p->old, false);
        for (size_t i = 0; i < p->old->item_count; i++)
                if (same(p->wanted, &p->old->items[i]) == NULL)
                        sql_drop_column(sql, p->old, &p->old->items[i]);
        for (size_t i = 0; i < p->wanted->item_count; i++) {
                const struct item *item = &p->wanted->items[i], *was = same(p->old, item);

                if (was != NULL) {
                        item_change(sql, p, was, item);
                } else {
                        sql_add_column(sql, p->wanted, item);
                        item_add(sql, p->wanted, item);
                }
        }
        if (p->search && searchable_any(p->wanted))
                sql_search(sql, p->wanted, true);
}

static rc store(struct cx *cx, struct plan *p, struct definition *wanted)
{
        str text = json_write(cx->mem, wanted->source);

        if (p->old == NULL) {
                struct register_new *row;

                TRY(sql_definition_insert(cx, wanted->name, text, &row));
                wanted->id = row->id;
                wanted->version = 1;
        } else {
                size_t changed;

                TRY(sql_definition_update(cx, wanted->name, p->old->version, text, &changed));
                if (changed != 1)
                        return fail(cx, RC_STALE, NULL, "somebody else changed this register at the same moment; please look at it again");
                wanted->id = p->old->id;
                wanted->version = p->old->version + 1;
        }
        return RC_OK;
}

static rc apply(struct cx *cx, const struct definition *wanted, const str *drop, size_t drop_count, json_t **ret)
{
        struct definition *def = arena_copy(cx->mem, wanted, sizeof(*wanted));
        struct sql *sql = sql_open(cx);
        struct plan *p;

        TRY(plan_make(cx, wanted, &p));
        TRY(drops_check(cx, p, drop, drop_count));
        TRY(store(cx, p, def));
        log_subject(cx, S("register"), def->id);
        sql_add(sql, "set local lock_timeout = '10s';\n");
        if (p->old == NULL)
                create(sql, p);
        else
                alter(sql, p);
        sql_views(sql, def);
        must(!buf_full(&sql->text) && sql->count == 0);
        TRY(db_script(cx, buf_str(&sql->text)));
        definition_forget(cx, wanted->name);
        *ret = json_set(p->model, "version", json_integer(def->version));
        return RC_OK;
}

rc define_queue(struct cx *cx, json_t *json, const str *drop, size_t drop_count, int64_t *ret_job, json_t **ret_plan)
{
        json_t *args = json_object(), *names = json_array();
        struct definition *wanted;
        struct plan *p;

        TRY(definition_parse_json(cx, json, &wanted));
        TRY(plan_make(cx, wanted, &p));
        TRY(drops_check(cx, p, drop, drop_count));
        for (size_t i = 0; i < drop_count; i++)
                json_array_append_new(names, json_str(drop[i]));
        (void)json_set(args, "definition", json);
        (void)json_set(args, "drop", names);
        TRY(job_add(cx, "define", wanted->name, args, ret_job));
        *ret_plan = p->model;
        return RC_OK;
}

rc define_run(struct cx *cx, struct job *job)
{
        json_t *names = json_object_get(job->args, "drop");
        size_t count = json_array_size(names);
        str *drop = NEW_ARRAY(cx->mem, str, count + 1);
        struct definition *wanted;

        for (size_t i = 0; i < count; i++)
                drop[i] = json_text(json_array_get(names, i));
        TRY(definition_parse_json(cx, json_object_get(job->args, "definition"), &wanted));
        TRY(apply(cx, wanted, drop, count, &job->result));
        return RC_OK;
}
