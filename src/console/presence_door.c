/* presence_door.c - who is logged in now, for whoever manages sessions; unlocking an account. */
#include "base/house.h"

#include "console/presence_door.h"

#include "base/fail.h"
#include "identity/account.h"
#include "identity/session.h"
#include "log/log.h"

static const struct field query_fields[] = {
        { .name = "account", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "Of this account only" },
        { .name = "after", .type = SHAPE_TEXT, .max = 400, .summary = "Cursor: next of the page before" },
        { .name = "limit", .type = SHAPE_INT, .min = 1, .max = 200, .summary = "Sessions a page" },
        { NULL },
};
static const struct shape query_in = { "SessionQuery", query_fields };

static const struct field one_fields[] = {
        { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number" },
        { .name = "account_id", .type = SHAPE_INT, .required = true, .summary = "Whose it is" },
        { .name = "login", .type = SHAPE_TEXT, .summary = "Log-in name" },
        { .name = "name", .type = SHAPE_TEXT, .summary = "Name of the person" },
        { .name = "groups", .type = SHAPE_TEXT, .summary = "Names of the groups" },
        { .name = "source", .type = SHAPE_TEXT, .summary = "Address it was opened from" },
        { .name = "agent", .type = SHAPE_TEXT, .summary = "Browser, in its own words" },
        { .name = "stage", .type = SHAPE_TEXT, .summary = "full, locked, or what is still missing" },
        { .name = "created_at", .type = SHAPE_DATETIME, .summary = "Log-in" },
        { .name = "seen_at", .type = SHAPE_DATETIME, .summary = "Last request, a few seconds more or less" },
        { .name = "current", .type = SHAPE_BOOL, .summary = "Is it the one that asks" },
        { NULL },
};
static const struct shape one_shape = { "LiveSession", one_fields };
static const struct field list_fields[] = {
        { .name = "sessions", .type = SHAPE_LIST, .required = true, .of = &one_shape },
        { .name = "next", .type = SHAPE_TEXT, .summary = "Cursor of the next page; null at the end" },
        { NULL },
};
static const struct shape list_out = { "LiveSessions", list_fields };

static const struct field ended_fields[] = { { .name = "ended", .type = SHAPE_INT, .required = true, .summary = "How many" }, { NULL } };
static const struct shape ended_out = { "SessionsEnded", ended_fields };

/* GET /sessions - sessions.html: {sessions: […], next}. */
static rc list(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *model;

        TRY(shape_read(cx, &query_in, req, &in));
        log_subject(cx, S("session"), 0);
        TRY(session_all(cx, in, &model));
        return http_reply(res, 200, "sessions.html", model);
}

/* DELETE /sessions/{id} - end it; 303 to the list. */
static rc end(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        int64_t id, account;
        json_t *whose;

        if (!str_int(http_arg(req, "id"), &id) || id <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such session");
        log_subject(cx, S("session"), id);
        TRY(session_end_any(cx, id, &account));
        TRY(account_get(cx, account, &whose));
        log_detail(cx, "account", json_integer(account));
        log_detail(cx, "login", json_object_get(whose, "login"));
        return http_created(res, 204, S("/sessions?done=ended"), NULL);
}

static rc account_read(struct cx *cx, const struct http_req *req, int64_t *ret, json_t **ret_account)
{
        if (!str_int(http_arg(req, "id"), ret) || *ret <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such account");
        log_subject(cx, S("account"), *ret);
        return account_get(cx, *ret, ret_account);
}

/* POST /accounts/{id}/sessions/end - the person is out, wherever they are; 303 to the list. */
static rc end_all(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *account, *model = json_object();
        int64_t id, count;

        TRY(account_read(cx, req, &id, &account));
        TRY(session_end_all(cx, id, &count));
        log_detail(cx, "login", json_object_get(account, "login"));
        log_detail(cx, "ended", json_integer(count));
        json_set(model, "ended", json_integer(count));
        return http_created(res, 200, S("/sessions?done=ended"), model);
}

/* POST /accounts/{id}/unlock - after too many wrong passwords; 303 to the account. */
static rc unlock(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *before, *account, *model = json_object();
        int64_t id;

        TRY(account_read(cx, req, &id, &account));
        TRY(account_unlock(cx, id, &before, &account));
        log_detail(cx, "changes", log_difference(before, account));
        json_set(model, "account", account);
        return http_created(res, 200, str_format(cx->mem, "/accounts/%" PRId64 "?done=unlocked", id), model);
}

/* clang-format off */
const struct route presence_door_routes[] = {
        /*     method  path                           permission           logged as   body   rate    handler */
        ROUTE( GET,    "/sessions",                   PERM_SESSION_MANAGE, LOG_LIST,   0,     NORMAL, list,    "Who is logged in now",
               .in = &query_in, .out = &list_out ),
        ROUTE( DELETE, "/sessions/{id}",              PERM_SESSION_MANAGE, LOG_REVOKE, KB(4), NORMAL, end,     "End a session of somebody" ),
        ROUTE( POST,   "/accounts/{id}/sessions/end", PERM_SESSION_MANAGE, LOG_REVOKE, KB(4), NORMAL, end_all, "End all sessions of somebody",
               .out = &ended_out ),
        ROUTE( POST,   "/accounts/{id}/unlock",       PERM_ACCOUNT_MANAGE, LOG_UNLOCK, KB(4), NORMAL, unlock,
               "Unlock an account after too many wrong passwords", .fresh = true ),
        ROUTE_END
};
/* clang-format on */
