/* register_door.c - definitions of registers: looked at, made, changed. Changing queues the define job. */
#include "base/house.h"

#include "console/register_door.h"

#include "base/fail.h"
#include "console/round_door.h"
#include "log/log.h"
#include "register/clock_plan.h"
#include "register/move_plan.h"
#include "register/define.h"
#include "register/define_laid.h"
#include "register/pack.h"

static bool api(const struct http_req *req)
{
        return str_starts(req->path, S("/api/v1/"));
}

static const json_t *named(const json_t *list, str name)
{
        const json_t *one;
        size_t i;

        json_array_foreach((json_t *)(uintptr_t)list, i, one)
                if (str_equal(json_get_text(one, "name"), name))
                        return one;
        return NULL;
}

/* For the page, of each to begin with: is it there; needed: [{title, there}]; ready: it can be made now. */
static rc packs_add(struct cx *cx, json_t *model)
{
        json_t *told, *list, *one, *need;
        size_t i, j;

        TRY(pack_list(cx, &told));
        list = json_object_get(told, "packs");
        json_array_foreach(list, i, one) {
                json_t *needed = json_array();
                bool ready = true;

                json_array_foreach(json_object_get(one, "needs"), j, need) {
                        const json_t *there = named(json_object_get(model, "registers"), json_text(need)),
                                     *known = there ? there : named(list, json_text(need));
                        json_t *m = json_set(json_object(), "title", json_str(known ? json_get_text(known, "title") : json_text(need)));

                        json_array_append_new(needed, json_set(m, "there", json_boolean(there != NULL)));
                        ready = ready && there != NULL;
                }
                (void)json_set(one, "there", json_boolean(named(json_object_get(model, "registers"), json_get_text(one, "name")) != NULL));
                (void)json_set(one, "needed", needed);
                (void)json_set(one, "has_needed", json_boolean(json_array_size(needed) > 0));
                (void)json_set(one, "ready", json_boolean(ready));
        }
        (void)json_set(model, "packs", list);
        return RC_OK;
}

/* What the text of a new definition begins with: ?start=NAME, or ?name=&title=&kind=&master=. */
static rc beginning_add(struct cx *cx, const struct http_req *req, json_t *model)
{
        struct pack_wish wish = { http_query(req, "name"), http_query(req, "title"), http_query(req, "kind"), http_query(req, "master") };
        str start = http_query(req, "start"), yaml = STR_NONE;

        if (!permission_held(cx, PERM_REGISTER_DEFINE))
                return RC_OK;
        TRY(packs_add(cx, model));
        if (!str_empty(start))
                TRY(pack_yaml(cx, start, &yaml));
        else if (!str_absent(wish.name))
                TRY(pack_blank(cx, &wish, &yaml));
        (void)json_set(model, "begun", json_boolean(!str_absent(yaml)));
        (void)json_set(model, "yaml", json_str(yaml));
        return RC_OK;
}

/* GET /registers - registers.html: {registers: [{name, title, kind, description, items, about…}], deleted: [{name, title, actor, deleted_at, until_at}]}; for who
 * may make one also {packs, begun, yaml}. */
static rc list(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *model, *deleted;

        log_subject(cx, S("register"), 0);
        TRY(definition_list(cx, &model));
        TRY(define_laid_registers(cx, &deleted));
        (void)json_set(model, "deleted", deleted);
        (void)json_set(model, "has_deleted", json_boolean(json_array_size(deleted) > 0));
        if (!api(req))
                TRY(beginning_add(cx, req, model));
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
        if (!api(req) && def->clock_count > 0)
                (void)json_set(model, "clocks", clock_plan_model(cx, def));
        if (!api(req) && def->move_count > 0) {
                (void)json_set(model, "moves", move_plan_model(cx, def));
                (void)json_set(model, "has_moves", json_true());
        }
        if (!api(req))
                TRY(round_door_register(cx, def, model));
        if (!api(req) && permission_held_for(cx, PERM_REGISTER_DEFINE, def->name))
                (void)json_set(model, "yaml", json_str(definition_yaml(cx->mem, def)));
        if (api(req))
                res->etag = str_format(cx->mem, "%" PRId64, def->version);
        return http_reply(res, 200, "register.html", model);
}

