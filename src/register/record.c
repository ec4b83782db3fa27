/* record.c - see record.h. Each first statement returns the version of the definition it was composed from: a process
 * that remembers an old one finds out without a trip of its own, reads the new one and begins again. */
#include "base/house.h"

#include "register/record.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/fail.h"
#include "base/utf8.h"
#include "identity/permission.h"
#include "register/item.h"
#include "register/search.h"
#include "register/search.sql.h"

enum { TRIES = 3 };

/* Rows to records
 * -----------------------------------------------------------------------------------------------------------------------------
 */

/* Columns as sql_columns() wrote them, from column `first` on. */
static void row_read(struct cx *cx, const struct definition *def, const struct rows *rows, size_t row, size_t first, bool narrow, struct record *ret)
{
        size_t column = first + SQL_SYSTEM;

        ret->id = rows_int(rows, row, first + SQL_ID);
        ret->version = rows_int(rows, row, first + SQL_VERSION);
        ret->created_at = rows_time(rows, row, first + SQL_CREATED_AT);
        ret->created_by = rows_text(rows, row, first + SQL_CREATED_BY);
        ret->updated_at = rows_time(rows, row, first + SQL_UPDATED_AT);
        ret->updated_by = rows_text(rows, row, first + SQL_UPDATED_BY);
        ret->origin = rows_int(rows, row, first + SQL_ORIGIN);
        ret->values = NEW_ARRAY(cx->mem, str, def->item_count);
        for (size_t i = 0; i < def->item_count; i++)
                if (sql_visible(cx, &def->items[i]) && (!narrow || sql_listed(&def->items[i])))
                        ret->values[i] = rows_text(rows, row, column++);
}

/* A remembered definition may be of yesterday: *ret_again tells to begin anew with *def, which is now today's. A
 * statement that failed because a column is gone cannot be repeated in its transaction; the next one will do. */
static rc definition_checked(struct cx *cx, const struct definition **def, int64_t version_now, bool *ret_again)
{
        *ret_again = version_now != (*def)->version;
        return *ret_again ? definition_get(cx, (*def)->name, def) : RC_OK;
}

static rc run(struct sql *sql, const struct definition *def, struct rows **ret)
{
        rc code = sql_run(sql, ret);

        if (code == RC_INTERNAL) {
                const char *state = db_refusal(sql->cx);

                definition_forget(sql->cx, def->name);
                if (strncmp(state, "42703", 5) == 0 || strncmp(state, "42P01", 5) == 0) {
                        fail_clear(sql->cx);
                        return fail(sql->cx, RC_BUSY, NULL, "this register was changed just now; please try again");
                }
        }
        return code;
}

/* A refusal may come from a remembered definition that is of yesterday: then look again. *ret_again: with *def, which
 * is now today's. */
static rc refusal_checked(struct cx *cx, const struct definition **def, rc refused, bool *ret_again)
{
        struct failure told = cx->failure;
        int64_t version = (*def)->version, id = (*def)->id;
        rc code;

        *ret_again = false;
        if (refused != RC_INVALID && refused != RC_FORBIDDEN)
                return refused;
        fail_clear(cx);
        code = definition_get(cx, str_copy(cx->mem, (*def)->name), def);
        *ret_again = code == RC_OK && ((*def)->version != version || (*def)->id != id);
        if (code == RC_OK && !*ret_again)
                cx->failure = told;
        return *ret_again ? RC_OK : cx->failure.code;
}

static rc unknown(struct cx *cx)
{
        return fail(cx, RC_UNKNOWN, NULL, "there is no such record");
}

/* Reading one
 * ------------------------------------------------------------------------------------------------------------------------------------
 */

static void select_from(struct sql *sql, const struct definition *def, bool narrow)
{
        sql_add(sql, "select d.version, ");
        sql_columns(sql, def, narrow);
        sql_add(sql, " from tenant.register d left join ");
}

static void where_register(struct sql *sql, const struct definition *def)
{
        sql_add(sql, " where d.name = ");
        sql_arg(sql, def->name, "text");
}

