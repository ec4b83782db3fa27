/* define_laid.h - items and registers that were deleted: for DEFINE_UNDO_DAYS they can be brought back, then they are gone. */
#ifndef DAICHO_REGISTER_DEFINE_LAID_H
#define DAICHO_REGISTER_DEFINE_LAID_H

#include "register/define.h"

/* Deleted items of a register: [{id, name, title, type, records, actor, deleted_at, until_at}]. */
rc define_laid_items(struct cx *cx, str register_name, json_t **ret) MUST_USE;
/* Deleted registers the account may define: [{name, title, actor, deleted_at, until_at}]. */
rc define_laid_registers(struct cx *cx, json_t **ret) MUST_USE;
/* Bring an item back: the definition as it is now with the item where it stood. RC_UNKNOWN. */
rc define_laid_return(struct cx *cx, str register_name, int64_t id, int64_t *ret_job, json_t **ret_plan) MUST_USE;

/* The chore: what is due, and what a change left that was given up. As daicho_owner. */
rc define_laid_next(struct cx *cx, int64_t after, str *ret_tenant, int64_t *ret_id) MUST_USE;
rc define_laid_take(struct cx *cx, int64_t id, json_t **ret) MUST_USE;

#endif
