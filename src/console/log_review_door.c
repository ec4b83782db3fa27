/* log_review_door.c - the periodic review of the operation log: what waits, one review, verdicts. */
#include "base/house.h"

#include "console/log_review_door.h"

#include "base/fail.h"
#include "console/log_door.h"
#include "log/log.h"
#include "log/log_review.h"
#include "page/page.h"

enum { LIMIT = 50 };

static const struct field query_fields[] = {
        { .name = "after", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "`next` of the page before" },
        { .name = "done", .type = SHAPE_TEXT, .max = 100, .summary = "Console" },
        { NULL },
};
static const struct shape query_in = { "LogReviewQuery", query_fields };

static const struct field review_fields[] = {
        { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number" },
        { .name = "from_at", .type = SHAPE_DATETIME, .required = true, .summary = "The period begins" },
        { .name = "to_at", .type = SHAPE_DATETIME, .required = true, .summary = "… and ends before this" },
        { .name = "from_day", .type = SHAPE_TEXT, .summary = "Its first day in Tokyo" },
        { .name = "to_day", .type = SHAPE_TEXT, .summary = "Its last day in Tokyo" },
        { .name = "period", .type = SHAPE_TEXT, .summary = "Both, for people" },
        { .name = "due_day", .type = SHAPE_TEXT, .summary = "The last day in time, for people" },
        { .name = "opened_at", .type = SHAPE_DATETIME, .summary = "When the sample was drawn" },
        { .name = "due_at", .type = SHAPE_DATETIME, .summary = "From then on it is overdue" },
        { .name = "state", .type = SHAPE_TEXT, .required = true, .summary = "open, overdue or closed" },
        { .name = "closed_at", .type = SHAPE_DATETIME, .summary = "When it was closed" },
        { .name = "closed_by", .type = SHAPE_TEXT, .summary = "Who closed it" },
        { .name = "found", .type = SHAPE_INT, .summary = "Operations of people in the period" },
        { .name = "important", .type = SHAPE_INT, .summary = "Those of them the rule calls important" },
        { .name = "entries", .type = SHAPE_INT, .summary = "Entries in the sample" },
        { .name = "judged", .type = SHAPE_INT, .summary = "Those with a verdict" },
        { .name = "follows", .type = SHAPE_INT, .summary = "Those to follow up" },
        { .name = "ends", .type = SHAPE_INT, .summary = "Follow-ups that have ended" },
        { .name = "left", .type = SHAPE_INT, .summary = "What is still to be done before it can be closed" },
        { NULL },
};
static const struct shape review_shape = { "LogReview", review_fields };
static const struct field list_fields[] = {
        { .name = "reviews", .type = SHAPE_LIST, .required = true, .of = &review_shape },
        { .name = "next", .type = SHAPE_INT, .summary = "Give it as `after` for the next page; null at the end" },
        { .name = "months", .type = SHAPE_INT, .summary = "A review every so many months; null: none" },
        { .name = "ends_at", .type = SHAPE_DATETIME, .summary = "The period now ends, and its review begins" },
        { .name = "begins_day", .type = SHAPE_TEXT, .summary = "The same, for people" },
        { NULL },
};
static const struct shape list_out = { "LogReviewList", list_fields };

static const struct field part_fields[] = {
        { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number of the entry in the log" },
        { .name = "at", .type = SHAPE_DATETIME, .summary = "When" },
        { .name = "sentence", .type = SHAPE_TEXT, .summary = "What was done, for people" },
        { .name = "detail", .type = SHAPE_JSON, .summary = "What exactly, where the reader may see it and it is still there" },
        { .name = "why", .type = SHAPE_TEXT, .required = true, .summary = "rights, policy, export, erasure, support, login, refusals or random" },
        { .name = "verdict", .type = SHAPE_TEXT, .summary = "expected or follow; null: none yet" },
        { .name = "note", .type = SHAPE_TEXT, .summary = "What is to be followed up" },
        { .name = "reviewed_by", .type = SHAPE_TEXT, .summary = "Who gave the verdict" },
        { .name = "reviewed_at", .type = SHAPE_DATETIME, .summary = "When" },
        { .name = "outcome", .type = SHAPE_TEXT, .summary = "How the follow-up ended" },
        { .name = "outcome_by", .type = SHAPE_TEXT, .summary = "Who wrote that" },
        { .name = "outcome_at", .type = SHAPE_DATETIME, .summary = "When" },
        { .name = "own", .type = SHAPE_BOOL, .summary = "An action of the reader's own: somebody else reviews it" },
        { .name = "mine", .type = SHAPE_BOOL, .summary = "The reader gave the verdict" },
        { NULL },
};
static const struct shape part_shape = { "LogReviewEntry", part_fields };
static const struct field one_fields[] = {
        { .name = "review", .type = SHAPE_OBJECT, .required = true, .of = &review_shape },
        { .name = "entries", .type = SHAPE_LIST, .required = true, .of = &part_shape },
        { NULL },
};
static const struct shape one_out = { "LogReviewAnswer", one_fields };

static const char *const verdicts[] = { "expected", "follow", NULL };
static const struct field verdict_fields[] = {
        { .name = "entry", .type = SHAPE_INT, .required = true, .min = 1, .max = INT64_MAX, .summary = "Number of the entry" },
        { .name = "verdict", .type = SHAPE_TEXT, .required = true, .choices = verdicts, .summary = "expected or follow" },
        { .name = "note", .type = SHAPE_TEXT, .max = LOG_REVIEW_NOTE_MAX, .lines = true, .summary = "With follow: what is to be followed up" },
        { NULL },
};
static const struct shape verdict_in = { "LogReviewVerdict", verdict_fields };
static const struct field outcome_fields[] = {
        { .name = "entry", .type = SHAPE_INT, .required = true, .min = 1, .max = INT64_MAX, .summary = "Number of the entry" },
        { .name = "outcome", .type = SHAPE_TEXT, .required = true, .max = LOG_REVIEW_NOTE_MAX, .lines = true, .summary = "How the follow-up ended" },
        { NULL },
};
static const struct shape outcome_in = { "LogReviewOutcome", outcome_fields };

static rc id_read(struct cx *cx, const struct http_req *req, int64_t *ret)
{
        log_subject(cx, S("log_review"), 0);
        if (!str_int(http_arg(req, "id"), ret) || *ret <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such review of the log");
        log_subject(cx, S("log_review"), *ret);
        return RC_OK;
}

/* GET /log-reviews - log_reviews.html: as log_review.h says. */
static rc list(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *model;

        log_subject(cx, S("log_review"), 0);
        TRY(shape_read(cx, &query_in, req, &in));
        TRY(log_review_list(cx, json_integer_value(json_object_get(in, "after")), LIMIT, &model));
        return http_reply(res, 200, "log_reviews.html", model);
}

static void sample_count(json_t *review, const json_t *entries)
{
        json_int_t chosen = 0, own = 0;
        const json_t *one;
        size_t i;

        json_array_foreach(entries, i, one) {
                chosen += !str_is(json_get_text(one, "why"), "random");
                own += json_is_true(json_object_get(one, "own")) && json_is_null(json_object_get(one, "verdict"));
        }
        json_set(review, "chosen", json_integer(chosen));
        json_set(review, "drawn", json_integer((json_int_t)json_array_size(entries) - chosen));
        json_set(review, "own", own > 0 ? json_integer(own) : json_false());
        json_set(review, "ready", json_boolean(json_integer_value(json_object_get(review, "left")) == 0));
}

/* What a page asks of each entry: which forms are shown. */
static rc entry_dress(struct cx *cx, bool closed, json_t *entry)
{
        bool own = json_is_true(json_object_get(entry, "own")), judged = json_is_string(json_object_get(entry, "verdict"));
        bool follow = str_is(json_get_text(entry, "verdict"), "follow"), ended = json_is_string(json_object_get(entry, "outcome"));
        str detail = json_get_text(entry, "detail_text");

        json_set(entry, "ask", json_boolean(!closed && !own && !judged));
        json_set(entry, "again", json_boolean(!closed && !own && judged && json_is_true(json_object_get(entry, "mine"))));
        json_set(entry, "end", json_boolean(!closed && !own && follow && !ended));
        json_set(entry, "own_waits", json_boolean(!closed && own && !judged));
        if (!str_absent(detail)) {
                json_t *read;

                TRY(json_read(cx, detail, &read));
                json_set(entry, "detail", read);
                log_door_detail(cx, read, entry);
        }
        return RC_OK;
}

/* GET /log-reviews/{id} - log_review.html: as log_review.h says; review with chosen, drawn, own: still to be done by others, ready; entries with ask, again,
 * end, own_waits: which forms they get, facts and changes as log_door.h says. */
static rc show(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *model, *entries, *review, *one;
        int64_t id;
        size_t i;

        TRY(id_read(cx, req, &id));
        TRY(log_review_get(cx, id, &model));
        entries = json_object_get(model, "entries");
        review = json_object_get(model, "review");
        json_array_foreach(entries, i, one)
                TRY(entry_dress(cx, str_is(json_get_text(review, "state"), "closed"), one));
        sample_count(review, entries);
        return http_reply(res, 200, "log_review.html", model);
}

/* Back to the page, at the next entry behind `entry` that waits for the reader; else at this one. */
static rc onward(struct cx *cx, struct http_res *res, int64_t id, int64_t entry)
{
        json_t *model, *one;
        int64_t next = 0, first = 0;
        size_t i;

        TRY(log_review_get(cx, id, &model));
        json_array_foreach(json_object_get(model, "entries"), i, one) {
                int64_t number = json_integer_value(json_object_get(one, "id"));

                if (!json_is_null(json_object_get(one, "verdict")) || json_is_true(json_object_get(one, "own")))
                        continue;
                first = first != 0 ? first : number;
                next = next == 0 && number > entry ? number : next;
        }
        next = next != 0 ? next : first != 0 ? first : entry;
        /* another query each time: an address that differs behind # only is not loaded again */
        return http_created(res, 204, str_format(cx->mem, "/log-reviews/%" PRId64 "?from=%" PRId64 "#e-%" PRId64, id, entry, next), NULL);
}

/* POST /log-reviews/{id}/verdict - 303 to the next entry. */
static rc judge(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        int64_t id;
        json_t *in;

        TRY(id_read(cx, req, &id));
        TRY(shape_read(cx, &verdict_in, req, &in));
        TRY(log_review_judge(cx, id, in));
        return onward(cx, res, id, json_integer_value(json_object_get(in, "entry")));
}

/* POST /log-reviews/{id}/outcome - 303 to the next entry. */
static rc outcome(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        int64_t id;
        json_t *in;

        TRY(id_read(cx, req, &id));
        TRY(shape_read(cx, &outcome_in, req, &in));
        TRY(log_review_outcome(cx, id, in));
        return onward(cx, res, id, json_integer_value(json_object_get(in, "entry")));
}

/* POST /log-reviews/{id}/close - 303 to the list. */
static rc close_(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        int64_t id;

        TRY(id_read(cx, req, &id));
        TRY(log_review_close(cx, id));
        return http_created(res, 204, S("/log-reviews?done=log_review_closed"), NULL);
}

/* clang-format off */
const struct route log_review_door_routes[] = {
        /*     method path                        permission     logged as   body   rate    handler */
        ROUTE( GET,   "/log-reviews",              PERM_LOG_READ, LOG_LIST,    0,     NORMAL, list,    "List reviews of the operation log", .in = &query_in,
               .out = &list_out ),
        ROUTE( GET,   "/log-reviews/{id}",         PERM_LOG_READ, LOG_VIEW,    0,     NORMAL, show,    "Read a review of the operation log", .out = &one_out ),
        ROUTE( POST,  "/log-reviews/{id}/verdict", PERM_LOG_READ, LOG_REVIEW,  KB(8), NORMAL, judge,   "Give a verdict on an entry of a review", .in = &verdict_in ),
        ROUTE( POST,  "/log-reviews/{id}/outcome", PERM_LOG_READ, LOG_REVIEW,  KB(8), NORMAL, outcome, "Say how a follow-up of a review ended", .in = &outcome_in ),
        ROUTE( POST,  "/log-reviews/{id}/close",   PERM_LOG_READ, LOG_REVIEW,  KB(4), NORMAL, close_,  "Close a review of the operation log" ),
        ROUTE_END
};
/* clang-format on */
