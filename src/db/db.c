/* db.c - see db.h. One trip = messages written into libpq's buffer as they are asked for, one Sync, one write, then all answers in order. */
#include "base/house.h"

#include "db/db.h"

#include "base/clock.h"
#include "db/connection.h"
#include "db/error.h"
#include "db/rows.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

enum { NAME_MAX_SIZE = 24, WATCH_MS = 300 };

/* Opening and closing ------------------------------------------------------------------------------------------------------------ */

static void drop_notice(void *arg, const PGresult *result)
{
        (void)arg;
        (void)result;
}

static rc connect_now(struct cx *cx, struct db *db)
{
        const char *const names[] = { "client_encoding", "application_name", "options", "connect_timeout", "dbname", NULL };
        const char *const values[] = {
                "UTF8", "daicho", "-c datestyle=ISO -c timezone=Asia/Tokyo -c intervalstyle=iso_8601", "10", db->conninfo, NULL
        };

        db->pg = PQconnectdbParams(names, values, 1);
        must(db->pg != NULL);
        if (PQstatus(db->pg) != CONNECTION_OK) {
                const char *why = PQerrorMessage(db->pg);

                (void)snprintf(db->refusal, sizeof(db->refusal), "%.*s", (int)strcspn(why, "\n"), why);
                if (db->trace)
                        (void)fprintf(stderr, "db: %s\n", why);
                return fail(cx, RC_UNAVAILABLE, NULL, "the database cannot be reached; please try again in a moment");
        }
        (void)PQsetNoticeReceiver(db->pg, drop_notice, NULL);
        db->transaction = TRANSACTION_NONE;
        db->op_count = 0;
        db->copying_in = db->copying_out = false;
        statement_clear(db->statements, true);
        must(PQenterPipelineMode(db->pg));
        return RC_OK;
}

rc db_open(struct cx *cx, const char *conninfo, struct db **ret)
{
        struct arena *mem = arena_open(MB(8));
        struct db *db = NEW(mem, struct db);
        const char *trace = getenv("DAICHO_DB_TRACE");
        rc code;

        db->mem = mem;
        db->conninfo = str_z(mem, str_of(conninfo));
        db->statements = statement_open(mem);
        db->copy_piece = arena_alloc(mem, COPY_PIECE);
        db->trace = trace != NULL && trace[0] == '1';
        code = connect_now(cx, db);
        if (code != RC_OK)
                db_close(db);
        else
                *ret = db;
        return code;
}

rc db_open_like(struct cx *cx, const struct db *like, struct db **ret)
{
        return db_open(cx, like->conninfo, ret);
}

void db_close(struct db *db)
{
        struct arena *mem = db->mem;

        if (db->copy_row != NULL)
                PQfreemem(db->copy_row);
        PQfinish(db->pg);
        statement_close(db->statements);
        arena_close(mem);
}

static bool connected(const struct db *db)
{
        return PQstatus(db->pg) == CONNECTION_OK;
}

rc db_ensure(struct cx *cx)
{
        struct db *db = cx->db;
        struct pollfd p;

        if (connected(db)) {
                db_rollback(cx);
                p = (struct pollfd){ .fd = PQsocket(db->pg), .events = POLLIN };
                /* something to read between units: notifications, or the server's good-bye and then the end */
                for (int i = 0; i < 3 && connected(db) && poll(&p, 1, 0) > 0; i++)
                        (void)PQconsumeInput(db->pg);
        }
        if (connected(db))
                return RC_OK;
        PQfinish(db->pg);
        return connect_now(cx, db);
}

/* Refusals ----------------------------------------------------------------------------------------------------------------------- */

