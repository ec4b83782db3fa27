/* erasure.c - see erasure.h. */
#include "base/house.h"

#include "tenant/erasure.h"

#include "base/fail.h"
#include "db/db.h"
#include "tenant/erasure.sql.h"

enum { STEPS_MAX = 1000 };

rc erasure_bytes_renew(struct cx *cx)
{
        str done = S("");
        rc result = RC_OK;

        for (int i = 0; i < STEPS_MAX && result == RC_OK && !str_absent(done); i++) {
                db_begin(cx);
                result = sql_erasure_step(cx, &done);
                if (result == RC_OK)
                        result = db_commit(cx);
        }
        if (result != RC_OK)
                db_rollback(cx);
        return result;
}

rc erasure_bytes_gone(struct cx *cx, int64_t id, json_t **ret)
{
        str text;

        TRY(sql_erasure_gone(cx, &text));
        *ret = NULL;
        return str_absent(text) ? RC_OK : json_read(cx, text, ret);
}

rc erasure_list(struct cx *cx, int64_t id, struct erasure **ret, size_t *ret_count)
{
        struct erasure_row *rows;
        struct erasure *list;
        size_t count;

        TRY(sql_erasure_list(cx, id, &rows, &count));
        if (id != 0 && count == 0)
                return fail(cx, RC_UNKNOWN, "id", "there is no certificate of this number with a marker");
        list = NEW_ARRAY(cx->mem, struct erasure, count);
        for (size_t i = 0; i < count; i++)
                list[i] = (struct erasure){ rows[i].id, rows[i].tenant, rows[i].marker, rows[i].seed, rows[i].places, rows[i].gone };
        *ret = list;
        *ret_count = count;
        return RC_OK;
}

rc erasure_scanned(struct cx *cx, int64_t id, int64_t files, int64_t bytes, int64_t found)
{
        return sql_erasure_scanned(cx, id, files, bytes, found);
}
