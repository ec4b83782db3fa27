/* merge_undo.h - records that were made one, taken apart again: the one that went comes back under its number, with its values and with who made it when;
 * the survivor gets back what it held, and what referred to the other one refers to it again. What somebody changed since stays and is told. */
#ifndef DAICHO_REGISTER_MERGE_UNDO_H
#define DAICHO_REGISTER_MERGE_UNDO_H

#include "register/merge.h"

/* {merges: [merge], next}. merge: {id, survivor, gone, survivor_heading, taken: [title], moved, at, actor, until_at, open, over, undone_at | null, undone_by}. */
rc merge_undo_list(struct cx *cx, str register_name, int64_t before, json_t **ret) MUST_USE;
/* Merges into one record that hold, as in the list. */
rc merge_undo_of(struct cx *cx, const struct definition *def, int64_t survivor, json_t **ret) MUST_USE;
/* {register, merge, items: [{name, title, before, gone, now (and …_text), taken, kept: somebody changed it since}], references: [{register, title, item,
 * count, back, left}], may_undo, obstacle: gone | there | erased | null}. RC_UNKNOWN. */
rc merge_undo_get(struct cx *cx, str register_name, int64_t id, json_t **ret) MUST_USE;
/* {merge, survivor, restored: number of the one that came back, kept: [item], back, left}. RC_CONFLICT when it cannot be, with why; RC_FORBIDDEN. */
rc merge_undo_do(struct cx *cx, str register_name, int64_t id, json_t **ret) MUST_USE;

#endif
