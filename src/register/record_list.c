/* record_list.c - see record_list.h. */
#include "base/house.h"

#include "register/record_list.h"

#include "base/crypto.h"
#include "base/fail.h"
#include "base/utf8.h"
#include "register/condition_facts.h"
#include "register/item.h"
#include "register/record_row.h"
#include "register/search.sql.h"
#include "register/segment.h"

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
        item = definition_item_ever(l->def, name);
        if (item == NULL)
                return fail(l->cx, RC_INVALID, "sort", "there is no item \"%.*s\"", STR_ARG(utf8_head(name, 60)));
        if (!sql_visible(l->cx, item))
                return fail(l->cx, RC_FORBIDDEN, "sort", "\"%.*s\" is a personal item, which this account may not see", STR_ARG(name));
        if (!item_sortable(item))
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

        record_row_select(sql, l->def, l->narrow);
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
        record_row_where(sql, l->def);
        buf_add(&sql->text, desc ? S(" order by r.id desc") : S(" order by r.id"));
}

/* A word with grams, newest first: the staged statement of search.c. */
static void by_word_sql(struct sql *sql, struct listing *l)
{
        search_page(sql, l->def, l->words, l->lead_count, l->condition, l->cursor.set ? l->cursor.id : INT64_MAX, l->limit + 1);
        record_row_select(sql, l->def, l->narrow);
        sql_add(sql, "page on true left join ");
        sql_table(sql, l->def);
        sql_add(sql, " r on r.id = page.id");
        record_row_where(sql, l->def);
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

        record_row_select(sql, l->def, l->narrow);
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
        record_row_where(sql, l->def);
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
        TRY(record_row_run(sql, l->def, &rows));
        count = rows_count(rows);
        TRY(record_row_checked(l->cx, &l->def, count ? rows_int(rows, 0, 0) : -1, ret_again));
        if (*ret_again)
                return RC_OK;
        if (rows_null(rows, 0, 1))
                count = 0;
        l->page->count = count > (size_t)l->limit ? (size_t)l->limit : count;
        l->page->records = NEW_ARRAY(l->cx->mem, struct record, l->page->count);
        for (size_t i = 0; i < l->page->count; i++)
                record_row_read(l->cx, l->def, rows, i, 1, l->narrow, &l->page->records[i]);
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
        TRY(record_row_run(sql, l->def, &rows));
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
        TRY(record_row_run(sql, l->def, &rows));
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
        if (l->word_count == 0 && l->query->item == NULL && condition_facts_segment(l->condition) != 0) {
                TRY(segment_count(l->cx, l->def, condition_facts_segment(l->condition), &p->total, &known));
                p->total_kind = RECORD_COUNT_EXACT;
                if (known)
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
        for (int tries = 0; again && tries < RECORD_ROW_TRIES; tries++) {
                rc code = listing_read(l);

                if (code != RC_OK)
                        TRY(record_row_refused(cx, &l->def, code, &again));
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
