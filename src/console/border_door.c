/* border_door.c - the list of addresses a contract is entered from. */
#include "base/house.h"

#include "console/border_door.h"

#include "base/fail.h"
#include "identity/border.h"
#include "log/log.h"

static const struct field set_fields[] = {
        { .name = "on", .type = SHAPE_BOOL, .summary = "Let in only who comes from a listed address" },
        { .name = "addresses", .type = SHAPE_LIST, .max = 200, .summary = "Ranges: 192.0.2.0/24, 2001:db8::/32, or single addresses" },
        { .name = "ranges", .type = SHAPE_TEXT, .max = 16000, .lines = true, .summary = "The same as one text, one range a line" },
        { .name = "own", .type = SHAPE_BOOL, .summary = "Add the address you come from, when it is not in the list" },
        { .name = "confirm", .type = SHAPE_TEXT, .max = 64, .summary = "Your own address, when you mean to lock it out" },
        { .name = "version", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "Version you read" },
        { NULL },
};
static const struct shape set_in = { "AddressesChange", set_fields };

static const struct field list_fields[] = {
        { .name = "addresses_on", .type = SHAPE_BOOL, .required = true, .summary = "Only who comes from a listed address is let in" },
        { .name = "addresses", .type = SHAPE_LIST, .required = true, .summary = "Ranges in their canonical form" },
        { .name = "source", .type = SHAPE_TEXT, .summary = "The address you come from" },
        { .name = "source_listed", .type = SHAPE_BOOL, .summary = "It is in the list" },
        { .name = "version", .type = SHAPE_INT, .required = true, .summary = "Version" },
        { NULL },
};
static const struct shape list_out = { "Addresses", list_fields };

static rc reply(struct cx *cx, struct http_res *res, json_t **ret)
{
        TRY(border_get(cx, ret));
        res->etag = str_format(cx->mem, "%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(*ret, "version")));
        return RC_OK;
}

/* GET /addresses - addresses.html: {addresses_on, addresses, source, source_listed, version}; ETag: its version. */
static rc show(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *model;

        log_subject(cx, S("policy"), 0);
        TRY(reply(cx, res, &model));
        return http_reply(res, 200, "addresses.html", model);
}

/* PUT /addresses - the list, and whether it holds; 303 to the page. */
static rc set(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *before, *after, *model;
        int64_t version;
        rc code;

        log_subject(cx, S("policy"), 0);
        TRY(shape_read(cx, &set_in, req, &in));
        TRY(shape_version(cx, req, in, &version));
        code = border_addresses(cx, in, version, &before, &after);
        if (code == RC_STALE && border_get(cx, &model) == RC_OK)
                res->model = model;
        TRY(code);
        log_detail(cx, "changes", log_difference(before, after));
        TRY(reply(cx, res, &model));
        return http_created(res, 200, S("/addresses?done=saved"), model);
}

/* clang-format off */
const struct route border_door_routes[] = {
        /*     method  path          permission          logged as   body    rate    handler */
        ROUTE( GET,    "/addresses", PERM_POLICY_MANAGE, LOG_VIEW,   0,      NORMAL, show, "Read the list of addresses", .out = &list_out ),
        ROUTE( PUT,    "/addresses", PERM_POLICY_MANAGE, LOG_UPDATE, KB(32), NORMAL, set,  "Change the list of addresses", .in = &set_in, .out = &list_out,
               .fresh = true ),
        ROUTE_END
};
/* clang-format on */
