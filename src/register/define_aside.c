/* define_aside.c - see define_aside.h. Phases: index (while the new columns are empty, so that it takes no time), fill (pieces of DEFINE_STEP records), last
 * (unique indexes of converted values). Each piece is committed; the row of daicho.define holds the phase and the last record done. */
#include "base/house.h"

#include "register/define_aside.h"

#include "base/fail.h"
#include "base/utf8.h"
#include "db/db.h"
#include "register/define.sql.h"
#include "register/search.h"

static const char *const phases[] = { "index", "fill", "last", "ready" };
enum phase { PHASE_INDEX, PHASE_FILL, PHASE_LAST, PHASE_READY, PHASES };

/* Names ------------------------------------------------------------------------------------------------------------------------------ */

void define_aside_gone(struct sql *sql, int64_t id)
{
        sql_names(sql, "_gone_", str_format(sql->cx->mem, "%" PRId64, id), "");
}

static bool beside(const struct define_item *d)
{
        return d->retype || (d->was == NULL && d->laid == 0 && !d->computed);
}

/* Where the value of an item stands while the change is under way. */
static void column(struct sql *sql, const struct define_plan *p, const struct item *item)
{
        const struct define_item *d = &p->items[item->number];

        if (beside(d))
                sql_names(sql, "_new_", item->name, "");
        else if (d->laid != 0)
                define_aside_gone(sql, d->laid);
        else
                sql_name(sql, d->was->name);
}

static void new_column(struct sql *sql, const struct item *item, const void *of)
{
        sql_add(sql, "new.");
        column(sql, of, item);
}

static void placed_column(struct sql *sql, const struct item *item, const void *of)
{
        sql_add(sql, "new.");
        sql_name(sql, item->name);
}

static void table(struct sql *sql, str name)
{
        sql_add(sql, "tenant.");
        sql_names(sql, "r_", name, "");
}

static void alter(struct sql *sql, str name)
{
        sql_add(sql, "alter table ");
        table(sql, name);
        sql_add(sql, " ");
}

static void index_name(struct sql *sql, const struct define_plan *p, const struct item *item, const char *prefix, const char *suffix)
{
        sql_names(sql, prefix, str_format(sql->cx->mem, "%.*s_%.*s", STR_ARG(p->wanted->name), STR_ARG(item->name)), suffix);
}

/* The script runs as it stands, inside the transaction. */
static rc run(struct sql *sql)
{
        must(!buf_full(&sql->text) && sql->count == 0);
        return sql->text.n > 0 ? db_script(sql->cx, buf_str(&sql->text)) : RC_OK;
}

void define_aside_lock(struct sql *sql, str register_name)
{
        sql_add(sql, "do $lock$ begin\nset local lock_timeout = '300ms';\nfor i in 1..100 loop\nbegin\nlock table ");
        table(sql, register_name);
        sql_add(
            sql,
            " in access exclusive mode;\nset local lock_timeout = '10s';\nreturn;\nexception when lock_not_available then null;\nend;\nend loop;\n"
            "raise lock_not_available;\nend $lock$;\n");
}

/* Triggers --------------------------------------------------------------------------------------------------------------------------- */

static bool retypes_any(const struct define_plan *p)
{
        for (size_t i = 0; i < p->wanted->item_count; i++)
                if (p->items[i].retype)
                        return true;
        return false;
}

static bool search_beside(const struct define_plan *p)
{
        return p->search && define_plan_searchable(p->wanted);
}

static void trigger(struct sql *sql, str name, const char *prefix, const char *when, const char *trigger_name)
{
        sql_add(sql, "create or replace trigger ");
        buf_add(&sql->text, str_of(trigger_name));
        buf_add(&sql->text, str_of(when));
        table(sql, name);
        sql_add(sql, " for each row execute function tenant.");
        sql_names(sql, prefix, name, "");
        sql_add(sql, "();\nrevoke execute on function tenant.");
        sql_names(sql, prefix, name, "");
        sql_add(sql, "() from public;\n");
}

