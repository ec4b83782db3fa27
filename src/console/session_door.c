/* session_door.c - logging in and out, and which of two sessions goes on. */
#include "base/house.h"

#include "console/session_door.h"

#include "base/buf.h"
#include "base/fail.h"
#include "console/doorstep.h"
#include "console/dress.h"
#include "gate/enter.h"
#include "identity/border.h"
#include "identity/session.h"
#include "identity/sign_on.h"
#include "log/log.h"

static const struct field login_fields[] = {
        { .name = "tenant", .type = SHAPE_TEXT, .required = true, .min = 1, .max = 30, .summary = "Contract" },
        { .name = "login", .type = SHAPE_TEXT, .required = true, .min = 1, .max = 100, .summary = "Log-in name" },
        { .name = "password", .type = SHAPE_TEXT, .required = true, .min = 1, .max = 200, .summary = "Password", .secret = true },
        { .name = "next", .type = SHAPE_TEXT, .max = 4000, .summary = "Address within the house to go to afterwards" },
        { .name = "shared", .type = SHAPE_BOOL, .summary = "Others use this computer, too: the session is short and hands out no file" },
        { .name = "take_over", .type = SHAPE_BOOL, .summary = "End the session this account has elsewhere, without asking" },
        { NULL },
};
static const struct shape login_in = { "Login", login_fields };

static const char *const langs[] = { "ja", "en", NULL };
static const struct field page_fields[] = {
        { .name = "tenant", .type = SHAPE_TEXT, .max = 30, .summary = "Contract to fill in" },
        { .name = "next", .type = SHAPE_TEXT, .max = 4000, .summary = "Address within the house to go to afterwards" },
        { .name = "lang", .type = SHAPE_TEXT, .choices = langs, .summary = "Language of the page" },
        { .name = "done", .type = SHAPE_TEXT, .max = 60, .summary = "What was done before" },
        { NULL },
};
static const struct shape page_in = { "LoginPage", page_fields };

static const struct field step_fields[] = {
        { .name = "next", .type = SHAPE_TEXT, .max = 4000, .summary = "Address within the house to go to afterwards" },
        { NULL },
};
static const struct shape step_in = { "LoginStep", step_fields };

static void next_add(json_t *model, const json_t *in)
{
        str next = json_get_text(in, "next");

        json_set(model, "next", json_str(gate_address_safe(next) ? next : STR_NONE));
}

/* The page in the other language: [{lang, name, query, current}]. */
static json_t *langs_model(struct cx *cx, const struct http_req *req)
{
        static const char *const without[] = { "lang", NULL }, *const names[] = { "日本語", "English" };
        json_t *list = json_array();

        for (int i = 0; i < LANG_END; i++) {
                json_t *one = json_object();

                json_set(one, "lang", json_string(langs[i]));
                json_set(one, "name", json_string(names[i]));
                json_set(one, "query", json_str(dress_query(cx, req, without, "lang", str_of(langs[i]))));
                json_set(one, "current", json_boolean(cx->lang == (enum lang)i));
                must(json_array_append_new(list, one) == 0);
        }
        return list;
}

/* For links: a value with all that means something in an address written as %XX. */
static void query_add(struct cx *cx, json_t *model, const char *name, str value)
{
        struct buf b = buf_open(cx->mem, KB(16));

        buf_url(&b, value);
        json_set(model, name, json_str(buf_str(&b)));
}

/* What the contract named lets people in by. A name nobody has is offered a password, as most are. */
static rc offer_add(struct cx *cx, json_t *model, str tenant)
{
        json_t *offer;

        json_set(model, "password_login", json_true());
        if (str_empty(tenant))
                return RC_OK;
        TRY(sign_on_offer(cx, tenant, &offer));
        query_add(cx, model, "tenant_query", tenant);
        query_add(cx, model, "next_query", json_get_text(model, "next"));
        (void)json_object_update(model, offer);
        return RC_OK;
}

