/* definition.c - see definition.h: the registers of a contract as this process remembers them. Reading a definition: definition_parse.c; as JSON for
 * pages and API: definition_model.c; as YAML: definition_yaml.c. */
#include "base/house.h"

#include "register/definition.h"

#include "base/fail.h"
#include "base/utf8.h"
#include "identity/permission.h"
#include "register/definition.sql.h"
#include "register/definition_member.h"
#include "register/item_text.h"

/* What this process remembers
 * -------------------------------------------------------------------------------------------------------------------
 * A definition lives in an arena of its own; the one not used for longest makes room. */

enum { REMEMBERED = 512 };

static struct memory {
        struct arena *mem;
        str tenant;
        struct definition *def; /* NULL: free */
        uint64_t used;
} memories[REMEMBERED];
static uint64_t memory_clock;

static struct memory *memory_find(str tenant, str name)
{
        for (size_t i = 0; i < REMEMBERED; i++)
                if (memories[i].def != NULL && str_equal(memories[i].def->name, name) && str_equal(memories[i].tenant, tenant)) {
                        memories[i].used = ++memory_clock;
                        return &memories[i];
                }
        return NULL;
}

static void memory_close(void *mem)
{
        arena_close(mem);
}

/* Whoever asked for it earlier in this unit may still hold it: it goes with the unit's memory. */
static void memory_drop(struct cx *cx, struct memory *m)
{
        arena_defer(cx->mem, memory_close, m->mem);
        *m = (struct memory){ NULL };
}

/* Parse in an arena of its own and remember. What was checked when it was stored is no news to the caller: a mistake
 * here is a bug. */
static const struct definition *memory_add(struct cx *cx, int64_t id, int64_t version, str text)
{
        struct memory *m = &memories[0];
        struct arena *before = arena_current;
        struct cx sub = { .lang = cx->lang };
        json_t *json;

        for (size_t i = 0; i < REMEMBERED && m->def != NULL; i++)
                if (memories[i].def == NULL || memories[i].used < m->used)
                        m = &memories[i];
        if (m->def != NULL)
                memory_drop(cx, m);
        m->mem = arena_open(MB(8));
        arena_current = sub.mem = m->mem;
        must(json_read(&sub, text, &json) == RC_OK);
        must(definition_parse_json(&sub, json, &m->def) == RC_OK);
        arena_current = before;
        m->def->id = id;
        m->def->version = version;
        m->tenant = str_copy(m->mem, cx->tenant);
        m->used = ++memory_clock;
        return m->def;
}

rc definition_get(struct cx *cx, str name, const struct definition **ret)
{
        struct memory *m = memory_find(cx->tenant, name);
        struct register_row *row;

        if (!definition_member_name_valid(name, DEFINITION_NAME_MAX))
                return fail(cx, RC_UNKNOWN, NULL, "there is no such register");
        TRY(sql_definition_find(cx, name, m ? m->def->version : 0, &row));
        if (row == NULL) {
                if (m != NULL)
                        memory_drop(cx, m);
                return fail(cx, RC_UNKNOWN, NULL, "there is no such register");
        }
        if (m != NULL && m->def->version == row->version && m->def->id == row->id) {
                *ret = m->def;
                return RC_OK;
        }
        if (str_absent(row->definition)) /* dropped and made again with the same version */
                TRY(sql_definition_find(cx, name, 0, &row));
        if (m != NULL)
                memory_drop(cx, m);
        must(row != NULL);
        *ret = memory_add(cx, row->id, row->version, row->definition);
        return RC_OK;
}

rc definition_recall(struct cx *cx, str name, const struct definition **ret)
{
        struct memory *m = memory_find(cx->tenant, name);

        if (m == NULL || m->def->version < 0)
                return definition_get(cx, name, ret);
        *ret = m->def;
        return RC_OK;
}

void definition_forget(struct cx *cx, str name)
{
        struct memory *m = memory_find(cx->tenant, name);

        if (m != NULL)
                m->def->version = -1;
}

/* Looking things up
 * ----------------------------------------------------------------------------------------------------------------------------
 */