static rc names_read(struct cx *cx, const json_t *body, const char *member, str ret[DEFINE_NAMES_MAX], size_t *ret_count)
{
        const json_t *names = json_object_get(body, member);

        if (json_array_size(names) > DEFINE_NAMES_MAX)
                return fail(cx, RC_INVALID, member, "must have at most %d entries", DEFINE_NAMES_MAX);
        for (*ret_count = 0; *ret_count < json_array_size(names); (*ret_count)++)
                ret[*ret_count] = json_text(json_array_get(names, *ret_count));
        return RC_OK;
}

/* "kind, holder" */
static void words_read(str list, str ret[DEFINE_NAMES_MAX], size_t *ret_count)
{
        *ret_count = 0;
        while (!str_empty(list) && *ret_count < DEFINE_NAMES_MAX)
                ret[(*ret_count)++] = str_trim(str_cut(list, ',', &list));
}

/* The definition in the body: JSON {definition: {…}, drop: […], empty: […]} or the definition alone; YAML; or the form fields yaml or definition, drop and
 * empty. */
static rc body_read(struct cx *cx, const struct http_req *req, json_t **ret_definition, struct define_wish *wish)
{
        struct definition *def;
        json_t *body;
        str yaml, json = http_field(req, "definition");

        if (str_is(req->type, "application/json")) {
                TRY(json_read(cx, req->body, &body));
                *ret_definition = json_is_object(json_object_get(body, "definition")) ? json_object_get(body, "definition") : body;
                if (*ret_definition == body)
                        return RC_OK;
                TRY(names_read(cx, body, "drop", wish->drop, &wish->drop_count));
                return names_read(cx, body, "empty", wish->empty, &wish->empty_count);
        }
        words_read(http_field(req, "drop"), wish->drop, &wish->drop_count);
        words_read(http_field(req, "empty"), wish->empty, &wish->empty_count);
        if (!str_empty(json) && json.n <= DEFINITION_SIZE_MAX)
                return json_read(cx, json, ret_definition);
        if (str_is(req->type, "application/yaml") || str_is(req->type, "application/x-yaml") || str_is(req->type, "text/yaml"))
                yaml = req->body;
        else
                yaml = http_field(req, "yaml");
        if (str_absent(yaml))
                return fail(cx, RC_MEDIA_TYPE, NULL, "a definition is sent as application/json or application/yaml");
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
        struct define_wish *wish = NEW(cx->mem, struct define_wish);
        int64_t job;

        TRY(body_read(cx, req, &definition, wish));
        if (!str_absent(name) && !str_equal(json_get_text(definition, "name"), name))
                return fail(cx, RC_INVALID, "name", "must stay \"%.*s\": a register is not renamed", STR_ARG(name));
        if (api(req) && str_is(http_query(req, "plan"), "1"))
                return plan(cx, res, definition);
        TRY(define_queue(cx, definition, wish, &job, &done));
        if (!str_empty(http_field(req, "definition")) && json_is_true(json_object_get(done, "loses")) && !str_equal(http_field(req, "confirm"), name))
                return fail(cx, RC_INVALID, "confirm", "must be \"%.*s\", the name of what is deleted", STR_ARG(name));
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

static rc queued(struct cx *cx, struct http_res *res, int64_t job, json_t *model)
{
        return http_created(res, 202, str_format(cx->mem, "/jobs/%" PRId64, job), json_set(model, "job", json_integer(job)));
}

static const struct field confirm_fields[] = {
        { .name = "confirm", .type = SHAPE_TEXT, .required = true, .max = 100, .summary = "Name of the register, typed by whoever asks" },
        { NULL },
};
static const struct shape confirm_in = { "RegisterDelete", confirm_fields };
static const struct field job_fields[] = {
        { .name = "job", .type = SHAPE_INT, .required = true, .summary = "Number of the job: GET /jobs/{id}" },
        { NULL },
};
static const struct shape job_out = { "DefineJob", job_fields };

/* DELETE /registers/{register} - 202 {job}. Out of sight at once, for good after DEFINE_UNDO_DAYS. */
static rc erase(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        str name = http_arg(req, "register");
        const struct definition *def;
        int64_t job;
        json_t *in;

        log_subject(cx, S("register"), 0);
        TRY(shape_read(cx, &confirm_in, req, &in));
        TRY(definition_get(cx, name, &def));
        log_subject(cx, S("register"), def->id);
        if (!str_equal(json_get_text(in, "confirm"), def->name))
                return fail(cx, RC_INVALID, "confirm", "must be \"%.*s\", the name of what is deleted", STR_ARG(def->name));
        log_detail(cx, "delete", json_true());
        TRY(define_queue_delete(cx, def->name, &job));
        return queued(cx, res, job, json_object());
}

/* POST /registers/{register}/restore - 202 {job}. */
static rc restore(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        int64_t job;

        log_subject(cx, S("register"), 0);
        log_detail(cx, "restore", json_str(http_arg(req, "register")));
        TRY(define_queue_restore(cx, http_arg(req, "register"), &job));
        return queued(cx, res, job, json_object());
}

/* GET /registers/{register}/deleted - register_deleted.html: {register, deleted: [{id, name, title, type, records, actor, deleted_at, until_at}]}. */
static rc deleted(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        const struct definition *def;
        json_t *model = json_object(), *list;

        log_subject(cx, S("register"), 0);
        TRY(definition_get(cx, http_arg(req, "register"), &def));
        log_subject(cx, S("register"), def->id);
        TRY(define_laid_items(cx, def->name, &list));
        (void)json_set(model, "register", definition_model(cx, def));
        (void)json_set(model, "deleted", list);
        (void)json_set(model, "has_deleted", json_boolean(json_array_size(list) > 0));
        return http_reply(res, 200, "register_deleted.html", model);
}

/* POST /registers/{register}/deleted/{id}/restore - 202 {job, plan}. */
static rc item_restore(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *done, *model = json_object();
        int64_t id, job;

        log_subject(cx, S("register"), 0);
        if (!str_int(http_arg(req, "id"), &id) || id <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such item that could be brought back");
        TRY(define_laid_return(cx, http_arg(req, "register"), id, &job, &done));
        log_detail(cx, "plan", done);
        return queued(cx, res, job, json_set(model, "plan", done));
}

/* clang-format off */
const struct route register_door_routes[] = {
        /*     method path                     permission            verb        body     rate    handler summary */
        ROUTE( GET,   "/registers",            PERM_NONE,            LOG_LIST,   0,       NORMAL, list,   "Registers of the contract" ),
        ROUTE( POST,  "/registers",            PERM_REGISTER_DEFINE, LOG_DEFINE, KB(600), HEAVY,  create, "Make a register by its definition" ),
        ROUTE( GET,   "/registers/{register}", PERM_REGISTER,        LOG_VIEW,   0,       NORMAL, detail, "One register: items, choices, definition" ),
        ROUTE( PUT,   "/registers/{register}", PERM_REGISTER_DEFINE, LOG_DEFINE, KB(600), HEAVY,  change, "Change the definition of a register",
               .fresh = true ),
        ROUTE( DELETE, "/registers/{register}", PERM_REGISTER_DEFINE, LOG_DEFINE, KB(4),  HEAVY,  erase,  "Delete a register; it can be brought back for seven days",
               .in = &confirm_in, .out = &job_out, .fresh = true ),
        ROUTE( POST,  "/registers/{register}/restore", PERM_REGISTER_DEFINE, LOG_DEFINE, KB(4), HEAVY, restore, "Bring a deleted register back",
               .out = &job_out, .fresh = true ),
        ROUTE( GET,   "/registers/{register}/deleted", PERM_REGISTER_DEFINE, LOG_LIST, 0, NORMAL, deleted, "Deleted items of a register" ),
        ROUTE( POST,  "/registers/{register}/deleted/{id}/restore", PERM_REGISTER_DEFINE, LOG_DEFINE, KB(4), HEAVY, item_restore,
               "Bring a deleted item back with its values", .fresh = true ),
        ROUTE_END
};
/* clang-format on */
