/* mail_head.h - what may stand in one line of a message's head: subject, sender's name. The same rule as daicho.mail_line (schema/0044_mail.sql). */
#ifndef DAICHO_MAIL_MAIL_HEAD_H
#define DAICHO_MAIL_MAIL_HEAD_H

#include "base/cx.h"

/* RC_INVALID about `item` unless the line is valid UTF-8 of at most chars_max characters on one line, without control characters and without what is
 * not seen or turns the line around (U+200B, U+202E and their like), and without "=?", which begins an encoded text. What joins letters and emoji (U+200C, U+200D) is taken. */
rc mail_head_check(struct cx *cx, str line, const char *item, size_t chars_max) MUST_USE;
/* Where the first such character begins; line.n: nowhere. line must be valid UTF-8. */
size_t mail_head_odd(str line);
/* White space off both ends, the full-width and the no-break one, too. */
str mail_head_trim(str line);

#endif
