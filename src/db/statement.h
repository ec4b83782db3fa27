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
/* A new connection, or the shape of a table changed: nothing is prepared. Server side: DEALLOCATE ALL before the next new statement. */
void statement_clear(struct statements *s);

/* Appends sql to out with each word `tenant.` that stands before an identifier and outside quotes and comments replaced by "t_NAME".
 * bodies: between dollar quotes too. Returns whether there was one. Tenant absent: a bug when there is one. */
bool statement_text(struct buf *out, str sql, str tenant, bool bodies);

#endif
