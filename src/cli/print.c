/* print.c - see print.h. */
#include "base/house.h"

#include "cli/print.h"

#include "base/buf.h"
#include "base/fail.h"

#include <stdio.h>
#include <stdlib.h>

enum { COLUMNS_MAX = 16, WIDTH_MAX = 60 };

/* Places a code point takes on a terminal (East Asian Wide and Fullwidth of UAX #11, in rough blocks). */
static size_t point_width(uint32_t c)
{
        if ((c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf) || (c >= 0xac00 && c <= 0xd7a3) || (c >= 0xf900 && c <= 0xfaff) ||
            (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60) || (c >= 0xffe0 && c <= 0xffe6) || (c >= 0x1f300 && c <= 0x1faff) ||
            (c >= 0x20000 && c <= 0x3fffd))
                return 2;
        return c == 0x200b || (c >= 0x300 && c <= 0x36f) ? 0 : 1;
}

/* Cuts to WIDTH_MAX places; *ret_width: places taken. */
static str fit(str s, size_t *ret_width)
{
        size_t width = 0, i = 0;

        while (i < s.n) {
                unsigned char b = (unsigned char)s.p[i];
                size_t n = b < 0x80 ? 1 : b < 0xe0 ? 2 : b < 0xf0 ? 3 : 4;
                uint32_t c = n == 1 ? b : b & (0x7fU >> n);

                for (size_t k = 1; k < n && i + k < s.n; k++)
                        c = c << 6 | ((unsigned char)s.p[i + k] & 0x3f);
                if (width + point_width(c) > WIDTH_MAX)
                        break;
                width += point_width(c);
                i += n;
        }
        *ret_width = width;
        return (str){ s.p, i < s.n ? i : s.n };
}

static str cell(struct cx *cx, const json_t *row, const char *member)
{
        const json_t *v = json_object_get(row, member);
        struct buf words = buf_open(cx->mem, KB(4));
        const json_t *one;
        size_t i;

        if (v == NULL || json_is_null(v))
                return S("-");
        if (json_is_string(v))
                return json_text(v);
        if (json_is_boolean(v))
                return str_of(fail_translate(cx->lang, json_is_true(v) ? "yes" : "no"));
        if (!json_is_array(v))
                return json_write(cx->mem, v);
        json_array_foreach(v, i, one) {
                buf_add(&words, i ? S(" ") : S(""));
                buf_add(&words, json_is_string(one) ? json_text(one) : json_write(cx->mem, one));
        }
        return buf_str(&words);
}

static void put(str text, size_t width, bool right, bool last)
{
        size_t taken;
        str shown = fit(text, &taken);
        int gap = (int)(width - taken);

        (void)printf("%*s%.*s%*s", right ? gap : 0, "", STR_ARG(shown), last || right ? 0 : gap, "");
        (void)fputs(last ? "\n" : "  ", stdout);
}

void print_table(struct cx *cx, const json_t *rows, const struct column *columns)
{
        size_t width[COLUMNS_MAX] = { 0 }, count = 0, taken, i;
        bool right[COLUMNS_MAX] = { false };
        const json_t *row;

        while (columns[count].member != NULL)
                count++;
        must(count <= COLUMNS_MAX);
        for (size_t c = 0; c < count; c++) {
                (void)fit(str_of(fail_translate(cx->lang, columns[c].title)), &width[c]);
                json_array_foreach(rows, i, row) {
                        (void)fit(cell(cx, row, columns[c].member), &taken);
                        width[c] = taken > width[c] ? taken : width[c];
                        right[c] = right[c] || json_is_number(json_object_get(row, columns[c].member));
                }
        }
        for (size_t c = 0; c < count; c++)
                put(str_of(fail_translate(cx->lang, columns[c].title)), width[c], right[c], c + 1 == count);
        json_array_foreach(rows, i, row)
                for (size_t c = 0; c < count; c++)
                        put(cell(cx, row, columns[c].member), width[c], right[c], c + 1 == count);
}

void print_json(struct cx *cx, const json_t *model)
{
        const char *text = json_dumps(model, JSON_INDENT(2) | JSON_ENCODE_ANY);

        must(text != NULL);
        (void)puts(text);
}

void print_line(struct cx *cx, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        (void)vprintf(fail_translate(cx->lang, format), args);
        va_end(args);
        (void)putchar('\n');
}
