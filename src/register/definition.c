/* definition.c - see definition.h. First reading and checking, then the definitions this process remembers, then
 * models.
 *
 * Reading goes on after a mistake, so that all of them are told at once. How to add a member: a line in item_members
 * (or the others), a field in struct item, its check in item_check. */
#include "base/house.h"

#include "register/definition.h"

#include "base/buf.h"
#include "base/fail.h"
#include "base/utf8.h"
#include "base/yaml.h"
#include "identity/permission.h"
#include "register/definition.sql.h"
#include "register/item.h"

struct reading {
        struct cx *cx;
        const struct yaml_lines *lines; /* NULL: JSON, told by path */
        struct definition *def;
};

/* One JSON object being read, and its path: "items[3]". */
struct place {
        json_t *object;
        str path;
};

/* Telling mistakes
 * --------------------------------------------------------------------------------------------------------------------------
 */

static const char *path_of(struct reading *r, const struct place *at, const char *member)
{
        if (member == NULL)
                return at->path.n > 0 ? str_z(r->cx->mem, at->path) : NULL;
        if (at->path.n == 0)
                return member;
        return str_format(r->cx->mem, "%.*s.%s", STR_ARG(at->path), member).p;
}

static int64_t line_of(struct reading *r, const struct place *at, const char *member)
{
        return r->lines ? yaml_line(r->lines, at->object, member) : 0;
}

#define wrong(r, at, member, ...) (void)fail_line((r)->cx, RC_INVALID, line_of((r), (at), (member)), path_of((r), (at), (member)), __VA_ARGS__)

/* Members
 * -----------------------------------------------------------------------------------------------------------------------------------
 */

static const char *const register_members[] = { "name", "kind", "title", "description", "key", "master", "heading", "sections", "items", NULL };
static const char *const section_members[] = { "name", "title", NULL };
static const char *const langs[] = { "ja", "en", NULL };
static const char *const choice_members[] = { "value", "title", "aliases", NULL };
static const char *const item_members[] = { "name",       "type", "title",   "help",  "memo", "aliases", "section", "required", "unique", "personal",
                                            "searchable", "list", "indexed", "lines", "min",  "max",     "choices", "register", NULL };

static const char *words_join(struct cx *cx, const char *const *words)
{
        struct buf b = buf_open(cx->mem, KB(1));

        for (size_t i = 0; words[i] != NULL; i++) {
                if (i > 0)
                        buf_char(&b, ' ');
                buf_add(&b, str_of(words[i]));
        }
        return str_z(cx->mem, buf_str(&b));
}

static void members_check(struct reading *r, const struct place *at, const char *const *known)
{
        const char *name;
        json_t *value;

        json_object_foreach(at->object, name, value) {
                size_t i = 0;

                while (known[i] != NULL && strcmp(known[i], name) != 0)
                        i++;
                if (known[i] == NULL)
                        wrong(r, at, arena_copy(r->cx->mem, name, strlen(name) + 1), "there is no such member; known are: %s",
                              words_join(r->cx, known));
        }
}

/* A text of at most `max` characters; false when it is missing (told when needed) or wrong (told). */
static bool text_get(struct reading *r, const struct place *at, const char *member, size_t max, bool needed, str *ret)
{
        json_t *v = json_object_get(at->object, member);
        str s;

        if (v == NULL || json_is_null(v)) {
                if (needed)
                        wrong(r, at, member, "must not be empty");
                return false;
        }
        if (json_is_integer(v)) /* a choice written 1 */
                s = str_format(r->cx->mem, "%" PRId64, (int64_t)json_integer_value(v));
        else
                s = str_copy(r->cx->mem, str_trim(json_text(v)));
        if (!json_is_string(v) && !json_is_integer(v))
                wrong(r, at, member, "must be a text");
        else if (s.n == 0 && needed)
                wrong(r, at, member, "must not be empty");
        else if (!utf8_valid(s) || text_control(s, true) < s.n)
                wrong(r, at, member, "must not hold control characters");
        else if (utf8_length(s) > max)
                wrong(r, at, member, "must be at most %zu characters long", max);
        else if (s.n > 0) {
                *ret = s;
                return true;
        }
        return false;
}

