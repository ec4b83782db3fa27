/* bulk_door.c - many records at once: looked at, confirmed with their number, done as a job; and taken back. On the console one item is set at a time: the
 * form sends `item` and `value`, an API client sends `set`. */
#include "base/house.h"

#include "console/bulk_door.h"

#include "base/fail.h"
#include "console/dress.h"
#include "log/log.h"
#include "page/page.h"
#include "register/bulk.h"
#include "register/bulk_undo.h"
#include "register/item.h"
#include "register/item_account.h"
#include "register/item_choices.h"

static const struct field look_fields[] = {
        { .name = "action", .type = SHAPE_TEXT, .max = 10, .summary = "delete or set; without: only how many records meet the condition" },
        { .name = "condition", .type = SHAPE_TEXT, .max = CONDITION_SIZE_MAX, .summary = "Condition as JSON; without: all records" },
        { .name = "q", .type = SHAPE_TEXT, .max = 200, .summary = "Words all of which must be found in the searchable items" },
        { .name = "set", .type = SHAPE_TEXT, .max = CONDITION_SIZE_MAX, .summary = "set: the new values as JSON, {item: value}" },
        { .name = "item", .type = SHAPE_TEXT, .max = 100, .summary = "Console: the item to set" },
        { .name = "value", .type = SHAPE_TEXT, .max = ITEM_CHARS_MAX, .lines = true, .summary = "Console: its new value" },
        { .name = "values", .type = SHAPE_LIST, .max = DEFINITION_CHOICES_MAX, .summary = "Console: the choices to set" },
        { .name = "check", .type = SHAPE_BOOL, .summary = "Console: the value was given" },
        { .name = "sort", .type = SHAPE_TEXT, .max = 60, .summary = "Console: order of the list it came from" },
        { .name = "shown", .type = SHAPE_INT, .min = 0, .max = 1000000000, .summary = "Console" },
        { .name = "limit", .type = SHAPE_INT, .min = 1, .max = 1000, .summary = "Console" },
        { .name = "done", .type = SHAPE_TEXT, .max = 100, .summary = "Console" },
        { NULL },
};
static const struct shape look_in = { "BulkQuery", look_fields };

