/* declaration_door.c - see declaration_door.h. The pages are those of devices (device_door.c). */
#include "base/house.h"

#include "console/declaration_door.h"

#include "base/fail.h"
#include "console/dress.h"
#include "identity/declaration.h"
#include "identity/device.h"
#include "log/log.h"
#include "notify/notice.h"

static const char *const kinds[] = { "certificate", "key", NULL };

/* clang-format off */
#define POINT_FIELDS                                                                                                                                \
        { .name = "data_removed", .type = SHAPE_BOOL, .summary = "Files, mail and records of the company are removed, copies and backups included" },      \
        { .name = "accounts_removed", .type = SHAPE_BOOL, .summary = "Accounts, apps, synchronisation, certificates and saved passwords are removed" },    \
        { .name = "nothing_kept", .type = SHAPE_BOOL, .summary = "Nothing is kept anywhere else or was handed to anybody" },                               \
        { .name = "how", .type = SHAPE_TEXT, .max = 1000, .lines = true, .summary = "How it was removed, or what shows it" },                              \
        { .name = "version", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "Version of the device that was read, when If-Match does not say it" }
/* clang-format on */
static const struct field sign_fields[] = { POINT_FIELDS, { NULL } };
static const struct shape sign_in = { "DeviceDeclaration", sign_fields };
static const struct field record_fields[] = {
        POINT_FIELDS,
        { .name = "reason", .type = SHAPE_TEXT, .max = 1000, .lines = true, .summary = "Why the person who leaves does not sign" },
        { NULL },
};
static const struct shape record_in = { "DeviceDeclarationRecorded", record_fields };
static const struct field counter_fields[] = {
        { .name = "version",
          .type = SHAPE_INT,
          .min = 1,
          .max = INT64_MAX,
          .summary = "Version of the device that was read, when If-Match does not say it" },
        { NULL },
};
static const struct shape counter_in = { "DeviceDeclarationCountersigned", counter_fields };
static const struct field back_fields[] = {
        { .name = "reason", .type = SHAPE_TEXT, .max = 1000, .lines = true, .summary = "What is wrong with it" },
        { .name = "version",
          .type = SHAPE_INT,
          .min = 1,
          .max = INT64_MAX,
          .summary = "Version of the device that was read, when If-Match does not say it" },
        { NULL },
};
static const struct shape back_in = { "DeviceDeclarationSentBack", back_fields };
static const struct field tie_fields[] = {
        { .name = "of", .type = SHAPE_TEXT, .required = true, .max = 40, .summary = "certificate:NUMBER or key:NUMBER" },
        { NULL },
};
static const struct shape tie_in = { "DeviceTie", tie_fields };

static const struct field one_fields[] = {
        { .name = "device", .type = SHAPE_JSON, .required = true, .summary = "The device, as GET /devices/{id}" },
        { .name = "declarations", .type = SHAPE_JSON, .summary = "What was declared about it, newest first" },
        { .name = "tied", .type = SHAPE_TEXT, .summary = "What belongs to the device from now on" },
        { NULL },
};
static const struct shape one_out = { "DeviceDeclarationAnswer", one_fields };

rc declaration_door_add(struct cx *cx, json_t *model, const json_t *device, bool all)
{
        json_t *list, *ties, *loose;
        const json_t *newest;
        int64_t id = json_integer_value(json_object_get(device, "id"));

        TRY(declaration_list(cx, id, &list));
        newest = json_array_get(list, 0);
        json_set(model, "declarations", list);
        json_set(model, "may_countersign",
                 json_boolean(!json_is_true(json_object_get(device, "mine")) && !json_is_true(json_object_get(newest, "mine"))));
        if (!all)
                return RC_OK;
        TRY(declaration_ties(cx, id, &ties, &loose));
        json_set(model, "ties", ties);
        json_set(model, "loose", loose);
        return RC_OK;
}

