/* provider_door.c - the sign-on providers of a contract, and whether there are passwords beside them. */
#include "base/house.h"

#include "console/provider_door.h"

#include "base/fail.h"
#include "identity/provider.h"
#include "identity/sign_on.h"
#include "log/log.h"

static const char *const kinds[] = { "google", "line", "github", "oidc", NULL };

/* clang-format off */
#define SETTING_FIELDS(required_) \
        { .name = "name", .type = SHAPE_TEXT, .required = (required_), .max = 100, .summary = "What people read on the button" }, \
        { .name = "client_id", .type = SHAPE_TEXT, .required = (required_), .max = 300, .summary = "Client (LINE: channel) id the provider gave" }, \
        { .name = "secret_name", .type = SHAPE_TEXT, .required = (required_), .max = 300, .summary = "Name of the file with the secret, never the secret" }, \
        { .name = "domains", .type = SHAPE_LIST, .max = 50, .summary = "E-mail domains (GitHub: organisations) let in; empty: any" }, \
        { .name = "factor_trusted", .type = SHAPE_BOOL, .summary = "Its second factor counts when it says there was one" }, \
        { .name = "apply", .type = SHAPE_BOOL, .summary = "Unknown people may apply" }, \
        { .name = "active", .type = SHAPE_BOOL, .summary = "Can be used" }, \
        { .name = "flags_given", .type = SHAPE_BOOL, .summary = "Forms send true: what is not ticked is false" }
/* clang-format on */

static const struct field create_fields[] = {
        { .name = "kind", .type = SHAPE_TEXT, .required = true, .choices = kinds, .summary = "google, line, github or oidc (any other issuer)" },
        { .name = "issuer", .type = SHAPE_TEXT, .max = 500, .summary = "Issuer, exactly as its tokens say; fixed for google and line" },
        SETTING_FIELDS(true),
        { NULL },
};
static const struct shape create_in = { "ProviderNew", create_fields };
static const struct field change_fields[] = {
        SETTING_FIELDS(false),
        { .name = "version", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "Version that was read, when If-Match does not say it" },
        { NULL },
};
static const struct shape change_in = { "ProviderChange", change_fields };
static const struct field form_fields[] = {
        { .name = "kind", .type = SHAPE_TEXT, .choices = kinds, .summary = "Which kind" },
        { NULL },
};
static const struct shape form_in = { "ProviderForm", form_fields };
static const struct field rules_fields[] = {
        { .name = "password_login", .type = SHAPE_BOOL, .summary = "May people log in with a password? false erases every password" },
        { .name = "kinds", .type = SHAPE_LIST, .max = 4, .summary = "Kinds of providers let in; empty: any" },
        { .name = "factor_always", .type = SHAPE_BOOL, .summary = "Everybody needs a second factor; cannot be taken back" },
        { .name = "confirm", .type = SHAPE_BOOL, .summary = "true: the passwords may be erased" },
        { .name = "flags_given", .type = SHAPE_BOOL, .summary = "Forms send true: what is not ticked is false" },
        { .name = "version", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "Version that was read, when If-Match does not say it" },
        { NULL },
};
static const struct shape rules_in = { "SignOnRules", rules_fields };

