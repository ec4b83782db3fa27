/* job_door.c - long work: how far it is, what it left, calling it off. Jobs are started by the doors of what they do. */
#include "base/house.h"

#include "console/job_door.h"

#include "base/fail.h"
#include "gate/enter.h"
#include "identity/session.h"
#include "jobs/jobs.h"
#include "log/log.h"
#include "register/definition.h"

static const struct field query_fields[] = {
        { .name = "active", .type = SHAPE_BOOL, .summary = "Only jobs that wait or run" },
        { .name = "after", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "`next` of the page before" },
        { .name = "limit", .type = SHAPE_INT, .min = 1, .max = 200, .summary = "Jobs a page" },
        { NULL },
};
static const struct shape query_in = { "JobQuery", query_fields };

static const struct field job_fields[] = {
        { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number" },
        { .name = "kind", .type = SHAPE_TEXT, .required = true, .summary = "import, export, define" },
        { .name = "register", .type = SHAPE_TEXT, .summary = "Register it is about" },
        { .name = "state",
          .type = SHAPE_TEXT,
          .required = true,
          .summary = "queued, running, ready (waits for a decision), done, failed or cancelled" },
        { .name = "active", .type = SHAPE_BOOL, .required = true, .summary = "It waits or runs" },
        { .name = "attempt", .type = SHAPE_INT, .summary = "How often it was begun" },
        { .name = "done", .type = SHAPE_INT, .summary = "Rows done" },
        { .name = "total", .type = SHAPE_INT, .summary = "Rows in all; 0: not known yet" },
        { .name = "percent", .type = SHAPE_INT, .summary = "0 to 100; null: not known" },
        { .name = "rate", .type = SHAPE_INT, .summary = "Rows a second" },
        { .name = "seconds", .type = SHAPE_INT, .summary = "Seconds so far, or in all" },
        { .name = "seconds_left", .type = SHAPE_INT, .summary = "Seconds it will probably take" },
        { .name = "step", .type = SHAPE_TEXT, .summary = "What it does now (key of a text)" },
        { .name = "actor", .type = SHAPE_TEXT, .summary = "Who started it" },
        { .name = "mine", .type = SHAPE_BOOL, .summary = "The caller started it" },
        { .name = "may_cancel", .type = SHAPE_BOOL, .summary = "The caller may call it off" },
        { .name = "created_at", .type = SHAPE_DATETIME, .summary = "When it was asked for" },
        { .name = "started_at", .type = SHAPE_DATETIME, .summary = "When it was begun (last)" },
        { .name = "until_at", .type = SHAPE_DATETIME, .summary = "ready: until when it waits" },
        { .name = "finished_at", .type = SHAPE_DATETIME, .summary = "When it ended" },
        { .name = "result", .type = SHAPE_JSON, .summary = "Numbers, refused rows; after a refusal code and errors" },
        { .name = "file", .type = SHAPE_TEXT, .summary = "Address of the file it left; null: none" },
        { .name = "file_name", .type = SHAPE_TEXT, .summary = "Name of that file" },
        { NULL },
};
static const struct shape job_shape = { "Job", job_fields };
static const struct field one_fields[] = { { .name = "job", .type = SHAPE_OBJECT, .required = true, .of = &job_shape }, { NULL } };
static const struct shape one_out = { "JobAnswer", one_fields };
static const struct field list_fields[] = {
        { .name = "jobs", .type = SHAPE_LIST, .required = true, .of = &job_shape },
        { .name = "running", .type = SHAPE_INT, .summary = "How many of these wait or run" },
        { .name = "next", .type = SHAPE_INT, .summary = "Give it as `after` for the next page; null at the end" },
        { NULL },
};
static const struct shape list_out = { "JobList", list_fields };

enum { LIMIT = 50 };

static void range_read(struct cx *cx, enum permission p, struct job_range *ret)
{
        permission_registers(cx, p, &ret->all, &ret->names);
}

struct job_sight job_door_sight(struct cx *cx)
{
        struct job_sight s;

        range_read(cx, PERM_REGISTER, &s.any);
        range_read(cx, PERM_RECORD_IMPORT, &s.imports);
        range_read(cx, PERM_RECORD_EXPORT, &s.exports);
        s.contract_file = permission_held(cx, PERM_LOG_EXPORT);
        s.contract = s.contract_file || permission_held(cx, PERM_TENANT_MANAGE);
        return s;
}

static rc id_read(struct cx *cx, const struct http_req *req, int64_t *ret)
{
        if (!str_int(http_arg(req, "id"), ret) || *ret <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such job");
        log_subject(cx, S("job"), *ret);
        return RC_OK;
}

static void dress(struct cx *cx, json_t *job)
{
        bool active = json_is_true(json_object_get(job, "active"));

        json_set(job, "may_cancel",
                 json_boolean((active || json_is_true(json_object_get(job, "is_ready"))) &&
                              (json_is_true(json_object_get(job, "mine")) || permission_held(cx, PERM_TENANT_MANAGE))));
        json_set(job, "file",
                 json_is_true(json_object_get(job, "has_file"))
                     ? json_str(str_format(cx->mem, "/jobs/%" JSON_INTEGER_FORMAT "/file", json_integer_value(json_object_get(job, "id"))))
                     : json_null());
}

/* Items of lacking cells are called what they are called now, in the language of who reads. */
static rc titles_read(struct cx *cx, json_t *job)
{
        json_t *cells = json_object_get(json_object_get(job, "result"), "first_replaced"), *one;
        const struct definition *def;
        size_t i;

        if (!json_is_array(cells) || str_absent(json_get_text(job, "register")))
                return RC_OK;
        if (definition_get(cx, json_get_text(job, "register"), &def) != RC_OK) {
                if (cx->failure.code != RC_UNKNOWN)
                        return cx->failure.code;
                fail_clear(cx); /* the register is gone: as they were called then */
                return RC_OK;
        }
        json_array_foreach(cells, i, one) {
                const struct item *item = str_absent(json_get_text(one, "item")) ? NULL : definition_item_ever(def, json_get_text(one, "item"));

                if (item != NULL)
                        json_set(one, "title", json_str(item->title[cx->lang]));
        }
        return RC_OK;
}

/* Pages ask every second or two while something runs: those questions are no operation of a person and leave no entry. */
static bool polled(const struct http_req *req)
{
        return !str_absent(http_header(req, "HX-Request"));
}

/* GET /jobs - jobs.html: {jobs: […], next, running}. */
static rc list(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *model, *job;
        struct job_sight sight = job_door_sight(cx);
        int64_t limit;
        size_t i;

        log_subject(cx, S("job"), 0);
        TRY(shape_read(cx, &query_in, req, &in));
        if (polled(req))
                log_quiet(cx);
        limit = json_integer_value(json_object_get(in, "limit"));
        TRY(job_list(cx, json_integer_value(json_object_get(in, "after")), json_is_true(json_object_get(in, "active")), limit ? (int)limit : LIMIT,
                     &sight, &model));
        json_array_foreach(json_object_get(model, "jobs"), i, job)
                dress(cx, job);
        return http_reply(res, 200, "jobs.html", model);
}

/* GET /jobs/{id} - job.html: {job}. No entry while it runs: only its end shows anything of a file. */
static rc show(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        struct job_sight sight = job_door_sight(cx);
        json_t *job, *model = json_object();
        int64_t id;

        TRY(id_read(cx, req, &id));
        TRY(job_get(cx, id, &sight, &job));
        TRY(titles_read(cx, job));
        if (json_is_true(json_object_get(job, "active")))
                log_quiet(cx);
        dress(cx, job);
        json_set(model, "job", job);
        return http_reply(res, 200, "job.html", model);
}

/* POST /jobs/{id}/cancel - 303 to the job. */
static rc cancel(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        struct job_sight sight = job_door_sight(cx);
        json_t *job, *model = json_object();
        int64_t id;

        TRY(id_read(cx, req, &id));
        TRY(job_cancel(cx, id, &sight, permission_held(cx, PERM_TENANT_MANAGE)));
        TRY(job_get(cx, id, &sight, &job));
        dress(cx, job);
        json_set(model, "job", job);
        return http_created(res, 200, str_format(cx->mem, "/jobs/%" PRId64 "?done=cancelled", id), model);
}

/* GET /jobs/{id}/file - the bytes, sent by nginx. */
static rc download(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        struct job_sight sight = job_door_sight(cx);
        struct session_place place;
        int64_t id;
        json_t *job;
        str word;

        TRY(id_read(cx, req, &id));
        TRY(job_get(cx, id, &sight, &job));
        TRY(session_place(cx, enter_certificate(req), &place));
        word = json_get_text(json_object_get(job, "result"), "classification");
        if (!str_empty(word))
                log_detail(cx, "classification", json_str(word));
        if (session_place_model(&place) != NULL)
                log_detail(cx, "device", session_place_model(&place));
        if (place.own && !str_is(word, "contact") && !str_is(word, "public"))
                return fail(cx, RC_FORBIDDEN, NULL, "this file holds more than contact details; it is not handed out to a device of one's own");
        TRY(job_file(cx, id, &sight, &res->file, &res->file_name));
        log_detail(cx, "file", json_str(res->file_name));
        res->type = str_ends(res->file_name, S(".xlsx"))    ? S("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
                    : str_ends(res->file_name, S(".jsonl")) ? S("application/jsonl")
                                                            : S("text/csv");
        res->status = 200;
        return RC_OK;
}

/* clang-format off */
const struct route job_door_routes[] = {
        /*     method path                 permission logged as     body   rate    handler */
        ROUTE( GET,   "/jobs",             PERM_NONE, LOG_LIST,     0,     NORMAL, list,     "List jobs", .in = &query_in, .out = &list_out ),
        ROUTE( GET,   "/jobs/{id}",        PERM_NONE, LOG_VIEW,     0,     NORMAL, show,     "Read a job", .out = &one_out ),
        ROUTE( POST,  "/jobs/{id}/cancel", PERM_NONE, LOG_CANCEL,   KB(4), NORMAL, cancel,   "Call a job off", .out = &one_out ),
        ROUTE( GET,   "/jobs/{id}/file",   PERM_NONE, LOG_DOWNLOAD, 0,     NORMAL, download, "Download the file a job left",
               .fresh = true, .contact = true ),
        ROUTE_END
};
/* clang-format on */