rc record_get(struct cx *cx, str register_name, int64_t id, const struct definition **ret_def, struct record **ret)
{
        const struct definition *def;
        struct record *rec = NEW(cx->mem, struct record);
        bool again = true;

        TRY(definition_recall(cx, register_name, &def));
        for (int tries = 0; again && tries < TRIES; tries++) {
                struct sql *sql = sql_open(cx);
                struct rows *rows;

                select_from(sql, def, false);
                sql_table(sql, def);
                sql_add(sql, " r on r.id = ");
                sql_arg(sql, db_int(cx, id), "bigint");
                where_register(sql, def);
                TRY(run(sql, def, &rows));
                TRY(definition_checked(cx, &def, rows_count(rows) ? rows_int(rows, 0, 0) : -1, &again));
                if (!again && rows_null(rows, 0, 1))
                        return unknown(cx);
                if (!again)
                        row_read(cx, def, rows, 0, 1, false, rec);
        }
        if (again)
                return fail(cx, RC_BUSY, NULL, "this register was changed just now; please try again");
        *ret_def = def;
        *ret = rec;
        return RC_OK;
}

/* Checking what is to be written
 * ----------------------------------------------------------------------------------------------------------------- */

/* A reference written as the key of the record it means. */
static rc reference_find(struct cx *cx, const struct item *item, str text, str *ret)
{
        const struct definition *def;
        struct sql *sql;
        struct rows *rows;
        int64_t id;
        str key;

        if (str_absent(text) || str_int(text, &id)) {
                *ret = text;
                return RC_OK;
        }
        TRY(definition_get(cx, item->reference, &def));
        if (def->key == NULL || !sql_visible(cx, def->key) || !permission_held_for(cx, PERM_RECORD_READ, def->name))
                return fail(cx, RC_INVALID, item->name.p, "must be the number of a record");
        {
                struct item named = *def->key; /* its sentences speak about our item */

                named.name = item->name;
                TRY(item_parse(cx, &named, text, &key));
        }
        sql = sql_open(cx);
        sql_add(sql, "select r.id from ");
        sql_table(sql, def);
        sql_add(sql, " r where ");
        sql_column(sql, def->key);
        sql_add(sql, " = ");
        sql_value(sql, def->key, key);
        TRY(run(sql, def, &rows));
        if (rows_count(rows) == 0)
                return fail(cx, RC_INVALID, item->name.p, "there is no record with the key \"%.*s\"", STR_ARG(utf8_head(text, 100)));
        *ret = rows_text(rows, 0, 0);
        return RC_OK;
}

static void member_read(struct cx *cx, const struct item *item, const json_t *value, bool whole, struct record_input *in)
{
        size_t n = item->number;

        if (!sql_visible(cx, item)) {
                if (value != NULL)
                        (void)fail(cx, RC_FORBIDDEN, item->name.p, "is a personal item, which this account may not see or write");
                else if (whole && item->required)
                        (void)fail(cx, RC_FORBIDDEN, item->name.p,
                                   "is a personal item that must be filled in, so this account cannot add records here");
                return;
        }
        if (value == NULL && !whole)
                return;
        in->given[n] = true;
        if (item_parse_json(cx, item, value, &in->values[n]) == RC_OK && item->type == ITEM_REFERENCE && cx->failure.code == RC_OK)
                (void)reference_find(cx, item, in->values[n], &in->values[n]);
}

/* Check an object {item: value} against the definition: all mistakes at once. whole: what is not given is empty; else
 * it stays as it is. Unknown members and personal items a masked account may not see are refused. References written as
 * keys are looked up. */
static rc input_read(struct cx *cx, const struct definition *def, const json_t *object, bool whole, struct record_input **ret)
{
        struct record_input *in = NEW(cx->mem, struct record_input);
        const char *name;
        json_t *value;

        if (!json_is_object(object))
                return fail(cx, RC_INVALID, NULL, "a record must be an object with the items as members");
        in->values = NEW_ARRAY(cx->mem, str, def->item_count);
        in->given = NEW_ARRAY(cx->mem, bool, def->item_count);
        json_object_foreach((json_t *)(uintptr_t)object, name, value)
                if (definition_item(def, str_of(name)) == NULL)
                        (void)fail(cx, RC_INVALID, arena_copy(cx->mem, name, strlen(name) + 1), "there is no such item in this register");
        for (size_t i = 0; i < def->item_count; i++)
                member_read(cx, &def->items[i], json_object_get(object, def->items[i].name.p), whole, in);
        if (cx->failure.code != RC_OK)
                return cx->failure.code;
        *ret = in;
        return RC_OK;
}

/* Writing
 * ----------------------------------------------------------------------------------------------------------------------------------------
 */

