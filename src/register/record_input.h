/* record_input.h - what somebody wants written, checked against the definition. */
#ifndef DAICHO_REGISTER_RECORD_INPUT_H
#define DAICHO_REGISTER_RECORD_INPUT_H

#include "register/sql.h"

struct record_input {
        str *values; /* by item->number */
        bool *given;
};

/* Check an object {item: value}: all mistakes at once. whole: what is not given is empty; else it stays as it is. Unknown members and personal items a
 * masked account may not see are refused. References written as keys are looked up. */
rc record_input_read(struct cx *cx, const struct definition *def, const json_t *object, bool whole, struct record_input **ret) MUST_USE;

#endif
