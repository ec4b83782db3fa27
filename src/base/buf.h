/* buf.h - a text under construction, created with its maximum. Writing past the maximum sets `full` and drops the rest;
 * whoever hands the text on asks buf_full() once. */
#ifndef DAICHO_BASE_BUF_H
#define DAICHO_BASE_BUF_H

#include "base/arena.h"
#include "base/str.h"

struct buf {
        struct arena *mem;
        char *p;
        size_t n;
        size_t room;
        size_t max;
        bool full;
};

struct buf buf_open(struct arena *mem, size_t max);
static inline bool buf_full(const struct buf *b)
{
        return b->full;
}
static inline str buf_str(const struct buf *b)
{
        return (str){ b->p ? b->p : "", b->n };
}

void buf_add(struct buf *b, str s);
void buf_char(struct buf *b, char c);
void buf_int(struct buf *b, int64_t i);
void buf_format(struct buf *b, const char *format, ...) PRINTF(2, 3);
#define buf_text(b, literal) buf_add((b), S(literal))

/* Escaping is chosen by function. */
void buf_html(struct buf *b, str s);   /* & < > " ' ` = , for text and double-quoted attributes */
void buf_json(struct buf *b, str s);   /* RFC 8259 string with its quotes; also escapes </ and U+2028/9 */
void buf_csv(struct buf *b, str s);    /* RFC 4180 field, quoted only when needed */
void buf_header(struct buf *b, str s); /* header value: CR, LF and control characters become spaces */
void buf_url(struct buf *b, str s);    /* RFC 3986: all but unreserved characters as %XX */

#endif
