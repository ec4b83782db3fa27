/* define.c - see define.h. What is to be done: define_plan.c. What takes longer than a moment is made beside the table first: define_aside.c. Then one
 * transaction puts everything in place: the table is locked for as long as it takes to rename columns. */
#include "base/house.h"

#include "register/define.h"

#include "base/fail.h"
#include "db/db.h"
#include "identity/permission.h"
#include "log/log.h"
#include "register/attachment_trigger.h"
#include "register/clock_trigger.h"
#include "register/define.sql.h"
#include "register/define_aside.h"
#include "register/define_plan.h"
#include "register/definition.sql.h"
#include "register/item_file.h"
#include "register/move_trigger.h"
#include "register/round_trigger.h"
#include "register/segment_build.h"
#include "register/sql.h"

rc define_plan(struct cx *cx, const struct definition *wanted, json_t **ret)
{
        struct define_plan *p;

        TRY(define_plan_make(cx, wanted, STR_NONE, true, &p));
        *ret = p->model;
        return RC_OK;
}

/* Putting it in place ---------------------------------------------------------------------------------------------------------------- */

static void create(struct sql *sql, const struct define_plan *p)
{
        sql_create_table(sql, p->wanted);
        for (size_t i = 0; i < p->wanted->item_count; i++) {
                const struct item *item = &p->wanted->items[i];

                if (item->unique)
                        sql_unique(sql, p->wanted, item, true);
                else if (define_plan_indexed(p->wanted, item))
                        sql_index(sql, p->wanted, item, true);
        }
        if (p->search)
                sql_search(sql, p->wanted, true);
}

/* The column goes out of sight, with all that could refuse something because of it. */
static void column_lay(struct sql *sql, const struct define_plan *p, const struct item *was, int64_t laid)
{
        if (!item_stored(was))
                return;
        if (was->required)
                sql_required(sql, p->old, was, false);
        if (was->type == ITEM_REFERENCE)
                sql_reference(sql, p->old, was, false);
        sql_add(sql, "alter table tenant.");
        sql_names(sql, "r_", p->old->name, "");
        sql_add(sql, " rename column ");
        sql_name(sql, was->name);
        sql_add(sql, " to ");
        define_aside_gone(sql, laid);
        sql_add(sql, ";\n");
}

static void column_back(struct sql *sql, const struct define_plan *p, const struct item *item, int64_t laid)
{
        sql_add(sql, "alter table tenant.");
        sql_names(sql, "r_", p->old->name, "");
        sql_add(sql, " rename column ");
        define_aside_gone(sql, laid);
        sql_add(sql, " to ");
        sql_name(sql, item->name);
        sql_add(sql, ";\n");
        if (item->type != ITEM_REFERENCE)
                return;
        sql_add(sql, "update tenant.");
        sql_names(sql, "r_", p->old->name, "");
        sql_add(sql, " r set ");
        sql_name(sql, item->name);
        sql_add(sql, " = null where not exists (select from tenant.");
        sql_names(sql, "r_", item->reference, "");
        sql_add(sql, " x where x.id = r.");
        sql_name(sql, item->name);
        sql_add(sql, ");\n");
        sql_reference(sql, p->wanted, item, true);
}

/* What goes, under the names it has now. */
static void item_leave(struct sql *sql, const struct define_plan *p, const struct item *was, const struct item *item)
{
        if (p->items[item->number].retype) {
                sql_drop_column(sql, p->old, was); /* with its indexes and constraints */
                return;
        }
        if (define_plan_indexed(p->old, was) && !define_plan_indexed(p->wanted, item))
                sql_index(sql, p->old, was, false);
        if (was->unique && !item->unique)
                sql_unique(sql, p->old, was, false);
        if (was->required && !item->required)
                sql_required(sql, p->old, was, false);
}

static void item_rename(struct sql *sql, const struct define_plan *p, const struct item *was, const struct item *item)
{
        struct item now = *was;

        if (p->items[item->number].retype || str_equal(was->name, item->name) || !item_stored(item))
                return;
        now.unique = was->unique && item->unique;
        sql_rename_column(sql, p->wanted, &now, item, define_plan_indexed(p->old, was) && define_plan_indexed(p->wanted, item));
}

