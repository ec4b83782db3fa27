/* render.c - see render.h. Recursion over the tree, bounded; the context stack is an array. Indentation of partials belongs to the lines of the
 * template, never to line breaks inside values: `fresh` says that the next text begins a template line. */
#include "base/house.h"

#include "page/render.h"

#include "base/fail.h"
#include "page/catalogue.h"

#include <stdio.h>
#include <stdlib.h>

enum { STACK_MAX = 64, CALLS_MAX = 48, INDENT_MAX = 400 };

/* The blocks a {{<parent}} passes on; the outermost wins. */
struct overrides {
        const struct node *parent;
        const struct overrides *outer;
};

struct rendering {
        struct cx *cx;
        struct buf *out;
        json_t *stack[STACK_MAX];
        size_t depth;
        int calls;
        char indent[INDENT_MAX];
        size_t indent_n;
        bool fresh;
        bool plain; /* inside a text that will be escaped as a whole */
        const struct overrides *overrides;
        render_find find;
        void *arg;
        const char *name;
};

static rc nodes_render(struct rendering *r, const struct node *n);

static rc too_deep(struct rendering *r, const struct node *n)
{
        return fail_line(r->cx, RC_INVALID, n->line, r->name, "the template nests too deep at \"%.*s\"", STR_ARG(n->text));
}

/* A dotted name: its first part is looked up from the innermost context outwards, the others strictly inside. */
static json_t *lookup(const struct rendering *r, const struct node *n)
{
        json_t *v = NULL;

        if (n->path[0] == NULL)
                return r->stack[r->depth - 1];
        for (size_t i = r->depth; i-- > 0 && v == NULL;)
                v = json_object_get(r->stack[i], n->path[0]);
        for (size_t i = 1; n->path[i] != NULL && v != NULL; i++)
                v = json_object_get(v, n->path[i]);
        return v;
}

static bool falsy(const json_t *v)
{
        switch (v ? json_typeof(v) : JSON_NULL) {
        case JSON_NULL:
        case JSON_FALSE: return true;
        case JSON_ARRAY: return json_array_size(v) == 0;
        case JSON_STRING: return json_string_length(v) == 0;
        case JSON_INTEGER: return json_integer_value(v) == 0;
        case JSON_REAL: return json_real_value(v) == 0;
        default: return false;
        }
}

static void line_begin(struct rendering *r)
{
        if (r->fresh && r->indent_n > 0)
                buf_add(r->out, (str){ r->indent, r->indent_n });
        r->fresh = false;
}

static void text_render(struct rendering *r, str s)
{
        if (s.p[0] != '\n' && s.p[0] != '\r')
                line_begin(r);
        buf_add(r->out, s);
        r->fresh = s.p[s.n - 1] == '\n';
}

/* The shortest decimal that reads back as the same number. */
static str real_text(struct rendering *r, double d)
{
        char text[40];

        for (int digits = 15; digits <= 17; digits++) {
                (void)snprintf(text, sizeof(text), "%.*g", digits, d);
                if (strtod(text, NULL) == d)
                        break;
        }
        return str_copy(r->cx->mem, str_of(text));
}

