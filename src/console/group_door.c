/* group_door.c - permission groups, for whoever may manage accounts. */
#include "base/house.h"

#include "console/group_door.h"

#include "base/fail.h"
#include "identity/department.h"
#include "identity/group.h"
#include "log/log.h"

/* clang-format off */
#define PERMISSIONS_FIELD                                                                                                                           \
        { .name = "permissions", .type = SHAPE_LIST, .max = 1000, .summary = "Words of the permissions: record.read, record.read:customers …" }
#define FACTOR_FIELD { .name = "factor_required", .type = SHAPE_BOOL, .summary = "Its members need a second factor to log in" }
#define DEPARTMENT_FIELD                                                                                                                           \
        { .name = "department", .type = SHAPE_TEXT, .max = 100, .summary = "Only people of this department can be in it, by its name; empty: any" }
#define ONE_FIELD { .name = "held_by_one", .type = SHAPE_BOOL, .summary = "At most one person holds it at a time" }
/* clang-format on */

static const struct field create_fields[] = {
        { .name = "name", .type = SHAPE_TEXT, .required = true, .max = 100, .summary = "Name of the group" },
        PERMISSIONS_FIELD,
        FACTOR_FIELD,
        DEPARTMENT_FIELD,
        ONE_FIELD,
        { NULL },
};
static const struct shape create_in = { "GroupNew", create_fields };

static const struct field change_fields[] = {
        { .name = "name", .type = SHAPE_TEXT, .max = 100, .summary = "Name of the group" },
        PERMISSIONS_FIELD,
        FACTOR_FIELD,
        DEPARTMENT_FIELD,
        ONE_FIELD,
        { .name = "boxes_given", .type = SHAPE_BOOL, .summary = "Forms send true: what is not ticked is off, but for permissions" },
        { .name = "permissions_given", .type = SHAPE_BOOL, .summary = "Forms send true: what is not ticked is taken away" },
        { .name = "version", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "Version that was read, when If-Match does not say it" },
        { NULL },
};
static const struct shape change_in = { "GroupChange", change_fields };

