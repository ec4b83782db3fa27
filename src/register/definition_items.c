/* definition_items.c - see definition_items.h. How to add a member: a line in item_members, a field in struct item, its check in item_check. */
#include "base/house.h"

#include "register/definition_items.h"

#include "base/utf8.h"
#include "register/definition_sentence.h"
#include "register/item.h"
#include "register/item_choice.h"
#include "register/item_choices.h"
#include "register/item_class.h"
#include "register/item_file.h"
#include "register/item_text.h"

static const char *const choice_members[] = { "value", "title", "aliases", NULL };
static const char *const item_members[] = { "name",     "type",     "title",      "help",     "memo",       "aliases",        "section",  "required",
                                            "unique",   "personal", "searchable", "list",     "indexed",    "lines",          "era",      "min",
                                            "max",      "scale",    "choices",    "register", "characters", "classification", "formerly", "retired",
                                            "sentence", "merge",    "fills",      "accept",   NULL };
static const char *const fill_members[FILLS + 1] = { "prefecture", "city", "town", "address", NULL };

/* Columns of the table, members of conditions, and what PostgreSQL keeps for itself. */
static const char *const reserved_items[] = { "id",          "version", "created_at", "created_by", "updated_at", "updated_by", "origin",
                                              "search_text", "all",     "any",        "none",       "history",    "heading",    "masked",
                                              "tableoid",    "xmin",    "cmin",       "xmax",       "cmax",       "ctid" };

static bool textual(enum item_type type)
{
        return type == ITEM_TEXT || type == ITEM_KANA || type == ITEM_EMAIL || type == ITEM_TELEPHONE || type == ITEM_POSTAL_CODE ||
               type == ITEM_URL || type == ITEM_COMPUTED;
}

static bool chosen(enum item_type type)
{
        return type == ITEM_CHOICE || type == ITEM_CHOICES;
}

static void limits_read(struct reading *r, const struct place *at, struct item *item)
{
        bool number = item->type == ITEM_INTEGER || item->type == ITEM_DECIMAL, counted = item->type == ITEM_TEXT || item->type == ITEM_KANA;
        int64_t choices = item->type == ITEM_CHOICES ? (int64_t)item->choice_count : 0;
        bool has_min, has_max;

        item->min = number ? -999999999999999 : 0;
        item->max = number                    ? 999999999999999
                    : item->lines             ? 10000
                    : counted                 ? 1000
                    : choices > 0             ? choices
                    : item->type == ITEM_FILE ? ITEM_FILE_DEFAULT
                                              : 300;
        has_min = definition_member_int(r, at, "min", &item->min);
        has_max = definition_member_int(r, at, "max", &item->max);
        if (item->type == ITEM_FILE && has_min)
                definition_wrong(r, at, "min", "is not for items of type file");
        else if (item->type == ITEM_FILE && (item->max < 1 || item->max > ITEM_FILE_MAX))
                definition_wrong(r, at, "max", "must be between 1 and %d bytes", ITEM_FILE_MAX);
        else if ((has_min || has_max) && !number && !counted && item->type != ITEM_CHOICES && item->type != ITEM_FILE)
                definition_wrong(r, at, has_min ? "min" : "max", "is only for items of type text, kana, integer, decimal and choices");
        else if (item->min > item->max)
                definition_wrong(r, at, "max", "must not be less than min");
        else if (counted && (item->min < 0 || item->max < 1 || item->max > ITEM_CHARS_MAX))
                definition_wrong(r, at, "max", "must be between 1 and %d characters", ITEM_CHARS_MAX);
        else if (choices > 0 && (item->min < 0 || item->max < 1 || item->max > choices))
                definition_wrong(r, at, "max", "must be between 1 and the number of choices, %d", (int)choices);
        else if (number && (item->min < -999999999999999 || item->max > 999999999999999))
                definition_wrong(r, at, "max", "must have at most 15 digits");
        else if (counted && item->unique && item->max > 500)
                item->max = has_max ? item->max : 500;
        if (counted && (item->unique || item->indexed) && item->max > 500)
                definition_wrong(r, at, "max", "of an item that is unique or indexed must be at most %d characters", 500);
}

