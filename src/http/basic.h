/* basic.h - Authorization: Basic, as OAuth clients send it: RFC 7617 with name and password form-encoded first (RFC 6749, 2.3.1). */
#ifndef DAICHO_HTTP_BASIC_H
#define DAICHO_HTTP_BASIC_H

#include "base/cx.h"

enum { BASIC_MAX = 1000 };

/* header: the whole value of Authorization. RC_MALFORMED: another scheme, no base64, no colon, no text, longer than BASIC_MAX bytes. */
rc basic_read(struct cx *cx, str header, str *ret_name, str *ret_password) MUST_USE;

#endif
