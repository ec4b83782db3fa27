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
        int64_t min, max;           /* length in characters (text), value (int), items (list); 0, 0: text up to 1000, list up to 1000 */
        const char *summary;        /* English; for OpenAPI and, translated, as label */
        const struct shape *of;     /* list and object: its element; a list without it holds plain values, which arrive as texts */
        bool secret;                /* password: never logged, never echoed */
        bool lines;                 /* text: line breaks are taken */
        const char *const *choices; /* text: one of these; ends with NULL */
};

struct shape {
        const char *name;           /* schema name in OpenAPI: "AccountNew" */
        const struct field *fields; /* ends with name == NULL */
};

/* Read the body (JSON object or form fields) or, for GET, the query by the shape: unknown members, wrong types, missing and over-long
 * values are refused, all of them at once. *ret: JSON object holding only members that were given.
 * A date-time arrives as an integer (msec); RFC 3339, or a day in Tokyo. In a form or query a list is a repeated field, a tick box is
 * true when it was sent, an empty field of another type than text was not given, line ends become LF. */
rc shape_read(struct cx *cx, const struct shape *shape, const struct http_req *req, json_t **ret) MUST_USE;

/* The version a change refers to: header If-Match, member or form field `version`. RC_PRECONDITION when there is none. body may be NULL. */
rc shape_version(struct cx *cx, const struct http_req *req, const json_t *body, int64_t *ret) MUST_USE;

#endif
