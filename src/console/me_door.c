/* me_door.c - the own account: language and look, password, sessions, what one may. */
#include "base/house.h"

#include "console/me_door.h"

#include "base/buf.h"
#include "base/fail.h"
#include "console/doorstep.h"
#include "gate/enter.h"
#include "gate/gate.h"
#include "identity/account.h"
#include "identity/device.h"
#include "identity/person.h"
#include "identity/policy.h"
#include "identity/session.h"
#include "log/log.h"

static const char *const langs[] = { "", "ja", "en", NULL };
static const char *const themes[] = { "auto", "light", "dark", NULL };

static const struct field change_fields[] = {
        { .name = "lang", .type = SHAPE_TEXT, .choices = langs, .summary = "Language; empty: the contract's" },
        { .name = "theme", .type = SHAPE_TEXT, .choices = themes, .summary = "Light or dark pages, or as the device says" },
        { NULL },
};
static const struct shape change_in = { "MeChange", change_fields };

static const struct field password_fields[] = {
        { .name = "current", .type = SHAPE_TEXT, .required = true, .max = 200, .summary = "The password until now", .secret = true },
        { .name = "password",
          .type = SHAPE_TEXT,
          .required = true,
          .max = 200,
          .summary = "The new one, as the policy of the contract wants it",
          .secret = true },
        { .name = "username", .type = SHAPE_TEXT, .max = 100, .summary = "For password managers only" },
        { NULL },
};
static const struct shape password_in = { "PasswordChange", password_fields };

static const struct field lock_fields[] = {
        { .name = "next", .type = SHAPE_TEXT, .max = 4000, .summary = "Address within the house to go to afterwards" },
        { NULL },
};
static const struct shape lock_in = { "Lock", lock_fields };

