/* factor_door.c - second factors: giving one at the log-in, setting them up, keeping them, proving oneself again before something dangerous.
 * An attempt is counted and committed before it is judged (enter_renew), so that a refusal cannot take it back. */
#include "base/house.h"

#include "console/factor_door.h"

#include "base/buf.h"
#include "base/fail.h"
#include "console/doorstep.h"
#include "db/db.h"
#include "gate/enter.h"
#include "identity/account.h"
#include "identity/factor.h"
#include "identity/session.h"
#include "log/log.h"

/* clang-format off */
#define NEXT_FIELD { .name = "next", .type = SHAPE_TEXT, .max = 4000, .summary = "Address within the house to go to afterwards" }
#define PROOF_FIELDS                                                                                                                               \
        { .name = "code", .type = SHAPE_TEXT, .max = 100, .summary = "Code of the app, 6 digits, or a recovery code", .secret = true },              \
        { .name = "credential", .type = SHAPE_TEXT, .max = 2000, .summary = "Passkey: id of the credential, base64url" },                            \
        { .name = "client_data", .type = SHAPE_TEXT, .max = 6000, .summary = "Passkey: clientDataJSON, base64url" },                                 \
        { .name = "authenticator", .type = SHAPE_TEXT, .max = 3000, .summary = "Passkey: authenticatorData, base64url" },                            \
        { .name = "signature", .type = SHAPE_TEXT, .max = 2000, .summary = "Passkey: signature, base64url" }
/* clang-format on */

static const struct field page_fields[] = { NEXT_FIELD,
                                            { .name = "done", .type = SHAPE_TEXT, .max = 60, .summary = "What was done before" },
                                            { NULL } };
static const struct shape page_in = { "FactorPage", page_fields };

static const struct field give_fields[] = {
        PROOF_FIELDS,
        NEXT_FIELD,
        { .name = "take_over", .type = SHAPE_BOOL, .summary = "End the session this account has elsewhere, without asking" },
        { NULL },
};
static const struct shape give_in = { "FactorGiven", give_fields };

static const struct field prove_fields[] = {
        PROOF_FIELDS,
        { .name = "password", .type = SHAPE_TEXT, .max = 200, .summary = "The password, for an account without second factor", .secret = true },
        NEXT_FIELD,
        { .name = "username", .type = SHAPE_TEXT, .max = 100, .summary = "For password managers only" },
        { NULL },
};
static const struct shape prove_in = { "Proof", prove_fields };

static const struct field name_fields[] = {
        { .name = "name", .type = SHAPE_TEXT, .required = true, .max = FACTOR_NAME_MAX, .summary = "What it is called in the list" },
        NEXT_FIELD,
        { NULL },
};
static const struct shape name_in = { "FactorName", name_fields };

static const struct field confirm_fields[] = {
        { .name = "code", .type = SHAPE_TEXT, .required = true, .max = 100, .summary = "The code the app shows now", .secret = true },
        NEXT_FIELD,
        { NULL },
};
static const struct shape confirm_in = { "FactorConfirm", confirm_fields };

static const struct field passkey_fields[] = {
        { .name = "name", .type = SHAPE_TEXT, .required = true, .max = FACTOR_NAME_MAX, .summary = "What it is called in the list" },
        { .name = "client_data", .type = SHAPE_TEXT, .required = true, .max = 6000, .summary = "clientDataJSON, base64url" },
        { .name = "attestation", .type = SHAPE_TEXT, .required = true, .max = 12000, .summary = "attestationObject, base64url" },
        NEXT_FIELD,
        { NULL },
};
static const struct shape passkey_in = { "PasskeyNew", passkey_fields };

static const struct field ask_fields[] = {
        { .name = "challenge", .type = SHAPE_TEXT, .required = true, .summary = "To be signed, within five minutes, once; base64url" },
        { .name = "party", .type = SHAPE_TEXT, .required = true, .summary = "rp.id" },
        { .name = "credentials", .type = SHAPE_LIST, .required = true, .summary = "Ids of the account's passkeys, base64url" },
        { .name = "user", .type = SHAPE_TEXT, .summary = "New passkey: user.id, base64url" },
        { .name = "login", .type = SHAPE_TEXT, .summary = "New passkey: user.name" },
        { NULL },
};
static const struct shape ask_out = { "PasskeyQuestion", ask_fields };