rc db_refuse(struct cx *cx, const PGresult *result)
{
        struct db *db = cx->db;
        struct error e = { .sqlstate = NULL };

        if (result != NULL) {
                e = (struct error){
                        .sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE),
                        .message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY),
                        .table = PQresultErrorField(result, PG_DIAG_TABLE_NAME),
                        .column = PQresultErrorField(result, PG_DIAG_COLUMN_NAME),
                        .constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME),
                        .context = PQresultErrorField(result, PG_DIAG_CONTEXT),
                };
        }
        if (db->trace)
                (void)fprintf(stderr, "db: %s", result ? PQresultErrorMessage(result) : PQerrorMessage(db->pg));
        (void)snprintf(db->refusal, sizeof(db->refusal), "%s %s", e.sqlstate ? e.sqlstate : "08006",
                       error_message_harmless(e.sqlstate) && e.message ? e.message : "");
        if (e.sqlstate && strcmp(e.sqlstate, "0A000") == 0)
                statement_clear(db->statements, false); /* "cached plan must not change result type" */
        if (db->transaction != TRANSACTION_NONE)
                db->transaction = TRANSACTION_FAILED;
        return error_fail(cx, &e);
}

const char *db_refusal(const struct cx *cx)
{
        return cx->db ? cx->db->refusal : "";
}

/* One trip ----------------------------------------------------------------------------------------------------------------------- */

static void op_add(struct db *db, enum op_kind kind, uint64_t statement)
{
        must(db->op_count < OPS_MAX);
        db->ops[db->op_count++] = (struct op){ kind, statement, NULL };
}

/* A send that libpq refuses means that the connection is gone; the trip will find that out. */
static void send_plain(struct db *db, enum op_kind kind, uint64_t statement, const char *sql)
{
        (void)PQsendQueryParams(db->pg, sql, 0, NULL, NULL, NULL, NULL, 0);
        op_add(db, kind, statement);
}

static void send_prepared(struct cx *cx, enum op_kind kind, str sql, const str *args, size_t count, struct rows **ret)
{
        struct db *db = cx->db;
        struct arena_mark mark = arena_mark(cx->mem);
        uint64_t forget, id;
        const char **values;
        char name[NAME_MAX_SIZE];
        str text;

        id = statement_find(db->statements, sql, cx->tenant, cx->mem, &text, &forget);
        if (forget == STATEMENT_ALL) {
                send_plain(db, OP_FORGET, forget, "deallocate all");
        } else if (forget != 0) {
                char order[NAME_MAX_SIZE + 16];

                (void)snprintf(order, sizeof(order), "deallocate s%" PRIu64, forget);
                send_plain(db, OP_FORGET, forget, order);
        }
        (void)snprintf(name, sizeof(name), "s%" PRIu64, id);
        if (!str_absent(text)) {
                (void)PQsendPrepare(db->pg, name, text.p, 0, NULL);
                op_add(db, OP_PREPARE, id);
        }
        values = NEW_ARRAY(cx->mem, const char *, count);
        for (size_t i = 0; i < count; i++) {
                must(args[i].n == 0 || memchr(args[i].p, '\0', args[i].n) == NULL);
                values[i] = str_absent(args[i]) ? NULL : str_z(cx->mem, args[i]);
        }
        (void)PQsendQueryPrepared(db->pg, name, (int)count, values, NULL, NULL, 0);
        op_add(db, kind, 0);
        db->ops[db->op_count - 1].rows = ret;
        arena_rewind(cx->mem, mark);
}

/* BEGIN and COMMIT are statements like others: prepared once. */
static void send_word(struct cx *cx, enum op_kind kind, str word)
{
        send_prepared(cx, kind, word, NULL, 0, NULL);
}

static void begin_if_wanted(struct cx *cx)
{
        if (cx->db->transaction == TRANSACTION_WANTED) {
                cx->db->transaction = TRANSACTION_OPEN;
                send_word(cx, OP_BEGIN, S("begin"));
        }
}

/* What an answer that is not a success means for the statements we believe prepared. */
static void op_undo(struct db *db, const struct op *op)
{
        if (op->kind == OP_PREPARE)
                statement_drop(db->statements, op->statement);
        else if (op->kind == OP_FORGET && op->statement == STATEMENT_ALL)
                statement_clear(db->statements, false);
        else if (op->kind == OP_FORGET)
                statement_leak(db->statements);
}

void db_watch(struct cx *cx, bool (*go_on)(void *of), void *of)
{
        cx->db->watch = go_on;
        cx->db->watch_of = of;
}

