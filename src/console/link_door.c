/* link_door.c - accounts and the sign-on services they are linked with: for whoever manages accounts, and for oneself. */
#include "base/house.h"

#include "console/link_door.h"

#include "base/fail.h"
#include "identity/account.h"
#include "identity/link.h"
#include "identity/provider.h"
#include "identity/sign_on.h"
#include "log/log.h"
#include "notify/notice.h"

static const struct field invite_fields[] = {
        { .name = "provider_id", .type = SHAPE_INT, .required = true, .min = 1, .max = INT64_MAX, .summary = "Sign-on service" },
        { .name = "mail", .type = SHAPE_BOOL, .summary = "Send the link to the account's e-mail address instead of showing it" },
        { NULL },
};
static const struct shape invite_in = { "LinkInvite", invite_fields };
static const struct field own_fields[] = {
        { .name = "provider_id", .type = SHAPE_INT, .required = true, .min = 1, .max = INT64_MAX, .summary = "Sign-on service" },
        { NULL },
};
static const struct shape own_in = { "LinkOwn", own_fields };

static const struct field link_fields[] = {
        { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number" },
        { .name = "provider_id", .type = SHAPE_INT, .summary = "Sign-on service" },
        { .name = "provider", .type = SHAPE_TEXT, .summary = "Its name" },
        { .name = "kind", .type = SHAPE_TEXT, .summary = "Its kind" },
        { .name = "email", .type = SHAPE_TEXT, .summary = "As it says" },
        { .name = "name", .type = SHAPE_TEXT, .summary = "As it says" },
        { .name = "created_at", .type = SHAPE_DATETIME, .summary = "When it was linked, or applied" },
        { .name = "used_at", .type = SHAPE_DATETIME, .summary = "Last sign-on; null: none" },
        { NULL },
};
static const struct shape link_shape = { "Link", link_fields };
static const struct field list_fields[] = {
        { .name = "links", .type = SHAPE_LIST, .required = true, .of = &link_shape },
        { .name = "url", .type = SHAPE_TEXT, .summary = "Open it within 7 days to link; shown this once" },
        { NULL },
};
static const struct shape list_out = { "LinkList", list_fields };

static rc number(struct cx *cx, const struct http_req *req, const char *name, int64_t *ret)
{
        return str_int(http_arg(req, name), ret) && *ret > 0 ? RC_OK : fail(cx, RC_UNKNOWN, NULL, "there is no such link");
}

static rc own_id(struct cx *cx, int64_t *ret)
{
        *ret = cx->actor.id;
        log_subject(cx, S("account"), cx->actor.id);
        return cx->actor.kind == ACTOR_ACCOUNT ? RC_OK : fail(cx, RC_FORBIDDEN, NULL, "this is for accounts; an API key has none");
}

/* {links, providers: [{id, name, kind}] that can be used}. */
static rc model_make(struct cx *cx, int64_t account_id, json_t **ret)
{
        json_t *m = json_object(), *links, *offer;

        TRY(link_list(cx, account_id, &links));
        TRY(provider_offer(cx, &offer));
        json_set(m, "links", links);
        json_set(m, "offers", offer);
        *ret = m;
        return RC_OK;
}

/* GET /accounts/{id}/links - links.html: {account, links, offers}. */
static rc list(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *account, *model;
        int64_t id;

        TRY(number(cx, req, "id", &id));
        log_subject(cx, S("account"), id);
        TRY(account_get(cx, id, &account));
        TRY(model_make(cx, id, &model));
        json_set(model, "account", account);
        return http_reply(res, 200, "links.html", model);
}

/* POST /accounts/{id}/links - links.html with {url}, shown this once; or it goes by mail. */
static rc invite(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *account, *model;
        int64_t id, provider;
        str token, url;

        TRY(number(cx, req, "id", &id));
        log_subject(cx, S("account"), id);
        TRY(account_get(cx, id, &account));
        TRY(shape_read(cx, &invite_in, req, &in));
        provider = json_integer_value(json_object_get(in, "provider_id"));
        TRY(link_invite(cx, provider, id, &token));
        log_detail(cx, "provider", json_integer(provider));
        url = sign_on_url(cx, provider, token);
        TRY(model_make(cx, id, &model));
        json_set(model, "account", account);
        if (json_is_true(json_object_get(in, "mail"))) {
                if (str_empty(json_get_text(account, "email")))
                        return fail(cx, RC_INVALID, "mail", "this account has no e-mail address; show the link instead");
                TRY(notice_link(cx, json_get_text(account, "email"), json_get_text(account, "lang"), json_get_text(account, "login"), url));
                log_detail(cx, "mailed", json_true());
                json_set(model, "mailed", json_true());
        } else {
                json_set(model, "url", json_str(url));
        }
        return http_reply(res, 201, "links.html", model);
}

/* DELETE /accounts/{id}/links/{link} - and the account's sessions end; 303 to the list. */
static rc erase(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        int64_t id, link;

        TRY(number(cx, req, "id", &id));
        log_subject(cx, S("account"), id);
        TRY(number(cx, req, "link", &link));
        TRY(link_erase(cx, id, link));
        log_detail(cx, "link", json_integer(link));
        return http_created(res, 204, str_format(cx->mem, "/accounts/%" PRId64 "/links?done=deleted", id), NULL);
}

/* GET /me/links - me_links.html: {links, offers}. */
static rc own(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *model;
        int64_t id;

        TRY(own_id(cx, &id));
        TRY(model_make(cx, id, &model));
        return http_reply(res, 200, "me_links.html", model);
}

/* POST /me/links - me_links.html with {url}: the way to the sign-on service, a link because no form may lead out of the house. */
static rc own_invite(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *model;
        int64_t id, provider;
        str token;

        TRY(own_id(cx, &id));
        TRY(shape_read(cx, &own_in, req, &in));
        provider = json_integer_value(json_object_get(in, "provider_id"));
        TRY(link_invite(cx, provider, id, &token));
        log_detail(cx, "provider", json_integer(provider));
        TRY(model_make(cx, id, &model));
        json_set(model, "url", json_str(sign_on_url(cx, provider, token)));
        return http_reply(res, 201, "me_links.html", model);
}

/* DELETE /me/links/{id} - and the other sessions end; 303 to the list. */
static rc own_erase(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        int64_t id, link;

        TRY(own_id(cx, &id));
        TRY(number(cx, req, "id", &link));
        TRY(link_erase(cx, id, link));
        log_detail(cx, "link", json_integer(link));
        return http_created(res, 204, S("/me/links?done=deleted"), NULL);
}

/* clang-format off */
const struct route link_door_routes[] = {
        /*     method  path                          permission           logged as   body   rate    handler */
        ROUTE( GET,    "/accounts/{id}/links",        PERM_ACCOUNT_MANAGE, LOG_VIEW,   0,     NORMAL, list,       "Sign-on services an account is linked with",
               .out = &list_out ),
        ROUTE( POST,   "/accounts/{id}/links",        PERM_ACCOUNT_MANAGE, LOG_CREATE, KB(4), NORMAL, invite,     "Invite somebody to link their account",
               .in = &invite_in, .out = &list_out, .fresh = true ),
        ROUTE( DELETE, "/accounts/{id}/links/{link}", PERM_ACCOUNT_MANAGE, LOG_DELETE, KB(4), NORMAL, erase,      "Take a link away from an account",
               .fresh = true ),
        ROUTE( GET,    "/me/links",                   PERM_NONE,           LOG_VIEW,   0,     NORMAL, own,        "Sign-on services the own account is linked with",
               .out = &list_out ),
        ROUTE( POST,   "/me/links",                   PERM_NONE,           LOG_CREATE, KB(4), NORMAL, own_invite, "Begin to link the own account",
               .in = &own_in, .out = &list_out, .fresh = true ),
        ROUTE( DELETE, "/me/links/{id}",              PERM_NONE,           LOG_DELETE, KB(4), NORMAL, own_erase,  "Take a link away from the own account",
               .fresh = true ),
        ROUTE_END
};
/* clang-format on */
