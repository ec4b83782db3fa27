/* template.c - see template.h. Two passes: cut into tokens line by line, so that lines holding nothing but tags can be taken out whole;
 * then the tree. */
#include "base/house.h"

#include "page/template.h"

#include "base/fail.h"

enum { DELIMITER_MAX = 16 };

enum token_kind {
        TOKEN_TEXT,
        TOKEN_VALUE,
        TOKEN_RAW,
        TOKEN_SECTION,
        TOKEN_INVERTED,
        TOKEN_PARTIAL,
        TOKEN_PARENT,
        TOKEN_BLOCK,
        TOKEN_END,
        TOKEN_NOTHING, /* comment, set delimiter */
};

struct token {
        enum token_kind kind;
        bool alone;   /* its line held nothing but tags: the line's white space is gone */
        bool dropped; /* white space of such a line */
        int line;
        str text;
        str indent;
};

struct compiler {
        struct cx *cx;
        struct arena *mem;
        const char *name;
        str rest; /* not yet cut */
        int line;
        char open[DELIMITER_MAX + 1], close[DELIMITER_MAX + 1];
        struct token *tokens;
        size_t count, room;
        size_t line_first; /* first token of the line being cut */
        size_t at;         /* second pass */
        int depth;
};

static void token_add(struct compiler *c, enum token_kind kind, str text)
{
        if (c->count == c->room) {
                size_t room = c->room ? c->room * 2 : 64;

                c->tokens = arena_grow(c->cx->mem, c->tokens, c->room * sizeof(*c->tokens), room * sizeof(*c->tokens));
                c->room = room;
        }
        c->tokens[c->count++] = (struct token){ .kind = kind, .line = c->line, .text = text };
}

static bool blank(str s)
{
        for (size_t i = 0; i < s.n; i++)
                if (s.p[i] != ' ' && s.p[i] != '\t' && s.p[i] != '\r' && s.p[i] != '\n')
                        return false;
        return true;
}

/* A whole line has been cut: does it hold nothing but tags that print nothing themselves? A partial must be the only tag. A block that begins and
 * ends on the line counts as content. */
static bool line_alone(const struct compiler *c)
{
        size_t tags = 0, partials = 0, blocks = 0;

        for (size_t i = c->line_first; i < c->count; i++) {
                const struct token *t = &c->tokens[i];

                switch (t->kind) {
                case TOKEN_TEXT:
                        if (!blank(t->text))
                                return false;
                        break;
                case TOKEN_VALUE:
                case TOKEN_RAW: return false;
                case TOKEN_PARTIAL: partials++; break;
                case TOKEN_BLOCK:
                        blocks++;
                        tags++;
                        break;
                case TOKEN_END:
                        if (blocks > 0)
                                return false;
                        tags++;
                        break;
                default: tags++; break;
                }
        }
        return partials == 0 ? tags > 0 : partials == 1 && tags == 0;
}

static void line_end(struct compiler *c)
{
        str indent = S("");

        if (c->line_first < c->count && c->tokens[c->line_first].kind == TOKEN_TEXT && blank(c->tokens[c->line_first].text))
                indent = c->tokens[c->line_first].text;
        if (line_alone(c)) {
                for (size_t i = c->line_first; i < c->count; i++) {
                        c->tokens[i].alone = true;
                        c->tokens[i].dropped = c->tokens[i].kind == TOKEN_TEXT;
                        c->tokens[i].indent = indent;
                }
        } else {
                for (size_t i = c->line_first; i < c->count; i++)
                        if (c->tokens[i].kind == TOKEN_BLOCK && (i == c->line_first || (i == c->line_first + 1 && indent.n > 0)))
                                c->tokens[i].indent = indent;
        }
        c->line_first = c->count;
}

/* Text up to the next tag: one token a line. */
static void text_cut(struct compiler *c, str text)
{
        while (text.n > 0) {
                const char *end = memchr(text.p, '\n', text.n);
                size_t n = end ? (size_t)(end - text.p) + 1 : text.n;

                token_add(c, TOKEN_TEXT, (str){ text.p, n });
                text = (str){ text.p + n, text.n - n };
                if (end != NULL) {
                        line_end(c);
                        c->line++;
                }
        }
}

static rc refuse(struct compiler *c, int line, const char *format, str what)
{
        return fail_line(c->cx, RC_INVALID, line, c->name, format, STR_ARG(what));
}

static rc delimiters_set(struct compiler *c, str text)
{
        str open, close;

        text = str_trim(text);
        open = str_cut(text, ' ', &close);
        close = str_trim(close);
        if (open.n == 0 || close.n == 0 || open.n > DELIMITER_MAX || close.n > DELIMITER_MAX || memchr(open.p, '=', open.n) != NULL ||
            memchr(close.p, '=', close.n) != NULL || memchr(close.p, ' ', close.n) != NULL)
                return refuse(c, c->line, "the delimiters \"%.*s\" cannot be used", text);
        memcpy(c->open, open.p, open.n);
        c->open[open.n] = '\0';
        memcpy(c->close, close.p, close.n);
        c->close[close.n] = '\0';
        return RC_OK;
}