static void cancel(struct db *db)
{
        PGcancel *order = PQgetCancel(db->pg);
        char why[256];

        if (order != NULL)
                (void)PQcancel(order, why, sizeof(why));
        PQfreeCancel(order);
}

/* Until the server has answered: ask the watcher now and then. It is asked no more once it said no. */
static void watch(struct db *db)
{
        while (db->watch != NULL && connected(db) && PQisBusy(db->pg)) {
                struct pollfd p = { .fd = PQsocket(db->pg), .events = POLLIN };

                if (poll(&p, 1, WATCH_MS) > 0) {
                        (void)PQconsumeInput(db->pg);
                } else if (!db->watch(db->watch_of)) {
                        db->watch = NULL;
                        cancel(db);
                }
        }
}

/* The one answer of one message, up to the NULL that ends it; NULL: the connection is gone. */
static PGresult *answer(struct db *db)
{
        PGresult *first, *next;

        if (db->watch != NULL) {
                (void)PQflush(db->pg);
                watch(db);
        }
        first = PQgetResult(db->pg);

        if (first == NULL || !connected(db))
                return first;
        while ((next = PQgetResult(db->pg)) != NULL)
                PQclear(next);
        return first;
}

/* Up to the answer to Sync; before it may stand a refusal of the implicit commit (a deferred constraint) and its NULL. */
static bool sync_read(struct cx *cx, bool told)
{
        for (int i = 0; i < 4 && connected(cx->db); i++) {
                PGresult *result = PQgetResult(cx->db->pg);
                ExecStatusType status = result ? PQresultStatus(result) : PGRES_EMPTY_QUERY;

                if (status == PGRES_FATAL_ERROR && !told) {
                        (void)db_refuse(cx, result);
                        told = true;
                }
                PQclear(result);
                if (status == PGRES_PIPELINE_SYNC)
                        break;
        }
        return told;
}

/* Sends what is queued, waits for all answers. */
static rc trip(struct cx *cx)
{
        struct db *db = cx->db;
        size_t count = db->op_count;
        bool told = false;

        db->op_count = 0;
        if (connected(db))
                (void)PQpipelineSync(db->pg);
        for (size_t i = 0; i < count && connected(db); i++) {
                const struct op *op = &db->ops[i];
                PGresult *result = answer(db);
                ExecStatusType status = result ? PQresultStatus(result) : PGRES_FATAL_ERROR;

                if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
                        if (op->rows != NULL) {
                                *op->rows = rows_make(cx, result);
                                continue;
                        }
                } else {
                        op_undo(db, op);
                        if (status != PGRES_PIPELINE_ABORTED && !told) {
                                (void)db_refuse(cx, result);
                                told = true;
                        }
                }
                PQclear(result);
        }
        told = sync_read(cx, told);
        if (!connected(db)) {
                if (!told)
                        (void)db_refuse(cx, NULL);
                told = true;
                if (db->transaction != TRANSACTION_NONE)
                        db->transaction = TRANSACTION_FAILED;
        }
        return told ? cx->failure.code : RC_OK;
}

static rc refuse_after_failure(struct cx *cx)
{
        return fail(cx, RC_INTERNAL, NULL, "a statement of this unit of work failed before");
}

static void queue(struct cx *cx, str sql, const str *args, size_t count, struct rows **ret)
{
        struct db *db = cx->db;

        must(db != NULL && !db->copying_in && !db->copying_out);
        if (db->transaction == TRANSACTION_FAILED)
                return;
        begin_if_wanted(cx);
        /* a failure of an early trip is kept: the transaction has failed, or (outside one) the code stands in cx */
        if (db->op_count > OPS_MAX - 8 && trip(cx) != RC_OK)
                return;
        send_prepared(cx, OP_QUEUED, sql, args, count, ret);
}

