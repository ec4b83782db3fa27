/* text.h - the check every text passes once, at the door; behind it a text is just text. */
#ifndef DAICHO_BASE_TEXT_H
#define DAICHO_BASE_TEXT_H

#include "base/cx.h"

/* RC_INVALID about `item` unless s is valid UTF-8 of at most chars_max characters (code points) without control characters (C0, DEL, C1;
 * so no NUL). lines: line breaks (LF, CR LF, CR) and tabs are taken. An absent text passes. */
rc text_check(struct cx *cx, str s, const char *item, size_t chars_max, bool lines) MUST_USE;

/* Where the first control character begins; s.n when there is none. s must be valid UTF-8. */
size_t text_control(str s, bool lines);

#endif
