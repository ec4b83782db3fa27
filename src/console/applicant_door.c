/* applicant_door.c - people a sign-on service knows and this house does not yet: who applied, and what becomes of it. */
#include "base/house.h"

#include "console/applicant_door.h"

#include "base/fail.h"
#include "identity/group.h"
#include "identity/link.h"
#include "log/log.h"

static const struct field approve_fields[] = {
        { .name = "login", .type = SHAPE_TEXT, .required = true, .min = 1, .max = 100, .summary = "Log-in name of the account to be made" },
        { .name = "name", .type = SHAPE_TEXT, .required = true, .min = 1, .max = 100, .summary = "Name of the person" },
        { .name = "email", .type = SHAPE_TEXT, .max = 254, .summary = "E-mail address; without: what the sign-on service said" },
        { .name = "groups", .type = SHAPE_LIST, .max = 50, .summary = "Numbers of permission groups" },
        { NULL },
};
static const struct shape approve_in = { "ApplicantApprove", approve_fields };

static const struct field applicant_fields[] = {
        { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number" },
        { .name = "provider_id", .type = SHAPE_INT, .summary = "Sign-on service" },
        { .name = "provider", .type = SHAPE_TEXT, .summary = "Its name" },
        { .name = "kind", .type = SHAPE_TEXT, .summary = "Its kind" },
        { .name = "subject", .type = SHAPE_TEXT, .summary = "What it calls the person" },
        { .name = "email", .type = SHAPE_TEXT, .summary = "As it says" },
        { .name = "name", .type = SHAPE_TEXT, .summary = "As it says" },
        { .name = "state", .type = SHAPE_TEXT, .summary = "waiting or refused" },
        { .name = "created_at", .type = SHAPE_DATETIME, .summary = "When they applied" },
        { .name = "refused_at", .type = SHAPE_DATETIME, .summary = "When they were refused; null: not" },
        { NULL },
};
static const struct shape applicant_shape = { "Applicant", applicant_fields };
static const struct field list_fields[] = { { .name = "applicants", .type = SHAPE_LIST, .required = true, .of = &applicant_shape }, { NULL } };
static const struct shape list_out = { "ApplicantList", list_fields };

static rc id_read(struct cx *cx, const struct http_req *req, int64_t *ret)
{
        if (!str_int(http_arg(req, "id"), ret) || *ret <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such application");
        log_subject(cx, S("applicant"), *ret);
        return RC_OK;
}

/* GET /applicants - applicants.html: {applicants: […], groups: [{id, name}]}. */
static rc list(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *model, *groups;

        log_subject(cx, S("applicant"), 0);
        TRY(link_applicants(cx, &model));
        TRY(group_list(cx, &groups));
        json_set(model, "groups", json_incref(json_object_get(groups, "groups")));
        return http_reply(res, 200, "applicants.html", model);
}

/* POST /applicants/{id}/approve - makes the account and links it; 303 to the list. */
static rc approve(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *account, *applicant, *model = json_object();
        int64_t id;

        TRY(id_read(cx, req, &id));
        TRY(link_applicant_get(cx, id, &applicant));
        TRY(shape_read(cx, &approve_in, req, &in));
        TRY(link_approve(cx, id, in, &account));
        log_detail(cx, "account", json_object_get(account, "id"));
        log_detail(cx, "login", json_object_get(account, "login"));
        log_detail(cx, "groups", json_object_get(account, "group_names"));
        json_set(model, "account", account);
        return http_created(res, 201, S("/applicants?done=applicant_approved"), model);
}

/* POST /applicants/{id}/refuse - 303 to the list. */
static rc refuse(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        int64_t id;

        TRY(id_read(cx, req, &id));
        TRY(link_refuse(cx, id));
        return http_created(res, 204, S("/applicants?done=applicant_refused"), NULL);
}

/* DELETE /applicants/{id} - forgotten; they may apply again. 303 to the list. */
static rc forget(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        int64_t id;

        TRY(id_read(cx, req, &id));
        TRY(link_forget(cx, id));
        return http_created(res, 204, S("/applicants?done=deleted"), NULL);
}

/* clang-format off */
const struct route applicant_door_routes[] = {
        /*     method  path                       permission           logged as   body    rate    handler */
        ROUTE( GET,    "/applicants",              PERM_ACCOUNT_MANAGE, LOG_LIST,   0,      NORMAL, list,    "List people who applied", .out = &list_out ),
        ROUTE( POST,   "/applicants/{id}/approve", PERM_ACCOUNT_MANAGE, LOG_CREATE, KB(16), NORMAL, approve, "Make an account for an applicant",
               .in = &approve_in, .fresh = true ),
        ROUTE( POST,   "/applicants/{id}/refuse",  PERM_ACCOUNT_MANAGE, LOG_UPDATE, KB(4),  NORMAL, refuse,  "Refuse an applicant" ),
        ROUTE( DELETE, "/applicants/{id}",         PERM_ACCOUNT_MANAGE, LOG_DELETE, KB(4),  NORMAL, forget,  "Forget an applicant" ),
        ROUTE_END
};
/* clang-format on */