static void version_check(struct sql *sql, const struct definition *def)
{
        sql_add(sql, "exists (select 1 from tenant.register d where d.name = ");
        sql_arg(sql, def->name, "text");
        sql_add(sql, " and d.version = ");
        sql_arg(sql, db_int(sql->cx, def->version), "bigint");
        sql_add(sql, ")");
}

static void insert_sql(struct sql *sql, const struct definition *def, const struct record_input *in)
{
        size_t n = 0;

        sql_add(sql, "insert into ");
        sql_table(sql, def);
        sql_add(sql, " as r (");
        for (size_t i = 0; i < def->item_count; i++)
                if (in->given[i]) {
                        if (n++ > 0)
                                sql_add(sql, ", ");
                        sql_name(sql, def->items[i].name);
                }
        sql_add(sql, ") select ");
        for (size_t i = 0, m = 0; i < def->item_count; i++)
                if (in->given[i]) {
                        if (m++ > 0)
                                sql_add(sql, ", ");
                        sql_value(sql, &def->items[i], in->values[i]);
                }
        sql_add(sql, " where ");
        version_check(sql, def);
        sql_add(sql, " returning ");
        sql_columns(sql, def, false);
}

rc record_create(struct cx *cx, str register_name, const json_t *object, const struct definition **ret_def, struct record **ret)
{
        const struct definition *def;
        struct record *rec = NEW(cx->mem, struct record);

        TRY(definition_recall(cx, register_name, &def));
        for (int tries = 0; tries < TRIES; tries++) {
                struct record_input *in = NULL;
                struct sql *sql = sql_open(cx);
                struct rows *rows;
                bool again;
                rc code = input_read(cx, def, object, true, &in);

                if (code != RC_OK) {
                        TRY(refusal_checked(cx, &def, code, &again));
                        continue;
                }
                insert_sql(sql, def, in);
                TRY(run(sql, def, &rows));
                if (rows_count(rows) == 1) {
                        row_read(cx, def, rows, 0, 0, false, rec);
                        *ret_def = def;
                        *ret = rec;
                        return RC_OK;
                }
                TRY(definition_get(cx, register_name, &def));
        }
        return fail(cx, RC_BUSY, NULL, "this register was changed just now; please try again");
}

static rc stale(struct cx *cx, int64_t seen, int64_t now)
{
        return fail(cx, RC_STALE, NULL, "somebody changed this record in the meantime: you saw version %lld, it is now %lld", (long long)seen,
                    (long long)now);
}

static size_t given_count(const struct definition *def, const struct record_input *in)
{
        size_t n = 0;

        for (size_t i = 0; i < def->item_count; i++)
                n += in->given[i];
        return n;
}

static void update_sql(struct sql *sql, const struct definition *def, int64_t id, int64_t version, const struct record_input *in)
{
        size_t n = 0;

        sql_add(sql, "update ");
        sql_table(sql, def);
        sql_add(sql, " as r set version = r.version + 1, updated_at = daicho.clock(), updated_by = "
                     "coalesce(current_setting('daicho.actor', true), '')");
        for (size_t i = 0; i < def->item_count; i++)
                if (in->given[i]) {
                        sql_add(sql, ", ");
                        sql_name(sql, def->items[i].name);
                        sql_add(sql, " = ");
                        sql_value(sql, &def->items[i], in->values[i]);
                }
        sql_add(sql, " where r.id = ");
        sql_arg(sql, db_int(sql->cx, id), "bigint");
        sql_add(sql, " and r.version = ");
        sql_arg(sql, db_int(sql->cx, version), "bigint");
        sql_add(sql, " and (");
        for (size_t i = 0; i < def->item_count; i++)
                if (in->given[i]) {
                        if (n++ > 0)
                                sql_add(sql, " or ");
                        sql_column(sql, &def->items[i]);
                        sql_add(sql, " is distinct from ");
                        sql_value(sql, &def->items[i], in->values[i]);
                }
        sql_add(sql, ") and ");
        version_check(sql, def);
        sql_add(sql, " returning ");
        sql_columns(sql, def, false);
}

rc record_update(struct cx *cx, str register_name, int64_t id, int64_t version, const json_t *object, const struct definition **ret_def,
                 struct record **ret)
{
        const struct definition *def;
        struct record *rec = NEW(cx->mem, struct record);