static bool name_valid(str s, size_t max)
{
        if (s.n == 0 || s.n > max || s.p[0] < 'a' || s.p[0] > 'z')
                return false;
        for (size_t i = 0; i < s.n; i++)
                if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '_'))
                        return false;
        return true;
}

static bool name_get(struct reading *r, const struct place *at, const char *member, size_t max, str *ret)
{
        str s;

        if (!text_get(r, at, member, 100, true, &s))
                return false;
        if (!name_valid(s, max)) {
                wrong(r, at, member, "must be a lower-case letter followed by letters a-z, digits and _, at most %zu in all", max);
                return false;
        }
        *ret = s;
        return true;
}

/* "顧客", or {ja: 顧客, en: Customers}; one language alone serves for both. */
static void title_get(struct reading *r, const struct place *at, const char *member, size_t max, bool needed, str ret[2])
{
        json_t *v = json_object_get(at->object, member);
        struct place in = { v, str_of(path_of(r, at, member)) };

        if (!json_is_object(v)) {
                if (text_get(r, at, member, max, needed, &ret[LANG_JA]))
                        ret[LANG_EN] = ret[LANG_JA];
                return;
        }
        members_check(r, &in, langs);
        for (int l = 0; l < LANG_END; l++)
                text_get(r, &in, langs[l], max, false, &ret[l]);
        for (int l = 0; l < LANG_END; l++)
                if (str_absent(ret[l]))
                        ret[l] = ret[!l];
        if (needed && str_absent(ret[LANG_JA]))
                wrong(r, at, member, "must not be empty");
}

static void bool_get(struct reading *r, const struct place *at, const char *member, bool *ret)
{
        json_t *v = json_object_get(at->object, member);

        if (v != NULL && !json_is_boolean(v))
                wrong(r, at, member, "must be true or false");
        else
                *ret = json_is_true(v);
}

static bool int_get(struct reading *r, const struct place *at, const char *member, int64_t *ret)
{
        json_t *v = json_object_get(at->object, member);

        if (v == NULL)
                return false;
        if (!json_is_integer(v)) {
                wrong(r, at, member, "must be a whole number");
                return false;
        }
        *ret = json_integer_value(v);
        return true;
}

/* An array of at most `max`; NULL when missing or wrong. */
static json_t *array_get(struct reading *r, const struct place *at, const char *member, size_t max, bool needed)
{
        json_t *v = json_object_get(at->object, member);

        if (v == NULL && !needed)
                return NULL;
        if (!json_is_array(v))
                wrong(r, at, member, "must be a list");
        else if (json_array_size(v) > max)
                wrong(r, at, member, "must have at most %zu entries", max);
        else if (needed && json_array_size(v) == 0)
                wrong(r, at, member, "must not be empty");
        else
                return v;
        return NULL;
}

/* Element i of a list as a place; false (told) when it is not an object. */
static bool element_get(struct reading *r, const struct place *at, const char *member, json_t *list, size_t i, struct place *ret)
{
        ret->object = json_array_get(list, i);
        ret->path = str_format(r->cx->mem, "%s[%zu]", path_of(r, at, member), i);
        if (json_is_object(ret->object))
                return true;
        (void)fail_line(r->cx, RC_INVALID, r->lines ? yaml_line_at(r->lines, list, i) : 0, ret->path.p, "must be an object with members");
        return false;
}

/* A list of texts. */
static void words_get(struct reading *r, const struct place *at, const char *member, size_t count_max, str **ret, size_t *ret_count)
{
        json_t *list = array_get(r, at, member, count_max, false);

        *ret = NEW_ARRAY(r->cx->mem, str, list ? json_array_size(list) : 0);
        for (size_t i = 0; list != NULL && i < json_array_size(list); i++) {
                str s = str_trim(json_text(json_array_get(list, i)));

                if (json_is_integer(json_array_get(list, i)))
                        s = str_format(r->cx->mem, "%" PRId64, (int64_t)json_integer_value(json_array_get(list, i)));
                if (s.n == 0 || !utf8_valid(s) || text_control(s, false) < s.n || utf8_length(s) > DEFINITION_TITLE_MAX) {
                        wrong(r, at, member, "must be texts of 1 to %d characters", DEFINITION_TITLE_MAX);
                        return;
                }
                (*ret)[(*ret_count)++] = str_copy(r->cx->mem, s);
        }
}

