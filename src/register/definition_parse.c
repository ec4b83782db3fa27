/* definition_parse.c - see definition.h: YAML or JSON to a definition. The items: definition_items.c; single members: definition_member.c. */
#include "base/house.h"

#include "register/definition.h"

#include "base/fail.h"
#include "base/yaml.h"
#include "register/clock_rule.h"
#include "register/definition_items.h"
#include "register/definition_member.h"
#include "register/move_rule.h"
#include "register/round_rule.h"

static const char *const register_members[] = { "name",     "kind",  "title",  "description", "key",   "master", "heading", "duplicates",
                                                "sections", "items", "clocks", "rounds",      "state", "begins", "moves",   NULL };
static const char *const section_members[] = { "name", "title", NULL };

/* Kinds of subjects in the operation log. */
static const char *const reserved_registers[] = { "account", "accounts", "group",    "groups",    "key",     "keys",   "job",
                                                  "jobs",    "log",      "register", "registers", "session", "tenant", "summary" };

static void sections_get(struct reading *r, const struct place *at)
{
        json_t *list = definition_member_array(r, at, "sections", DEFINITION_SECTIONS_MAX, false);

        r->def->sections = NEW_ARRAY(r->cx->mem, struct section, list ? json_array_size(list) : 0);
        for (size_t i = 0; list != NULL && i < json_array_size(list); i++) {
                struct section *s = &r->def->sections[r->def->section_count];
                struct place in;

                if (!definition_member_element(r, at, "sections", list, i, &in))
                        continue;
                definition_member_known(r, &in, section_members);
                definition_member_title(r, &in, "title", DEFINITION_TITLE_MAX, true, s->title);
                if (!definition_member_name(r, &in, "name", DEFINITION_ITEM_NAME_MAX, &s->name))
                        continue;
                for (size_t j = 0; j < r->def->section_count; j++)
                        if (str_equal(r->def->sections[j].name, s->name))
                                definition_wrong(r, &in, "name", "\"%.*s\" stands here twice", STR_ARG(s->name));
                r->def->section_count++;
        }
}

/* A heading of a file must mean one item. */
static void headings_check(struct reading *r, const struct place *at)
{
        struct definition *def = r->def;

        for (size_t i = 0; i < def->item_count; i++) {
                const struct item *item = &def->items[i];

                for (size_t w = 0; w < 3 + item->alias_count; w++) {
                        str word = w == 0 ? item->name : w < 3 ? item->title[w - 1] : item->aliases[w - 3];
                        const struct item *other = definition_heading(def, word);

                        if (other != item) {
                                (void)fail_line(r->cx, RC_INVALID, r->lines ? yaml_line_at(r->lines, json_object_get(at->object, "items"), i) : 0,
                                                str_format(r->cx->mem, "items[%zu]", i).p, "\"%.*s\" means the item %.*s already", STR_ARG(word),
                                                STR_ARG(other ? other->name : item->name));
                                break;
                        }
                }
        }
}

static void roles_get(struct reading *r, const struct place *at)
{
        struct definition *def = r->def;
        json_t *heading = json_object_get(at->object, "heading");
        str s;

        if (definition_member_text(r, at, "key", 100, false, &s)) {
                def->key = definition_item(def, s);
                if (def->key == NULL)
                        definition_wrong(r, at, "key", "there is no item \"%.*s\"", STR_ARG(s));
                else if (!def->key->unique || !def->key->required)
                        definition_wrong(r, at, "key", "must be an item that is required and unique");
        }
        if (def->kind == REGISTER_HISTORY) {
                if (definition_member_text(r, at, "master", 100, true, &s)) {
                        def->master = definition_item(def, s);
                        if (def->master == NULL)
                                definition_wrong(r, at, "master", "there is no item \"%.*s\"", STR_ARG(s));
                        else if (def->master->type != ITEM_REFERENCE)
                                definition_wrong(r, at, "master", "must be an item of type reference");
                }
        } else if (json_object_get(at->object, "master") != NULL) {
                definition_wrong(r, at, "master", "is only for registers of kind history");
        }
        if (heading == NULL)
                heading = json_pack("[s%]", def->items[0].name.p, def->items[0].name.n);
        if (!json_is_array(heading) || json_array_size(heading) == 0 || json_array_size(heading) > 5) {
                definition_wrong(r, at, "heading", "must be a list of 1 to 5 names of items");
                return;
        }
        def->heading = NEW_ARRAY(r->cx->mem, const struct item *, json_array_size(heading));
        for (size_t i = 0; i < json_array_size(heading); i++) {
                const struct item *item = definition_item(def, json_text(json_array_get(heading, i)));

                if (item == NULL)
                        definition_wrong(r, at, "heading", "must be a list of 1 to 5 names of items");
                else
                        def->heading[def->heading_count++] = item;
                if (item != NULL)
                        def->items[item->number].in_heading = true;
                if (item != NULL && (item->type == ITEM_CHOICES || item->type == ITEM_ACCOUNT || item->type == ITEM_FILE || !item_stored(item)))
                        definition_wrong(r, at, "heading", "an item of type %s does not name a record", item_type_name(item->type));
        }
}