static const struct field totp_fields[] = {
        { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number of the app, not valid before its first code" },
        { .name = "secret", .type = SHAPE_TEXT, .required = true, .summary = "The seed in base32, shown this once" },
        { .name = "uri", .type = SHAPE_TEXT, .required = true, .summary = "The same as otpauth:// address" },
        { NULL },
};
static const struct shape totp_out = { "TotpNew", totp_fields };

static const struct field factor_fields[] = {
        { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number" },
        { .name = "kind", .type = SHAPE_TEXT, .required = true, .summary = "totp (an app) or passkey" },
        { .name = "name", .type = SHAPE_TEXT, .required = true, .summary = "What it is called" },
        { .name = "created_at", .type = SHAPE_DATETIME, .summary = "When it was set up" },
        { .name = "used_at", .type = SHAPE_DATETIME, .summary = "Last used; null: never" },
        { NULL },
};
static const struct shape factor_shape = { "Factor", factor_fields };
static const struct field list_fields[] = {
        { .name = "factors", .type = SHAPE_LIST, .required = true, .of = &factor_shape },
        { .name = "required", .type = SHAPE_BOOL, .required = true, .summary = "Must the account have one" },
        { .name = "codes_left", .type = SHAPE_INT, .required = true, .summary = "Recovery codes not used yet" },
        { NULL },
};
static const struct shape list_out = { "FactorList", list_fields };

static const struct field codes_fields[] = {
        { .name = "codes", .type = SHAPE_LIST, .summary = "Recovery codes, shown this once; null: those made before still hold" },
        { NULL },
};
static const struct shape codes_out = { "RecoveryCodes", codes_fields };

static rc account_only(struct cx *cx)
{
        log_subject(cx, S("account"), cx->actor.id);
        return cx->actor.kind == ACTOR_ACCOUNT ? RC_OK : fail(cx, RC_FORBIDDEN, NULL, "this is for accounts; an API key has none");
}

static str next_of(const json_t *in)
{
        str next = json_get_text(in, "next");

        return gate_address_safe(next) ? next : STR_NONE;
}

/* A page that needs only to know what the account can prove itself with. */
static rc choice(struct cx *cx, const struct http_req *req, struct http_res *res, const char *page)
{
        json_t *in, *model;

        TRY(account_only(cx));
        log_quiet(cx);
        TRY(shape_read(cx, &page_in, req, &in));
        TRY(factor_list(cx, cx->actor.id, &model));
        json_set(model, "next", json_str(next_of(in)));
        json_set(model, "login", json_str(cx->actor.name));
        return http_reply(res, 200, page, model);
}

/* At the log-in ---------------------------------------------------------------------------------------------------------------------------- */

/* GET /login/factor - login_factor.html: {apps, passkeys, codes_left, next, login}; the first page when nothing is missing. */
static rc give_form(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        if (cx->actor.stage == STAGE_FULL) {
                log_quiet(cx);
                return http_created(res, 200, S("/"), NULL);
        }
        return choice(cx, req, res, "login_factor.html");
}

/* POST /login/factor/options - what the browser asks the passkey; also to prove oneself again. */
static rc ask(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *model;

        TRY(account_only(cx));
        TRY(factor_ask(cx, &model));
        log_quiet(cx);
        return http_reply(res, 200, NULL, model);
}

/* Counted, then judged. What was given is noted by its name. A wrong one is a wrong log-in: the password was right already, or the session is there. */
static rc given(struct cx *cx, const json_t *in, const char **ret_proof)
{
        const struct attempt attempt = { .tenant = cx->tenant, .account_id = cx->actor.id, .login = cx->actor.name, .active = true };
        str challenge, name = S("");
        rc result;

        TRY(factor_attempt(cx, &challenge));
        TRY(enter_renew(cx));
        result = factor_check(cx, in, challenge, ret_proof, &name);
        if (name.n > 0)
                log_detail(cx, "name", json_str(name));
        if (result == RC_CONFLICT)
                log_detail(cx, "cloned", json_true());
        if (result != RC_OK) {
                db_rollback(cx);
                return doorstep_failed(cx, &attempt, attempt.login, result);
        }
        log_detail(cx, "factor", json_str(str_of(*ret_proof)));
        return RC_OK;
}

/* POST /login/factor - 303 to `next`, the first page, or the page of what is still missing; on the API 200 and how far it came. */
static rc give(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        const char *proof = NULL;
        str token, stage;
        json_t *in;

        TRY(account_only(cx));
        TRY(shape_read(cx, &give_in, req, &in));
        TRY(given(cx, in, &proof));
        TRY(session_raise(cx, proof, json_is_true(json_object_get(in, "take_over")), &token, &stage));
        return doorstep_pass(cx, res, token, stage, json_get_text(in, "next"));
}

/* GET /login/enroll - login_enroll.html: {next, login}: an app or a passkey must be set up before anything else. */
static rc enroll_form(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        if (cx->actor.stage == STAGE_FULL) {
                log_quiet(cx);
                return http_created(res, 200, S("/me/factors"), NULL);
        }
        return choice(cx, req, res, "login_enroll.html");
}

/* The own factors -------------------------------------------------------------------------------------------------------------------------- */

/* GET /me/factors - me_factors.html: {factors, required, apps, passkeys, codes, codes_left}. */
static rc list(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *model;

        TRY(account_only(cx));
        TRY(factor_list(cx, cx->actor.id, &model));
        return http_reply(res, 200, "me_factors.html", model);
}

static bool enrolling(const struct cx *cx)
{
        return cx->actor.stage == STAGE_ENROLL;
}

/* POST /me/factors/totp - me_totp.html, at the log-in login_totp.html: {id, name, secret, secret_groups, uri, qr: {path, size, from}, next}. */
static rc totp(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *model;

        TRY(account_only(cx));
        TRY(shape_read(cx, &name_in, req, &in));
        TRY(factor_totp_begin(cx, json_get_text(in, "name"), &model));
        log_subject(cx, S("factor"), json_integer_value(json_object_get(model, "id")));
        json_set(model, "next", json_str(next_of(in)));
        return http_reply(res, 201, enrolling(cx) ? "login_totp.html" : "me_totp.html", model);
}

/* Set up: the log-in goes on; the first recovery codes are shown. me_codes.html, login_codes.html: {codes, next}. */
static rc added(struct cx *cx, struct http_res *res, const json_t *in, const char *proof)
{
        json_t *model = json_object(), *codes;
        str next = next_of(in), token, stage;

        TRY(factor_codes_first(cx, &codes));
        if (enrolling(cx)) {
                log_verb(cx, LOG_LOGIN);
                log_subject(cx, S("account"), cx->actor.id);
                TRY(session_raise(cx, proof, false, &token, &stage));
                TRY(doorstep_pass(cx, res, token, stage, next));
                model = res->model;
                next = res->location;
                res->location = STR_NONE;
        }
        json_set(model, "codes", codes ? codes : json_null());
        json_set(model, "next", json_str(str_absent(next) ? S("/me/factors") : next));
        if (enrolling(cx))
                return http_reply(res, 201, "login_codes.html", model);
        TRY(factor_prove(cx, proof));
        if (codes == NULL)
                return http_created(res, 201, S("/me/factors?done=factor_added"), model);
        return http_reply(res, 201, "me_codes.html", model);
}

static rc id_read(struct cx *cx, const struct http_req *req, int64_t *ret)
{
        TRY(account_only(cx));
        if (!str_int(http_arg(req, "id"), ret) || *ret <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such app or passkey");
        log_subject(cx, S("factor"), *ret);
        return RC_OK;
}

/* POST /me/factors/totp/{id} - the first code. */
static rc totp_confirm(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        int64_t id;
        json_t *in;

        TRY(id_read(cx, req, &id));
        TRY(shape_read(cx, &confirm_in, req, &in));
        TRY(factor_totp_confirm(cx, id, json_get_text(in, "code")));
        log_detail(cx, "factor", json_str(S("totp")));
        return added(cx, res, in, "totp");
}

/* POST /me/factors/passkeys/options - what the browser needs to make a passkey. */
static rc passkey_options(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *model;

        TRY(account_only(cx));
        TRY(factor_passkey_begin(cx, &model));
        log_quiet(cx);
        return http_reply(res, 200, NULL, model);
}

/* POST /me/factors/passkeys - the browser's answer. */
static rc passkey(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        str challenge;
        json_t *in;
        int64_t id;

        TRY(account_only(cx));
        TRY(shape_read(cx, &passkey_in, req, &in));
        TRY(factor_challenge_take(cx, &challenge));
        TRY(enter_renew(cx));
        TRY(factor_passkey_add(cx, in, challenge, &id));
        log_subject(cx, S("factor"), id);
        log_detail(cx, "factor", json_str(S("passkey")));
        log_detail(cx, "name", json_object_get(in, "name"));
        return added(cx, res, in, "passkey");
}

/* PATCH /me/factors/{id} - another name; 303 to the list. */
static rc rename_one(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        int64_t id;
        json_t *in;

        TRY(id_read(cx, req, &id));
        TRY(shape_read(cx, &name_in, req, &in));
        TRY(factor_rename(cx, id, json_get_text(in, "name")));
        log_detail(cx, "name", json_object_get(in, "name"));
        return http_created(res, 204, S("/me/factors?done=saved"), NULL);
}

/* DELETE /me/factors/{id} - 303 to the list. */
static rc remove_one(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        str name = S("");
        int64_t id;

        TRY(id_read(cx, req, &id));
        TRY(factor_remove(cx, id, &name));
        log_detail(cx, "name", json_str(name));
        return http_created(res, 204, S("/me/factors?done=factor_removed"), NULL);
}

/* POST /me/factors/codes - me_codes.html: {codes, next}; those before are worth nothing any more. */
static rc codes(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *model = json_object(), *list;

        TRY(account_only(cx));
        TRY(factor_codes(cx, &list));
        json_set(model, "codes", list);
        json_set(model, "next", json_str(S("/me/factors")));
        return http_reply(res, 201, "me_codes.html", model);
}

/* Proving oneself again --------------------------------------------------------------------------------------------------------------------- */

/* Where the page stands that htmx puts the question into: "https://house/keys" -> "/keys". */
static str standing_at(const struct http_req *req)
{
        str url = http_header(req, "HX-Current-URL"), scheme = S("https://");

        if (!str_starts(url, scheme))
                return STR_NONE;
        for (url = (str){ url.p + scheme.n, url.n - scheme.n }; url.n > 0 && *url.p != '/'; url.n--)
                url.p++;
        return gate_address_safe(url) ? url : STR_NONE;
}

/* GET /me/prove - me_prove.html: {apps, passkeys, codes_left, next, login, proven, passwords, ways: [{id, kind, name}], tenant_query, next_query}; as a
 * part of a page htmx puts it where it is needed. */
static rc prove_form(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        str next;

        TRY(choice(cx, req, res, "me_prove.html"));
        next = json_get_text(res->model, "next");
        return doorstep_ways(cx, res->model, str_absent(next) ? standing_at(req) : next);
}

/* POST /me/prove - 303 to `next` or the own account; for htmx without `next` the page that says so. */
static rc prove(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *state, *model = json_object();
        const char *proof = "password";
        str next;

        TRY(account_only(cx));
        TRY(shape_read(cx, &prove_in, req, &in));
        TRY(factor_list(cx, cx->actor.id, &state));
        if (json_array_size(json_object_get(state, "factors")) > 0) {
                TRY(given(cx, in, &proof));
        } else {
                TRY(doorstep_prove(cx, json_get_text(in, "password"), "password"));
        }
        TRY(factor_prove(cx, proof));
        next = next_of(in);
        if (str_ends(next, S("/file"))) /* a file is fetched from its page: a download leaves the reader here */
                next = str_format(cx->mem, "%.*s?done=proven", (int)(next.n - S("/file").n), next.p);
        json_set(model, "proven", json_true());
        if (str_absent(next) && str_is(http_header(req, "HX-Request"), "true"))
                return http_reply(res, 200, "me_prove.html", model);
        return http_created(res, 200, str_absent(next) ? S("/me?done=proven") : next, model);
}

/* Somebody else's ---------------------------------------------------------------------------------------------------------------------------- */

/* DELETE /accounts/{id}/factors - all apps, passkeys and recovery codes of an account; 303 to the account. */
static rc reset(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        int64_t id;

        if (!str_int(http_arg(req, "id"), &id) || id <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such account");
        log_subject(cx, S("account"), id);
        TRY(factor_reset(cx, id));
        return http_created(res, 204, str_format(cx->mem, "/accounts/%" PRId64 "?done=factors_reset", id), NULL);
}

/* clang-format off */
const struct route factor_door_routes[] = {
        /*     method  path                            permission           logged as   body    rate    handler */
        ROUTE( GET,    "/login/factor",                PERM_NONE,           LOG_VIEW,   0,      NORMAL, give_form,   "The page that asks for the second factor",
               .face = FACE_CONSOLE, .stages = 1U << STAGE_FACTOR ),
        ROUTE( POST,   "/login/factor",                PERM_NONE,           LOG_LOGIN,  KB(24), LOGIN,  give,        "Give the second factor",
               .in = &give_in, .out = &doorstep_out, .stages = 1U << STAGE_FACTOR ),
        ROUTE( POST,   "/login/factor/options",        PERM_NONE,           LOG_VIEW,   KB(4),  LOGIN,  ask,         "Ask for what a passkey must sign",
               .out = &ask_out, .stages = 1U << STAGE_FACTOR ),
        ROUTE( GET,    "/login/enroll",                PERM_NONE,           LOG_VIEW,   0,      NORMAL, enroll_form, "The page where a second factor must be set up",
               .face = FACE_CONSOLE, .stages = 1U << STAGE_ENROLL ),
        ROUTE( GET,    "/me/factors",                  PERM_NONE,           LOG_LIST,   0,      NORMAL, list,        "List the own second factors",
               .out = &list_out ),
        ROUTE( POST,   "/me/factors/totp",             PERM_NONE,           LOG_CREATE, KB(8),  LOGIN,  totp,        "Begin to set up an authenticator app",
               .in = &name_in, .out = &totp_out, .stages = 1U << STAGE_ENROLL, .fresh = true ),
        ROUTE( POST,   "/me/factors/totp/{id}",        PERM_NONE,           LOG_UPDATE, KB(8),  LOGIN,  totp_confirm, "Finish it with the first code",
               .in = &confirm_in, .out = &codes_out, .stages = 1U << STAGE_ENROLL ),
        ROUTE( POST,   "/me/factors/passkeys/options", PERM_NONE,           LOG_VIEW,   KB(4),  LOGIN,  passkey_options, "Ask for what a new passkey must sign",
               .out = &ask_out, .stages = 1U << STAGE_ENROLL, .fresh = true ),
        ROUTE( POST,   "/me/factors/passkeys",         PERM_NONE,           LOG_CREATE, KB(40), LOGIN,  passkey,     "Add a passkey or security key",
               .in = &passkey_in, .out = &codes_out, .stages = 1U << STAGE_ENROLL ),
        ROUTE( PATCH,  "/me/factors/{id}",             PERM_NONE,           LOG_UPDATE, KB(8),  LOGIN,  rename_one,  "Name one of the own second factors",
               .in = &name_in ),
        ROUTE( DELETE, "/me/factors/{id}",             PERM_NONE,           LOG_DELETE, KB(4),  LOGIN,  remove_one,  "Remove one of the own second factors",
               .fresh = true ),
        ROUTE( POST,   "/me/factors/codes",            PERM_NONE,           LOG_CREATE, KB(4),  LOGIN,  codes,       "Make new recovery codes",
               .out = &codes_out, .fresh = true ),
        ROUTE( GET,    "/me/prove",                    PERM_NONE,           LOG_VIEW,   0,      NORMAL, prove_form,  "The page that asks for a fresh proof",
               .face = FACE_CONSOLE ),
        ROUTE( POST,   "/me/prove",                    PERM_NONE,           LOG_FACTOR, KB(24), LOGIN,  prove,       "Prove once more who you are",
               .in = &prove_in ),
        ROUTE( DELETE, "/accounts/{id}/factors",       PERM_ACCOUNT_MANAGE, LOG_RESET,  KB(4),  LOGIN,  reset,       "Take away the second factors of an account",
               .fresh = true ),
        ROUTE_END
};
/* clang-format on */
