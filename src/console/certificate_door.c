/* certificate_door.c - client certificates of the contract, and whether it needs them. */
#include "base/house.h"

#include "console/certificate_door.h"

#include "base/fail.h"
#include "gate/enter.h"
#include "identity/border.h"
#include "identity/certificate.h"
#include "identity/session.h"
#include "log/log.h"

static const struct field issue_fields[] = {
        { .name = "name", .type = SHAPE_TEXT, .required = true, .min = 1, .max = 100, .summary = "Whose device, or which" },
        { .name = "person_id",
          .type = SHAPE_INT,
          .min = 1,
          .max = INT64_MAX,
          .summary = "Number of the person it is for; without: nobody in particular" },
        { .name = "days", .type = SHAPE_INT, .min = 1, .max = CERTIFICATE_DAYS_MAX, .summary = "Days it is valid; without: 365" },
        { NULL },
};
static const struct shape issue_in = { "CertificateNew", issue_fields };

static const struct field certificate_fields[] = {
        { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number" },
        { .name = "serial", .type = SHAPE_TEXT, .required = true, .summary = "Serial number, hexadecimal" },
        { .name = "name", .type = SHAPE_TEXT, .required = true, .summary = "Whose device, or which" },
        { .name = "person_id", .type = SHAPE_INT, .summary = "Number of the person it is for" },
        { .name = "person", .type = SHAPE_TEXT, .summary = "Name of the person it is for" },
        { .name = "state", .type = SHAPE_TEXT, .summary = "active, expiring (within 30 days), expired, revoked" },
        { .name = "issued_at", .type = SHAPE_DATETIME, .summary = "When it was issued" },
        { .name = "issued_by", .type = SHAPE_TEXT, .summary = "Who issued it" },
        { .name = "expires_at", .type = SHAPE_DATETIME, .summary = "Last moment it is valid" },
        { .name = "revoked_at", .type = SHAPE_DATETIME, .summary = "When it was revoked" },
        { .name = "revoked_by", .type = SHAPE_TEXT, .summary = "Who revoked it" },
        { NULL },
};
static const struct shape certificate_shape = { "Certificate", certificate_fields };

static const struct field opt_out_fields[] = {
        { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number" },
        { .name = "reason", .type = SHAPE_TEXT, .required = true, .summary = "Why" },
        { .name = "asked_by", .type = SHAPE_TEXT, .required = true, .summary = "Who asked" },
        { .name = "asked_at", .type = SHAPE_DATETIME, .required = true, .summary = "When" },
        { .name = "approved_by", .type = SHAPE_TEXT, .summary = "Who agreed; null: it waits" },
        { .name = "approved_at", .type = SHAPE_DATETIME, .summary = "When" },
        { .name = "own", .type = SHAPE_BOOL, .summary = "Asked by whoever reads this" },
        { NULL },
};
static const struct shape opt_out_shape = { "CertificateOptOut", opt_out_fields };

static const struct field list_fields[] = {
        { .name = "certificates", .type = SHAPE_LIST, .required = true, .of = &certificate_shape },
        { .name = "expiring", .type = SHAPE_INT, .summary = "How many end within 30 days" },
        { .name = "certificate_required", .type = SHAPE_BOOL, .summary = "Nobody logs in without one" },
        { .name = "opt_out", .type = SHAPE_OBJECT, .of = &opt_out_shape, .summary = "What was agreed, or waits for somebody to agree" },
        { NULL },
};
static const struct shape list_out = { "CertificateList", list_fields };
static const struct field made_fields[] = {
        { .name = "made", .type = SHAPE_OBJECT, .required = true, .of = &certificate_shape },
        { .name = "pkcs12", .type = SHAPE_TEXT, .required = true, .max = 20000, .summary = "The file, base64; given this once" },
        { .name = "passphrase", .type = SHAPE_TEXT, .required = true, .summary = "Opens the file; given this once", .secret = true },
        { NULL },
};
static const struct shape made_out = { "CertificateMade", made_fields };
static const struct field revoked_fields[] = { { .name = "revoked", .type = SHAPE_OBJECT, .required = true, .of = &certificate_shape }, { NULL } };
static const struct shape revoked_out = { "CertificateRevoked", revoked_fields };

static const struct field ask_fields[] = {
        { .name = "reason", .type = SHAPE_TEXT, .required = true, .min = 1, .max = 1000, .lines = true, .summary = "Why the contract does without" },
        { NULL },
};
static const struct shape ask_in = { "CertificateOptOutNew", ask_fields };

static rc id_read(struct cx *cx, const struct http_req *req, const char *kind, int64_t *ret)
{
        if (!str_int(http_arg(req, "id"), ret) || *ret <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such certificate");
        log_subject(cx, str_of(kind), *ret);
        return RC_OK;
}

/* {certificates, expiring, people, certificate_required, opt_out, source…} */
static rc page_model(struct cx *cx, json_t **ret)
{
        json_t *border;

        TRY(certificate_list(cx, ret));
        TRY(border_get(cx, &border));
        must(json_object_update_missing(*ret, border) == 0);
        return RC_OK;
}

/* GET /certificates - certificates.html. */
static rc list(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *model;

        log_subject(cx, S("certificate"), 0);
        TRY(page_model(cx, &model));
        json_set(model, "came_with", json_boolean(!str_empty(enter_certificate(req))));
        return http_reply(res, 200, "certificates.html", model);
}

/* POST /certificates - certificates.html with {made, pkcs12, passphrase} on top: given this once. */
static rc issue(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *made, *model;
        str pkcs12, passphrase;

        log_subject(cx, S("certificate"), 0);
        TRY(session_takeaway_check(cx, enter_certificate(req), true)); /* the device may be their own: the certificate says which it is */
        TRY(shape_read(cx, &issue_in, req, &in));
        TRY(certificate_issue(cx, in, &made, &pkcs12, &passphrase));
        log_subject(cx, S("certificate"), json_integer_value(json_object_get(made, "id")));
        log_detail(cx, "name", json_object_get(made, "name"));
        log_detail(cx, "serial", json_object_get(made, "serial"));
        TRY(page_model(cx, &model));
        json_set(model, "made", made);
        json_set(model, "pkcs12", json_str(pkcs12));
        json_set(model, "passphrase", json_str(passphrase));
        return http_reply(res, 201, "certificates.html", model);
}

/* DELETE /certificates/{id} - refused from the next request on; 303 to the list. */
static rc revoke(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *revoked, *model = json_object();
        int64_t id;

        TRY(id_read(cx, req, "certificate", &id));
        TRY(certificate_revoke(cx, id, &revoked));
        log_detail(cx, "name", json_object_get(revoked, "name"));
        log_detail(cx, "serial", json_object_get(revoked, "serial"));
        json_set(model, "revoked", revoked);
        return http_created(res, 200, S("/certificates?done=certificate_revoked"), model);
}

static rc answer(struct cx *cx, struct http_res *res, int status, const char *done)
{
        json_t *model;

        TRY(border_get(cx, &model));
        return http_created(res, status, str_format(cx->mem, "/certificates?done=%s", done), model);
}

/* POST /certificates/opt-out - {reason}: asks to do without certificates; nothing changes until somebody else agrees. */
static rc ask(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in;
        int64_t id;

        log_subject(cx, S("opt_out"), 0);
        TRY(shape_read(cx, &ask_in, req, &in));
        TRY(border_ask(cx, json_get_text(in, "reason"), &id));
        log_subject(cx, S("opt_out"), id);
        log_detail(cx, "reason", json_object_get(in, "reason"));
        return answer(cx, res, 201, "opt_out_asked");
}

/* POST /certificates/opt-out/{id}/approve - by another person: from now on the contract does without. */
static rc approve(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        int64_t id;

        TRY(id_read(cx, req, "opt_out", &id));
        TRY(border_approve(cx, id));
        return answer(cx, res, 200, "opt_out_approved");
}

/* DELETE /certificates/opt-out/{id} - what waits waits no more. */
static rc withdraw(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        int64_t id;

        TRY(id_read(cx, req, "opt_out", &id));
        TRY(border_withdraw(cx, id));
        return answer(cx, res, 200, "opt_out_withdrawn");
}

/* POST /certificates/require - nobody without a certificate from now on; only with one. */
static rc require(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        log_subject(cx, S("opt_out"), 0);
        TRY(border_require(cx, enter_certificate(req)));
        return answer(cx, res, 200, "certificates_required");
}

/* clang-format off */
const struct route certificate_door_routes[] = {
        /*     method  path                                  permission               logged as    body    rate    handler */
        ROUTE( GET,    "/certificates",                      PERM_CERTIFICATE_MANAGE, LOG_LIST,    0,      NORMAL, list,     "List client certificates",
               .out = &list_out ),
        ROUTE( POST,   "/certificates",                      PERM_CERTIFICATE_MANAGE, LOG_CREATE,  KB(16), LOGIN,  issue,    "Issue a client certificate",
               .in = &issue_in, .out = &made_out, .fresh = true ),
        ROUTE( DELETE, "/certificates/{id}",                 PERM_CERTIFICATE_MANAGE, LOG_REVOKE,  KB(4),  NORMAL, revoke,   "Revoke a client certificate",
               .out = &revoked_out ),
        ROUTE( POST,   "/certificates/opt-out",              PERM_TENANT_MANAGE,      LOG_CREATE,  KB(16), NORMAL, ask,      "Ask to do without client certificates",
               .in = &ask_in, .fresh = true ),
        ROUTE( POST,   "/certificates/opt-out/{id}/approve", PERM_TENANT_MANAGE,      LOG_UPDATE,  KB(4),  NORMAL, approve,  "Agree to do without client certificates",
               .fresh = true ),
        ROUTE( DELETE, "/certificates/opt-out/{id}",         PERM_TENANT_MANAGE,      LOG_DELETE,  KB(4),  NORMAL, withdraw, "Withdraw or refuse the request to do without client certificates" ),
        ROUTE( POST,   "/certificates/require",              PERM_TENANT_MANAGE,      LOG_UPDATE,  KB(4),  NORMAL, require,  "Require client certificates",
               .fresh = true ),
        ROUTE_END
};
/* clang-format on */
