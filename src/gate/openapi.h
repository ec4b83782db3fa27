/* openapi.h - the OpenAPI 3.1 document of the API face, made from the route tables and shapes; the tenant's registers are added by the floor above. */
#ifndef DAICHO_GATE_OPENAPI_H
#define DAICHO_GATE_OPENAPI_H

#include "gate/route.h"

/* GET /openapi.json, GET /health. */
extern const struct route openapi_routes[];

/* For the hook that adds registers: an operation under a path, with the answers every operation has; a parameter of its query. */
json_t *openapi_operation(struct cx *cx, json_t *document, const char *path, const char *method, const char *id, const char *tag, str summary);
void openapi_query(json_t *operation, const char *name, json_t *schema, const char *what);
/* {"$ref": "#/components/schemas/NAME"} */
json_t *openapi_reference(const char *name);
/* Answer `status` with this schema as JSON. */
void openapi_answer(json_t *operation, const char *status, const char *text, json_t *schema);
/* The JSON body an operation takes. */
void openapi_body(json_t *operation, json_t *schema);

#endif
