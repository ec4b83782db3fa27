/* definition_model.c - see definition.h: a definition as JSON for pages and API. */
#include "base/house.h"

#include "register/definition.h"

#include "identity/permission.h"
#include "register/definition_items.h"
#include "register/item_class.h"
#include "register/item_file.h"

static json_t *choices_model(struct cx *cx, const struct item *item)
{
        json_t *list = json_array();

        for (size_t i = 0; i < item->choice_count; i++) {
                json_t *c = json_object();

                json_set(c, "value", json_str(item->choices[i].value));
                json_set(c, "title", json_str(item->choices[i].title[cx->lang]));
                json_array_append_new(list, c);
        }
        return list;
}

/* Where a postal code puts what it stands for: {prefecture: ITEM, …}. */
static json_t *fills_model(const struct item *item)
{
        json_t *m = json_object();

        for (int i = 0; i < FILLS; i++)
                if (item->fills[i] != NULL)
                        json_set(m, definition_items_fill((enum fill)i), json_str(item->fills[i]->name));
        return m;
}

static json_t *item_model(struct cx *cx, const struct item *item)
{
        json_t *m = json_object();

        json_set(m, "name", json_str(item->name));
        json_set(m, "type", json_string(item_type_name(item->type)));
        json_set(m, "title", json_str(item->title[cx->lang]));
        if (!str_absent(item->help[cx->lang]))
                json_set(m, "help", json_str(item->help[cx->lang]));
        if (!str_absent(item->section))
                json_set(m, "section", json_str(item->section));
        json_set(m, "required", json_boolean(item->required));
        json_set(m, "unique", json_boolean(item->unique));
        json_set(m, "personal", json_boolean(item->personal));
        json_set(m, "classification", json_string(item_label_name(item->classification)));
        json_set(m, "masked", json_boolean(item->personal && cx->masked));
        json_set(m, "searchable", json_boolean(item->searchable));
        json_set(m, "retired", json_boolean(item->retired));
        json_set(m, "list", json_boolean(item->in_list));
        json_set(m, "lines", json_boolean(item->lines));
        json_set(m, "era", json_boolean(item->era));
        json_set(m, "merge", json_string(item->strictest ? "strictest" : "newest"));
        if (item->type == ITEM_TEXT || item->type == ITEM_KANA || item->type == ITEM_INTEGER || item->type == ITEM_DECIMAL ||
            item->type == ITEM_CHOICES) {
                json_set(m, "min", json_integer(item->min));
                json_set(m, "max", json_integer(item->max));
        }
        if (item->characters != 0) {
                json_set(m, "characters", item_class_names(item->characters));
                json_set(m, "characters_text", json_str(item_class_title(cx->mem, cx->lang, item->characters)));
        }
        if (item->type == ITEM_FILE) {
                json_set(m, "max", json_integer(item->max));
                json_set(m, "accept", item_file_names(item->accept));
                json_set(m, "accept_text", json_str(item_file_title(cx->mem, cx->lang, item->accept)));
        }
        json_set(m, "computed", json_boolean(!item_stored(item)));
        if (item->type == ITEM_DECIMAL)
                json_set(m, "scale", json_integer(item->scale));
        if (item->choice_count > 0)
                json_set(m, "choices", choices_model(cx, item));
        if (item->type == ITEM_POSTAL_CODE)
                json_set(m, "fills", fills_model(item));
        if (item->type == ITEM_REFERENCE)
                json_set(m, "register", permission_hidden(cx, item->reference) ? json_null() : json_str(item->reference));
        return m;
}

static json_t *rule_model(const struct duplicate_rule *rule)
{
        json_t *items = json_array();

        for (size_t i = 0; i < rule->count; i++)
                json_array_append_new(items, json_str(rule->items[i]->name));
        return items;
}

json_t *definition_model(struct cx *cx, const struct definition *def)
{
        json_t *m = json_object(), *items = json_array(), *sections = json_array(), *heading = json_array(), *rules = json_array();

        for (size_t i = 0; i < def->item_count; i++)
                json_array_append_new(items, item_model(cx, &def->items[i]));
        for (size_t i = 0; i < def->section_count; i++) {
                json_t *s = json_object();

                json_set(s, "name", json_str(def->sections[i].name));
                json_set(s, "title", json_str(def->sections[i].title[cx->lang]));
                json_array_append_new(sections, s);
        }
        for (size_t i = 0; i < def->heading_count; i++)
                json_array_append_new(heading, json_str(def->heading[i]->name));
        json_set(m, "name", json_str(def->name));
        json_set(m, "title", json_str(def->title[cx->lang]));
        if (!str_absent(def->description[cx->lang]))
                json_set(m, "description", json_str(def->description[cx->lang]));
        json_set(m, "kind", json_string(definition_kind_name(def->kind)));
        json_set(m, "version", json_integer(def->version));
        json_set(m, "key", def->key ? json_str(def->key->name) : json_null());
        if (def->master != NULL)
                json_set(m, "master", json_str(def->master->name));
        for (size_t i = 0; i < def->rule_count; i++)
                json_array_append_new(rules, rule_model(&def->rules[i]));
        json_set(m, "heading", heading);
        json_set(m, "duplicates", rules);
        json_set(m, "sections", sections);
        json_set(m, "items", items);
        return m;
}