        TRY(definition_recall(cx, register_name, &def));
        for (int tries = 0; tries < TRIES; tries++) {
                const struct definition *seen = def;
                int64_t seen_version = def->version;
                struct record_input *in = NULL;
                struct sql *sql = sql_open(cx);
                struct rows *rows;
                bool again;
                rc code = input_read(cx, def, object, false, &in);

                if (code != RC_OK) {
                        TRY(refusal_checked(cx, &def, code, &again));
                        continue;
                }
                if (given_count(def, in) > 0) {
                        update_sql(sql, def, id, version, in);
                        TRY(run(sql, def, &rows));
                        if (rows_count(rows) == 1) {
                                row_read(cx, def, rows, 0, 0, false, rec);
                                *ret_def = def;
                                *ret = rec;
                                return RC_OK;
                        }
                }
                /* gone, changed by somebody, of another definition, or nothing differs */
                TRY(record_get(cx, register_name, id, &def, ret));
                if (def != seen || def->version != seen_version)
                        continue;
                *ret_def = def;
                return (*ret)->version == version ? RC_OK : stale(cx, version, (*ret)->version);
        }
        return fail(cx, RC_BUSY, NULL, "this register was changed just now; please try again");
}

rc record_erase(struct cx *cx, str register_name, int64_t id, int64_t version, const struct definition **ret_def, struct record **ret)
{
        const struct definition *def;
        struct sql *sql = sql_open(cx);
        struct rows *rows;

        TRY(record_get(cx, register_name, id, &def, ret));
        *ret_def = def;
        if ((*ret)->version != version)
                return stale(cx, version, (*ret)->version);
        sql_add(sql, "delete from ");
        sql_table(sql, def);
        sql_add(sql, " r where r.id = ");
        sql_arg(sql, db_int(cx, id), "bigint");
        sql_add(sql, " and r.version = ");
        sql_arg(sql, db_int(cx, version), "bigint");
        TRY(run(sql, def, &rows));
        if (rows_changed(rows) == 0)
                return fail(cx, RC_STALE, NULL, "somebody changed this record at the same moment; please look at it again");
        return RC_OK;
}

/* Lists
 * -------------------------------------------------------------------------------------------------------------------------------------------
 */

struct cursor {
        bool set;
        str value; /* of the sort item; absent: empty, or sorted by id */
        int64_t id;
};

struct listing {
        struct cx *cx;
        const struct record_query *query;
        const struct definition *def;
        struct record_page *page;
        struct condition *condition;
        struct search_word words[SEARCH_WORDS_MAX];
        size_t word_count; /* of the search box */
        size_t lead_count; /* and of the condition: what the index can be led by */
        struct cursor cursor;
        int limit;
        bool narrow;
};

static str cursor_write(struct listing *l, const struct record *last)
{
        json_t *a = json_array();
        str name = l->page->sort ? l->page->sort->name : S("id"), text;

        json_array_append_new(a, json_str(name));
        json_array_append_new(a, json_boolean(l->page->descending));
        json_array_append_new(a, l->page->sort ? json_str(last->values[l->page->sort->number]) : json_null());
        json_array_append_new(a, json_integer(last->id));
        text = json_write(l->cx->mem, a);
        return crypto_base64url(l->cx->mem, text.p, text.n);
}

static rc cursor_wrong(struct cx *cx)
{
        return fail(cx, RC_INVALID, "after", "is not a cursor of this list");
}

/* A cursor comes back from outside: every part is checked as if it had been typed. */
static rc cursor_read(struct listing *l, str text)
{
        json_t *a, *value;
        str json;

        if (str_absent(text) || text.n == 0)
                return RC_OK;
        if (text.n > 4000 || !crypto_base64url_read(l->cx->mem, text, &json) || !utf8_valid(json))
                return cursor_wrong(l->cx);
        if (json_read(l->cx, json, &a) != RC_OK) {
                fail_clear(l->cx);
                return cursor_wrong(l->cx);
        }
        value = json_array_get(a, 2);
        if (json_array_size(a) != 4 || !str_equal(json_text(json_array_get(a, 0)), l->page->sort ? l->page->sort->name : S("id")) ||
            json_is_true(json_array_get(a, 1)) != l->page->descending || !json_is_integer(json_array_get(a, 3)))
                return cursor_wrong(l->cx);
        l->cursor = (struct cursor){ .set = true, .id = json_integer_value(json_array_get(a, 3)) };
        if (l->page->sort == NULL || json_is_null(value))
                return RC_OK;
        if (!json_is_string(value) || item_read(l->cx->mem, l->page->sort, json_text(value), &l->cursor.value) != ITEM_FINE) {
                /* a stored value may have become unlawful since: it is still a place in the order, where its type
                 * allows */
                if (!json_is_string(value) || strcmp(item_pg_type(l->page->sort), "text") != 0)
                        return cursor_wrong(l->cx);
                l->cursor.value = json_text(value);
        }
        return RC_OK;
}

