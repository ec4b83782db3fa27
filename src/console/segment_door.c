/* segment_door.c - saved conditions: list with counts, one with its line over time, save, change, delete, and why a record is in it or not. */
#include "base/house.h"

#include "console/segment_door.h"

#include "base/buf.h"
#include "base/fail.h"
#include "console/builder.h"
#include "console/dress.h"
#include "log/log.h"
#include "register/condition.h"
#include "register/segment.h"

static const struct field save_fields[] = {
        { .name = "name", .type = SHAPE_TEXT, .max = SEGMENT_NAME_MAX, .summary = "What people call it; needed for a new one" },
        { .name = "description", .type = SHAPE_TEXT, .max = SEGMENT_TEXT_MAX, .lines = true, .summary = "What it is for" },
        { .name = "shared", .type = SHAPE_BOOL, .summary = "Others who may read the register can use it; what a key makes always is" },
        { .name = "condition", .type = SHAPE_JSON, .summary = "Which records (as in lists, object or JSON text); needed for a new one" },
        { .name = "version", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "The version that is changed (or If-Match)" },
        { NULL },
};
static const struct shape save_in = { "SegmentOrder", save_fields };
static const struct field look_fields[] = {
        { .name = "condition", .type = SHAPE_TEXT, .max = CONDITION_SIZE_MAX, .summary = "Console: the condition to save, as JSON" },
        { .name = "done", .type = SHAPE_TEXT, .max = 100, .summary = "Console" },
        { NULL },
};
static const struct shape look_in = { "SegmentQuery", look_fields };
static const struct field why_fields[] = {
        { .name = "record", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "Number of the record" },
        { NULL },
};
static const struct shape why_in = { "SegmentWhyQuery", why_fields };
static const struct field id_fields[] = {
        { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number of the segment" },
        { NULL },
};
static const struct shape id_out = { "SegmentSaved", id_fields };

static bool api(const struct http_req *req)
{
        return str_starts(req->path, S("/api/v1/"));
}

static rc id_read(struct cx *cx, const struct http_req *req, int64_t *ret)
{
        log_subject(cx, http_arg(req, "register"), 0);
        if (!str_int(http_arg(req, "id"), ret) || *ret <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such segment");
        log_detail(cx, "segment", json_integer(*ret));
        return RC_OK;
}

static str url_of(struct cx *cx, const struct http_req *req, int64_t id, const char *done)
{
        str reg = http_arg(req, "register");

        if (id == 0)
                return str_format(cx->mem, "/registers/%.*s/segments%s%s", STR_ARG(reg), done ? "?done=" : "", done ? done : "");
        return str_format(cx->mem, "/registers/%.*s/segments/%" PRId64 "%s%s", STR_ARG(reg), id, done ? "?done=" : "", done ? done : "");
}

/* A small line of the count over time, at most 120 × 28: points of an SVG polyline. */
static str line(struct cx *cx, const json_t *days)
{
        enum { WIDE = 240, HIGH = 48, EDGE = 2 };
        struct buf b = buf_open(cx->mem, KB(16));
        size_t n = json_array_size(days);
        json_int_t top = 1;

        for (size_t i = 0; i < n; i++)
                if (json_integer_value(json_object_get(json_array_get(days, i), "count")) > top)
                        top = json_integer_value(json_object_get(json_array_get(days, i), "count"));
        for (size_t i = 0; i < n; i++) {
                json_int_t v = json_integer_value(json_object_get(json_array_get(days, i), "count"));

                buf_format(&b, "%s%d,%d", i ? " " : "", EDGE + (int)((WIDE - 2 * EDGE) * i / (n > 1 ? n - 1 : 1)),
                           HIGH - EDGE - (int)((HIGH - 2 * EDGE) * (v < 0 ? 0 : v) / top));
        }
        return buf_str(&b);
}

static void one_dress(struct cx *cx, json_t *m)
{
        const json_t *count = json_object_get(m, "count");
        struct buf query = buf_open(cx->mem, KB(1)), copy = buf_open(cx->mem, KB(32));

        buf_url(&query, str_format(cx->mem, "{\"segment\":%" JSON_INTEGER_FORMAT "}", json_integer_value(json_object_get(m, "id"))));
        (void)json_set(m, "query", json_str(buf_str(&query)));
        (void)json_set(m, "condition_text", json_str(json_write(cx->mem, json_object_get(m, "condition"))));
        if (json_is_integer(count))
                (void)json_set(m, "count_text", json_str(dress_number(cx->mem, json_integer_value(count))));
        if (!json_is_true(json_object_get(m, "broken")) && !cx->masked) {
                buf_url(&copy, json_write(cx->mem, json_object_get(m, "condition")));
                (void)json_set(m, "copy_query", json_str(buf_str(&copy)));
        }
}

/* GET /registers/{register}/segments - segments.html: segment_list(). */
static rc list(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        bool waiting = false;
        json_t *model, *one;
        size_t i;

        log_subject(cx, http_arg(req, "register"), 0);
        TRY(segment_list(cx, http_arg(req, "register"), &model));
        if (!api(req)) {
                json_array_foreach(json_object_get(model, "segments"), i, one) {
                        one_dress(cx, one);
                        waiting = waiting || json_is_true(json_object_get(one, "counting"));
                }
                (void)json_set(model, "waiting", json_boolean(waiting));
                (void)json_set(model, "has_segments", json_boolean(json_array_size(json_object_get(model, "segments")) > 0));
        }
        return http_reply(res, 200, "segments.html", model);
}

/* GET …/segments/new - segment_new.html: segment_new(). */
static rc form(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *model;

        log_subject(cx, http_arg(req, "register"), 0);
        log_quiet(cx);
        TRY(shape_read(cx, &look_in, req, &in));
        TRY(segment_new(cx, http_arg(req, "register"), json_get_text(in, "condition"), &model));
        (void)json_set(model, "condition_text",
                       json_is_null(json_object_get(model, "condition")) ? json_str(S(""))
                                                                         : json_str(json_write(cx->mem, json_object_get(model, "condition"))));
        (void)json_set(model, "has_condition", json_boolean(json_is_object(json_object_get(model, "condition"))));
        return http_reply(res, 200, "segment_new.html", model);
}

/* GET …/segments/{id} - segment.html: segment_get(). Console also line: points. */
static rc show(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        const struct definition *def;
        json_t *model, *days, *day, *newest = json_array();
        int64_t id;
        size_t i;

        TRY(id_read(cx, req, &id));
        TRY(segment_get(cx, http_arg(req, "register"), id, &model));
        days = json_object_get(model, "days");
        if (!api(req)) {
                one_dress(cx, json_object_get(model, "segment"));
                json_array_foreach(days, i, day) {
                        (void)json_set(day, "count_text", json_str(dress_number(cx->mem, json_integer_value(json_object_get(day, "count")))));
                        json_array_insert(newest, 0, day);
                }
                if (json_array_size(days) > 1)
                        (void)json_set(model, "line", json_str(line(cx, days)));
                TRY(definition_recall(cx, http_arg(req, "register"), &def));
                TRY(builder_dress(cx, def, id, model));
                (void)json_set(model, "has_days", json_boolean(json_array_size(days) > 0));
                (void)json_set(model, "days", newest); /* people look for the last one */
        } else {
                res->etag =
                    str_format(cx->mem, "%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(json_object_get(model, "segment"), "version")));
        }
        return http_reply(res, 200, "segment.html", model);
}

static void order_read(struct cx *cx, const json_t *in, struct segment_order *ret)
{
        const json_t *condition = json_object_get(in, "condition");

        ret->name = json_get_text(in, "name");
        ret->description = json_get_text(in, "description");
        ret->shared = json_is_true(json_object_get(in, "shared"));
        ret->shared_given = json_object_get(in, "shared") != NULL;
        ret->condition = json_is_string(condition) ? json_text(condition) : json_is_object(condition) ? json_write(cx->mem, condition) : STR_NONE;
}

/* POST …/segments - 201 {id}. */
static rc create(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        struct segment_order order = { 0 };
        json_t *in, *model = json_object();
        int64_t id;

        log_subject(cx, http_arg(req, "register"), 0);
        TRY(shape_read(cx, &save_in, req, &in));
        order_read(cx, in, &order);
        TRY(segment_save(cx, http_arg(req, "register"), &order, &id));
        log_detail(cx, "segment", json_integer(id));
        log_detail(cx, "name", json_str(order.name));
        (void)json_set(model, "id", json_integer(id));
        return http_created(res, 201, url_of(cx, req, id, api(req) ? NULL : "segment_saved"), model);
}

/* PATCH …/segments/{id} - only what is given. {id}; console: 303 to it. */
static rc update(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        struct segment_order order = { 0 };
        json_t *in, *model = json_object();

        TRY(id_read(cx, req, &order.id));
        TRY(shape_read(cx, &save_in, req, &in));
        TRY(shape_version(cx, req, in, &order.version));
        order_read(cx, in, &order);
        if (!api(req)) {
                order.shared_given = true; /* a box that is not ticked says no, and rows that were all taken away ask nothing */
                order.condition = str_absent(order.condition) ? S("") : order.condition;
        }
        TRY(segment_save(cx, http_arg(req, "register"), &order, &order.id));
        (void)json_set(model, "id", json_integer(order.id));
        if (!api(req))
                return http_created(res, 200, url_of(cx, req, order.id, "segment_saved"), NULL);
        return http_reply(res, 200, NULL, model);
}

/* DELETE …/segments/{id} - 204; console: 303 to the list. */
static rc erase(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        int64_t id, version;

        TRY(id_read(cx, req, &id));
        TRY(shape_version(cx, req, NULL, &version));
        TRY(segment_erase(cx, http_arg(req, "register"), id, version));
        if (api(req))
                return http_reply(res, 204, NULL, NULL);
        return http_created(res, 200, url_of(cx, req, 0, "segment_deleted"), NULL);
}

/* GET …/segments/{id}/why?record=N - segment_why.html: segment_why(). */
static rc why(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *model, *node;
        int64_t id, record;
        size_t i;

        TRY(id_read(cx, req, &id));
        TRY(shape_read(cx, &why_in, req, &in));
        record = json_integer_value(json_object_get(in, "record"));
        log_subject(cx, http_arg(req, "register"), record);
        TRY(segment_why(cx, http_arg(req, "register"), id, record, &model));
        if (!api(req)) {
                one_dress(cx, json_object_get(model, "segment"));
                json_array_foreach(json_object_get(model, "nodes"), i, node) {
                        str kind = json_get_text(node, "kind");
                        json_int_t depth = json_integer_value(json_object_get(node, "depth"));

                        (void)json_set(node, str_format(cx->mem, "is_%.*s", STR_ARG(kind)).p, json_true());
                        (void)json_set(node, "is_group", json_boolean(str_is(kind, "all") || str_is(kind, "any") || str_is(kind, "none")));
                        (void)json_set(node, "level", json_integer(depth > 6 ? 6 : depth));
                        if (json_is_integer(json_object_get(node, "entries")))
                                (void)json_set(node, "entries_text",
                                               json_str(dress_number(cx->mem, json_integer_value(json_object_get(node, "entries")))));
                }
        }
        return http_reply(res, 200, "segment_why.html", model);
}

/* GET …/records/{id}/segments - record_segments.html: segment_of(). */
static rc of_record(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *model, *about = json_object();
        int64_t id;

        log_subject(cx, http_arg(req, "register"), 0);
        if (!str_int(http_arg(req, "id"), &id) || id <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such record");
        log_subject(cx, http_arg(req, "register"), id);
        TRY(segment_of(cx, http_arg(req, "register"), id, &model));
        if (!api(req)) {
                (void)json_set(about, "id", json_integer(id));
                (void)json_set(model, "about", about);
                (void)json_set(model, "register_name", json_str(http_arg(req, "register")));
                (void)json_set(model, "has_segments", json_boolean(json_array_size(json_object_get(model, "segments")) > 0));
        }
        return http_reply(res, 200, "record_segments.html", model);
}

/* clang-format off */
const struct route segment_door_routes[] = {
        /*     method  path                                          permission        verb        body    rate    handler  summary */
        ROUTE( GET,    "/registers/{register}/segments",              PERM_RECORD_READ, LOG_LIST,   0,      NORMAL, list,    "List saved conditions with their counts" ),
        ROUTE( POST,   "/registers/{register}/segments",              PERM_RECORD_READ, LOG_CREATE, KB(64), NORMAL, create,  "Save a condition as a segment",
               .in = &save_in, .out = &id_out ),
        ROUTE( GET,    "/registers/{register}/segments/new",          PERM_RECORD_READ, LOG_VIEW,   0,      NORMAL, form,    "Form of a new segment", .in = &look_in, .face = FACE_CONSOLE ),
        ROUTE( GET,    "/registers/{register}/segments/{id}",         PERM_RECORD_READ, LOG_VIEW,   0,      NORMAL, show,    "Read a segment, and its count over time" ),
        ROUTE( PATCH,  "/registers/{register}/segments/{id}",         PERM_RECORD_READ, LOG_UPDATE, KB(64), NORMAL, update,  "Change a segment", .in = &save_in ),
        ROUTE( DELETE, "/registers/{register}/segments/{id}",         PERM_RECORD_READ, LOG_DELETE, KB(4),  NORMAL, erase,   "Delete a segment" ),
        ROUTE( GET,    "/registers/{register}/segments/{id}/why",     PERM_RECORD_READ, LOG_VIEW,   0,      NORMAL, why,     "Why a record is in a segment, or is not", .in = &why_in ),
        ROUTE( GET,    "/registers/{register}/records/{id}/segments", PERM_RECORD_READ, LOG_VIEW,   0,      NORMAL, of_record, "Which segments a record is in" ),
        ROUTE_END
};
/* clang-format on */
