/* log_hold_door.c - how long what entries of the log say is kept, and holds that keep it for longer. */
#include "base/house.h"

#include "console/log_hold_door.h"

#include "base/fail.h"
#include "console/dress.h"
#include "log/log.h"
#include "log/log_hold.h"

static const struct field hold_fields[] = {
        { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number" },
        { .name = "reason", .type = SHAPE_TEXT, .required = true, .summary = "Why" },
        { .name = "basis", .type = SHAPE_TEXT, .required = true, .summary = "On what legal ground" },
        { .name = "kind", .type = SHAPE_TEXT, .summary = "Entries about this: account, or a register's name" },
        { .name = "subject_id", .type = SHAPE_INT, .summary = "Its number; of an account also entries by it" },
        { .name = "from_at", .type = SHAPE_DATETIME, .summary = "Entries from then on" },
        { .name = "to_at", .type = SHAPE_DATETIME, .summary = "… and before this; null: until the hold ends" },
        { .name = "state", .type = SHAPE_TEXT, .required = true, .summary = "asked (holds until lapses_at), held, lapsed or ended" },
        { .name = "asked_by", .type = SHAPE_TEXT, .summary = "Who asked for it" },
        { .name = "asked_at", .type = SHAPE_DATETIME, .summary = "When" },
        { .name = "lapses_at", .type = SHAPE_DATETIME, .summary = "When it lapses unless somebody approves" },
        { .name = "approved_by", .type = SHAPE_TEXT, .summary = "Who approved" },
        { .name = "approved_at", .type = SHAPE_DATETIME, .summary = "When" },
        { .name = "ended_by", .type = SHAPE_TEXT, .summary = "Who ended it" },
        { .name = "ended_at", .type = SHAPE_DATETIME, .summary = "When" },
        { .name = "ended_why", .type = SHAPE_TEXT, .summary = "Why" },
        { .name = "mine", .type = SHAPE_BOOL, .summary = "The reader asked for it" },
        { .name = "about", .type = SHAPE_BOOL, .summary = "It is about the reader" },
        { NULL },
};
static const struct shape hold_shape = { "LogHold", hold_fields };
static const struct field list_fields[] = {
        { .name = "holds", .type = SHAPE_LIST, .required = true, .of = &hold_shape },
        { .name = "days", .type = SHAPE_INT, .summary = "What entries say exactly is kept so many days; null: as long as the entries" },
        { NULL },
};
static const struct shape list_out = { "LogHoldList", list_fields };

static const struct field ask_fields[] = {
        { .name = "reason", .type = SHAPE_TEXT, .required = true, .max = 1000, .lines = true, .summary = "Why" },
        { .name = "basis", .type = SHAPE_TEXT, .required = true, .max = 1000, .lines = true, .summary = "On what legal ground" },
        { .name = "kind", .type = SHAPE_TEXT, .max = 40, .summary = "Entries about this: account, or a register's name" },
        { .name = "subject", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "Its number" },
        { .name = "from", .type = SHAPE_TEXT, .max = 40, .summary = "First day in Tokyo, or point in time" },
        { .name = "to", .type = SHAPE_TEXT, .max = 40, .summary = "Last day in Tokyo, or point in time before which" },
        { NULL },
};
static const struct shape ask_in = { "LogHoldAsk", ask_fields };
static const struct field asked_fields[] = { { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number of the hold" }, { NULL } };
static const struct shape asked_out = { "LogHoldAsked", asked_fields };
static const struct field end_fields[] = {
        { .name = "why", .type = SHAPE_TEXT, .required = true, .max = 1000, .lines = true, .summary = "Why it ends" }, { NULL }
};
static const struct shape end_in = { "LogHoldEnd", end_fields };

static rc id_read(struct cx *cx, const struct http_req *req, int64_t *ret)
{
        log_subject(cx, S("log_hold"), 0);
        if (!str_int(http_arg(req, "id"), ret) || *ret <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such hold");
        log_subject(cx, S("log_hold"), *ret);
        return RC_OK;
}

/* GET /log/holds - log_holds.html: as log_hold.h says, and kinds: [{name, title, selected}]; each hold with waits: the reader may approve, ends: may end. */
static rc list(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *model, *kinds, *one;
        size_t i;

        log_subject(cx, S("log_hold"), 0);
        TRY(log_hold_list(cx, &model));
        json_array_foreach(json_object_get(model, "holds"), i, one) {
                bool asked = str_is(json_get_text(one, "state"), "asked"), held = str_is(json_get_text(one, "state"), "held");
                bool mine = json_is_true(json_object_get(one, "mine")), about = json_is_true(json_object_get(one, "about"));

                json_set(one, "waits", json_boolean(asked && !mine && !about));
                json_set(one, "ends", json_boolean(!about && (asked || (held && !mine))));
        }
        if (json_is_integer(json_object_get(model, "days")))
                json_set(model, "days_text", json_str(dress_number(cx->mem, json_integer_value(json_object_get(model, "days")))));
        TRY(log_kind_choices(cx, S(""), &kinds));
        json_set(model, "kinds", kinds);
        return http_reply(res, 200, "log_holds.html", model);
}

/* POST /log/holds - 201 {id}; 303 to the page. */
static rc ask(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *model = json_object();
        int64_t id;

        log_subject(cx, S("log_hold"), 0);
        TRY(shape_read(cx, &ask_in, req, &in));
        TRY(log_hold_ask(cx, in, &id));
        json_set(model, "id", json_integer(id));
        return http_created(res, 201, S("/log/holds?done=hold_asked"), model);
}

/* POST /log/holds/{id}/approve - 303 to the page. */
static rc approve(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        int64_t id;

        TRY(id_read(cx, req, &id));
        TRY(log_hold_approve(cx, id));
        return http_created(res, 204, S("/log/holds?done=approved"), NULL);
}

/* POST /log/holds/{id}/end - 303 to the page. */
static rc end(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        int64_t id;
        json_t *in;

        TRY(id_read(cx, req, &id));
        TRY(shape_read(cx, &end_in, req, &in));
        TRY(log_hold_end(cx, id, json_get_text(in, "why")));
        return http_created(res, 204, S("/log/holds?done=hold_ended"), NULL);
}

/* clang-format off */
const struct route log_hold_door_routes[] = {
        /*     method path                     permission      logged as    body   rate    handler */
        ROUTE( GET,   "/log/holds",              PERM_LOG_READ,  LOG_LIST,    0,     NORMAL, list,    "List what keeps details of the operation log", .out = &list_out ),
        ROUTE( POST,  "/log/holds",              PERM_LOG_ERASE, LOG_CREATE,  KB(8), NORMAL, ask,     "Hold what entries of the log say", .in = &ask_in, .out = &asked_out ),
        ROUTE( POST,  "/log/holds/{id}/approve", PERM_LOG_ERASE, LOG_APPROVE, KB(4), NORMAL, approve, "Approve a hold", .fresh = true ),
        ROUTE( POST,  "/log/holds/{id}/end",     PERM_LOG_ERASE, LOG_REVOKE,  KB(8), NORMAL, end,     "End a hold", .in = &end_in, .fresh = true ),
        ROUTE_END
};
/* clang-format on */