/* A value that is written while others are being converted is converted later. */
static void again_trigger(struct sql *sql, const struct define_plan *p, int64_t define)
{
        str name = p->wanted->name;

        sql_add(sql, "create or replace function tenant.");
        sql_names(sql, "d_", name, "");
        sql_add(sql, "() returns trigger language plpgsql security definer set search_path = pg_catalog as $daicho$\nbegin\n");
        for (size_t i = 0; i < p->wanted->item_count; i++) {
                const struct define_item *d = &p->items[i];

                if (!d->retype)
                        continue;
                sql_add(sql, "if tg_op = 'INSERT' and new.");
                sql_name(sql, d->was->name);
                sql_add(sql, " is not null or tg_op = 'UPDATE' and new.");
                sql_name(sql, d->was->name);
                sql_add(sql, " is distinct from old.");
                sql_name(sql, d->was->name);
                sql_add(sql, " then\ninsert into tenant.define_row (define, item, record) values (");
                sql_int(sql, define);
                sql_add(sql, ", '");
                buf_add(&sql->text, p->wanted->items[i].name);
                sql_add(sql, "', new.id) on conflict (define, item, record) do update set value = null;\nend if;\n");
        }
        sql_add(sql, "return null;\nend\n$daicho$;\n");
        trigger(sql, name, "d_", " after insert or update on ", "define_again");
}

static void search_function(struct sql *sql, const struct define_plan *p, const char *prefix, const char *into, search_namer namer)
{
        sql_add(sql, "create or replace function tenant.");
        sql_names(sql, prefix, p->wanted->name, "");
        sql_add(sql, "() returns trigger language plpgsql as $daicho$\nbegin\nnew.");
        buf_add(&sql->text, str_of(into));
        sql_add(sql, " := ");
        search_expression(sql, p->wanted, namer, p);
        sql_add(sql, ";\nreturn new;\nend\n$daicho$;\n");
}

void define_aside_search(struct sql *sql, const struct define_plan *p)
{
        search_function(sql, p, "s_", "search_text", placed_column);
        trigger(sql, p->wanted->name, "s_", " before insert or update on ", "search_text");
}

/* Beginning -------------------------------------------------------------------------------------------------------------------------- */

static json_t *state_model(const struct define_plan *p)
{
        json_t *m = json_object(), *columns = json_array();

        for (size_t i = 0; i < p->wanted->item_count; i++)
                if (beside(&p->items[i]))
                        json_array_append_new(columns, json_str(p->wanted->items[i].name));
        (void)json_set(m, "phase", json_string(phases[PHASE_INDEX]));
        (void)json_set(m, "cursor", json_integer(0));
        (void)json_set(m, "done", json_integer(0));
        (void)json_set(m, "columns", columns);
        (void)json_set(m, "model", json_incref(p->model));
        (void)json_set(m, "items", json_array());
        for (size_t i = 0; i < p->wanted->item_count; i++)
                json_array_append_new(json_object_get(m, "items"), json_str(p->wanted->items[i].name));
        return m;
}

rc define_aside_begin(struct cx *cx, const struct job *job, const struct define_plan *p)
{
        struct sql *sql = sql_open(cx);
        struct rows *rows;
        int64_t define;
        json_t *state = state_model(p);

        sql_add(sql, "select count(*) from ");
        table(sql, p->wanted->name);
        TRY(sql_run(sql, &rows));
        (void)json_set(state, "total", json_integer(rows_int(rows, 0, 0)));
        TRY(sql_define_begin(cx, cx->tenant, p->wanted->name, job->id, cx->actor.name, json_write(cx->mem, state), &define));
        sql = sql_open(cx);
        define_aside_lock(sql, p->wanted->name);
        for (size_t i = 0; i < p->wanted->item_count; i++)
                if (beside(&p->items[i])) {
                        alter(sql, p->wanted->name);
                        sql_add(sql, "add column ");
                        sql_column_beside(sql, p->wanted, &p->wanted->items[i]);
                        sql_add(sql, ";\n");
                }
        if (search_beside(p)) {
                alter(sql, p->wanted->name);
                sql_add(sql, "add column _new_search_text text;\n");
                search_function(sql, p, "n_", "_new_search_text", new_column);
                trigger(sql, p->wanted->name, "n_", " before insert or update on ", "define_search");
        }
        if (retypes_any(p))
                again_trigger(sql, p, define);
        return run(sql);
}