static rc sort_read(struct listing *l, str sort)
{
        const struct item *item;
        bool descending = str_starts(sort, S("-"));
        str name = descending ? (str){ sort.p + 1, sort.n - 1 } : sort;

        l->page->descending = true;
        if (name.n == 0 || str_is(name, "id")) {
                l->page->descending = name.n == 0 || descending;
                return RC_OK;
        }
        item = definition_item(l->def, name);
        if (item == NULL)
                return fail(l->cx, RC_INVALID, "sort", "there is no item \"%.*s\"", STR_ARG(utf8_head(name, 60)));
        if (!sql_visible(l->cx, item))
                return fail(l->cx, RC_FORBIDDEN, "sort", "\"%.*s\" is a personal item, which this account may not see", STR_ARG(name));
        if (item->lines)
                return fail(l->cx, RC_INVALID, "sort", "lists cannot be sorted by \"%.*s\"", STR_ARG(name));
        l->page->sort = item;
        l->page->descending = descending;
        return RC_OK;
}

static rc listing_read(struct listing *l)
{
        const struct record_query *q = l->query;
        int limit = q->limit ? q->limit : RECORD_LIMIT;

        l->page = NEW(l->cx->mem, struct record_page);
        l->page->def = l->def;
        l->limit = limit;
        l->word_count = 0;
        l->cursor = (struct cursor){ 0 };
        if (limit < 1 || limit > RECORD_LIMIT_MAX)
                return fail(l->cx, RC_INVALID, "limit", "must be a number from 1 to %d", RECORD_LIMIT_MAX);
        TRY(sort_read(l, q->sort));
        l->narrow = q->narrow && (l->page->sort == NULL || sql_listed(l->page->sort));
        TRY(cursor_read(l, q->after));
        TRY(condition_read(l->cx, l->def, q->condition, &l->condition, &l->page->condition));
        if (l->condition != NULL)
                l->page->sentence = condition_sentence(l->cx, l->condition);
        if (!str_absent(q->q))
                TRY(search_words(l->cx, q->q, l->words, &l->word_count));
        if (l->word_count > 0 && !search_possible(l->cx, l->def))
                return fail(l->cx, RC_INVALID, "q",
                            l->cx->masked ? "this register is searched by personal items, which this account may not "
                                            "see; use a condition instead"
                                          : "no item of this register is searchable; use a condition instead");
        l->lead_count = l->word_count + condition_words(l->cx, l->condition, l->words + l->word_count, SEARCH_WORDS_MAX - l->word_count);
        return RC_OK;
}

/* "where" what the query asks for; always writes at least one condition. */
static void filter_sql(struct sql *sql, struct listing *l)
{
        sql_add(sql, " where ");
        if (l->query->item != NULL) {
                sql_column(sql, l->query->item);
                sql_add(sql, " = ");
                sql_arg(sql, db_int(l->cx, l->query->item_id), "bigint");
        } else {
                sql_add(sql, "true");
        }
        if (l->lead_count > 0) {
                sql_add(sql, " and ");
                search_terms(sql, l->def, l->words, l->lead_count);
        }
        if (l->condition != NULL) {
                sql_add(sql, " and ");
                condition_sql(sql, l->condition);
        }
}

static void by_id_sql(struct sql *sql, struct listing *l)
{
        bool desc = l->page->descending;

        select_from(sql, l->def, l->narrow);
        sql_add(sql, "lateral (select r.* from ");
        sql_table(sql, l->def);
        sql_add(sql, " r");
        filter_sql(sql, l);
        if (l->cursor.set) {
                buf_add(&sql->text, desc ? S(" and r.id < ") : S(" and r.id > "));
                sql_arg(sql, db_int(l->cx, l->cursor.id), "bigint");
        }
        buf_add(&sql->text, desc ? S(" order by r.id desc limit ") : S(" order by r.id limit "));
        sql_int(sql, l->limit + 1);
        sql_add(sql, ") r on true");
        where_register(sql, l->def);
        buf_add(&sql->text, desc ? S(" order by r.id desc") : S(" order by r.id"));
}

