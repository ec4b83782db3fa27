/* statement.h - which statements this connection has prepared: at most STATEMENTS_MAX, least recently used out; and the word `tenant.`.
 * Not for other rooms. Knows nothing of libpq: names are numbers, sending is db.c's. */
#ifndef DAICHO_DB_STATEMENT_H
#define DAICHO_DB_STATEMENT_H

#include "base/buf.h"

enum { STATEMENTS_MAX = 512 };

struct statements;

struct statements *statement_open(struct arena *mem);
void statement_close(struct statements *s);

/* The number of the prepared statement for `sql` in `tenant`. When it is new *ret_text is its final text, to be prepared under this number,
 * else absent; *ret_forget: number of a statement to deallocate first, 0 none, STATEMENT_ALL every one. */
#define STATEMENT_ALL UINT64_MAX
uint64_t statement_find(struct statements *s, str sql, str tenant, struct arena *scratch, str *ret_text, uint64_t *ret_forget);
/* It was not prepared after all. */
void statement_drop(struct statements *s, uint64_t id);
/* It was not deallocated after all (its trip failed before): everything is given back at the next new statement. */
void statement_leak(struct statements *s);
/* Nothing counts as prepared any more: on a new connection, or because the shape of a table changed; then the next new statement brings
 * STATEMENT_ALL with it. */
void statement_clear(struct statements *s, bool new_connection);

/* What may be looked into and replaced. */
enum statement_kind {
        STATEMENT_ONE,       /* one statement: what stands between dollar quotes is a value */
        STATEMENT_SCRIPT,    /* several: between dollar quotes stand bodies of functions, the word is replaced there too */
        STATEMENT_MIGRATION, /* as a script; also the words t_all, t_masked, t_form, t_desk become the roles of the tenant */
};

/* Appends sql to out with each word `tenant.` that stands before an identifier and outside quotes and comments replaced by "t_NAME".
 * Returns whether anything was replaced. Tenant absent: a bug when there is such a word. */
bool statement_text(struct buf *out, str sql, str tenant, enum statement_kind kind);

#endif
