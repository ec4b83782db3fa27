/* catalogue.c - see catalogue.h. */
#include "base/house.h"

#include "page/catalogue.h"

#include "base/fail.h"
#include "base/file.h"
#include "base/yaml.h"
#include "page/format.h"

#include <stdlib.h>

enum { CATALOGUE_BYTES_MAX = 1 << 20, ENTRIES_MAX = 20000, KEY_MAX = 200 };

static struct text_entry *entries; /* sorted by key; process lifetime */
static size_t entry_count, entry_room;

struct reading {
        struct cx *cx;
        struct arena *mem;
        enum lang lang;
        const char *file;
        const struct yaml_lines *lines;
};

static int by_key(const void *a, const void *b)
{
        return strcmp(((const struct text_entry *)a)->key, ((const struct text_entry *)b)->key);
}

const struct text_entry *catalogue_find(const char *key)
{
        struct text_entry wanted = { .key = key };

        return entry_count == 0 ? NULL : bsearch(&wanted, entries, entry_count, sizeof(wanted), by_key);
}

static struct text_entry *entry_take(struct reading *r, const char *key)
{
        if (r->lang != LANG_JA) {
                struct text_entry wanted = { .key = key };

                /* Japanese came first and is sorted up to here */
                return bsearch(&wanted, entries, entry_count, sizeof(wanted), by_key);
        }
        if (entry_count == entry_room) {
                size_t room = entry_room ? entry_room * 2 : 512;

                entries = arena_grow(r->mem, entries, entry_room * sizeof(*entries), room * sizeof(*entries));
                entry_room = room;
        }
        entries[entry_count].key = key;
        return &entries[entry_count++];
}

/* A text may hold {{name}} and sections, but nothing unescaped: it is escaped, or not, where the page prints it. */
static rc text_compile(struct reading *r, struct text_entry *e, const json_t *object, const char *name)
{
        str text = e->text[r->lang];

        if (memmem(text.p, text.n, "{{", 2) == NULL)
                return RC_OK;
        if (memmem(text.p, text.n, "{{{", 3) != NULL || memmem(text.p, text.n, "{{&", 3) != NULL || memmem(text.p, text.n, "{{>", 3) != NULL)
                return fail_line(r->cx, RC_INVALID, yaml_line(r->lines, object, name), r->file, "the text %s may hold {{name}} only", e->key);
        return template_compile(r->cx, r->mem, e->key, text, &e->template[r->lang]);
}

static rc texts_take(struct reading *r, const json_t *object, const char *prefix, int depth)
{
        const char *name;
        json_t *v;

        if (depth > 6)
                return fail_line(r->cx, RC_INVALID, yaml_line(r->lines, object, NULL), r->file, "nested too deep");
        json_object_foreach((json_t *)(uintptr_t)object, name, v) {
                const char *key = str_format(r->mem, "%s%s%s", prefix, *prefix ? "." : "", name).p;
                struct text_entry *e;

                if (json_is_object(v)) {
                        TRY(texts_take(r, v, key, depth + 1));
                        continue;
                }
                if (!json_is_string(v) || strlen(key) > KEY_MAX)
                        return fail_line(r->cx, RC_INVALID, yaml_line(r->lines, object, name), r->file, "%s must be a text in quotes", key);
                e = entry_take(r, key);
                if (e == NULL)
                        return fail_line(r->cx, RC_INVALID, yaml_line(r->lines, object, name), r->file, "%s is missing in the other language", key);
                e->text[r->lang] = str_copy(r->mem, json_text(v));
                TRY(text_compile(r, e, object, name));
        }
        return RC_OK;
}

/* The file's own failures name a line; the file is named here. */
static rc yaml_open(struct reading *r, str directory, const char *file, json_t **ret)
{
        struct cx *cx = r->cx;
        struct yaml_lines *lines;
        str text;
        rc result;

        r->file = file;
        TRY(file_read(cx, str_format(cx->mem, "%.*s/%s", STR_ARG(directory), file).p, CATALOGUE_BYTES_MAX, &text));
        result = yaml_read_lines(cx, text, ret, &lines);
        if (result == RC_OK && !json_is_object(*ret))
                result = fail_line(cx, RC_INVALID, 1, file, "must be a list of names and texts");
        for (size_t i = 0; i < cx->failure.count; i++)
                if (cx->failure.problem[i].item == NULL)
                        cx->failure.problem[i].item = file;
        r->lines = result == RC_OK ? lines : NULL;
        return result;
}

static rc messages_take(struct reading *r, const json_t *object)
{
        const char *english;
        json_t *v;

        json_object_foreach((json_t *)(uintptr_t)object, english, v) {
                if (!json_is_string(v) || !format_agrees(english, json_string_value(v)))
                        return fail_line(r->cx, RC_INVALID, yaml_line(r->lines, object, english), r->file,
                                         "the translation must take the same %%-arguments as the English");
                fail_translation_add(LANG_JA, str_copy(r->mem, str_of(english)).p, str_copy(r->mem, json_text(v)).p);
        }
        return RC_OK;
}

rc catalogue_start(struct cx *cx, struct arena *mem, str directory)
{
        struct reading r = { .cx = cx, .mem = mem, .lang = LANG_JA };
        json_t *v;

        entries = NULL;
        entry_count = entry_room = 0;
        TRY(yaml_open(&r, directory, "texts.ja.yaml", &v));
        TRY(texts_take(&r, v, "", 0));
        qsort(entries, entry_count, sizeof(*entries), by_key);
        r.lang = LANG_EN;
        TRY(yaml_open(&r, directory, "texts.en.yaml", &v));
        TRY(texts_take(&r, v, "", 0));
        for (size_t i = 0; i < entry_count; i++)
                if (str_absent(entries[i].text[LANG_EN]))
                        return fail_line(cx, RC_INVALID, 0, "texts.en.yaml", "%s is missing in the other language", entries[i].key);
        TRY(yaml_open(&r, directory, "messages.ja.yaml", &v));
        return messages_take(&r, v);
}
