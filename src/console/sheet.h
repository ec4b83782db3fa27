/* sheet.h - records as pages show them: columns and cells of a list, sections of one record, fields of a form, the
 * condition builder. */
#ifndef DAICHO_CONSOLE_SHEET_H
#define DAICHO_CONSOLE_SHEET_H

#include "base/json.h"
#include "http/http.h"

rc sheet_dress(struct cx *cx, const struct http_req *req, json_t *context) MUST_USE;

#endif