static rc id_read(struct cx *cx, const struct http_req *req, int64_t *ret)
{
        if (!str_int(http_arg(req, "id"), ret) || *ret <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such device");
        log_subject(cx, S("device"), *ret);
        return RC_OK;
}

static rc answer(struct cx *cx, struct http_res *res, int64_t id, bool own, const char *done, json_t *model)
{
        json_t *device;

        TRY(device_get(cx, id, &device));
        TRY(declaration_door_add(cx, model, device, false));
        log_detail(cx, "name", json_object_get(device, "name"));
        log_detail(cx, "owner", json_object_get(device, "owner"));
        json_set(model, "device", device);
        return http_created(res, 200, str_format(cx->mem, "%s/%" PRId64 "?done=%s", own ? "/me/devices" : "/devices", id, done), model);
}

static rc stale(struct cx *cx, int64_t id, rc code, struct http_res *res)
{
        json_t *now;

        if (code == RC_STALE && device_get(cx, id, &now) == RC_OK)
                res->model = now;
        return code;
}

static rc signed_now(struct cx *cx, const struct http_req *req, const struct shape *shape, int64_t id, bool own, struct http_res *res)
{
        static const char *const said[] = { "reason", "how" };
        json_t *in, *device;
        int64_t version;

        TRY(shape_read(cx, shape, req, &in));
        TRY(shape_version(cx, req, in, &version));
        TRY(stale(cx, id, declaration_sign(cx, id, version, in), res));
        log_detail(cx, own ? "declared" : "recorded", json_true());
        for (size_t i = 0; i < COUNT(said); i++)
                if (!str_empty(json_get_text(in, said[i])))
                        log_detail(cx, said[i], json_object_get(in, said[i]));
        TRY(device_get(cx, id, &device));
        TRY(notice_guards(cx, "device_declared", device));
        return answer(cx, res, id, own, "device_declared", json_object());
}

/* POST /me/devices/{id}/declare - by whoever leaves, about a device of their own; 303 to it. Sessions at that device end: also the one that asks. */
static rc own_sign(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *device;
        int64_t id;

        TRY(id_read(cx, req, &id));
        TRY(device_get_own(cx, id, &device));
        return signed_now(cx, req, &sign_in, id, true, res);
}

/* POST /devices/{id}/declare - written down for somebody who cannot sign; 303 to it. */
static rc record(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *device;
        int64_t id;

        TRY(id_read(cx, req, &id));
        TRY(device_get(cx, id, &device));
        return signed_now(cx, req, &record_in, id, false, res);
}

/* POST /devices/{id}/countersign - by a person who neither leaves nor signed; 303 to it. */
static rc countersign(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *device;
        int64_t id, version;

        TRY(id_read(cx, req, &id));
        TRY(device_get(cx, id, &device));
        TRY(shape_read(cx, &counter_in, req, &in));
        TRY(shape_version(cx, req, in, &version));
        TRY(stale(cx, id, declaration_countersign(cx, id, version), res));
        log_detail(cx, "countersigned", json_true());
        return answer(cx, res, id, false, "device_countersigned", json_object());
}

/* POST /devices/{id}/send-back - with a reason: it must be signed again; 303 to it. */
static rc send_back(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *device;
        int64_t id, version;

        TRY(id_read(cx, req, &id));
        TRY(device_get(cx, id, &device));
        TRY(shape_read(cx, &back_in, req, &in));
        TRY(shape_version(cx, req, in, &version));
        TRY(stale(cx, id, declaration_send_back(cx, id, version, json_get_text(in, "reason")), res));
        log_detail(cx, "sent_back", json_object_get(in, "reason"));
        return answer(cx, res, id, false, "device_sent_back", json_object());
}

/* POST /devices/{id}/tie - a certificate or key that is used on this device only; 303 to it. */
static rc tie(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *device, *model = json_object();
        str kind, number, name;
        int64_t id, of = 0;
        bool known = false;

        TRY(id_read(cx, req, &id));
        TRY(device_get(cx, id, &device));
        TRY(shape_read(cx, &tie_in, req, &in));
        kind = str_cut(json_get_text(in, "of"), ':', &number);
        for (size_t i = 0; kinds[i] != NULL; i++)
                known = known || str_is(kind, kinds[i]);
        if (!known || str_absent(number) || !str_int(number, &of) || of <= 0)
                return fail(cx, RC_INVALID, "of", "there is no such certificate or key, or it is revoked");
        TRY(declaration_tie(cx, id, kind, of, &name));
        log_detail(cx, "tied", json_object_get(in, "of"));
        json_set(model, "tied", json_str(name));
        return answer(cx, res, id, false, "device_tied", model);
}

/* clang-format off */
const struct route declaration_door_routes[] = {
        /*     method path                             permission           logged as     body    rate    handler */
        ROUTE( POST,  "/me/devices/{id}/declare",      PERM_NONE,           LOG_UPDATE,   KB(8),  NORMAL, own_sign,    "Declare, as a leaver, that nothing of the company is left on a device of one's own",
               .in = &sign_in, .out = &one_out, .fresh = true ),
        ROUTE( POST,  "/devices/{id}/declare",         PERM_ACCOUNT_MANAGE, LOG_UPDATE,   KB(8),  NORMAL, record,      "Write such a declaration down for a leaver who cannot sign",
               .in = &record_in, .out = &one_out, .fresh = true ),
        ROUTE( POST,  "/devices/{id}/countersign",     PERM_ACCOUNT_MANAGE, LOG_APPROVE,  KB(4),  NORMAL, countersign, "Countersign a leaver's declaration",
               .in = &counter_in, .out = &one_out, .fresh = true ),
        ROUTE( POST,  "/devices/{id}/send-back",       PERM_ACCOUNT_MANAGE, LOG_UPDATE,   KB(8),  NORMAL, send_back,   "Send a leaver's declaration back",
               .in = &back_in, .out = &one_out ),
        ROUTE( POST,  "/devices/{id}/tie",             PERM_ACCOUNT_MANAGE, LOG_UPDATE,   KB(4),  NORMAL, tie,         "Say that a certificate or an API key belongs to a device",
               .in = &tie_in, .out = &one_out ),
        ROUTE_END
};
/* clang-format on */