/* Indexes ---------------------------------------------------------------------------------------------------------------------------- */

static void index_create(struct sql *sql, const struct define_plan *p, const struct item *item, bool unique)
{
        buf_add(&sql->text, unique ? S("create unique index ") : S("create index "));
        index_name(sql, p, item, "n_", unique ? "_key" : "_idx");
        sql_add(sql, " on ");
        table(sql, p->wanted->name);
        buf_add(&sql->text, item->type == ITEM_CHOICES ? S(" using gin (") : S(" ("));
        column(sql, p, item);
        buf_add(&sql->text, unique || item->type == ITEM_CHOICES ? S(");\n") : S(", id);\n"));
}

/* Which index is made for an item: beside what there is. */
static bool wants_unique(const struct define_plan *p, const struct item *item)
{
        const struct define_item *d = &p->items[item->number];

        return item->unique && d->laid == 0 && (beside(d) || !d->was->unique);
}

static bool wants_index(const struct define_plan *p, const struct item *item)
{
        const struct define_item *d = &p->items[item->number];

        return define_plan_indexed(p->wanted, item) && d->laid == 0 && (beside(d) || !define_plan_indexed(p->old, d->was));
}

/* Two records with one value: say which item, and what to do. */
static rc unique_create(struct cx *cx, const struct define_plan *p, const struct item *item)
{
        struct sql *sql = sql_open(cx);
        rc code;

        index_create(sql, p, item, true);
        code = run(sql);
        if (code != RC_CONFLICT && code != RC_INVALID)
                return code;
        fail_clear(cx);
        return fail(cx, RC_CONFLICT, item->name.p, "cannot be unique: several records would hold the same value");
}

static rc indexes(struct cx *cx, const struct define_plan *p, bool last)
{
        struct sql *sql = sql_open(cx);

        for (size_t i = 0; i < p->wanted->item_count; i++) {
                const struct item *item = &p->wanted->items[i];

                if (wants_unique(p, item) && p->items[i].retype == last)
                        TRY(unique_create(cx, p, item));
                if (wants_index(p, item) && !last)
                        index_create(sql, p, item, false);
        }
        if (search_beside(p) && !last) {
                sql_add(sql, "create index ");
                sql_names(sql, "n_", p->wanted->name, "_search_idx");
                sql_add(sql, " on ");
                table(sql, p->wanted->name);
                sql_add(sql, " using gin (daicho.grams(_new_search_text));\n");
        }
        return run(sql);
}

/* Filling ---------------------------------------------------------------------------------------------------------------------------- */

struct filling {
        struct cx *cx;
        const struct define_plan *p;
        const struct define_wish *wish;
        int64_t define;
        const struct item *items[DEFINITION_ITEMS_MAX]; /* those that are converted */
        size_t count;
};

static struct filling *filling_open(struct cx *cx, const struct define_plan *p, const struct define_wish *wish, int64_t define)
{
        struct filling *f = NEW(cx->mem, struct filling);

        *f = (struct filling){ .cx = cx, .p = p, .wish = wish, .define = define };
        for (size_t i = 0; i < p->wanted->item_count; i++)
                if (p->items[i].retype)
                        f->items[f->count++] = &p->wanted->items[i];
        return f;
}

static bool may_empty(const struct filling *f, const struct item *item)
{
        for (size_t i = 0; i < f->wish->empty_count; i++)
                if (str_equal(f->wish->empty[i], item->name))
                        return true;
        return false;
}

