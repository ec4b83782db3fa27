/* sso_door.c - to a sign-on provider and back. Served by the sso processes, the only ones that may ask a provider. Both routes are links, not forms: the
 * page's policy lets no form lead out of the house. */
#include "base/house.h"

#include "console/sso_door.h"

#include "base/fail.h"
#include "console/doorstep.h"
#include "db/db.h"
#include "gate/enter.h"
#include "gate/gate.h"
#include "identity/border.h"
#include "identity/sign_on.h"
#include "log/log.h"

/* What binds an attempt to the browser it was begun in; Lax, because the provider sends the browser back from another site. */
#define COOKIE       "__Host-daicho-sso"
#define COOKIE_TERMS "; Path=/; Secure; HttpOnly; SameSite=Lax"

static const struct field start_fields[] = {
        { .name = "tenant", .type = SHAPE_TEXT, .required = true, .min = 1, .max = 30, .summary = "Contract" },
        { .name = "next", .type = SHAPE_TEXT, .max = 2000, .summary = "Address within the house to go to afterwards" },
        { .name = "invitation", .type = SHAPE_TEXT, .max = 43, .summary = "From a link that links an account" },
        { NULL },
};
static const struct shape start_in = { "SignOnStart", start_fields };

/* GET /sso/{id}/start - 303 to the provider. */
static rc start(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        struct sign_on_service *service;
        struct sign_on_begun begun;
        str tenant, next, invitation;
        int64_t id;
        json_t *in;

        TRY(shape_read(cx, &start_in, req, &in));
        if (!str_int(http_arg(req, "id"), &id) || id <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such sign-on service");
        log_subject(cx, S("provider"), id);
        tenant = str_trim(json_get_text(in, "tenant"));
        next = json_get_text(in, "next");
        invitation = json_get_text(in, "invitation");
        TRY(border_check(cx, tenant, enter_certificate(req)));
        TRY(sign_on_find(cx, tenant, id, &service));
        cx->tenant = tenant;
        TRY(sign_on_prepare(cx, service, &begun));
        TRY(enter_by_name(cx, tenant, false));
        TRY(sign_on_begin(cx, service, &begun, gate_address_safe(next) ? next : STR_NONE, str_empty(invitation) ? STR_NONE : invitation));
        http_set(res, S("Set-Cookie"), str_format(cx->mem, COOKIE "=%.*s" COOKIE_TERMS "; Max-Age=%d", STR_ARG(begun.cookie), SIGN_ON_SECONDS));
        http_set(res, S("Location"), begun.location);
        return http_reply(res, 303, NULL, NULL);
}

/* Providers may add members of their own (RFC 6749 4.1.2); of those that mean something each stands there once. */
static rc answer_read(struct cx *cx, const struct http_req *req, struct sign_on_answer *ret)
{
        const struct {
                const char *name;
                str *to;
        } members[] = { { "state", &ret->state }, { "code", &ret->code }, { "error", &ret->error }, { "iss", &ret->issuer } };

        for (size_t m = 0; m < COUNT(members); m++) {
                *members[m].to = STR_NONE;
                for (size_t i = 0; i < req->query_count; i++) {
                        if (!str_is(req->query[i].name, members[m].name))
                                continue;
                        if (!str_absent(*members[m].to))
                                return fail(cx, RC_INVALID, members[m].name, "was sent twice");
                        *members[m].to = req->query[i].value;
                }
        }
        ret->cookie = http_cookie(req, COOKIE);
        return RC_OK;
}

static rc come_in(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        struct sign_on_answer answer;
        struct sign_on_attempt *attempt;
        struct sign_on_service *service;
        struct sign_on_person person = { .subject = STR_NONE };
        struct sign_on_entry entry;
        json_t *model;

        TRY(answer_read(cx, req, &answer));
        TRY(sign_on_take(cx, &answer, &attempt, &service));
        TRY(border_check(cx, cx->tenant, enter_certificate(req)));
        log_subject(cx, S("provider"), sign_on_service_id(service));
        TRY(sign_on_verify(cx, &answer, attempt, service, &person));
        log_detail(cx, "subject", json_str(person.subject));
        log_detail(cx, "context", person.context);
        TRY(enter_by_name(cx, cx->tenant, false));
        TRY(sign_on_open(cx, attempt, service, &person, http_header(req, "User-Agent"), doorstep_token(req), &entry));
        http_set(res, S("Set-Cookie"), S(COOKIE "=" COOKIE_TERMS "; Max-Age=0"));
        if (entry.applied) {
                model = json_object();
                log_verb(cx, LOG_SIGN_ON);
                log_detail(cx, "applied", json_true());
                json_set(model, "email", json_str(person.email));
                return http_reply(res, 202, "sso_applied.html", model);
        }
        cx->actor.kind = ACTOR_ACCOUNT;
        cx->actor.id = entry.account_id;
        cx->actor.name = entry.login;
        cx->actor.groups = entry.groups;
        log_subject(cx, S("account"), entry.account_id);
        return doorstep_pass(cx, res, entry.token, entry.stage, entry.next);
}

/* GET /sso/callback - where providers send browsers back to: 303 into the house, or sso_applied.html. A failure is counted for the address. */
static rc callback(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        rc code = come_in(cx, req, res);

        if (code == RC_OK || code == RC_BUSY || code == RC_UNAVAILABLE)
                return code;
        if (db_in_transaction(cx))
                db_rollback(cx);
        sign_on_failed(cx);
        return code;
}

/* clang-format off */
const struct route sso_door_routes[] = {
        /*     method path              permission   logged as    body rate handler */
        ROUTE( GET,   "/sso/{id}/start", PERM_PUBLIC, LOG_SIGN_ON, 0,   SSO, start,    "Log in by a sign-on service", .in = &start_in, .face = FACE_CONSOLE ),
        ROUTE( GET,   "/sso/callback",   PERM_PUBLIC, LOG_LOGIN,   0,   SSO, callback, "Where a sign-on service sends people back to",
               .face = FACE_CONSOLE ),
        ROUTE_END
};
/* clang-format on */
