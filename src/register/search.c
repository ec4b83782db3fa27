/* search.c - see search.h. */
#include "base/house.h"

#include "register/search.h"

#include "base/fail.h"
#include "base/text.h"
#include "base/utf8.h"
#include "register/condition.h"
#include "register/definition_sentence.h"
#include "register/search.sql.h"

bool search_possible(const struct cx *cx, const struct definition *def)
{
        for (size_t i = 0; i < def->item_count; i++)
                if (def->items[i].searchable && sql_visible(cx, &def->items[i]))
                        return true;
        return false;
}

rc search_fold(struct cx *cx, const str *words, size_t count, struct search_word *ret)
{
        struct search_grams *rows;
        size_t n;

        TRY(sql_search_fold(cx, db_array(cx, words, count), &rows, &n));
        must(n == count);
        for (size_t i = 0; i < n; i++)
                ret[i] = (struct search_word){ rows[i].folded, str_is(rows[i].grams, "{}") ? STR_NONE : rows[i].grams, (size_t)rows[i].length };
        return RC_OK;
}

rc search_words(struct cx *cx, str text, struct search_word ret[SEARCH_WORDS_MAX], size_t *ret_count)
{
        struct search_word folded[SEARCH_WORDS_MAX];
        str words[SEARCH_WORDS_MAX];
        size_t n = 0, count = 0;

        *ret_count = 0;
        TRY(text_check(cx, text, "q", SEARCH_CHARS_MAX, false));
        for (size_t at = 0; at < text.n;) {
                size_t start = at, end = at;

                while (at < text.n) {
                        uint32_t c = utf8_decode(text, &at);

                        if (c == ' ' || c == 0x3000 || c == 0xa0)
                                break;
                        end = at;
                }
                if (end == start)
                        continue;
                if (n == SEARCH_WORDS_MAX)
                        return fail(cx, RC_INVALID, "q", "may hold at most %d words", SEARCH_WORDS_MAX);
                words[n++] = (str){ text.p + start, end - start };
        }
        if (n == 0)
                return RC_OK;
        TRY(search_fold(cx, words, n, folded));
        for (size_t i = 0; i < n; i++)
                if (folded[i].folded.n > 0)
                        ret[count++] = folded[i];
        if (count == 0)
                return fail(cx, RC_INVALID, "q", "must hold a letter, digit, kana or kanji; marks alone find nothing");
        *ret_count = count;
        return RC_OK;
}

/* DDL
 * ----------------------------------------------------------------------------------------------------------------------------------------
 */

static bool narrow(const struct item *item)
{
        return item->type == ITEM_EMAIL || item->type == ITEM_TELEPHONE || item->type == ITEM_POSTAL_CODE;
}

/* The items of one half, parted by U+001F so that no word reaches from one into the next; joined ones without. */
static bool half(struct sql *sql, const struct definition *def, bool ascii, search_namer name, const void *of)
{
        const struct item *before = NULL;

        for (size_t i = 0; i < def->item_count; i++) {
                const struct item *item = &def->items[i];

                if (!item->searchable || narrow(item) != ascii)
                        continue;
                if (before == NULL)
                        sql_add(sql, "daicho.fold(");
                else if (item->joined && before->number + 1 == item->number)
                        sql_add(sql, " || ");
                else
                        sql_add(sql, " || E'\\x1f' || ");
                buf_add(&sql->text, item->type == ITEM_CHOICES ? S("coalesce(daicho.choices_text(") : S("coalesce("));
                if (item_stored(item))
                        name(sql, item, of);
                else
                        definition_sentence_sql(sql, item, name, of);
                buf_add(&sql->text, item->type == ITEM_CHOICES ? S("), '')") : S(", '')"));
                before = item;
        }
        if (before != NULL)
                sql_add(sql, ")");
        return before != NULL;
}

/* Two calls: folding what is ASCII is five times cheaper. */
void search_expression(struct sql *sql, const struct definition *def, search_namer name, const void *of)
{
        bool other = false;

        for (size_t i = 0; i < def->item_count; i++)
                other = other || (def->items[i].searchable && !narrow(&def->items[i]));
        if (half(sql, def, true, name, of) && other)
                sql_add(sql, " || E'\\x1f' || ");
        (void)half(sql, def, false, name, of);
}

static void column_name(struct sql *sql, const struct item *item, const void *of)
{
        sql_name(sql, item->name);
}

void search_column(struct sql *sql, const struct definition *def)
{
        sql_add(sql, " text generated always as (");
        search_expression(sql, def, column_name, NULL);
        sql_add(sql, ") stored");
}

void search_index(struct sql *sql)
{
        sql_add(sql, " using gin (daicho.grams(search_text))");
}

/* Conditions
 * -----------------------------------------------------------------------------------------------------------------------------------
 */

/* Values come from scalar subqueries: the plan does not depend on them, and never is made by an estimate that is too
 * low (doc/search.md). */
static void grams_sql(struct sql *sql, const struct search_word *words, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                if (str_absent(words[i].grams))
                        continue;
                sql_add(sql, "daicho.grams(r.search_text) @> (select ");
                sql_arg(sql, words[i].grams, "bigint[]");
                sql_add(sql, ") and ");
        }
}

static void holds_sql(struct sql *sql, const struct search_word *words, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                if (i > 0)
                        sql_add(sql, " and ");
                sql_add(sql, "strpos(r.search_text, (select ");
                sql_arg(sql, words[i].folded, "text");
                sql_add(sql, ")) > 0");
        }
}