static rc convert(const struct filling *f, const struct item *item, int64_t record, str stored, str *ret)
{
        struct cx *cx = f->cx;
        const struct item *was = f->p->items[item->number].was;
        enum item_reason reason;
        str shown, why;

        *ret = STR_NONE;
        if (str_absent(stored))
                return RC_OK;
        reason = define_plan_convert(cx->mem, cx->lang, was, item, stored, ret);
        if (reason == ITEM_FINE)
                return RC_OK;
        *ret = STR_NONE;
        shown = utf8_head(item_write(cx->mem, cx->lang, was, stored), 60);
        if (may_empty(f, item))
                return sql_define_row_unfit(cx, f->define, item->name, record, shown);
        why = item_reason_text(cx, item, reason);
        (void)fail(cx, RC_INVALID, item->name.p, "record %lld holds \"%.*s\", which does not fit: %.*s", (long long)record, STR_ARG(shown),
                   STR_ARG(why));
        return RC_OK; /* as many as can be told, not only the first */
}

/* update r set _new_a = x.v0::bigint from unnest($1::bigint[], $2::text[], …) x (id, v0, …) where r.id = x.id */
static rc write(const struct filling *f, const str *ids, str *const *values, size_t count)
{
        struct sql *sql = sql_open(f->cx);
        struct rows *rows;

        sql_add(sql, "update ");
        table(sql, f->p->wanted->name);
        sql_add(sql, " as r set ");
        for (size_t k = 0; k < f->count; k++) {
                if (k > 0)
                        sql_add(sql, ", ");
                sql_names(sql, "_new_", f->items[k]->name, "");
                sql_add(sql, " = x.v");
                sql_int(sql, (int64_t)k);
                sql_add(sql, "::");
                buf_add(&sql->text, str_of(item_pg_type(f->items[k])));
        }
        if (f->count == 0)
                sql_add(sql, "_new_search_text = null"); /* its trigger writes it */
        sql_add(sql, " from unnest(");
        sql_arg(sql, db_array(f->cx, ids, count), "bigint[]");
        for (size_t k = 0; k < f->count; k++) {
                sql_add(sql, ", ");
                sql_arg(sql, db_array(f->cx, values[k], count), "text[]");
        }
        sql_add(sql, ") as x (id");
        for (size_t k = 0; k < f->count; k++) {
                sql_add(sql, ", v");
                sql_int(sql, (int64_t)k);
        }
        sql_add(sql, ") where r.id = x.id");
        return sql_run(sql, &rows);
}

static void select_values(struct sql *sql, const struct filling *f)
{
        sql_add(sql, "select r.id");
        for (size_t k = 0; k < f->count; k++) {
                sql_add(sql, ", ");
                sql_column(sql, f->p->items[f->items[k]->number].was);
                sql_add(sql, "::text");
        }
        sql_add(sql, " from ");
        table(sql, f->p->wanted->name);
        sql_add(sql, " r where ");
}

static rc rows_convert(const struct filling *f, const struct rows *rows)
{
        struct cx *cx = f->cx;
        size_t count = rows_count(rows);
        str *ids = NEW_ARRAY(cx->mem, str, count + 1), **values = NEW_ARRAY(cx->mem, str *, f->count + 1);

        for (size_t k = 0; k < f->count; k++)
                values[k] = NEW_ARRAY(cx->mem, str, count + 1);
        for (size_t i = 0; i < count; i++) {
                ids[i] = rows_text(rows, i, 0);
                for (size_t k = 0; k < f->count; k++)
                        TRY(convert(f, f->items[k], rows_int(rows, i, 0), rows_text(rows, i, k + 1), &values[k][i]));
        }
        if (cx->failure.code != RC_OK)
                return cx->failure.code;
        return count > 0 ? write(f, ids, values, count) : RC_OK;
}

