/* export_door.c - records as a file. The work is a job; the door takes the order and tells its number. */
#include "base/house.h"

#include "console/export_door.h"

#include "base/fail.h"
#include "console/job_door.h"
#include "gate/enter.h"
#include "identity/device.h"
#include "identity/person.h"
#include "identity/session.h"
#include "log/log.h"
#include "register/export.h"
#include "register/record_list.h"

enum { ITEMS_MAX = DEFINITION_ITEMS_MAX };

static const struct field query_fields[] = {
        { .name = "q", .type = SHAPE_TEXT, .max = 200, .summary = "Words of the search box" },
        { .name = "condition", .type = SHAPE_TEXT, .max = CONDITION_SIZE_MAX, .summary = "Condition as JSON" },
        { .name = "sort",
          .type = SHAPE_TEXT,
          .max = 60,
          .summary = "Console: order of the list it came from; a file is in order of the records' numbers" },
        { .name = "shown", .type = SHAPE_INT, .min = 0, .max = 1000000000, .summary = "Console" },
        { .name = "limit", .type = SHAPE_INT, .min = 1, .max = RECORD_LIMIT_MAX, .summary = "Console" },
        { .name = "done", .type = SHAPE_TEXT, .max = 100, .summary = "Console" },
        { NULL },
};
static const struct shape query_in = { "ExportQuery", query_fields };