static void scale_read(struct reading *r, const struct place *at, struct item *item)
{
        bool given = definition_member_int(r, at, "scale", &item->scale);

        if (item->type != ITEM_DECIMAL && given)
                definition_wrong(r, at, "scale", "is only for items of type decimal");
        else if (item->type == ITEM_DECIMAL && !given)
                item->scale = 2;
        else if (given && (item->scale < 1 || item->scale > ITEM_SCALE_MAX))
                definition_wrong(r, at, "scale", "must be between 1 and %d decimal places", ITEM_SCALE_MAX);
}

/* [pdf, image]: what files it takes. */
static void accept_read(struct reading *r, const struct place *at, struct item *item)
{
        json_t *list = definition_member_array(r, at, "accept", 8, false), *one;
        size_t i;

        if (list != NULL && item->type != ITEM_FILE)
                definition_wrong(r, at, "accept", "is only for items of type file");
        json_array_foreach(list, i, one) {
                unsigned kind = item_file_kind(json_text(one));

                if (kind == 0)
                        definition_wrong(r, at, "accept", "must be some of: %s", item_file_kinds());
                item->accept |= kind;
        }
        if (item->type == ITEM_FILE && item->accept == 0)
                item->accept = ITEM_FILE_USUAL;
}

/* [half_upper, half_digit]: what the text may hold. */
static void characters_read(struct reading *r, const struct place *at, struct item *item)
{
        json_t *list = definition_member_array(r, at, "characters", 8, false), *one;
        size_t i;

        if (list != NULL && item->type != ITEM_TEXT)
                definition_wrong(r, at, "characters", "is only for items of type text");
        json_array_foreach(list, i, one) {
                unsigned class = item_class_find(json_text(one));

                if (class == 0)
                        definition_wrong(r, at, "characters", "must be some of: %s", item_class_all());
                item->characters |= class;
        }
}

static void choices_read(struct reading *r, const struct place *at, struct item *item)
{
        json_t *list = definition_member_array(r, at, "choices", DEFINITION_CHOICES_MAX, chosen(item->type));

        if (list == NULL)
                return;
        if (!chosen(item->type)) {
                definition_wrong(r, at, "choices", "is only for items of type choice and choices");
                return;
        }
        item->choices = NEW_ARRAY(r->cx->mem, struct choice, json_array_size(list));
        for (size_t i = 0; i < json_array_size(list); i++) {
                struct choice *c = &item->choices[item->choice_count];
                struct place in;

                if (json_is_string(json_array_get(list, i))) {
                        str s = str_trim(json_text(json_array_get(list, i)));

                        in = (struct place){ list, str_format(r->cx->mem, "%s[%zu]", definition_member_path(r, at, "choices"), i) };
                        if (s.n == 0 || !utf8_valid(s) || text_control(s, false) < s.n || utf8_length(s) > DEFINITION_TITLE_MAX) {
                                definition_wrong(r, at, "choices", "must be texts of 1 to %d characters", DEFINITION_TITLE_MAX);
                                return;
                        }
                        c->value = c->title[0] = c->title[1] = str_copy(r->cx->mem, s);
                } else if (definition_member_element(r, at, "choices", list, i, &in)) {
                        definition_member_known(r, &in, choice_members);
                        if (!definition_member_text(r, &in, "value", DEFINITION_TITLE_MAX, true, &c->value))
                                continue;
                        definition_member_title(r, &in, "title", DEFINITION_TITLE_MAX, false, c->title);
                        for (int l = 0; l < LANG_END; l++)
                                if (str_absent(c->title[l]))
                                        c->title[l] = c->value;
                        definition_member_words(r, &in, "aliases", DEFINITION_ALIASES_MAX, &c->aliases, &c->alias_count);
                } else {
                        continue;
                }
                for (size_t j = 0; j < item->choice_count; j++)
                        if (str_equal(item->choices[j].value, c->value))
                                definition_wrong(r, at, "choices", "\"%.*s\" stands here twice", STR_ARG(c->value));
                item->choice_count++;
        }
}

