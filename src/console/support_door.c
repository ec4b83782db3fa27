/* support_door.c - asking for, approving, using and ending support. */
#include "base/house.h"

#include "console/support_door.h"

#include "base/fail.h"
#include "identity/support.h"
#include "log/log.h"
#include "tenant/backup.h"

static const struct field ask_fields[] = {
        { .name = "tenant", .type = SHAPE_TEXT, .required = true, .max = 30, .summary = "Contract" },
        { .name = "reason", .type = SHAPE_TEXT, .required = true, .max = 1000, .summary = "Why; the contract reads it" },
        { .name = "minutes", .type = SHAPE_INT, .required = true, .min = 5, .max = 480, .summary = "For how long, from the approval on" },
        { .name = "personal", .type = SHAPE_BOOL, .summary = "Personal items are needed, too" },
        { NULL },
};
static const struct shape ask_in = { "SupportAsk", ask_fields };

static const struct field grant_fields[] = {
        { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number" },
        { .name = "tenant", .type = SHAPE_TEXT, .required = true, .summary = "Contract" },
        { .name = "operator", .type = SHAPE_TEXT, .required = true, .summary = "Who asked, as they were called then" },
        { .name = "reason", .type = SHAPE_TEXT, .required = true, .summary = "Why" },
        { .name = "personal", .type = SHAPE_BOOL, .summary = "With personal items" },
        { .name = "minutes", .type = SHAPE_INT, .summary = "For how long" },
        { .name = "state",
          .type = SHAPE_TEXT,
          .required = true,
          .summary = "asked, open, over, ended, refused or stale (not approved within 7 days)" },
        { .name = "asked_at", .type = SHAPE_DATETIME, .summary = "When it was asked for" },
        { .name = "approved_by", .type = SHAPE_TEXT, .summary = "Who approved" },
        { .name = "approved_at", .type = SHAPE_DATETIME, .summary = "When" },
        { .name = "ends_at", .type = SHAPE_DATETIME, .summary = "It ends by itself" },
        { .name = "ended_at", .type = SHAPE_DATETIME, .summary = "It was ended before" },
        { .name = "refused_by", .type = SHAPE_TEXT, .summary = "Who refused" },
        { .name = "mine", .type = SHAPE_BOOL, .summary = "Asked for by the caller" },
        { NULL },
};
static const struct shape grant_shape = { "SupportGrant", grant_fields };
static const struct field list_fields[] = { { .name = "grants", .type = SHAPE_LIST, .required = true, .of = &grant_shape }, { NULL } };
static const struct shape list_out = { "SupportGrantList", list_fields };

static const struct field contract_fields[] = {
        { .name = "name", .type = SHAPE_TEXT, .required = true, .summary = "Contract" },
        { .name = "title", .type = SHAPE_TEXT, .required = true, .summary = "Title" },
        { .name = "state", .type = SHAPE_TEXT, .required = true, .summary = "active, suspended or ended" },
        { .name = "lang", .type = SHAPE_TEXT, .summary = "Language" },
        { .name = "created_at", .type = SHAPE_DATETIME, .summary = "When it was made" },
        { .name = "accounts", .type = SHAPE_INT, .summary = "Accounts" },
        { .name = "sessions", .type = SHAPE_INT, .summary = "Sessions open now" },
        { .name = "jobs", .type = SHAPE_INT, .summary = "Jobs waiting or running" },
        { .name = "bytes", .type = SHAPE_INT, .summary = "Size of its tables with their indexes" },
        { NULL },
};
static const struct shape contract_shape = { "Contract", contract_fields };
static const struct field backup_place_fields[] = {
        { .name = "place", .type = SHAPE_TEXT, .required = true, .summary = "Where" },
        { .name = "newest", .type = SHAPE_TEXT, .summary = "Name of the newest backup there" },
        { .name = "taken_at", .type = SHAPE_DATETIME, .summary = "The point it takes everything back to" },
        { .name = "seen_at", .type = SHAPE_DATETIME, .summary = "When the place was last reached" },
        { .name = "verified_at", .type = SHAPE_DATETIME, .summary = "When that backup was last verified" },
        { .name = "sound", .type = SHAPE_BOOL, .summary = "What the verification found" },
        { .name = "trouble", .type = SHAPE_TEXT, .summary = "What is wrong with the place" },
        { NULL },
};
static const struct shape backup_place_shape = { "BackupPlace", backup_place_fields };
static const struct field backup_fields[] = {
        { .name = "level",
          .type = SHAPE_TEXT,
          .required = true,
          .summary = "good (less than 26 hours old), late (less than 50), bad, none (no backups are made)" },
        { .name = "taken_at", .type = SHAPE_DATETIME, .summary = "The newest point everything can be taken back to" },
        { .name = "age_hours", .type = SHAPE_INT, .summary = "Its age" },
        { .name = "places", .type = SHAPE_LIST, .required = true, .of = &backup_place_shape },
        { NULL },
};
static const struct shape backup_shape = { "Backups", backup_fields };
static const struct field overview_fields[] = {
        { .name = "contracts", .type = SHAPE_LIST, .required = true, .of = &contract_shape },
        { .name = "grants", .type = SHAPE_LIST, .required = true, .of = &grant_shape },
        { .name = "backup", .type = SHAPE_OBJECT, .required = true, .of = &backup_shape },
        { NULL },
};
static const struct shape overview_out = { "OperatorOverview", overview_fields };
static const struct field asked_fields[] = { { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number of the request" }, { NULL } };
static const struct shape asked_out = { "SupportAsked", asked_fields };

static rc id_read(struct cx *cx, const struct http_req *req, int64_t *ret)
{
        if (!str_int(http_arg(req, "id"), ret) || *ret <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such support grant");
        log_subject(cx, S("support"), *ret);
        return RC_OK;
}

/* GET /support - support.html: {grants}. */
static rc list(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *model;

        log_subject(cx, S("support"), 0);
        TRY(support_list(cx, &model));
        return http_reply(res, 200, "support.html", model);
}

/* POST /support/{id}/approve - 303 to /support. */
static rc approve(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        int64_t id;

        TRY(id_read(cx, req, &id));
        TRY(support_approve(cx, id));
        return http_created(res, 204, S("/support?done=approved"), NULL);
}

/* POST /support/{id}/end - 303 to /support. */
static rc end(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        int64_t id;

        TRY(id_read(cx, req, &id));
        TRY(support_end(cx, id));
        return http_created(res, 204, S("/support?done=support_ended"), NULL);
}

/* GET /operator - operator.html: {contracts, grants, backup}. */
static rc overview(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *model, *backup;

        log_subject(cx, S("tenant"), 0);
        TRY(support_overview(cx, &model));
        TRY(backup_state(cx, &backup));
        json_set(model, "backup", backup);
        return http_reply(res, 200, "operator.html", model);
}

/* POST /operator/support - ask; 303 to /operator. */
static rc ask(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *model = json_object();
        int64_t id;

        log_subject(cx, S("support"), 0);
        TRY(shape_read(cx, &ask_in, req, &in));
        TRY(support_ask(cx, in, &id));
        log_subject(cx, S("support"), id);
        log_detail(cx, "tenant", json_object_get(in, "tenant"));
        log_detail(cx, "reason", json_object_get(in, "reason"));
        json_set(model, "id", json_integer(id));
        return http_created(res, 201, S("/operator?done=support_asked"), model);
}

/* POST /operator/support/{id}/enter - 303 to the first page of the other contract. */
static rc enter(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        int64_t id;

        TRY(id_read(cx, req, &id));
        TRY(support_enter(cx, id));
        return http_created(res, 204, S("/"), NULL);
}

/* POST /operator/support/{id}/end - 303 to /operator. */
static rc give_back(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        int64_t id;

        TRY(id_read(cx, req, &id));
        TRY(support_end(cx, id));
        return http_created(res, 204, S("/operator?done=support_ended"), NULL);
}

/* POST /operator/leave - from inside the other contract; 303 to /operator. */
static rc leave(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        log_subject(cx, S("support"), 0);
        TRY(support_leave(cx));
        return http_created(res, 204, S("/operator?done=left"), NULL);
}

/* clang-format off */
const struct route support_door_routes[] = {
        /*     method path                            permission            logged as    body   rate    handler */
        ROUTE( GET,   "/support",                     PERM_SUPPORT_APPROVE, LOG_LIST,    0,     NORMAL, list,    "List support grants", .out = &list_out ),
        ROUTE( POST,  "/support/{id}/approve",        PERM_SUPPORT_APPROVE, LOG_APPROVE, KB(4), NORMAL, approve, "Approve support by the operator",
               .fresh = true ),
        ROUTE( POST,  "/support/{id}/end",            PERM_SUPPORT_APPROVE, LOG_REVOKE,  KB(4), NORMAL, end,     "Refuse or end support by the operator" ),
        ROUTE( GET,   "/operator",                    PERM_SUPPORT_ASK,     LOG_LIST,    0,     NORMAL, overview, "Contracts and support, for operators",
               .out = &overview_out ),
        ROUTE( POST,  "/operator/support",            PERM_SUPPORT_ASK,     LOG_CREATE,  KB(8), NORMAL, ask,     "Ask for a support grant",
               .in = &ask_in, .out = &asked_out ),
        ROUTE( POST,  "/operator/support/{id}/enter", PERM_SUPPORT_ASK,     LOG_LOGIN,   KB(4), NORMAL, enter,   "Work in a contract by a support grant",
               .fresh = true ),
        ROUTE( POST,  "/operator/support/{id}/end",   PERM_SUPPORT_ASK,     LOG_REVOKE,  KB(4), NORMAL, give_back, "Give a support grant back" ),
        ROUTE( POST,  "/operator/leave",              PERM_NONE,            LOG_LOGOUT,  KB(4), NORMAL, leave,   "Leave the contract that was supported" ),
        ROUTE_END
};
/* clang-format on */
