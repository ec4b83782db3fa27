/* describe.c - see describe.h. */
#include "base/house.h"

#include "console/describe.h"

#include "base/json.h"
#include "gate/openapi.h"
#include "register/definition.h"
#include "register/item_class.h"
#include "register/record_batch.h"

/* Two schemas of a register: what is read, and what is written. */
enum use { READ, WRITTEN };

static json_t *typed(const char *type)
{
        return json_set(json_object(), "type", json_string(type));
}

/* Every value of an item may be null: empty. */
static json_t *nullable(const char *type)
{
        json_t *types = json_array();

        must(json_array_append_new(types, json_string(type)) == 0 && json_array_append_new(types, json_string("null")) == 0);
        return json_set(json_object(), "type", types);
}

static json_t *choices_schema(const struct item *item)
{
        json_t *s = nullable("string"), *list = json_array();
        bool several = item->type == ITEM_CHOICES;

        for (size_t i = 0; i < item->choice_count; i++)
                must(json_array_append_new(list, json_str(item->choices[i].value)) == 0);
        if (several) {
                s = json_set(json_set(nullable("array"), "uniqueItems", json_true()), "maxItems", json_integer(item->max));
                return json_set(s, "items", json_set(typed("string"), "enum", list));
        }
        must(json_array_append_new(list, json_null()) == 0);
        return json_set(s, "enum", list);
}

/* As it is read; handed in by itself (…/files/ITEM), written back unchanged or as null, which takes it away. */
static void file_schema(json_t *s)
{
        json_t *properties = json_object();

        (void)json_set(properties, "id", json_set(typed("integer"), "format", json_string("int64")));
        (void)json_set(properties, "name", typed("string"));
        (void)json_set(properties, "size", json_set(typed("integer"), "format", json_string("int64")));
        (void)json_set(properties, "sha256", typed("string"));
        (void)json_set(s, "properties", properties);
}

static json_t *item_schema(const struct cx *cx, const struct item *item)
{
        static const struct {
                const char *type, *format;
        } kinds[ITEM_TYPES] = {
                [ITEM_TEXT] = { "string", NULL },         [ITEM_KANA] = { "string", NULL },
                [ITEM_EMAIL] = { "string", "email" },     [ITEM_TELEPHONE] = { "string", NULL },
                [ITEM_POSTAL_CODE] = { "string", NULL },  [ITEM_INTEGER] = { "integer", "int64" },
                [ITEM_DATE] = { "string", "date" },       [ITEM_BOOLEAN] = { "boolean", NULL },
                [ITEM_CHOICE] = { "string", NULL },       [ITEM_REFERENCE] = { "integer", "int64" },
                [ITEM_CHOICES] = { "array", NULL },       [ITEM_ACCOUNT] = { "integer", "int64" },
                [ITEM_COMPUTED] = { "string", NULL },     [ITEM_URL] = { "string", "uri" },
                [ITEM_DECIMAL] = { "string", "decimal" }, [ITEM_DATETIME] = { "string", "date-time" },
                [ITEM_FILE] = { "object", NULL },
        };
        json_t *s = item->choice_count > 0 ? choices_schema(item) : nullable(kinds[item->type].type);
        bool text = item->type == ITEM_TEXT || item->type == ITEM_KANA;

        if (kinds[item->type].format != NULL)
                (void)json_set(s, "format", json_string(kinds[item->type].format));
        if (item->max > 0 && (text || item->type == ITEM_INTEGER))
                (void)json_set(s, text ? "maxLength" : "maximum", json_integer(item->max));
        if (item->type == ITEM_FILE)
                file_schema(s);
        if (item->characters != 0)
                (void)json_set(s, "description", json_str(item_class_title(cx->mem, cx->lang, item->characters)));
        return json_set(s, "title", json_str(item->title[cx->lang]));
}

static void all_required(json_t *schema, json_t *properties)
{
        json_t *names = json_array(), *v;
        const char *name;

        json_object_foreach(properties, name, v)
                json_array_append_new(names, json_string(name));
        (void)json_set(schema, "required", names);
}

static json_t *record_schema(const struct cx *cx, const struct definition *def, enum use use)
{
        json_t *s = typed("object"), *properties = json_object();

        if (use == READ) {
                (void)json_set(properties, "id", json_set(typed("integer"), "format", json_string("int64")));
                (void)json_set(properties, "version", json_set(typed("integer"), "format", json_string("int64")));
        } else {
                (void)json_set(properties, "version",
                               json_set(json_set(typed("integer"), "format", json_string("int64")), "description",
                                        json_string("Of a change: the version it refers to, unless If-Match names it")));
        }
        for (size_t i = 0; i < def->item_count; i++)
                if ((!cx->masked || !def->items[i].personal) && (use == READ || item_stored(&def->items[i])))
                        (void)json_set(properties, def->items[i].name.p, item_schema(cx, &def->items[i]));
        if (use == READ) {
                (void)json_set(properties, "created_at", json_set(typed("string"), "format", json_string("date-time")));
                (void)json_set(properties, "created_by", typed("string"));
                (void)json_set(properties, "updated_at", json_set(typed("string"), "format", json_string("date-time")));
                (void)json_set(properties, "updated_by", typed("string"));
                (void)json_set(properties, "origin", json_set(nullable("integer"), "description", json_string("Job that brought the record in")));
        }
        (void)json_set(s, "title", json_str(def->title[cx->lang]));
        if (use == READ) /* what is empty is null */
                all_required(s, properties);
        return json_set(s, "properties", properties);
}

