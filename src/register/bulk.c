/* bulk.c - see bulk.h. The job puts ids and versions of the records aside, compares their number with the one that was confirmed, and works through them
 * in steps of STEP: a bar moves and a call to stop is heard, and still it is one transaction. A record that somebody changes meanwhile is noticed by its
 * version: the job begins again. */
#include "base/house.h"

#include "register/bulk.h"

#include "base/crypto.h"
#include "base/fail.h"
#include "db/db.h"
#include "identity/permission.h"
#include "log/log.h"
#include "register/condition_facts.h"
#include "register/item_account.h"
#include "register/record_input.h"
#include "register/record_model.h"
#include "register/record_row.h"
#include "register/stage.sql.h"

enum { STEP = 5000, SETTLE_ROWS = 1000, DIGEST = 16 };

enum bulk_action { BULK_DELETE, BULK_SET, BULK_ACTIONS };

/* An order read against the definition. */
struct bulk {
        struct cx *cx;
        const struct definition *def;
        enum bulk_action action;
        struct condition *condition; /* NULL: all */
        json_t *condition_json;      /* NULL */
        str means;                   /* what its segments say, as JSON */
        struct search_word words[SEARCH_WORDS_MAX];
        size_t word_count;
        str q;
        struct record_input *in; /* BULK_SET */
        json_t *items;
};

static const char *const actions[BULK_ACTIONS] = { [BULK_DELETE] = "delete", [BULK_SET] = "set" };
static const enum permission needed[BULK_ACTIONS] = { [BULK_DELETE] = PERM_RECORD_DELETE, [BULK_SET] = PERM_RECORD_WRITE };

/* Reading the order ---------------------------------------------------------------------------------------------------------------- */

static rc which_read(struct cx *cx, const struct bulk_order *order, struct bulk *b)
{
        TRY(definition_get(cx, order->register_name, &b->def));
        TRY(condition_read(cx, b->def, order->condition, &b->condition, &b->condition_json));
        b->means = condition_facts_means(b->condition) ? json_write(cx->mem, condition_facts_means(b->condition)) : S("");
        b->q = str_trim(order->q);
        if (str_empty(b->q))
                return RC_OK;
        if (!search_possible(cx, b->def))
                return fail(cx, RC_INVALID, "q", "no item of this register is searchable; use a condition instead");
        return search_words(cx, b->q, b->words, &b->word_count);
}

/* Many records cannot have one and the same unique value. */
static rc items_read(struct bulk *b, const json_t *items)
{
        struct cx *cx = b->cx;
        bool any = false;

        TRY(record_input_read(cx, b->def, items, false, &b->in));
        b->items = (json_t *)(uintptr_t)items;
        for (size_t i = 0; i < b->def->item_count; i++) {
                any = any || b->in->given[i];
                if (b->in->given[i] && &b->def->items[i] == b->def->state)
                        (void)fail(cx, RC_INVALID, b->def->items[i].name.p,
                                   "is changed by moves only; the page of the record has those that are possible");
                if (b->in->given[i] && b->def->items[i].unique)
                        (void)fail(cx, RC_INVALID, b->def->items[i].name.p,
                                   "must differ from record to record, so it cannot be set for many at once");
        }
        return any ? cx->failure.code : fail(cx, RC_INVALID, "set", "please choose at least one item and its new value");
}

/* RC_FORBIDDEN without the right to do one by one what is asked for; RC_INVALID with every mistake. */
static rc order_read(struct cx *cx, const struct bulk_order *order, struct bulk **ret)
{
        struct bulk *b = NEW(cx->mem, struct bulk);

        b->cx = cx;
        b->action = str_is(order->action, "set") ? BULK_SET : BULK_DELETE;
        if (!str_is(order->action, actions[b->action]))
                return fail(cx, RC_INVALID, "action", "must be one of: %s", "delete set");
        if (!permission_held_for(cx, needed[b->action], order->register_name))
                return fail(cx, RC_FORBIDDEN, NULL, "doing this to many records needs the right to do it to one");
        TRY(which_read(cx, order, b));
        if (b->action == BULK_SET)
                TRY(items_read(b, order->items));
        *ret = b;
        return RC_OK;
}

