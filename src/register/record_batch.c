/* record_batch.c - see record_batch.h. Each row stands behind a savepoint. */
#include "base/house.h"

#include "register/record_batch.h"

#include "base/fail.h"
#include "db/db.h"
#include "log/log.h"
#include "register/item.h"
#include "register/record.h"
#include "register/sql.h"

enum outcome { OUTCOME_CREATED, OUTCOME_CHANGED, OUTCOME_UNCHANGED, OUTCOME_REFUSED, OUTCOMES };

static const char *const outcome_names[OUTCOMES] = { "created", "changed", "unchanged", "refused" };

struct batch {
        struct cx *cx;
        const struct record_batch_order *order;
        const struct definition *def;
        int64_t counts[OUTCOMES];
        json_t *rows;
        struct failure first; /* refusals, with the number of their row */
};

/* A refusal of this row, not of the whole: a database that is gone or full refuses the next row, too. */
static bool of_row(rc code)
{
        return code == RC_INVALID || code == RC_CONFLICT || code == RC_STALE || code == RC_UNKNOWN || code == RC_FORBIDDEN || code == RC_PRECONDITION;
}

/* The record with the key of this row; *ret_id 0: there is none, or the row has no key. */
static rc find(struct batch *b, const json_t *row, int64_t *ret_id, int64_t *ret_version)
{
        const struct item *key = b->def->key;
        struct sql *sql = sql_open(b->cx);
        struct rows *rows;
        str value;

        *ret_id = 0;
        TRY(item_parse_json(b->cx, key, json_object_get(row, key->name.p), &value));
        if (str_absent(value))
                return RC_OK;
        sql_add(sql, "select r.id, r.version from ");
        sql_table(sql, b->def);
        sql_add(sql, " r where ");
        sql_column(sql, key);
        sql_add(sql, " = ");
        sql_value(sql, key, value);
        TRY(sql_run(sql, &rows));
        if (rows_count(rows) == 0)
                return RC_OK;
        *ret_id = rows_int(rows, 0, 0);
        *ret_version = rows_int(rows, 0, 1);
        return RC_OK;
}

static rc number_take(struct batch *b, json_t *row, const char *name, int64_t *ret)
{
        const json_t *v = json_object_get(row, name);

        *ret = json_integer_value(v);
        if (v != NULL && (!json_is_integer(v) || *ret <= 0))
                return fail(b->cx, RC_INVALID, name, "must be a number from 1 on");
        (void)json_object_del(row, name);
        return RC_OK;
}

static rc write_row(struct batch *b, const json_t *given, enum outcome *ret, int64_t *ret_id, int64_t *ret_version)
{
        const struct definition *def;
        struct record *rec;
        json_t *row;
        int64_t id, version;

        if (!json_is_object(given))
                return fail(b->cx, RC_INVALID, NULL, "a record must be an object with the items as members");
        row = json_copy((json_t *)(uintptr_t)given);
        TRY(number_take(b, row, "id", &id));
        TRY(number_take(b, row, "version", &version));
        if (id > 0 && version == 0)
                return fail(b->cx, RC_PRECONDITION, "version", "the version that was read must be given");
        if (id == 0 && b->order->upsert)
                TRY(find(b, row, &id, &version));
        if (id == 0) {
                TRY(record_create(b->cx, b->def->name, row, &def, &rec));
                *ret = OUTCOME_CREATED;
        } else {
                TRY(record_update(b->cx, b->def->name, id, version, row, &def, &rec));
                *ret = rec->version > version ? OUTCOME_CHANGED : OUTCOME_UNCHANGED;
        }
        *ret_id = rec->id;
        *ret_version = rec->version;
        return RC_OK;
}

/* What is wrong with a row, out of cx. */
static json_t *refusals_take(struct batch *b, size_t number)
{
        struct failure *f = &b->cx->failure;
        json_t *list = json_array();

        for (size_t i = 0; i < f->count; i++) {
                const struct problem *p = &f->problem[i];
                json_t *one = json_set(json_object(), "item", p->item ? json_string(p->item) : json_null());

                json_array_append_new(list, json_set(one, "detail", json_str(p->text)));
                if (b->first.count < COUNT(b->first.problem))
                        b->first.problem[b->first.count++] = (struct problem){ p->item, (int64_t)number + 1, p->text };
        }
        fail_clear(b->cx);
        return list;
}

static rc row_do(struct batch *b, size_t number)
{
        enum outcome outcome = OUTCOME_REFUSED;
        json_t *told = json_object(), *errors = NULL;
        int64_t id = 0, version = 0;
        rc code;

        db_savepoint(b->cx);
        code = write_row(b, json_array_get(b->order->rows, number), &outcome, &id, &version);
        if (code != RC_OK) {
                if (!of_row(code))
                        return code;
                outcome = OUTCOME_REFUSED;
                errors = refusals_take(b, number);
                TRY(db_savepoint_back(b->cx));
        } else {
                db_savepoint_leave(b->cx);
        }
        b->counts[outcome]++;
        (void)json_set(told, "outcome", json_string(outcome_names[outcome]));
        (void)json_set(told, "id", id > 0 ? json_integer(id) : json_null());
        (void)json_set(told, "version", version > 0 ? json_integer(version) : json_null());
        (void)json_set(told, "errors", errors ? errors : json_array());
        json_array_append_new(b->rows, told);
        return RC_OK;
}

static rc key_check(struct batch *b)
{
        const struct item *key = b->def->key;

        if (!b->order->upsert)
                return RC_OK;
        if (key == NULL)
                return fail(b->cx, RC_INVALID, "upsert", "this register has no key to find records by");
        if (!sql_visible(b->cx, key))
                return fail(b->cx, RC_FORBIDDEN, "upsert", "the key of this register is hidden from this account");
        return RC_OK;
}

rc record_batch(struct cx *cx, const struct record_batch_order *order, json_t **ret)
{
        struct batch *b = NEW(cx->mem, struct batch);
        json_t *model = json_object();
        size_t count = json_array_size(order->rows);

        *b = (struct batch){ .cx = cx, .order = order, .rows = json_array() };
        TRY(definition_get(cx, order->register_name, &b->def));
        TRY(key_check(b));
        if (count == 0 || count > RECORD_BATCH_MAX)
                return fail(cx, RC_INVALID, "rows", "must be a list of 1 to %d records", RECORD_BATCH_MAX);
        for (size_t i = 0; i < count; i++)
                TRY(row_do(b, i));
        for (size_t i = 0; i < OUTCOMES; i++)
                log_detail(cx, outcome_names[i], json_integer(b->counts[i]));
        if (order->all && b->counts[OUTCOME_REFUSED] > 0) {
                cx->failure = b->first;
                cx->failure.code = RC_INVALID;
                return RC_INVALID;
        }
        for (size_t i = 0; i < OUTCOMES; i++)
                (void)json_set(model, outcome_names[i], json_integer(b->counts[i]));
        *ret = json_set(model, "rows", b->rows);
        return RC_OK;
}
