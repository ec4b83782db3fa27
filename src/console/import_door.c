/* import_door.c - a file for a register. The work is a job; the door takes the file and tells its number. */
#include "base/house.h"

#include "console/import_door.h"

#include "base/fail.h"
#include "log/log.h"
#include "register/import.h"

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
        (void)json_set(model, "register", definition_model(cx, def));
        return http_reply(res, 200, "import_new.html", model);
}

/* From the form or, for a body that is the file itself, from the query. */
static str option(const struct http_req *req, const char *name)
{
        str value = http_field(req, name);

        return str_absent(value) ? http_query(req, name) : value;
}

/* POST /registers/{register}/imports - multipart field `file`, or the file itself as body (text/csv). Options encoding (auto, utf-8, cp932),
 * blank (clear: an empty cell empties the item; keep: leaves it), refused (skip: other
 * rows are taken; stop: none is), check (true: nothing is written), name. 202 {id}. */
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
                .blank = option(req, "blank"),
                .refused = option(req, "refused"),
                .check = str_is(option(req, "check"), "true"),
        };
        if (str_empty(order.name))
                order.name = str_absent(option(req, "name")) ? S("file.csv") : option(req, "name");
        TRY(import_start(cx, &order, &id));
        (void)json_set(model, "id", json_integer(id));
        return http_created(res, 202, str_format(cx->mem, "/jobs/%" PRId64, id), model);
}

/* clang-format off */
const struct route import_door_routes[] = {
        /*     method path                                 permission          verb        body    rate    handler summary */
        ROUTE( GET,   "/registers/{register}/imports/new", PERM_RECORD_IMPORT, LOG_VIEW,   0,      NORMAL, form,   "Form for a file to import",
               .face = FACE_CONSOLE ),
        ROUTE( POST,  "/registers/{register}/imports",     PERM_RECORD_IMPORT, LOG_IMPORT, KB(64), HEAVY,  create, "Import a CSV file (UTF-8 or CP932)",
               .out = &out, .file_max = file_max ),
        ROUTE_END
};
/* clang-format on */