rc db_run(struct cx *cx, str sql, const str *args, size_t count, struct rows **ret)
{
        struct rows *rows = NULL;

        must(cx->db != NULL);
        if (cx->db->transaction == TRANSACTION_FAILED)
                return refuse_after_failure(cx);
        queue(cx, sql, args, count, ret != NULL ? &rows : NULL);
        TRY(trip(cx));
        if (ret != NULL)
                *ret = rows;
        return RC_OK;
}

void db_queue(struct cx *cx, str sql, const str *args, size_t count)
{
        queue(cx, sql, args, count, NULL);
}

void db_queue_read(struct cx *cx, str sql, const str *args, size_t count, struct rows **ret)
{
        queue(cx, sql, args, count, ret);
}

/* Transactions ------------------------------------------------------------------------------------------------------------------- */

void db_begin(struct cx *cx)
{
        must(cx->db != NULL && cx->db->transaction == TRANSACTION_NONE);
        cx->db->transaction = TRANSACTION_WANTED;
}

bool db_in_transaction(const struct cx *cx)
{
        return cx->db != NULL && cx->db->transaction != TRANSACTION_NONE;
}

void db_savepoint(struct cx *cx)
{
        must(db_in_transaction(cx));
        db_queue(cx, S("savepoint place"), NULL, 0);
}

void db_savepoint_leave(struct cx *cx)
{
        db_queue(cx, S("release savepoint place"), NULL, 0);
}

/* Nothing is prepared on the way: that cannot be done in a failed transaction. */
rc db_savepoint_back(struct cx *cx)
{
        must(db_in_transaction(cx));
        if (!connected(cx->db))
                return db_refuse(cx, NULL);
        cx->db->transaction = TRANSACTION_OPEN;
        send_plain(cx->db, OP_QUEUED, 0, "rollback to savepoint place");
        send_plain(cx->db, OP_QUEUED, 0, "release savepoint place");
        return trip(cx);
}

rc db_commit(struct cx *cx)
{
        struct db *db = cx->db;
        rc code;

        must(db != NULL && !db->copying_in && !db->copying_out);
        db->watch = NULL;
        switch (db->transaction) {
        case TRANSACTION_WANTED: db->transaction = TRANSACTION_NONE; return RC_OK;
        case TRANSACTION_FAILED: db_rollback(cx); return refuse_after_failure(cx);
        case TRANSACTION_NONE: return db->op_count > 0 ? trip(cx) : RC_OK;
        case TRANSACTION_OPEN: break;
        }
        send_word(cx, OP_END, S("commit"));
        code = trip(cx);
        if (code == RC_OK)
                db->transaction = TRANSACTION_NONE;
        else
                db_rollback(cx);
        return code;
}

void db_rollback(struct cx *cx)
{
        struct db *db = cx->db;
        size_t problems = cx->failure.count;
        rc code = cx->failure.code;

        if (db == NULL)
                return;
        db->watch = NULL;
        if (db->copying_in || db->copying_out)
                db_copy_stop(db);
        /* twice: a queued statement that fails takes the first ROLLBACK of its trip with it */
        for (int i = 0; i < 2 && connected(db) && (db->op_count > 0 || PQtransactionStatus(db->pg) != PQTRANS_IDLE); i++) {
                if (db->transaction != TRANSACTION_NONE || i > 0)
                        send_plain(db, OP_END, 0,
                                   "rollback"); /* not prepared: what may be forgotten first (statement_clear) cannot be in a failed transaction */
                if (trip(cx) == RC_OK)
                        break;
        }
        db->transaction = TRANSACTION_NONE;
        db->op_count = 0;
        cx->failure.code = code;
        cx->failure.count = problems;
}

/* Scripts, notifications --------------------------------------------------------------------------------------------------------- */

rc db_pipeline_leave(struct cx *cx)
{
        if (cx->db->transaction == TRANSACTION_FAILED)
                return refuse_after_failure(cx);
        begin_if_wanted(cx);
        if (cx->db->op_count > 0)
                TRY(trip(cx));
        if (!connected(cx->db))
                return db_refuse(cx, NULL);
        must(PQexitPipelineMode(cx->db->pg));
        return RC_OK;
}