static json_t *page_schema(const char *record)
{
        json_t *s = typed("object"), *properties = json_object(), *next = nullable("string");

        (void)json_set(properties, "records", json_set(typed("array"), "items", openapi_reference(record)));
        (void)json_set(properties, "next", json_set(next, "description", json_string("Cursor of the next page; hand it back as `after`")));
        (void)json_set(
            properties, "count",
            json_set(nullable("object"), "description", json_string("How many there are in all: {exact: N}, {about: N} or {at_least: N}")));
        (void)json_set(properties, "condition", json_set(nullable("object"), "description", json_string("The condition as read")));
        (void)json_set(properties, "sentence", json_set(nullable("string"), "description", json_string("The condition as a sentence")));
        (void)json_set(s, "required", json_pack("[ss]", "records", "next"));
        return json_set(s, "properties", properties);
}

static const char *name_of(struct cx *cx, const char *verb, const struct definition *def)
{
        return str_format(cx->mem, "%s_%.*s", verb, STR_ARG(def->name)).p;
}

static json_t *operation(struct cx *cx, json_t *document, const struct definition *def, const char *path, const char *method, const char *verb)
{
        return openapi_operation(cx, document, path, method, name_of(cx, verb, def), def->name.p,
                                 str_format(cx->mem, "%s: %.*s", verb, STR_ARG(def->title[cx->lang])));
}

static void list_describe(struct cx *cx, json_t *document, const struct definition *def, const char *path, const char *record)
{
        static const struct {
                const char *name, *type, *what;
        } queries[] = {
                { "q", "string", "Words all of which must be found in the searchable items" },
                { "condition", "string", "Condition as JSON" },
                { "sort", "string", "Item to sort by, with - in front descending" },
                { "after", "string", "Cursor: next of the page before" },
                { "limit", "integer", "Records on a page, 1 to 200; without: 50" },
                { "count", "string", "exact, none, or nothing for about" },
        };
        json_t *list = operation(cx, document, def, path, "get", "list");

        for (size_t i = 0; i < COUNT(queries); i++)
                openapi_query(list, queries[i].name, typed(queries[i].type), queries[i].what);
        openapi_answer(list, "200", "A page of records", page_schema(record));
}

static json_t *batch_schema(const char *written)
{
        json_t *s = typed("object"), *properties = json_object(), *row = json_object(), *id = json_object(), *both = json_array();

        (void)json_set(id, "id", json_set(typed("integer"), "description", json_string("Of a record to change, with the version that was read")));
        json_array_append_new(both, openapi_reference(written));
        json_array_append_new(both, json_set(typed("object"), "properties", id));
        (void)json_set(row, "allOf", both);
        (void)json_set(
            properties, "rows",
            json_set(json_set(json_set(typed("array"), "items", row), "minItems", json_integer(1)), "maxItems", json_integer(RECORD_BATCH_MAX)));
        (void)json_set(
            properties, "upsert",
            json_set(typed("boolean"), "description", json_string("Without id the record with the same key is changed where there is one")));
        (void)json_set(properties, "all", json_set(typed("boolean"), "description", json_string("Nothing is written when one row is refused")));
        (void)json_set(s, "required", json_pack("[s]", "rows"));
        return json_set(s, "properties", properties);
}

static void register_describe(struct cx *cx, json_t *document, const struct definition *def)
{
        json_t *schemas = json_object_get(json_object_get(document, "components"), "schemas"), *o;
        const char *all = str_format(cx->mem, "/registers/%.*s/records", STR_ARG(def->name)).p;
        const char *one = str_format(cx->mem, "%s/{id}", all).p;
        const char *record = name_of(cx, "record", def), *written = name_of(cx, "write", def);

        (void)json_set(schemas, record, record_schema(cx, def, READ));
        (void)json_set(schemas, written, record_schema(cx, def, WRITTEN));
        list_describe(cx, document, def, all, record);
        o = operation(cx, document, def, all, "post", "create");
        openapi_body(o, openapi_reference(written));
        openapi_answer(o, "201", "The record as stored", openapi_reference(record));
        o = operation(cx, document, def, str_format(cx->mem, "/registers/%.*s/batch", STR_ARG(def->name)).p, "post", "batch");
        openapi_body(o, batch_schema(written));
        openapi_answer(o, "200", "An answer for each row, in their order", openapi_reference("RecordBatchResult"));
        o = operation(cx, document, def, one, "get", "get");
        openapi_answer(o, "200", "The record", openapi_reference(record));
        o = operation(cx, document, def, one, "patch", "update");
        openapi_body(o, openapi_reference(written));
        openapi_answer(o, "200", "The record as stored", openapi_reference(record));
        o = operation(cx, document, def, one, "delete", "erase");
        openapi_answer(o, "204", "Erased", NULL);
}

rc describe_registers(struct cx *cx, json_t *document)
{
        json_t *list, *one;
        size_t i;

        TRY(definition_list(cx, &list));
        json_array_foreach(json_object_get(list, "registers"), i, one) {
                const struct definition *def;

                TRY(definition_get(cx, json_get_text(one, "name"), &def));
                register_describe(cx, document, def);
        }
        return RC_OK;
}
