/* sql.h - the only place of the house that composes SQL. Two rules make it safe: text is a literal of the house or a
 * name from a checked definition (asserted letter by letter when it is written), and every value is a parameter. */
#ifndef DAICHO_REGISTER_SQL_H
#define DAICHO_REGISTER_SQL_H

#include "base/buf.h"
#include "db/db.h"
#include "register/definition.h"

enum { SQL_ARGS_MAX = 1200 };

struct sql {
        struct cx *cx;
        struct buf text;
        str args[SQL_ARGS_MAX];
        size_t count;
        char alias;                      /* of the table whose columns are written: 'r', inside a history 'h' */
        bool many;                       /* more arguments than fit were added */
        bool literal;                    /* values stand in the text, as hexadecimal digits: for bodies of functions, which take no parameters */
        const struct definition *before; /* conditions over this history mean it as it was before the statement of a trigger … */
        enum { SQL_INSERT, SQL_UPDATE, SQL_DELETE } event; /* … of this kind, whose rows stand in `after` and `before` */
};

struct sql *sql_open(struct cx *cx);
struct sql *sql_open_literal(struct cx *cx);
#define sql_add(sql, literal) buf_add(&(sql)->text, S(literal))
void sql_int(struct sql *sql, int64_t i);                                          /* a number of the house, as a literal */
void sql_word(struct sql *sql, str name);                                          /* a name without quotes, for a literal */
void sql_name(struct sql *sql, str name);                                          /* "name" */
void sql_names(struct sql *sql, const char *prefix, str name, const char *suffix); /* "r_customers_email_key"; parts are literals */
void sql_table(struct sql *sql, const struct definition *def);        /* tenant."r_NAME", or tenant."m_NAME" for who may not see personal items */
void sql_column(struct sql *sql, const struct item *item);            /* ALIAS."NAME"; must be visible */
void sql_arg(struct sql *sql, str value, const char *type);           /* $n::type */
void sql_value(struct sql *sql, const struct item *item, str stored); /* $n::type of the item */
rc sql_run(struct sql *sql, struct rows **ret) MUST_USE;

/* May this unit see the item? */
static inline bool sql_visible(const struct cx *cx, const struct item *item)
{
        return !(item->personal && cx->masked);
}
/* Is it needed to show a list: a column, or part of the name of a record? */
static inline bool sql_listed(const struct item *item)
{
        return item->in_list || item->in_heading;
}
/* r.id, r.version, r.created_at, … : SQL_SYSTEM columns, then the visible items that `list` asks for (NULL: all). */
enum { SQL_ID, SQL_VERSION, SQL_CREATED_AT, SQL_CREATED_BY, SQL_UPDATED_AT, SQL_UPDATED_BY, SQL_ORIGIN, SQL_SYSTEM };
void sql_columns(struct sql *sql, const struct definition *def, bool list_only);
void sql_system(struct sql *sql, int column); /* r.created_at */

/* DDL, for define.c; roles and schema of the tenant entered. */
void sql_create_table(struct sql *sql, const struct definition *def);
void sql_add_column(struct sql *sql, const struct definition *def, const struct item *item);
void sql_column_beside(struct sql *sql, const struct definition *def, const struct item *item); /* "_new_ITEM" and its type */
/* Column, constraints and index; indexed: it has one of its own. */
void sql_rename_column(struct sql *sql, const struct definition *def, const struct item *was, const struct item *item, bool indexed);
void sql_reference(struct sql *sql, const struct definition *def, const struct item *item, bool add);
void sql_drop_column(struct sql *sql, const struct definition *def, const struct item *item);
void sql_unique(struct sql *sql, const struct definition *def, const struct item *item, bool add);
void sql_index(struct sql *sql, const struct definition *def, const struct item *item, bool add);
void sql_required(struct sql *sql, const struct definition *def, const struct item *item, bool set);
void sql_search(struct sql *sql, const struct definition *def, bool add); /* search column and index */
void sql_views_drop(struct sql *sql, const struct definition *def);
void sql_views(struct sql *sql, const struct definition *def); /* what masked accounts see, grants, history trigger; register id in def->id */

#endif