/* Items
 * ---------------------------------------------------------------------------------------------------------------------------------------
 */

/* Columns of the table, members of conditions, and what PostgreSQL keeps for itself. */
static const char *const reserved_items[] = { "id",          "version", "created_at", "created_by", "updated_at", "updated_by", "origin",
                                              "search_text", "all",     "any",        "none",       "history",    "heading",    "masked",
                                              "tableoid",    "xmin",    "cmin",       "xmax",       "cmax",       "ctid" };
/* Kinds of subjects in the operation log. */
static const char *const reserved_registers[] = { "account", "accounts", "group",    "groups",    "key",     "keys",   "job",
                                                  "jobs",    "log",      "register", "registers", "session", "tenant", "summary" };

static bool reserved(const char *const *words, size_t count, str name)
{
        for (size_t i = 0; i < count; i++)
                if (str_is(name, words[i]))
                        return true;
        return false;
}

static bool textual(enum item_type type)
{
        return type == ITEM_TEXT || type == ITEM_KANA || type == ITEM_EMAIL || type == ITEM_TELEPHONE || type == ITEM_POSTAL_CODE;
}

static void limits_read(struct reading *r, const struct place *at, struct item *item)
{
        bool number = item->type == ITEM_INTEGER, counted = item->type == ITEM_TEXT || item->type == ITEM_KANA;
        bool has_min, has_max;

        item->min = number ? -999999999999999 : 0;
        item->max = number ? 999999999999999 : item->lines ? 10000 : counted ? 1000 : 300;
        has_min = int_get(r, at, "min", &item->min);
        has_max = int_get(r, at, "max", &item->max);
        if ((has_min || has_max) && !number && !counted)
                wrong(r, at, has_min ? "min" : "max", "is only for items of type text, kana and integer");
        else if (item->min > item->max)
                wrong(r, at, "max", "must not be less than min");
        else if (counted && (item->min < 0 || item->max < 1 || item->max > ITEM_CHARS_MAX))
                wrong(r, at, "max", "must be between 1 and %d characters", ITEM_CHARS_MAX);
        else if (number && (item->min < -999999999999999 || item->max > 999999999999999))
                wrong(r, at, "max", "must have at most 15 digits");
        else if (counted && item->unique && item->max > 500)
                item->max = has_max ? item->max : 500;
        if (counted && (item->unique || item->indexed) && item->max > 500)
                wrong(r, at, "max", "of an item that is unique or indexed must be at most %d characters", 500);
}

static void choices_read(struct reading *r, const struct place *at, struct item *item)
{
        json_t *list = array_get(r, at, "choices", DEFINITION_CHOICES_MAX, item->type == ITEM_CHOICE);

        if (list == NULL)
                return;
        if (item->type != ITEM_CHOICE) {
                wrong(r, at, "choices", "is only for items of type choice");
                return;
        }
        item->choices = NEW_ARRAY(r->cx->mem, struct choice, json_array_size(list));
        for (size_t i = 0; i < json_array_size(list); i++) {
                struct choice *c = &item->choices[item->choice_count];
                struct place in;

                if (json_is_string(json_array_get(list, i))) {
                        str s = str_trim(json_text(json_array_get(list, i)));

                        in = (struct place){ list, str_format(r->cx->mem, "%s[%zu]", path_of(r, at, "choices"), i) };
                        if (s.n == 0 || !utf8_valid(s) || text_control(s, false) < s.n || utf8_length(s) > DEFINITION_TITLE_MAX) {
                                wrong(r, at, "choices", "must be texts of 1 to %d characters", DEFINITION_TITLE_MAX);
                                return;
                        }
                        c->value = c->title[0] = c->title[1] = str_copy(r->cx->mem, s);
                } else if (element_get(r, at, "choices", list, i, &in)) {
                        members_check(r, &in, choice_members);
                        if (!text_get(r, &in, "value", DEFINITION_TITLE_MAX, true, &c->value))
                                continue;
                        title_get(r, &in, "title", DEFINITION_TITLE_MAX, false, c->title);
                        for (int l = 0; l < LANG_END; l++)
                                if (str_absent(c->title[l]))
                                        c->title[l] = c->value;
                        words_get(r, &in, "aliases", DEFINITION_ALIASES_MAX, &c->aliases, &c->alias_count);
                } else {
                        continue;
                }
                for (size_t j = 0; j < item->choice_count; j++)
                        if (str_equal(item->choices[j].value, c->value))
                                wrong(r, at, "choices", "\"%.*s\" stands here twice", STR_ARG(c->value));
                item->choice_count++;
        }
}

