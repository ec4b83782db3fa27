/* record_row.h - what every statement about records has in common: rows become records, and a definition this process remembers may be of yesterday.
 *
 * Each first statement returns the version of the definition it was composed from: a process that remembers an old one finds out without a trip of
 * its own, reads the new one and begins again, at most RECORD_ROW_TRIES times. */
#ifndef DAICHO_REGISTER_RECORD_ROW_H
#define DAICHO_REGISTER_RECORD_ROW_H

#include "register/record.h"

enum { RECORD_ROW_TRIES = 3 };

/* Columns as sql_columns() wrote them, from column `first` on. */
void record_row_read(struct cx *cx, const struct definition *def, const struct rows *rows, size_t row, size_t first, bool narrow, struct record *ret);
/* *ret_again tells to begin anew with *def, which is now today's. */
rc record_row_checked(struct cx *cx, const struct definition **def, int64_t version_now, bool *ret_again) MUST_USE;
/* A statement that failed because a column is gone cannot be repeated in its transaction: RC_BUSY, the next one will do. */
rc record_row_run(struct sql *sql, const struct definition *def, struct rows **ret) MUST_USE;
/* A refusal may come from a remembered definition that is of yesterday: then look again. *ret_again: with *def, which is now today's. */
rc record_row_refused(struct cx *cx, const struct definition **def, rc refused, bool *ret_again) MUST_USE;
/* "select d.version, columns from tenant.register d left join " … " where d.name = NAME" */
void record_row_select(struct sql *sql, const struct definition *def, bool narrow);
void record_row_where(struct sql *sql, const struct definition *def);

#endif
