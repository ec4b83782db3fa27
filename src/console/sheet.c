/* sheet.c - see sheet.h. What may be seen is decided by the database; an item left out of the record because of
 * `masked` is shown as such. */
#include "base/house.h"

#include "console/sheet.h"

#include "base/buf.h"
#include "base/fail.h"
#include "base/utf8.h"
#include "console/dress.h"
#include "identity/permission.h"
#include "page/page.h"
#include "register/definition.h"
#include "register/definition_items.h"
#include "register/item.h"
#include "register/item_account.h"
#include "register/item_choice.h"
#include "register/item_choices.h"
#include "register/item_class.h"
#include "register/move_rule.h"
#include "register/record.h"
#include "register/record_model.h"

struct sheet {
        const struct definition *def;
        const struct http_req *req;
        json_t *context;
};

static void add(json_t *list, json_t *value)
{
        must(json_array_append_new(list, value) == 0);
}

static bool masked(const struct cx *cx, const struct item *item)
{
        return item->personal && cx->masked;
}

static bool is_number(const struct item *item)
{
        return item->type == ITEM_INTEGER || item->type == ITEM_DECIMAL;
}

/* Value of the API model back to the text it is stored as; absent: empty. */
static str stored(struct cx *cx, const json_t *value)
{
        if (json_is_string(value))
                return json_text(value);
        if (json_is_integer(value))
                return str_format(cx->mem, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        if (json_is_boolean(value))
                return json_is_true(value) ? S("t") : S("f");
        if (json_is_array(value))
                return item_choices_of_json(cx->mem, value);
        return STR_NONE;
}

/* A reference may be an id or an object {id, title}. */
static str shown(struct cx *cx, const struct item *item, const json_t *value)
{
        if (json_is_true(json_object_get(value, "masked")))
                return S("");
        if (json_is_object(value)) {
                str title = json_get_text(value, item->type == ITEM_FILE ? "name" : "heading");

                return str_absent(title) || title.n == 0 ? stored(cx, json_object_get(value, "id")) : title;
        }
        return str_absent(stored(cx, value)) ? S("") : item_show(cx->mem, cx->lang, item, stored(cx, value));
}

static const json_t *value_of(const json_t *record, const struct item *item)
{
        const json_t *values = json_object_get(record, "values");

        return json_object_get(json_is_object(values) ? values : record, str_z(arena_current, item->name));
}

static bool in_heading(const struct definition *def, const struct item *item)
{
        for (size_t i = 0; i < def->heading_count; i++)
                if (def->heading[i] == item)
                        return true;
        return false;
}

/* "佐藤 美咲"; when it is empty or may not be seen: "123". */
static str heading(struct cx *cx, const struct definition *def, const json_t *record)
{
        struct buf b = buf_open(cx->mem, KB(8));

        for (size_t i = 0; i < def->heading_count; i++) {
                str text = masked(cx, def->heading[i]) ? S("") : shown(cx, def->heading[i], value_of(record, def->heading[i]));

                if (text.n > 0 && b.n > 0)
                        buf_char(&b, ' ');
                buf_add(&b, text);
        }
        return b.n > 0 ? buf_str(&b) : str_format(cx->mem, "No. %" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(record, "id")));
}

static json_t *cell(struct cx *cx, const struct item *item, const json_t *record)
{
        json_t *m = json_object();

        (void)json_set(m, "name", json_str(item->name));
        (void)json_set(m, "title", json_str(item->title[cx->lang]));
        (void)json_set(m, "is_number", json_boolean(is_number(item)));
        (void)json_set(m, "is_wide", json_boolean(item->type == ITEM_EMAIL || item->lines));
        (void)json_set(m, "masked", json_boolean(masked(cx, item)));
        (void)json_set(m, "text", json_str(masked(cx, item) ? S("") : shown(cx, item, value_of(record, item))));
        return m;
}