static const struct field order_fields[] = {
        { .name = "action", .type = SHAPE_TEXT, .required = true, .max = 10, .summary = "delete or set" },
        { .name = "condition", .type = SHAPE_JSON, .summary = "Which records (as in lists, object or JSON text); without: all" },
        { .name = "q", .type = SHAPE_TEXT, .max = 200, .summary = "Words all of which must be found in the searchable items" },
        { .name = "set", .type = SHAPE_JSON, .summary = "set: the new values, {item: value} (object or JSON text)" },
        { .name = "count",
          .type = SHAPE_INT,
          .required = true,
          .min = 0,
          .max = INT64_MAX,
          .summary = "The number of records, exactly as GET …/bulk/new told it" },
        { .name = "digest", .type = SHAPE_TEXT, .required = true, .max = 64, .summary = "What was looked at: digest of GET …/bulk/new" },
        { NULL },
};
static const struct shape order_in = { "BulkOrder", order_fields };
static const struct field job_fields[] = {
        { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number of the job and of the batch: GET /jobs/{id}" },
        { NULL },
};
static const struct shape out = { "BulkJob", job_fields };
static const struct field list_fields[] = {
        { .name = "after", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "`next` of the page before" },
        { NULL },
};
static const struct shape list_in = { "BulkListQuery", list_fields };

static bool api(const struct http_req *req)
{
        return str_starts(req->path, S("/api/v1/"));
}

/* Object or JSON text. */
static rc object_read(struct cx *cx, const json_t *value, json_t **ret)
{
        *ret = NULL;
        if (json_is_string(value) && !str_empty(str_trim(json_text(value))))
                return json_read(cx, json_text(value), ret);
        if (json_is_object(value))
                *ret = (json_t *)(uintptr_t)value;
        return RC_OK;
}

/* Ticked choices as files write them; absent: none. */
static str value_given(struct cx *cx, const json_t *in)
{
        const json_t *list = json_object_get(in, "values");
        str all = json_get_text(in, "value");
        json_t *one;
        size_t i;

        json_array_foreach((json_t *)(uintptr_t)list, i, one)
                all = str_empty(all) ? json_text(one) : str_format(cx->mem, "%.*s;%.*s", STR_ARG(all), STR_ARG(json_text(one)));
        return all;
}

static rc order_read(struct cx *cx, const struct http_req *req, const json_t *in, struct bulk_order *ret)
{
        const json_t *condition = json_object_get(in, "condition");
        str item = json_get_text(in, "item");
        json_t *items;

        TRY(object_read(cx, json_object_get(in, "set"), &items));
        if (items == NULL && !str_empty(item))
                items = json_set(json_object(), str_z(cx->mem, item), json_str(str_absent(value_given(cx, in)) ? S("") : value_given(cx, in)));
        *ret = (struct bulk_order){
                .register_name = http_arg(req, "register"),
                .action = json_get_text(in, "action"),
                .condition = json_is_string(condition)   ? json_text(condition)
                             : json_is_object(condition) ? json_write(cx->mem, condition)
                                                         : STR_NONE,
                .q = json_get_text(in, "q"),
                .items = items,
                .count = json_integer_value(json_object_get(in, "count")),
                .digest = json_get_text(in, "digest"),
        };
        return RC_OK;
}

/* Numbers of the model itself, as people read them. */
static void numbers_dress(struct cx *cx, json_t *model)
{
        static const char *const names[] = { "matching", "count", "back", "left" };

        for (size_t i = 0; i < COUNT(names); i++) {
                const json_t *n = json_object_get(model, names[i]);

                if (json_is_integer(n))
                        (void)json_set(model, str_format(cx->mem, "%s_text", names[i]).p, json_str(dress_number(cx->mem, json_integer_value(n))));
        }
}

/* A stored or typed value as people read it. */
static str value_text(struct cx *cx, const struct item *item, str value)
{
        str stored, name;

        if (item->type == ITEM_ACCOUNT && item_read(cx->mem, item, value, &stored) == ITEM_FINE) {
                if (item_account_find(cx, NULL, stored, &stored, &name) == RC_OK)
                        return name;
                fail_clear(cx);
                return value;
        }
        return item_read(cx->mem, item, value, &stored) == ITEM_FINE ? item_show(cx->mem, cx->lang, item, stored) : value;
}

/* The item that was chosen: what its field looks like, and the value given. */
static rc item_dress(struct cx *cx, json_t *one, str value, json_t *model)
{
        str type = json_get_text(one, "type"), name = json_get_text(one, "name");
        const struct definition *def;
        bool lines = json_is_true(json_object_get(one, "lines")), choice = str_is(type, "choice"), boolean = str_is(type, "boolean");
        bool choices = str_is(type, "choices");

        TRY(definition_recall(cx, json_get_text(json_object_get(model, "register"), "name"), &def));
        if (str_is(type, "account")) {
                json_t *options;

                choice = true;
                TRY(item_account_options(cx, &options));
                (void)json_set(one, "choices", options);
        }
        (void)json_set(one, "is_choice", json_boolean(choice));
        (void)json_set(one, "is_boolean", json_boolean(boolean));
        (void)json_set(one, "is_long", json_boolean(lines));
        (void)json_set(one, "is_choices", json_boolean(choices));
        (void)json_set(one, "is_input", json_boolean(!choice && !choices && !boolean && !lines));
        (void)json_set(one, "input_type", json_string(str_is(type, "date") ? "date" : "text"));
        (void)json_set(model, "item", one);
        if (definition_item(def, name) != NULL && !str_empty(value))
                (void)json_set(model, "value_text", json_str(value_text(cx, definition_item(def, name), value)));
        return RC_OK;
}

/* The items one form can set, and the one that was chosen. */
static rc for_console(struct cx *cx, const json_t *in, json_t *model)
{
        str chosen = json_get_text(in, "item");
        json_t *settable = json_array(), *items = json_object_get(json_object_get(model, "register"), "items"), *one;
        size_t i;

        json_array_foreach(items, i, one) {
                json_t *m = json_object();

                if (json_is_true(json_object_get(one, "computed")) || json_is_true(json_object_get(one, "unique")) ||
                    json_is_true(json_object_get(one, "masked")) || str_is(json_get_text(one, "type"), "file"))
                        continue;
                (void)json_set(m, "name", json_object_get(one, "name"));
                (void)json_set(m, "title", json_object_get(one, "title"));
                (void)json_set(m, "chosen", json_boolean(str_equal(json_get_text(one, "name"), chosen)));
                json_array_append_new(settable, m);
                if (str_equal(json_get_text(one, "name"), chosen))
                        TRY(item_dress(cx, one, value_given(cx, in), model));
        }
        if (json_is_object(json_object_get(model, "set")))
                (void)json_set(model, "set_text", json_str(json_write(cx->mem, json_object_get(model, "set"))));
        numbers_dress(cx, model);
        (void)json_set(model, "settable", settable);
        (void)json_set(model, "value", json_str(value_given(cx, in)));
        (void)json_set(model, "days", json_integer(BULK_UNDO_DAYS));
        return RC_OK;
}

/* What was set, and why records stay, in words. */
static rc batch_dress(struct cx *cx, json_t *model)
{
        json_t *batch = json_object_get(model, "batch"), *left = json_object_get(model, "left_first"), *items = json_array(), *one, *value;
        const struct definition *def;
        const char *name;
        size_t i;

        TRY(definition_recall(cx, json_get_text(json_object_get(model, "register"), "name"), &def));
        json_object_foreach(json_object_get(batch, "set"), name, value) {
                const struct item *item = definition_item(def, str_of(name));
                str given = json_is_string(value)  ? json_text(value)
                            : json_is_null(value)  ? S("")
                            : json_is_array(value) ? item_choices_of_json(cx->mem, value)
                                                   : json_write(cx->mem, value);
                json_t *m = json_object();

                if (item == NULL)
                        continue;
                (void)json_set(m, "title", json_str(item->title[cx->lang]));
                (void)json_set(m, "text", json_str(given.n > 0 ? value_text(cx, item, given) : page_text(cx->lang, "bulk.empty")));
                json_array_append_new(items, m);
        }
        numbers_dress(cx, model);
        (void)json_set(batch, "set_items", items);
        json_array_foreach(left, i, one) {
                str reason = json_get_text(one, "reason");

                (void)json_set(one, "lives", json_boolean(str_is(reason, "changed") || str_is(reason, "there")));
                (void)json_set(one, "reason_text", json_str(page_text(cx->lang, str_format(cx->mem, "bulk.reason.%.*s", STR_ARG(reason)).p)));
        }
        (void)json_set(model, "has_left_first", json_boolean(json_array_size(left) > 0));
        return RC_OK;
}

/* GET /registers/{register}/bulk/new - bulk_new.html: bulk_plan(). On the console also settable [{name, title, chosen}], item (its definition), value, days;
 * steps: is_choose, is_value, is_confirm. */
static rc look(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        struct bulk_order order;
        json_t *in, *model;
        bool choosing;

        log_subject(cx, http_arg(req, "register"), 0);
        TRY(shape_read(cx, &look_in, req, &in));
        TRY(order_read(cx, req, in, &order));
        choosing = !api(req) && str_is(order.action, "set") && !json_is_true(json_object_get(in, "check"));
        if (choosing)
                order.action = STR_NONE;
        TRY(bulk_plan(cx, &order, &model));
        if (json_object_get(model, "condition") != NULL && !json_is_null(json_object_get(model, "condition")))
                log_detail(cx, "condition", json_incref(json_object_get(model, "condition")));
        if (!api(req)) {
                TRY(for_console(cx, in, model));
                (void)json_set(model, "is_value", json_boolean(choosing && json_is_object(json_object_get(model, "item"))));
                (void)json_set(model, "is_confirm", json_boolean(!str_empty(order.action)));
                (void)json_set(model, "is_delete", json_boolean(str_is(order.action, "delete")));
                (void)json_set(model, "is_choose", json_boolean(str_empty(order.action) && !json_is_true(json_object_get(model, "is_value"))));
                (void)json_set(model, "nothing", json_boolean(json_integer_value(json_object_get(model, "count")) == 0));
        }
        return http_reply(res, 200, "bulk_new.html", model);
}

/* POST /registers/{register}/bulk - 202 {id}. */
static rc create(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        struct bulk_order order;
        json_t *in, *model = json_object();
        int64_t id;

        log_subject(cx, http_arg(req, "register"), 0);
        TRY(shape_read(cx, &order_in, req, &in));
        TRY(order_read(cx, req, in, &order));
        TRY(bulk_start(cx, &order, &id));
        (void)json_set(model, "id", json_integer(id));
        return http_created(res, 202, str_format(cx->mem, "/jobs/%" PRId64, id), model);
}

/* GET /registers/{register}/bulk - bulk_list.html: bulk_undo_list(). */
static rc list(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *model;

        log_subject(cx, http_arg(req, "register"), 0);
        TRY(shape_read(cx, &list_in, req, &in));
        TRY(bulk_undo_list(cx, http_arg(req, "register"), json_integer_value(json_object_get(in, "after")), &model));
        (void)json_set(model, "days", json_integer(BULK_UNDO_DAYS));
        return http_reply(res, 200, "bulk_list.html", model);
}

static rc batch_read(struct cx *cx, const struct http_req *req, int64_t *ret)
{
        log_subject(cx, http_arg(req, "register"), 0);
        if (!str_int(http_arg(req, "id"), ret) || *ret <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such batch");
        log_detail(cx, "batch", json_integer(*ret));
        return RC_OK;
}

/* GET /registers/{register}/bulk/{id} - bulk.html: bulk_undo_get(). */
static rc show(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *model;
        int64_t id;

        TRY(batch_read(cx, req, &id));
        TRY(bulk_undo_get(cx, http_arg(req, "register"), id, &model));
        (void)json_set(model, "days", json_integer(BULK_UNDO_DAYS));
        if (!api(req))
                TRY(batch_dress(cx, model));
        return http_reply(res, 200, "bulk.html", model);
}

/* POST /registers/{register}/bulk/{id}/undo - 202 {id}. */
static rc undo(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *model = json_object();
        int64_t id, job;

        TRY(batch_read(cx, req, &id));
        TRY(bulk_undo_start(cx, http_arg(req, "register"), id, &job));
        (void)json_set(model, "id", json_integer(job));
        return http_created(res, 202, str_format(cx->mem, "/jobs/%" PRId64, job), model);
}

/* clang-format off */
const struct route bulk_door_routes[] = {
        /*     method path                                  permission        verb      body     rate    handler summary */
        ROUTE( GET,   "/registers/{register}/bulk/new",       PERM_RECORD_BULK, LOG_VIEW, 0,       NORMAL, look,   "What a change of many records would do",
               .in = &look_in ),
        ROUTE( GET,   "/registers/{register}/bulk",           PERM_RECORD_BULK, LOG_LIST, 0,       NORMAL, list,   "List batches of changes",
               .in = &list_in ),
        ROUTE( POST,  "/registers/{register}/bulk",           PERM_RECORD_BULK, LOG_BULK, KB(128), HEAVY,  create, "Delete or change all records that meet a condition",
               .in = &order_in, .out = &out, .fresh = true ),
        ROUTE( GET,   "/registers/{register}/bulk/{id}",      PERM_RECORD_BULK, LOG_VIEW, 0,       NORMAL, show,   "Read a batch, and what taking it back would do" ),
        ROUTE( POST,  "/registers/{register}/bulk/{id}/undo", PERM_RECORD_BULK, LOG_UNDO, KB(4),   HEAVY,  undo,   "Take a batch back",
               .out = &out, .fresh = true ),
        ROUTE_END
};
/* clang-format on */