static void matching(struct sql *sql, const struct bulk *b)
{
        sql_add(sql, "true");
        if (b->condition != NULL) {
                sql_add(sql, " and ");
                condition_sql(sql, b->condition);
        }
        if (b->word_count > 0) {
                sql_add(sql, " and ");
                search_terms(sql, b->def, b->words, b->word_count);
        }
}

/* Meets the condition, and (BULK_SET) would change. */
static void changing(struct sql *sql, const struct bulk *b)
{
        size_t n = 0;

        matching(sql, b);
        if (b->action != BULK_SET)
                return;
        sql_add(sql, " and (");
        for (size_t i = 0; i < b->def->item_count; i++)
                if (b->in->given[i]) {
                        if (n++ > 0)
                                sql_add(sql, " or ");
                        sql_column(sql, &b->def->items[i]);
                        sql_add(sql, " is distinct from ");
                        sql_value(sql, &b->def->items[i], b->in->values[i]);
                }
        sql_add(sql, ")");
}

static rc count_where(const struct bulk *b, void (*where)(struct sql *sql, const struct bulk *b), int64_t *ret)
{
        struct sql *sql = sql_open(b->cx);
        struct rows *rows;

        sql_add(sql, "select count(*) from ");
        sql_table(sql, b->def);
        sql_add(sql, " r where ");
        where(sql, b);
        TRY(record_row_run(sql, b->def, &rows));
        *ret = rows_int(rows, 0, 0);
        return RC_OK;
}

/* What goes with them -------------------------------------------------------------------------------------------------------------- */

static rc referring_count(const struct bulk *b, const struct definition *from, const struct item *item, int64_t *ret)
{
        struct sql *sql = sql_open(b->cx);
        struct rows *rows;

        sql_add(sql, "select count(*) from ");
        sql_table(sql, from);
        sql_add(sql, " x where x.");
        sql_name(sql, item->name);
        sql_add(sql, " in (select r.id from ");
        sql_table(sql, b->def);
        sql_add(sql, " r where ");
        changing(sql, b);
        sql_add(sql, ")");
        TRY(record_row_run(sql, from, &rows));
        *ret = rows_int(rows, 0, 0);
        return RC_OK;
}

static rc effect_add(const struct bulk *b, const struct definition *from, const struct item *item, bool check, json_t *effects)
{
        bool must_stay = item->required || b->def->kind == REGISTER_REFERENCE;
        const char *kind = item == from->master ? "goes" : must_stay ? "blocks" : "cleared";
        struct cx *cx = b->cx;
        json_t *one = json_object();
        int64_t count;

        if (!sql_visible(cx, item))
                return RC_OK;
        TRY(referring_count(b, from, item, &count));
        if (count == 0)
                return RC_OK;
        if (check && item == from->master && !permission_held_for(cx, PERM_RECORD_DELETE, from->name))
                return fail(cx, RC_FORBIDDEN, NULL, "entries of other registers would go with these records, and this account may not delete those");
        if (check && item != from->master && must_stay)
                return fail(cx, RC_CONFLICT, NULL, "records of other registers refer to these and cannot be without them");
        if (permission_hidden(cx, from->name))
                return RC_OK;
        (void)json_set(one, "register", json_str(from->name));
        (void)json_set(one, "title", json_str(from->title[cx->lang]));
        (void)json_set(one, "item", json_str(item->title[cx->lang]));
        (void)json_set(one, "count", json_integer(count));
        (void)json_set(one, "kind", json_string(kind));
        (void)json_set(one, str_format(cx->mem, "is_%s", kind).p, json_true());
        json_array_append_new(effects, one);
        return RC_OK;
}

/* check: RC_FORBIDDEN when entries of other registers would go that this account may not delete, RC_CONFLICT when records of others cannot be without
 * these. ret_effects (may be NULL): [{register, title, item, count, kind: goes | cleared | blocks}], those this account may know of. */
static rc effects_make(const struct bulk *b, bool check, json_t **ret_effects)
{
        const struct definition **list;
        json_t *effects = json_array();
        size_t count;

        if (b->action == BULK_DELETE) {
                TRY(definition_referrers(b->cx, b->def->name, &list, &count));
                for (size_t i = 0; i < count; i++)
                        for (size_t k = 0; k < list[i]->item_count; k++) {
                                const struct item *item = &list[i]->items[k];

                                if (item->type == ITEM_REFERENCE && str_equal(item->reference, b->def->name) && list[i] != b->def)
                                        TRY(effect_add(b, list[i], item, check, effects));
                        }
        }
        if (ret_effects != NULL)
                *ret_effects = effects;
        return RC_OK;
}

