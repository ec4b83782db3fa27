/* json.c - see json.h. */
#include "base/house.h"

#include "base/json.h"

#include "base/buf.h"
#include "base/fail.h"

#include <stdio.h>

enum { JSON_DEPTH = 32, JSON_WRITE_DEPTH = 200 };

static void *json_alloc(size_t size)
{
        must(arena_current != NULL);
        return arena_alloc(arena_current, size);
}

static void json_drop(void *p)
{
        (void)p; /* the arena gives it back */
}

void json_start(void)
{
        json_set_alloc_funcs(json_alloc, json_drop);
        json_object_seed(1); /* one seed for all processes: documents are bounded in size before they are parsed */
}

json_t *json_str(str s)
{
        return str_absent(s) ? json_null() : json_stringn_nocheck(s.p, s.n);
}

str json_text(const json_t *v)
{
        return json_is_string(v) ? (str){ json_string_value(v), json_string_length(v) } : STR_NONE;
}

str json_get_text(const json_t *object, const char *name)
{
        return json_text(json_object_get(object, name));
}

json_t *json_set(json_t *object, const char *name, json_t *value)
{
        must(json_object_set_new_nocheck(object, name, value) == 0);
        return object;
}

/* Depth is checked before parsing: Jansson recurses up to 2048 levels. */
static bool too_deep(str text)
{
        bool quoted = false;
        int depth = 0;

        for (size_t i = 0; i < text.n; i++) {
                char c = text.p[i];

                if (quoted) {
                        if (c == '\\')
                                i++;
                        else if (c == '"')
                                quoted = false;
                } else if (c == '"') {
                        quoted = true;
                } else if ((c == '{' || c == '[') && ++depth > JSON_DEPTH) {
                        return true;
                } else if (c == '}' || c == ']') {
                        depth--;
                }
        }
        return false;
}

rc json_read(struct cx *cx, str text, json_t **ret)
{
        json_error_t error;
        json_t *v;

        if (too_deep(text))
                return fail(cx, RC_MALFORMED, NULL, "the JSON must not be nested more than %d levels deep", JSON_DEPTH);
        v = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
        if (v == NULL)
                return fail(cx, RC_MALFORMED, NULL, "the JSON cannot be read at line %d, column %d", error.line, error.column);
        *ret = v;
        return RC_OK;
}

/* Writing: one pass, for models are written on every request (Jansson's own writer decodes each character and was measured at eight times the cost). */
struct writer {
        struct arena *mem;
        char *p;
        size_t n;
        size_t room;
};

static void put(struct writer *w, const char *p, size_t n)
{
        if (n > w->room - w->n) {
                size_t room = w->room ? w->room * 2 : 512;

                while (room < w->n + n)
                        room *= 2;
                w->p = arena_grow(w->mem, w->p, w->room, room);
                w->room = room;
        }
        memcpy(w->p + w->n, p, n);
        w->n += n;
}

/* RFC 8259 section 7: quotation mark, reverse solidus and control characters; everything else stays as it is. */
static void put_text(struct writer *w, const char *p, size_t n)
{
        size_t from = 0;

        put(w, "\"", 1);
        for (size_t i = 0; i < n; i++) {
                unsigned char c = (unsigned char)p[i];
                const char *named;
                char code[8];

                if (__builtin_expect(c >= 0x20 && c != '"' && c != '\\', 1))
                        continue;
                named = c == '"' ? "\\\"" : c == '\\' ? "\\\\" : c == '\n' ? "\\n" : c == '\t' ? "\\t" : c == '\r' ? "\\r" : NULL;
                put(w, p + from, i - from);
                if (named == NULL)
                        (void)snprintf(code, sizeof(code), "\\u%04x", c);
                put(w, named ? named : code, named ? 2 : 6);
                from = i + 1;
        }
        put(w, p + from, n - from);
        put(w, "\"", 1);
}

/* As Jansson writes it: 17 digits read back as the same number; a whole one keeps its point. */
static void put_real(struct writer *w, double d)
{
        char text[40];
        int n = snprintf(text, sizeof(text) - 2, "%.17g", d);
        char *e = strchr(text, 'e');

        if (e == NULL && strchr(text, '.') == NULL) {
                text[n++] = '.';
                text[n++] = '0';
        }
        if (e == NULL) {
                put(w, text, (size_t)n);
                return;
        }
        put(w, text, (size_t)(e - text) + 1); /* the exponent without + and zeros in front */
        if (*++e == '-')
                put(w, "-", 1);
        e += strspn(e, "+-0");
        put(w, e, strlen(e));
}

static void put_integer(struct writer *w, json_int_t i)
{
        char text[24], *at = text + sizeof(text);
        uint64_t left = i < 0 ? 0 - (uint64_t)i : (uint64_t)i;

        do {
                *--at = (char)('0' + left % 10);
                left /= 10;
        } while (left > 0);
        if (i < 0)
                *--at = '-';
        put(w, at, (size_t)(text + sizeof(text) - at));
}

static void put_value(struct writer *w, const json_t *v, int depth);

static void put_object(struct writer *w, const json_t *v, int depth)
{
        json_t *object = (json_t *)(uintptr_t)v;
        bool first = true;

        put(w, "{", 1);
        for (void *i = json_object_iter(object); i != NULL; i = json_object_iter_next(object, i)) {
                if (!first)
                        put(w, ",", 1);
                first = false;
                put_text(w, json_object_iter_key(i), json_object_iter_key_len(i));
                put(w, ":", 1);
                put_value(w, json_object_iter_value(i), depth + 1);
        }
        put(w, "}", 1);
}

static void put_value(struct writer *w, const json_t *v, int depth)
{
        must(depth < JSON_WRITE_DEPTH);
        switch (json_typeof(v)) {
        case JSON_NULL: put(w, "null", 4); break;
        case JSON_TRUE: put(w, "true", 4); break;
        case JSON_FALSE: put(w, "false", 5); break;
        case JSON_INTEGER: put_integer(w, json_integer_value(v)); break;
        case JSON_REAL: put_real(w, json_real_value(v)); break;
        case JSON_STRING: put_text(w, json_string_value(v), json_string_length(v)); break;
        case JSON_OBJECT: put_object(w, v, depth); break;
        case JSON_ARRAY:
                put(w, "[", 1);
                for (size_t i = 0; i < json_array_size(v); i++) {
                        if (i > 0)
                                put(w, ",", 1);
                        put_value(w, json_array_get(v, i), depth + 1);
                }
                put(w, "]", 1);
                break;
        }
}

str json_write(struct arena *mem, const json_t *v)
{
        struct writer w = { .mem = mem };

        put_value(&w, v, 0);
        put(&w, "", 1); /* NUL, not counted */
        return (str){ w.p, w.n - 1 };
}
