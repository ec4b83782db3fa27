/* key_door.c - API keys of the tenant. */
#include "base/house.h"

#include "console/key_door.h"

#include "base/fail.h"
#include "identity/key.h"
#include "log/log.h"

/* clang-format off */
#define PERMISSIONS_FIELD                                                                                                                           \
        { .name = "permissions", .type = SHAPE_LIST, .max = 1000, .summary = "Words of the permissions: record.read, record.read:customers …" }
#define ADDRESSES_FIELDS                                                                                                                            \
        { .name = "addresses", .type = SHAPE_LIST, .max = 200, .summary = "Ranges it may be used from; none: as the contract says" },                 \
        { .name = "ranges", .type = SHAPE_TEXT, .max = 16000, .lines = true, .summary = "The same as one text, one range a line" }
/* clang-format on */

static const struct field create_fields[] = {
        { .name = "name", .type = SHAPE_TEXT, .required = true, .max = 100, .summary = "What the key is for" },
        PERMISSIONS_FIELD,
        { .name = "days", .type = SHAPE_INT, .min = 1, .max = KEY_DAYS_MAX, .summary = "Days it is valid; without: until it is revoked" },
        ADDRESSES_FIELDS,
        { NULL },
};
static const struct shape create_in = { "KeyNew", create_fields };

