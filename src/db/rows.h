/* rows.h - how a libpq result becomes rows. Not for other rooms; they read rows through db.h. */
#ifndef DAICHO_DB_ROWS_H
#define DAICHO_DB_ROWS_H

#include <libpq-fe.h>

#include "db/db.h"

/* Takes the result over: it is cleared with cx->mem. */
struct rows *rows_make(struct cx *cx, PGresult *result);

#endif
