/* token_door.c - POST /api/v1/oauth/token (RFC 6749, 4.4) and /.well-known/oauth-authorization-server (RFC 8414). The one route that reads
 * Authorization: Basic, and the one whose refusals speak RFC 6749, 5.2 (with the members of a problem document beside them). */
#include "base/house.h"

#include "console/token_door.h"

#include "base/fail.h"
#include "gate/enter.h"
#include "http/basic.h"
#include "identity/token.h"
#include "log/log.h"

static const struct field token_fields[] = {
        { .name = "grant_type", .type = SHAPE_TEXT, .required = true, .summary = "client_credentials" },
        { .name = "client_id", .type = SHAPE_TEXT, .summary = "Number of the API key, unless it stands in Authorization: Basic" },
        { .name = "client_secret", .type = SHAPE_TEXT, .summary = "The API key, unless it stands in Authorization: Basic", .secret = true },
        { .name = "scope", .type = SHAPE_TEXT, .max = 16000, .summary = "Permissions, separated by spaces; without: all the key has" },
        { NULL },
};
static const struct shape token_in = { "TokenRequest", token_fields };

static const struct field answer_fields[] = {
        { .name = "access_token", .type = SHAPE_TEXT, .required = true, .summary = "Send it as Authorization: Bearer da_…", .secret = true },
        { .name = "token_type", .type = SHAPE_TEXT, .required = true, .summary = "Bearer" },
        { .name = "expires_in", .type = SHAPE_INT, .required = true, .summary = "Seconds it is good for" },
        { .name = "scope", .type = SHAPE_TEXT, .required = true, .max = 16000, .summary = "What it may be used for" },
        { NULL },
};
static const struct shape answer_out = { "Token", answer_fields };

/* A parameter once or not at all; one without a value was not sent (RFC 6749, 3.2). Unknown ones are not looked at. */
static rc parameter(struct cx *cx, const struct http_req *req, const char *name, str *ret)
{
        *ret = STR_NONE;
        for (size_t i = 0; i < req->field_count; i++) {
                if (!str_is(req->fields[i].name, name))
                        continue;
                if (!str_absent(*ret))
                        return fail(cx, RC_MALFORMED, name, "was sent twice");
                *ret = req->fields[i].value;
        }
        if (str_empty(*ret))
                *ret = STR_NONE;
        return RC_OK;
}

static rc client_read(struct cx *cx, const struct http_req *req, str *ret_id, str *ret_secret)
{
        str authorization = http_header(req, "Authorization");

        TRY(parameter(cx, req, "client_id", ret_id));
        TRY(parameter(cx, req, "client_secret", ret_secret));
        if (!str_absent(authorization)) {
                if (!str_absent(*ret_id) || !str_absent(*ret_secret))
                        return fail(cx, RC_MALFORMED, "client_id", "must stand in the header or in the body, not in both");
                return basic_read(cx, authorization, ret_id, ret_secret);
        }
        if (str_absent(*ret_id) || str_absent(*ret_secret))
                return fail(cx, RC_UNAUTHORIZED, NULL, "client_id and client_secret are missing");
        return RC_OK;
}

/* POST /oauth/token */
static rc issue(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        struct token_client client;
        str id, secret, grant, scope;
        json_t *model;

        if (req->query_count > 0)
                return fail(cx, RC_MALFORMED, NULL, "parameters stand in the body, never in the address");
        if (!str_is(req->type, "application/x-www-form-urlencoded"))
                return fail(cx, RC_MALFORMED, NULL, "the body must be application/x-www-form-urlencoded");
        TRY(parameter(cx, req, "grant_type", &grant));
        TRY(parameter(cx, req, "scope", &scope));
        if (str_absent(grant))
                return fail(cx, RC_MALFORMED, "grant_type", "must be given");
        TRY(client_read(cx, req, &id, &secret));
        if (!str_is(grant, "client_credentials"))
                return fail(cx, RC_INVALID, "grant_type", "only client_credentials is spoken here");
        TRY(token_client(cx, id, secret, &client));
        log_subject(cx, S("key"), client.key_id);
        cx->actor.kind = ACTOR_KEY;
        cx->actor.id = client.key_id;
        TRY(enter_by_name(cx, client.tenant, false));
        TRY(token_open(cx, &client, scope, &model));
        log_detail(cx, "scope", json_object_get(model, "scope"));
        http_set(res, S("Pragma"), S("no-cache"));
        return http_reply(res, 200, NULL, model);
}

enum oauth_error { INVALID_REQUEST, INVALID_CLIENT, UNAUTHORIZED_CLIENT, INVALID_SCOPE, UNSUPPORTED_GRANT_TYPE };