/* Looking first -------------------------------------------------------------------------------------------------------------------- */

/* Register, action, condition and what its segments say, words, values and number: a confirmation given for one of them is none for another. */
static str digest(const struct bulk *b, int64_t count)
{
        struct cx *cx = b->cx;
        uint8_t hash[SHA256_SIZE];
        str text = str_format(cx->mem, "%.*s\n%s\n%.*s\n%.*s\n%.*s\n%.*s\n%" PRId64, STR_ARG(b->def->name), actions[b->action],
                              STR_ARG(b->condition_json ? json_write(cx->mem, b->condition_json) : S("")), STR_ARG(b->means),
                              STR_ARG(str_absent(b->q) ? S("") : b->q), STR_ARG(b->items ? json_write(cx->mem, b->items) : S("")), count);

        crypto_sha256(text, hash);
        return crypto_hex(cx->mem, hash, DIGEST);
}

static rc accounts_name(const struct bulk *b, json_t *records)
{
        json_t **models = NEW_ARRAY(b->cx->mem, json_t *, json_array_size(records) + 1);

        for (size_t i = 0; i < json_array_size(records); i++)
                models[i] = json_array_get(records, i);
        return item_account_name(b->cx, b->def, models, json_array_size(records));
}

static rc sample(const struct bulk *b, json_t **ret)
{
        struct sql *sql = sql_open(b->cx);
        json_t *list = json_array();
        struct rows *rows;

        sql_add(sql, "select ");
        sql_columns(sql, b->def, true);
        sql_add(sql, " from ");
        sql_table(sql, b->def);
        sql_add(sql, " r where ");
        changing(sql, b);
        sql_add(sql, " order by r.id desc limit ");
        sql_int(sql, BULK_SAMPLE);
        TRY(record_row_run(sql, b->def, &rows));
        for (size_t i = 0; i < rows_count(rows); i++) {
                struct record rec;

                record_row_read(b->cx, b->def, rows, i, 0, true, &rec);
                json_array_append_new(list, record_model(b->cx, b->def, &rec, true));
        }
        *ret = list;
        return RC_OK;
}

static void which_tell(const struct bulk *b, json_t *model)
{
        (void)json_set(model, "condition", b->condition_json ? b->condition_json : json_null());
        (void)json_set(model, "sentence", json_str(condition_sentence(b->cx, b->condition)));
        (void)json_set(model, "q", json_str(b->q));
}

rc bulk_plan(struct cx *cx, const struct bulk_order *order, json_t **ret)
{
        json_t *model = json_object(), *records, *effects, *one;
        struct bulk *b = NEW(cx->mem, struct bulk);
        int64_t all, count;
        bool blocked = false;
        size_t i;

        b->cx = cx;
        if (str_empty(order->action)) {
                TRY(which_read(cx, order, b));
                TRY(count_where(b, matching, &all));
                (void)json_set(model, "register", definition_model(cx, b->def));
                (void)json_set(model, "matching", json_integer(all));
                which_tell(b, model);
                *ret = model;
                return RC_OK;
        }
        TRY(order_read(cx, order, &b));
        TRY(count_where(b, matching, &all));
        TRY(count_where(b, changing, &count));
        TRY(effects_make(b, false, &effects));
        TRY(sample(b, &records));
        TRY(accounts_name(b, records));
        json_array_foreach(effects, i, one)
                blocked = blocked || json_is_true(json_object_get(one, "is_blocks"));
        (void)json_set(model, "register", definition_model(cx, b->def));
        (void)json_set(model, "action", json_string(actions[b->action]));
        which_tell(b, model);
        (void)json_set(model, "set", b->items ? b->items : json_null());
        (void)json_set(model, "matching", json_integer(all));
        (void)json_set(model, "count", json_integer(count));
        (void)json_set(model, "digest", json_str(digest(b, count)));
        (void)json_set(model, "records", records);
        (void)json_set(model, "effects", effects);
        (void)json_set(model, "blocked", json_boolean(blocked));
        *ret = model;
        return RC_OK;
}