static void alter(struct sql *sql, const struct define_plan *p, const int64_t *laid, bool search_kept)
{
        sql_views_drop(sql, p->old);
        if (p->search && define_plan_searchable(p->old)) {
                sql_search(sql, p->old, false);
                sql_add(sql, "drop function if exists tenant.");
                sql_names(sql, "s_", p->old->name, "");
                sql_add(sql, "() cascade;\n");
        }
        for (size_t i = 0; i < p->old->item_count; i++) {
                const struct item *was = &p->old->items[i], *item = define_plan_becomes(p->old, p->wanted, was);

                if (item != NULL)
                        item_leave(sql, p, was, item);
                else
                        column_lay(sql, p, was, laid[i]);
        }
        for (size_t i = 0; i < p->wanted->item_count; i++) {
                const struct define_item *d = &p->items[i];

                if (d->was != NULL)
                        item_rename(sql, p, d->was, &p->wanted->items[i]);
                else if (d->laid != 0)
                        column_back(sql, p, &p->wanted->items[i], d->laid);
                else if (!p->aside)
                        sql_add_column(sql, p->wanted, &p->wanted->items[i]);
        }
        if (p->aside)
                define_aside_place(sql, p);
        if (search_kept)
                define_aside_search(sql, p); /* it names the items */
}

static rc store(struct cx *cx, struct define_plan *p, struct definition *wanted)
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

/* The item as it was defined, and where it stood. */
static json_t *laid_detail(const struct define_plan *p, const struct item *was)
{
        json_t *m = json_object();

        (void)json_set(m, "item", json_deep_copy(json_array_get(json_object_get(p->old->source, "items"), was->number)));
        (void)json_set(m, "number", json_integer((json_int_t)was->number));
        return json_set(m, "records", json_integer(p->records[was->number]));
}

static rc lay(struct cx *cx, const struct job *job, const struct define_plan *p, int64_t *laid)
{
        for (size_t i = 0; p->old != NULL && i < p->old->item_count; i++) {
                const struct item *was = &p->old->items[i];

                if (item_stored(was) && define_plan_becomes(p->old, p->wanted, was) == NULL)
                        TRY(sql_define_lay(cx, cx->tenant, p->wanted->name, was->name, job->id, cx->actor.name, DEFINE_UNDO_DAYS,
                                           json_write(cx->mem, laid_detail(p, was)), &laid[i]));
        }
        for (size_t i = 0; i < p->wanted->item_count; i++)
                if (p->items[i].laid != 0)
                        TRY(sql_define_end(cx, p->items[i].laid));
        return RC_OK;
}

/* The history calls an item by its new name: most of it before the table is locked, the rest while it is. */
static rc history_rename(struct cx *cx, const struct define_plan *p, int64_t from)
{
        size_t changed;

        for (size_t i = 0; p->old != NULL && i < p->wanted->item_count; i++) {
                const struct item *was = p->items[i].was;

                if (was != NULL && !str_equal(was->name, p->wanted->items[i].name))
                        TRY(sql_define_history_rename(cx, p->old->id, was->name, p->wanted->items[i].name, from, &changed));
        }
        return RC_OK;
}

/* What does not fit stays readable in the history of its record. */
static rc unfit_keep(struct cx *cx, const struct define_plan *p, int64_t define)
{
        struct sql *sql;
        struct rows *rows;

        for (size_t i = 0; i < p->wanted->item_count; i++) {
                if (!p->items[i].retype)
                        continue;
                sql = sql_open(cx);
                sql_add(sql, "insert into tenant.change (register, record, version, actor, job, old) select ");
                sql_int(sql, p->old->id);
                sql_add(sql, ", r.id, r.version, coalesce(current_setting('daicho.actor', true), ''), "
                             "nullif(current_setting('daicho.job', true), '')::bigint, jsonb_build_object(w.item, to_jsonb(");
                sql_column(sql, p->items[i].was);
                sql_add(sql, ")) from tenant.define_row w join tenant.");
                sql_names(sql, "r_", p->old->name, "");
                sql_add(sql, " r on r.id = w.record where w.value is not null and w.define = ");
                sql_arg(sql, db_int(cx, define), "bigint");
                sql_add(sql, " and w.item = ");
                sql_arg(sql, p->wanted->items[i].name, "text");
                TRY(sql_run(sql, &rows));
        }
        return RC_OK;
}