static const struct field key_fields[] = {
        { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number" },
        { .name = "name", .type = SHAPE_TEXT, .required = true, .summary = "What the key is for" },
        { .name = "hint", .type = SHAPE_TEXT, .summary = "Its first characters" },
        PERMISSIONS_FIELD,
        { .name = "permissions_now", .type = SHAPE_LIST, .summary = "What it may do now: no more than its maker" },
        { .name = "maker", .type = SHAPE_TEXT, .summary = "Log-in name of who made it; null: the operator" },
        { .name = "state", .type = SHAPE_TEXT, .summary = "active, expired, suspended (its maker is) or revoked" },
        { .name = "created_at", .type = SHAPE_DATETIME, .summary = "When it was made" },
        { .name = "expires_at", .type = SHAPE_DATETIME, .summary = "When it ends; null: when it is revoked" },
        { .name = "used_at", .type = SHAPE_DATETIME, .summary = "Last used, to the minute; null: never" },
        { .name = "used_from", .type = SHAPE_TEXT, .summary = "Address it was used from then" },
        { .name = "revoked_at", .type = SHAPE_DATETIME, .summary = "When it was revoked; null: not" },
        { .name = "addresses", .type = SHAPE_LIST, .summary = "Ranges it may be used from; empty: as the contract says" },
        { .name = "rotated_at", .type = SHAPE_DATETIME, .summary = "When it got its present secret; null: when it was made" },
        { .name = "old_until", .type = SHAPE_DATETIME, .summary = "How long the secret before still counts; null: it does not" },
        { NULL },
};
static const struct shape key_shape = { "Key", key_fields };
static const struct field list_fields[] = { { .name = "keys", .type = SHAPE_LIST, .required = true, .of = &key_shape }, { NULL } };
static const struct shape list_out = { "KeyList", list_fields };
static const struct field made_fields[] = {
        { .name = "key", .type = SHAPE_TEXT, .required = true, .summary = "The key itself, shown this once" },
        { .name = "made", .type = SHAPE_OBJECT, .required = true, .of = &key_shape },
        { NULL },
};
static const struct shape made_out = { "KeyMade", made_fields };
static const struct field one_fields[] = { { .name = "revoked", .type = SHAPE_OBJECT, .required = true, .of = &key_shape }, { NULL } };
static const struct shape one_out = { "KeyRevoked", one_fields };

static const struct field get_fields[] = { { .name = "made", .type = SHAPE_OBJECT, .required = true, .of = &key_shape }, { NULL } };
static const struct shape get_out = { "KeyAnswer", get_fields };

static const struct field rotate_fields[] = {
        { .name = "hours",
          .type = SHAPE_INT,
          .min = 0,
          .max = KEY_OVERLAP_HOURS_MAX,
          .summary = "Hours the key until now still counts; without: 24" },
        { .name = "days", .type = SHAPE_INT, .min = 1, .max = KEY_DAYS_MAX, .summary = "Days it is valid from now; without: it ends when it did" },
        { NULL },
};
static const struct shape rotate_in = { "KeyRotate", rotate_fields };
static const struct field addresses_fields[] = { ADDRESSES_FIELDS, { NULL } };
static const struct shape addresses_in = { "KeyAddresses", addresses_fields };
static const struct field key_one_fields[] = { { .name = "changed", .type = SHAPE_OBJECT, .required = true, .of = &key_shape }, { NULL } };
static const struct shape key_one_out = { "KeyChanged", key_one_fields };

/* GET /keys - keys.html: {keys: […], rights: permission_grid}. */
static rc list(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *model, *rights;

        log_subject(cx, S("key"), 0);
        TRY(key_list(cx, &model));
        TRY(key_grid(cx, &rights));
        json_set(model, "rights", rights);
        return http_reply(res, 200, "keys.html", model);
}

/* POST /keys - keys.html with {key: "dk_…", made: the new one} on top; the key is shown this once. */
static rc create(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *made, *model, *rights;
        str key;

        log_subject(cx, S("key"), 0);
        TRY(shape_read(cx, &create_in, req, &in));
        TRY(key_create(cx, in, &made, &key));
        log_subject(cx, S("key"), json_integer_value(json_object_get(made, "id")));
        log_detail(cx, "name", json_object_get(made, "name"));
        log_detail(cx, "permissions", json_object_get(made, "permissions"));
        TRY(key_list(cx, &model));
        TRY(key_grid(cx, &rights));
        json_set(model, "rights", rights);
        json_set(model, "key", json_str(key));
        json_set(model, "made", made);
        return http_reply(res, 201, "keys.html", model);
}

static rc id_read(struct cx *cx, const struct http_req *req, int64_t *ret)
{
        if (!str_int(http_arg(req, "id"), ret) || *ret <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such key");
        log_subject(cx, S("key"), *ret);
        return key_check(cx, *ret);
}

/* GET /keys/{id} - key.html: {made: the key}. */
static rc show(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *key, *model = json_object();
        int64_t id;

        TRY(id_read(cx, req, &id));
        TRY(key_get(cx, id, &key));
        json_set(model, "made", key);
        return http_reply(res, 200, "key.html", model);
}

/* POST /keys/{id}/rotate - keys.html with {key, made} on top; what uses the key until now has `hours` to change. */
static rc rotate(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *made, *model, *rights;
        int64_t id;
        str key;

        TRY(id_read(cx, req, &id));
        TRY(shape_read(cx, &rotate_in, req, &in));
        TRY(key_rotate(cx, id, in, &made, &key));
        log_detail(cx, "name", json_object_get(made, "name"));
        log_detail(cx, "rotated", json_true());
        log_detail(cx, "old_until", json_object_get(made, "old_until"));
        TRY(key_list(cx, &model));
        TRY(key_grid(cx, &rights));
        json_set(model, "rights", rights);
        json_set(model, "key", json_str(key));
        json_set(model, "made", made);
        return http_reply(res, 201, "keys.html", model);
}

/* PUT /keys/{id}/addresses - from where it may be used; 303 to the list. */
static rc addresses(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *before, *changed, *model = json_object();
        int64_t id;

        TRY(id_read(cx, req, &id));
        TRY(shape_read(cx, &addresses_in, req, &in));
        TRY(key_addresses(cx, id, in, &before, &changed));
        log_detail(cx, "changes", log_difference(before, changed));
        json_set(model, "changed", changed);
        return http_created(res, 200, S("/keys?done=saved"), model);
}

/* DELETE /keys/{id} - refused from the next call on; 303 to the list. */
static rc revoke(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *revoked, *model = json_object();
        int64_t id;

        if (!str_int(http_arg(req, "id"), &id) || id <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such key");
        log_subject(cx, S("key"), id);
        TRY(key_revoke(cx, id, &revoked));
        log_detail(cx, "name", json_object_get(revoked, "name"));
        json_set(model, "revoked", revoked);
        return http_created(res, 200, S("/keys?done=revoked"), model);
}

/* clang-format off */
const struct route key_door_routes[] = {
        /*     method  path                   permission       logged as   body    rate    handler */
        ROUTE( GET,    "/keys",                PERM_KEY_MANAGE, LOG_LIST,   0,      NORMAL, list,      "List API keys", .out = &list_out ),
        ROUTE( POST,   "/keys",                PERM_KEY_MANAGE, LOG_CREATE, KB(32), NORMAL, create,    "Make an API key", .in = &create_in, .out = &made_out,
               .fresh = true ),
        ROUTE( GET,    "/keys/{id}",           PERM_KEY_MANAGE, LOG_VIEW,   0,      NORMAL, show,      "Read an API key", .out = &get_out ),
        ROUTE( POST,   "/keys/{id}/rotate",    PERM_KEY_MANAGE, LOG_UPDATE, KB(4),  NORMAL, rotate,    "Give an API key a new secret",
               .in = &rotate_in, .out = &made_out, .fresh = true ),
        ROUTE( PUT,    "/keys/{id}/addresses", PERM_KEY_MANAGE, LOG_UPDATE, KB(32), NORMAL, addresses, "Change from where an API key may be used",
               .in = &addresses_in, .out = &key_one_out, .fresh = true ),
        ROUTE( DELETE, "/keys/{id}",           PERM_KEY_MANAGE, LOG_REVOKE, KB(4),  NORMAL, revoke,    "Revoke an API key", .out = &one_out,
               .fresh = true ),
        ROUTE_END
};
/* clang-format on */