static bool name_valid(str name)
{
        if (name.n == 0 || name.n > 200)
                return false;
        for (size_t i = 0; i < name.n; i++)
                if ((unsigned char)name.p[i] <= ' ' || name.p[i] == '{' || name.p[i] == '}')
                        return false;
        return true;
}

static int lines_in(str s)
{
        int lines = 0;

        for (size_t i = 0; i < s.n; i++)
                lines += s.p[i] == '\n';
        return lines;
}

/* One tag, its delimiters taken off. */
static rc tag_cut(struct compiler *c, str inside, bool triple)
{
        static const struct {
                char sign;
                enum token_kind kind;
        } signs[] = {
                { '#', TOKEN_SECTION }, { '^', TOKEN_INVERTED }, { '>', TOKEN_PARTIAL }, { '<', TOKEN_PARENT },
                { '$', TOKEN_BLOCK },   { '/', TOKEN_END },      { '&', TOKEN_RAW },
        };
        enum token_kind kind = triple ? TOKEN_RAW : TOKEN_VALUE;
        str name;

        inside = triple ? str_trim(inside) : inside;
        name = str_trim(inside);
        if (!triple && name.n > 0 && name.p[0] == '!') {
                token_add(c, TOKEN_NOTHING, inside);
                c->line += lines_in(inside);
                return RC_OK;
        }
        if (!triple && name.n > 1 && name.p[0] == '=' && name.p[name.n - 1] == '=') {
                token_add(c, TOKEN_NOTHING, inside);
                return delimiters_set(c, (str){ name.p + 1, name.n - 2 });
        }
        for (size_t i = 0; i < COUNT(signs) && !triple; i++) {
                if (name.n > 0 && name.p[0] == signs[i].sign) {
                        kind = signs[i].kind;
                        name = str_trim((str){ name.p + 1, name.n - 1 });
                        break;
                }
        }
        if (!name_valid(name))
                return refuse(c, c->line, "the tag {{%.*s}} cannot be read", inside);
        token_add(c, kind, name);
        c->line += lines_in(inside);
        return RC_OK;
}

static rc tokens_cut(struct compiler *c)
{
        while (c->rest.n > 0) {
                const char *begin = memmem(c->rest.p, c->rest.n, c->open, strlen(c->open));
                const char *end;
                str inside;
                bool triple;
                size_t skip;

                if (begin == NULL) {
                        text_cut(c, c->rest);
                        break;
                }
                text_cut(c, (str){ c->rest.p, (size_t)(begin - c->rest.p) });
                inside = (str){ begin + strlen(c->open), (size_t)(c->rest.p + c->rest.n - begin) - strlen(c->open) };
                triple = inside.n > 0 && inside.p[0] == '{' && strcmp(c->open, "{{") == 0 && strcmp(c->close, "}}") == 0;
                if (triple)
                        inside = (str){ inside.p + 1, inside.n - 1 };
                end = memmem(inside.p, inside.n, triple ? "}}}" : c->close, triple ? 3 : strlen(c->close));
                if (end == NULL)
                        return fail_line(c->cx, RC_INVALID, c->line, c->name, "this tag is not closed by %s", triple ? "}}}" : c->close);
                skip = (size_t)(end - c->rest.p) + (triple ? 3 : strlen(c->close));
                TRY(tag_cut(c, (str){ inside.p, (size_t)(end - inside.p) }, triple));
                c->rest = (str){ c->rest.p + skip, c->rest.n - skip };
        }
        line_end(c);
        return RC_OK;
}

static rc path_split(struct compiler *c, struct node *n)
{
        str rest = n->text;
        size_t count = 0;

        if (str_is(rest, "."))
                return RC_OK;
        while (!str_absent(rest)) {
                str part = str_cut(rest, '.', &rest);

                if (part.n == 0 || count == TEMPLATE_PATH_MAX)
                        return refuse(c, n->line, "the name \"%.*s\" has an empty part or too many parts", n->text);
                n->path[count++] = str_z(c->mem, part);
        }
        return RC_OK;
}

static struct node *node_new(struct compiler *c, enum node_kind kind, const struct token *t)
{
        struct node *n = NEW(c->mem, struct node);

        n->kind = kind;
        n->line = t->line;
        n->text = str_copy(c->mem, t->text);
        n->indent = str_copy(c->mem, str_absent(t->indent) ? S("") : t->indent);
        n->alone = t->alone;
        return n;
}

static size_t leading_blanks(str s)
{
        size_t n = 0;

        while (n < s.n && (s.p[n] == ' ' || s.p[n] == '\t'))
                n++;
        return n;
}

static rc nodes_build(struct compiler *c, str until, int since, str dedent, struct node **ret);