static const struct field session_fields[] = {
        { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number" },
        { .name = "source", .type = SHAPE_TEXT, .summary = "Address it was opened from" },
        { .name = "agent", .type = SHAPE_TEXT, .summary = "Browser, in its own words" },
        { .name = "created_at", .type = SHAPE_DATETIME, .summary = "Log-in" },
        { .name = "seen_at", .type = SHAPE_DATETIME, .summary = "Last request, a few seconds more or less" },
        { .name = "current", .type = SHAPE_BOOL, .summary = "Is it the one that asks" },
        { NULL },
};
static const struct shape session_shape = { "Session", session_fields };
static const struct field me_fields[] = {
        { .name = "kind", .type = SHAPE_TEXT, .required = true, .summary = "account or key" },
        { .name = "login", .type = SHAPE_TEXT, .required = true, .summary = "Log-in name, or name of the key" },
        { .name = "masked", .type = SHAPE_BOOL, .required = true, .summary = "Personal items are not shown" },
        { .name = "permission_words", .type = SHAPE_LIST, .required = true, .summary = "What may be done: words of permissions" },
        { .name = "account", .type = SHAPE_JSON, .summary = "The account, as in /accounts/{id}; null for a key" },
        { .name = "devices", .type = SHAPE_LIST, .summary = "Work devices of the person, as in /me/devices" },
        { .name = "place",
          .type = SHAPE_JSON,
          .summary = "Where this session is used: own (a device of one's own, or not said though there is one), known, name" },
        { .name = "sessions", .type = SHAPE_LIST, .of = &session_shape, .summary = "Where this account is logged in" },
        { NULL },
};
static const struct shape me_out = { "Me", me_fields };

/* Where this session is used: {own, known, name, choices: there are devices to choose from}; each of `devices` says whether it can be chosen: sits. */
static rc place_add(struct cx *cx, const struct http_req *req, json_t *model, json_t *devices)
{
        struct session_place place;
        json_t *m = json_object(), *device;
        bool any = false;
        size_t i;

        TRY(session_place(cx, enter_certificate(req), &place));
        json_array_foreach(devices, i, device) {
                str state = json_get_text(device, "state");
                bool own = json_is_true(json_object_get(device, "own"));
                bool sits = str_is(state, "approved") || (own && !str_is(state, "lost") && !str_is(state, "returned"));

                json_set(device, "sits", json_boolean(sits));
                json_set(device, "here", json_boolean(place.known && json_integer_value(json_object_get(device, "id")) == place.device_id));
                any = any || sits;
        }
        json_set(m, "own", json_boolean(place.own));
        json_set(m, "known", json_boolean(place.known));
        json_set(m, "name", json_str(place.device));
        json_set(m, "choices", json_boolean(any && !place.shared));
        json_set(model, "place", m);
        return RC_OK;
}

/* GET /me - me.html: {kind, login, masked, account, permissions: [{name, title, help}], permission_words, sessions, devices, place, rules, idle: {hours, minutes}}. */
static rc show(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        bool account = cx->actor.kind == ACTOR_ACCOUNT;
        json_t *model = json_object(), *part = json_null(), *sessions = json_array(), *devices = json_array(), *rules, *idle;
        int64_t person;
        struct policy policy;

        log_subject(cx, account ? S("account") : S("key"), cx->actor.id);
        if (account) {
                TRY(account_get(cx, cx->actor.id, &part));
                TRY(session_list(cx, cx->actor.id, &sessions));
                TRY(person_of_account(cx, cx->actor.id, &person));
                TRY(device_of_person(cx, person, &devices));
                TRY(place_add(cx, req, model, devices));
                TRY(policy_rules(cx, &rules));
                json_set(model, "rules", rules);
                TRY(policy_read(cx, &policy));
                idle = json_object();
                json_set(idle, "hours", json_integer(policy.idle_minutes / 60));
                json_set(idle, "minutes", json_integer(policy.idle_minutes % 60));
                json_set(model, "idle", idle);
        }
        json_set(model, "kind", json_str(account ? S("account") : S("key")));
        json_set(model, "login", json_str(cx->actor.name));
        json_set(model, "masked", json_boolean(cx->masked));
        json_set(model, "account", part);
        json_set(model, "permission_words", permission_words(cx, &cx->permissions));
        json_set(model, "permissions", permission_titles(cx, &cx->permissions));
        json_set(model, "sessions", sessions);
        json_set(model, "devices", devices);
        return http_reply(res, 200, "me.html", model);
}

/* PATCH /me - language and look; 303 to /me. */
static rc change(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *before, *after, *model = json_object();

        TRY(shape_read(cx, &change_in, req, &in));
        log_subject(cx, S("account"), cx->actor.id);
        TRY(account_update_own(cx, in, &before, &after));
        log_detail(cx, "changes", log_difference(before, after));
        json_set(model, "account", after);
        return http_created(res, 200, S("/me?done=saved"), model);
}

/* GET /me/password - me_password.html; at the log-in login_password.html: where somebody goes whose password must be changed. */
static rc password_form(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *rules, *model = json_object();

        log_quiet(cx);
        TRY(policy_rules(cx, &rules));
        json_set(model, "rules", rules);
        return http_reply(res, 200, cx->actor.stage == STAGE_PASSWORD ? "login_password.html" : "me_password.html", model);
}

/* POST /me/password - the current one is needed; other sessions end. 303 to the first page. */
static rc password(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in;

        log_subject(cx, S("account"), cx->actor.id);
        TRY(shape_read(cx, &password_in, req, &in));
        TRY(account_password_check(cx, json_get_text(in, "current"), json_get_text(in, "password")));
        TRY(doorstep_prove(cx, json_get_text(in, "current"), "current"));
        TRY(account_password_change(cx, json_get_text(in, "password")));
        return http_created(res, 204, S("/?done=password"), NULL);
}

/* DELETE /me/sessions/{id} - end one of the own sessions; 303 to /me. */
static rc session(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        int64_t id;

        if (!str_int(http_arg(req, "id"), &id) || id <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such session");
        log_subject(cx, S("session"), id);
        if (cx->actor.kind != ACTOR_ACCOUNT)
                return fail(cx, RC_FORBIDDEN, NULL, "this is for accounts; an API key has none");
        TRY(session_end(cx, cx->actor.id, id));
        return http_created(res, 204, S("/me?done=ended"), NULL);
}

/* POST /me/sessions/end - end all others; 303 to /me. */
static rc sessions(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        log_subject(cx, S("session"), 0);
        if (cx->actor.kind != ACTOR_ACCOUNT)
                return fail(cx, RC_FORBIDDEN, NULL, "this is for accounts; an API key has none");
        TRY(session_end_others(cx, cx->actor.id, cx->actor.session));
        return http_created(res, 204, S("/me?done=ended"), NULL);
}

/* POST /me/lock - the screen: this session reaches nothing until the password is given again. 303 to where it is given. */
static rc lock(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        struct buf b = buf_open(cx->mem, KB(16));
        json_t *in;
        str next;

        TRY(shape_read(cx, &lock_in, req, &in));
        log_subject(cx, S("session"), cx->actor.session);
        TRY(session_lock(cx));
        next = json_get_text(in, "next");
        buf_text(&b, "/login/unlock");
        if (gate_address_safe(next) && next.n > 1) {
                buf_text(&b, "?next=");
                buf_url(&b, next);
        }
        return http_created(res, 204, buf_str(&b), NULL);
}

/* POST /me/shared - others use this computer, too; 303 to the own page. There is no way back but logging out. */
static rc shared(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        log_subject(cx, S("session"), cx->actor.session);
        TRY(session_share(cx, doorstep_token(req)));
        log_detail(cx, "shared", json_true());
        return http_created(res, 204, S("/me?done=shared"), NULL);
}

static const struct field sit_fields[] = {
        { .name = "device_id", .type = SHAPE_INT, .required = true, .min = 1, .max = INT64_MAX, .summary = "One of the own devices" },
        { .name = "next", .type = SHAPE_TEXT, .max = 4000, .summary = "Address within the house to go to afterwards" },
        { NULL },
};
static const struct shape sit_in = { "SessionDevice", sit_fields };

/* POST /me/device - at which device this session is used; 303 to `next` or the own page. */
static rc sit(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *device = json_object();
        str name, next;

        TRY(shape_read(cx, &sit_in, req, &in));
        log_subject(cx, S("session"), cx->actor.session);
        TRY(session_sit(cx, json_integer_value(json_object_get(in, "device_id")), &name));
        json_set(device, "id", json_object_get(in, "device_id"));
        json_set(device, "name", json_str(name));
        log_detail(cx, "device", device);
        next = json_get_text(in, "next");
        return http_created(res, 204, gate_address_safe(next) && next.n > 1 ? next : S("/me?done=sits"), NULL);
}

/* clang-format off */
const struct route me_door_routes[] = {
        /*     method  path                  permission logged as     body    rate    handler */
        ROUTE( GET,    "/me",                PERM_NONE, LOG_VIEW,     0,      NORMAL, show,          "Who am I, and what may I", .out = &me_out ),
        ROUTE( PATCH,  "/me",                PERM_NONE, LOG_UPDATE,   KB(4),  NORMAL, change,        "Change the own language and look",
               .in = &change_in ),
        ROUTE( GET,    "/me/password",       PERM_NONE, LOG_VIEW,     0,      NORMAL, password_form, "The form for a new password",
               .face = FACE_CONSOLE, .stages = 1U << STAGE_PASSWORD ),
        ROUTE( POST,   "/me/password",       PERM_NONE, LOG_PASSWORD, KB(4),  LOGIN,  password,      "Change the own password",
               .in = &password_in, .stages = 1U << STAGE_PASSWORD ),
        ROUTE( DELETE, "/me/sessions/{id}",  PERM_NONE, LOG_REVOKE,   KB(4),  NORMAL, session,       "End one of the own sessions" ),
        ROUTE( POST,   "/me/sessions/end",   PERM_NONE, LOG_REVOKE,   KB(4),  NORMAL, sessions,      "End all other sessions of the own account" ),
        ROUTE( POST,   "/me/shared",         PERM_NONE, LOG_UPDATE,   KB(4),  NORMAL, shared,        "Say that others use this computer, too" ),
        ROUTE( POST,   "/me/device",         PERM_NONE, LOG_UPDATE,   KB(8),  NORMAL, sit,           "Say at which of the own devices this session is used", .in = &sit_in ),
        ROUTE( POST,   "/me/lock",           PERM_NONE, LOG_LOCK,     KB(8),  NORMAL, lock,          "Lock the screen", .in = &lock_in ),
        ROUTE_END
};
/* clang-format on */
