/* duplicate_door.c - records that may be the same: what the last search of a register found, a new search, what is near one record, and pairs somebody
 * declared to be different. */
#include "base/house.h"

#include "console/duplicate_door.h"

#include "base/fail.h"
#include "log/log.h"
#include "register/alike.h"
#include "register/alike_find.h"

static const struct field list_fields[] = {
        { .name = "after", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "`next` of the page before" },
        { .name = "done", .type = SHAPE_TEXT, .max = 100, .summary = "Console: what was done" },
        { NULL },
};
static const struct shape list_in = { "DuplicateQuery", list_fields };
static const struct field job_fields[] = {
        { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number of the job: GET /jobs/{id}" },
        { NULL },
};
static const struct shape job_out = { "DuplicateJob", job_fields };
static const struct field apart_fields[] = {
        { .name = "a", .type = SHAPE_INT, .required = true, .min = 1, .max = INT64_MAX, .summary = "Number of a record" },
        { .name = "b", .type = SHAPE_INT, .required = true, .min = 1, .max = INT64_MAX, .summary = "Number of another one" },
        { .name = "different", .type = SHAPE_BOOL, .required = true, .summary = "true: they are different; false: no longer declared so" },
        { NULL },
};
static const struct shape apart_in = { "DuplicateApart", apart_fields };

static bool api(const struct http_req *req)
{
        return str_starts(req->path, S("/api/v1/"));
}

/* For a table: columns of the items that agree by a rule or differ, beside what names a record; cells of each. */
static void table_add(json_t *model, json_t *base, json_t *others)
{
        json_t *columns = json_array(), *cells, *one, *value;
        size_t i, k;

        (void)json_set(base, "cells", json_array());
        json_array_foreach(others, i, one)
                (void)json_set(one, "cells", json_array());
        json_array_foreach(json_object_get(base, "values"), k, value) {
                bool tells = json_is_true(json_object_get(value, "alike"));

                json_array_foreach(others, i, one)
                        tells = tells ||
                                !str_equal(json_get_text(json_array_get(json_object_get(one, "values"), k), "text"), json_get_text(value, "text"));
                if (!tells || json_is_true(json_object_get(value, "in_heading")))
                        continue;
                json_array_append(columns, json_object_get(value, "title"));
                json_array_append(json_object_get(base, "cells"), value);
                json_array_foreach(others, i, one) {
                        cells = json_object_get(one, "cells");
                        json_array_append(cells, json_array_get(json_object_get(one, "values"), k));
                }
        }
        (void)json_set(model, "columns", columns);
}

/* GET /registers/{register}/duplicates - duplicates.html: alike_list(); console: table_add() for each group. */
static rc list(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *model, *one, *last = json_object();
        size_t i;

        log_subject(cx, http_arg(req, "register"), 0);
        TRY(shape_read(cx, &list_in, req, &in));
        TRY(alike_list(cx, http_arg(req, "register"), json_integer_value(json_object_get(in, "after")), &model));
        if (!api(req))
                json_array_foreach(json_object_get(model, "groups"), i, one)
                        table_add(one, json_object_get(one, "base"), json_object_get(one, "others"));
        (void)json_set(model, "has_apart", json_boolean(json_array_size(json_object_get(model, "apart")) > 0));
        (void)json_set(model, "has_rules", json_boolean(json_array_size(json_object_get(model, "rules")) > 0));
        (void)json_set(model, "searched", json_boolean(!json_is_null(json_object_get(model, "searched_at"))));
        (void)json_set(last, "found", json_copy(json_object_get(model, "found")));
        (void)json_set(last, "searched_at", json_copy(json_object_get(model, "searched_at")));
        if (!api(req))
                (void)json_set(model, "last", last);
        return http_reply(res, 200, "duplicates.html", model);
}

/* POST /registers/{register}/duplicates - 202 {id}. */
static rc find(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *model = json_object();
        int64_t id;

        log_subject(cx, http_arg(req, "register"), 0);
        TRY(alike_find_start(cx, http_arg(req, "register"), &id));
        (void)json_set(model, "id", json_integer(id));
        return http_created(res, 202, str_format(cx->mem, "/jobs/%" PRId64, id), model);
}

/* POST /registers/{register}/duplicates/apart - 204; console: back to the list. */
static rc apart(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        str register_name = http_arg(req, "register");
        json_t *in;

        log_subject(cx, register_name, 0);
        TRY(shape_read(cx, &apart_in, req, &in));
        TRY(alike_apart(cx, register_name, json_integer_value(json_object_get(in, "a")), json_integer_value(json_object_get(in, "b")),
                        json_is_true(json_object_get(in, "different"))));
        if (api(req))
                return http_reply(res, 204, NULL, NULL);
        return http_created(res, 200,
                            str_format(cx->mem, "/registers/%.*s/duplicates?done=%s", STR_ARG(register_name),
                                       json_is_true(json_object_get(in, "different")) ? "duplicate_apart" : "duplicate_together"),
                            NULL);
}

/* GET /registers/{register}/records/{id}/duplicates - record_duplicates.html: alike_near(). */
static rc near(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *model;
        int64_t id;

        log_subject(cx, http_arg(req, "register"), 0);
        if (!str_int(http_arg(req, "id"), &id) || id <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such record");
        log_subject(cx, http_arg(req, "register"), id);
        TRY(alike_near(cx, http_arg(req, "register"), id, &model));
        if (!api(req))
                table_add(model, json_object_get(model, "base"), json_object_get(model, "alike"));
        (void)json_set(model, "has_rules", json_boolean(json_array_size(json_object_get(json_object_get(model, "register"), "duplicates")) > 0));
        return http_reply(res, 200, "record_duplicates.html", model);
}

/* clang-format off */
const struct route duplicate_door_routes[] = {
        /*     method path                                            permission         verb        body   rate    handler summary */
        ROUTE( GET,   "/registers/{register}/duplicates",              PERM_RECORD_MERGE, LOG_LIST,   0,     NORMAL, list,  "List records that may be the same", .in = &list_in ),
        ROUTE( POST,  "/registers/{register}/duplicates",              PERM_RECORD_MERGE, LOG_SEARCH, KB(4), HEAVY,  find,  "Search a register for duplicates", .out = &job_out ),
        ROUTE( POST,  "/registers/{register}/duplicates/apart",        PERM_RECORD_MERGE, LOG_UPDATE, KB(4), NORMAL, apart, "Declare two records to be different", .in = &apart_in ),
        ROUTE( GET,   "/registers/{register}/records/{id}/duplicates", PERM_RECORD_MERGE, LOG_VIEW,   0,     NORMAL, near,  "Records that may be the same as this one" ),
        ROUTE_END
};
/* clang-format on */
