/* stage.h - an import inside the database: rows of the file stand in a temporary table of the work transaction, are compared with the register's
 * table, and go there by one UPDATE (rows that differ) and one INSERT (rows that are missing). Rows that do not differ are not touched.
 *
 * Temporary, not a table of the register: it needs no right to DDL in the tenant's schema, no clean-up after kill -9 (the server drops it with
 * the session), no WAL, and two imports into one register cannot meet in it. */
#ifndef DAICHO_REGISTER_STAGE_H
#define DAICHO_REGISTER_STAGE_H

#include "register/definition.h"

struct stage {
        const struct definition *def;
        const struct item **items; /* columns of the file, in its order */
        size_t count;
        const struct item *key;     /* among items; NULL: every row is a new record */
        const struct item *missing; /* a required item the file has no column for: nothing can be created. NULL: none */
        bool blank_keeps;           /* an empty cell leaves the value as it is */
        int64_t job;                /* origin of new records */
};

/* Why a row is refused only when it is compared with the others and with the register. */
enum stage_reason {
        STAGE_REPEATED,
        STAGE_TAKEN,
        STAGE_NO_RECORD,
        STAGE_NO_COLUMN,
        STAGE_NO_VALUE,
        STAGE_NO_ACCOUNT,
        STAGE_MOVES,
        STAGE_BEGINS,
        STAGE_REASONS
};

/* Make the temporary tables. */
rc stage_open(struct cx *cx, const struct stage *stage) MUST_USE;
/* Drop them before the transaction does: to begin again. */
rc stage_close(struct cx *cx) MUST_USE;
/* One import at a time compares and writes: the second must see what the first has done. Waits; does not hinder people who read or write single
 * records. */
rc stage_lock(struct cx *cx, const struct stage *stage) MUST_USE;
/* COPY statements for rows of `line, items…`: the file's, and those whose key the file may hold twice. A reference is two columns:
 * id, key of the record; one of them. */
str stage_copy(struct cx *cx, const struct stage *stage, bool suspects);
/* Suspects whose key is new join the others; late refusals are collected and their rows taken out. */
rc stage_check(struct cx *cx, const struct stage *stage, bool suspects, int64_t *ret_refused) MUST_USE;
/* COPY … TO STDOUT of what stage_check refused: line, item number, enum stage_reason, other line (0: none); by line. */
str stage_refused(void);
struct stage_counts {
        int64_t created, changed, unchanged;
};
/* What stage_apply would do; nothing is written. */
rc stage_count(struct cx *cx, const struct stage *stage, struct stage_counts *ret) MUST_USE;
rc stage_apply(struct cx *cx, const struct stage *stage, struct stage_counts *ret) MUST_USE;

/* An import that is looked at first: what stage_check left goes, compared, into tenant.import_row (new, changed, unchanged) and counts tell how much … */
rc stage_keep(struct cx *cx, const struct stage *stage, struct stage_counts *ret) MUST_USE;
/* … and what was new or changed comes back from there into the temporary table, to be checked again and written. */
rc stage_fetch(struct cx *cx, const struct stage *stage) MUST_USE;
/* Would stage_apply do exactly what was kept, to the very versions of the records? */
rc stage_fits(struct cx *cx, const struct stage *stage, const struct stage_counts *kept, bool *ret) MUST_USE;

#endif