/* A row of a list is no place for a whole letter. */
static json_t *cell_short(struct cx *cx, const struct item *item, const json_t *record)
{
        enum { LIST_CHARS = 120 };
        json_t *m = cell(cx, item, record);
        str text = json_get_text(m, "text"), head = item->lines ? utf8_head(text, LIST_CHARS) : text;

        if (head.n < text.n)
                (void)json_set(m, "text", json_str(str_format(cx->mem, "%.*s…", STR_ARG(head))));
        return m;
}

/* Lists --------------------------------------------------------------------------------------------------------- */

static bool is_column(const struct definition *def, const struct item *item)
{
        return item->in_list && !in_heading(def, item);
}

/* Sorting as the handler offers it: sorts {ITEM: {query, is_sorted, is_descending}}. */
static json_t *column(struct cx *cx, const struct item *item, const json_t *sorts)
{
        json_t *m = cell(cx, item, NULL), *sort = json_object_get(sorts, str_z(cx->mem, item->name));

        if (json_is_object(sort))
                (void)json_set(m, "sort", sort);
        return m;
}

static json_t *columns_model(struct cx *cx, const struct definition *def, const json_t *sorts)
{
        json_t *list = json_array();

        for (size_t i = 0; i < def->item_count; i++)
                if (is_column(def, &def->items[i]))
                        add(list, column(cx, &def->items[i], sorts));
        return list;
}

static void records_dress(struct cx *cx, const struct definition *def, json_t *records)
{
        size_t i;
        json_t *record;

        json_array_foreach(records, i, record) {
                json_t *cells = json_array();

                for (size_t k = 0; k < def->item_count; k++)
                        if (is_column(def, &def->items[k]))
                                add(cells, cell_short(cx, &def->items[k], record));
                (void)json_set(record, "heading_text", json_str(heading(cx, def, record)));
                (void)json_set(record, "cells", cells);
        }
}

/* The column that names a record: "名前" of a person; the titles of its items for an entry of a history. */
static str heading_title(struct cx *cx, const struct definition *def)
{
        struct buf b = buf_open(cx->mem, KB(4));

        if (def->heading_count != 1 && def->kind == REGISTER_MASTER)
                return page_text(cx->lang, "records.name");
        for (size_t i = 0; i < def->heading_count; i++) {
                if (i > 0)
                        buf_char(&b, ' ');
                buf_add(&b, def->heading[i]->title[cx->lang]);
        }
        return buf_str(&b);
}

static void count_dress(struct cx *cx, json_t *count)
{
        static const char *const kinds[] = { "exact", "about", "at_least" };

        for (size_t i = 0; json_is_object(count) && i < COUNT(kinds); i++) {
                const json_t *n = json_object_get(count, kinds[i]);

                if (!json_is_integer(n))
                        continue;
                (void)json_set(count, str_format(cx->mem, "is_%s", kinds[i]).p, json_true());
                (void)json_set(count, "text", json_str(dress_number(cx->mem, json_integer_value(n))));
        }
}

static void query_set(struct cx *cx, const struct sheet *s, const char *member, const char *const *without, const char *name, str value)
{
        (void)json_set(s->context, member, json_str(dress_query(cx, s->req, without, name, value)));
}

