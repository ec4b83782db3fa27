/* cookie.h - the Cookie header (RFC 6265 section 4.2.1). */
#ifndef DAICHO_HTTP_COOKIE_H
#define DAICHO_HTTP_COOKIE_H

#include "base/str.h"

/* Value of the first cookie of this name; absent when there is none, or when it holds bytes a cookie's value must not hold. */
str cookie_value(str header, const char *name);

#endif
