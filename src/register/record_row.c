/* record_row.c - see record_row.h. */
#include "base/house.h"

#include "register/record_row.h"

#include "base/fail.h"

/* Columns as sql_columns() wrote them, from column `first` on. */
void record_row_read(struct cx *cx, const struct definition *def, const struct rows *rows, size_t row, size_t first, bool narrow, struct record *ret)
{
        size_t column = first + SQL_SYSTEM;

        ret->id = rows_int(rows, row, first + SQL_ID);
        ret->version = rows_int(rows, row, first + SQL_VERSION);
        ret->created_at = rows_time(rows, row, first + SQL_CREATED_AT);
        ret->created_by = rows_text(rows, row, first + SQL_CREATED_BY);
        ret->updated_at = rows_time(rows, row, first + SQL_UPDATED_AT);
        ret->updated_by = rows_text(rows, row, first + SQL_UPDATED_BY);
        ret->origin = rows_int(rows, row, first + SQL_ORIGIN);
        ret->values = NEW_ARRAY(cx->mem, str, def->item_count);
        for (size_t i = 0; i < def->item_count; i++)
                if (sql_visible(cx, &def->items[i]) && (!narrow || sql_listed(&def->items[i])))
                        ret->values[i] = rows_text(rows, row, column++);
}

/* A remembered definition may be of yesterday: *ret_again tells to begin anew with *def, which is now today's. A
 * statement that failed because a column is gone cannot be repeated in its transaction; the next one will do. */
rc record_row_checked(struct cx *cx, const struct definition **def, int64_t version_now, bool *ret_again)
{
        *ret_again = version_now != (*def)->version;
        return *ret_again ? definition_get(cx, (*def)->name, def) : RC_OK;
}

/* What a statement of yesterday's definition meets: no such column, no such table, a column of another type. */
static bool changed_since(const char *state)
{
        static const char *const states[] = { "42703", "42P01", "42804", "42883", "42846", "42P18" };

        for (size_t i = 0; i < COUNT(states); i++)
                if (strncmp(state, states[i], 5) == 0)
                        return true;
        return false;
}

rc record_row_run(struct sql *sql, const struct definition *def, struct rows **ret)
{
        rc code = sql_run(sql, ret);

        if (code == RC_INTERNAL) {
                definition_forget(sql->cx, def->name);
                if (changed_since(db_refusal(sql->cx))) {
                        fail_clear(sql->cx);
                        return fail(sql->cx, RC_BUSY, NULL, "this register was changed just now; please try again");
                }
        }
        return code;
}

/* A refusal may come from a remembered definition that is of yesterday: then look again. *ret_again: with *def, which
 * is now today's. */
rc record_row_refused(struct cx *cx, const struct definition **def, rc refused, bool *ret_again)
{
        struct failure told = cx->failure;
        int64_t version = (*def)->version, id = (*def)->id;
        rc code;

        *ret_again = false;
        if (refused != RC_INVALID && refused != RC_FORBIDDEN)
                return refused;
        fail_clear(cx);
        code = definition_get(cx, str_copy(cx->mem, (*def)->name), def);
        *ret_again = code == RC_OK && ((*def)->version != version || (*def)->id != id);
        if (code == RC_OK && !*ret_again)
                cx->failure = told;
        return *ret_again ? RC_OK : cx->failure.code;
}

void record_row_select(struct sql *sql, const struct definition *def, bool narrow)
{
        sql_add(sql, "select d.version, ");
        sql_columns(sql, def, narrow);
        sql_add(sql, " from tenant.register d left join ");
}

void record_row_where(struct sql *sql, const struct definition *def)
{
        sql_add(sql, " where d.name = ");
        sql_arg(sql, def->name, "text");
}