static void filter_dress(struct cx *cx, const struct sheet *s)
{
        static const char *const paging[] = { "after", "shown", "count", "build", NULL }, *const no_q[] = { "after", "shown", "count", "q", NULL },
                                 *const no_condition[] = { "after", "shown", "count", "condition", "build", NULL };
        json_t *condition = json_object_get(s->context, "condition");
        str q = http_query(s->req, "q"), given = http_query(s->req, "condition"), export;
        bool has_q = !str_absent(q) && q.n > 0, has_condition = json_is_object(condition) && json_object_size(condition) > 0;

        if (has_q)
                (void)json_set(s->context, "q", json_str(q));
        if (has_condition)
                (void)json_set(s->context, "condition_text", json_str(json_write(cx->mem, condition)));
        else if (!str_absent(given) && given.n > 0)
                (void)json_set(s->context, "condition_text", json_str(given));
        (void)json_set(s->context, "filtered", json_boolean(has_q || has_condition));
        (void)json_set(s->context, "building", json_boolean(str_is(http_query(s->req, "build"), "1")));
        query_set(cx, s, "build_query", paging, "build", S("1"));
        query_set(cx, s, "plain_query", paging, NULL, S(""));
        query_set(cx, s, "count_query", paging, "count", S("exact"));
        query_set(cx, s, "without_q", no_q, NULL, S(""));
        query_set(cx, s, "without_condition", no_condition, NULL, S(""));
        export = dress_query(cx, s->req, paging, NULL, S(""));
        (void)json_set(s->context, "may_save", json_boolean(has_condition && !cx->masked));
        if (has_condition) {
                struct buf query = buf_open(cx->mem, KB(128));

                buf_url(&query, json_write(cx->mem, condition));
                (void)json_set(s->context, "save_query", json_str(buf_str(&query)));
        }
        (void)json_set(s->context, "export_query", json_str(export.n > 0 ? str_format(cx->mem, "?%.*s", STR_ARG(export)) : S("")));
        if (json_is_object(json_object_get(s->context, "frame")) && json_object_get(s->context, "condition_text"))
                (void)json_set(json_object_get(json_object_get(s->context, "frame"), "search"), "condition_text",
                               json_object_get(s->context, "condition_text"));
}

/* One record ---------------------------------------------------------------------------------------------------- */

static void link_add(struct cx *cx, json_t *m, const struct item *item, const json_t *value)
{
        str text = stored(cx, value);

        if (item->type == ITEM_FILE && json_is_object(value)) {
                (void)json_set(m, "href", json_str(str_format(cx->mem, "#file-%.*s", STR_ARG(item->name))));
        } else if (item->type == ITEM_REFERENCE) {
                const json_t *id = json_is_object(value) ? json_object_get(value, "id") : value;

                if (json_is_integer(id) && !permission_hidden(cx, item->reference))
                        (void)json_set(m, "href",
                                       json_str(str_format(cx->mem, "/registers/%.*s/records/%" JSON_INTEGER_FORMAT, STR_ARG(item->reference),
                                                           json_integer_value(id))));
        } else if (item->type == ITEM_EMAIL && text.n > 0) {
                (void)json_set(m, "href", json_str(str_format(cx->mem, "mailto:%.*s", STR_ARG(text))));
        } else if (item->type == ITEM_URL && text.n > 0) {
                (void)json_set(m, "href", json_str(text));
                (void)json_set(m, "outside", json_true());
        } else if (item->type == ITEM_TELEPHONE && text.n > 0) {
                (void)json_set(m, "href", json_str(str_format(cx->mem, "tel:%.*s", STR_ARG(text))));
        }
}

static json_t *value_model(struct cx *cx, const struct item *item, const json_t *record)
{
        json_t *m = cell(cx, item, record);

        if (!masked(cx, item))
                link_add(cx, m, item, value_of(record, item));
        return m;
}

/* What HTML wants to know of a type. */
static const struct {
        const char *input, *mode;
        bool narrow;
} inputs[ITEM_TYPES] = {
        [ITEM_TEXT] = { "text", NULL, false },
        [ITEM_KANA] = { "text", NULL, false },
        [ITEM_EMAIL] = { "email", "email", false },
        [ITEM_TELEPHONE] = { "tel", "tel", false },
        [ITEM_POSTAL_CODE] = { "text", "numeric", true },
        [ITEM_URL] = { "url", "url", false },
        [ITEM_INTEGER] = { "text", "numeric", true },
        [ITEM_DECIMAL] = { "text", "decimal", true },
        [ITEM_DATE] = { "date", NULL, true },
        [ITEM_DATETIME] = { "datetime-local", NULL, true },
        [ITEM_REFERENCE] = { "text", NULL, false },
        [ITEM_FILE] = { "text", NULL, false },
};

