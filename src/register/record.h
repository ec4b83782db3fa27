/* record.h - one record of a register: create, read, update, erase. The database enforces what an account may see; here its refusals become
 * sentences. Lists: record_list.h, history: record_changes.h, as JSON: record_model.h. */
#ifndef DAICHO_REGISTER_RECORD_H
#define DAICHO_REGISTER_RECORD_H

#include "register/condition.h"

struct record {
        int64_t id;
        int64_t version;
        msec created_at, updated_at;
        str created_by, updated_by; /* "account:12:hanako" */
        int64_t origin;             /* job that brought it in; 0: none */
        str *values;                /* by item->number, stored form; absent: empty, or not to be seen */
};

/* RC_CONFLICT with the item that is taken already. Both read the object and answer with the record as it is now. */
rc record_create(struct cx *cx, str register_name, const json_t *object, const struct definition **ret_def, struct record **ret) MUST_USE;
/* version: what the writer saw. RC_STALE: *ret is the record as it is now. RC_UNKNOWN. Nothing changes when nothing
 * differs. */
rc record_update(struct cx *cx, str register_name, int64_t id, int64_t version, const json_t *object, const struct definition **ret_def,
                 struct record **ret) MUST_USE;
rc record_erase(struct cx *cx, str register_name, int64_t id, int64_t version, const struct definition **ret_def, struct record **ret) MUST_USE;
/* RC_UNKNOWN. One trip. */
rc record_get(struct cx *cx, str register_name, int64_t id, const struct definition **ret_def, struct record **ret) MUST_USE;

#endif