static str value_text(struct rendering *r, const json_t *v)
{
        switch (v ? json_typeof(v) : JSON_NULL) {
        case JSON_NULL: return S("");
        case JSON_TRUE: return S("true");
        case JSON_FALSE: return S("false");
        case JSON_STRING: return json_text(v);
        case JSON_INTEGER: return str_format(r->cx->mem, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
        case JSON_REAL: return real_text(r, json_real_value(v));
        default: return json_write(r->cx->mem, v);
        }
}

static void value_add(struct rendering *r, str text, bool raw)
{
        if (text.n == 0)
                return;
        line_begin(r);
        if (raw || r->plain)
                buf_add(r->out, text);
        else
                buf_html(r->out, text);
}

/* A text of the catalogue. When it holds {{…}}, it is rendered here, in this context, and escaped as one text. */
static rc entry_render(struct rendering *r, const struct text_entry *e, bool raw)
{
        const struct template *t = e->template[r->cx->lang];
        struct buf text, *out = r->out;
        const char *name = r->name;
        bool plain = r->plain;
        rc result;

        if (t == NULL) {
                value_add(r, e->text[r->cx->lang], raw);
                return RC_OK;
        }
        text = buf_open(r->cx->mem, out->max);
        line_begin(r);
        r->out = &text;
        r->plain = plain || !raw;
        r->name = t->name;
        result = nodes_render(r, t->root);
        r->name = name;
        r->plain = plain;
        r->out = out;
        r->fresh = false;
        value_add(r, buf_str(&text), raw);
        return result;
}

static rc value_render(struct rendering *r, const struct node *n)
{
        bool raw = n->kind == NODE_RAW;
        json_t *v;

        if (n->entry != NULL)
                return entry_render(r, n->entry, raw);
        v = lookup(r, n);
        if (v == NULL && n->path[0] != NULL && n->path[1] != NULL && strcmp(n->path[0], "t") == 0) {
                const struct text_entry *e = catalogue_find(n->text.p + 2);

                if (e != NULL)
                        return entry_render(r, e, raw);
        }
        value_add(r, value_text(r, v), raw);
        return RC_OK;
}

static rc child_render(struct rendering *r, const struct node *n, json_t *context)
{
        rc result;

        if (r->depth == STACK_MAX)
                return too_deep(r, n);
        r->stack[r->depth++] = context;
        result = nodes_render(r, n->child);
        r->depth--;
        return result;
}

static rc section_render(struct rendering *r, const struct node *n)
{
        json_t *v = lookup(r, n);

        if (falsy(v))
                return RC_OK;
        if (!json_is_array(v))
                return child_render(r, n, v);
        for (size_t i = 0; i < json_array_size(v); i++)
                TRY(child_render(r, n, json_array_get(v, i)));
        return RC_OK;
}

/* Adds to the indentation for the time of one call. */
static bool indent_push(struct rendering *r, str indent)
{
        if (indent.n > INDENT_MAX - r->indent_n)
                return false;
        memcpy(r->indent + r->indent_n, indent.p, indent.n);
        r->indent_n += indent.n;
        return true;
}

static rc call_render(struct rendering *r, const struct node *n)
{
        const struct template *t = n->target ? n->target : r->find(n->text, r->arg);
        struct overrides own = { n, r->overrides };
        size_t indent_n = r->indent_n;
        const char *name = r->name;
        rc result;

        if (t == NULL)
                return RC_OK;
        if (r->calls == CALLS_MAX || (n->alone && !indent_push(r, n->indent)))
                return too_deep(r, n);
        if (!n->alone)
                r->indent_n = 0;
        r->calls++;
        r->name = t->name;
        if (n->kind == NODE_PARENT)
                r->overrides = &own;
        result = nodes_render(r, t->root);
        r->overrides = own.outer;
        r->name = name;
        r->calls--;
        r->indent_n = indent_n;
        return result;
}

static const struct node *block_of(const struct node *parent, str name)
{
        for (const struct node *n = parent->child; n != NULL; n = n->next)
                if (n->kind == NODE_BLOCK && str_equal(n->text, name))
                        return n;
        return NULL;
}

static rc block_render(struct rendering *r, const struct node *n)
{
        const struct node *content = n;
        size_t indent_n = r->indent_n;
        rc result;

        for (const struct overrides *o = r->overrides; o != NULL; o = o->outer) {
                const struct node *found = block_of(o->parent, n->text);

                content = found ? found : content;
        }
        if (r->calls == CALLS_MAX || !indent_push(r, n->indent))
                return too_deep(r, n);
        r->calls++;
        result = nodes_render(r, content->child);
        r->calls--;
        r->indent_n = indent_n;
        return result;
}

static rc nodes_render(struct rendering *r, const struct node *n)
{
        for (; n != NULL; n = n->next) {
                switch (n->kind) {
                case NODE_TEXT: text_render(r, n->text); break;
                case NODE_VALUE:
                case NODE_RAW: TRY(value_render(r, n)); break;
                case NODE_SECTION: TRY(section_render(r, n)); break;
                case NODE_INVERTED:
                        if (falsy(lookup(r, n)))
                                TRY(nodes_render(r, n->child));
                        break;
                case NODE_PARTIAL:
                case NODE_PARENT: TRY(call_render(r, n)); break;
                case NODE_BLOCK: TRY(block_render(r, n)); break;
                }
        }
        return RC_OK;
}

rc render_template(struct cx *cx, const struct template *t, json_t *model, render_find find, void *arg, struct buf *out)
{
        struct rendering r = { .cx = cx, .out = out, .depth = 1, .fresh = true, .find = find, .arg = arg, .name = t->name };

        r.stack[0] = model;
        return nodes_render(&r, t->root);
}