/* Two choices that files would write the same way. */
static void choices_check(struct reading *r, const struct place *at, struct item *item)
{
        item_choice_prepare(r->cx->mem, item);
        for (size_t i = 0; i < item->choice_count; i++) {
                const struct choice *c = &item->choices[i];

                for (size_t w = 0; w < 3 + c->alias_count; w++) {
                        str word = w == 0 ? c->value : w < 3 ? c->title[w - 1] : c->aliases[w - 3];

                        if (item_choice(r->cx->mem, item, word) != c || item_choice(r->cx->mem, item, item_text_plain(r->cx->mem, word)) != c) {
                                definition_wrong(r, at, "choices", "\"%.*s\" could mean two of them", STR_ARG(word));
                                return;
                        }
                        if (item->type == ITEM_CHOICES && !item_choices_word(word)) {
                                definition_wrong(r, at, "choices", "\"%.*s\" must hold no ; { or }: files part the choices of such an item with ;",
                                                 STR_ARG(word));
                                return;
                        }
                }
        }
}

static void item_check(struct reading *r, const struct place *at, struct item *item, const struct item *before)
{
        if (item->lines && item->type != ITEM_TEXT)
                definition_wrong(r, at, "lines", "is only for items of type text");
        if (item->era && item->type != ITEM_DATE)
                definition_wrong(r, at, "era", "is only for items of type date");
        if (item->type == ITEM_FILE && item->required)
                definition_wrong(r, at, "required", "is not for items of type file, which are handed in after the record; let a move require it");
        if (item->type == ITEM_FILE && item->indexed)
                definition_wrong(r, at, "indexed", "is not for this type of item");
        if (item->unique && (item->type == ITEM_BOOLEAN || chosen(item->type) || item->lines || item->type == ITEM_FILE))
                definition_wrong(r, at, "unique", "is not for this type of item");
        if (item->searchable && !textual(item->type) && !chosen(item->type))
                definition_wrong(r, at, "searchable", "is only for items that hold text");
        if (item->joined && (before == NULL || before->number + 1 != item->number || !before->searchable))
                definition_wrong(r, at, "searchable", "can be \"joined\" only right after another searchable item");
        if (item->strictest && item->type != ITEM_BOOLEAN && item->type != ITEM_CHOICE)
                definition_wrong(r, at, "merge", "\"strictest\" is only for items of type boolean and choice");
        if (item->type == ITEM_REFERENCE)
                (void)definition_member_name(r, at, "register", DEFINITION_NAME_MAX, &item->reference);
        else if (json_object_get(at->object, "register") != NULL)
                definition_wrong(r, at, "register", "is only for items of type reference");
}

/* What a definition does not say follows in definition_items_classify. The key of another record is never less than internal. */
static void class_get(struct reading *r, const struct place *at, struct item *item)
{
        str word;

        item->classification = ITEM_LABELS;
        if (!definition_member_text(r, at, "classification", 20, false, &word))
                return;
        for (int c = 0; c < ITEM_LABELS; c++)
                if (str_is(word, item_label_name((enum item_label)c)))
                        item->classification = (enum item_label)c;
        if (item->classification == ITEM_LABELS)
                definition_wrong(r, at, "classification", "must be one of: %s", "public contact internal confidential");
        else if (item->type == ITEM_REFERENCE && item->classification < ITEM_INTERNAL)
                definition_wrong(r, at, "classification", "of a reference must be internal or confidential");
}

void definition_items_classify(struct definition *def)
{
        for (size_t i = 0; i < def->item_count; i++) {
                struct item *item = &def->items[i];
                bool contact = item->type == ITEM_EMAIL || item->type == ITEM_TELEPHONE || (item->in_heading && item->type != ITEM_REFERENCE);

                if (item->classification == ITEM_LABELS)
                        item->classification = !item->personal ? ITEM_INTERNAL : contact ? ITEM_CONTACT : ITEM_CONFIDENTIAL;
        }
}

