/* session_door.c - logging in and out. The one place that sets the session cookie:
 * __Host- (this host only, whole path, TLS), HttpOnly (no script), SameSite=Lax (a link in a mail opens the page logged in; a foreign form does not). */
#include "base/house.h"

#include "console/session_door.h"

#include "base/fail.h"
#include "gate/enter.h"
#include "identity/session.h"
#include "log/log.h"

#define COOKIE       "__Host-daicho"
#define COOKIE_TERMS "; Path=/; Secure; HttpOnly; SameSite=Lax"

static const struct field login_fields[] = {
        { .name = "tenant", .type = SHAPE_TEXT, .required = true, .min = 1, .max = 30, .summary = "Contract" },
        { .name = "login", .type = SHAPE_TEXT, .required = true, .min = 1, .max = 100, .summary = "Log-in name" },
        { .name = "password", .type = SHAPE_TEXT, .required = true, .min = 1, .max = 200, .summary = "Password", .secret = true },
        { .name = "next", .type = SHAPE_TEXT, .max = 4000, .summary = "Address within the house to go to afterwards" },
        { .name = "take_over", .type = SHAPE_BOOL, .summary = "End the session this account has elsewhere, without asking" },
        { NULL },
};
static const struct shape login_in = { "Login", login_fields };

static const struct field page_fields[] = {
        { .name = "tenant", .type = SHAPE_TEXT, .max = 30, .summary = "Contract to fill in" },
        { .name = "next", .type = SHAPE_TEXT, .max = 4000, .summary = "Address within the house to go to afterwards" },
        { .name = "done", .type = SHAPE_TEXT, .max = 60, .summary = "What was done before" },
        { NULL },
};
static const struct shape page_in = { "LoginPage", page_fields };

static const struct field logged_in_fields[] = {
        { .name = "tenant", .type = SHAPE_TEXT, .required = true, .summary = "Contract" },
        { .name = "login", .type = SHAPE_TEXT, .required = true, .summary = "Log-in name" },
        { .name = "stage", .type = SHAPE_TEXT, .required = true, .summary = "full, or what is still missing: factor, enroll, confirm" },
        { .name = "csrf", .type = SHAPE_TEXT, .required = true, .summary = "Send it as X-CSRF-Token with every change made with the cookie" },
        { NULL },
};
static const struct shape logged_in = { "LoggedIn", logged_in_fields };

/* GET /login - login.html: {tenant_given, next}. */
static rc show(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *model = json_object();
        str next;

        TRY(shape_read(cx, &page_in, req, &in));
        next = json_get_text(in, "next");
        json_set(model, "tenant_given", json_str(json_get_text(in, "tenant")));
        json_set(model, "next", json_str(gate_address_safe(next) ? next : STR_NONE));
        return http_reply(res, 200, "login.html", model);
}

/* What the entry of a log-in says: who was meant. Names that nobody has go to the erasable detail: people type passwords into the wrong field. */
static void note(struct cx *cx, const struct attempt *attempt, str tenant, str login)
{
        cx->tenant = attempt->tenant;
        cx->actor.name = attempt->login;
        log_subject(cx, S("account"), attempt->account_id);
        if (attempt->account_id != 0)
                return;
        if (str_absent(attempt->tenant))
                log_detail(cx, "tenant", json_str(tenant));
        log_detail(cx, "login", json_str(login));
}

static void cookie_set(struct cx *cx, struct http_res *res, str token)
{
        http_set(res, S("Set-Cookie"), str_format(cx->mem, COOKIE "=%.*s" COOKIE_TERMS "%s", STR_ARG(token), token.n ? "" : "; Max-Age=0"));
}

/* POST /login - 303 to `next` or the first page; on the API 200 and {tenant, login, csrf}. One answer for every wrong thing, after the same work. */
static rc login(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        str tenant, name, next, token, stage, cookie = http_cookie(req, COOKIE);
        struct attempt attempt;
        json_t *in, *model = json_object();

        TRY(shape_read(cx, &login_in, req, &in));
        tenant = str_trim(json_get_text(in, "tenant"));
        name = str_trim(json_get_text(in, "login"));
        next = json_get_text(in, "next");
        TRY(session_attempt(cx, tenant, name, &attempt));
        note(cx, &attempt, tenant, name);
        TRY(session_verify(cx, &attempt, json_get_text(in, "password")));
        cx->actor.kind = ACTOR_ACCOUNT;
        cx->actor.id = attempt.account_id;
        cx->actor.groups = attempt.groups;
        TRY(enter_by_name(cx, attempt.tenant, false));
        TRY(session_open(cx, attempt.account_id, http_header(req, "User-Agent"), cookie, json_is_true(json_object_get(in, "take_over")), &token,
                         &stage));
        cookie_set(cx, res, token);
        json_set(model, "tenant", json_str(attempt.tenant));
        json_set(model, "login", json_str(attempt.login));
        json_set(model, "stage", json_str(stage));
        json_set(model, "csrf", json_str(enter_csrf(cx, token)));
        return http_created(res, 200, gate_address_safe(next) ? next : S("/"), model);
}

/* POST /logout - ends this session; 303 to the log-in page. */
static rc logout(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        TRY(session_close(cx));
        log_subject(cx, S("session"), cx->actor.session);
        cookie_set(cx, res, S(""));
        return http_created(res, 200, S("/login?done=logged_out"), json_object());
}

/* clang-format off */
const struct route session_door_routes[] = {
        /*     method path       permission   logged as    body    rate    handler */
        ROUTE( GET,   "/login",  PERM_PUBLIC, LOG_NOTHING, 0,      NORMAL, show,   "The log-in page", .in = &page_in, .face = FACE_CONSOLE ),
        ROUTE( POST,  "/login",  PERM_PUBLIC, LOG_LOGIN,   KB(16), LOGIN,  login,  "Log in", .in = &login_in, .out = &logged_in ),
        ROUTE( POST,  "/logout", PERM_NONE,   LOG_LOGOUT,  KB(4),  NORMAL, logout, "Log out",
               .stages = ~0U ),
        ROUTE_END
};
/* clang-format on */