/* As tick boxes; a value that the definition no longer has can only be taken away. */
static json_t *boxes(struct cx *cx, const struct item *item, str held)
{
        const json_t *values = str_absent(held) ? json_array() : item_choices_json(held);
        json_t *list = json_array(), *value;
        size_t k;

        for (size_t i = 0; i < item->choice_count; i++) {
                json_t *m = json_object();

                (void)json_set(m, "value", json_str(item->choices[i].value));
                (void)json_set(m, "title", json_str(item->choices[i].title[cx->lang]));
                (void)json_set(m, "selected", json_boolean(!str_absent(held) && item_choices_hold(held, item->choices[i].value)));
                add(list, m);
        }
        json_array_foreach((json_t *)(uintptr_t)values, k, value)
                if (item_choice(cx->mem, item, json_text(value)) == NULL) {
                        json_t *m = json_set(json_set(json_object(), "value", value), "title", value);

                        add(list, json_set(m, "selected", json_true()));
                }
        return list;
}

static json_t *options(struct cx *cx, const struct item *item, str value)
{
        json_t *list = json_array();

        for (size_t i = 0; i < item->choice_count; i++) {
                json_t *m = json_object();

                (void)json_set(m, "value", json_str(item->choices[i].value));
                (void)json_set(m, "title", json_str(item->choices[i].title[cx->lang]));
                (void)json_set(m, "selected", json_boolean(str_equal(item->choices[i].value, value)));
                add(list, m);
        }
        return list;
}

/* The ids of the sentences under a field. */
static void described_by(struct cx *cx, json_t *m, const struct item *item)
{
        bool help = !str_absent(item->help[cx->lang]), characters = item->characters != 0;

        if (help || characters)
                (void)json_set(
                    m, "described",
                    json_str(str_format(cx->mem, "%s%.*s%s%s%.*s", help ? "h-" : "", help ? (int)item->name.n : 0, item->name.p,
                                        help && characters ? " " : "", characters ? "k-" : "", characters ? (int)item->name.n : 0, item->name.p)));
}

/* A reference to a look-up list is chosen by its key: `picker` is where the choices come from, `picked` what the entry is called. */
static void picker_add(struct cx *cx, json_t *m, const struct item *item, str *value)
{
        const struct definition *to;
        struct record *rec;
        json_t *headings;
        int64_t id;

        if (item->type != ITEM_REFERENCE || !permission_held_for(cx, PERM_RECORD_READ, item->reference) || cx->failure.code != RC_OK)
                return;
        if (definition_get(cx, item->reference, &to) != RC_OK || to->kind != REGISTER_REFERENCE) {
                fail_clear(cx);
                return;
        }
        (void)json_set(m, "picker", json_str(str_format(cx->mem, "/api/v1/registers/%.*s/choices", STR_ARG(to->name))));
        if (str_absent(*value) || !str_int(*value, &id))
                return;
        if (record_get(cx, to->name, id, &to, &rec) == RC_OK && record_model_headings(cx, to->name, &id, 1, &headings) == RC_OK) {
                *value = item_show(cx->mem, cx->lang, to->key, rec->values[to->key->number]);
                (void)json_set(m, "picked", json_object_get(headings, db_int(cx, id).p));
        }
        fail_clear(cx);
}

/* A postal code that fills others: which, of those the form has. */
static void postal_add(struct cx *cx, json_t *m, const struct item *item)
{
        json_t *fills = json_object(), *one = json_object();

        for (int i = 0; i < FILLS; i++) {
                const struct item *to = item->fills[i];

                if (to != NULL && !to->retired && !masked(cx, to))
                        (void)json_set(fills, definition_items_fill((enum fill)i), json_str(to->name));
        }
        if (json_object_size(fills) > 0)
                (void)json_set(m, "postal", json_set(one, "fills", json_str(json_write(cx->mem, fills))));
}