/* Names it had before. That no other item has one of them is looked at when all are read. */
static void formerly_read(struct reading *r, const struct place *at, struct item *item)
{
        definition_member_words(r, at, "formerly", DEFINITION_FORMERLY_MAX, &item->formerly, &item->formerly_count);
        for (size_t i = 0; i < item->formerly_count; i++)
                if (!definition_member_name_valid(item->formerly[i], DEFINITION_ITEM_NAME_MAX) ||
                    definition_member_reserved(reserved_items, COUNT(reserved_items), item->formerly[i]))
                        definition_wrong(r, at, "formerly", "must be a list of names the item had before");
}

static void item_get(struct reading *r, const struct place *at, struct item *item)
{
        json_t *searchable = json_object_get(at->object, "searchable");
        str type = STR_NONE, merge = STR_NONE;

        definition_member_known(r, at, item_members);
        if (definition_member_name(r, at, "name", DEFINITION_ITEM_NAME_MAX, &item->name) &&
            definition_member_reserved(reserved_items, COUNT(reserved_items), item->name))
                definition_wrong(r, at, "name", "\"%.*s\" is a word the house keeps for itself; choose another", STR_ARG(item->name));
        item->type = ITEM_TYPES;
        if (definition_member_text(r, at, "type", 100, true, &type)) {
                for (int t = 0; t < ITEM_TYPES; t++)
                        if (str_is(type, item_type_name((enum item_type)t)))
                                item->type = (enum item_type)t;
                if (item->type == ITEM_TYPES)
                        definition_wrong(r, at, "type", "must be one of: %s",
                                         "text kana email telephone postal_code url integer decimal date datetime boolean choice reference choices "
                                         "account computed file");
        }
        definition_member_title(r, at, "title", DEFINITION_TITLE_MAX, true, item->title);
        definition_member_title(r, at, "help", DEFINITION_HELP_MAX, false, item->help);
        (void)definition_member_text(r, at, "memo", DEFINITION_HELP_MAX, false, &item->memo);
        definition_member_words(r, at, "aliases", DEFINITION_ALIASES_MAX, &item->aliases, &item->alias_count);
        (void)definition_member_text(r, at, "section", 100, false, &item->section);
        definition_member_bool(r, at, "required", &item->required);
        definition_member_bool(r, at, "unique", &item->unique);
        definition_member_bool(r, at, "personal", &item->personal);
        definition_member_bool(r, at, "list", &item->in_list);
        definition_member_bool(r, at, "indexed", &item->indexed);
        definition_member_bool(r, at, "retired", &item->retired);
        formerly_read(r, at, item);
        if (item->retired)
                item->required = false;
        definition_member_bool(r, at, "lines", &item->lines);
        definition_member_bool(r, at, "era", &item->era);
        if (definition_member_text(r, at, "merge", 20, false, &merge) && !str_is(merge, "newest") && !str_is(merge, "strictest"))
                definition_wrong(r, at, "merge", "must be one of: %s", "newest strictest");
        item->strictest = str_is(merge, "strictest");
        item->joined = str_is(json_text(searchable), "joined");
        item->searchable = item->joined || json_is_true(searchable);
        if (searchable != NULL && !item->joined && !json_is_boolean(searchable))
                definition_wrong(r, at, "searchable", "must be true, false or \"joined\"");
        class_get(r, at, item);
        if (item->type == ITEM_TYPES) {
                item->type = ITEM_TEXT;
                return;
        }
        choices_read(r, at, item);
        limits_read(r, at, item);
        scale_read(r, at, item);
        characters_read(r, at, item);
        accept_read(r, at, item);
        if (chosen(item->type) && r->cx->failure.code == RC_OK)
                choices_check(r, at, item);
}