static const struct field provider_fields[] = {
        { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number" },
        { .name = "kind", .type = SHAPE_TEXT, .summary = "google, line, github or oidc" },
        { .name = "name", .type = SHAPE_TEXT, .summary = "What people read on the button" },
        { .name = "issuer", .type = SHAPE_TEXT, .summary = "Issuer" },
        { .name = "client_id", .type = SHAPE_TEXT, .summary = "Client id" },
        { .name = "secret_name", .type = SHAPE_TEXT, .summary = "Name of the file with the secret" },
        { .name = "domains", .type = SHAPE_LIST, .summary = "Who is let in; empty: any" },
        { .name = "factor_trusted", .type = SHAPE_BOOL, .summary = "Its second factor counts" },
        { .name = "apply", .type = SHAPE_BOOL, .summary = "Unknown people may apply" },
        { .name = "active", .type = SHAPE_BOOL, .summary = "Can be used" },
        { .name = "allowed", .type = SHAPE_BOOL, .summary = "Is of a kind the contract lets in" },
        { .name = "version", .type = SHAPE_INT, .summary = "Rises with each change" },
        { .name = "created_at", .type = SHAPE_DATETIME, .summary = "When it was made" },
        { .name = "links", .type = SHAPE_INT, .summary = "Accounts linked by it" },
        { .name = "applicants", .type = SHAPE_INT, .summary = "People who wait for approval" },
        { NULL },
};
static const struct shape provider_shape = { "Provider", provider_fields };
static const struct field one_fields[] = {
        { .name = "provider", .type = SHAPE_OBJECT, .required = true, .of = &provider_shape },
        { .name = "callback", .type = SHAPE_TEXT, .summary = "Address to register with the provider" },
        { NULL },
};
static const struct shape one_out = { "ProviderAnswer", one_fields };
static const struct field rule_fields[] = {
        { .name = "password_login", .type = SHAPE_BOOL, .summary = "Passwords are taken" },
        { .name = "kinds", .type = SHAPE_LIST, .summary = "Kinds let in; empty: any" },
        { .name = "factor_always", .type = SHAPE_BOOL, .summary = "Everybody needs a second factor" },
        { .name = "version", .type = SHAPE_INT, .summary = "Rises with each change of the policy" },
        { .name = "passwords", .type = SHAPE_INT, .summary = "Accounts that have a password" },
        { .name = "ready", .type = SHAPE_BOOL, .summary = "Somebody who manages accounts can log in by a provider" },
        { NULL },
};
static const struct shape rule_shape = { "SignOnRule", rule_fields };
static const struct field rules_out_fields[] = { { .name = "rules", .type = SHAPE_OBJECT, .required = true, .of = &rule_shape }, { NULL } };
static const struct shape rules_out = { "SignOnRulesAnswer", rules_out_fields };
static const struct field list_fields[] = {
        { .name = "providers", .type = SHAPE_LIST, .required = true, .of = &provider_shape },
        { .name = "rules", .type = SHAPE_OBJECT, .required = true, .of = &rule_shape },
        { .name = "callback", .type = SHAPE_TEXT, .summary = "Address to register with each provider" },
        { NULL },
};
static const struct shape list_out = { "ProviderList", list_fields };
static const struct field test_fields[] = {
        { .name = "provider", .type = SHAPE_OBJECT, .required = true, .of = &provider_shape },
        { .name = "test",
          .type = SHAPE_JSON,
          .required = true,
          .summary = "authorize, token: its addresses; keys: how many it lists; secret: it is in place" },
        { NULL },
};
static const struct shape test_out = { "ProviderTest", test_fields };

static rc id_read(struct cx *cx, const struct http_req *req, int64_t *ret)
{
        if (!str_int(http_arg(req, "id"), ret) || *ret <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such sign-on service");
        log_subject(cx, S("provider"), *ret);
        return RC_OK;
}

/* For the form: every kind, and which ones the contract lets in by name. */
static json_t *kind_choices(const json_t *listed)
{
        json_t *list = json_array();

        for (size_t i = 0; kinds[i] != NULL; i++) {
                json_t *one = json_object();
                bool found = false;

                for (size_t k = 0; k < json_array_size(listed); k++)
                        found |= str_is(json_text(json_array_get(listed, k)), kinds[i]);
                json_set(one, "kind", json_string(kinds[i]));
                json_set(one, "listed", json_boolean(found));
                must(json_array_append_new(list, one) == 0);
        }
        return list;
}

/* GET /providers - providers.html: {providers: […], rules: {…}, kind_choices, callback}. */
static rc list(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *model;

        log_subject(cx, S("provider"), 0);
        TRY(provider_list(cx, &model));
        json_set(model, "kind_choices", kind_choices(json_object_get(json_object_get(model, "rules"), "kinds")));
        json_set(model, "callback", json_str(sign_on_callback(cx)));
        return http_reply(res, 200, "providers.html", model);
}

/* GET /providers/new?kind= - provider_new.html: {kind, kind_is: {google…}, callback}. */
static rc form(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *model = json_object(), *is = json_object();
        str kind;

        log_quiet(cx);
        TRY(shape_read(cx, &form_in, req, &in));
        kind = json_get_text(in, "kind");
        if (str_empty(kind))
                kind = S("google");
        json_set(model, "kind", json_str(kind));
        json_set(is, str_z(cx->mem, kind), json_true());
        json_set(model, "kind_is", is);
        json_set(model, "callback", json_str(sign_on_callback(cx)));
        return http_reply(res, 200, "provider_new.html", model);
}

/* POST /providers - 303 to the provider. */
static rc create(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *provider, *model = json_object();
        int64_t id;

        log_subject(cx, S("provider"), 0);
        TRY(shape_read(cx, &create_in, req, &in));
        TRY(provider_create(cx, in, &provider));
        id = json_integer_value(json_object_get(provider, "id"));
        log_subject(cx, S("provider"), id);
        log_detail(cx, "provider", provider);
        json_set(model, "provider", json_incref(provider));
        json_set(model, "callback", json_str(sign_on_callback(cx)));
        return http_created(res, 201, str_format(cx->mem, "/providers/%" PRId64 "?done=created", id), model);
}

/* GET /providers/{id} - provider.html: {provider, callback}; ETag: its version. */
static rc show(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *provider, *model = json_object(), *is = json_object();
        int64_t id;

        TRY(id_read(cx, req, &id));
        TRY(provider_get(cx, id, &provider));
        json_set(is, json_string_value(json_object_get(provider, "kind")), json_true());
        json_set(model, "kind_is", is);
        json_set(model, "provider", provider);
        json_set(model, "callback", json_str(sign_on_callback(cx)));
        res->etag = str_format(cx->mem, "%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(provider, "version")));
        return http_reply(res, 200, "provider.html", model);
}

static rc stale(struct cx *cx, int64_t id, rc code, struct http_res *res)
{
        json_t *now;

        if (code == RC_STALE && provider_get(cx, id, &now) == RC_OK)
                res->model = now;
        return code;
}

/* PATCH /providers/{id} - members given change; 303 to it. */
static rc change(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *before, *after, *model = json_object();
        int64_t id, version;

        TRY(id_read(cx, req, &id));
        TRY(shape_read(cx, &change_in, req, &in));
        TRY(shape_version(cx, req, in, &version));
        TRY(stale(cx, id, provider_update(cx, id, version, in, &before, &after), res));
        log_detail(cx, "changes", log_difference(before, after));
        json_set(model, "provider", after);
        json_set(model, "callback", json_str(sign_on_callback(cx)));
        return http_created(res, 200, str_format(cx->mem, "/providers/%" PRId64 "?done=saved", id), model);
}

/* DELETE /providers/{id} - with the links through it; 303 to the list. */
static rc erase(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        int64_t id, version;
        json_t *before;

        TRY(id_read(cx, req, &id));
        TRY(shape_version(cx, req, NULL, &version));
        TRY(stale(cx, id, provider_erase(cx, id, version, &before), res));
        log_detail(cx, "provider", before);
        return http_created(res, 204, S("/providers?done=deleted"), NULL);
}

/* POST /providers/{id}/test - provider_test.html: {provider, test: {authorize, token, keys, secret}}; by an sso process, which may ask. */
static rc test(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *provider, *result, *model = json_object();
        struct sign_on_service *service;
        int64_t id;

        TRY(id_read(cx, req, &id));
        TRY(provider_get(cx, id, &provider));
        TRY(sign_on_look(cx, provider, &service));
        TRY(sign_on_test(cx, service, &result));
        json_set(model, "provider", provider);
        json_set(model, "test", result);
        return http_reply(res, 200, "provider_test.html", model);
}

/* PATCH /providers/rules - 303 to the list. */
static rc rules(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *before, *after, *model = json_object();
        int64_t version;

        log_subject(cx, S("policy"), 0);
        TRY(shape_read(cx, &rules_in, req, &in));
        TRY(shape_version(cx, req, in, &version));
        TRY(provider_rules_update(cx, version, in, &before, &after));
        log_detail(cx, "changes", log_difference(before, after));
        json_set(model, "rules", after);
        return http_created(res, 200, S("/providers?done=saved"), model);
}

/* clang-format off */
const struct route provider_door_routes[] = {
        /*     method  path                   permission            logged as   body    rate    handler */
        ROUTE( GET,    "/providers",           PERM_PROVIDER_MANAGE, LOG_LIST,   0,      NORMAL, list,   "List sign-on services", .out = &list_out ),
        ROUTE( GET,    "/providers/new",       PERM_PROVIDER_MANAGE, LOG_VIEW,   0,      NORMAL, form,   "The form for a new sign-on service",
               .in = &form_in, .face = FACE_CONSOLE ),
        ROUTE( POST,   "/providers",           PERM_PROVIDER_MANAGE, LOG_CREATE, KB(16), NORMAL, create, "Set up a sign-on service",
               .in = &create_in, .out = &one_out, .fresh = true ),
        ROUTE( PATCH,  "/providers/rules",     PERM_POLICY_MANAGE,   LOG_UPDATE, KB(4),  NORMAL, rules,  "Passwords or sign-on services only",
               .in = &rules_in, .out = &rules_out, .fresh = true ),
        ROUTE( GET,    "/providers/{id}",      PERM_PROVIDER_MANAGE, LOG_VIEW,   0,      NORMAL, show,   "Read a sign-on service", .out = &one_out ),
        ROUTE( PATCH,  "/providers/{id}",      PERM_PROVIDER_MANAGE, LOG_UPDATE, KB(16), NORMAL, change, "Change a sign-on service",
               .in = &change_in, .out = &one_out, .fresh = true ),
        ROUTE( DELETE, "/providers/{id}",      PERM_PROVIDER_MANAGE, LOG_DELETE, KB(4),  NORMAL, erase,  "Remove a sign-on service and its links",
               .fresh = true ),
        ROUTE( POST,   "/providers/{id}/test", PERM_PROVIDER_MANAGE, LOG_VIEW,   KB(4),  SSO,    test,   "Ask a sign-on service whether it works",
               .out = &test_out ),
        ROUTE_END
};
/* clang-format on */
