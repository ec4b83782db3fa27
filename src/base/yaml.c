/* yaml.c - see yaml.h. A loop over libyaml's events; open containers stand on a stack. */
#include "base/house.h"

#include "base/yaml.h"

#include "base/fail.h"

#include <errno.h>
#include <stdlib.h>
#include <yaml.h>

enum { YAML_BYTES_MAX = 1 << 20, YAML_DEPTH_MAX = 32 };

struct place {
        const json_t *container;
        const char *name; /* member of an object; NULL: an element, or (index == SIZE_MAX) the container itself */
        size_t index;
        int64_t line;
};

struct yaml_lines {
        struct place *places;
        size_t count;
        size_t room;
};

struct reading {
        struct cx *cx;
        yaml_parser_t parser;
        struct yaml_lines *lines;
        struct {
                json_t *container;
                const char *key; /* object: the key read, waiting for its value */
        } stack[YAML_DEPTH_MAX];
        size_t depth;
        json_t *root;
        bool documents;
};

static void place_add(struct reading *r, const json_t *container, const char *name, size_t index, int64_t line)
{
        struct yaml_lines *l = r->lines;

        if (l == NULL)
                return;
        if (l->count == l->room) {
                size_t room = l->room ? l->room * 2 : 64;

                l->places = arena_grow(r->cx->mem, l->places, l->room * sizeof(*l->places), room * sizeof(*l->places));
                l->room = room;
        }
        l->places[l->count++] = (struct place){ container, name, index, line };
}

static int64_t line_of(const yaml_event_t *e)
{
        return (int64_t)e->start_mark.line + 1;
}

/* Puts a finished value where it belongs: under the waiting key, at the end of the list, or as the document. */
static void value_add(struct reading *r, json_t *value, int64_t line)
{
        json_t *container;

        must(value != NULL);
        if (r->depth == 0) {
                r->root = value;
                return;
        }
        container = r->stack[r->depth - 1].container;
        if (json_is_array(container)) {
                place_add(r, container, NULL, json_array_size(container), line);
                must(json_array_append_new(container, value) == 0);
        } else {
                (void)json_set(container, r->stack[r->depth - 1].key, value);
                r->stack[r->depth - 1].key = NULL;
        }
}

static bool whole_number(str s)
{
        size_t i = s.n > 0 && (s.p[0] == '-' || s.p[0] == '+');

        if (i == s.n || s.n > 20 || (s.p[i] == '0' && s.n > i + 1))
                return false;
        for (; i < s.n; i++)
                if (s.p[i] < '0' || s.p[i] > '9')
                        return false;
        return true;
}

static bool decimal(str s)
{
        size_t i = s.n > 0 && (s.p[0] == '-' || s.p[0] == '+');
        size_t digits = 0, points = 0;

        if (s.n > 30 || i + 1 >= s.n || (s.p[i] == '0' && s.p[i + 1] != '.'))
                return false;
        for (; i < s.n; i++) {
                if (s.p[i] == '.' && digits > 0)
                        points++;
                else if (s.p[i] >= '0' && s.p[i] <= '9')
                        digits++;
                else
                        return false;
        }
        return points == 1 && s.p[s.n - 1] != '.';
}

static json_t *plain(struct cx *cx, str s)
{
        int64_t whole;

        if (s.n == 0 || str_is(s, "~") || str_is(s, "null"))
                return json_null();
        if (str_is(s, "true") || str_is(s, "false"))
                return json_boolean(s.p[0] == 't');
        if (whole_number(s) && str_int(s, &whole))
                return json_integer(whole);
        if (decimal(s))
                return json_real(strtod(str_z(cx->mem, s), NULL));
        return json_str(s);
}

static rc refuse(struct reading *r, const yaml_event_t *e, const char *what)
{
        return fail_line(r->cx, RC_INVALID, line_of(e), NULL, "%s", fail_translate(r->cx->lang, what));
}

static rc key_read(struct reading *r, const yaml_event_t *e, str s)
{
        json_t *object = r->stack[r->depth - 1].container;

        if (s.n == 0 || s.n > 200 || memchr(s.p, '\0', s.n) != NULL)
                return refuse(r, e, "a key must have 1 to 200 characters");
        if (str_is(s, "<<"))
                return refuse(r, e, "merge keys are not read here; write the members out");
        r->stack[r->depth - 1].key = str_z(r->cx->mem, s);
        if (json_object_get(object, r->stack[r->depth - 1].key) != NULL)
                return fail_line(r->cx, RC_INVALID, line_of(e), r->stack[r->depth - 1].key, "this key stands here twice");
        place_add(r, object, r->stack[r->depth - 1].key, 0, line_of(e));
        return RC_OK;
}

static bool key_expected(const struct reading *r)
{
        return r->depth > 0 && json_is_object(r->stack[r->depth - 1].container) && r->stack[r->depth - 1].key == NULL;
}

