/* department_door.c - departments, for whoever manages people. Their names stand in choices of other pages, too. */
#include "base/house.h"

#include "console/department_door.h"

#include "base/buf.h"
#include "base/fail.h"
#include "identity/department.h"
#include "log/log.h"

/* clang-format off */
#define ADMINISTERS_FIELD                                                                                                                           \
        { .name = "administers", .type = SHAPE_BOOL,                                                                                                \
          .summary = "Once a contract has such a department, its people alone hold what administers the system; needs account.manage" }
/* clang-format on */

static const struct field create_fields[] = {
        { .name = "name", .type = SHAPE_TEXT, .required = true, .max = DEPARTMENT_NAME_MAX, .summary = "Name of the department" },
        ADMINISTERS_FIELD,
        { NULL },
};
static const struct shape create_in = { "DepartmentNew", create_fields };

static const struct field change_fields[] = {
        { .name = "name", .type = SHAPE_TEXT, .max = DEPARTMENT_NAME_MAX, .summary = "Name of the department" },
        ADMINISTERS_FIELD,
        { .name = "administers_given", .type = SHAPE_BOOL, .summary = "Forms send true: not ticked is false" },
        { .name = "version", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "Version that was read, when If-Match does not say it" },
        { NULL },
};
static const struct shape change_in = { "DepartmentChange", change_fields };

static const struct field merge_fields[] = {
        { .name = "into", .type = SHAPE_TEXT, .required = true, .max = DEPARTMENT_NAME_MAX, .summary = "Name of the department it becomes part of" },
        { NULL },
};
static const struct shape merge_in = { "DepartmentMerge", merge_fields };