void db_pipeline_enter(struct db *db)
{
        if (connected(db))
                must(PQenterPipelineMode(db->pg));
}

static rc script_piece(struct cx *cx, const char *sql)
{
        PGresult *result = PQexec(cx->db->pg, sql);
        ExecStatusType status = PQresultStatus(result);
        rc code = RC_OK;

        if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY)
                code = db_refuse(cx, connected(cx->db) ? result : NULL);
        PQclear(result);
        return code;
}

rc db_script(struct cx *cx, str sql)
{
        struct db *db = cx->db;
        bool own = !db_in_transaction(cx);
        struct buf text = buf_open(cx->mem, sql.n * 2 + KB(64));
        rc code;

        if (str_empty(cx->tenant))
                buf_add(&text, sql);
        else
                (void)statement_text(&text, sql, cx->tenant, STATEMENT_SCRIPT);
        buf_char(&text, '\0');
        must(!buf_full(&text));
        if (own)
                db_begin(cx);
        TRY(db_pipeline_leave(cx));
        code = script_piece(cx, text.p);
        db_pipeline_enter(db);
        if (own && code == RC_OK)
                code = db_commit(cx);
        else if (own)
                db_rollback(cx);
        return code;
}

bool db_wait(struct cx *cx, int timeout_ms)
{
        struct db *db = cx->db;
        struct pollfd p = { .fd = PQsocket(db->pg), .events = POLLIN };
        bool came = false;
        PGnotify *n;

        must(db->op_count == 0 && db->transaction == TRANSACTION_NONE);
        if (!connected(db))
                return false;
        for (int i = 0; i < 2; i++) {
                while ((n = PQnotifies(db->pg)) != NULL) {
                        PQfreemem(n);
                        came = true;
                }
                if (came || i == 1 || poll(&p, 1, timeout_ms) <= 0)
                        break;
                (void)PQconsumeInput(db->pg);
        }
        return came;
}

/* Arguments ---------------------------------------------------------------------------------------------------------------------- */

str db_int(struct cx *cx, int64_t i)
{
        char text[24], *p = text + sizeof(text);
        uint64_t u = i < 0 ? 0 - (uint64_t)i : (uint64_t)i;

        *--p = '\0';
        do
                *--p = (char)('0' + u % 10);
        while (u /= 10);
        if (i < 0)
                *--p = '-';
        return (str){ arena_copy(cx->mem, p, (size_t)(text + sizeof(text) - p)), (size_t)(text + sizeof(text) - p) - 1 };
}

str db_time(struct cx *cx, msec t)
{
        return clock_rfc3339(cx->mem, t);
}

str db_bytes(struct cx *cx, str bytes)
{
        static const char hex[] = "0123456789abcdef";
        char *p;

        if (str_absent(bytes))
                return STR_NONE;
        p = arena_alloc(cx->mem, bytes.n * 2 + 3);
        p[0] = '\\';
        p[1] = 'x';
        for (size_t i = 0; i < bytes.n; i++) {
                p[2 + 2 * i] = hex[(unsigned char)bytes.p[i] >> 4];
                p[3 + 2 * i] = hex[(unsigned char)bytes.p[i] & 15];
        }
        return (str){ p, bytes.n * 2 + 2 };
}

str db_array(struct cx *cx, const str *items, size_t count)
{
        size_t size = 3;
        char *p, *start;

        for (size_t i = 0; i < count; i++)
                size += items[i].n * 2 + 8;
        p = start = arena_alloc(cx->mem, size);
        *p++ = '{';
        for (size_t i = 0; i < count; i++) {
                if (i > 0)
                        *p++ = ',';
                if (str_absent(items[i])) {
                        memcpy(p, "NULL", 4);
                        p += 4;
                        continue;
                }
                *p++ = '"';
                for (size_t j = 0; j < items[i].n; j++) {
                        if (items[i].p[j] == '"' || items[i].p[j] == '\\')
                                *p++ = '\\';
                        *p++ = items[i].p[j];
                }
                *p++ = '"';
        }
        *p++ = '}';
        return (str){ start, (size_t)(p - start) };
}