static const struct field group_fields[] = {
        { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number" },
        { .name = "name", .type = SHAPE_TEXT, .required = true, .summary = "Name of the group" },
        PERMISSIONS_FIELD,
        FACTOR_FIELD,
        DEPARTMENT_FIELD,
        ONE_FIELD,
        { .name = "version", .type = SHAPE_INT, .summary = "Rises with each change" },
        { .name = "members", .type = SHAPE_INT, .summary = "Accounts in it" },
        { NULL },
};
static const struct shape group_shape = { "Group", group_fields };
static const struct field hand_fields[] = {
        { .name = "login", .type = SHAPE_TEXT, .required = true, .max = 100, .summary = "Log-in name of who holds it from now on" },
        { NULL },
};
static const struct shape hand_in = { "GroupHandOver", hand_fields };

static const struct field one_fields[] = {
        { .name = "group", .type = SHAPE_OBJECT, .required = true, .of = &group_shape },
        { .name = "accounts",
          .type = SHAPE_LIST,
          .summary = "When one is read: the accounts in it, 200 at most: id, login, name, state, department" },
        { .name = "candidates", .type = SHAPE_LIST, .summary = "Of a group held by one: accounts that could hold it" },
        { .name = "handed_over", .type = SHAPE_JSON, .summary = "After a handing over: from, to" },
        { NULL },
};
static const struct shape one_out = { "GroupAnswer", one_fields };
static const struct field list_fields[] = { { .name = "groups", .type = SHAPE_LIST, .required = true, .of = &group_shape }, { NULL } };
static const struct shape list_out = { "GroupList", list_fields };

static rc id_read(struct cx *cx, const struct http_req *req, int64_t *ret)
{
        if (!str_int(http_arg(req, "id"), ret) || *ret <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such group");
        log_subject(cx, S("group"), *ret);
        return RC_OK;
}

/* The departments to choose from. */
static rc departments_add(struct cx *cx, json_t *model, str chosen)
{
        json_t *list, *one;
        size_t i;

        TRY(department_list(cx, &list));
        list = json_object_get(list, "departments");
        json_array_foreach(list, i, one)
                json_set(one, "chosen", json_boolean(str_equal(json_get_text(one, "name"), chosen)));
        json_set(model, "departments", list);
        return RC_OK;
}

/* GET /groups - groups.html: {groups: [{id, name, permissions, permission_list, department, held_by_one, version, members}]}. */
static rc list(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *model;

        log_subject(cx, S("group"), 0);
        TRY(group_list(cx, &model));
        return http_reply(res, 200, "groups.html", model);
}

/* GET /groups/new - group_new.html: {departments, rights: permission_grid}. */
static rc form(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *rights, *model = json_object();

        log_quiet(cx);
        TRY(group_grid(cx, 0, &rights));
        json_set(model, "rights", rights);
        TRY(departments_add(cx, model, STR_NONE));
        return http_reply(res, 200, "group_new.html", model);
}

/* POST /groups - 303 to the group. */
static rc create(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *group, *model = json_object();
        int64_t id;

        log_subject(cx, S("group"), 0);
        TRY(shape_read(cx, &create_in, req, &in));
        TRY(group_create(cx, in, &group));
        id = json_integer_value(json_object_get(group, "id"));
        log_subject(cx, S("group"), id);
        log_detail(cx, "name", json_object_get(group, "name"));
        log_detail(cx, "permissions", json_object_get(group, "permissions"));
        json_set(model, "group", group);
        return http_created(res, 201, str_format(cx->mem, "/groups/%" PRId64 "?done=created", id), model);
}

/* GET /groups/{id} - group.html: {group, accounts, candidates, departments, rights: permission_grid}; ETag: its version. */
static rc show(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *group, *rights, *accounts, *candidates = json_array(), *model = json_object();
        int64_t id;

        TRY(id_read(cx, req, &id));
        TRY(group_get(cx, id, &group));
        TRY(group_grid(cx, id, &rights));
        TRY(group_members(cx, id, &accounts));
        if (json_is_true(json_object_get(group, "held_by_one")))
                TRY(group_candidates(cx, id, &candidates));
        json_set(model, "group", group);
        json_set(model, "accounts", accounts);
        json_set(model, "candidates", candidates);
        json_set(model, "rights", rights);
        TRY(departments_add(cx, model, json_get_text(group, "department")));
        res->etag = str_format(cx->mem, "%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(group, "version")));
        return http_reply(res, 200, "group.html", model);
}

static rc stale(struct cx *cx, int64_t id, rc code, struct http_res *res)
{
        json_t *now;

        if (code == RC_STALE && group_get(cx, id, &now) == RC_OK)
                res->model = now;
        return code;
}

/* PATCH /groups/{id} - members given change; 303 to the group. */
static rc change(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *before, *group, *model = json_object();
        int64_t id, version;
        bool whole;

        TRY(id_read(cx, req, &id));
        TRY(shape_read(cx, &change_in, req, &in));
        TRY(shape_version(cx, req, in, &version));
        if (json_is_true(json_object_get(in, "permissions_given")) && json_object_get(in, "permissions") == NULL)
                json_set(in, "permissions", json_array());
        whole = json_is_true(json_object_get(in, "permissions_given")) || json_is_true(json_object_get(in, "boxes_given"));
        if (whole && json_object_get(in, "factor_required") == NULL)
                json_set(in, "factor_required", json_false());
        if (whole && json_object_get(in, "held_by_one") == NULL)
                json_set(in, "held_by_one", json_false());
        TRY(stale(cx, id, group_update(cx, id, version, in, &before, &group), res));
        log_detail(cx, "changes", log_difference(before, group));
        json_set(model, "group", group);
        return http_created(res, 200, str_format(cx->mem, "/groups/%" PRId64 "?done=saved", id), model);
}

/* POST /groups/{id}/hand-over - somebody else holds it from now on; 303 to the group. */
static rc hand_over(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *done, *group, *model = json_object();
        int64_t id;

        TRY(id_read(cx, req, &id));
        TRY(group_get(cx, id, &group));
        TRY(shape_read(cx, &hand_in, req, &in));
        TRY(group_hand_over(cx, id, json_get_text(in, "login"), &done));
        log_detail(cx, "name", json_object_get(group, "name"));
        log_detail(cx, "from", json_object_get(done, "from"));
        log_detail(cx, "to", json_object_get(done, "to"));
        json_set(model, "group", group);
        json_set(model, "handed_over", done);
        return http_created(res, 200, str_format(cx->mem, "/groups/%" PRId64 "?done=handed_over", id), model);
}

/* DELETE /groups/{id} - 303 to the list. */
static rc erase(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        int64_t id, version;
        json_t *before;

        TRY(id_read(cx, req, &id));
        TRY(shape_version(cx, req, NULL, &version));
        TRY(stale(cx, id, group_erase(cx, id, version, &before), res));
        log_detail(cx, "name", json_object_get(before, "name"));
        log_detail(cx, "permissions", json_object_get(before, "permissions"));
        return http_created(res, 204, S("/groups?done=deleted"), NULL);
}

/* clang-format off */
const struct route group_door_routes[] = {
        /*     method  path            permission           logged as   body    rate    handler */
        ROUTE( GET,    "/groups",      PERM_ACCOUNT_MANAGE, LOG_LIST,   0,      NORMAL, list,   "List permission groups", .out = &list_out ),
        ROUTE( POST,   "/groups",      PERM_ACCOUNT_MANAGE, LOG_CREATE, KB(16), NORMAL, create, "Make a permission group",
               .in = &create_in, .out = &one_out, .fresh = true ),
        ROUTE( GET,    "/groups/new",  PERM_ACCOUNT_MANAGE, LOG_VIEW,   0,      NORMAL, form,   "The form for a new permission group",
               .face = FACE_CONSOLE ),
        ROUTE( GET,    "/groups/{id}", PERM_ACCOUNT_MANAGE, LOG_VIEW,   0,      NORMAL, show,   "Read a permission group", .out = &one_out ),
        ROUTE( PATCH,  "/groups/{id}", PERM_ACCOUNT_MANAGE, LOG_UPDATE, KB(16), NORMAL, change, "Change a permission group",
               .in = &change_in, .out = &one_out, .fresh = true ),
        ROUTE( POST,   "/groups/{id}/hand-over", PERM_ACCOUNT_MANAGE, LOG_UPDATE, KB(4), NORMAL, hand_over,
               "Hand over a group that one person holds", .in = &hand_in, .out = &one_out, .fresh = true ),
        ROUTE( DELETE, "/groups/{id}", PERM_ACCOUNT_MANAGE, LOG_DELETE, KB(4),  NORMAL, erase,  "Remove a permission group",
               .fresh = true ),
        ROUTE_END
};
/* clang-format on */