/* A word with grams, newest first: the staged statement of search.c. */
static void by_word_sql(struct sql *sql, struct listing *l)
{
        search_page(sql, l->def, l->words, l->lead_count, l->condition, l->cursor.set ? l->cursor.id : INT64_MAX, l->limit + 1);
        select_from(sql, l->def, l->narrow);
        sql_add(sql, "page on true left join ");
        sql_table(sql, l->def);
        sql_add(sql, " r on r.id = page.id");
        where_register(sql, l->def);
        sql_add(sql, " order by r.id desc");
}

/* One part of a sorted list: records with a value along the index of the item (where it has one), or those without. */
static void part_sql(struct sql *sql, struct listing *l, bool empty)
{
        const struct item *item = l->page->sort;
        bool desc = l->page->descending;

        buf_add(&sql->text, empty ? S("(select 1 as part, r.* from ") : S("(select 0 as part, r.* from "));
        sql_table(sql, l->def);
        sql_add(sql, " r");
        filter_sql(sql, l);
        sql_add(sql, " and ");
        sql_column(sql, item);
        buf_add(&sql->text, empty ? S(" is null") : S(" is not null"));
        if (l->cursor.set && empty && str_absent(l->cursor.value)) {
                buf_add(&sql->text, desc ? S(" and r.id < ") : S(" and r.id > "));
                sql_arg(sql, db_int(l->cx, l->cursor.id), "bigint");
        } else if (l->cursor.set && !empty) {
                sql_add(sql, " and (");
                sql_column(sql, item);
                buf_add(&sql->text, desc ? S(", r.id) < (") : S(", r.id) > ("));
                sql_value(sql, item, l->cursor.value);
                sql_add(sql, ", ");
                sql_arg(sql, db_int(l->cx, l->cursor.id), "bigint");
                sql_add(sql, ")");
        }
        sql_add(sql, " order by ");
        if (!empty) {
                sql_column(sql, item);
                buf_add(&sql->text, desc ? S(" desc, ") : S(", "));
        }
        buf_add(&sql->text, desc ? S("r.id desc limit ") : S("r.id limit "));
        sql_int(sql, l->limit + 1);
        sql_add(sql, ")");
}

static void by_item_sql(struct sql *sql, struct listing *l)
{
        bool desc = l->page->descending, tail_only = l->cursor.set && str_absent(l->cursor.value);

        select_from(sql, l->def, l->narrow);
        sql_add(sql, "lateral (select u.* from (");
        if (!tail_only) {
                part_sql(sql, l, false);
                sql_add(sql, " union all ");
        }
        part_sql(sql, l, true);
        sql_add(sql, ") u order by u.part, u.");
        sql_name(sql, l->page->sort->name);
        buf_add(&sql->text, desc ? S(" desc, u.id desc limit ") : S(", u.id limit "));
        sql_int(sql, l->limit + 1);
        sql_add(sql, ") r on true");
        where_register(sql, l->def);
        sql_add(sql, " order by r.part, ");
        sql_column(sql, l->page->sort);
        buf_add(&sql->text, desc ? S(" desc, r.id desc") : S(", r.id"));
}

static bool led_by_index(const struct listing *l)
{
        for (size_t i = 0; i < l->lead_count; i++)
                if (!str_absent(l->words[i].grams))
                        return !l->cx->masked;
        return false;
}

static rc page_fetch(struct listing *l, bool *ret_again)
{
        struct sql *sql = sql_open(l->cx);
        struct rows *rows;
        size_t count;

        if (l->page->sort != NULL)
                by_item_sql(sql, l);
        else if (led_by_index(l) && l->page->descending && l->query->item == NULL)
                by_word_sql(sql, l);
        else
                by_id_sql(sql, l);
        TRY(run(sql, l->def, &rows));
        count = rows_count(rows);
        TRY(definition_checked(l->cx, &l->def, count ? rows_int(rows, 0, 0) : -1, ret_again));
        if (*ret_again)
                return RC_OK;
        if (rows_null(rows, 0, 1))
                count = 0;
        l->page->count = count > (size_t)l->limit ? (size_t)l->limit : count;
        l->page->records = NEW_ARRAY(l->cx->mem, struct record, l->page->count);
        for (size_t i = 0; i < l->page->count; i++)
                row_read(l->cx, l->def, rows, i, 1, l->narrow, &l->page->records[i]);
        if (count > l->page->count)
                l->page->next = cursor_write(l, &l->page->records[l->page->count - 1]);
        return RC_OK;
}

