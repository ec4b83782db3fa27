/* search.h - partial-match search: the one place that knows the search form (schema/0002_search.sql, doc/search.md). */
#ifndef DAICHO_REGISTER_SEARCH_H
#define DAICHO_REGISTER_SEARCH_H

#include "register/sql.h"

/* Is there anything to search in? */
bool search_possible(const struct cx *cx, const struct definition *def);
/* DDL: the column's definition behind its name, the index behind "create index X on T". */
void search_column(struct sql *sql, const struct definition *def);
void search_index(struct sql *sql);
/* A condition on r.search_text: holds `term`. */
void search_term(struct sql *sql, str term);
/* The same for one item of its own. */
void search_item(struct sql *sql, const struct item *item, str term);

#endif
