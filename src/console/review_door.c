/* review_door.c - access reviews: everything that gives anybody access, line by line, to keep or to take away; the evidence of it. */
#include "base/house.h"

#include "console/review_door.h"

#include "base/clock.h"
#include "base/fail.h"
#include "console/dress.h"
#include "identity/review.h"
#include "log/log.h"

static const char *const shows[] = { "", "undecided", "kept", "removed", "gone", NULL };
static const char *const decisions[] = { "keep", "remove", "undo", NULL };

/* clang-format off */
#define NOTE_FIELD { .name = "note", .type = SHAPE_TEXT, .max = 1000, .lines = true, .summary = "Why, for those who read it later" }
#define SHOW_FIELD { .name = "show", .type = SHAPE_TEXT, .choices = shows, .summary = "Only lines in this state; after a change: what the page showed" }
/* clang-format on */

static const struct field list_query[] = {
        { .name = "before", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "`next` of the page before" },
        { .name = "limit", .type = SHAPE_INT, .min = 1, .max = 200, .summary = "Reviews a page" },
        { NULL },
};
static const struct shape list_in = { "ReviewListQuery", list_query };

static const struct field show_query[] = {
        SHOW_FIELD,
        { .name = "q", .type = SHAPE_TEXT, .max = 100, .summary = "Part of a name, log-in name, group, key or right" },
        { .name = "person", .type = SHAPE_INT, .min = 0, .max = INT64_MAX, .summary = "Only this person; 0: keys nobody in particular made" },
        { .name = "after", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "`next` of the page before" },
        { .name = "limit", .type = SHAPE_INT, .min = 1, .max = 200, .summary = "People a page" },
        { NULL },
};
static const struct shape show_in = { "ReviewQuery", show_query };

static const struct field open_fields[] = {
        { .name = "why", .type = SHAPE_TEXT, .max = 1000, .lines = true, .summary = "What gives rise to it; nothing: it is time" },
        { NULL },
};
static const struct shape open_in = { "ReviewNew", open_fields };

static const struct field decide_fields[] = {
        { .name = "item", .type = SHAPE_INT, .required = true, .min = 1, .max = INT64_MAX, .summary = "The line" },
        { .name = "decision",
          .type = SHAPE_TEXT,
          .required = true,
          .choices = decisions,
          .summary = "keep; remove: gone at once, to come back only by being given anew; undo: of a keep" },
        NOTE_FIELD,
        { .name = "version", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "Version that was read, when If-Match does not say it" },
        SHOW_FIELD,
        { NULL },
};
static const struct shape decide_in = { "ReviewDecision", decide_fields };

static const struct field keep_fields[] = {
        { .name = "person", .type = SHAPE_INT, .required = true, .min = 0, .max = INT64_MAX, .summary = "Whose; 0: keys nobody in particular made" },
        NOTE_FIELD,
        SHOW_FIELD,
        { NULL },
};
static const struct shape keep_in = { "ReviewKeep", keep_fields };

static const struct field close_fields[] = { NOTE_FIELD, { NULL } };
static const struct shape close_in = { "ReviewClose", close_fields };

