/* dress.h - makes the model of a handler readable for people before a page is rendered: dates, numbers and words in the
 * reader's language, cells of a list in order, addresses of links that keep the query. The API never sees any of it.
 * Adds members only; what a handler set stays.
 *
 *   NAME_at         -> NAME_at_text     "2026年11月22日(日) 14:05"
 *                      NAME_at_short    "2026/11/22 14:05"
 *   NAME (integer)  -> NAME_text        "12,345"
 *   kind, state, …  -> kind_text, is_STATE (table `words` in dress.c)
 *   records, record -> cells, sections, heading_text … (sheet.c) */
#ifndef DAICHO_CONSOLE_DRESS_H
#define DAICHO_CONSOLE_DRESS_H

#include "base/json.h"
#include "http/http.h"

rc dress_model(struct cx *cx, const struct http_req *req, json_t *context) MUST_USE;

str dress_number(struct arena *mem, int64_t n);     /* "-1,234" */
str dress_size(struct arena *mem, int64_t bytes);   /* "6.2 MB" */
str dress_duration(struct cx *cx, int64_t seconds); /* "3分20秒" */
/* The request's query without the parameters `without` (NULL-ended) and with name=value when name is given:
 * "q=%E6%9D%B1&limit=50". */
str dress_query(struct cx *cx, const struct http_req *req, const char *const *without, const char *name, str value);

#endif
