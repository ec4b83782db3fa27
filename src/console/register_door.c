/* register_door.c - definitions of registers: looked at, made, changed. Changing queues the define job. */
#include "base/house.h"

#include "console/register_door.h"

#include "base/fail.h"
#include "log/log.h"
#include "register/define.h"

enum { DROP_MAX = 50 };

static bool api(const struct http_req *req)
{
        return str_starts(req->path, S("/api/v1/"));
}

/* GET /registers - registers.html: {registers: [{name, title, kind, description, items, about…}]}. */
static rc list(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *model;

        log_subject(cx, S("register"), 0);
        TRY(definition_list(cx, &model));
        return http_reply(res, 200, "registers.html", model);
}

/* The definition as it was given; without the registers it refers to and the reader holds nothing on, unless they may change it. */
static json_t *source_shown(const struct cx *cx, const struct definition *def)
{
        json_t *source = json_deep_copy(def->source), *item; /* the page adds to its model; the source is remembered by the process */
        size_t i;

        if (permission_held_for(cx, PERM_REGISTER_DEFINE, def->name))
                return source;
        json_array_foreach(json_object_get(source, "items"), i, item)
                if (json_object_get(item, "register") != NULL && permission_hidden(cx, json_get_text(item, "register")))
                        (void)json_object_del(item, "register");
        return source;
}

/* GET /registers/{register} - API: {register: model, definition: as it was given}. Console register.html: also yaml. */
static rc detail(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        const struct definition *def;
        json_t *model = json_object();

        log_subject(cx, S("register"), 0);
        TRY(definition_get(cx, http_arg(req, "register"), &def));
        log_subject(cx, S("register"), def->id);
        (void)json_set(model, "register", definition_model(cx, def));
        (void)json_set(model, "definition", source_shown(cx, def));
        if (!api(req) && permission_held_for(cx, PERM_REGISTER_DEFINE, def->name))
                (void)json_set(model, "yaml", json_str(definition_yaml(cx->mem, def)));
        if (api(req))
                res->etag = str_format(cx->mem, "%" PRId64, def->version);
        return http_reply(res, 200, "register.html", model);
}

/* The definition in the body: JSON {definition: {…}, drop: […], version} or the definition alone; YAML; or the form
 * fields yaml and drop. */
static rc body_read(struct cx *cx, const struct http_req *req, json_t **ret_definition, str drop[DROP_MAX], size_t *ret_drop_count)
{
        struct definition *def;
        json_t *body, *names;
        str yaml, list;

        *ret_drop_count = 0;
        if (str_is(req->type, "application/json")) {
                TRY(json_read(cx, req->body, &body));
                names = json_object_get(body, "drop");
                *ret_definition = json_is_object(json_object_get(body, "definition")) ? json_object_get(body, "definition") : body;
                if (*ret_definition != body && json_array_size(names) > DROP_MAX)
                        return fail(cx, RC_INVALID, "drop", "must have at most %d entries", DROP_MAX);
                for (size_t i = 0; *ret_definition != body && i < json_array_size(names); i++)
                        drop[(*ret_drop_count)++] = json_text(json_array_get(names, i));
                return RC_OK;
        }
        list = http_field(req, "drop");
        if (str_is(req->type, "application/yaml") || str_is(req->type, "application/x-yaml") || str_is(req->type, "text/yaml"))
                yaml = req->body;
        else
                yaml = http_field(req, "yaml");
        if (str_absent(yaml))
                return fail(cx, RC_MEDIA_TYPE, NULL, "a definition is sent as application/json or application/yaml");
        while (!str_empty(list) && *ret_drop_count < DROP_MAX)
                drop[(*ret_drop_count)++] = str_trim(str_cut(list, ',', &list));
        TRY(definition_parse_yaml(cx, yaml, &def)); /* its mistakes have lines */
        *ret_definition = def->source;
        return RC_OK;
}

/* What would be done: 200 with {plan}. */
static rc plan(struct cx *cx, struct http_res *res, json_t *definition)
{
        json_t *told, *model = json_object();
        struct definition *wanted;

        TRY(definition_parse_json(cx, definition, &wanted));
        TRY(define_plan(cx, wanted, &told));
        return http_reply(res, 200, NULL, json_set(model, "plan", told));
}

/* 202 with {job, plan}; console: 303 to the job. ?plan=1: nothing is done, only told. */
static rc apply(struct cx *cx, const struct http_req *req, struct http_res *res, str name)
{
        json_t *definition = NULL, *done, *model = json_object();
        str drop[DROP_MAX];
        size_t drop_count;
        int64_t job;

        TRY(body_read(cx, req, &definition, drop, &drop_count));
        if (!str_absent(name) && !str_equal(json_get_text(definition, "name"), name))
                return fail(cx, RC_INVALID, "name", "must stay \"%.*s\": a register is not renamed", STR_ARG(name));
        if (api(req) && str_is(http_query(req, "plan"), "1"))
                return plan(cx, res, definition);
        TRY(define_queue(cx, definition, drop, drop_count, &job, &done));
        log_detail(cx, "plan", done);
        if (str_absent(name) && !json_is_true(json_object_get(done, "new")))
                return fail(cx, RC_CONFLICT, "name", "there is a register of this name already; change it on its own page");
        (void)json_set(model, "job", json_integer(job));
        (void)json_set(model, "plan", done);
        return http_created(res, 202, str_format(cx->mem, "/jobs/%" PRId64, job), model);
}

/* POST /registers - a new register. */
static rc create(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        log_subject(cx, S("register"), 0);
        return apply(cx, req, res, STR_NONE);
}

/* PUT /registers/{register} - its new definition. What it leaves out is dropped only when `drop` names it. */
static rc change(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        const struct definition *def;

        log_subject(cx, S("register"), 0);
        TRY(definition_get(cx, http_arg(req, "register"), &def));
        log_subject(cx, S("register"), def->id);
        return apply(cx, req, res, def->name);
}

/* clang-format off */
const struct route register_door_routes[] = {
        /*     method path                     permission            verb        body     rate    handler summary */
        ROUTE( GET,   "/registers",            PERM_NONE,            LOG_LIST,   0,       NORMAL, list,   "Registers of the contract" ),
        ROUTE( POST,  "/registers",            PERM_REGISTER_DEFINE, LOG_DEFINE, KB(600), HEAVY,  create, "Make a register by its definition" ),
        ROUTE( GET,   "/registers/{register}", PERM_REGISTER,        LOG_VIEW,   0,       NORMAL, detail, "One register: items, choices, definition" ),
        ROUTE( PUT,   "/registers/{register}", PERM_REGISTER_DEFINE, LOG_DEFINE, KB(600), HEAVY,  change, "Change the definition of a register",
               .fresh = true ),
        ROUTE_END
};
/* clang-format on */