/* GET /login - login.html: {tenant_given, next, ended (a session there was), langs, password_login, choices: [{id, kind, name}]}. */
static rc show(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *model = json_object();
        str lang;

        TRY(shape_read(cx, &page_in, req, &in));
        lang = json_get_text(in, "lang");
        if (lang.n > 0)
                cx->lang = str_is(lang, "en") ? LANG_EN : LANG_JA;
        json_set(model, "tenant_given", json_str(json_get_text(in, "tenant")));
        next_add(model, in);
        json_set(model, "ended", json_boolean(!str_empty(doorstep_token(req)) && !str_empty(json_get_text(model, "next"))));
        TRY(offer_add(cx, model, str_trim(json_get_text(in, "tenant"))));
        json_set(model, "langs", langs_model(cx, req));
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

/* The sessions that end because this one goes on, for the log. */
static rc note_ended(struct cx *cx)
{
        json_t *sessions;

        TRY(session_list(cx, cx->actor.id, &sessions));
        if (json_array_size(sessions) > 0)
                log_detail(cx, "ended", sessions);
        return RC_OK;
}

/* POST /login - 303 to `next`, the first page, or the page of what is still missing; on the API 200 and how far it came. One answer for every wrong
 * thing, after the same work. */
static rc login(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        struct attempt attempt;
        str tenant, name, token, stage;
        bool take_over;
        json_t *in;
        rc code;

        TRY(shape_read(cx, &login_in, req, &in));
        tenant = str_trim(json_get_text(in, "tenant"));
        name = str_trim(json_get_text(in, "login"));
        take_over = json_is_true(json_object_get(in, "take_over"));
        TRY(border_check(cx, tenant, enter_certificate(req)));
        TRY(sign_on_passwords(cx, tenant));
        TRY(session_attempt(cx, tenant, name, enter_certificate(req), &attempt));
        note(cx, &attempt, tenant, name);
        code = session_verify(cx, &attempt, json_get_text(in, "password"));
        if (code == RC_FORBIDDEN) /* the right password of a contract that is suspended: nothing to be charged, nobody to be told */
                return code;
        if (code != RC_OK)
                return doorstep_failed(cx, &attempt, name, code);
        cx->actor.kind = ACTOR_ACCOUNT;
        cx->actor.id = attempt.account_id;
        cx->actor.groups = attempt.groups;
        TRY(enter_by_name(cx, attempt.tenant, false));
        TRY(session_recost(cx, &attempt, json_get_text(in, "password")));
        if (take_over)
                TRY(note_ended(cx));
        TRY(session_open(cx, attempt.account_id, http_header(req, "User-Agent"), doorstep_token(req), take_over, &token, &stage));
        if (json_is_true(json_object_get(in, "shared"))) {
                TRY(session_share(cx, token));
                log_detail(cx, "shared", json_true());
        }
        return doorstep_pass(cx, res, token, stage, json_get_text(in, "next"));
}

/* GET /login/confirm - login_confirm.html: {sessions: [the one elsewhere], next}. */
static rc confirm_form(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *sessions, *model = json_object();

        log_quiet(cx);
        TRY(shape_read(cx, &step_in, req, &in));
        TRY(session_list(cx, cx->actor.id, &sessions));
        json_set(model, "sessions", sessions);
        next_add(model, in);
        return http_reply(res, 200, "login_confirm.html", model);
}

/* POST /login/confirm - the session elsewhere ends, this one goes on: 303 to `next` or the first page. Giving up is POST /logout. */
static rc confirm(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        str token, stage;
        json_t *in;

        log_subject(cx, S("account"), cx->actor.id);
        TRY(shape_read(cx, &step_in, req, &in));
        TRY(note_ended(cx));
        TRY(session_raise(cx, "confirm", true, &token, &stage));
        return doorstep_pass(cx, res, token, stage, json_get_text(in, "next"));
}

static const struct field unlock_fields[] = {
        { .name = "password", .type = SHAPE_TEXT, .required = true, .min = 1, .max = 200, .summary = "Password", .secret = true },
        { .name = "username", .type = SHAPE_TEXT, .max = 100, .summary = "For password managers only" },
        { .name = "next", .type = SHAPE_TEXT, .max = 4000, .summary = "Address within the house to go to afterwards" },
        { NULL },
};
static const struct shape unlock_in = { "Unlock", unlock_fields };

/* GET /login/unlock - login_unlock.html: {next, passwords, ways: [{id, kind, name}], tenant_query, next_query}. */
static rc unlock_form(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *model = json_object();

        log_quiet(cx);
        TRY(shape_read(cx, &step_in, req, &in));
        next_add(model, in);
        TRY(doorstep_ways(cx, model, json_get_text(model, "next")));
        return http_reply(res, 200, "login_unlock.html", model);
}

/* POST /login/unlock - the session goes on where it was, with the cookie it had; an account with a second factor gives that next. */
static rc unlock(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in;
        str stage;

        log_subject(cx, S("session"), cx->actor.session);
        TRY(shape_read(cx, &unlock_in, req, &in));
        TRY(doorstep_prove(cx, json_get_text(in, "password"), "password"));
        TRY(session_unlock(cx, &stage));
        return doorstep_pass(cx, res, doorstep_token(req), stage, json_get_text(in, "next"));
}

/* POST /logout - ends this session; 303 to the log-in page. */
static rc logout(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        TRY(session_close(cx));
        log_subject(cx, S("session"), cx->actor.session);
        doorstep_cookie(cx, res, S(""));
        return http_created(res, 200, S("/login?done=logged_out"), json_object());
}

/* clang-format off */
const struct route session_door_routes[] = {
        /*     method path              permission   logged as    body    rate    handler */
        ROUTE( GET,   "/login",         PERM_PUBLIC, LOG_NOTHING, 0,      NORMAL, show,         "The log-in page", .in = &page_in, .face = FACE_CONSOLE ),
        ROUTE( POST,  "/login",         PERM_PUBLIC, LOG_LOGIN,   KB(16), LOGIN,  login,        "Log in", .in = &login_in, .out = &doorstep_out ),
        ROUTE( GET,   "/login/confirm", PERM_NONE,   LOG_VIEW,    0,      NORMAL, confirm_form, "Which of two sessions of an account goes on?",
               .in = &step_in, .face = FACE_CONSOLE, .stages = 1U << STAGE_CONFIRM ),
        ROUTE( POST,  "/login/confirm", PERM_NONE,   LOG_LOGIN,   KB(16), LOGIN,  confirm,      "End the session elsewhere and go on with this one",
               .in = &step_in, .out = &doorstep_out, .stages = 1U << STAGE_CONFIRM ),
        ROUTE( GET,   "/login/unlock",  PERM_NONE,   LOG_VIEW,    0,      NORMAL, unlock_form,  "The lock screen", .in = &step_in,
               .face = FACE_CONSOLE, .stages = 1U << STAGE_LOCKED ),
        ROUTE( POST,  "/login/unlock",  PERM_NONE,   LOG_UNLOCK,  KB(16), LOGIN,  unlock,       "Unlock the screen: give the password again",
               .in = &unlock_in, .out = &doorstep_out, .stages = 1U << STAGE_LOCKED ),
        ROUTE( POST,  "/logout",        PERM_NONE,   LOG_LOGOUT,  KB(4),  NORMAL, logout,       "Log out", .stages = ~0U ),
        ROUTE_END
};
/* clang-format on */
