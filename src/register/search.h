/* search.h - partial-match search: the one place that knows the search form (schema/0002_search.sql; why it is so:
 * doc/search.md). */
#ifndef DAICHO_REGISTER_SEARCH_H
#define DAICHO_REGISTER_SEARCH_H

#include "register/sql.h"

struct condition;

/* A word of a query, folded by the database as records are, and the grams every record that holds it must have. */
struct search_word {
        str folded;    /* empty: nothing to search by */
        str grams;     /* bigint[] literal; absent: the index cannot help (one kana, letter or digit) */
        size_t length; /* characters of folded */
};
enum { SEARCH_WORDS_MAX = 8, SEARCH_CHARS_MAX = 200 };

/* Is there anything this account may search in? */
bool search_possible(const struct cx *cx, const struct definition *def);
/* Fold words; one trip. */
enum { SEARCH_FOLD_MAX = 200 };
rc search_fold(struct cx *cx, const str *words, size_t count, struct search_word *ret) MUST_USE;
/* What was typed into the search box: its words; all must be found. One trip. RC_INVALID: too long, or nothing but
 * marks. */
rc search_words(struct cx *cx, str text, struct search_word ret[SEARCH_WORDS_MAX], size_t *ret_count) MUST_USE;

/* DDL: the column's definition behind its name, the index behind "create index X on T". */
void search_column(struct sql *sql, const struct definition *def);
void search_index(struct sql *sql);
/* What the column holds of a record; `name` writes where the value of an item stands. */
typedef void (*search_namer)(struct sql *sql, const struct item *item, const void *of);
void search_expression(struct sql *sql, const struct definition *def, search_namer name, const void *of);

/* A condition on alias r: holds all the words. For who may not see personal items: each is in one of the others (no
 * index). */
void search_terms(struct sql *sql, const struct definition *def, const struct search_word *words, size_t count);
/* The same written so that the planner sees the values: for estimates. */
void search_terms_seen(struct sql *sql, const struct definition *def, const struct search_word *words, size_t count);
/* "with … " and the name `page (id)`: ids of the newest `limit` records below `before` that hold all the words and meet
 * the condition (may be NULL). At least one word must have grams, and the account must see personal items. */
void search_page(struct sql *sql, const struct definition *def, const struct search_word *words, size_t count, const struct condition *condition,
                 int64_t before, int limit);

#endif