static json_t *field_model(struct cx *cx, const struct item *item, const json_t *record)
{
        json_t *m = value_model(cx, item, record);
        const json_t *value = value_of(record, item);
        str text = stored(cx, json_is_object(value) ? json_object_get(value, "id") : value);

        if (item->type == ITEM_DATETIME && text.n > 19)
                text.n = 19; /* the field knows no zone: it is Tokyo's time */
        picker_add(cx, m, item, &text);
        postal_add(cx, m, item);
        (void)json_set(m, "value", json_str(str_absent(text) ? S("") : item->type == ITEM_CHOICES ? item_choices_values(cx->mem, text) : text));
        (void)json_set(m, "required", json_boolean(item->required));
        if (!str_absent(item->help[cx->lang]))
                (void)json_set(m, "help", json_str(item->help[cx->lang]));
        (void)json_set(m, "is_boolean", json_boolean(item->type == ITEM_BOOLEAN));
        (void)json_set(m, "checked", json_boolean(str_is(text, "t")));
        (void)json_set(m, "is_choice", json_boolean(item->type == ITEM_CHOICE || item->type == ITEM_ACCOUNT));
        (void)json_set(m, "is_labelled", json_boolean(item->type != ITEM_BOOLEAN && item->type != ITEM_CHOICES));
        (void)json_set(m, "is_choices", json_boolean(item->type == ITEM_CHOICES));
        (void)json_set(m, "is_long", json_boolean(item->lines));
        (void)json_set(m, "is_input",
                       json_boolean(!item->lines && item->type != ITEM_BOOLEAN && item->type != ITEM_ACCOUNT && item->choice_count == 0));
        if (item->choice_count > 0)
                (void)json_set(m, "choices", item->type == ITEM_CHOICES ? boxes(cx, item, text) : options(cx, item, text));
        if (item->lines && item->max > 0)
                (void)json_set(m, "max", json_integer(item->max));
        (void)json_set(m, "input_type", json_string(inputs[item->type].input ? inputs[item->type].input : "text"));
        if (inputs[item->type].mode != NULL)
                (void)json_set(m, "input_mode", json_string(inputs[item->type].mode));
        described_by(cx, m, item);
        if (item->characters != 0)
                (void)json_set(m, "characters", json_str(item_class_title(cx->mem, cx->lang, item->characters)));
        if (item->characters != 0 && (item->characters & ~(unsigned)ITEM_CLASS_HALF) == 0) {
                (void)json_set(m, "max", json_integer(item->max)); /* a browser counts a rare kanji as two */
                (void)json_set(m, "input_mode", json_string(item->characters == ITEM_CLASS_HALF_DIGIT ? "numeric" : "latin"));
        }
        (void)json_set(m, "narrow", json_boolean(inputs[item->type].narrow));
        return m;
}

/* A new record has one of the states that records begin in. */
static json_t *begins_limit(const struct definition *def, json_t *m)
{
        json_t *list = json_array(), *one;
        size_t i;

        json_array_foreach(json_object_get(m, "choices"), i, one)
                if (move_rule_begins(def, json_get_text(one, "value")))
                        json_array_append_new(list, json_incref(one));
        return json_set(m, "choices", list);
}

static json_t *section_model(struct cx *cx, const struct definition *def, const struct section *section, const json_t *record)
{
        json_t *m = json_object(), *values = json_array(), *fields = json_array();

        for (size_t i = 0; i < def->item_count; i++) {
                const struct item *item = &def->items[i];

                if (section == NULL ? !str_absent(item->section) : !str_equal(item->section, section->name))
                        continue;
                add(values, value_model(cx, item, record));
                if (!item->retired && item_stored(item) && item->type != ITEM_FILE &&
                    (item != def->state || (json_object_get(record, "id") == NULL && def->begin_count > 1)))
                        add(fields, item == def->state ? begins_limit(def, field_model(cx, item, record)) : field_model(cx, item, record));
        }
        (void)json_set(m, "title", section == NULL ? json_null() : json_str(section->title[cx->lang]));
        (void)json_set(m, "values", values);
        (void)json_set(m, "fields", fields);
        return json_array_size(values) > 0 ? m : NULL;
}

static json_t *sections_model(struct cx *cx, const struct definition *def, const json_t *record)
{
        json_t *list = json_array(), *m = section_model(cx, def, NULL, record);

        if (m != NULL)
                add(list, m);
        for (size_t i = 0; i < def->section_count; i++)
                if ((m = section_model(cx, def, &def->sections[i], record)) != NULL)
                        add(list, m);
        return list;
}