/* Two choices that files would write the same way. */
static void choices_check(struct reading *r, const struct place *at, struct item *item)
{
        item_prepare(r->cx->mem, item);
        for (size_t i = 0; i < item->choice_count; i++) {
                const struct choice *c = &item->choices[i];

                for (size_t w = 0; w < 3 + c->alias_count; w++) {
                        str word = w == 0 ? c->value : w < 3 ? c->title[w - 1] : c->aliases[w - 3];

                        if (item_choice(r->cx->mem, item, word) != c || item_choice(r->cx->mem, item, item_plain(r->cx->mem, word)) != c) {
                                wrong(r, at, "choices", "\"%.*s\" could mean two of them", STR_ARG(word));
                                return;
                        }
                }
        }
}

static void item_check(struct reading *r, const struct place *at, struct item *item, const struct item *before)
{
        if (item->lines && item->type != ITEM_TEXT)
                wrong(r, at, "lines", "is only for items of type text");
        if (item->unique && (item->type == ITEM_BOOLEAN || item->type == ITEM_CHOICE || item->lines))
                wrong(r, at, "unique", "is not for this type of item");
        if (item->searchable && !textual(item->type) && item->type != ITEM_CHOICE)
                wrong(r, at, "searchable", "is only for items that hold text");
        if (item->joined && (before == NULL || before->number + 1 != item->number || !before->searchable))
                wrong(r, at, "searchable", "can be \"joined\" only right after another searchable item");
        if (item->type == ITEM_REFERENCE)
                (void)name_get(r, at, "register", DEFINITION_NAME_MAX, &item->reference);
        else if (json_object_get(at->object, "register") != NULL)
                wrong(r, at, "register", "is only for items of type reference");
}

static void item_get(struct reading *r, const struct place *at, struct item *item)
{
        json_t *searchable = json_object_get(at->object, "searchable");
        str type = STR_NONE;

        members_check(r, at, item_members);
        if (name_get(r, at, "name", DEFINITION_ITEM_NAME_MAX, &item->name) && reserved(reserved_items, COUNT(reserved_items), item->name))
                wrong(r, at, "name", "\"%.*s\" is a word the house keeps for itself; choose another", STR_ARG(item->name));
        item->type = ITEM_TYPES;
        if (text_get(r, at, "type", 100, true, &type)) {
                for (int t = 0; t < ITEM_TYPES; t++)
                        if (str_is(type, item_type_name((enum item_type)t)))
                                item->type = (enum item_type)t;
                if (item->type == ITEM_TYPES)
                        wrong(r, at, "type", "must be one of: %s", "text kana email telephone postal_code integer date boolean choice reference");
        }
        title_get(r, at, "title", DEFINITION_TITLE_MAX, true, item->title);
        title_get(r, at, "help", DEFINITION_HELP_MAX, false, item->help);
        (void)text_get(r, at, "memo", DEFINITION_HELP_MAX, false, &item->memo);
        words_get(r, at, "aliases", DEFINITION_ALIASES_MAX, &item->aliases, &item->alias_count);
        (void)text_get(r, at, "section", 100, false, &item->section);
        bool_get(r, at, "required", &item->required);
        bool_get(r, at, "unique", &item->unique);
        bool_get(r, at, "personal", &item->personal);
        bool_get(r, at, "list", &item->in_list);
        bool_get(r, at, "indexed", &item->indexed);
        bool_get(r, at, "lines", &item->lines);
        item->joined = str_is(json_text(searchable), "joined");
        item->searchable = item->joined || json_is_true(searchable);
        if (searchable != NULL && !item->joined && !json_is_boolean(searchable))
                wrong(r, at, "searchable", "must be true, false or \"joined\"");
        if (item->type == ITEM_TYPES) {
                item->type = ITEM_TEXT;
                return;
        }
        limits_read(r, at, item);
        choices_read(r, at, item);
        if (item->type == ITEM_CHOICE && r->cx->failure.code == RC_OK)
                choices_check(r, at, item);
}

