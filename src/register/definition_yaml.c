/* definition_yaml.c - a definition as people edit it. Reading the text gives the same JSON again. */
#include "base/house.h"

#include "register/definition.h"

#include "base/buf.h"

/* May a text stand without quotes? Only what cannot be mistaken for anything else. */
static bool bare(str s)
{
        static const char *const words[] = { "true", "false", "null", "yes", "no", "on", "off", "y", "n" };

        if (s.n == 0 || s.p[s.n - 1] == ' ')
                return false;
        for (size_t i = 0; i < COUNT(words); i++)
                if (str_equal_nocase(s, str_of(words[i])))
                        return false;
        for (size_t i = 0; i < s.n; i++) {
                unsigned char c = (unsigned char)s.p[i];
                bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= 0x80 && c != 0xc2 && c != 0xe2 && c != 0xef);

                if (!letter && (i == 0 || ((c < '0' || c > '9') && c != '_' && c != ' ' && c != '-' && c != '.' && c != '@' && c != '/')))
                        return false;
        }
        return true;
}

static void scalar(struct buf *b, const json_t *v)
{
        if (json_is_string(v) && bare(json_text(v)))
                buf_add(b, json_text(v));
        else if (json_is_string(v))
                buf_json(b, json_text(v));
        else if (json_is_integer(v))
                buf_int(b, json_integer_value(v));
        else
                buf_add(b, json_is_true(v) ? S("true") : json_is_false(v) ? S("false") : S("null"));
}

static bool is_scalar(const json_t *v)
{
        return !json_is_object(v) && !json_is_array(v);
}

/* Short enough for one line: {ja: …, en: …}, [a, b], {value: …, title: {…}}. */
static bool one_line(const json_t *v, int depth)
{
        const char *name;
        json_t *one;
        size_t i, length = 0;

        if (is_scalar(v))
                return true;
        if (depth > 2)
                return false;
        json_array_foreach((json_t *)(uintptr_t)v, i, one) {
                if (!is_scalar(one))
                        return false;
        }
        json_object_foreach((json_t *)(uintptr_t)v, name, one) {
                if (!one_line(one, depth + 1))
                        return false;
                length += json_string_length(one) + 10;
        }
        return json_object_size(v) <= 4 && length < 160;
}

static void flow(struct buf *b, const json_t *v)
{
        bool first = true;
        const char *name;
        json_t *one;
        size_t i;

        if (is_scalar(v)) {
                scalar(b, v);
                return;
        }
        buf_add(b, json_is_array(v) ? S("[") : S("{ "));
        json_array_foreach((json_t *)(uintptr_t)v, i, one) {
                if (i > 0)
                        buf_text(b, ", ");
                flow(b, one);
        }
        json_object_foreach((json_t *)(uintptr_t)v, name, one) {
                if (!first)
                        buf_text(b, ", ");
                buf_add(b, str_of(name));
                buf_text(b, ": ");
                flow(b, one);
                first = false;
        }
        buf_add(b, json_is_array(v) ? S("]") : S(" }"));
}

static void indent(struct buf *b, int depth)
{
        for (int i = 0; i < depth; i++)
                buf_text(b, "  ");
}

static void block(struct buf *b, const json_t *v, int depth, bool started);

/* What stands behind "name:" or "-". */
static void value(struct buf *b, const json_t *v, int depth, bool in_list)
{
        if (one_line(v, 0)) {
                buf_char(b, ' ');
                flow(b, v);
                buf_char(b, '\n');
        } else if (in_list && json_is_object(v)) {
                buf_char(b, ' ');
                block(b, v, depth, true);
        } else {
                buf_char(b, '\n');
                block(b, v, depth, false);
        }
}

static void block(struct buf *b, const json_t *v, int depth, bool started)
{
        const char *name;
        json_t *one;
        size_t i;

        json_array_foreach((json_t *)(uintptr_t)v, i, one) {
                indent(b, depth);
                buf_char(b, '-');
                value(b, one, depth + 1, true);
        }
        json_object_foreach((json_t *)(uintptr_t)v, name, one) {
                if (!started)
                        indent(b, depth);
                started = false;
                buf_add(b, str_of(name));
                buf_char(b, ':');
                value(b, one, depth + 1, false);
        }
}

str definition_yaml(struct arena *mem, const struct definition *def)
{
        struct buf b = buf_open(mem, DEFINITION_SIZE_MAX * 2);

        block(&b, def->source, 0, false);
        return buf_str(&b);
}
