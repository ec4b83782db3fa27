/* answer.h - from http_res to libmicrohttpd's response: status, content, the headers every answer carries. */
#ifndef DAICHO_HTTP_ANSWER_H
#define DAICHO_HTTP_ANSWER_H

#include "http/http.h"

struct MHD_Response;

struct MHD_Response *answer_create(const struct http_res *res);
#endif
