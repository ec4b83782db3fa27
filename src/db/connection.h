/* connection.h - what the files of this room share: the connection, its state, its prepared statements. Not for other rooms. */
#ifndef DAICHO_DB_CONNECTION_H
#define DAICHO_DB_CONNECTION_H

#include <libpq-fe.h>

#include "base/arena.h"
#include "db/db.h"
#include "db/statement.h"

enum transaction {
        TRANSACTION_NONE,
        TRANSACTION_WANTED, /* db_begin was called, BEGIN travels with the next statement */
        TRANSACTION_OPEN,
        TRANSACTION_FAILED, /* a statement failed; only db_rollback helps */
};

enum op_kind { OP_BEGIN, OP_PREPARE, OP_FORGET, OP_QUEUED, OP_END };

/* One message in flight: results come back in this order. */
struct op {
        enum op_kind kind;
        uint64_t statement; /* id; OP_PREPARE and OP_FORGET */
        struct rows **rows; /* OP_QUEUED: where its rows are wanted, or NULL */
};

enum { OPS_MAX = 512, COPY_PIECE = 1 << 16 };

struct db {
        struct arena *mem; /* lives as long as the connection */
        const char *conninfo;
        PGconn *pg;
        enum transaction transaction;
        struct op ops[OPS_MAX];
        size_t op_count;
        struct statements *statements;
        bool trace;
        bool copying_in, copying_out;
        char *copy_piece; /* rows on their way to COPY, sent in pieces of COPY_PIECE */
        size_t copy_used;
        char *copy_row;          /* what db_copy_read last gave out */
        bool (*watch)(void *of); /* db_watch */
        void *watch_of;
        char refusal[256];
};

/* Note the refusal in `result` (or of the connection when NULL) and mark the transaction failed. Does not clear `result`. */
rc db_refuse(struct cx *cx, const PGresult *result);
/* The pipeline is empty and left; BEGIN has been sent if it was wanted. */
rc db_pipeline_leave(struct cx *cx) MUST_USE;
void db_pipeline_enter(struct db *db);
/* Ends a COPY half done. */
void db_copy_stop(struct db *db);

#endif
