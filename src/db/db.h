/* db.h - one PostgreSQL connection, always in pipeline mode, extended protocol only. The only room that knows libpq.
 *
 * A unit of work costs few round trips: db_begin() only notes that a transaction is wanted, db_queue() only notes a statement;
 * both travel with the next db_run(). db_commit() sends what is queued and COMMIT in one trip.
 * Every statement is prepared once a connection (cache by final text, least recently used out).
 * In SQL text the word `tenant.` stands for the schema of the tenant entered: tenant.log -> "t_acme".log.
 * Results live in cx->mem.
 *
 * A statement that fails ends its transaction: what follows is refused until db_rollback() or db_savepoint_back(). The rest of its trip is not executed.
 * Set DAICHO_DB_TRACE=1 in the environment to see each refused statement on stderr (developers only: texts may hold values). */
#ifndef DAICHO_DB_DB_H
#define DAICHO_DB_DB_H

#include "base/cx.h"

struct db;
struct rows; /* result of one statement; text format */

/* conninfo: libpq keyword/value. RC_UNAVAILABLE when it cannot connect. The connection is owned by the process.
 * Session settings: UTF-8, ISO dates, time zone Asia/Tokyo (a conninfo may name others). */
rc db_open(struct cx *cx, const char *conninfo, struct db **ret) MUST_USE;
/* Another connection to the same database, as the same role. */
rc db_open_like(struct cx *cx, const struct db *like, struct db **ret) MUST_USE;
void db_close(struct db *db);
/* Reconnect when the connection broke; called by the owner of the unit between units. Rolls back what a forgetful owner left open. */
rc db_ensure(struct cx *cx) MUST_USE;

/* Transaction. A statement outside db_begin/db_commit is its own transaction (together with what was queued before it). */
void db_begin(struct cx *cx);
rc db_commit(struct cx *cx) MUST_USE;
void db_rollback(struct cx *cx);
bool db_in_transaction(const struct cx *cx);
/* A place in the transaction to come back to, also after a statement that failed: what was done since is undone, what was before stays. Left either way before
 * the next one is taken; going back leaves it. */
void db_savepoint(struct cx *cx);
void db_savepoint_leave(struct cx *cx);
rc db_savepoint_back(struct cx *cx) MUST_USE;

/* Arguments are texts in PostgreSQL's input form; an absent str is NULL. ret may be NULL. */
rc db_run(struct cx *cx, str sql, const str *args, size_t count, struct rows **ret) MUST_USE;
/* Sent with the next db_run or db_commit; result ignored, failure is that call's failure. */
void db_queue(struct cx *cx, str sql, const str *args, size_t count);
/* The same, but its rows are wanted: *ret is set when the next db_run or db_commit has come back with RC_OK. Saves a trip where two statements do not
 * depend on each other. ret must live until then. */
void db_queue_read(struct cx *cx, str sql, const str *args, size_t count, struct rows **ret);

size_t rows_count(const struct rows *rows);
size_t rows_changed(const struct rows *rows); /* rows an INSERT/UPDATE/DELETE touched */
size_t rows_columns(const struct rows *rows);
bool rows_null(const struct rows *rows, size_t row, size_t column);
str rows_text(const struct rows *rows, size_t row, size_t column);                 /* absent when null; NUL-terminated */
int64_t rows_int(const struct rows *rows, size_t row, size_t column);              /* 0 when null */
bool rows_bool(const struct rows *rows, size_t row, size_t column);                /* false when null */
msec rows_time(const struct rows *rows, size_t row, size_t column);                /* timestamptz; 0 when null */
str rows_bytes(struct cx *cx, const struct rows *rows, size_t row, size_t column); /* bytea, decoded; absent when null */

/* Arguments from C values. */
str db_int(struct cx *cx, int64_t i);
static inline str db_bool(bool b)
{
        return b ? S("t") : S("f");
}
str db_time(struct cx *cx, msec t);                          /* timestamptz */
str db_bytes(struct cx *cx, str bytes);                      /* bytea, as \x…; absent stays absent */
str db_array(struct cx *cx, const str *items, size_t count); /* text[] literal; an absent item is NULL */

/* While a statement works, ask now and then whether it should go on; false cancels it (RC_CANCELLED). go_on may use another connection. Until the end
 * of the transaction; NULL: no more. */
void db_watch(struct cx *cx, bool (*go_on)(void *of), void *of);

/* COPY. Text format of COPY; leaves pipeline mode for its duration; inside db_begin. db_rollback() ends a COPY half done. */
rc db_copy_in(struct cx *cx, str sql) MUST_USE;
rc db_copy_write(struct cx *cx, const char *p, size_t n) MUST_USE;
rc db_copy_in_end(struct cx *cx, int64_t *ret_rows) MUST_USE;
rc db_copy_out(struct cx *cx, str sql) MUST_USE;
/* One row with its line feed; *ret absent at the end. The text is valid until the next call. */
rc db_copy_read(struct cx *cx, str *ret) MUST_USE;

/* Several statements as they stand (migrations, DDL of the define job); simple protocol, no parameters; own transaction unless in one.
 * When a tenant is entered `tenant.` stands for its schema here too, also between dollar quotes (bodies of functions). */
rc db_script(struct cx *cx, str sql) MUST_USE;

/* Wait at most timeout_ms for a notification on a channel listened to; true when one came. */
bool db_wait(struct cx *cx, int timeout_ms);

/* What the database said to the last refused statement, for the operator's line: "42P01 relation … does not exist". Without the message
 * where it could hold somebody's data. Empty text: nothing was refused yet. Valid until the next refusal. */
const char *db_refusal(const struct cx *cx);

/* How refusals of the database become refusals of the house: one table, SQLSTATE -> rc, in error.c.
 * A constraint named TABLE_ITEM_key / _check / _fkey names the item. */

#endif