/* The whole
 * -----------------------------------------------------------------------------------------------------------------------------------
 */

static void sections_get(struct reading *r, const struct place *at)
{
        json_t *list = array_get(r, at, "sections", DEFINITION_SECTIONS_MAX, false);

        r->def->sections = NEW_ARRAY(r->cx->mem, struct section, list ? json_array_size(list) : 0);
        for (size_t i = 0; list != NULL && i < json_array_size(list); i++) {
                struct section *s = &r->def->sections[r->def->section_count];
                struct place in;

                if (!element_get(r, at, "sections", list, i, &in))
                        continue;
                members_check(r, &in, section_members);
                title_get(r, &in, "title", DEFINITION_TITLE_MAX, true, s->title);
                if (!name_get(r, &in, "name", DEFINITION_ITEM_NAME_MAX, &s->name))
                        continue;
                for (size_t j = 0; j < r->def->section_count; j++)
                        if (str_equal(r->def->sections[j].name, s->name))
                                wrong(r, &in, "name", "\"%.*s\" stands here twice", STR_ARG(s->name));
                r->def->section_count++;
        }
}

static bool section_known(const struct definition *def, str name)
{
        for (size_t i = 0; i < def->section_count; i++)
                if (str_equal(def->sections[i].name, name))
                        return true;
        return false;
}

