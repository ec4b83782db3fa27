/* answer.h - from http_res to libmicrohttpd's response: status, content, the headers every answer carries. */
#ifndef DAICHO_HTTP_ANSWER_H
#define DAICHO_HTTP_ANSWER_H

#include "http/http.h"

struct MHD_Response;

struct MHD_Response *answer_create(const struct http_res *res);
/* attachment; RFC 6266 with a plain name for old readers and filename* (RFC 5987) for all others. */
str answer_disposition(struct arena *mem, str file_name);

#endif
