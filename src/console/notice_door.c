/* notice_door.c - messages to people: which, to whom, what became of them. Never what was in them. */
#include "base/house.h"

#include "console/notice_door.h"

#include "log/log.h"
#include "notify/notice.h"

enum { LIMIT = 50 };

static const struct field query_fields[] = {
        { .name = "after", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "`next` of the page before" },
        { NULL },
};
static const struct shape query_in = { "NoticeQuery", query_fields };

static const struct field notice_fields[] = {
        { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number" },
        { .name = "kind", .type = SHAPE_TEXT, .required = true, .summary = "What it is about" },
        { .name = "recipient", .type = SHAPE_TEXT, .required = true, .summary = "Address it goes to" },
        { .name = "subject", .type = SHAPE_TEXT, .required = true, .summary = "Its subject" },
        { .name = "state", .type = SHAPE_TEXT, .required = true, .summary = "queued, sent or failed" },
        { .name = "created_at", .type = SHAPE_DATETIME, .summary = "When it was written" },
        { .name = "sent_at", .type = SHAPE_DATETIME, .summary = "When the mail server took it; null: not yet" },
        { NULL },
};
static const struct shape notice_shape = { "Notice", notice_fields };
static const struct field list_fields[] = {
        { .name = "notices", .type = SHAPE_LIST, .required = true, .of = &notice_shape },
        { .name = "next", .type = SHAPE_INT, .summary = "Give it as `after` for the next page; null at the end" },
        { NULL },
};
static const struct shape list_out = { "NoticeList", list_fields };

/* GET /notices - notices.html: {notices: […], next}. */
static rc list(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *model;

        TRY(shape_read(cx, &query_in, req, &in));
        log_subject(cx, S("notice"), 0);
        TRY(notice_list(cx, json_integer_value(json_object_get(in, "after")), LIMIT, &model));
        return http_reply(res, 200, "notices.html", model);
}

/* clang-format off */
const struct route notice_door_routes[] = {
        /*     method path        permission           logged as body rate    handler */
        ROUTE( GET,   "/notices", PERM_ACCOUNT_MANAGE, LOG_LIST, 0,   NORMAL, list, "List messages to people", .in = &query_in, .out = &list_out ),
        ROUTE_END
};
/* clang-format on */
