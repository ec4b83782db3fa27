/* search.c - see search.h. */
#include "base/house.h"

#include "register/search.h"

bool search_possible(const struct cx *cx, const struct definition *def)
{
        for (size_t i = 0; i < def->item_count; i++)
                if (def->items[i].searchable && (!cx->masked || !def->items[i].personal))
                        return true;
        return false;
}

/* Items parted by U+001F, so that no term crosses from one into the next; joined ones without. */
void search_column(struct sql *sql, const struct definition *def)
{
        bool first = true;

        sql_add(sql, " text generated always as (daicho.fold(");
        for (size_t i = 0; i < def->item_count; i++) {
                const struct item *item = &def->items[i];

                if (!item->searchable)
                        continue;
                if (!first && item->joined)
                        sql_add(sql, " || ");
                else if (!first)
                        sql_add(sql, " || E'\\x1f' || ");
                sql_add(sql, "coalesce(");
                sql_name(sql, item->name);
                sql_add(sql, ", '')");
                first = false;
        }
        sql_add(sql, ")) stored");
}

void search_index(struct sql *sql)
{
        sql_add(sql, " using gin (daicho.grams(search_text)) with (fastupdate = off)");
}

void search_term(struct sql *sql, str term)
{
        sql_add(sql, "(daicho.grams(r.search_text) @> (select daicho.grams_of_term(");
        sql_arg(sql, term, "text");
        sql_add(sql, ")) and strpos(r.search_text, (select daicho.fold(");
        sql_arg(sql, term, "text");
        sql_add(sql, "))) > 0)");
}

void search_item(struct sql *sql, const struct item *item, str term)
{
        sql_add(sql, "strpos(daicho.fold(");
        sql_column(sql, item);
        sql_add(sql, "), (select daicho.fold(");
        sql_arg(sql, term, "text");
        sql_add(sql, "))) > 0");
}