/* The next piece by id. *ret_after: the last record done; 0: there are no more. */
static rc piece(const struct filling *f, int64_t after, int64_t *ret_after, size_t *ret_count)
{
        struct sql *sql = sql_open(f->cx);
        struct rows *rows;

        select_values(sql, f);
        sql_add(sql, "r.id > ");
        sql_arg(sql, db_int(f->cx, after), "bigint");
        sql_add(sql, " order by r.id limit ");
        sql_int(sql, DEFINE_STEP);
        TRY(sql_run(sql, &rows));
        *ret_count = rows_count(rows);
        *ret_after = *ret_count > 0 ? rows_int(rows, *ret_count - 1, 0) : 0;
        return rows_convert(f, rows);
}

/* Records that were written meanwhile: all items of them once more. */
static rc piece_again(const struct filling *f, size_t max, size_t *ret_count)
{
        struct cx *cx = f->cx;
        struct sql *sql = sql_open(cx);
        struct define_again *list;
        struct rows *rows;
        str *ids;

        TRY(sql_define_rows_again(cx, f->define, (int64_t)max, &list, ret_count));
        if (*ret_count == 0)
                return RC_OK;
        ids = NEW_ARRAY(cx->mem, str, *ret_count);
        for (size_t i = 0; i < *ret_count; i++)
                ids[i] = db_int(cx, list[i].record);
        select_values(sql, f);
        sql_add(sql, "r.id = any (");
        sql_arg(sql, db_array(cx, ids, *ret_count), "bigint[]");
        sql_add(sql, ")");
        TRY(sql_run(sql, &rows));
        return rows_convert(f, rows);
}

rc define_aside_catch_up(struct cx *cx, const struct define_plan *p, const struct define_wish *wish, int64_t define)
{
        struct filling *f = filling_open(cx, p, wish, define);
        size_t count = 0;

        if (f->count == 0)
                return RC_OK;
        do
                TRY(piece_again(f, DEFINE_STEP, &count));
        while (count > 0);
        return RC_OK;
}

/* Steps ------------------------------------------------------------------------------------------------------------------------------ */

static enum phase phase_read(const json_t *state)
{
        for (int i = 0; i < PHASES; i++)
                if (str_is(json_get_text(state, "phase"), phases[i]))
                        return (enum phase)i;
        return PHASE_INDEX;
}

/* Nothing to convert, nothing to search: the new columns stay empty. */
static bool fills(const struct define_plan *p)
{
        return retypes_any(p) || search_beside(p);
}

static rc fill(const struct filling *f, struct job *job, json_t *state, enum phase *phase)
{
        int64_t after = json_integer_value(json_object_get(state, "cursor")), done = json_integer_value(json_object_get(state, "done"));
        int64_t total = json_integer_value(json_object_get(state, "total"));
        size_t count = 0, again = 0;

        TRY(job_progress(f->cx, job, done, total > done ? total : done, "job.step.convert"));
        TRY(piece(f, after, &after, &count));
        if (count < DEFINE_STEP && f->count > 0)
                TRY(piece_again(f, DEFINE_STEP, &again));
        if (count > 0) {
                (void)json_set(state, "cursor", json_integer(after));
                (void)json_set(state, "done", json_integer(done + (int64_t)count));
        }
        if (count < DEFINE_STEP && again < DEFINE_STEP / 10)
                *phase = PHASE_LAST;
        return RC_OK;
}

rc define_aside_step(struct cx *cx, struct job *job, const struct define_plan *p, const struct define_wish *wish, const struct define_row *row,
                     bool *ret_ready)
{
        enum phase phase;
        json_t *state;

        TRY(json_read(cx, row->detail, &state));
        phase = phase_read(state);
        switch (phase) {
        case PHASE_INDEX:
                TRY(job_progress(cx, job, 0, 0, "job.step.index"));
                TRY(indexes(cx, p, false));
                phase = fills(p) ? PHASE_FILL : PHASE_LAST;
                break;
        case PHASE_FILL: TRY(fill(filling_open(cx, p, wish, row->id), job, state, &phase)); break;
        case PHASE_LAST:
                TRY(job_progress(cx, job, 0, 0, "job.step.index"));
                TRY(indexes(cx, p, true));
                phase = PHASE_READY;
                break;
        default: *ret_ready = true; return RC_OK;
        }
        (void)json_set(state, "phase", json_string(phases[phase]));
        *ret_ready = false;
        return sql_define_note(cx, row->id, json_write(cx->mem, state));
}

