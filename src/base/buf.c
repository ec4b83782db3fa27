/* buf.c - see buf.h. */
#include "base/house.h"

#include "base/buf.h"

#include <stdio.h>

struct buf buf_open(struct arena *mem, size_t max)
{
        return (struct buf){ .mem = mem, .max = max };
}

void buf_add(struct buf *b, str s)
{
        if (s.n > b->max - b->n) {
                b->full = true;
                s.n = b->max - b->n;
        }
        if (s.n > b->room - b->n) {
                size_t room = b->room < 256 ? 256 : b->room * 2;

                while (room < b->n + s.n)
                        room *= 2;
                if (room > b->max)
                        room = b->max;
                b->p = arena_grow(b->mem, b->p, b->room, room);
                b->room = room;
        }
        if (s.n > 0) {
                memcpy(b->p + b->n, s.p, s.n);
                b->n += s.n;
        }
}

void buf_char(struct buf *b, char c)
{
        buf_add(b, (str){ &c, 1 });
}

void buf_int(struct buf *b, int64_t i)
{
        char text[24];
        int n = snprintf(text, sizeof(text), "%" PRId64, i);

        buf_add(b, (str){ text, (size_t)n });
}

void buf_format(struct buf *b, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        buf_add(b, str_vformat(b->mem, format, args));
        va_end(args);
}

/* Copy s, replacing each byte for which entry() gives a text; runs between them are copied whole. */
static void escape(struct buf *b, str s, const char *(*entry)(unsigned char c))
{
        size_t from = 0;

        for (size_t i = 0; i < s.n; i++) {
                const char *e = entry((unsigned char)s.p[i]);

                if (e == NULL)
                        continue;
                buf_add(b, (str){ s.p + from, i - from });
                buf_add(b, str_of(e));
                from = i + 1;
        }
        buf_add(b, (str){ s.p + from, s.n - from });
}

static const char *html_entry(unsigned char c)
{
        switch (c) {
        case '&': return "&amp;";
        case '<': return "&lt;";
        case '>': return "&gt;";
        case '"': return "&quot;";
        case '\'': return "&#39;";
        case '`': return "&#96;";
        case '=': return "&#61;";
        default: return NULL;
        }
}

void buf_html(struct buf *b, str s)
{
        escape(b, s, html_entry);
}

static const char *header_entry(unsigned char c)
{
        return c < 0x20 || c == 0x7f ? " " : NULL;
}

void buf_header(struct buf *b, str s)
{
        escape(b, s, header_entry);
}

static const char *quote_entry(unsigned char c)
{
        return c == '"' ? "\"\"" : NULL;
}

static void quoted(struct buf *b, str s)
{
        buf_char(b, '"');
        escape(b, s, quote_entry);
        buf_char(b, '"');
}

void buf_json(struct buf *b, str s)
{
        size_t from = 0;

        buf_char(b, '"');
        for (size_t i = 0; i < s.n; i++) {
                unsigned char c = (unsigned char)s.p[i];
                char code[8];
                size_t eaten = 1;

                if (c == '"' || c == '\\')
                        (void)snprintf(code, sizeof(code), "\\%c", c);
                else if (c < 0x20)
                        (void)snprintf(code, sizeof(code), "\\u%04x", c);
                else if (c == '/' && i > 0 && s.p[i - 1] == '<')
                        (void)snprintf(code, sizeof(code), "\\/");
                else if (c == 0xe2 && i + 2 < s.n && (unsigned char)s.p[i + 1] == 0x80 && ((unsigned char)s.p[i + 2] & 0xfe) == 0xa8) {
                        (void)snprintf(code, sizeof(code), "\\u202%c", (unsigned char)s.p[i + 2] == 0xa8 ? '8' : '9');
                        eaten = 3;
                } else
                        continue;
                buf_add(b, (str){ s.p + from, i - from });
                buf_add(b, str_of(code));
                i += eaten - 1;
                from = i + 1;
        }
        buf_add(b, (str){ s.p + from, s.n - from });
        buf_char(b, '"');
}

void buf_csv(struct buf *b, str s)
{
        bool quote = s.n > 0 && (s.p[0] == ' ' || s.p[s.n - 1] == ' ');

        for (size_t i = 0; i < s.n && !quote; i++)
                quote = s.p[i] == ',' || s.p[i] == '"' || s.p[i] == '\n' || s.p[i] == '\r';
        if (quote)
                quoted(b, s);
        else
                buf_add(b, s);
}

void buf_url(struct buf *b, str s)
{
        static const char hex[] = "0123456789ABCDEF";

        for (size_t i = 0; i < s.n; i++) {
                unsigned char c = (unsigned char)s.p[i];

                if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '~') {
                        buf_char(b, (char)c);
                } else {
                        char code[3] = { '%', hex[c >> 4], hex[c & 15] };

                        buf_add(b, (str){ code, 3 });
                }
        }
}