static const struct field review_fields[] = {
        { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number" },
        { .name = "scope", .type = SHAPE_TEXT, .summary = "all: everybody; event: people to whom something happened, a transfer" },
        { .name = "why", .type = SHAPE_TEXT, .summary = "What gave rise to it" },
        { .name = "opened_at", .type = SHAPE_DATETIME, .summary = "When all was written down" },
        { .name = "opened_by", .type = SHAPE_TEXT, .summary = "Log-in name, or system" },
        { .name = "unattended", .type = SHAPE_BOOL, .summary = "It was time, and nobody had opened one" },
        { .name = "due_at", .type = SHAPE_DATETIME, .summary = "To be closed by then" },
        { .name = "due_on", .type = SHAPE_TEXT, .summary = "The same day, for people" },
        { .name = "overdue", .type = SHAPE_BOOL, .summary = "That day has passed" },
        { .name = "closed_at", .type = SHAPE_DATETIME, .summary = "null: it is open" },
        { .name = "closed_by", .type = SHAPE_TEXT, .summary = "Log-in name" },
        { .name = "note", .type = SHAPE_TEXT, .summary = "Said at closing" },
        { .name = "open", .type = SHAPE_BOOL, .summary = "It is open" },
        { .name = "items", .type = SHAPE_INT, .summary = "Lines" },
        { .name = "kept", .type = SHAPE_INT, .summary = "… that stay" },
        { .name = "removed", .type = SHAPE_INT, .summary = "… that were taken away" },
        { .name = "gone", .type = SHAPE_INT, .summary = "… that were gone before anybody decided" },
        { .name = "decided", .type = SHAPE_INT, .summary = "The three together" },
        { .name = "undecided", .type = SHAPE_INT, .summary = "The others" },
        { .name = "percent", .type = SHAPE_INT, .summary = "Decided, of all" },
        { NULL },
};
static const struct shape review_shape = { "Review", review_fields };
static const struct field list_fields[] = {
        { .name = "reviews", .type = SHAPE_LIST, .required = true, .of = &review_shape },
        { .name = "next", .type = SHAPE_INT, .summary = "Give it as `before` for the next page; null at the end" },
        { .name = "state",
          .type = SHAPE_JSON,
          .required = true,
          .summary = "review_days, due_at, overdue, soon, closed_at (of the last one), open_id, event_id, left_active, deciders" },
        { .name = "unreviewed", .type = SHAPE_LIST, .summary = "Active accounts of which nobody has said within review_days that they are needed" },
        { .name = "more", .type = SHAPE_BOOL, .summary = "There are more of them than 500" },
        { .name = "left", .type = SHAPE_LIST, .summary = "Active accounts of people who have left: none" },
        { NULL },
};
static const struct shape list_out = { "ReviewList", list_fields };
static const struct field one_fields[] = {
        { .name = "review", .type = SHAPE_OBJECT, .required = true, .of = &review_shape },
        { .name = "state", .type = SHAPE_JSON, .summary = "As in the list" },
        { .name = "people",
          .type = SHAPE_LIST,
          .summary = "Each with its lines: person_id, person, login, department, last_login_at, own, undecided, items" },
        { .name = "next", .type = SHAPE_INT, .summary = "Give it as `after` for the next page; null at the end" },
        { .name = "added", .type = SHAPE_LIST, .summary = "What was given after all was written down; not decided here" },
        { NULL },
};
static const struct shape one_out = { "ReviewAnswer", one_fields };

rc review_door_note(struct cx *cx, json_t *model)
{
        json_t *state;

        if (!permission_held(cx, PERM_ACCESS_APPROVE) && !permission_held(cx, PERM_PERSON_MANAGE))
                return RC_OK;
        TRY(review_state(cx, &state));
        json_set(model, "review", state);
        return RC_OK;
}

static rc id_read(struct cx *cx, const struct http_req *req, int64_t *ret)
{
        if (!str_int(http_arg(req, "id"), ret) || *ret <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such review");
        log_subject(cx, S("review"), *ret);
        return RC_OK;
}

/* GET /reviews - reviews.html: {reviews, next, state, unreviewed, more, left}. */
static rc list(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *model;

        log_subject(cx, S("review"), 0);
        TRY(shape_read(cx, &list_in, req, &in));
        TRY(review_list(cx, in, &model));
        return http_reply(res, 200, "reviews.html", model);
}

/* POST /reviews - everything as it stands is written down; 303 to the review. */
static rc open(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *model;
        int64_t id;

        log_subject(cx, S("review"), 0);
        TRY(shape_read(cx, &open_in, req, &in));
        TRY(review_open(cx, json_get_text(in, "why"), &id));
        log_subject(cx, S("review"), id);
        TRY(review_get(cx, id, json_object(), &model));
        log_detail(cx, "items", json_object_get(json_object_get(model, "review"), "items"));
        return http_created(res, 201, str_format(cx->mem, "/reviews/%" PRId64 "?done=review_opened", id), model);
}

/* What the page shows besides the model: the filter, and which tab it is. */
static void filter_add(struct cx *cx, const json_t *in, json_t *model)
{
        json_t *filter = json_object(), *is = json_object();
        str show = json_get_text(in, "show");

        json_set(filter, "q", json_str(json_get_text(in, "q")));
        json_set(filter, "show", json_str(show));
        json_set(filter, "person", json_boolean(json_object_get(in, "person") != NULL));
        json_set(is, str_empty(show) ? "all" : str_z(cx->mem, show), json_true());
        json_set(filter, "show_is", is);
        json_set(model, "filter", filter);
}

/* GET /reviews/{id} - review.html: {review, state, people, next, added, filter: {show, q, show_is}}. */
static rc show(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *model;
        int64_t id;

        TRY(id_read(cx, req, &id));
        TRY(shape_read(cx, &show_in, req, &in));
        TRY(review_get(cx, id, in, &model));
        filter_add(cx, in, model);
        return http_reply(res, 200, "review.html", model);
}

/* After a decision. A browser with htmx takes the part of this person out of the page and stays where it is; others are sent back to it. */
static rc shown(struct cx *cx, const struct http_req *req, struct http_res *res, int64_t id, int64_t person, const json_t *in, const char *done)
{
        json_t *query = json_object(), *model;
        str show = json_get_text(in, "show");

        json_set(query, "person", json_integer(person));
        TRY(review_get(cx, id, query, &model));
        json_set(query, "show", json_str(show));
        filter_add(cx, query, model);
        if (!str_empty(http_header(req, "HX-Request")))
                return http_reply(res, 200, "review.html", model);
        return http_created(res, 200,
                            str_format(cx->mem, "/reviews/%" PRId64 "?%s%.*s%sdone=%s#p-%" PRId64, id, str_empty(show) ? "" : "show=",
                                       STR_ARG(str_absent(show) ? S("") : show), str_empty(show) ? "" : "&", done, person),
                            model);
}

/* POST /reviews/{id}/decide - one line; 303 to the person on the page. */
static rc decide(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        static const char *const said[] = { "kind", "login", "person", "name" };
        json_t *in, *line;
        int64_t id, version;
        bool remove;

        TRY(id_read(cx, req, &id));
        TRY(review_find(cx, id));
        TRY(shape_read(cx, &decide_in, req, &in));
        TRY(shape_version(cx, req, in, &version));
        remove = str_is(json_get_text(in, "decision"), "remove");
        if (remove)
                log_verb(cx, LOG_REVOKE);
        TRY(review_decide(cx, id, json_integer_value(json_object_get(in, "item")), version, json_get_text(in, "decision"), json_get_text(in, "note"),
                          &line));
        log_detail(cx, "decision", json_object_get(in, "decision"));
        for (size_t i = 0; i < COUNT(said); i++)
                log_detail(cx, said[i], json_object_get(line, said[i]));
        if (json_object_get(in, "note") != NULL)
                log_detail(cx, "note", json_object_get(in, "note"));
        return shown(cx, req, res, id, json_integer_value(json_object_get(line, "person_id")), in, remove ? "review_removed" : "review_decided");
}

/* POST /reviews/{id}/keep - what is undecided of one person stays; 303 to the person on the page. */
static rc keep(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        int64_t id, person, count;
        json_t *in;

        TRY(id_read(cx, req, &id));
        TRY(review_find(cx, id));
        TRY(shape_read(cx, &keep_in, req, &in));
        person = json_integer_value(json_object_get(in, "person"));
        TRY(review_keep(cx, id, person, json_get_text(in, "note"), &count));
        log_detail(cx, "decision", json_string("keep"));
        log_detail(cx, "person_id", json_integer(person));
        log_detail(cx, "count", json_integer(count));
        return shown(cx, req, res, id, person, in, "review_decided");
}

/* POST /reviews/{id}/close - when everything is decided; 303 to the review. */
static rc close(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *done, *model;
        int64_t id;

        TRY(id_read(cx, req, &id));
        TRY(review_find(cx, id));
        TRY(shape_read(cx, &close_in, req, &in));
        TRY(review_close(cx, id, json_get_text(in, "note"), &done));
        log_detail(cx, "summary", done);
        TRY(review_get(cx, id, json_object(), &model));
        return http_created(res, 200, str_format(cx->mem, "/reviews/%" PRId64 "?done=review_closed", id), model);
}

/* GET /reviews/{id}/file - the decisions as CSV. */
static rc file(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        int64_t id, count;

        TRY(id_read(cx, req, &id));
        TRY(review_csv(cx, id, &res->body, &count));
        log_detail(cx, "lines", json_integer(count));
        res->type = S("text/csv; charset=utf-8");
        res->file_name = str_format(cx->mem, "access-review-%" PRId64 ".csv", id);
        res->status = 200;
        return RC_OK;
}

/* clang-format off */
const struct route review_door_routes[] = {
        /*     method path                             permission           logged as     body    rate    handler */
        ROUTE( GET,  "/reviews",                PERM_ACCESS_APPROVE, LOG_LIST,     0,      NORMAL, list,   "List access reviews, and how the contract stands",
               .in = &list_in, .out = &list_out ),
        ROUTE( POST, "/reviews",                PERM_ACCESS_APPROVE, LOG_CREATE,   KB(16), NORMAL, open,   "Open a review of all rights",
               .in = &open_in, .out = &one_out ),
        ROUTE( GET,  "/reviews/{id}",           PERM_ACCESS_APPROVE, LOG_VIEW,     0,      NORMAL, show,   "Read an access review",
               .in = &show_in, .out = &one_out ),
        ROUTE( GET,  "/reviews/{id}/file",      PERM_ACCESS_APPROVE, LOG_DOWNLOAD, 0,      NORMAL, file,   "The decisions of a review as CSV" ),
        ROUTE( POST, "/reviews/{id}/decide",    PERM_ACCESS_APPROVE, LOG_UPDATE,   KB(16), NORMAL, decide, "Decide about one line of a review",
               .in = &decide_in, .out = &one_out ),
        ROUTE( POST, "/reviews/{id}/keep",      PERM_ACCESS_APPROVE, LOG_UPDATE,   KB(16), NORMAL, keep,   "Keep all that is undecided of one person",
               .in = &keep_in, .out = &one_out ),
        ROUTE( POST, "/reviews/{id}/close",     PERM_ACCESS_APPROVE, LOG_APPROVE,  KB(16), NORMAL, close,  "Close a review when everything is decided",
               .in = &close_in, .out = &one_out ),
        ROUTE_END
};
/* clang-format on */