/* RFC 6749, 5.2: descriptions are ASCII; the sentence in the reader's language stands in the problem document's `detail`. */
static const struct {
        const char *name, *description;
} errors[] = {
        [INVALID_REQUEST] = { "invalid_request", "The request is malformed, or a parameter is missing or sent twice." },
        [INVALID_CLIENT] = { "invalid_client", "client_id and client_secret are not those of a valid API key." },
        [UNAUTHORIZED_CLIENT] = { "unauthorized_client", "This API key may not be used from this address." },
        [INVALID_SCOPE] = { "invalid_scope", "The scope names something this API key may not do." },
        [UNSUPPORTED_GRANT_TYPE] = { "unsupported_grant_type", "Only client_credentials is supported." },
};

/* What is no matter of OAuth (too large, too many, a method) stays a problem document. */
static bool refuse(const struct cx *cx, const struct http_req *req, rc code, json_t *model, struct http_res *res)
{
        str item = cx->failure.count > 0 ? str_of(cx->failure.problem[0].item) : STR_NONE;
        enum oauth_error error = INVALID_REQUEST;

        switch (code) {
        case RC_UNAUTHORIZED: error = INVALID_CLIENT; break;
        case RC_FORBIDDEN: error = UNAUTHORIZED_CLIENT; break;
        case RC_MALFORMED: break;
        case RC_INVALID:
                if (str_is(item, "scope"))
                        error = INVALID_SCOPE;
                else if (str_is(item, "grant_type"))
                        error = UNSUPPORTED_GRANT_TYPE;
                break;
        default: return false;
        }
        res->status = code == RC_UNAUTHORIZED ? 401 : 400;
        json_set(model, "error", json_string(errors[error].name));
        json_set(model, "error_description", json_string(errors[error].description));
        json_set(model, "status", json_integer(res->status));
        if (code == RC_UNAUTHORIZED)
                http_set(res, S("WWW-Authenticate"), S("Basic realm=\"daicho\", charset=\"UTF-8\""));
        http_set(res, S("Pragma"), S("no-cache"));
        return true;
}

/* A name and port as they may stand in an address. */
static bool host_plain(str host)
{
        for (size_t i = 0; i < host.n; i++) {
                char c = host.p[i];

                if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == ':' || c == '[' ||
                      c == ']'))
                        return false;
        }
        return host.n > 0 && host.n <= 300;
}

static json_t *one_text(const char *text)
{
        json_t *list = json_array();

        must(json_array_append_new(list, json_string(text)) == 0);
        return list;
}

/* GET /.well-known/oauth-authorization-server */
static rc describe(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        str host = http_header(req, "Host"), issuer;
        json_t *m = json_object(), *scopes = json_array(), *methods = one_text("client_secret_basic");

        if (!host_plain(host))
                return fail(cx, RC_MALFORMED, "Host", "is not the name of a host");
        issuer = str_format(cx->mem, "https://%.*s", STR_ARG(host));
        for (int p = PERM_NONE + 1; p < PERMISSIONS; p++)
                must(json_array_append_new(scopes, json_string(permission_word((enum permission)p))) == 0);
        must(json_array_append_new(methods, json_string("client_secret_post")) == 0);
        json_set(m, "issuer", json_str(issuer));
        json_set(m, "token_endpoint", json_str(str_format(cx->mem, "%.*s/api/v1/oauth/token", STR_ARG(issuer))));
        json_set(m, "token_endpoint_auth_methods_supported", methods);
        json_set(m, "grant_types_supported", one_text("client_credentials"));
        json_set(m, "response_types_supported", json_array());
        json_set(m, "scopes_supported", scopes);
        json_set(m, "service_documentation", json_str(str_format(cx->mem, "%.*s/api/v1/openapi.json", STR_ARG(issuer))));
        res->status = 200;
        res->body = json_write(cx->mem, m);
        res->type = S("application/json");
        return RC_OK;
}

/* clang-format off */
const struct route token_door_routes[] = {
        /*     method path                                       permission   logged as    body    rate    handler */
        ROUTE( POST,  "/oauth/token",                            PERM_PUBLIC, LOG_LOGIN,   KB(32), LOGIN,  issue,    "Get an access token (OAuth 2.0 client credentials)",
               .in = &token_in, .out = &answer_out, .face = FACE_API, .refuse = refuse ),
        ROUTE( GET,   "/.well-known/oauth-authorization-server", PERM_PUBLIC, LOG_NOTHING, 0,      NORMAL, describe, "Where access tokens are given (RFC 8414)",
               .face = FACE_CONSOLE ),
        ROUTE_END
};
/* clang-format on */