static const struct field department_fields[] = {
        { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number" },
        { .name = "name", .type = SHAPE_TEXT, .required = true, .summary = "Name of the department" },
        { .name = "administers", .type = SHAPE_BOOL, .required = true, .summary = "It administers the system" },
        { .name = "version", .type = SHAPE_INT, .required = true, .summary = "Rises with each change" },
        { .name = "people", .type = SHAPE_INT, .required = true, .summary = "People in it, without those who left" },
        { .name = "groups", .type = SHAPE_TEXT, .summary = "Names of its permission groups; null: none" },
        { NULL },
};
static const struct shape department_shape = { "Department", department_fields };
static const struct field one_fields[] = {
        { .name = "department", .type = SHAPE_OBJECT, .required = true, .of = &department_shape },
        { .name = "others", .type = SHAPE_LIST, .of = &department_shape, .summary = "When one is read: the other departments" },
        { .name = "name_query", .type = SHAPE_TEXT, .summary = "When one is read: its name as a part of an address" },
        { NULL },
};
static const struct shape one_out = { "DepartmentAnswer", one_fields };
static const struct field list_fields[] = { { .name = "departments", .type = SHAPE_LIST, .required = true, .of = &department_shape }, { NULL } };
static const struct shape list_out = { "DepartmentList", list_fields };
static const struct field closed_fields[] = {
        { .name = "closed", .type = SHAPE_JSON, .required = true, .summary = "name, into (null: retired), people, groups" },
        { NULL },
};
static const struct shape closed_out = { "DepartmentClosed", closed_fields };

static rc id_read(struct cx *cx, const struct http_req *req, int64_t *ret, json_t **ret_department)
{
        if (!str_int(http_arg(req, "id"), ret) || *ret <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such department");
        log_subject(cx, S("department"), *ret);
        return department_get(cx, *ret, ret_department);
}

static str department_url(struct cx *cx, int64_t id, const char *done)
{
        return str_format(cx->mem, "/departments/%" PRId64 "?done=%s", id, done);
}

/* GET /departments - departments.html: {departments: [{id, name, administers, version, people, groups}]}. */
static rc list(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *model;

        log_subject(cx, S("department"), 0);
        TRY(department_list(cx, &model));
        return http_reply(res, 200, "departments.html", model);
}

/* POST /departments - 303 to the list. */
static rc create(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *department, *model = json_object();

        log_subject(cx, S("department"), 0);
        TRY(shape_read(cx, &create_in, req, &in));
        TRY(department_create(cx, in, &department));
        log_subject(cx, S("department"), json_integer_value(json_object_get(department, "id")));
        log_detail(cx, "name", json_object_get(department, "name"));
        log_detail(cx, "administers", json_object_get(department, "administers"));
        json_set(model, "department", department);
        return http_created(res, 201, S("/departments?done=created"), model);
}

/* GET /departments/{id} - department.html: {department, name_query, others: [{name}]}; ETag: its version. */
static rc show(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *department, *list, *one, *others = json_array(), *model = json_object();
        struct buf query = buf_open(cx->mem, KB(2));
        str name;
        int64_t id;
        size_t i;

        TRY(id_read(cx, req, &id, &department));
        TRY(department_list(cx, &list));
        json_array_foreach(json_object_get(list, "departments"), i, one)
                if (json_integer_value(json_object_get(one, "id")) != id)
                        must(json_array_append_new(others, one) == 0);
        name = json_get_text(department, "name");
        buf_url(&query, name);
        json_set(model, "department", department);
        json_set(model, "name_query", json_str(buf_str(&query)));
        json_set(model, "others", others);
        res->etag = str_format(cx->mem, "%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(department, "version")));
        return http_reply(res, 200, "department.html", model);
}

static rc stale(struct cx *cx, int64_t id, rc code, struct http_res *res)
{
        json_t *now;

        if (code == RC_STALE && department_get(cx, id, &now) == RC_OK)
                res->model = now;
        return code;
}

/* PATCH /departments/{id} - members given change; 303 to it. */
static rc change(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *before, *department, *model = json_object();
        int64_t id, version;

        TRY(id_read(cx, req, &id, &department));
        TRY(shape_read(cx, &change_in, req, &in));
        TRY(shape_version(cx, req, in, &version));
        if (json_is_true(json_object_get(in, "administers_given")) && json_object_get(in, "administers") == NULL)
                json_set(in, "administers", json_false());
        TRY(stale(cx, id, department_update(cx, id, version, in, &before, &department), res));
        log_detail(cx, "changes", log_difference(before, department));
        json_set(model, "department", department);
        return http_created(res, 200, department_url(cx, id, "saved"), model);
}

static rc closed(struct cx *cx, json_t *done, str url, struct http_res *res)
{
        json_t *model = json_object();

        log_detail(cx, "name", json_object_get(done, "name"));
        log_detail(cx, "people", json_object_get(done, "people"));
        log_detail(cx, "groups", json_object_get(done, "groups"));
        json_set(model, "closed", done);
        return http_created(res, 200, url, model);
}

/* POST /departments/{id}/merge - 303 to the list. */
static rc merge(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *department, *done;
        int64_t id;

        TRY(id_read(cx, req, &id, &department));
        TRY(shape_read(cx, &merge_in, req, &in));
        TRY(department_merge(cx, id, json_get_text(in, "into"), &done));
        log_detail(cx, "into", json_object_get(done, "into"));
        return closed(cx, done, S("/departments?done=merged"), res);
}

/* POST /departments/{id}/retire - 303 to the list. */
static rc retire(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *department, *done;
        int64_t id;

        TRY(id_read(cx, req, &id, &department));
        TRY(department_retire(cx, id, &done));
        return closed(cx, done, S("/departments?done=retired"), res);
}

/* clang-format off */
const struct route department_door_routes[] = {
        /*     method path                        permission          logged as   body    rate    handler */
        ROUTE( GET,   "/departments",             PERM_PERSON_MANAGE, LOG_LIST,   0,      NORMAL, list,   "List departments", .out = &list_out ),
        ROUTE( POST,  "/departments",             PERM_PERSON_MANAGE, LOG_CREATE, KB(16), NORMAL, create, "Make a department",
               .in = &create_in, .out = &one_out ),
        ROUTE( GET,   "/departments/{id}",        PERM_PERSON_MANAGE, LOG_VIEW,   0,      NORMAL, show,   "Read a department", .out = &one_out ),
        ROUTE( PATCH, "/departments/{id}",        PERM_PERSON_MANAGE, LOG_UPDATE, KB(16), NORMAL, change, "Change a department",
               .in = &change_in, .out = &one_out, .fresh = true ),
        ROUTE( POST,  "/departments/{id}/merge",  PERM_PERSON_MANAGE, LOG_UPDATE, KB(16), NORMAL, merge,  "Merge a department into another one",
               .in = &merge_in, .out = &closed_out, .fresh = true ),
        ROUTE( POST,  "/departments/{id}/retire", PERM_PERSON_MANAGE, LOG_UPDATE, KB(4),  NORMAL, retire, "Retire a department nobody is in",
               .out = &closed_out, .fresh = true ),
        ROUTE_END
};
/* clang-format on */
