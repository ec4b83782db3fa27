/* pack.c - see pack.h. Texts are kept, not what was read of them: a definition is read by whoever asks, in their language. */
#include "base/house.h"

#include "register/pack.h"

#include "base/fail.h"
#include "base/file.h"
#include "register/definition.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

struct pack {
        str name, yaml;
};

static struct arena *memory;
static struct pack packs[PACKS_MAX];
static size_t pack_count;

static int by_name(const void *a, const void *b)
{
        return strcmp(((const struct pack *)a)->name.p, ((const struct pack *)b)->name.p);
}

static rc pack_add(struct cx *cx, str directory, const char *file)
{
        struct definition *def;
        str text;

        if (pack_count == PACKS_MAX)
                return fail(cx, RC_INVALID, file, "there are more than %d definitions to begin with", PACKS_MAX);
        TRY(file_read(cx, str_format(cx->mem, "%.*s/%s", STR_ARG(directory), file).p, DEFINITION_SIZE_MAX, &text));
        TRY(definition_parse_yaml(cx, text, &def));
        packs[pack_count++] = (struct pack){ str_copy(memory, def->name), str_copy(memory, text) };
        return RC_OK;
}

rc pack_start(struct cx *cx, str directory)
{
        DIR *d = opendir(str_z(cx->mem, directory));
        struct dirent *e;
        rc result = RC_OK;

        if (d == NULL)
                return fail(cx, RC_UNKNOWN, NULL, "the directory \"%.*s\" cannot be read", STR_ARG(directory));
        if (memory != NULL)
                arena_close(memory);
        memory = arena_open((size_t)PACKS_MAX * DEFINITION_SIZE_MAX);
        pack_count = 0;
        while (result == RC_OK && (e = readdir(d)) != NULL)
                if (file_name_safe(str_of(e->d_name)) && str_ends(str_of(e->d_name), S(".yaml")))
                        result = pack_add(cx, directory, e->d_name);
        (void)closedir(d);
        qsort(packs, pack_count, sizeof(*packs), by_name);
        return result;
}

static json_t *needs(const struct definition *def)
{
        json_t *list = json_array();

        for (size_t i = 0; i < def->item_count; i++) {
                const struct item *item = &def->items[i];

                if (item->type == ITEM_REFERENCE && !str_equal(item->reference, def->name))
                        json_array_append_new(list, json_str(item->reference));
        }
        return list;
}

rc pack_list(struct cx *cx, json_t **ret)
{
        json_t *list = json_array();

        for (size_t i = 0; i < pack_count; i++) {
                json_t *one = json_object();
                struct definition *def;

                TRY(definition_parse_yaml(cx, packs[i].yaml, &def));
                (void)json_set(one, "name", json_str(def->name));
                (void)json_set(one, "title", json_str(def->title[cx->lang]));
                (void)json_set(one, "description", json_str(def->description[cx->lang]));
                (void)json_set(one, "kind", json_string(definition_kind_name(def->kind)));
                (void)json_set(one, "items", json_integer((json_int_t)def->item_count));
                (void)json_set(one, "needs", needs(def));
                (void)json_set(one, "has_clocks", json_boolean(def->clock_count > 0));
                json_array_append_new(list, json_set(one, "has_moves", json_boolean(def->move_count > 0)));
        }
        *ret = json_set(json_object(), "packs", list);
        return RC_OK;
}

rc pack_yaml(struct cx *cx, str name, str *ret)
{
        struct definition *def;

        for (size_t i = 0; i < pack_count; i++) {
                if (!str_equal(packs[i].name, name))
                        continue;
                TRY(definition_parse_yaml(cx, packs[i].yaml, &def));
                *ret = definition_yaml(cx->mem, def);
                return RC_OK;
        }
        return fail(cx, RC_UNKNOWN, NULL, "there is no such definition to begin with");
}

static json_t *titled(const char *name, const char *type, const char *ja, const char *en)
{
        return json_pack("{s:s, s:s, s:{s:s, s:s}, s:b, s:b}", "name", name, "type", type, "title", "ja", ja, "en", en, "required", 1, "list", 1);
}

rc pack_blank(struct cx *cx, const struct pack_wish *wish, str *ret_yaml)
{
        json_t *source = json_object(), *items = json_array(), *item;
        bool history = str_is(wish->kind, "history");
        struct definition *def;

        (void)json_set(source, "name", json_str(wish->name));
        (void)json_set(source, "kind", json_str(wish->kind));
        (void)json_set(source, "title", json_str(wish->title));
        if (history) {
                item = titled("master", "reference", "親のレコード", "Belongs to");
                (void)json_set(item, "register", json_str(wish->master));
                json_array_append_new(items, item);
                json_array_append_new(items, titled("happened_on", "date", "日付", "Date"));
        } else {
                item = titled("code", "text", "番号", "Code");
                (void)json_set(item, "unique", json_true());
                (void)json_set(item, "searchable", json_true());
                json_array_append_new(items, item);
        }
        (void)json_set(source, history ? "master" : "key", json_string(history ? "master" : "code"));
        (void)json_set(source, "items", items);
        TRY(definition_parse_json(cx, source, &def));
        *ret_yaml = definition_yaml(cx->mem, def);
        return RC_OK;
}
