/* error.h - how refusals of the database become refusals of the house. Not for other rooms. */
#ifndef DAICHO_DB_ERROR_H
#define DAICHO_DB_ERROR_H

#include "base/fail.h"

/* What PostgreSQL said; fields may be NULL. */
struct error {
        const char *sqlstate; /* NULL: the connection is gone */
        const char *message;  /* English (lc_messages = C); only looked at, never shown: it may hold values */
        const char *table;
        const char *column;
        const char *constraint;
        const char *context; /* COPY says here which line and column */
};

/* fail() with the code, item and sentence that fit. Never holds a value of the statement or the table. */
rc error_fail(struct cx *cx, const struct error *e);
/* May the message be written down for the operator? Not when it could hold somebody's data. */
bool error_message_harmless(const char *sqlstate);

#endif