/* The confirmation holds only for what was looked at, and only while it is still so. */
static rc confirmation_check(const struct bulk *b, const struct bulk_order *order, int64_t now)
{
        struct cx *cx = b->cx;

        if (str_equal(order->digest, digest(b, now))) {
                if (order->count != now)
                        return fail(cx, RC_INVALID, "count", "must be the number of records, exactly: %lld", (long long)now);
                return now > 0 ? RC_OK : fail(cx, RC_INVALID, "count", "there is no record that this would change");
        }
        if (str_equal(order->digest, digest(b, order->count)))
                return fail(cx, RC_CONFLICT, "count", "%lld records were confirmed, and now there are %lld; nothing was done",
                            (long long)order->count, (long long)now);
        return fail(cx, RC_CONFLICT, "digest", "what was looked at is not what is asked for now; please look at it again");
}

rc bulk_start(struct cx *cx, const struct bulk_order *order, int64_t *ret_job)
{
        json_t *args = json_object();
        struct bulk *b;
        int64_t now;

        TRY(order_read(cx, order, &b));
        TRY(count_where(b, changing, &now));
        TRY(confirmation_check(b, order, now));
        TRY(effects_make(b, true, NULL));
        (void)json_set(args, "action", json_string(actions[b->action]));
        if (b->condition_json != NULL)
                (void)json_set(args, "condition", json_str(json_write(cx->mem, b->condition_json)));
        (void)json_set(args, "means", json_str(b->means));
        if (b->word_count > 0)
                (void)json_set(args, "q", json_str(b->q));
        if (b->items != NULL)
                (void)json_set(args, "set", b->items);
        (void)json_set(args, "count", json_integer(now));
        TRY(job_add(cx, "bulk", b->def->name, args, ret_job));
        log_subject(cx, S("job"), *ret_job);
        log_detail(cx, "register", json_str(b->def->name));
        log_detail(cx, "action", json_string(actions[b->action]));
        log_detail(cx, "count", json_integer(now));
        return RC_OK;
}

/* The job -------------------------------------------------------------------------------------------------------------------------- */

struct work {
        struct bulk *b;
        struct job *job;
        int64_t done, total;
};

/* Asked while the database works on one long statement. */
static bool go_on(void *of)
{
        struct work *w = of;

        return job_progress(w->b->cx, w->job, w->done, w->total, "job.step.bulk") == RC_OK;
}

/* One batch or import of a register at a time; single records can be read and written meanwhile. */
static rc lock(struct work *w)
{
        struct sql *sql = sql_open(w->b->cx);
        struct rows *rows;

        sql_add(sql, "lock table ");
        sql_table(sql, w->b->def);
        sql_add(sql, " in share update exclusive mode");
        TRY(job_progress(w->b->cx, w->job, 0, 0, "job.step.wait"));
        return sql_run(sql, &rows);
}

static rc put_aside(struct work *w)
{
        struct cx *cx = w->b->cx;
        struct sql *sql = sql_open(cx);
        struct rows *rows;

        db_queue(cx, S("create temporary table bulk_record (place bigint primary key, id bigint not null, version bigint not null) on commit drop"),
                 NULL, 0);
        sql_add(sql, "insert into pg_temp.bulk_record select row_number() over (order by r.id), r.id, r.version from ");
        sql_table(sql, w->b->def);
        sql_add(sql, " r where ");
        changing(sql, w->b);
        TRY(record_row_run(sql, w->b->def, &rows));
        w->total = (int64_t)rows_changed(rows);
        return db_run(cx, S("analyze pg_temp.bulk_record"), NULL, 0, NULL);
}

static void step_sql(struct sql *sql, const struct bulk *b)
{
        if (b->action == BULK_DELETE) {
                sql_add(sql, "delete from ");
                sql_table(sql, b->def);
                sql_add(sql, " r using pg_temp.bulk_record b");
        } else {
                sql_add(sql, "update ");
                sql_table(sql, b->def);
                sql_add(sql, " r set version = r.version + 1, updated_at = c.at, updated_by = c.actor");
                for (size_t i = 0; i < b->def->item_count; i++)
                        if (b->in->given[i]) {
                                sql_add(sql, ", ");
                                sql_name(sql, b->def->items[i].name);
                                sql_add(sql, " = ");
                                sql_value(sql, &b->def->items[i], b->in->values[i]);
                        }
                sql_add(sql, " from pg_temp.bulk_record b cross join "
                             "(select daicho.clock() as at, coalesce(current_setting('daicho.actor', true), '') as actor offset 0) c");
        }
        sql_add(sql, " where r.id = b.id and r.version = b.version and b.place > ");
}