/* Others choose from a look-up list by its key, whoever fills in their forms. */
static void lookup_check(struct reading *r, const struct place *at)
{
        bool found = false;

        if (r->def->key == NULL)
                definition_wrong(r, at, "key", "is needed by a register of kind reference: others choose by it");
        else if (r->def->key->type != ITEM_TEXT && r->def->key->type != ITEM_INTEGER)
                definition_wrong(r, at, "key", "of a register of kind reference must be of type text or integer");
        for (size_t i = 0; i < r->def->item_count; i++) {
                if (r->def->items[i].personal)
                        definition_wrong(r, at, "kind", "a register of kind reference has no personal items; \"%.*s\" is one",
                                         STR_ARG(r->def->items[i].name));
                found = found || r->def->items[i].searchable;
        }
        if (!found)
                definition_wrong(r, at, "kind", "a register of kind reference has at least one searchable item");
}

static void rule_get(struct reading *r, const struct place *at, const json_t *list, struct duplicate_rule *rule)
{
        for (size_t i = 0; i < json_array_size(list); i++) {
                const struct item *item = definition_item(r->def, json_text(json_array_get(list, i)));

                if (item == NULL || item->lines || item->type == ITEM_BOOLEAN || item->type == ITEM_FILE || !item_stored(item)) {
                        definition_wrong(r, at, "duplicates", "must be lists of names of items; none with several lines, of yes or no, or computed");
                        return;
                }
                rule->items[rule->count++] = item;
                rule->name = i == 0 ? item->name : str_format(r->cx->mem, "%.*s %.*s", STR_ARG(rule->name), STR_ARG(item->name));
        }
}

static void rules_get(struct reading *r, const struct place *at)
{
        json_t *list = definition_member_array(r, at, "duplicates", DEFINITION_RULES_MAX, false);

        r->def->rules = NEW_ARRAY(r->cx->mem, struct duplicate_rule, list ? json_array_size(list) : 0);
        for (size_t i = 0; list != NULL && i < json_array_size(list); i++) {
                const json_t *one = json_array_get(list, i);

                if (json_array_size(one) == 0 || json_array_size(one) > DEFINITION_RULE_ITEMS_MAX) {
                        definition_wrong(r, at, "duplicates", "must be lists of 1 to %d names of items", DEFINITION_RULE_ITEMS_MAX);
                        return;
                }
                rule_get(r, at, one, &r->def->rules[r->def->rule_count++]);
        }
}

static rc definition_read(struct cx *cx, json_t *json, const struct yaml_lines *lines, struct definition **ret)
{
        struct definition *def = NEW(cx->mem, struct definition);
        struct reading r = { cx, lines, def };
        struct place at = { json, S("") };
        str kind;

        if (!json_is_object(json))
                return fail(cx, RC_INVALID, NULL, "a definition must be an object with name, title and items");
        definition_member_known(&r, &at, register_members);
        if (definition_member_name(&r, &at, "name", DEFINITION_NAME_MAX, &def->name) &&
            definition_member_reserved(reserved_registers, COUNT(reserved_registers), def->name))
                definition_wrong(&r, &at, "name", "\"%.*s\" is a word the house keeps for itself; choose another", STR_ARG(def->name));
        if (definition_member_text(&r, &at, "kind", 20, false, &kind)) {
                def->kind = str_is(kind, "history") ? REGISTER_HISTORY : str_is(kind, "reference") ? REGISTER_REFERENCE : REGISTER_MASTER;
                if (!str_is(kind, definition_kind_name(def->kind)))
                        definition_wrong(&r, &at, "kind", "must be one of: %s", "master history reference");
        }
        definition_member_title(&r, &at, "title", DEFINITION_TITLE_MAX, true, def->title);
        definition_member_title(&r, &at, "description", DEFINITION_HELP_MAX, false, def->description);
        sections_get(&r, &at);
        definition_items_read(&r, &at);
        if (cx->failure.code == RC_OK)
                roles_get(&r, &at);
        if (cx->failure.code == RC_OK)
                rules_get(&r, &at);
        if (cx->failure.code == RC_OK)
                headings_check(&r, &at);
        if (cx->failure.code == RC_OK)
                definition_items_classify(def);
        if (cx->failure.code == RC_OK && def->kind == REGISTER_REFERENCE)
                lookup_check(&r, &at);
        if (cx->failure.code == RC_OK)
                definition_items_sentences(&r, &at);
        if (cx->failure.code == RC_OK)
                clock_rule_read(&r, &at);
        if (cx->failure.code == RC_OK)
                round_rule_read(&r, &at);
        if (cx->failure.code == RC_OK)
                move_rule_read(&r, &at);
        if (cx->failure.code != RC_OK)
                return cx->failure.code;
        def->source = json;
        *ret = def;
        return RC_OK;
}

rc definition_parse_yaml(struct cx *cx, str yaml, struct definition **ret)
{
        struct yaml_lines *lines;
        json_t *json;

        if (yaml.n > DEFINITION_SIZE_MAX)
                return fail(cx, RC_TOO_LARGE, NULL, "a definition may have at most %d bytes", DEFINITION_SIZE_MAX);
        TRY(yaml_read_lines(cx, yaml, &json, &lines));
        return definition_read(cx, json, lines, ret);
}

rc definition_parse_json(struct cx *cx, json_t *json, struct definition **ret)
{
        return definition_read(cx, json, NULL, ret);
}