static bool section_known(const struct definition *def, str name)
{
        for (size_t i = 0; i < def->section_count; i++)
                if (str_equal(def->sections[i].name, name))
                        return true;
        return false;
}

/* A name means one item, now and before. */
static void formerly_check(struct reading *r, json_t *list)
{
        const struct definition *def = r->def;

        for (size_t i = 0; i < def->item_count; i++)
                for (size_t k = 0; k < def->items[i].formerly_count; k++) {
                        struct place in = { json_array_get(list, i), str_format(r->cx->mem, "items[%zu]", i) };
                        str name = def->items[i].formerly[k];

                        if (definition_item_ever(def, name) != &def->items[i])
                                definition_wrong(r, &in, "formerly", "\"%.*s\" means the item %.*s already", STR_ARG(name),
                                                 STR_ARG(definition_item_ever(def, name)->name));
                }
}

void definition_items_read(struct reading *r, const struct place *at)
{
        json_t *list = definition_member_array(r, at, "items", DEFINITION_ITEMS_MAX, true);
        struct definition *def = r->def;

        def->items = NEW_ARRAY(r->cx->mem, struct item, list ? json_array_size(list) : 0);
        for (size_t i = 0; list != NULL && i < json_array_size(list); i++) {
                struct item *item = &def->items[def->item_count];
                struct place in;

                item->number = def->item_count;
                if (!definition_member_element(r, at, "items", list, i, &in))
                        continue;
                item_get(r, &in, item);
                item_check(r, &in, item, item->number > 0 ? item - 1 : NULL);
                if (!str_absent(item->section) && !section_known(def, item->section))
                        definition_wrong(r, &in, "section", "there is no section \"%.*s\"", STR_ARG(item->section));
                if (!str_absent(item->name) && definition_item(def, item->name) != NULL)
                        definition_wrong(r, &in, "name", "\"%.*s\" stands here twice", STR_ARG(item->name));
                def->item_count++;
        }
        if (r->cx->failure.code == RC_OK)
                formerly_check(r, list);
}

/* Where the parts of an address go: {prefecture: ITEM, address: ITEM}. */
static void fills_read(struct reading *r, const struct place *at, struct item *item)
{
        json_t *fills = json_object_get(at->object, "fills");
        struct place in = { fills, str_format(r->cx->mem, "%.*s.fills", STR_ARG(at->path)) };

        if (fills == NULL)
                return;
        if (item->type != ITEM_POSTAL_CODE || !json_is_object(fills) || json_object_size(fills) == 0) {
                definition_wrong(r, at, "fills", "is only for items of type postal_code, and names items for prefecture, city, town or address");
                return;
        }
        definition_member_known(r, &in, fill_members);
        for (int i = 0; i < FILLS; i++) {
                const struct item *to;
                str name;

                if (!definition_member_text(r, &in, fill_members[i], DEFINITION_ITEM_NAME_MAX, false, &name))
                        continue;
                to = definition_item(r->def, name);
                if (to == NULL)
                        definition_wrong(r, &in, fill_members[i], "there is no item \"%.*s\"", STR_ARG(name));
                else if (to->type != ITEM_TEXT && to->type != ITEM_CHOICE)
                        definition_wrong(r, &in, fill_members[i], "\"%.*s\" cannot be filled; texts and choices can", STR_ARG(name));
                for (int k = 0; k < i; k++)
                        if (to != NULL && item->fills[k] == to)
                                definition_wrong(r, &in, fill_members[i], "\"%.*s\" stands here twice", STR_ARG(name));
                item->fills[i] = to;
        }
}

const char *definition_items_fill(enum fill part)
{
        return fill_members[part];
}

void definition_items_sentences(struct reading *r, const struct place *at)
{
        json_t *list = json_object_get(at->object, "items");

        for (size_t i = 0; i < r->def->item_count; i++) {
                struct place in;

                if (definition_member_element(r, at, "items", list, i, &in)) {
                        definition_sentence_read(r, &in, &r->def->items[i]);
                        fills_read(r, &in, &r->def->items[i]);
                }
        }
}
