/* maintenance_door.c - see maintenance_door.h. */
#include "base/house.h"

#include "console/maintenance_door.h"

#include "base/fail.h"
#include "governance/maintenance.h"
#include "governance/roster.h"
#include "log/log.h"

/* clang-format off */
static const struct field plan_fields[] = {
        { .name = "office", .type = SHAPE_LIST, .summary = "Networks of the head office" },
        { .name = "vpn", .type = SHAPE_LIST, .summary = "Addresses the VPN gives" },
        { .name = "vdi", .type = SHAPE_TEXT, .summary = "Address and port at which people come into the VDI" },
        { .name = "egress", .type = SHAPE_LIST, .summary = "Where the VDI may go" },
        { .name = "management", .type = SHAPE_LIST, .summary = "The management tool, by TLS" },
        { .name = "plain", .type = SHAPE_LIST, .summary = "Where it must not answer in the clear" },
        { .name = "unlisted", .type = SHAPE_TEXT, .summary = "A host the VDI must not reach" },
        { .name = "reference", .type = SHAPE_TEXT, .summary = "A host the place outside does reach" },
        { .name = "server_name", .type = SHAPE_TEXT, .summary = "What the certificate of the management tool names; null: its address" },
        { .name = "every", .type = SHAPE_INT, .summary = "Minutes after which a try says nothing any more" },
        { .name = "set_by", .type = SHAPE_TEXT, .summary = "Who set it" },
        { .name = "set_at", .type = SHAPE_DATETIME, .summary = "When" },
        { NULL },
};
static const struct shape plan_shape = { "MaintenancePlan", plan_fields };
static const struct field tile_fields[] = {
        { .name = "control", .type = SHAPE_TEXT, .required = true, .summary = "outside, egress, plain, sessions or accounts" },
        { .name = "clause", .type = SHAPE_TEXT, .summary = "Which rule it is" },
        { .name = "state", .type = SHAPE_TEXT, .required = true, .summary = "green, amber (not measured) or red" },
        { .name = "tried", .type = SHAPE_BOOL, .summary = "It is measured by trying" },
        { .name = "at", .type = SHAPE_DATETIME, .summary = "The last try or file; null: none yet" },
        { .name = "place", .type = SHAPE_TEXT, .summary = "Where it was tried" },
        { .name = "expected", .type = SHAPE_TEXT, .summary = "shut, open or tls" },
        { .name = "found", .type = SHAPE_TEXT, .summary = "connected, refused, silent, unreachable, untrusted or not_tls" },
        { .name = "route", .type = SHAPE_TEXT, .summary = "Where the try went that decided" },
        { .name = "tls", .type = SHAPE_TEXT, .summary = "Version of TLS" },
        { .name = "verdict", .type = SHAPE_TEXT, .summary = "good, bad or none (what must answer did not)" },
        { .name = "good_at", .type = SHAPE_DATETIME, .summary = "It was last as it should be" },
        { .name = "bad_at", .type = SHAPE_DATETIME, .summary = "Since then it has not been" },
        { .name = "count", .type = SHAPE_INT, .summary = "What is flagged" },
        { .name = "waiting", .type = SHAPE_INT, .summary = "Sessions the log of the VPN does not reach yet" },
        { .name = "until_at", .type = SHAPE_DATETIME, .summary = "How far that log reaches" },
        { NULL },
};
static const struct shape tile_shape = { "MaintenanceTile", tile_fields };
static const struct field work_fields[] = {
        { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number" },
        { .name = "kind", .type = SHAPE_TEXT, .required = true, .summary = "login, support or command" },
        { .name = "actor", .type = SHAPE_TEXT, .required = true, .summary = "Who, as they were called then" },
        { .name = "source", .type = SHAPE_TEXT, .summary = "Where from, as it was told" },
        { .name = "address", .type = SHAPE_TEXT, .summary = "The address in it; null: the house was not told" },
        { .name = "network", .type = SHAPE_TEXT, .summary = "office, vpn, elsewhere or unknown" },
        { .name = "began_at", .type = SHAPE_DATETIME, .required = true, .summary = "When it began" },
        { .name = "last_at", .type = SHAPE_DATETIME, .summary = "The last the house knows of it" },
        { .name = "count", .type = SHAPE_INT, .summary = "Commands in it" },
        { .name = "covered_at", .type = SHAPE_DATETIME, .summary = "When a line of the VPN's log was found for it" },
        { .name = "state", .type = SHAPE_TEXT, .required = true, .summary = "fine, waiting, flagged or explained" },
        { .name = "reason", .type = SHAPE_TEXT, .summary = "Why it is, or was, flagged: vpn, elsewhere or unknown" },
        { .name = "note", .type = SHAPE_TEXT, .summary = "Why it was all right" },
        { .name = "noted_by", .type = SHAPE_TEXT, .summary = "Who says so" },
        { .name = "noted_at", .type = SHAPE_DATETIME, .summary = "When" },
        { .name = "own", .type = SHAPE_BOOL, .summary = "A session of the reader's own" },
        { .name = "ask", .type = SHAPE_BOOL, .summary = "The reader may explain it" },
        { NULL },
};
static const struct shape work_shape = { "MaintenanceSession", work_fields };
static const struct field vdi_fields[] = {
        { .name = "id", .type = SHAPE_INT, .summary = "Number; null: it is on the VDI only" },
        { .name = "name", .type = SHAPE_TEXT, .required = true, .summary = "Name on the VDI" },
        { .name = "person", .type = SHAPE_TEXT, .summary = "Whose it is" },
        { .name = "purpose", .type = SHAPE_TEXT, .summary = "What it is for" },
        { .name = "asked_by", .type = SHAPE_TEXT, .summary = "Who asked for it" },
        { .name = "asked_at", .type = SHAPE_DATETIME, .summary = "When" },
        { .name = "approved_by", .type = SHAPE_TEXT, .summary = "Who approved it" },
        { .name = "approved_at", .type = SHAPE_DATETIME, .summary = "When" },
        { .name = "ended_at", .type = SHAPE_DATETIME, .summary = "When it was to go" },
        { .name = "here", .type = SHAPE_BOOL, .summary = "It is on the VDI; null: no list was taken yet" },
        { .name = "state", .type = SHAPE_TEXT, .required = true, .summary = "fine, asked, missing; flagged: unapproved, left or ended" },
        { .name = "flagged", .type = SHAPE_BOOL, .summary = "Something is to be done about it" },
        { .name = "asked", .type = SHAPE_BOOL, .summary = "It waits for an approval" },
        { .name = "open", .type = SHAPE_BOOL, .summary = "It stands in the register" },
        { NULL },
};
static const struct shape vdi_shape = { "VdiAccount", vdi_fields };
static const struct field try_fields[] = {
        { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number" },
        { .name = "kind", .type = SHAPE_TEXT, .required = true, .summary = "outside, egress or plain" },
        { .name = "at", .type = SHAPE_DATETIME, .required = true, .summary = "When the house heard of it" },
        { .name = "tried_at", .type = SHAPE_DATETIME, .summary = "When it was tried, by that machine's clock" },
        { .name = "place", .type = SHAPE_TEXT, .summary = "Where it was tried" },
        { .name = "expected", .type = SHAPE_TEXT, .summary = "shut, open or tls" },
        { .name = "found", .type = SHAPE_TEXT, .summary = "connected, refused, silent, unreachable, untrusted or not_tls" },
        { .name = "route", .type = SHAPE_TEXT, .summary = "Where the try went that decided" },
        { .name = "tls", .type = SHAPE_TEXT, .summary = "Version of TLS" },
        { .name = "verdict", .type = SHAPE_TEXT, .required = true, .summary = "good, bad or none" },
        { NULL },
};
static const struct shape try_shape = { "MaintenanceTry", try_fields };
static const struct field person_fields[] = {
        { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number" },
        { .name = "name", .type = SHAPE_TEXT, .required = true, .summary = "Name" },
        { NULL },
};
static const struct shape person_shape = { "MaintenancePerson", person_fields };
static const struct field page_fields[] = {
        { .name = "plan", .type = SHAPE_OBJECT, .of = &plan_shape, .summary = "The plan in force; null: there is none" },
        { .name = "tiles", .type = SHAPE_LIST, .required = true, .of = &tile_shape },
        { .name = "works", .type = SHAPE_LIST, .required = true, .of = &work_shape },
        { .name = "vdi", .type = SHAPE_LIST, .required = true, .of = &vdi_shape },
        { .name = "tries", .type = SHAPE_LIST, .required = true, .of = &try_shape },
        { .name = "people", .type = SHAPE_LIST, .required = true, .of = &person_shape },
        { NULL },
};
static const struct shape page_out = { "Maintenance", page_fields };

static const struct field note_fields[] = {
        { .name = "note", .type = SHAPE_TEXT, .required = true, .max = MAINTENANCE_NOTE_MAX, .lines = true, .summary = "Why it was all right" },
        { NULL },
};
static const struct shape note_in = { "MaintenanceNote", note_fields };
static const struct field ask_fields[] = {
        { .name = "name", .type = SHAPE_TEXT, .required = true, .max = ROSTER_NAME_MAX, .summary = "Name on the VDI" },
        { .name = "person", .type = SHAPE_INT, .required = true, .min = 1, .max = INT64_MAX, .summary = "Number of the person" },
        { .name = "purpose", .type = SHAPE_TEXT, .required = true, .max = MAINTENANCE_NOTE_MAX, .lines = true, .summary = "What it is for" },
        { NULL },
};
static const struct shape ask_in = { "VdiAccountNew", ask_fields };
static const struct field asked_fields[] = { { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number" }, { NULL } };
static const struct shape asked_out = { "VdiAccountAsked", asked_fields };
/* clang-format on */

static rc session_read(struct cx *cx, const struct http_req *req, int64_t *ret)
{
        log_subject(cx, S("maintenance"), 0);
        if (!str_int(http_arg(req, "id"), ret) || *ret <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such maintenance session");
        log_subject(cx, S("maintenance"), *ret);
        return RC_OK;
}

static rc account_read(struct cx *cx, const struct http_req *req, int64_t *ret)
{
        log_subject(cx, S("vdi_account"), 0);
        if (!str_int(http_arg(req, "id"), ret) || *ret <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such account of the VDI");
        log_subject(cx, S("vdi_account"), *ret);
        return RC_OK;
}

/* GET /maintenance - maintenance.html: as maintenance.h says. */
static rc show(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *model;

        log_subject(cx, S("maintenance"), 0);
        TRY(maintenance_get(cx, &model));
        return http_reply(res, 200, "maintenance.html", model);
}

/* POST /maintenance/sessions/{id}/explain - 303 to /maintenance. */
static rc explain(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in;
        int64_t id;

        TRY(session_read(cx, req, &id));
        TRY(shape_read(cx, &note_in, req, &in));
        TRY(maintenance_explain(cx, id, in));
        return http_created(res, 204, S("/maintenance?done=maintenance_explained"), NULL);
}

/* POST /maintenance/vdi - 303 to /maintenance. */
static rc ask(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in;
        int64_t id;

        log_subject(cx, S("vdi_account"), 0);
        TRY(shape_read(cx, &ask_in, req, &in));
        TRY(maintenance_ask(cx, in, &id));
        log_subject(cx, S("vdi_account"), id);
        return http_created(res, 201, S("/maintenance?done=vdi_asked"), json_set(json_object(), "id", json_integer(id)));
}

/* POST /maintenance/vdi/{id}/approve - 303 to /maintenance. */
static rc approve(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        int64_t id;

        TRY(account_read(cx, req, &id));
        TRY(maintenance_approve(cx, id));
        return http_created(res, 204, S("/maintenance?done=vdi_approved"), NULL);
}

/* POST /maintenance/vdi/{id}/end - 303 to /maintenance. */
static rc end(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        int64_t id;

        TRY(account_read(cx, req, &id));
        TRY(maintenance_end(cx, id));
        return http_created(res, 204, S("/maintenance?done=vdi_ended"), NULL);
}

/* clang-format off */
const struct route maintenance_door_routes[] = {
        /*     method path                                permission        logged as    body   rate    handler */
        ROUTE( GET,   "/maintenance",                       PERM_SUPPORT_ASK, LOG_LIST,    0,     NORMAL, show,    "How the house is maintained, for operators",
               .out = &page_out ),
        ROUTE( POST,  "/maintenance/sessions/{id}/explain", PERM_SUPPORT_ASK, LOG_REVIEW,  KB(8), NORMAL, explain, "Explain a flagged maintenance session",
               .in = &note_in ),
        ROUTE( POST,  "/maintenance/vdi",                   PERM_SUPPORT_ASK, LOG_CREATE,  KB(8), NORMAL, ask,     "Ask for an account of the VDI",
               .in = &ask_in, .out = &asked_out ),
        ROUTE( POST,  "/maintenance/vdi/{id}/approve",      PERM_SUPPORT_ASK, LOG_APPROVE, KB(4), NORMAL, approve, "Approve an account of the VDI", .fresh = true ),
        ROUTE( POST,  "/maintenance/vdi/{id}/end",          PERM_SUPPORT_ASK, LOG_REVOKE,  KB(4), NORMAL, end,     "End or refuse an account of the VDI" ),
        ROUTE_END
};
/* clang-format on */