static rc step(struct work *w)
{
        struct cx *cx = w->b->cx;
        struct arena_mark mark = arena_mark(cx->mem);
        struct sql *sql = sql_open(cx);
        int64_t want = w->total - w->done < STEP ? w->total - w->done : STEP, changed;
        struct rows *rows;

        step_sql(sql, w->b);
        sql_arg(sql, db_int(cx, w->done), "bigint");
        sql_add(sql, " and b.place <= ");
        sql_arg(sql, db_int(cx, w->done + want), "bigint");
        TRY(record_row_run(sql, w->b->def, &rows));
        changed = (int64_t)rows_changed(rows);
        arena_rewind(cx->mem, mark);
        if (changed != want)
                return fail(cx, RC_BUSY, NULL, "somebody changed one of these records at the same moment; nothing was done");
        w->done += want;
        return job_progress(cx, w->job, w->done, w->total, "job.step.bulk");
}

static rc order_again(struct cx *cx, const struct job *job, struct bulk **ret)
{
        struct bulk_order order = {
                .register_name = job->register_name,
                .action = json_get_text(job->args, "action"),
                .condition = json_get_text(job->args, "condition"),
                .q = json_get_text(job->args, "q"),
                .items = json_object_get(job->args, "set"),
        };

        TRY(order_read(cx, &order, ret));
        if (json_object_get(job->args, "means") != NULL && !str_equal((*ret)->means, json_get_text(job->args, "means")))
                return fail(cx, RC_CONFLICT, NULL, "a segment of the condition was changed after this was confirmed; nothing was done");
        return RC_OK;
}

static void tell(struct work *w)
{
        struct bulk *b = w->b;
        json_t *result = json_object();
        struct cx *cx = b->cx;

        (void)json_set(result, "action", json_string(actions[b->action]));
        (void)json_set(result, "is_delete", json_boolean(b->action == BULK_DELETE));
        (void)json_set(result, b->action == BULK_DELETE ? "deleted" : "changed", json_integer(w->done));
        (void)json_set(result, "condition", b->condition_json ? json_str(json_write(cx->mem, b->condition_json)) : json_null());
        (void)json_set(result, "sentence", json_str(condition_sentence(cx, b->condition)));
        (void)json_set(result, "q", json_str(b->q));
        (void)json_set(result, "set", b->items ? json_str(json_write(cx->mem, b->items)) : json_null());
        w->job->result = result;
        log_subject(cx, b->def->name, 0);
        log_detail(cx, "batch", json_integer(w->job->id));
        log_detail(cx, "action", json_string(actions[b->action]));
        log_detail(cx, "count", json_integer(w->done));
        log_detail(cx, "condition", b->condition_json ? json_incref(b->condition_json) : json_null());
        if (condition_facts_means(b->condition) != NULL)
                log_detail(cx, "segments", condition_facts_means(b->condition));
        if (b->word_count > 0)
                log_detail(cx, "q", json_str(b->q));
        if (b->items != NULL)
                log_detail(cx, "set", json_incref(b->items));
}

rc bulk_run(struct cx *cx, struct job *job)
{
        int64_t confirmed = json_integer_value(json_object_get(job->args, "count"));
        struct work w = { .job = job };

        TRY(order_again(cx, job, &w.b));
        db_queue(cx, S("set local work_mem = '128MB'"), NULL, 0);
        db_queue(cx, str_format(cx->mem, "set local daicho.job = '%" PRId64 "'", job->id), NULL, 0); /* for the history of changes */
        db_watch(cx, go_on, &w);
        TRY(lock(&w));
        TRY(put_aside(&w));
        if (w.total != confirmed)
                return fail(cx, RC_CONFLICT, NULL, "%lld records were confirmed, and now there are %lld; nothing was done", (long long)confirmed,
                            (long long)w.total);
        TRY(effects_make(w.b, true, NULL));
        while (w.done < w.total)
                TRY(step(&w));
        if (w.total >= SETTLE_ROWS && !cx->masked)
                TRY(sql_stage_settle(cx, w.b->def->name));
        tell(&w);
        return RC_OK;
}
