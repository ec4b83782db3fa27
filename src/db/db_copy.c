/* db_copy.c - COPY: rows in and out in bulk, outside pipeline mode. */
#include "base/house.h"

#include "db/connection.h"

static rc start(struct cx *cx, str sql, ExecStatusType expected)
{
        struct buf text = buf_open(cx->mem, MB(1));
        PGresult *result;
        rc code = RC_OK;

        must(db_in_transaction(cx));
        if (str_empty(cx->tenant))
                buf_add(&text, sql);
        else
                (void)statement_text(&text, sql, cx->tenant, STATEMENT_ONE);
        buf_char(&text, '\0');
        must(!buf_full(&text));
        TRY(db_pipeline_leave(cx));
        result = PQexecParams(cx->db->pg, text.p, 0, NULL, NULL, NULL, NULL, 0);
        if (PQresultStatus(result) != expected) {
                code = db_refuse(cx, result);
                db_pipeline_enter(cx->db);
        }
        PQclear(result);
        return code;
}

/* The answers after the last row. */
static rc finish(struct cx *cx, int64_t *ret_rows)
{
        struct db *db = cx->db;
        PGresult *result;
        rc code = RC_OK;
        int64_t rows = 0;

        db->copying_in = db->copying_out = false;
        while ((result = PQgetResult(db->pg)) != NULL) {
                if (PQresultStatus(result) == PGRES_COMMAND_OK)
                        (void)str_int(str_of(PQcmdTuples(result)), &rows);
                else if (code == RC_OK)
                        code = db_refuse(cx, result);
                PQclear(result);
        }
        if (code == RC_OK && PQstatus(db->pg) != CONNECTION_OK)
                code = db_refuse(cx, NULL);
        db_pipeline_enter(db);
        if (code == RC_OK && ret_rows != NULL)
                *ret_rows = rows;
        return code;
}

rc db_copy_in(struct cx *cx, str sql)
{
        must(!cx->db->copying_in && !cx->db->copying_out);
        TRY(start(cx, sql, PGRES_COPY_IN));
        cx->db->copying_in = true;
        cx->db->copy_used = 0;
        return RC_OK;
}

static rc send_piece(struct cx *cx, const char *p, size_t n)
{
        if (n == 0 || PQputCopyData(cx->db->pg, p, (int)n) == 1)
                return RC_OK;
        return finish(cx, NULL);
}

rc db_copy_write(struct cx *cx, const char *p, size_t n)
{
        struct db *db = cx->db;

        must(db->copying_in);
        if (n > COPY_PIECE - db->copy_used) {
                size_t used = db->copy_used;

                db->copy_used = 0;
                TRY(send_piece(cx, db->copy_piece, used));
        }
        if (n > COPY_PIECE)
                return send_piece(cx, p, n);
        if (n > 0)
                memcpy(db->copy_piece + db->copy_used, p, n);
        db->copy_used += n;
        return RC_OK;
}

rc db_copy_in_end(struct cx *cx, int64_t *ret_rows)
{
        struct db *db = cx->db;

        must(db->copying_in);
        TRY(send_piece(cx, db->copy_piece, db->copy_used));
        (void)PQputCopyEnd(db->pg, NULL);
        return finish(cx, ret_rows);
}

rc db_copy_out(struct cx *cx, str sql)
{
        must(!cx->db->copying_in && !cx->db->copying_out);
        TRY(start(cx, sql, PGRES_COPY_OUT));
        cx->db->copying_out = true;
        return RC_OK;
}

static void row_drop(struct db *db)
{
        if (db->copy_row != NULL)
                PQfreemem(db->copy_row);
        db->copy_row = NULL;
}

rc db_copy_read(struct cx *cx, str *ret)
{
        struct db *db = cx->db;
        int n;

        must(db->copying_out);
        row_drop(db);
        n = PQgetCopyData(db->pg, &db->copy_row, 0);
        if (n > 0) {
                *ret = (str){ db->copy_row, (size_t)n };
                return RC_OK;
        }
        TRY(finish(cx, NULL));
        *ret = STR_NONE;
        return RC_OK;
}

void db_copy_stop(struct db *db)
{
        PGresult *result;

        row_drop(db);
        if (db->copying_in) {
                (void)PQputCopyEnd(db->pg, "stopped");
        } else {
                PGcancel *cancel = PQgetCancel(db->pg);
                char why[256];

                if (cancel != NULL)
                        (void)PQcancel(cancel, why, sizeof(why));
                PQfreeCancel(cancel);
                while (PQgetCopyData(db->pg, &db->copy_row, 0) > 0)
                        row_drop(db);
                row_drop(db);
        }
        while ((result = PQgetResult(db->pg)) != NULL)
                PQclear(result);
        db->copying_in = db->copying_out = false;
        db_pipeline_enter(db);
}