/* The end ---------------------------------------------------------------------------------------------------------------------------- */

static void index_place(struct sql *sql, const struct define_plan *p, const struct item *item, const char *suffix)
{
        sql_add(sql, "alter index tenant.");
        index_name(sql, p, item, "n_", suffix);
        sql_add(sql, " rename to ");
        index_name(sql, p, item, "r_", suffix);
        sql_add(sql, ";\n");
}

void define_aside_place(struct sql *sql, const struct define_plan *p)
{
        str name = p->wanted->name;

        for (size_t i = 0; i < p->wanted->item_count; i++) {
                const struct item *item = &p->wanted->items[i];

                if (beside(&p->items[i])) {
                        alter(sql, name);
                        sql_add(sql, "rename column ");
                        sql_names(sql, "_new_", item->name, "");
                        sql_add(sql, " to ");
                        sql_name(sql, item->name);
                        sql_add(sql, ";\n");
                }
                if (wants_index(p, item))
                        index_place(sql, p, item, "_idx");
                if (wants_unique(p, item)) {
                        index_place(sql, p, item, "_key");
                        alter(sql, name);
                        sql_add(sql, "add constraint ");
                        index_name(sql, p, item, "r_", "_key");
                        sql_add(sql, " unique using index ");
                        index_name(sql, p, item, "r_", "_key");
                        sql_add(sql, ";\n");
                }
        }
        if (search_beside(p)) {
                sql_add(sql, "drop function if exists tenant.");
                sql_names(sql, "n_", name, "");
                sql_add(sql, "() cascade;\n");
                alter(sql, name);
                sql_add(sql, "rename column _new_search_text to search_text;\nalter index tenant.");
                sql_names(sql, "n_", name, "_search_idx");
                sql_add(sql, " rename to ");
                sql_names(sql, "r_", name, "_search_idx");
                sql_add(sql, ";\n");
                define_aside_search(sql, p);
        }
        sql_add(sql, "drop function if exists tenant.");
        sql_names(sql, "d_", name, "");
        sql_add(sql, "() cascade;\n");
}

rc define_aside_drop(struct cx *cx, str register_name, str detail)
{
        struct sql *sql = sql_open(cx);
        json_t *state, *one;
        size_t i;

        TRY(json_read(cx, detail, &state));
        define_aside_lock(sql, register_name);
        sql_add(sql, "drop function if exists tenant.");
        sql_names(sql, "d_", register_name, "");
        sql_add(sql, "() cascade;\ndrop function if exists tenant.");
        sql_names(sql, "n_", register_name, "");
        sql_add(sql, "() cascade;\n");
        alter(sql, register_name);
        sql_add(sql, "drop column if exists _new_search_text;\n"); /* its index goes with it */
        json_array_foreach(json_object_get(state, "columns"), i, one) {
                alter(sql, register_name);
                sql_add(sql, "drop column if exists ");
                sql_names(sql, "_new_", json_text(one), "");
                sql_add(sql, ";\n");
        }
        json_array_foreach(json_object_get(state, "items"), i, one) { /* indexes beside columns that stay */
                static const char *const suffixes[] = { "_idx", "_key" };

                for (size_t k = 0; k < COUNT(suffixes); k++) {
                        sql_add(sql, "drop index if exists tenant.");
                        sql_names(sql, "n_", str_format(cx->mem, "%.*s_%.*s", STR_ARG(register_name), STR_ARG(json_text(one))), suffixes[k]);
                        sql_add(sql, ";\n");
                }
        }
        return run(sql);
}