static void masked_sql(struct sql *sql, const struct definition *def, const struct search_word *word)
{
        bool first = true;

        sql_add(sql, "(");
        for (size_t i = 0; i < def->item_count; i++) {
                if (!def->items[i].searchable || !sql_visible(sql->cx, &def->items[i]))
                        continue;
                if (!first)
                        sql_add(sql, " or ");
                buf_add(&sql->text, def->items[i].type == ITEM_CHOICES ? S("strpos(daicho.fold(daicho.choices_text(") : S("strpos(daicho.fold(("));
                sql_column(sql, &def->items[i]);
                sql_add(sql, ")), (select ");
                sql_arg(sql, word->folded, "text");
                sql_add(sql, ")) > 0");
                first = false;
        }
        if (first)
                sql_add(sql, "false");
        sql_add(sql, ")");
}

static void masked_words(struct sql *sql, const struct definition *def, const struct search_word *words, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                if (i > 0)
                        sql_add(sql, " and ");
                masked_sql(sql, def, &words[i]);
        }
}

void search_terms(struct sql *sql, const struct definition *def, const struct search_word *words, size_t count)
{
        if (sql->cx->masked) {
                masked_words(sql, def, words, count);
                return;
        }
        grams_sql(sql, words, count);
        holds_sql(sql, words, count);
}

void search_terms_seen(struct sql *sql, const struct definition *def, const struct search_word *words, size_t count)
{
        if (sql->cx->masked) {
                masked_words(sql, def, words, count);
                return;
        }
        for (size_t i = 0; i < count; i++) {
                if (i > 0)
                        sql_add(sql, " and ");
                if (!str_absent(words[i].grams)) {
                        sql_add(sql, "daicho.grams(r.search_text) @> ");
                        sql_arg(sql, words[i].grams, "bigint[]");
                        continue;
                }
                sql_add(sql, "strpos(r.search_text, ");
                sql_arg(sql, words[i].folded, "text");
                sql_add(sql, ") > 0");
        }
}

enum { NEAR = 5000, FEW = 2000, FAR = 25000 }; /* records; measured, see doc/search.md */

struct page {
        struct sql *sql;
        const struct definition *def;
        const struct search_word *words;
        size_t count;
        const struct condition *condition;
        int64_t before;
        int limit;
};

static void filter(struct page *p)
{
        holds_sql(p->sql, p->words, p->count);
        if (p->condition != NULL) {
                sql_add(p->sql, " and ");
                condition_sql(p->sql, p->condition);
        }
}

/* The newest `rows` records below `before`, walked along the primary key. */
static void walk(struct page *p, int rows)
{
        sql_add(p->sql, "(select r.id from (select * from ");
        sql_table(p->sql, p->def);
        sql_add(p->sql, " r where r.id < ");
        sql_arg(p->sql, db_int(p->sql->cx, p->before), "bigint");
        sql_add(p->sql, " order by r.id desc limit ");
        sql_int(p->sql, rows);
        sql_add(p->sql, ") r where ");
        filter(p);
}

/* All that the index finds. `r.id + 0`: or the planner would AND in a bitmap of the whole primary key. */
static void hits(struct page *p)
{
        sql_add(p->sql, "(select r.id from ");
        sql_table(p->sql, p->def);
        sql_add(p->sql, " r where ");
        grams_sql(p->sql, p->words, p->count);
        filter(p);
        sql_add(p->sql, " and r.id + 0 < ");
        sql_arg(p->sql, db_int(p->sql->cx, p->before), "bigint");
}

static void limited(struct page *p, const char *tail)
{
        sql_add(p->sql, " limit ");
        sql_int(p->sql, p->limit);
        buf_add(&p->sql->text, str_of(tail));
}

/* A frequent word is met at once by walking the primary key, a rare one by the index. Neither is known beforehand, so
 * the statement asks in turn; each step runs only when those before did not fill the page. */
void search_page(struct sql *sql, const struct definition *def, const struct search_word *words, size_t count, const struct condition *condition,
                 int64_t before, int limit)
{
        struct page p = { sql, def, words, count, condition, before, limit };

        sql_add(sql, "with near as materialized ");
        walk(&p, NEAR);
        limited(&p, "), few as materialized ");
        hits(&p);
        sql_add(sql, " and (select count(*) from near) < ");
        sql_int(sql, limit);
        sql_add(sql, " limit ");
        sql_int(sql, FEW);
        sql_add(sql, "), far as materialized ");
        walk(&p, FAR);
        sql_add(sql, " and (select count(*) from few) = ");
        sql_int(sql, FEW);
        limited(&p, "), tail as materialized ");
        hits(&p);
        sql_add(sql, " and (select count(*) from few) = ");
        sql_int(sql, FEW);
        sql_add(sql, " and (select count(*) from far) < ");
        sql_int(sql, limit);
        sql_add(sql, "), page as materialized ((select id from near where (select count(*) from near) = ");
        sql_int(sql, limit);
        sql_add(sql, ") union all (select id from few where (select count(*) from few) < ");
        sql_int(sql, FEW);
        sql_add(sql, " order by id desc");
        limited(&p, ") union all (select id from far where (select count(*) from far) = ");
        sql_int(sql, limit);
        sql_add(sql, ") union all (select id from tail where (select count(*) from far) < ");
        sql_int(sql, limit);
        sql_add(sql, " order by id desc");
        limited(&p, ")) ");
}
