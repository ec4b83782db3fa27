/* import_door.c - a file for a register. The work is a job; the door takes the file and tells its number. */
#include "base/house.h"

#include "console/import_door.h"

#include "base/fail.h"
#include "console/dress.h"
#include "console/job_door.h"
#include "log/log.h"
#include "page/page.h"
#include "register/import.h"
#include "register/import_diff.h"
#include "register/import_undo.h"
#include "register/mapping.h"

static const int64_t file_max = INT64_C(64) << 30; /* what one house takes is its setting upload_max, enforced by nginx */

static const struct field job_fields[] = {
        { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number of the job: GET /jobs/{id}" },
        { NULL },
};
static const struct shape out = { "ImportJob", job_fields };

/* GET /registers/{register}/imports/new - import_new.html: {register: definition}. */
static rc form(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        const struct definition *def;
        json_t *model = json_object();

        log_subject(cx, http_arg(req, "register"), 0);
        TRY(definition_get(cx, http_arg(req, "register"), &def));
        if (!cx->masked) {
                TRY(mapping_list(cx, def->name, &model));
                (void)json_set(model, "has_mappings", json_boolean(json_array_size(json_object_get(model, "mappings")) > 0));
        }
        (void)json_set(model, "register", definition_model(cx, def));
        return http_reply(res, 200, "import_new.html", model);
}

/* From the form or, for a body that is the file itself, from the query. */
static str option(const struct http_req *req, const char *name)
{
        str value = http_field(req, name);

        return str_absent(value) ? http_query(req, name) : value;
}

/* POST /registers/{register}/imports - multipart field `file`, or the file itself as body (text/csv). Options encoding (auto, utf-8, cp932, utf-16le, utf-16be),
 * separator (auto, comma, tab), blank (clear: an empty cell empties the item; keep: leaves it), refused (skip: other rows are taken; stop: none is), review
 * (true: stops before anything is written, until it is told to go on), check (true: nothing is written), name. 202 {id}. */
static rc create(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        const struct http_file *file = http_file(req, "file");
        json_t *model = json_object();
        struct import_order order;
        int64_t id;

        log_subject(cx, http_arg(req, "register"), 0);
        if (file == NULL)
                file = http_file(req, "");
        if (file == NULL || (str_empty(file->name) && file->size == 0))
                return fail(cx, RC_INVALID, "file", "please choose a file");
        order = (struct import_order){
                .register_name = http_arg(req, "register"),
                .path = str_z(cx->mem, file->path),
                .name = file->name,
                .encoding = option(req, "encoding"),
                .separator = option(req, "separator"),
                .blank = option(req, "blank"),
                .refused = option(req, "refused"),
                .mapping = option(req, "mapping"),
                .review = str_is(option(req, "review"), "true"),
                .check = str_is(option(req, "check"), "true"),
        };
        if (str_empty(order.name))
                order.name = str_absent(option(req, "name")) ? S("file.csv") : option(req, "name");
        TRY(import_start(cx, &order, &id));
        (void)json_set(model, "id", json_integer(id));
        return http_created(res, 202, str_format(cx->mem, "/jobs/%" PRId64, id), model);
}

static const struct field diff_fields[] = {
        { .name = "kind", .type = SHAPE_TEXT, .max = 10, .summary = "new, changed, unchanged or refused; without: the first that has rows" },
        { .name = "after", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "`next` of the page before" },
        { NULL },
};
static const struct shape diff_in = { "ImportDiffQuery", diff_fields };

static rc id_read(struct cx *cx, const struct http_req *req, int64_t *ret)
{
        log_subject(cx, http_arg(req, "register"), 0);
        if (!str_int(http_arg(req, "id"), ret) || *ret <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such import");
        log_detail(cx, "job", json_integer(*ret));
        return RC_OK;
}

/* The tabs of the page: how many rows of each kind. */
static void tabs_dress(struct cx *cx, json_t *model)
{
        static const char *const kinds[][2] = {
                { "new", "would_create" }, { "changed", "would_change" }, { "unchanged", "would_leave" }, { "refused", "refused" }
        };
        const json_t *job = json_object_get(model, "job"), *result = json_object_get(job, "result");
        json_t *tabs = json_array();

        for (size_t i = 0; i < COUNT(kinds); i++) {
                bool chosen = str_is(json_get_text(model, "kind"), kinds[i][0]);
                json_t *tab = json_object();

                (void)json_set(tab, "name", json_string(kinds[i][0]));
                (void)json_set(tab, str_format(cx->mem, "is_%s", kinds[i][0]).p, json_true());
                (void)json_set(tab, "chosen", json_boolean(chosen));
                (void)json_set(tab, "number", json_str(dress_number(cx->mem, json_integer_value(json_object_get(result, kinds[i][1])))));
                json_array_append_new(tabs, tab);
                (void)json_set(model, str_format(cx->mem, "show_%s", kinds[i][0]).p, json_boolean(chosen));
                (void)json_set(model, str_format(cx->mem, "%s_number", kinds[i][1]).p,
                               json_str(dress_number(cx->mem, json_integer_value(json_object_get(result, kinds[i][1])))));
        }
        (void)json_set(model, "tabs", tabs);
        (void)json_set(model, "may_apply",
                       json_boolean(json_is_true(json_object_get(job, "mine")) && !json_is_true(json_object_get(result, "stopped"))));
        (void)json_set(model, "may_discard", json_boolean(json_is_true(json_object_get(job, "mine")) || permission_held(cx, PERM_TENANT_MANAGE)));
        (void)json_set(model, "not_mine", json_boolean(!json_is_true(json_object_get(job, "mine"))));
}

/* GET /registers/{register}/imports/{id} - import.html: import_diff_get(). */
static rc show(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        struct job_sight sight = job_door_sight(cx);
        json_t *in, *model;
        int64_t id;

        TRY(id_read(cx, req, &id));
        TRY(shape_read(cx, &diff_in, req, &in));
        TRY(import_diff_get(cx, &sight, http_arg(req, "register"), id, json_get_text(in, "kind"), json_integer_value(json_object_get(in, "after")),
                            &model));
        if (!str_starts(req->path, S("/api/v1/")))
                tabs_dress(cx, model);
        return http_reply(res, 200, "import.html", model);
}

/* POST /registers/{register}/imports/{id}/apply - 202 {id}. */
static rc apply(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        struct job_sight sight = job_door_sight(cx);
        json_t *model = json_object();
        int64_t id;

        TRY(id_read(cx, req, &id));
        TRY(import_apply(cx, &sight, http_arg(req, "register"), id));
        (void)json_set(model, "id", json_integer(id));
        return http_created(res, 202, str_format(cx->mem, "/jobs/%" PRId64, id), model);
}

static const struct field undo_fields[] = {
        { .name = "all", .type = SHAPE_BOOL, .summary = "Also what was touched since" },
        { NULL },
};
static const struct shape undo_in = { "ImportUndo", undo_fields };

static void undo_dress(struct cx *cx, json_t *model)
{
        static const char *const names[] = { "remove", "restore", "left", "lost" };
        json_t *one;
        size_t i;

        for (i = 0; i < COUNT(names); i++)
                (void)json_set(model, str_format(cx->mem, "%s_number", names[i]).p,
                               json_str(dress_number(cx->mem, json_integer_value(json_object_get(model, names[i])))));
        json_array_foreach(json_object_get(model, "left_first"), i, one) {
                str reason = json_get_text(one, "reason");

                (void)json_set(one, "lives", json_boolean(!str_is(reason, "gone")));
                (void)json_set(one, "reason_text", json_str(page_text(cx->lang, str_format(cx->mem, "bulk.reason.%.*s", STR_ARG(reason)).p)));
        }
        (void)json_set(model, "days", json_integer(IMPORT_UNDO_DAYS));
}

/* GET /registers/{register}/imports/{id}/undo - import_undo.html: import_undo_get(). */
static rc undo_look(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        struct job_sight sight = job_door_sight(cx);
        json_t *in, *model;
        int64_t id;

        TRY(id_read(cx, req, &id));
        TRY(shape_read(cx, &undo_in, req, &in));
        TRY(import_undo_get(cx, &sight, http_arg(req, "register"), id, json_is_true(json_object_get(in, "all")), &model));
        if (!str_starts(req->path, S("/api/v1/")))
                undo_dress(cx, model);
        return http_reply(res, 200, "import_undo.html", model);
}

/* POST /registers/{register}/imports/{id}/undo - 202 {id}. */
static rc undo(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        struct job_sight sight = job_door_sight(cx);
        json_t *in, *ours, *model = json_object();
        int64_t id, job;

        TRY(id_read(cx, req, &id));
        TRY(import_job(cx, &sight, http_arg(req, "register"), id, &ours));
        TRY(shape_read(cx, &undo_in, req, &in));
        TRY(import_undo_start(cx, &sight, http_arg(req, "register"), id, json_is_true(json_object_get(in, "all")), &job));
        (void)json_set(model, "id", json_integer(job));
        return http_created(res, 202, str_format(cx->mem, "/jobs/%" PRId64, job), model);
}

/* clang-format off */
const struct route import_door_routes[] = {
        /*     method path                                 permission          verb        body    rate    handler summary */
        ROUTE( GET,   "/registers/{register}/imports/new", PERM_RECORD_IMPORT, LOG_VIEW,   0,      NORMAL, form,   "Form for a file to import",
               .face = FACE_CONSOLE ),
        ROUTE( POST,  "/registers/{register}/imports",     PERM_RECORD_IMPORT, LOG_IMPORT, KB(64), HEAVY,  create, "Import a CSV file (UTF-8 or CP932)",
               .out = &out, .file_max = file_max ),
        ROUTE( GET,   "/registers/{register}/imports/{id}", PERM_RECORD_IMPORT, LOG_VIEW,  0,      NORMAL, show,   "What an import that waits would write",
               .in = &diff_in ),
        ROUTE( POST,  "/registers/{register}/imports/{id}/apply", PERM_RECORD_IMPORT, LOG_IMPORT, KB(4), HEAVY, apply, "Let an import that waits be written",
               .out = &out ),
        ROUTE( GET,   "/registers/{register}/imports/{id}/undo", PERM_RECORD_IMPORT, LOG_VIEW, 0, NORMAL, undo_look, "What taking an import back would do",
               .in = &undo_in ),
        ROUTE( POST,  "/registers/{register}/imports/{id}/undo", PERM_RECORD_IMPORT, LOG_UNDO, KB(4), HEAVY, undo, "Take an import back",
               .in = &undo_in, .out = &out, .fresh = true ),
        ROUTE_END
};
/* clang-format on */
