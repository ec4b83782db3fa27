/* change_door.c - changes of the service: the operators' pages, where they are written, reviewed and scheduled; the contracts', where they are read and confirmed. */
#include "base/house.h"

#include "console/change_door.h"

#include "base/fail.h"
#include "governance/change.h"
#include "identity/permission.h"
#include "identity/support.h"
#include "log/log.h"

enum { LIMIT = 50, CONTRACTS = 100 };

/* clang-format off */
#define FIELD_ABOUT                                                                                                    \
        { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number" },                                    \
        { .name = "version", .type = SHAPE_INT, .required = true, .summary = "The version this is" },                   \
        { .name = "kind", .type = SHAPE_TEXT, .required = true, .summary = "upgrade, change, stop, end or another the operator has" }, \
        { .name = "kind_title", .type = SHAPE_TEXT, .summary = "The same, for people" },                               \
        { .name = "impact", .type = SHAPE_TEXT, .summary = "normal or large" },                                        \
        { .name = "emergency", .type = SHAPE_BOOL, .summary = "Told at once instead of ahead of time" },               \
        { .name = "title", .type = SHAPE_TEXT, .required = true, .summary = "Title in the reader's language" },         \
        { .name = "from_at", .type = SHAPE_DATETIME, .required = true, .summary = "It begins" },                       \
        { .name = "to_at", .type = SHAPE_DATETIME, .required = true, .summary = "It ends" },                           \
        { .name = "window", .type = SHAPE_TEXT, .summary = "From when to when, for people" }
#define FIELD_VERSION                                                                                                  \
        { .name = "emergency_why", .type = SHAPE_TEXT, .summary = "Why it cannot wait; operators only" },              \
        { .name = "title_ja", .type = SHAPE_TEXT, .summary = "Title" },                                                \
        { .name = "title_en", .type = SHAPE_TEXT, .summary = "Title" },                                                \
        { .name = "text_ja", .type = SHAPE_TEXT, .summary = "What is done" },                                          \
        { .name = "text_en", .type = SHAPE_TEXT, .summary = "What is done" },                                          \
        { .name = "effect_ja", .type = SHAPE_TEXT, .summary = "What contracts notice of it" },                         \
        { .name = "effect_en", .type = SHAPE_TEXT, .summary = "What contracts notice of it" },                         \
        { .name = "everyone", .type = SHAPE_BOOL, .summary = "It concerns all contracts" },                            \
        { .name = "tenants", .type = SHAPE_LIST, .summary = "Else these" },                                            \
        { .name = "author", .type = SHAPE_TEXT, .summary = "Who wrote this version" },                                 \
        { .name = "made_at", .type = SHAPE_DATETIME, .summary = "When" },                                              \
        { .name = "reviewed_by", .type = SHAPE_TEXT, .summary = "Who reviewed it" },                                   \
        { .name = "reviewed_at", .type = SHAPE_DATETIME, .summary = "When" },                                          \
        { .name = "approved_by", .type = SHAPE_TEXT, .summary = "Who approved the emergency" },                        \
        { .name = "approved_at", .type = SHAPE_DATETIME, .summary = "When" }
#define FIELD_PROGRESS                                                                                                 \
        { .name = "state", .type = SHAPE_TEXT, .required = true, .summary = "draft, reviewed, scheduled, done or cancelled" }, \
        { .name = "contracts", .type = SHAPE_INT, .summary = "Contracts that were told of this version" },             \
        { .name = "confirmed", .type = SHAPE_INT, .summary = "Those of them that have confirmed it" },                 \
        { .name = "failed", .type = SHAPE_INT, .summary = "Mails that did not arrive, or had nobody to go to" },       \
        { .name = "scheduled_by", .type = SHAPE_TEXT, .summary = "Who scheduled it" },                                 \
        { .name = "scheduled_at", .type = SHAPE_DATETIME, .summary = "When; that is when contracts were told" },       \
        { .name = "ended_by", .type = SHAPE_TEXT, .summary = "Who ended or cancelled it" },                            \
        { .name = "ended_at", .type = SHAPE_DATETIME, .summary = "When" },                                             \
        { .name = "why_ja", .type = SHAPE_TEXT, .summary = "Why it was cancelled" },                                   \
        { .name = "why_en", .type = SHAPE_TEXT, .summary = "Why it was cancelled" },                                   \
        { .name = "over", .type = SHAPE_BOOL, .summary = "Its time is over, and nobody has said that it is done" }
/* clang-format on */

static const struct field query_fields[] = {
        { .name = "after", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "`next` of the page before" },
        { .name = "done", .type = SHAPE_TEXT, .max = 100, .summary = "Console" },
        { NULL },
};
static const struct shape query_in = { "ChangeQuery", query_fields };
static const struct field page_fields[] = {
        { .name = "after", .type = SHAPE_TEXT, .max = 30, .summary = "`next` of the page before" },
        { .name = "done", .type = SHAPE_TEXT, .max = 100, .summary = "Console" },
        { NULL },
};
static const struct shape page_in = { "ChangePage", page_fields };

static const struct field change_fields[] = { FIELD_ABOUT, FIELD_PROGRESS, FIELD_VERSION, { NULL } };
static const struct shape change_shape = { "Change", change_fields };
static const struct field list_fields[] = {
        { .name = "changes", .type = SHAPE_LIST, .required = true, .of = &change_shape },
        { .name = "next", .type = SHAPE_INT, .summary = "Give it as `after` for the next page; null at the end" },
        { .name = "kinds", .type = SHAPE_JSON, .summary = "Kinds of changes, by which channels and how long ahead they are told" },
        { NULL },
};
static const struct shape list_out = { "ChangeList", list_fields };

static const struct field version_fields[] = {
        { .name = "version", .type = SHAPE_INT, .required = true, .summary = "Number of the version" },
        { .name = "title", .type = SHAPE_TEXT, .summary = "Title in the reader's language" },
        { .name = "kind", .type = SHAPE_TEXT, .summary = "Kind" },
        { .name = "impact", .type = SHAPE_TEXT, .summary = "normal or large" },
        { .name = "window", .type = SHAPE_TEXT, .summary = "From when to when, for people" },
        FIELD_VERSION,
        { NULL },
};
static const struct shape version_shape = { "ChangeVersion", version_fields };
static const struct field contract_fields[] = {
        { .name = "name", .type = SHAPE_TEXT, .required = true, .summary = "Contract" },
        { .name = "title", .type = SHAPE_TEXT, .summary = "Its title" },
        { .name = "version", .type = SHAPE_INT, .summary = "The version it was told of last" },
        { .name = "told", .type = SHAPE_TEXT, .summary = "told: that it will be; cancelled: that it will not" },
        { .name = "at", .type = SHAPE_DATETIME, .summary = "When; from then on it stands on the contract's pages" },
        { .name = "mails",
          .type = SHAPE_JSON,
          .summary = "about told, reminded or cancelled; recipient; state queued, sent, failed or nobody; said by the mail server; at" },
        { .name = "confirmed", .type = SHAPE_JSON, .summary = "Who confirmed it (account, at), the first one first" },
        { NULL },
};
static const struct shape contract_shape = { "ChangeContract", contract_fields };
static const struct field one_fields[] = {
        { .name = "change", .type = SHAPE_OBJECT, .required = true, .of = &change_shape },
        { .name = "may", .type = SHAPE_JSON, .summary = "What is open to the caller now" },
        { .name = "versions", .type = SHAPE_LIST, .required = true, .of = &version_shape },
        { .name = "contracts", .type = SHAPE_LIST, .required = true, .of = &contract_shape },
        { .name = "next", .type = SHAPE_TEXT, .summary = "Give it as `after` for more contracts; null at the end" },
        { NULL },
};
static const struct shape one_out = { "ChangeAnswer", one_fields };
static const struct field made_fields[] = { { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number of the change" }, { NULL } };
static const struct shape made_out = { "ChangeMade", made_fields };

static const char *const impacts[] = { "normal", "large", NULL };
static const char *const scopes[] = { "all", "chosen", NULL };
static const struct field write_fields[] = {
        { .name = "version",
          .type = SHAPE_INT,
          .min = 1,
          .max = INT32_MAX,
          .summary = "Of a new version: the one that was read, when If-Match does not say it" },
        { .name = "kind", .type = SHAPE_TEXT, .required = true, .max = 30, .summary = "Kind of change" },
        { .name = "impact", .type = SHAPE_TEXT, .required = true, .choices = impacts, .summary = "How much contracts notice of it" },
        { .name = "title_ja", .type = SHAPE_TEXT, .required = true, .max = CHANGE_TITLE_MAX, .summary = "Title" },
        { .name = "title_en", .type = SHAPE_TEXT, .required = true, .max = CHANGE_TITLE_MAX, .summary = "Title" },
        { .name = "text_ja", .type = SHAPE_TEXT, .required = true, .max = CHANGE_TEXT_MAX, .lines = true, .summary = "What is done" },
        { .name = "text_en", .type = SHAPE_TEXT, .required = true, .max = CHANGE_TEXT_MAX, .lines = true, .summary = "What is done" },
        { .name = "effect_ja",
          .type = SHAPE_TEXT,
          .required = true,
          .max = CHANGE_EFFECT_MAX,
          .lines = true,
          .summary = "What contracts notice of it" },
        { .name = "effect_en",
          .type = SHAPE_TEXT,
          .required = true,
          .max = CHANGE_EFFECT_MAX,
          .lines = true,
          .summary = "What contracts notice of it" },
        { .name = "from_at", .type = SHAPE_TEXT, .required = true, .max = 40, .summary = "It begins: 2026-12-06T02:00 in Tokyo, or with a zone" },
        { .name = "to_at", .type = SHAPE_TEXT, .required = true, .max = 40, .summary = "It ends" },
        { .name = "scope", .type = SHAPE_TEXT, .required = true, .choices = scopes, .summary = "all contracts, or chosen ones" },
        { .name = "tenants", .type = SHAPE_LIST, .max = CHANGE_TENANTS_MAX, .summary = "Chosen: names of contracts" },
        { .name = "emergency", .type = SHAPE_BOOL, .summary = "It cannot wait: told at once, approved by a third person" },
        { .name = "emergency_why", .type = SHAPE_TEXT, .max = CHANGE_WHY_MAX, .lines = true, .summary = "Why it cannot wait" },
        { NULL },
};
static const struct shape write_in = { "ChangeWrite", write_fields };
static const struct field version_only_fields[] = {
        { .name = "version", .type = SHAPE_INT, .min = 1, .max = INT32_MAX, .summary = "Version that was read, when If-Match does not say it" },
        { NULL },
};
static const struct shape version_in = { "ChangeSeen", version_only_fields };
static const struct field why_fields[] = {
        { .name = "why_ja", .type = SHAPE_TEXT, .required = true, .max = CHANGE_WHY_MAX, .lines = true, .summary = "Why; contracts read it" },
        { .name = "why_en", .type = SHAPE_TEXT, .required = true, .max = CHANGE_WHY_MAX, .lines = true, .summary = "The same in English" },
        { NULL },
};
static const struct shape why_in = { "ChangeCancel", why_fields };

static const struct field told_fields[] = {
        FIELD_ABOUT,
        { .name = "text", .type = SHAPE_TEXT, .summary = "What is done" },
        { .name = "effect", .type = SHAPE_TEXT, .summary = "What the contract notices of it" },
        { .name = "month", .type = SHAPE_TEXT, .summary = "Year and month it begins in" },
        { .name = "day", .type = SHAPE_TEXT, .summary = "Day of the month" },
        { .name = "weekday", .type = SHAPE_TEXT, .summary = "Day of the week, for people" },
        { .name = "state", .type = SHAPE_TEXT, .required = true, .summary = "scheduled, revised (another version will be told), done or cancelled" },
        { .name = "running", .type = SHAPE_BOOL, .summary = "It is being done now" },
        { .name = "ahead", .type = SHAPE_BOOL, .summary = "It is not over yet" },
        { .name = "why", .type = SHAPE_TEXT, .summary = "Why it was cancelled" },
        { .name = "told_at", .type = SHAPE_DATETIME, .summary = "When the contract was told" },
        { .name = "confirmed", .type = SHAPE_JSON, .summary = "Who confirmed it (account, at), the first one first" },
        { .name = "mine", .type = SHAPE_BOOL, .summary = "The caller has confirmed it" },
        { NULL },
};
static const struct shape told_shape = { "ChangeTold", told_fields };
static const struct field mine_fields[] = {
        { .name = "upcoming", .type = SHAPE_LIST, .required = true, .of = &told_shape },
        { .name = "past", .type = SHAPE_LIST, .required = true, .of = &told_shape },
        { .name = "next", .type = SHAPE_INT, .summary = "Give it as `after` for more of the past; null at the end" },
        { NULL },
};
static const struct shape mine_out = { "ChangeToldList", mine_fields };
static const struct field told_one_fields[] = { { .name = "change", .type = SHAPE_OBJECT, .required = true, .of = &told_shape }, { NULL } };
static const struct shape told_out = { "ChangeToldAnswer", told_one_fields };

static rc id_read(struct cx *cx, const struct http_req *req, int64_t *ret)
{
        log_subject(cx, S("change"), 0);
        if (!str_int(http_arg(req, "id"), ret) || *ret <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such change");
        log_subject(cx, S("change"), *ret);
        return RC_OK;
}

/* Number and version of what is acted on. */
static rc seen_read(struct cx *cx, const struct http_req *req, int64_t *ret_id, int64_t *ret_version)
{
        json_t *in;

        TRY(id_read(cx, req, ret_id));
        TRY(shape_read(cx, &version_in, req, &in));
        TRY(shape_version(cx, req, in, ret_version));
        log_detail(cx, "version", json_integer(*ret_version));
        return RC_OK;
}

static rc back(struct cx *cx, struct http_res *res, int64_t id, const char *done)
{
        return http_created(res, 204, str_format(cx->mem, "/operator/changes/%" PRId64 "?done=%s", id, done), NULL);
}

/* GET /operator/changes - operator_changes.html: as change.h says, with its kinds. */
static rc list(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *model, *kinds;

        log_subject(cx, S("change"), 0);
        TRY(shape_read(cx, &query_in, req, &in));
        TRY(change_list(cx, json_integer_value(json_object_get(in, "after")), LIMIT, &model));
        TRY(change_kinds(cx, &kinds));
        json_set(model, "kinds", json_object_get(kinds, "kinds"));
        return http_reply(res, 200, "operator_changes.html", model);
}

/* What the form chooses from: kinds and contracts, those of `change` (NULL: none yet) marked. */
static rc form_add(struct cx *cx, const json_t *change, json_t *model)
{
        json_t *kinds, *overview, *one, *name;
        size_t i, j;

        TRY(change_kinds(cx, &kinds));
        TRY(support_overview(cx, &overview));
        kinds = json_object_get(kinds, "kinds");
        json_array_foreach(kinds, i, one)
                json_set(one, "selected", json_boolean(str_equal(json_get_text(one, "name"), json_get_text(change, "kind"))));
        json_array_foreach(json_object_get(overview, "contracts"), i, one) {
                bool chosen = false;

                json_array_foreach(json_object_get(change, "tenants"), j, name)
                        chosen |= str_equal(json_get_text(one, "name"), json_text(name));
                json_set(one, "chosen", json_boolean(chosen));
        }
        json_set(model, "kinds", kinds);
        json_set(model, "contracts", json_object_get(overview, "contracts"));
        json_set(model, "some", json_boolean(change != NULL && !json_is_true(json_object_get(change, "everyone"))));
        json_set(model, "large", json_boolean(str_is(json_get_text(change, "impact"), "large")));
        return RC_OK;
}

/* GET /operator/changes/new - operator_change_edit.html. */
static rc form_new(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *model = json_object();

        log_subject(cx, S("change"), 0);
        TRY(form_add(cx, NULL, model));
        return http_reply(res, 200, "operator_change_edit.html", model);
}

/* GET /operator/changes/{id}/edit - operator_change_edit.html, for a new version. */
static rc form_edit(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *model;
        int64_t id;

        TRY(id_read(cx, req, &id));
        TRY(change_get(cx, id, S(""), 1, &model));
        TRY(form_add(cx, json_object_get(model, "change"), model));
        return http_reply(res, 200, "operator_change_edit.html", model);
}

static rc written(struct cx *cx, const struct http_req *req, int64_t id, json_t *in, int64_t *ret_id)
{
        TRY(change_write(cx, id, in, ret_id));
        log_subject(cx, S("change"), *ret_id);
        log_detail(cx, "title", json_object_get(in, "title_ja"));
        log_detail(cx, "from", json_object_get(in, "from_at"));
        log_detail(cx, "to", json_object_get(in, "to_at"));
        return RC_OK;
}

/* POST /operator/changes - 303 to the change. */
static rc create(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *model = json_object();
        int64_t id;

        log_subject(cx, S("change"), 0);
        TRY(shape_read(cx, &write_in, req, &in));
        TRY(written(cx, req, 0, in, &id));
        json_set(model, "id", json_integer(id));
        return http_created(res, 201, str_format(cx->mem, "/operator/changes/%" PRId64 "?done=change_written", id), model);
}

/* POST /operator/changes/{id}/versions - 303 to the change. */
static rc revise(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        int64_t id, version;
        json_t *in;

        TRY(id_read(cx, req, &id));
        TRY(shape_read(cx, &write_in, req, &in));
        TRY(shape_version(cx, req, in, &version));
        json_set(in, "version", json_integer(version));
        TRY(written(cx, req, id, in, &id));
        return back(cx, res, id, "change_written");
}

/* GET /operator/changes/{id} - operator_change.html: as change.h says. */
static rc show(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *model;
        int64_t id;

        TRY(id_read(cx, req, &id));
        TRY(shape_read(cx, &page_in, req, &in));
        TRY(change_get(cx, id, json_get_text(in, "after"), CONTRACTS, &model));
        return http_reply(res, 200, "operator_change.html", model);
}

/* POST /operator/changes/{id}/review - 303 to the change. */
static rc review(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        int64_t id, version;

        TRY(seen_read(cx, req, &id, &version));
        TRY(change_review(cx, id, version));
        return back(cx, res, id, "change_reviewed");
}

/* POST /operator/changes/{id}/approve - 303 to the change. */
static rc approve(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        int64_t id, version;

        TRY(seen_read(cx, req, &id, &version));
        TRY(change_approve(cx, id, version));
        return back(cx, res, id, "change_approved");
}

/* POST /operator/changes/{id}/schedule - 303 to the change. */
static rc schedule(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        int64_t id, version;

        TRY(seen_read(cx, req, &id, &version));
        TRY(change_schedule(cx, id, version));
        return back(cx, res, id, "change_scheduled");
}

/* POST /operator/changes/{id}/finish - 303 to the change. */
static rc finish(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        int64_t id;

        TRY(id_read(cx, req, &id));
        TRY(change_finish(cx, id));
        return back(cx, res, id, "change_finished");
}

/* POST /operator/changes/{id}/cancel - 303 to the change. */
static rc cancel(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        int64_t id;
        json_t *in;

        TRY(id_read(cx, req, &id));
        TRY(shape_read(cx, &why_in, req, &in));
        TRY(change_cancel(cx, id, in));
        log_detail(cx, "why", json_object_get(in, "why_ja"));
        return back(cx, res, id, "change_cancelled");
}

/* GET /changes - changes.html: as change.h says. */
static rc mine(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *model;

        log_subject(cx, S("change"), 0);
        TRY(shape_read(cx, &query_in, req, &in));
        TRY(change_mine(cx, json_integer_value(json_object_get(in, "after")), LIMIT, &model));
        return http_reply(res, 200, "changes.html", model);
}

/* GET /changes/{id} - change.html: as change.h says, and ask: the reader is asked to confirm it. */
static rc mine_show(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *model, *change;
        int64_t id;

        TRY(id_read(cx, req, &id));
        TRY(change_mine_get(cx, id, &model));
        change = json_object_get(model, "change");
        json_set(change, "ask",
                 json_boolean(str_is(json_get_text(change, "state"), "scheduled") && !json_is_true(json_object_get(change, "mine")) &&
                              permission_held(cx, PERM_ACCOUNT_MANAGE)));
        return http_reply(res, 200, "change.html", model);
}

/* POST /changes/{id}/confirm - 303 to the change. */
static rc confirm(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        int64_t id, version;

        TRY(seen_read(cx, req, &id, &version));
        TRY(change_confirm(cx, id, version));
        return http_created(res, 204, str_format(cx->mem, "/changes/%" PRId64 "?done=change_confirmed", id), NULL);
}

rc change_door_told(struct cx *cx, const json_t *told)
{
        log_subject(cx, S("change"), json_integer_value(json_object_get(told, "change")));
        return RC_OK;
}

/* clang-format off */
const struct route change_door_routes[] = {
        /*     method path                               permission           logged as    body    rate    handler */
        ROUTE( GET,   "/changes",                        PERM_NONE,           LOG_LIST,    0,      NORMAL, mine,      "List changes of the service", .in = &query_in,
               .out = &mine_out ),
        ROUTE( GET,   "/changes/{id}",                   PERM_NONE,           LOG_VIEW,    0,      NORMAL, mine_show, "Read a change of the service", .out = &told_out ),
        ROUTE( POST,  "/changes/{id}/confirm",           PERM_ACCOUNT_MANAGE, LOG_CONFIRM, KB(4),  NORMAL, confirm,   "Confirm that a change of the service was read", .in = &version_in ),
        ROUTE( GET,   "/operator/changes",               PERM_SUPPORT_ASK,    LOG_LIST,    0,      NORMAL, list,      "List changes, for operators", .in = &query_in,
               .out = &list_out ),
        ROUTE( GET,   "/operator/changes/new",           PERM_SUPPORT_ASK,    LOG_VIEW,    0,      NORMAL, form_new,  "Form for a change", .face = FACE_CONSOLE ),
        ROUTE( POST,  "/operator/changes",               PERM_SUPPORT_ASK,    LOG_CREATE,  KB(64), NORMAL, create,    "Write a change", .in = &write_in, .out = &made_out ),
        ROUTE( GET,   "/operator/changes/{id}",          PERM_SUPPORT_ASK,    LOG_VIEW,    0,      NORMAL, show,      "Read a change, its versions, and who was told", .in = &page_in,
               .out = &one_out ),
        ROUTE( GET,   "/operator/changes/{id}/edit",     PERM_SUPPORT_ASK,    LOG_VIEW,    0,      NORMAL, form_edit, "Form for a new version of a change", .face = FACE_CONSOLE ),
        ROUTE( POST,  "/operator/changes/{id}/versions", PERM_SUPPORT_ASK,    LOG_UPDATE,  KB(64), NORMAL, revise,    "Write a new version of a change", .in = &write_in ),
        ROUTE( POST,  "/operator/changes/{id}/review",   PERM_SUPPORT_ASK,    LOG_REVIEW,  KB(4),  NORMAL, review,    "Review a change", .in = &version_in ),
        ROUTE( POST,  "/operator/changes/{id}/approve",  PERM_SUPPORT_ASK,    LOG_APPROVE, KB(4),  NORMAL, approve,   "Approve an emergency change", .in = &version_in ),
        ROUTE( POST,  "/operator/changes/{id}/schedule", PERM_SUPPORT_ASK,    LOG_ANNOUNCE, KB(4), NORMAL, schedule,  "Schedule a change and tell contracts", .in = &version_in ),
        ROUTE( POST,  "/operator/changes/{id}/finish",   PERM_SUPPORT_ASK,    LOG_UPDATE,  KB(4),  NORMAL, finish,    "Say that a change is done" ),
        ROUTE( POST,  "/operator/changes/{id}/cancel",   PERM_SUPPORT_ASK,    LOG_CANCEL,  KB(8),  NORMAL, cancel,    "Cancel a change and tell contracts", .in = &why_in ),
        ROUTE_END
};
/* clang-format on */
