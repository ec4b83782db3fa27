/* define_aside.h - what is made beside the table while people go on reading and writing: columns for converted values and for the search text, and indexes.
 * Private to define.c and define_laid.c. Names: _new_ITEM, _new_search_text; n_REGISTER_ITEM_idx, _key; functions n_REGISTER (search text), d_REGISTER
 * (records to be looked at again). An item that was deleted is the column _gone_ID. */
#ifndef DAICHO_REGISTER_DEFINE_ASIDE_H
#define DAICHO_REGISTER_DEFINE_ASIDE_H

#include "register/define_plan.h"
#include "register/sql.h"

struct define_row;

/* The first step: columns and triggers, and the row of daicho.define that knows them. */
rc define_aside_begin(struct cx *cx, const struct job *job, const struct define_plan *p) MUST_USE;
/* One more step. *ret_ready: nothing is left but to put it in place. */
rc define_aside_step(struct cx *cx, struct job *job, const struct define_plan *p, const struct define_wish *wish, const struct define_row *row,
                     bool *ret_ready) MUST_USE;
/* Convert what was changed meanwhile; the table is locked, so that nothing more comes. */
rc define_aside_catch_up(struct cx *cx, const struct define_plan *p, const struct define_wish *wish, int64_t define) MUST_USE;
/* DDL that puts it in place, after the columns of old values are gone; and that takes it away. */
void define_aside_place(struct sql *sql, const struct define_plan *p);
rc define_aside_drop(struct cx *cx, str register_name, str detail) MUST_USE;

/* Waits for the table in short pieces: readers that queue behind are let through in between. */
void define_aside_lock(struct sql *sql, str register_name);
/* Name of a column that was put away: _gone_ID. */
void define_aside_gone(struct sql *sql, int64_t id);
/* The search column that is kept by a trigger, and what keeps it. */
void define_aside_search(struct sql *sql, const struct define_plan *p);

#endif
