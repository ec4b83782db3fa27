/* record_changes.h - history: what a record was before, who changed it, when and by which job. */
#ifndef DAICHO_REGISTER_RECORD_CHANGES_H
#define DAICHO_REGISTER_RECORD_CHANGES_H

#include "register/record.h"

struct record_change {
        int64_t id;
        int64_t version; /* of the record before */
        msec at;
        str actor;   /* "account:12:hanako" */
        int64_t job; /* 0: none */
        bool deleted;
        json_t *old; /* items that changed, as they were */
        json_t *new; /* the same items as they became; {} when deleted */
};

/* Newest first, also of a record that is gone. before: id of a change, 0: the newest. */
rc record_changes(struct cx *cx, const struct definition *def, int64_t id, int64_t before, int limit, struct record_change **ret,
                  size_t *ret_count) MUST_USE;

#endif
