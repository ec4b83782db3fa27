/* utf8.h - UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef DAICHO_BASE_UTF8_H
#define DAICHO_BASE_UTF8_H

#include "base/str.h"
#include "base/text.h"

enum { UTF8_MAX = 4, UTF8_BAD = 0xfffd };

bool utf8_valid(str s);
/* Bytes at the start of s that are whole, valid characters; s.n when all of it is. */
size_t utf8_span(str s);
/* Is s one character cut off at its end: the start of a valid one that more bytes could complete? */
bool utf8_cut(str s);
/* Code points. s must be valid. */
size_t utf8_length(str s);
/* The character at s.p[*at], *at < s.n; moves *at behind it. A byte that begins none counts as U+FFFD, one byte long. */
uint32_t utf8_decode(str s, size_t *at);
/* Writes 1..4 bytes; 0 for what is no character (surrogate, above U+10FFFF). */
size_t utf8_encode(uint32_t c, char out[UTF8_MAX]);
/* The first `count` code points of s. s must be valid. */
str utf8_head(str s, size_t count);

#endif