static const struct field order_fields[] = {
        { .name = "condition", .type = SHAPE_JSON, .summary = "Which records (as in lists, object or JSON text); without: all" },
        { .name = "q", .type = SHAPE_TEXT, .max = 200, .summary = "Words all of which must be found in the searchable items" },
        { .name = "items", .type = SHAPE_LIST, .max = ITEMS_MAX, .summary = "Names of items in the order wanted; without: all" },
        { .name = "format", .type = SHAPE_TEXT, .max = 10, .summary = "csv, xlsx (a spreadsheet) or jsonl (JSON Lines); without: csv" },
        { .name = "encoding", .type = SHAPE_TEXT, .max = 20, .summary = "Of CSV: utf-8 (with byte order mark) or cp932; without: utf-8" },
        { .name = "ask",
          .type = SHAPE_BOOL,
          .summary = "Stop before there is a file when CP932 lacks characters of it: the job is ready until POST "
                     "/registers/{register}/exports/{id}/decide; without: "
                     "they are written as 〓" },
        { NULL },
};
static const struct shape order_in = { "ExportOrder", order_fields };
static const struct field job_fields[] = {
        { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number of the job: GET /jobs/{id}, then GET /jobs/{id}/file" },
        { NULL },
};
static const struct shape out = { "ExportJob", job_fields };

/* Where the file would go: {own, known, device, devices: one's own, to choose from}; at a device of one's own the items say whether they can go: exportable. */
static rc place_add(struct cx *cx, const struct http_req *req, json_t *model)
{
        struct session_place place;
        json_t *m = json_object(), *devices = json_array(), *item;
        int64_t person;
        size_t i;

        TRY(session_place(cx, enter_certificate(req), &place));
        json_array_foreach(json_object_get(json_object_get(model, "register"), "items"), i, item) {
                str word = json_get_text(item, "classification");

                (void)json_set(item, "exportable", json_boolean(!place.own || str_is(word, "public") || str_is(word, "contact")));
        }
        if (cx->actor.kind == ACTOR_ACCOUNT && cx->actor.session != 0 && !place.known) {
                TRY(person_of_account(cx, cx->actor.id, &person));
                TRY(device_of_person(cx, person, &devices));
        }
        (void)json_set(m, "own", json_boolean(place.own));
        (void)json_set(m, "known", json_boolean(place.known));
        (void)json_set(m, "name", json_str(place.device));
        (void)json_set(m, "devices", devices);
        (void)json_set(model, "place", m);
        return RC_OK;
}

/* GET /registers/{register}/exports/new - export_new.html: {register, condition, sentence, count, place}. */
static rc form(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        struct record_query query = { .limit = 1, .narrow = true, .count = true };
        json_t *in, *model = json_object(), *count = json_object();
        struct record_page *page;

        log_subject(cx, http_arg(req, "register"), 0);
        TRY(shape_read(cx, &query_in, req, &in));
        query.q = json_get_text(in, "q");
        query.condition = json_get_text(in, "condition");
        TRY(record_list(cx, http_arg(req, "register"), &query, &page));
        (void)json_set(count, page->total_kind == RECORD_COUNT_EXACT ? "exact" : "about", json_integer(page->total));
        (void)json_set(model, "register", definition_model(cx, page->def));
        (void)json_set(model, "condition", page->condition ? page->condition : json_null());
        (void)json_set(model, "sentence", json_str(page->sentence));
        (void)json_set(model, "count", page->total_kind == RECORD_COUNT_NONE ? json_null() : count);
        (void)json_set(model, "masked", json_boolean(cx->masked));
        TRY(place_add(cx, req, model));
        return http_reply(res, 200, "export_new.html", model);
}

/* POST /registers/{register}/exports - 202 {id}. */
static rc create(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *model = json_object(), *condition, *items;
        struct export_order order = { .register_name = http_arg(req, "register") };
        struct session_place place;
        str names[ITEMS_MAX];
        int64_t id;

        log_subject(cx, http_arg(req, "register"), 0);
        TRY(shape_read(cx, &order_in, req, &in));
        condition = json_object_get(in, "condition");
        items = json_object_get(in, "items");
        order.condition = json_is_string(condition) ? json_text(condition) : json_is_object(condition) ? json_write(cx->mem, condition) : STR_NONE;
        order.q = json_get_text(in, "q");
        order.encoding = json_get_text(in, "encoding");
        order.format = json_get_text(in, "format");
        order.ask = json_is_true(json_object_get(in, "ask"));
        order.items = names;
        for (size_t i = 0; i < json_array_size(items) && i < ITEMS_MAX; i++)
                names[order.item_count++] = json_text(json_array_get(items, i));
        TRY(session_place(cx, enter_certificate(req), &place));
        order.own = place.own;
        order.device = session_place_model(&place);
        TRY(export_start(cx, &order, &id));
        (void)json_set(model, "id", json_integer(id));
        return http_created(res, 202, str_format(cx->mem, "/jobs/%" PRId64, id), model);
}

static const struct field decision_fields[] = {
        { .name = "encoding", .type = SHAPE_TEXT, .max = 20, .summary = "Must be given. cp932: with 〓 for what it lacks; utf-8: all as it is" },
        { NULL },
};
static const struct shape decision_in = { "ExportDecision", decision_fields };

/* POST /registers/{register}/exports/{id}/decide - the job goes on. */
static rc decide(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        struct job_sight sight = job_door_sight(cx);
        json_t *in, *model = json_object();
        int64_t id;

        log_subject(cx, http_arg(req, "register"), 0);
        if (!str_int(http_arg(req, "id"), &id) || id <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such export");
        TRY(export_job(cx, &sight, http_arg(req, "register"), id));
        TRY(shape_read(cx, &decision_in, req, &in));
        TRY(export_decide(cx, &sight, http_arg(req, "register"), id, json_get_text(in, "encoding")));
        (void)json_set(model, "id", json_integer(id));
        return http_created(res, 202, str_format(cx->mem, "/jobs/%" PRId64, id), model);
}

/* clang-format off */
const struct route export_door_routes[] = {
        /*     method path                                 permission          verb        body     rate    handler summary */
        ROUTE( GET,   "/registers/{register}/exports/new", PERM_RECORD_EXPORT, LOG_VIEW,   0,       NORMAL, form,   "Form for an export",
               .in = &query_in, .face = FACE_CONSOLE ),
        ROUTE( POST,  "/registers/{register}/exports",     PERM_RECORD_EXPORT, LOG_EXPORT, KB(128), HEAVY,  create, "Export records as a file",
               .in = &order_in, .out = &out, .fresh = true, .contact = true ),
        ROUTE( POST,  "/registers/{register}/exports/{id}/decide", PERM_RECORD_EXPORT, LOG_EXPORT, KB(4), HEAVY, decide, "Let an export go on that asks about its encoding",
               .in = &decision_in, .out = &out, .fresh = true, .contact = true ),
        ROUTE_END
};
/* clang-format on */