/* A block whose opening tag ended its line: the white space of its first line is its own indentation; it is taken off every line here and put back,
 * or replaced, where the block is printed. */
static rc block_build(struct compiler *c, const struct token *t, struct node *n, str outer)
{
        str dedent = S("");

        if (t->alone) {
                size_t i = c->at;

                while (i < c->count && (c->tokens[i].dropped || (c->tokens[i].alone && c->tokens[i].kind != TOKEN_END)))
                        i++;
                if (i < c->count && c->tokens[i].kind == TOKEN_TEXT && !blank(c->tokens[i].text))
                        dedent = (str){ c->tokens[i].text.p, leading_blanks(c->tokens[i].text) };
                else if (i + 1 < c->count && c->tokens[i].kind == TOKEN_TEXT && memchr(c->tokens[i].text.p, '\n', c->tokens[i].text.n) == NULL)
                        dedent = (str){ c->tokens[i].text.p, leading_blanks(c->tokens[i].text) };
                if (dedent.n > 0)
                        n->indent = str_copy(c->mem, dedent);
        } else {
                dedent = outer;
        }
        return nodes_build(c, t->text, t->line, dedent, &n->child);
}

static rc tag_build(struct compiler *c, const struct token *t, str dedent, struct node **ret)
{
        static const enum node_kind kinds[] = {
                [TOKEN_VALUE] = NODE_VALUE,     [TOKEN_RAW] = NODE_RAW,       [TOKEN_SECTION] = NODE_SECTION, [TOKEN_INVERTED] = NODE_INVERTED,
                [TOKEN_PARTIAL] = NODE_PARTIAL, [TOKEN_PARENT] = NODE_PARENT, [TOKEN_BLOCK] = NODE_BLOCK,
        };
        struct node *n = node_new(c, kinds[t->kind], t);

        if (n->kind == NODE_VALUE || n->kind == NODE_RAW || n->kind == NODE_SECTION || n->kind == NODE_INVERTED)
                TRY(path_split(c, n));
        if (n->kind == NODE_BLOCK)
                TRY(block_build(c, t, n, dedent));
        else if (n->kind == NODE_SECTION || n->kind == NODE_INVERTED || n->kind == NODE_PARENT)
                TRY(nodes_build(c, t->text, t->line, dedent, &n->child));
        *ret = n;
        return RC_OK;
}

static bool first_of_line(const struct compiler *c, size_t at)
{
        str before;

        if (at == 0)
                return true;
        if (c->tokens[at - 1].dropped)
                return true;
        before = c->tokens[at - 1].text;
        return c->tokens[at - 1].kind == TOKEN_TEXT ? before.n > 0 && before.p[before.n - 1] == '\n'
                                                    : c->tokens[at - 1].alone && c->tokens[at].line > c->tokens[at - 1].line;
}

/* Nodes up to {{/until}}; until absent: to the end. since: where it was opened. */
static rc nodes_build(struct compiler *c, str until, int since, str dedent, struct node **ret)
{
        struct node **link = ret;

        if (++c->depth > TEMPLATE_DEPTH_MAX)
                return refuse(c, since, "{{%.*s}} is nested too deep", until);
        *ret = NULL;
        while (c->at < c->count) {
                const struct token *t = &c->tokens[c->at++];

                if (t->kind == TOKEN_NOTHING || t->dropped)
                        continue;
                if (t->kind == TOKEN_END) {
                        if (!str_equal(t->text, until) || str_absent(until))
                                return refuse(c, t->line, "{{/%.*s}} closes nothing that is open here", t->text);
                        c->depth--;
                        return RC_OK;
                }
                if (t->kind == TOKEN_TEXT) {
                        struct token cut = *t;

                        if (dedent.n > 0 && first_of_line(c, c->at - 1) && str_starts(cut.text, dedent))
                                cut.text = (str){ cut.text.p + dedent.n, cut.text.n - dedent.n };
                        if (cut.text.n == 0)
                                continue;
                        *link = node_new(c, NODE_TEXT, &cut);
                } else {
                        TRY(tag_build(c, t, dedent, link));
                }
                link = &(*link)->next;
        }
        if (!str_absent(until))
                return refuse(c, since, "{{%.*s}} is not closed", until);
        c->depth--;
        return RC_OK;
}

rc template_compile(struct cx *cx, struct arena *mem, const char *name, str text, struct template **ret)
{
        struct compiler c = { .cx = cx, .mem = mem, .name = name, .rest = text, .line = 1, .open = "{{", .close = "}}" };
        struct template *t = NEW(mem, struct template);

        if (text.n > TEMPLATE_BYTES_MAX)
                return fail_line(cx, RC_TOO_LARGE, 0, name, "a template may have at most %d bytes", TEMPLATE_BYTES_MAX);
        TRY(tokens_cut(&c));
        TRY(nodes_build(&c, STR_NONE, 0, S(""), &t->root));
        t->name = name;
        *ret = t;
        return RC_OK;
}