/* "account:12:hanako" -> hanako */
static str actor_name(str actor)
{
        str rest;

        (void)str_cut(actor, ':', &rest);
        if (str_absent(rest))
                return actor;
        (void)str_cut(rest, ':', &rest);
        return str_absent(rest) ? actor : rest;
}

/* A file of the same name may be another. */
static str changed(struct cx *cx, const struct item *item, const json_t *value)
{
        str hash = json_get_text(value, "sha256"), text = shown(cx, item, value);

        return item->type != ITEM_FILE || str_absent(hash) ? text : str_format(cx->mem, "%.*s (SHA-256 %.*s)", STR_ARG(text), STR_ARG(hash));
}

static json_t *change_item(struct cx *cx, const struct item *item, const json_t *old, const json_t *new)
{
        json_t *m = cell(cx, item, NULL);

        (void)json_set(m, "old_text", json_str(masked(cx, item) ? S("") : changed(cx, item, old)));
        (void)json_set(m, "new_text", json_str(masked(cx, item) ? S("") : changed(cx, item, new)));
        return m;
}

/* Each change: items [{item, old, new}] as the API has them -> titles and texts. */
static void change_dress(struct cx *cx, const struct definition *def, json_t *change)
{
        json_t *items = json_object_get(change, "items"), *list = json_array(), *one;
        str actor = json_get_text(change, "actor");
        size_t i;

        json_array_foreach(items, i, one) {
                str name = json_get_text(one, "item");
                const struct item *item = definition_item_ever(def, str_absent(name) ? json_get_text(one, "name") : name);

                if (item != NULL)
                        add(list, change_item(cx, item, json_object_get(one, "old"), json_object_get(one, "new")));
        }
        (void)json_set(change, "items", list);
        if (!str_absent(actor) && json_object_get(change, "actor_text") == NULL)
                (void)json_set(change, "actor_text", json_str(actor_name(actor)));
}

static void record_dress(struct cx *cx, const struct sheet *s, json_t *record)
{
        json_t *changes = json_object_get(s->context, "changes"), *change;
        str by = json_get_text(record, "created_by");
        size_t i;

        (void)json_set(s->context, "heading_text", json_str(heading(cx, s->def, record)));
        (void)json_set(s->context, "sections", sections_model(cx, s->def, record));
        if (!str_absent(by))
                (void)json_set(record, "created_by_text", json_str(actor_name(by)));
        json_array_foreach(changes, i, change)
                change_dress(cx, s->def, change);
}

/* Somebody was quicker: what stands there now beside what was typed. `current` is the record as the API shows it. */
static rc stale_dress(struct cx *cx, const struct http_req *req, json_t *context)
{
        json_t *current = json_object_get(context, "current"), *list = json_array();
        const struct definition *def;
        str name = http_arg(req, "register");

        if (!json_is_object(current) || str_absent(name) || !str_is(json_get_text(context, "code"), "STALE"))
                return RC_OK;
        TRY(definition_recall(cx, name, &def));
        for (size_t i = 0; i < def->item_count; i++) {
                json_t *m = field_model(cx, &def->items[i], current);

                if (!masked(cx, &def->items[i]))
                        add(list, m);
        }
        (void)json_set(context, "stale", json_true());
        (void)json_set(context, "current_values", list);
        return RC_OK;
}

/* The register itself
 * ----------------------------------------------------------------------------------------------------------------- */

static str joined(struct cx *cx, const json_t *choices)
{
        struct buf b = buf_open(cx->mem, KB(64));
        str between = page_text(cx->lang, "frame.list_separator");
        size_t i;
        const json_t *choice;

        json_array_foreach(choices, i, choice) {
                if (i >= 8) {
                        buf_text(&b, "…");
                        break;
                }
                if (i > 0)
                        buf_add(&b, between);
                buf_add(&b, json_get_text(choice, "title"));
        }
        return buf_str(&b);
}

