/* json.c - see json.h. */
#include "base/house.h"

#include "base/json.h"

#include "base/buf.h"
#include "base/fail.h"

enum { JSON_DEPTH = 32 };

static void *json_alloc(size_t size)
{
        must(arena_current != NULL);
        return arena_alloc(arena_current, size);
}

static void json_drop(void *p)
{
        (void)p;        /* the arena gives it back */
}

void json_start(void)
{
        json_set_alloc_funcs(json_alloc, json_drop);
        json_object_seed(1);    /* one seed for all processes: documents are bounded in size before they are parsed */
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
                return fail(cx, RC_MALFORMED, NULL, "the JSON cannot be read at line %d, column %d", error.line,
                            error.column);
        *ret = v;
        return RC_OK;
}

str json_write(struct arena *mem, const json_t *v)
{
        size_t size = json_dumpb(v, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY);
        char *p = arena_alloc(mem, size + 1);

        must(json_dumpb(v, p, size, JSON_COMPACT | JSON_ENCODE_ANY) == size);
        return (str){ p, size };
}