static rc unfit_tell(struct cx *cx, const struct define_plan *p, int64_t define)
{
        json_t *list = json_array();
        struct define_unfit *rows;
        size_t count;

        TRY(sql_define_rows_unfit(cx, define, &rows, &count));
        for (size_t i = 0; i < count; i++) {
                json_t *m = json_object();

                (void)json_set(m, "item", json_str(rows[i].item));
                (void)json_set(m, "record", json_integer(rows[i].record));
                (void)json_set(m, "value", json_str(rows[i].value));
                json_array_append_new(list, m);
        }
        (void)json_set(p->model, "unfit", list);
        return RC_OK;
}

/* Is the search text kept by a trigger? Then it was changed once. */
static rc search_by_trigger(struct cx *cx, const struct define_plan *p, bool *ret)
{
        struct sql *sql = sql_open(cx);
        struct rows *rows;

        sql_add(sql, "select to_regprocedure(");
        sql_arg(sql, str_format(cx->mem, "t_%.*s.s_%.*s()", STR_ARG(cx->tenant), STR_ARG(p->wanted->name)), "text");
        sql_add(sql, ") is not null");
        TRY(sql_run(sql, &rows));
        *ret = rows_bool(rows, 0, 0) && !p->search;
        return RC_OK;
}

static rc lock(struct cx *cx, const struct define_plan *p)
{
        struct sql *sql = sql_open(cx);

        define_aside_lock(sql, p->old->name);
        return db_script(cx, buf_str(&sql->text));
}

/* define: of the change that was made beside the table; 0: nothing was needed. */
static rc place(struct cx *cx, struct job *job, struct define_plan *p, const struct define_wish *wish, int64_t define)
{
        struct definition *def = arena_copy(cx->mem, p->wanted, sizeof(*p->wanted));
        int64_t *laid = NEW_ARRAY(cx->mem, int64_t, p->old ? p->old->item_count : 1), last = 0;
        struct sql *sql = sql_open(cx);
        bool search_kept = false;

        log_subject(cx, S("register"), p->old ? p->old->id : 0);
        TRY(lay(cx, job, p, laid));
        if (p->old != NULL) {
                TRY(sql_define_history_last(cx, &last));
                TRY(history_rename(cx, p, 0));
                TRY(search_by_trigger(cx, p, &search_kept));
                TRY(lock(cx, p));
                TRY(segment_build_void(cx, p->old)); /* what counts there knows the columns as they were */
                TRY(history_rename(cx, p, last));
        }
        if (define != 0) {
                TRY(define_aside_catch_up(cx, p, wish, define));
                TRY(unfit_keep(cx, p, define));
                TRY(unfit_tell(cx, p, define));
                TRY(sql_define_rows_erase(cx, define));
                TRY(sql_define_end(cx, define));
        }
        TRY(store(cx, p, def));
        log_subject(cx, S("register"), def->id);
        if (p->old == NULL) {
                create(sql, p);
        } else {
                move_trigger_drop(sql, p->old);
                if (item_file_any(p->old))
                        attachment_trigger_clear(sql, p->old);
                alter(sql, p, laid, search_kept);
        }
        sql_views(sql, def);
        must(!buf_full(&sql->text) && sql->count == 0);
        TRY(db_script(cx, buf_str(&sql->text)));
        TRY(clock_trigger_apply(cx, p->old, def));
        TRY(round_trigger_apply(cx, p->old, def));
        TRY(move_trigger_apply(cx, p->old, def));
        TRY(attachment_trigger_apply(cx, p->old, def));
        definition_forget(cx, p->wanted->name);
        job->result = json_set(p->model, "version", json_integer(def->version));
        return RC_OK;
}

/* Asking ----------------------------------------------------------------------------------------------------------------------------- */

static json_t *names_model(const str *names, size_t count)
{
        json_t *list = json_array();

        for (size_t i = 0; i < count; i++)
                json_array_append_new(list, json_str(names[i]));
        return list;
}

static rc queue(struct cx *cx, const char *action, str name, json_t *args, int64_t *ret_job)
{
        (void)json_set(args, "action", json_string(action));
        return job_add(cx, "define", name, args, ret_job);
}