static void register_dress(struct cx *cx, json_t *m)
{
        json_t *items = json_object_get(m, "items"), *item;
        str key = json_get_text(m, "key");
        size_t i;

        (void)json_set(m, "item_count", json_integer((json_int_t)json_array_size(items)));
        if (json_is_integer(json_object_get(m, "about")))
                (void)json_set(m, "count_text", json_str(dress_number(cx->mem, json_integer_value(json_object_get(m, "about")))));
        json_array_foreach(items, i, item) {
                json_t *choices = json_object_get(item, "choices");

                (void)json_set(item, "has_choices", json_boolean(json_array_size(choices) > 0));
                (void)json_set(item, "choices_text", json_str(joined(cx, choices)));
                (void)json_set(item, "is_key", json_boolean(!str_absent(key) && str_equal(json_get_text(item, "name"), key)));
                if (!str_absent(key) && str_equal(json_get_text(item, "name"), key))
                        (void)json_set(m, "key_title", json_object_get(item, "title"));
        }
}

/* A field for an account is a list of who may be picked; who was picked before and is gone stands there too. */
static rc accounts_dress(struct cx *cx, const struct definition *def, json_t *context)
{
        json_t *options, *section, *field, *option;
        size_t i, k, n;

        if (!item_account_any(def))
                return RC_OK;
        TRY(item_account_options(cx, &options));
        json_array_foreach(json_object_get(context, "sections"), i, section) {
                json_array_foreach(json_object_get(section, "fields"), k, field) {
                        const struct item *item = definition_item(def, json_get_text(field, "name"));
                        json_t *list = json_array();
                        str value = json_get_text(field, "value");
                        bool held = value.n == 0;

                        if (item == NULL || item->type != ITEM_ACCOUNT)
                                continue;
                        json_array_foreach(options, n, option) {
                                bool selected = str_equal(json_get_text(option, "value"), value);

                                held = held || selected;
                                add(list, json_set(json_copy(option), "selected", json_boolean(selected)));
                        }
                        option = json_set(json_set(json_object(), "value", json_object_get(field, "value")), "title", json_object_get(field, "text"));
                        if (!held)
                                add(list, json_set(option, "selected", json_true()));
                        (void)json_set(field, "choices", list);
                }
        }
        return RC_OK;
}

rc sheet_dress(struct cx *cx, const struct http_req *req, json_t *context)
{
        json_t *reg = json_object_get(context, "register"), *list = json_object_get(context, "registers"),
               *records = json_object_get(context, "records"), *record = json_object_get(context, "record"), *one;
        struct sheet s = { .req = req, .context = context };
        bool form = str_ends(req->path, S("/records/new")) || str_ends(req->path, S("/edit"));
        size_t i;

        json_array_foreach(list, i, one)
                register_dress(cx, one);
        TRY(stale_dress(cx, req, context));
        if (!json_is_object(reg))
                return RC_OK;
        register_dress(cx, reg);
        if (json_is_array(records) || str_ends(req->path, S("/exports/new")) || str_ends(req->path, S("/bulk/new"))) {
                filter_dress(cx, &s);
                count_dress(cx, json_object_get(context, "count"));
        }
        if (!json_is_array(records) && !json_is_object(record) && !form)
                return RC_OK;
        TRY(definition_recall(cx, json_get_text(reg, "name"), &s.def));
        if (json_is_array(records)) {
                (void)json_set(context, "columns", columns_model(cx, s.def, json_object_get(context, "sorts")));
                (void)json_set(context, "heading_title", json_str(heading_title(cx, s.def)));
                if (s.def->heading_count > 0)
                        (void)json_set(context, "heading", column(cx, s.def->heading[0], json_object_get(context, "sorts")));
                records_dress(cx, s.def, records);
                return RC_OK;
        }
        if (json_is_object(record))
                record_dress(cx, &s, record);
        else
                (void)json_set(context, "sections", sections_model(cx, s.def, NULL));
        return form ? accounts_dress(cx, s.def, context) : RC_OK;
}