/* Counts
 * --------------------------------------------------------------------------------------------------------------------------------------------
 */

static rc count_exactly(struct listing *l, int64_t cap, int64_t *ret)
{
        struct sql *sql = sql_open(l->cx);
        struct rows *rows;

        sql_add(sql, "select count(*) from (select 1 from ");
        sql_table(sql, l->def);
        sql_add(sql, " r");
        filter_sql(sql, l);
        if (cap > 0) {
                sql_add(sql, " limit ");
                sql_int(sql, cap);
        }
        sql_add(sql, ") c");
        TRY(run(sql, l->def, &rows));
        *ret = rows_int(rows, 0, 0);
        return RC_OK;
}

/* Of the whole register what the server's statistics say, as in the menu; else what the planner expects, which reckons by pages and is too high while
 * many rows have just been changed. */
static rc count_estimate(struct listing *l, int64_t *ret)
{
        struct sql *sql = sql_open(l->cx);
        struct rows *rows;
        json_t *plan;

        if (l->word_count == 0 && l->condition == NULL && l->query->item == NULL) {
                TRY(sql_search_known(l->cx, l->def->name, ret));
                if (*ret > 0)
                        return RC_OK;
        }
        sql_add(sql, "explain (format json) select 1 from ");
        sql_table(sql, l->def);
        sql_add(sql, " r where true");
        if (l->query->item != NULL) {
                sql_add(sql, " and ");
                sql_column(sql, l->query->item);
                sql_add(sql, " = ");
                sql_arg(sql, db_int(l->cx, l->query->item_id), "bigint");
        }
        if (l->word_count > 0) {
                sql_add(sql, " and ");
                search_terms_seen(sql, l->def, l->words, l->word_count);
        }
        if (l->condition != NULL) {
                sql_add(sql, " and ");
                condition_sql(sql, l->condition);
        }
        TRY(run(sql, l->def, &rows));
        TRY(json_read(l->cx, rows_text(rows, 0, 0), &plan));
        *ret = json_integer_value(json_object_get(json_object_get(json_array_get(plan, 0), "Plan"), "Plan Rows"));
        return RC_OK;
}

/* Is the estimate worth telling? Without words it is. Of words, statistics hold the pairs that stand in a hundredth of the records or more; for any
 * other the planner has one number for all, and counting up to the cap is cheap. */
static rc count_known(struct listing *l, int64_t estimate, bool *ret)
{
        int64_t records;

        if (l->lead_count == 0 || l->lead_count > 1 || l->word_count != 1 || l->condition != NULL || l->words[0].length != 2 || l->cx->masked) {
                *ret = l->lead_count == 0;
                return RC_OK;
        }
        TRY(sql_search_known(l->cx, l->def->name, &records));
        *ret = records > 0 && estimate > records / 100;
        return RC_OK;
}

/* How many are there? Told exactly when this page shows it, or somebody asked; else counted up to a cap where that is
 * cheap, else estimated: estimates of words are too low, those of columns are good (doc/search.md). */
static rc count_make(struct listing *l)
{
        struct record_page *p = l->page;
        int64_t estimate, n = 0; /* as gcc's analyzer sees it, a statement may fail with no code */
        bool known;

        if (!l->cursor.set && str_absent(p->next)) {
                p->total_kind = RECORD_COUNT_EXACT;
                p->total = (int64_t)p->count;
                return RC_OK;
        }
        if (l->query->exact) {
                p->total_kind = RECORD_COUNT_EXACT;
                return count_exactly(l, 0, &p->total);
        }
        TRY(count_estimate(l, &estimate));
        p->total_kind = RECORD_COUNT_ABOUT;
        p->total = estimate;
        if (estimate > RECORD_COUNT_CAP) {
                TRY(count_known(l, estimate, &known));
                if (known)
                        return RC_OK;
        }
        TRY(count_exactly(l, RECORD_COUNT_CAP + 1, &n));
        if (n <= RECORD_COUNT_CAP) {
                p->total_kind = RECORD_COUNT_EXACT;
                p->total = n;
        } else if (l->lead_count > 0 && (l->lead_count > 1 || l->words[0].length != 2)) {
                p->total_kind = RECORD_COUNT_AT_LEAST;
                p->total = RECORD_COUNT_CAP;
        } else if (estimate < n) {
                p->total = n;
        }
        return RC_OK;
}

