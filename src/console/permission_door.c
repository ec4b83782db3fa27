/* permission_door.c - the published list: every permission there is, for everybody who is logged in. It is the compiled table itself. */
#include "base/house.h"

#include "console/permission_door.h"

static const struct field permission_fields[] = {
        { .name = "name", .type = SHAPE_TEXT, .required = true, .summary = "Its word: record.read" },
        { .name = "title", .type = SHAPE_TEXT, .required = true, .summary = "Its name for people" },
        { .name = "help", .type = SHAPE_TEXT, .required = true, .summary = "What it allows" },
        { .name = "scoped", .type = SHAPE_BOOL, .required = true, .summary = "It can be given for a single register: record.read:customers" },
        { NULL },
};
static const struct shape permission_shape = { "Permission", permission_fields };
static const struct field list_fields[] = {
        { .name = "permissions", .type = SHAPE_LIST, .required = true, .of = &permission_shape },
        { NULL },
};
static const struct shape list_out = { "PermissionList", list_fields };

/* GET /permissions - permissions.html: {permissions: [{name, title, help, scoped}]}. */
static rc list(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        return http_reply(res, 200, "permissions.html", json_set(json_object(), "permissions", permission_list(cx)));
}

/* clang-format off */
const struct route permission_door_routes[] = {
        /*     method path            permission logged as    body rate    handler */
        ROUTE( GET,   "/permissions", PERM_NONE, LOG_NOTHING, 0,   NORMAL, list,   "List every permission that can be given", .out = &list_out ),
        ROUTE_END
};
/* clang-format on */