rc define_queue(struct cx *cx, json_t *json, const struct define_wish *wish, int64_t *ret_job, json_t **ret_plan)
{
        json_t *args = json_object();
        struct definition *wanted;
        struct define_plan *p;

        TRY(definition_parse_json(cx, json, &wanted));
        TRY(define_plan_make(cx, wanted, wish->back, !cx->desk, &p));
        TRY(define_plan_loss(cx, p, wish));
        (void)json_set(args, "definition", json);
        (void)json_set(args, "drop", names_model(wish->drop, wish->drop_count));
        (void)json_set(args, "empty", names_model(wish->empty, wish->empty_count));
        if (!str_absent(wish->back))
                (void)json_set(args, "back", json_str(wish->back));
        TRY(queue(cx, "define", wanted->name, args, ret_job));
        *ret_plan = p->model;
        return RC_OK;
}

rc define_queue_plan(struct cx *cx, json_t *json, int64_t *ret_job)
{
        struct definition *wanted;

        TRY(definition_parse_json(cx, json, &wanted));
        return queue(cx, "plan", wanted->name, json_set(json_object(), "definition", json), ret_job);
}

static rc referred_check(struct cx *cx, const struct definition *def)
{
        const struct definition **list;
        size_t count;

        TRY(definition_referrers(cx, def->name, &list, &count));
        for (size_t i = 0; i < count; i++)
                if (!str_equal(list[i]->name, def->name))
                        return fail(cx, RC_CONFLICT, NULL, "other registers refer to this one; delete those, or their items that refer to it, first");
        return RC_OK;
}

rc define_queue_delete(struct cx *cx, str name, int64_t *ret_job)
{
        const struct definition *def;

        if (cx->masked)
                return fail(cx, RC_FORBIDDEN, NULL, "definitions are changed by accounts that may see personal items");
        TRY(definition_get(cx, name, &def));
        TRY(referred_check(cx, def));
        return queue(cx, "delete", name, json_object(), ret_job);
}

rc define_queue_restore(struct cx *cx, str name, int64_t *ret_job)
{
        struct define_gone *list;
        size_t count;

        if (cx->masked)
                return fail(cx, RC_FORBIDDEN, NULL, "definitions are changed by accounts that may see personal items");
        TRY(sql_define_laid(cx, cx->tenant, STR_NONE, &list, &count));
        for (size_t i = 0; i < count; i++)
                if (str_equal(list[i].register_, name))
                        return queue(cx, "restore", name, json_object(), ret_job);
        return fail(cx, RC_UNKNOWN, NULL, "there is no such register that could be brought back");
}

/* Doing ------------------------------------------------------------------------------------------------------------------------------ */

static size_t names_read(const json_t *list, str ret[DEFINE_NAMES_MAX])
{
        size_t n = 0;

        for (; n < json_array_size(list) && n < DEFINE_NAMES_MAX; n++)
                ret[n] = json_text(json_array_get(list, n));
        return n;
}

/* A change of this register that is under way: this job's own, or one that was given up, or another's. */
static rc under_way(struct cx *cx, struct job *job, str name, struct define_row **ret)
{
        TRY(sql_define_change(cx, cx->tenant, name, ret));
        if (*ret == NULL || (*ret)->job == job->id)
                return RC_OK;
        if (!(*ret)->over)
                return fail(cx, RC_BUSY, NULL, "another change of this register is under way; please wait until it is done");
        TRY(define_aside_drop(cx, name, (*ret)->detail));
        TRY(sql_define_rows_erase(cx, (*ret)->id));
        TRY(sql_define_end(cx, (*ret)->id));
        *ret = NULL;
        return RC_OK;
}

/* What was counted when the change began. */
static rc model_recall(struct cx *cx, struct define_plan *p, const struct define_row *row)
{
        json_t *state, *one;
        size_t i;

        TRY(json_read(cx, row->detail, &state));
        p->model = json_object_get(state, "model");
        json_array_foreach(json_object_get(p->model, "drop"), i, one) {
                const struct item *was = definition_item(p->old, json_get_text(one, "name"));

                if (was != NULL)
                        p->records[was->number] = json_integer_value(json_object_get(one, "records"));
        }
        return RC_OK;
}

