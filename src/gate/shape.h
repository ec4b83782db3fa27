/* shape.h - what a body or a reply looks like: read, checked and documented (OpenAPI) from one table. */
#ifndef DAICHO_GATE_SHAPE_H
#define DAICHO_GATE_SHAPE_H

#include "base/json.h"
#include "http/http.h"

enum shape_type { SHAPE_TEXT, SHAPE_INT, SHAPE_BOOL, SHAPE_DATETIME, SHAPE_JSON, SHAPE_LIST, SHAPE_OBJECT };

struct field {
        const char *name;
        enum shape_type type;
        bool required;
        int64_t min, max;               /* length in characters (text), value (int), items (list); 0, 0: text up to 1000 */
        const char *summary;            /* English; for OpenAPI and, translated, as label */
        const struct shape *of;         /* list and object: its element */
        bool secret;                    /* password: never logged, never echoed */
};

struct shape {
        const char *name;               /* schema name in OpenAPI: "AccountNew" */
        const struct field *fields;     /* ends with name == NULL */
};

/* Read the body (JSON object or form fields) or, for GET, the query by the shape: unknown members, wrong types, missing and over-long
 * values are refused, all of them at once. *ret: JSON object holding only members that were given. */
rc shape_read(struct cx *cx, const struct shape *shape, const struct http_req *req, json_t **ret) MUST_USE;

#endif
