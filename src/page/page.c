/* page.c - see page.h. Holds the compiled pages of this process. */
#include "base/house.h"

#include "page/page.h"

#include "base/fail.h"
#include "base/file.h"
#include "page/catalogue.h"
#include "page/render.h"
#include "page/template.h"

#include <dirent.h>
#include <stdlib.h>

enum { PAGES_MAX = 500, CATALOGUE_CAP = 64 << 20, DIRECTORIES_DEEP = 3 };

static struct page {
        const char *name; /* "list/row.html" */
        struct template *template;
} pages[PAGES_MAX]; /* sorted by name; process lifetime */
static size_t page_count;
static struct arena *memory;

static int by_name(const void *a, const void *b)
{
        return strcmp(((const struct page *)a)->name, ((const struct page *)b)->name);
}

static const struct template *page_find(const char *name)
{
        struct page wanted = { .name = name }, *found;

        found = bsearch(&wanted, pages, page_count, sizeof(*pages), by_name);
        return found ? found->template : NULL;
}

/* {{>list/row}} names pages/list/row.html; the ending may be written out. */
static const struct template *partial_find(str name, void *arg)
{
        struct cx *cx = arg;

        if (name.n > 200)
                return NULL;
        return page_find(str_ends(name, S(".html")) ? str_z(cx->mem, name) : str_format(cx->mem, "%.*s.html", STR_ARG(name)).p);
}

static rc page_add(struct cx *cx, str directory, const char *name)
{
        str text;

        if (page_count == PAGES_MAX)
                return fail(cx, RC_INVALID, name, "there are more than %d pages", PAGES_MAX);
        TRY(file_read(cx, str_format(cx->mem, "%.*s/%s", STR_ARG(directory), name).p, TEMPLATE_BYTES_MAX, &text));
        pages[page_count].name = str_copy(memory, str_of(name)).p;
        TRY(template_compile(cx, memory, pages[page_count].name, text, &pages[page_count].template));
        page_count++;
        return RC_OK;
}

static rc pages_read(struct cx *cx, str directory, const char *below, int depth)
{
        DIR *d = opendir(str_format(cx->mem, "%.*s/%s", STR_ARG(directory), below).p);
        struct dirent *e;
        rc result = RC_OK;

        if (d == NULL)
                return fail(cx, RC_UNKNOWN, NULL, "the directory of pages \"%.*s\" cannot be read", STR_ARG(directory));
        while (result == RC_OK && (e = readdir(d)) != NULL) {
                str name = str_of(e->d_name);

                if (!file_name_safe(name))
                        continue;
                name = str_format(cx->mem, "%s%s%s", below, *below ? "/" : "", e->d_name);
                if (str_ends(name, S(".html")))
                        result = page_add(cx, directory, name.p);
                else if (e->d_type == DT_DIR && depth < DIRECTORIES_DEEP && !str_is(name, "assets"))
                        result = pages_read(cx, directory, name.p, depth + 1);
        }
        (void)closedir(d);
        return result;
}

static rc text_link(struct cx *cx, const struct template *t, struct node *n)
{
        if (n->path[0] == NULL || strcmp(n->path[0], "t") != 0)
                return RC_OK;
        n->entry = n->path[1] ? catalogue_find(n->text.p + 2) : NULL;
        if (n->entry == NULL)
                return fail_line(cx, RC_INVALID, n->line, t->name, "there is no text {{%s}} in the catalogues", n->text.p);
        return RC_OK;
}

/* Every partial and every text named in a page must exist: found once, at start. */
static rc nodes_link(struct cx *cx, const struct template *t, struct node *n)
{
        for (; n != NULL; n = n->next) {
                if (n->kind == NODE_VALUE || n->kind == NODE_RAW)
                        TRY(text_link(cx, t, n));
                if (n->kind == NODE_PARTIAL || n->kind == NODE_PARENT) {
                        n->target = partial_find(n->text, cx);
                        if (n->target == NULL)
                                return fail_line(cx, RC_INVALID, n->line, t->name, "there is no page \"%s\" to put in here", n->text.p);
                }
                TRY(nodes_link(cx, t, n->child));
        }
        return RC_OK;
}

rc page_start(struct cx *cx, str directory)
{
        if (memory != NULL)
                arena_close(memory);
        memory = arena_open(CATALOGUE_CAP);
        page_count = 0;
        TRY(catalogue_start(cx, memory, directory));
        TRY(pages_read(cx, directory, "", 0));
        qsort(pages, page_count, sizeof(*pages), by_name);
        for (size_t i = 0; i < page_count; i++)
                TRY(nodes_link(cx, pages[i].template, pages[i].template->root));
        return RC_OK;
}

rc page_render(struct cx *cx, const char *name, json_t *model, struct buf *out)
{
        const struct template *t = page_find(name);

        if (t == NULL)
                return fail(cx, RC_INTERNAL, NULL, "there is no page \"%s\"", name);
        return render_template(cx, t, model, partial_find, cx, out);
}

/* {{name}} becomes {{&name}}. */
static str unescaped(struct cx *cx, str text)
{
        struct buf out = buf_open(cx->mem, text.n * 2);

        for (size_t i = 0; i < text.n; i++) {
                buf_char(&out, text.p[i]);
                if (i > 0 && i + 1 < text.n && text.p[i] == '{' && text.p[i - 1] == '{' && text.p[i + 1] >= 'a' && text.p[i + 1] <= 'z')
                        buf_char(&out, '&');
        }
        return buf_str(&out);
}

rc page_render_plain(struct cx *cx, str text, json_t *model, struct buf *out)
{
        return page_render_text(cx, unescaped(cx, text), model, out);
}

rc page_render_text(struct cx *cx, str text, json_t *model, struct buf *out)
{
        struct template *t;

        TRY(template_compile(cx, cx->mem, "template", text, &t));
        return render_template(cx, t, model, partial_find, cx, out);
}

str page_text(enum lang lang, const char *key)
{
        const struct text_entry *e = catalogue_find(key);

        return e ? e->text[lang] : str_of(key);
}