static rc scalar_read(struct reading *r, const yaml_event_t *e)
{
        str s = { (const char *)e->data.scalar.value, e->data.scalar.length };

        if (e->data.scalar.anchor != NULL || e->data.scalar.tag != NULL)
                return refuse(r, e, "anchors and tags are not read here");
        if (memchr(s.p, '\0', s.n) != NULL)
                return refuse(r, e, "a text must not hold a NUL character");
        if (key_expected(r))
                return key_read(r, e, s);
        value_add(r, e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE ? plain(r->cx, s) : json_str(s), line_of(e));
        return RC_OK;
}

static rc container_open(struct reading *r, const yaml_event_t *e, json_t *container, const void *anchor, const void *tag)
{
        if (anchor != NULL || tag != NULL)
                return refuse(r, e, "anchors and tags are not read here");
        if (key_expected(r))
                return refuse(r, e, "a key must be a text");
        if (r->depth == YAML_DEPTH_MAX)
                return refuse(r, e, "nested too deep");
        value_add(r, container, line_of(e));
        place_add(r, container, NULL, SIZE_MAX, line_of(e));
        r->stack[r->depth].container = container;
        r->stack[r->depth++].key = NULL;
        return RC_OK;
}

static rc event_read(struct reading *r, const yaml_event_t *e)
{
        switch (e->type) {
        case YAML_DOCUMENT_START_EVENT:
                if (r->documents)
                        return refuse(r, e, "only one document is read");
                r->documents = true;
                return RC_OK;
        case YAML_ALIAS_EVENT: return refuse(r, e, "aliases are not read here; write the value out");
        case YAML_SCALAR_EVENT: return scalar_read(r, e);
        case YAML_SEQUENCE_START_EVENT: return container_open(r, e, json_array(), e->data.sequence_start.anchor, e->data.sequence_start.tag);
        case YAML_MAPPING_START_EVENT: return container_open(r, e, json_object(), e->data.mapping_start.anchor, e->data.mapping_start.tag);
        case YAML_SEQUENCE_END_EVENT:
        case YAML_MAPPING_END_EVENT: r->depth--; return RC_OK;
        default: return RC_OK;
        }
}

static rc events_read(struct reading *r)
{
        for (;;) {
                yaml_event_t e;
                rc result;
                bool end;

                if (!yaml_parser_parse(&r->parser, &e)) {
                        return fail_line(r->cx, RC_INVALID, (int64_t)r->parser.problem_mark.line + 1, NULL, "the YAML cannot be read: %s",
                                         r->parser.problem ? r->parser.problem : "unknown reason");
                }
                end = e.type == YAML_STREAM_END_EVENT;
                result = event_read(r, &e);
                yaml_event_delete(&e);
                if (result != RC_OK || end)
                        return result;
        }
}

rc yaml_read_lines(struct cx *cx, str text, json_t **ret, struct yaml_lines **ret_lines)
{
        struct reading r = { .cx = cx };
        struct arena *before = arena_current;
        rc result;

        if (text.n > YAML_BYTES_MAX)
                return fail(cx, RC_TOO_LARGE, NULL, "a YAML file may have at most %d bytes", YAML_BYTES_MAX);
        if (ret_lines != NULL)
                r.lines = NEW(cx->mem, struct yaml_lines);
        must(yaml_parser_initialize(&r.parser));
        yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&r.parser, (const unsigned char *)(text.p ? text.p : ""), text.n);
        arena_current = cx->mem;
        result = events_read(&r);
        arena_current = before;
        yaml_parser_delete(&r.parser);
        TRY(result);
        if (r.root == NULL)
                return fail_line(cx, RC_INVALID, 1, NULL, "the YAML holds nothing");
        *ret = r.root;
        if (ret_lines != NULL)
                *ret_lines = r.lines;
        return RC_OK;
}

rc yaml_read(struct cx *cx, str text, json_t **ret)
{
        return yaml_read_lines(cx, text, ret, NULL);
}

int64_t yaml_line(const struct yaml_lines *lines, const json_t *container, const char *name)
{
        int64_t own = 0;

        for (size_t i = 0; i < lines->count; i++) {
                const struct place *p = &lines->places[i];

                if (p->container != container)
                        continue;
                if (name != NULL && p->name != NULL && strcmp(p->name, name) == 0)
                        return p->line;
                if (p->name == NULL && p->index == SIZE_MAX)
                        own = p->line;
        }
        return own;
}

int64_t yaml_line_at(const struct yaml_lines *lines, const json_t *array, size_t index)
{
        for (size_t i = 0; i < lines->count; i++) {
                const struct place *p = &lines->places[i];

                if (p->container == array && p->name == NULL && p->index == index)
                        return p->line;
        }
        return yaml_line(lines, array, NULL);
}