static rc define(struct cx *cx, struct job *job)
{
        struct define_wish *wish = NEW(cx->mem, struct define_wish);
        struct define_row *row;
        struct definition *wanted;
        struct define_plan *p;
        bool ready;

        wish->drop_count = names_read(json_object_get(job->args, "drop"), wish->drop);
        wish->empty_count = names_read(json_object_get(job->args, "empty"), wish->empty);
        wish->back = json_get_text(job->args, "back");
        TRY(definition_parse_json(cx, json_object_get(job->args, "definition"), &wanted));
        TRY(under_way(cx, job, wanted->name, &row));
        TRY(define_plan_make(cx, wanted, wish->back, false, &p));
        if (row == NULL) {
                TRY(define_plan_make(cx, wanted, wish->back, true, &p));
                TRY(define_plan_loss(cx, p, wish));
                if (!p->aside)
                        return place(cx, job, p, wish, 0);
                job->again = true;
                return define_aside_begin(cx, job, p);
        }
        TRY(define_aside_step(cx, job, p, wish, row, &ready));
        if (ready) {
                TRY(model_recall(cx, p, row));
                return place(cx, job, p, wish, row->id);
        }
        job->again = true;
        return RC_OK;
}

static rc plan_only(struct cx *cx, struct job *job)
{
        struct definition *wanted;
        struct define_plan *p;

        TRY(definition_parse_json(cx, json_object_get(job->args, "definition"), &wanted));
        TRY(define_plan_make(cx, wanted, STR_NONE, true, &p));
        job->result = p->model;
        return RC_OK;
}

static json_t *done_model(str name, const char *what)
{
        return json_set(json_set(json_object(), "register", json_str(name)), what, json_true());
}

static rc delete (struct cx *cx, struct job *job)
{
        str name = job->register_name;
        const struct definition *def;
        struct define_row *row;
        size_t changed;
        int64_t laid;

        TRY(under_way(cx, job, name, &row));
        TRY(definition_get(cx, name, &def));
        log_subject(cx, S("register"), def->id);
        TRY(referred_check(cx, def));
        TRY(segment_build_void(cx, def));
        TRY(sql_define_state(cx, name, S("deleted"), &changed));
        TRY(sql_define_lay(cx, cx->tenant, name, STR_NONE, job->id, cx->actor.name, DEFINE_UNDO_DAYS,
                           json_write(cx->mem, json_set(json_object(), "title", json_deep_copy(json_object_get(def->source, "title")))), &laid));
        TRY(clock_trigger_lay(cx, def->id, true));
        TRY(round_trigger_lay(cx, def->id, true));
        TRY(move_trigger_lay(cx, def->id, true));
        definition_forget(cx, name);
        job->result = done_model(name, "deleted");
        return RC_OK;
}

static rc restore(struct cx *cx, struct job *job)
{
        struct define_gone *list;
        const struct definition *def, *other;
        str name = job->register_name;
        size_t count, changed;

        TRY(sql_define_laid(cx, cx->tenant, STR_NONE, &list, &count));
        for (size_t i = 0; i < count; i++) {
                if (!str_equal(list[i].register_, name))
                        continue;
                TRY(sql_define_state(cx, name, S("active"), &changed));
                TRY(sql_define_end(cx, list[i].id));
                TRY(definition_get(cx, name, &def));
                log_subject(cx, S("register"), def->id);
                TRY(segment_build_void(cx, def));
                for (size_t k = 0; k < def->item_count; k++)
                        if (def->items[k].type == ITEM_REFERENCE && definition_get(cx, def->items[k].reference, &other) != RC_OK) {
                                fail_clear(cx);
                                return fail(cx, RC_CONFLICT, NULL, "it refers to the register \"%.*s\", which was deleted; bring that back first",
                                            STR_ARG(def->items[k].reference));
                        }
                TRY(clock_trigger_lay(cx, def->id, false));
                TRY(round_trigger_lay(cx, def->id, false));
                TRY(move_trigger_lay(cx, def->id, false));
                job->result = done_model(name, "restored");
                return RC_OK;
        }
        return fail(cx, RC_UNKNOWN, NULL, "there is no such register that could be brought back");
}

rc define_run(struct cx *cx, struct job *job)
{
        str action = json_get_text(job->args, "action");

        log_subject(cx, S("register"), 0);
        if (str_is(action, "plan"))
                return plan_only(cx, job);
        if (str_is(action, "delete"))
                return delete (cx, job);
        if (str_is(action, "restore"))
                return restore(cx, job);
        return define(cx, job);
}
