/* sheet.h - records as pages show them: columns and cells of a list, sections of one record, fields of a form, the
 * condition builder. */
#ifndef DAICHO_CONSOLE_SHEET_H
#define DAICHO_CONSOLE_SHEET_H

#include "base/json.h"
#include "http/http.h"

rc sheet_dress(struct cx *cx, const struct http_req *req, json_t *context) MUST_USE;

/* For pages with the condition builder: ops, and in register.items what can be asked about beside the items. */
struct definition;
rc sheet_builder(struct cx *cx, const struct definition *def, json_t *model) MUST_USE;

#endif