rc record_list(struct cx *cx, str register_name, const struct record_query *query, struct record_page **ret)
{
        struct listing *l = NEW(cx->mem, struct listing);
        bool again = true;

        l->cx = cx;
        l->query = query;
        TRY(definition_recall(cx, register_name, &l->def));
        for (int tries = 0; again && tries < TRIES; tries++) {
                rc code = listing_read(l);

                if (code != RC_OK)
                        TRY(refusal_checked(cx, &l->def, code, &again));
                else
                        TRY(page_fetch(l, &again));
        }
        if (again)
                return fail(cx, RC_BUSY, NULL, "this register was changed just now; please try again");
        if (query->count)
                TRY(count_make(l));
        l->page->def = l->def;
        *ret = l->page;
        return RC_OK;
}

/* History
 * -------------------------------------------------------------------------------------------------------------------------------------------
 */

static json_t *value_after(const struct definition *def, const char *name, const struct record *now)
{
        const struct item *item = definition_item(def, str_of(name));

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
        TRY(run(sql, def, &rows));
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

/* Models
 * --------------------------------------------------------------------------------------------------------------------------------------------
 */

str record_actor(str actor)
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
        (void)json_set(m, "created_by", json_str(record_actor(rec->created_by)));
        (void)json_set(m, "updated_at", json_str(clock_rfc3339(cx->mem, rec->updated_at)));
        (void)json_set(m, "updated_by", json_str(record_actor(rec->updated_by)));
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

rc record_headings(struct cx *cx, str register_name, const int64_t *ids, size_t count, json_t **ret)
{
        const struct definition *def;
        struct sql *sql = sql_open(cx);
        str *numbers = NEW_ARRAY(cx->mem, str, count + 1);
        json_t *all = json_object();
        struct rows *rows;

        *ret = all;
        if (count == 0)
                return RC_OK;
        TRY(definition_get(cx, register_name, &def));
        for (size_t i = 0; i < count; i++) {
                numbers[i] = db_int(cx, ids[i]);
                (void)json_set(all, numbers[i].p, json_str(str_format(cx->mem, "#%" PRId64, ids[i])));
        }
        if (!permission_held_for(cx, PERM_RECORD_READ, register_name))
                return RC_OK;
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
        TRY(run(sql, def, &rows));
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

rc record_months(struct cx *cx, const struct definition *def, json_t **ret)
{
        struct sql *sql = sql_open(cx);
        json_t *list = json_array();
        struct rows *rows;

        sql_add(sql, "with found as (select date_trunc('month', r.created_at at time zone 'Asia/Tokyo') as month, "
                     "count(*) as n from ");
        sql_table(sql, def);
        sql_add(sql, " r group by 1) select to_char(m.month, 'YYYY-MM'), coalesce(f.n, 0) from generate_series("
                     "date_trunc('month', daicho.clock() at time zone 'Asia/Tokyo') - interval '12 months', "
                     "date_trunc('month', daicho.clock() at time zone 'Asia/Tokyo'), interval '1 month') m(month) left "
                     "join found f on f.month = m.month order by 1");
        TRY(run(sql, def, &rows));
        for (size_t i = 0; i < rows_count(rows); i++) {
                json_t *one = json_object();

                (void)json_set(one, "month", json_str(rows_text(rows, i, 0)));
                (void)json_set(one, "count", json_integer(rows_int(rows, i, 1)));
                json_array_append_new(list, one);
        }
        *ret = list;
        return RC_OK;
}

rc record_groups(struct cx *cx, const struct definition *def, const struct item *item, json_t **ret)
{
        struct sql *sql = sql_open(cx);
        json_t *list = json_array();
        struct rows *rows;

        if (!sql_visible(cx, item)) {
                *ret = list;
                return RC_OK;
        }
        sql_add(sql, "select ");
        sql_column(sql, item);
        sql_add(sql, ", count(*) from ");
        sql_table(sql, def);
        sql_add(sql, " r group by 1 order by 2 desc, 1 limit 500");
        TRY(run(sql, def, &rows));
        for (size_t i = 0; i < rows_count(rows); i++) {
                json_t *one = json_object();

                (void)json_set(one, "value", json_str(rows_text(rows, i, 0)));
                (void)json_set(one, "title", json_str(item_show(cx->mem, cx->lang, item, rows_text(rows, i, 0))));
                (void)json_set(one, "count", json_integer(rows_int(rows, i, 1)));
                json_array_append_new(list, one);
        }
        *ret = list;
        return RC_OK;
}