const struct item *definition_item(const struct definition *def, str name)
{
        for (size_t i = 0; i < def->item_count; i++)
                if (str_equal(def->items[i].name, name))
                        return &def->items[i];
        return NULL;
}

const struct item *definition_item_ever(const struct definition *def, str name)
{
        const struct item *item = definition_item(def, name);

        for (size_t i = 0; i < def->item_count && item == NULL; i++)
                for (size_t k = 0; k < def->items[i].formerly_count; k++)
                        if (str_equal(def->items[i].formerly[k], name))
                                item = &def->items[i];
        return item;
}

const struct item *definition_heading(const struct definition *def, str heading)
{
        struct arena *mem = arena_open(MB(1));
        str plain = item_text_plain(mem, utf8_head(heading, 200));
        const struct item *found = NULL;

        for (size_t i = 0; i < def->item_count && found == NULL; i++) {
                const struct item *item = &def->items[i];

                for (size_t w = 0; w < 3 + item->alias_count && found == NULL; w++) {
                        struct arena_mark mark = arena_mark(mem);
                        str word = w == 0 ? item->name : w < 3 ? item->title[w - 1] : item->aliases[w - 3];

                        if (plain.n > 0 && str_equal(plain, item_text_plain(mem, word)))
                                found = item;
                        arena_rewind(mem, mark);
                }
        }
        if (found == NULL)
                found = definition_item_ever(def, plain);
        arena_close(mem);
        return found;
}

/* Lists ---------------------------------------------------------------------------------------------------------------------------------- */

static const struct definition *definition_of_row(struct cx *cx, const struct register_summary *row)
{
        struct memory *m = memory_find(cx->tenant, row->name);

        if (m != NULL && m->def->version == row->version && m->def->id == row->id)
                return m->def;
        if (m != NULL)
                memory_drop(cx, m);
        return memory_add(cx, row->id, row->version, row->definition);
}

rc definition_histories(struct cx *cx, str master, const struct definition ***ret, size_t *ret_count)
{
        const struct definition **list;
        struct register_summary *rows;
        size_t count, n = 0;

        TRY(sql_definition_all(cx, &rows, &count));
        list = NEW_ARRAY(cx->mem, const struct definition *, count + 1);
        for (size_t i = 0; i < count; i++) {
                const struct definition *def;

                if (str_equal(rows[i].name, master) || !permission_held_for(cx, PERM_RECORD_READ, rows[i].name))
                        continue;
                def = definition_of_row(cx, &rows[i]);
                if (def->master != NULL && str_equal(def->master->reference, master))
                        list[n++] = def;
        }
        *ret = list;
        *ret_count = n;
        return RC_OK;
}

const char *definition_kind_name(enum register_kind kind)
{
        static const char *const names[] = { "master", "history", "reference" };

        return names[kind];
}

static bool refers(const struct definition *def, str name)
{
        for (size_t i = 0; i < def->item_count; i++)
                if (def->items[i].type == ITEM_REFERENCE && str_equal(def->items[i].reference, name))
                        return true;
        return false;
}

rc definition_referrers(struct cx *cx, str name, const struct definition ***ret, size_t *ret_count)
{
        const struct definition **list;
        struct register_summary *rows;
        size_t count, n = 0;

        TRY(sql_definition_all(cx, &rows, &count));
        list = NEW_ARRAY(cx->mem, const struct definition *, count + 1);
        for (size_t i = 0; i < count; i++) {
                const struct definition *def = definition_of_row(cx, &rows[i]);

                if (refers(def, name))
                        list[n++] = def;
        }
        *ret = list;
        *ret_count = n;
        return RC_OK;
}

rc definition_list(struct cx *cx, json_t **ret)
{
        json_t *list = json_array(), *model = json_object();
        struct register_summary *rows;
        size_t count;

        TRY(sql_definition_rows(cx, &rows, &count));
        for (size_t i = 0; i < count; i++) {
                json_t *one;

                if (!permission_held_for(cx, PERM_REGISTER, rows[i].name))
                        continue;
                one = definition_model(cx, definition_of_row(cx, &rows[i]));
                json_set(one, "about", json_integer(rows[i].about));
                json_array_append_new(list, one);
        }
        *ret = json_set(model, "registers", list);
        return RC_OK;
}
