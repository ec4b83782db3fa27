/* describe.h - the tenant's own registers in the OpenAPI document: a schema and the addresses of records for each. */
#ifndef DAICHO_CONSOLE_DESCRIBE_H
#define DAICHO_CONSOLE_DESCRIBE_H

#include "base/json.h"

/* Hook of gate. */
rc describe_registers(struct cx *cx, json_t *document) MUST_USE;

#endif