static void items_get(struct reading *r, const struct place *at)
{
        json_t *list = array_get(r, at, "items", DEFINITION_ITEMS_MAX, true);
        struct definition *def = r->def;

        def->items = NEW_ARRAY(r->cx->mem, struct item, list ? json_array_size(list) : 0);
        for (size_t i = 0; list != NULL && i < json_array_size(list); i++) {
                struct item *item = &def->items[def->item_count];
                struct place in;

                item->number = def->item_count;
                if (!element_get(r, at, "items", list, i, &in))
                        continue;
                item_get(r, &in, item);
                item_check(r, &in, item, item->number > 0 ? item - 1 : NULL);
                if (!str_absent(item->section) && !section_known(def, item->section))
                        wrong(r, &in, "section", "there is no section \"%.*s\"", STR_ARG(item->section));
                if (!str_absent(item->name) && definition_item(def, item->name) != NULL)
                        wrong(r, &in, "name", "\"%.*s\" stands here twice", STR_ARG(item->name));
                def->item_count++;
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

        if (text_get(r, at, "key", 100, false, &s)) {
                def->key = definition_item(def, s);
                if (def->key == NULL)
                        wrong(r, at, "key", "there is no item \"%.*s\"", STR_ARG(s));
                else if (!def->key->unique || !def->key->required)
                        wrong(r, at, "key", "must be an item that is required and unique");
        }
        if (def->kind == REGISTER_HISTORY) {
                if (text_get(r, at, "master", 100, true, &s)) {
                        def->master = definition_item(def, s);
                        if (def->master == NULL)
                                wrong(r, at, "master", "there is no item \"%.*s\"", STR_ARG(s));
                        else if (def->master->type != ITEM_REFERENCE)
                                wrong(r, at, "master", "must be an item of type reference");
                }
        } else if (json_object_get(at->object, "master") != NULL) {
                wrong(r, at, "master", "is only for registers of kind history");
        }
        if (heading == NULL)
                heading = json_pack("[s%]", def->items[0].name.p, def->items[0].name.n);
        if (!json_is_array(heading) || json_array_size(heading) == 0 || json_array_size(heading) > 5) {
                wrong(r, at, "heading", "must be a list of 1 to 5 names of items");
                return;
        }
        def->heading = NEW_ARRAY(r->cx->mem, const struct item *, json_array_size(heading));
        for (size_t i = 0; i < json_array_size(heading); i++) {
                const struct item *item = definition_item(def, json_text(json_array_get(heading, i)));

                if (item == NULL)
                        wrong(r, at, "heading", "must be a list of 1 to 5 names of items");
                else
                        def->heading[def->heading_count++] = item;
                if (item != NULL)
                        def->items[item->number].in_heading = true;
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
        members_check(&r, &at, register_members);
        if (name_get(&r, &at, "name", DEFINITION_NAME_MAX, &def->name) && reserved(reserved_registers, COUNT(reserved_registers), def->name))
                wrong(&r, &at, "name", "\"%.*s\" is a word the house keeps for itself; choose another", STR_ARG(def->name));
        if (text_get(&r, &at, "kind", 20, false, &kind)) {
                def->kind = str_is(kind, "history") ? REGISTER_HISTORY : REGISTER_MASTER;
                if (!str_is(kind, "history") && !str_is(kind, "master"))
                        wrong(&r, &at, "kind", "must be one of: %s", "master history");
        }
        title_get(&r, &at, "title", DEFINITION_TITLE_MAX, true, def->title);
        title_get(&r, &at, "description", DEFINITION_HELP_MAX, false, def->description);
        sections_get(&r, &at);
        items_get(&r, &at);
        if (cx->failure.code == RC_OK)
                roles_get(&r, &at);
        if (cx->failure.code == RC_OK)
                headings_check(&r, &at);
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

        if (!name_valid(name, DEFINITION_NAME_MAX))
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

const struct item *definition_heading(const struct definition *def, str heading)
{
        struct arena *mem = arena_open(MB(1));
        str plain = item_plain(mem, utf8_head(heading, 200));
        const struct item *found = NULL;

        for (size_t i = 0; i < def->item_count && found == NULL; i++) {
                const struct item *item = &def->items[i];

                for (size_t w = 0; w < 3 + item->alias_count && found == NULL; w++) {
                        struct arena_mark mark = arena_mark(mem);
                        str word = w == 0 ? item->name : w < 3 ? item->title[w - 1] : item->aliases[w - 3];

                        if (plain.n > 0 && str_equal(plain, item_plain(mem, word)))
                                found = item;
                        arena_rewind(mem, mark);
                }
        }
        arena_close(mem);
        return found;
}

/* Models
 * -----------------------------------------------------------------------------------------------------------------------------------------
 */

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
        json_set(m, "masked", json_boolean(item->personal && cx->masked));
        json_set(m, "searchable", json_boolean(item->searchable));
        json_set(m, "list", json_boolean(item->in_list));
        json_set(m, "lines", json_boolean(item->lines));
        if (item->type == ITEM_TEXT || item->type == ITEM_KANA || item->type == ITEM_INTEGER) {
                json_set(m, "min", json_integer(item->min));
                json_set(m, "max", json_integer(item->max));
        }
        if (item->type == ITEM_CHOICE)
                json_set(m, "choices", choices_model(cx, item));
        if (item->type == ITEM_REFERENCE)
                json_set(m, "register", permission_hidden(cx, item->reference) ? json_null() : json_str(item->reference));
        return m;
}

json_t *definition_model(struct cx *cx, const struct definition *def)
{
        json_t *m = json_object(), *items = json_array(), *sections = json_array(), *heading = json_array();

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
        json_set(m, "kind", json_string(def->kind == REGISTER_HISTORY ? "history" : "master"));
        json_set(m, "version", json_integer(def->version));
        json_set(m, "key", def->key ? json_str(def->key->name) : json_null());
        if (def->master != NULL)
                json_set(m, "master", json_str(def->master->name));
        json_set(m, "heading", heading);
        json_set(m, "sections", sections);
        json_set(m, "items", items);
        return m;
}

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

        TRY(sql_definition_rows(cx, &rows, &count));
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
