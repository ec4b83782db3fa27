/* policy_door.c - what the contract asks of passwords, locks and sessions. */
#include "base/house.h"

#include "console/policy_door.h"

#include "base/fail.h"
#include "identity/policy.h"
#include "log/log.h"

/* clang-format off */
#define POLICY_FIELDS                                                                                                                                \
        { .name = "first_reset", .type = SHAPE_BOOL, .summary = "A password set by somebody else is changed at the first log-in" },                  \
        { .name = "valid_days", .type = SHAPE_INT, .summary = "A password is valid for 30 to 365 days; null or 0: unlimited" },                      \
        { .name = "need_lower", .type = SHAPE_BOOL, .summary = "A small letter is needed" },                                                         \
        { .name = "need_upper", .type = SHAPE_BOOL, .summary = "A capital letter is needed" },                                                       \
        { .name = "need_digit", .type = SHAPE_BOOL, .summary = "A digit is needed" },                                                                \
        { .name = "need_symbol", .type = SHAPE_BOOL, .summary = "A sign is needed" },                                                                \
        { .name = "classes_min", .type = SHAPE_INT, .summary = "So many of these four are needed, whichever; 0 to 4" },                              \
        { .name = "length_min", .type = SHAPE_INT, .summary = "Characters at least; 8 to 30" },                                                      \
        { .name = "length_long", .type = SHAPE_BOOL, .summary = "Up to 72 bytes instead of 30 characters" },                                         \
        { .name = "lock_after", .type = SHAPE_INT, .summary = "An account locks after 3 to 9 wrong passwords in a row; null or 0: never" },          \
        { .name = "alert_after", .type = SHAPE_INT, .summary = "So many wrong log-ins within ten minutes are told, 3 to 100; null or 0: never" },    \
        { .name = "idle_minutes", .type = SHAPE_INT, .summary = "A session ends so long after its last request; 5 to 180" },                         \
        { .name = "absolute_hours", .type = SHAPE_INT, .summary = "A session ends so long after the log-in, 1 to 720; null or 0: no limit" },             \
        { .name = "review_days", .type = SHAPE_INT, .summary = "All rights are reviewed at least every so many days; 30 to 400" },\
        { .name = "access_approval", .type = SHAPE_BOOL,                                                                                             \
          .summary = "Rights change only by a request that a second person approves; needs two who can; once on it stays on" }, \
        { .name = "log_review_months", .type = SHAPE_INT, .summary = "The operation log is reviewed every 1, 3, 6 or 12 months; null or 0: not" },      \
        { .name = "log_review_days", .type = SHAPE_INT, .summary = "Days after a period until its review is overdue; 1 to 90" },                         \
        { .name = "device_required", .type = SHAPE_BOOL,                                                                                             \
          .summary = "Only people with an approved device get in (API keys are not asked); whoever switches it on needs one" },                     \
        { .name = "device_months", .type = SHAPE_INT, .summary = "The approval of a device is good for so many months; 1 to 36" },                   \
        { .name = "device_lock_strict", .type = SHAPE_BOOL, .summary = "A lock after more than five minutes is refused, not only a deviation" },      \
        { .name = "device_malware_strict", .type = SHAPE_BOOL, .summary = "A computer without working anti-malware is refused likewise" },           \
        { .name = "device_firewall_strict", .type = SHAPE_BOOL, .summary = "A laptop without a firewall is refused likewise" },                      \
        { .name = "log_detail_days", .type = SHAPE_INT, .summary = "What entries of the log say exactly is kept 365 to 3650 days; null or 0: as long as the entries" }
/* clang-format on */

static const struct field change_fields[] = {
        POLICY_FIELDS,
        { .name = "form", .type = SHAPE_BOOL, .summary = "Forms send true: boxes that are not ticked are off" },
        { .name = "version", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "Version that was read, when If-Match does not say it" },
        { NULL },
};
static const struct shape change_in = { "PolicyChange", change_fields };

static const struct field policy_fields[] = {
        POLICY_FIELDS,
        { .name = "version", .type = SHAPE_INT, .required = true, .summary = "Rises with each change" },
        { .name = "updated_at", .type = SHAPE_DATETIME, .summary = "Last change" },
        { NULL },
};
static const struct shape policy_shape = { "Policy", policy_fields };
static const struct field one_fields[] = { { .name = "policy", .type = SHAPE_OBJECT, .required = true, .of = &policy_shape }, { NULL } };
static const struct shape one_out = { "PolicyAnswer", one_fields };

/* For the form: {off, m1, m3, m6, m12}, of which one is true. */
static json_t *months_model(const json_t *policy)
{
        static const char *const names[] = { "off", "m1", "m3", "m6", "m12" };
        static const int months[] = { 0, 1, 3, 6, 12 };
        json_t *m = json_object();

        for (size_t i = 0; i < COUNT(names); i++)
                json_set(m, names[i], json_boolean(json_integer_value(json_object_get(policy, "log_review_months")) == months[i]));
        return m;
}

/* GET /policy - policy.html: {policy, months: {off, m1, m3, m6, m12}}; ETag: its version. */
static rc show(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *policy, *model = json_object();

        log_subject(cx, S("policy"), 0);
        TRY(policy_get(cx, &policy));
        json_set(model, "policy", policy);
        json_set(model, "months", months_model(policy));
        res->etag = str_format(cx->mem, "%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(policy, "version")));
        return http_reply(res, 200, "policy.html", model);
}

/* A form says nothing of a box that is not ticked. */
static void boxes_fill(json_t *in)
{
        if (!json_is_true(json_object_get(in, "form")))
                return;
        for (const struct field *f = change_fields; f->name != NULL; f++)
                if (f->type == SHAPE_BOOL && json_object_get(in, f->name) == NULL)
                        json_set(in, f->name, json_false());
}

/* PATCH /policy - members given change, from the next password, log-in and request on; 303 to the page. */
static rc change(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *before, *policy, *model = json_object();
        int64_t version;
        rc code;

        log_subject(cx, S("policy"), 0);
        TRY(shape_read(cx, &change_in, req, &in));
        TRY(shape_version(cx, req, in, &version));
        boxes_fill(in);
        code = policy_update(cx, version, in, &before, &policy);
        if (code == RC_STALE && policy_get(cx, &policy) == RC_OK)
                res->model = policy;
        TRY(code);
        log_detail(cx, "changes", log_difference(before, policy));
        json_set(model, "policy", policy);
        return http_created(res, 200, S("/policy?done=saved"), model);
}

/* clang-format off */
const struct route policy_door_routes[] = {
        /*     method path       permission          logged as   body   rate    handler */
        ROUTE( GET,   "/policy", PERM_POLICY_MANAGE, LOG_VIEW,   0,     NORMAL, show,   "The policy of passwords, locks and sessions", .out = &one_out ),
        ROUTE( PATCH, "/policy", PERM_POLICY_MANAGE, LOG_UPDATE, KB(8), NORMAL, change, "Change the policy", .in = &change_in, .out = &one_out,
               .fresh = true ),
        ROUTE_END
};
/* clang-format on */
