/* urlencoded.h - RFC 3986 percent decoding and application/x-www-form-urlencoded (URL Standard 5.1), strict: a broken %-sequence, bytes that are
 * not UTF-8, NUL and control characters are refused, never guessed at. */
#ifndef DAICHO_HTTP_URLENCODED_H
#define DAICHO_HTTP_URLENCODED_H

#include "http/http.h"

enum { URLENCODED_PAIRS_MAX = 1000 };

/* Decode one component; plus: '+' stands for a space. item names it in the refusal. */
rc urlencoded_decode(struct cx *cx, str raw, bool plus, const char *item, bool lines, str *ret) MUST_USE;
/* Read name=value&… ; lines: values may hold line breaks and tabs (form fields), not so in a query. */
rc urlencoded_read(struct cx *cx, str raw, bool lines, struct http_pair **ret, size_t *ret_count) MUST_USE;

#endif
