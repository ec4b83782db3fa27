/* attachment_trigger.h - items of type file brought to work: the triggers by which the database keeps files and records together. */
#ifndef DAICHO_REGISTER_ATTACHMENT_TRIGGER_H
#define DAICHO_REGISTER_ATTACHMENT_TRIGGER_H

#include "register/sql.h"

/* By the define job: none, before the table changes; then behind it, triggers as the definition says; files of items that were renamed, or are personal now, are told so. */
void attachment_trigger_clear(struct sql *sql, const struct definition *def);
rc attachment_trigger_apply(struct cx *cx, const struct definition *old, const struct definition *def) MUST_USE;
/* Items (absent: the register) that are gone for good: their files, too. */
rc attachment_trigger_drop(struct cx *cx, int64_t register_id, str item) MUST_USE;

#endif
