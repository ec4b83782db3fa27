/* move_door.c - see move_door.h. Moves stand on the page of their record; what is decided here is only how they look. */
#include "base/house.h"

#include "console/move_door.h"

#include "base/clock.h"
#include "base/fail.h"
#include "log/log.h"
#include "page/page.h"
#include "register/move.h"

enum { HASH_SHOWN = 12 };

static const struct field look_query[] = {
        { .name = "before", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "Of the course: `next` of the page before" },
        { NULL },
};
static const struct shape look_in = { "MoveQuery", look_query };
static const struct field look_fields[] = {
        { .name = "state", .type = SHAPE_TEXT, .summary = "State of the record now; without: its register has no moves" },
        { .name = "version", .type = SHAPE_INT, .summary = "Of the record; a move says which it has seen" },
        { .name = "states", .type = SHAPE_JSON, .summary = "All states: value, title, now, been" },
        { .name = "moves",
          .type = SHAPE_JSON,
          .summary =
              "Moves from this state: name, title, to, to_title, approvals (how many it needs), can, why (it is not possible for the reader now)" },
        { .name = "open",
          .type = SHAPE_JSON,
          .summary = "The request that is open, with sets of approvals: id, who, needed, given, given_by, full, can, why; null: none" },
        { .name = "course", .type = SHAPE_JSON, .summary = "Moves made, asked for, refused and void so far, newest first" },
        { .name = "next", .type = SHAPE_INT, .summary = "For `before` of the next page of the course; null: it is all" },
        { NULL },
};
static const struct shape look_out = { "Moves", look_fields };
static const struct field ask_fields[] = {
        { .name = "move", .type = SHAPE_TEXT, .required = true, .max = 60, .summary = "Name of the move" },
        { .name = "version",
          .type = SHAPE_INT,
          .min = 1,
          .max = INT64_MAX,
          .summary = "Version of the record that was looked at, unless If-Match names it" },
        { NULL },
};
static const struct shape ask_in = { "MoveOrder", ask_fields };
static const struct field asked_fields[] = {
        { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number of the request" },
        { .name = "state", .type = SHAPE_TEXT, .required = true, .summary = "done; waiting: for approvals; approved: all are there" },
        { .name = "hash", .type = SHAPE_TEXT, .summary = "SHA-256 of what is frozen, with a salt that nobody is told" },
        { NULL },
};
static const struct shape asked_out = { "MoveAnswer", asked_fields };
static const struct field approve_fields[] = {
        { .name = "set", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "Set of approvals; without: the first this person can fill" },
        { NULL },
};
static const struct shape approve_in = { "MoveApproval", approve_fields };
static const struct field refuse_fields[] = {
        { .name = "why",
          .type = SHAPE_TEXT,
          .required = true,
          .max = MOVE_WHY_MAX,
          .lines = true,
          .summary = "Why not; whoever reads the record reads it" },
        { NULL },
};
static const struct shape refuse_in = { "MoveRefusal", refuse_fields };

static bool api(const struct http_req *req)
{
        return str_starts(req->path, S("/api/v1/"));
}

static rc record_read(struct cx *cx, const struct http_req *req, int64_t *ret)
{
        log_subject(cx, http_arg(req, "register"), 0);
        if (!str_int(http_arg(req, "id"), ret) || *ret <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such record");
        log_subject(cx, http_arg(req, "register"), *ret);
        return RC_OK;
}

/* The number of a request; the entry in the log is about its record. */
static rc request_read(struct cx *cx, const struct http_req *req, int64_t *ret, int64_t *ret_record)
{
        str name;

        log_subject(cx, http_arg(req, "register"), 0);
        if (!str_int(http_arg(req, "id"), ret) || *ret <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such move here");
        TRY(move_about(cx, *ret, ret_record, &name));
        if (*ret_record == 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such move here");
        log_subject(cx, http_arg(req, "register"), *ret_record);
        log_detail(cx, "move", json_str(name));
        log_detail(cx, "request", json_integer(*ret));
        return RC_OK;
}

static str record_page(struct cx *cx, const struct http_req *req, int64_t record, const char *done)
{
        return str_format(cx->mem, "/registers/%.*s/records/%" PRId64 "?done=%s", STR_ARG(http_arg(req, "register")), record, done);
}

/* The page ----------------------------------------------------------------------------------------------------------------------------- */

static void text_add(struct cx *cx, json_t *m, const char *member, const char *key, str word)
{
        json_set(m, member, json_str(page_text(cx->lang, str_format(cx->mem, "moves.%s.%.*s", key, STR_ARG(word)).p)));
}

static void course_dress(struct cx *cx, json_t *one)
{
        static const struct {
                const char *state, *chip;
        } chips[] = {
                { "done", "good" }, { "waiting", "now" }, { "approved", "now" }, { "void", "warn" }, { "refused", "bad" }, { "withdrawn", "" }
        };
        str state = json_get_text(one, "state"), hash = json_get_text(one, "hash"), why = json_get_text(one, "why");

        text_add(cx, one, "state_text", "state", state);
        for (size_t i = 0; i < COUNT(chips); i++)
                if (str_is(state, chips[i].state))
                        json_set(one, "chip", json_string(chips[i].chip));
        if (!str_absent(hash))
                json_set(one, "hash_short", json_str((str){ hash.p, HASH_SHOWN }));
        if (str_is(state, "void") && !str_absent(why))
                text_add(cx, one, "why", "void", why);
}

rc move_door_page(struct cx *cx, str register_name, int64_t record, json_t *model)
{
        json_t *moves, *one, *open;
        size_t i;

        TRY(move_look(cx, register_name, record, 0, &moves));
        if (!json_is_object(moves))
                return RC_OK;
        json_array_foreach(json_object_get(moves, "course"), i, one)
                course_dress(cx, one);
        open = json_object_get(moves, "open");
        if (json_is_object(open)) {
                course_dress(cx, open);
                json_set(open, "is_approved", json_boolean(str_is(json_get_text(open, "state"), "approved")));
                json_set(open, "is_waiting", json_boolean(str_is(json_get_text(open, "state"), "waiting")));
                json_array_foreach(json_object_get(open, "sets"), i, one)
                        if (json_is_true(json_object_get(one, "can")))
                                json_set(open, "can_refuse", json_true());
        }
        json_set(moves, "has_moves", json_boolean(json_array_size(json_object_get(moves, "moves")) > 0));
        json_set(moves, "has_course", json_boolean(json_array_size(json_object_get(moves, "course")) > 0));
        json_set(model, "moves", moves);
        return RC_OK;
}

/* Handlers ----------------------------------------------------------------------------------------------------------------------------- */

/* GET /registers/{register}/records/{id}/moves - as move_look() says; {} of a register without moves. */
static rc look(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *model;
        int64_t id;

        TRY(record_read(cx, req, &id));
        TRY(shape_read(cx, &look_in, req, &in));
        TRY(move_look(cx, http_arg(req, "register"), id, json_integer_value(json_object_get(in, "before")), &model));
        return http_reply(res, 200, NULL, json_is_object(model) ? model : json_object());
}

/* POST /registers/{register}/records/{id}/moves - made, or asked for: 201 {id, state, hash}; console: 303 to the record. */
static rc ask(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *model;
        int64_t id, version;
        bool done;

        TRY(record_read(cx, req, &id));
        TRY(shape_read(cx, &ask_in, req, &in));
        TRY(shape_version(cx, req, in, &version));
        log_detail(cx, "move", json_object_get(in, "move"));
        TRY(move_ask(cx, http_arg(req, "register"), id, json_get_text(in, "move"), version, &model));
        done = str_is(json_get_text(model, "state"), "done");
        log_detail(cx, "request", json_object_get(model, "id"));
        log_detail(cx, "state", json_object_get(model, "state"));
        if (!done)
                log_detail(cx, "hash", json_object_get(model, "hash"));
        return http_created(res, 201, record_page(cx, req, id, done ? "move_done" : "move_asked"), api(req) ? model : NULL);
}

/* POST /registers/{register}/moves/{id}/approve - {id, state}. */
static rc approve(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *model;
        int64_t id, record;

        TRY(request_read(cx, req, &id, &record));
        TRY(shape_read(cx, &approve_in, req, &in));
        TRY(move_approve(cx, http_arg(req, "register"), id, json_integer_value(json_object_get(in, "set")), &model));
        log_detail(cx, "state", json_object_get(model, "state"));
        return api(req) ? http_reply(res, 200, NULL, model) : http_created(res, 200, record_page(cx, req, record, "move_approved"), NULL);
}

/* POST /registers/{register}/moves/{id}/refuse - 204. */
static rc refuse(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        int64_t id, record;
        json_t *in;

        TRY(request_read(cx, req, &id, &record));
        TRY(shape_read(cx, &refuse_in, req, &in));
        log_detail(cx, "decision", json_string("refuse"));
        TRY(move_refuse(cx, http_arg(req, "register"), id, json_get_text(in, "why")));
        return http_created(res, 204, record_page(cx, req, record, "move_refused"), NULL);
}

/* POST /registers/{register}/moves/{id}/withdraw - 204. */
static rc withdraw(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        int64_t id, record;

        TRY(request_read(cx, req, &id, &record));
        TRY(move_withdraw(cx, http_arg(req, "register"), id));
        return http_created(res, 204, record_page(cx, req, record, "move_withdrawn"), NULL);
}

/* POST /registers/{register}/moves/{id}/carry - 204. */
static rc carry(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        int64_t id, record;

        TRY(request_read(cx, req, &id, &record));
        TRY(move_carry(cx, http_arg(req, "register"), id));
        log_detail(cx, "state", json_string("done"));
        return http_created(res, 204, record_page(cx, req, record, "move_done"), NULL);
}

/* clang-format off */
const struct route move_door_routes[] = {
        /*     method path                                          permission         verb         body    rate    handler summary */
        ROUTE( GET,   "/registers/{register}/records/{id}/moves",   PERM_RECORD_READ,  LOG_VIEW,    0,      NORMAL, look,    "Moves of one record: which are possible, and its course so far",
               .in = &look_in, .out = &look_out, .face = FACE_API ),
        ROUTE( POST,  "/registers/{register}/records/{id}/moves",   PERM_RECORD_WRITE, LOG_MOVE,    KB(4),  NORMAL, ask,     "Make a move of one record, or ask for one that needs approvals",
               .in = &ask_in, .out = &asked_out ),
        ROUTE( POST,  "/registers/{register}/moves/{id}/approve",   PERM_RECORD_READ,  LOG_APPROVE, KB(4),  NORMAL, approve, "Approve a move that somebody asked for", .in = &approve_in, .out = &asked_out ),
        ROUTE( POST,  "/registers/{register}/moves/{id}/refuse",    PERM_RECORD_READ,  LOG_APPROVE, KB(16), NORMAL, refuse,  "Refuse a move that somebody asked for", .in = &refuse_in ),
        ROUTE( POST,  "/registers/{register}/moves/{id}/withdraw",  PERM_RECORD_WRITE, LOG_CANCEL,  KB(4),  NORMAL, withdraw, "Withdraw a move one asked for" ),
        ROUTE( POST,  "/registers/{register}/moves/{id}/carry",     PERM_RECORD_WRITE, LOG_MOVE,    KB(4),  NORMAL, carry,   "Carry out a move that was approved" ),
        ROUTE_END
};
/* clang-format on */
