/* openapi.c - see openapi.h. Everything stands in the tables already; this file only writes it down in another grammar. */
#include "base/house.h"

#include "gate/openapi.h"

#include "base/buf.h"
#include "base/fail.h"
#include "gate/gate.h"
#include "gate/unit.h"

static const char *const method_words[HTTP_METHODS] = { "get", "post", "put", "patch", "delete" };

/* JSON shorthands: text, list and object out of literals. */
static json_t *text(const char *z)
{
        return json_str(str_of(z));
}

static json_t *set(json_t *object, const char *name, json_t *v)
{
        return json_set(object, name, v);
}

static void append(json_t *array, json_t *v)
{
        must(json_array_append_new(array, v) == 0);
}

static json_t *member(json_t *object, const char *name)
{
        json_t *v = json_object_get(object, name);

        if (v == NULL)
                (void)set(object, name, v = json_object());
        return v;
}

json_t *openapi_reference(const char *name)
{
        struct buf b = buf_open(arena_current, 200);

        buf_text(&b, "#/components/schemas/");
        buf_add(&b, str_of(name));
        must(!buf_full(&b));
        return set(json_object(), "$ref", json_str(buf_str(&b)));
}

static json_t *typed(const char *type)
{
        return set(json_object(), "type", text(type));
}

static json_t *text_schema(const struct field *f)
{
        json_t *s = typed("string");

        if (f->min > 0)
                (void)set(s, "minLength", json_integer(f->min));
        (void)set(s, "maxLength", json_integer(f->max > 0 ? f->max : 1000));
        if (f->secret) {
                (void)set(s, "format", text("password"));
                (void)set(s, "writeOnly", json_true());
        }
        if (f->choices != NULL) {
                json_t *list = json_array();

                for (const char *const *c = f->choices; *c != NULL; c++)
                        append(list, text(*c));
                (void)set(s, "enum", list);
        }
        return s;
}

static json_t *field_schema(const struct field *f)
{
        json_t *s;

        switch (f->type) {
        case SHAPE_TEXT: s = text_schema(f); break;
        case SHAPE_INT:
                s = set(typed("integer"), "format", text("int64"));
                if (f->min != 0 || f->max != 0)
                        (void)set(set(s, "minimum", json_integer(f->min)), "maximum", json_integer(f->max));
                break;
        case SHAPE_BOOL: s = typed("boolean"); break;
        case SHAPE_DATETIME: s = set(typed("string"), "format", text("date-time")); break;
        case SHAPE_LIST:
                s = set(typed("array"), "items", f->of ? openapi_reference(f->of->name) : typed("string"));
                if (f->max > 0)
                        (void)set(s, "maxItems", json_integer(f->max));
                break;
        case SHAPE_OBJECT: s = f->of ? openapi_reference(f->of->name) : typed("object"); break;
        default: s = json_object(); break;
        }
        if (f->summary != NULL)
                (void)set(s, "description", text(f->summary));
        return s;
}

static json_t *shape_schema(const struct shape *shape)
{
        json_t *s = typed("object"), *properties = json_object(), *required = json_array();

        for (const struct field *f = shape->fields; f->name != NULL; f++) {
                (void)set(properties, f->name, field_schema(f));
                if (f->required)
                        append(required, text(f->name));
        }
        (void)set(s, "properties", properties);
        if (json_array_size(required) > 0)
                (void)set(s, "required", required);
        return s;
}

static void shape_add(json_t *schemas, const struct shape *shape)
{
        if (shape == NULL || json_object_get(schemas, shape->name) != NULL)
                return;
        (void)set(schemas, shape->name, shape_schema(shape));
        for (const struct field *f = shape->fields; f->name != NULL; f++)
                shape_add(schemas, f->of);
}

/* The problem document of RFC 9457 as refusal.c writes it. */
static const struct field error_fields[] = {
        { "item", SHAPE_TEXT, .summary = "Name of the item it is about" },
        { "line", SHAPE_INT, .summary = "Line of the file sent" },
        { "detail", SHAPE_TEXT, true, .summary = "One sentence in the reader's language" },
        { .name = NULL },
};
static const struct shape error_shape = { "ProblemError", error_fields };
static const struct field problem_fields[] = {
        { "type", SHAPE_TEXT, true, .summary = "A URI; about:blank" },
        { "title", SHAPE_TEXT, true, .summary = "What kind of refusal, in the reader's language" },
        { "status", SHAPE_INT, true, .summary = "HTTP status" },
        { "detail", SHAPE_TEXT, true, .summary = "The first sentence" },
        { "code", SHAPE_TEXT, true, .summary = "Stable name of the refusal: INVALID, UNKNOWN, STALE…" },
        { "errors", SHAPE_LIST, true, .of = &error_shape, .summary = "Everything that was wrong" },
        { "current", SHAPE_OBJECT, .summary = "After STALE: the version that is stored now" },
        { .name = NULL },
};
static const struct shape problem_shape = { "Problem", problem_fields };

static json_t *problem_answer(struct cx *cx, rc code, const char *item)
{
        json_t *example = json_object(), *errors = json_array(), *error = json_object(), *media;
        const char *sentence = fail_translate(LANG_EN, rc_text(code));

        if (item != NULL)
                (void)set(error, "item", text(item));
        (void)set(error, "detail", text(sentence));
        append(errors, error);
        (void)set(set(set(example, "type", text("about:blank")), "title", text(sentence)), "status", json_integer(rc_http(code)));
        (void)set(set(set(example, "detail", text(sentence)), "code", text(rc_name(code))), "errors", errors);
        media = set(set(json_object(), "schema", openapi_reference("Problem")), "example", example);
        return set(set(json_object(), "description", text(sentence)), "content", set(json_object(), "application/problem+json", media));
}

/* Refusals named once under components and referred to. */
static const struct {
        const char *name, *status;
        rc code;
        const char *item;
} problems[] = {
        { "Malformed", "400", RC_MALFORMED, NULL }, { "Unauthorized", "401", RC_UNAUTHORIZED, NULL },
        { "Forbidden", "403", RC_FORBIDDEN, NULL }, { "Unknown", "404", RC_UNKNOWN, NULL },
        { "Conflict", "409", RC_CONFLICT, NULL },   { "Stale", "412", RC_STALE, "version" },
        { "TooLarge", "413", RC_TOO_LARGE, NULL },  { "MediaType", "415", RC_MEDIA_TYPE, NULL },
        { "Invalid", "422", RC_INVALID, "name" },   { "Precondition", "428", RC_PRECONDITION, "version" },
        { "Busy", "429", RC_BUSY, NULL },           { "Unavailable", "503", RC_UNAVAILABLE, NULL },
};

static void problems_refer(json_t *answers, const char *const *statuses)
{
        for (; *statuses != NULL; statuses++) {
                for (size_t i = 0; i < COUNT(problems); i++) {
                        struct buf b = buf_open(arena_current, 100);

                        if (strcmp(problems[i].status, *statuses) != 0)
                                continue;
                        buf_text(&b, "#/components/responses/");
                        buf_add(&b, str_of(problems[i].name));
                        (void)set(answers, problems[i].status, set(json_object(), "$ref", json_str(buf_str(&b))));
                }
        }
}

void openapi_answer(json_t *operation, const char *status, const char *what, json_t *schema)
{
        json_t *answer = set(json_object(), "description", text(what));

        if (schema != NULL)
                (void)set(answer, "content", set(json_object(), "application/json", set(json_object(), "schema", schema)));
        (void)set(member(operation, "responses"), status, answer);
}

void openapi_body(json_t *operation, json_t *schema)
{
        static const char *const statuses[] = { "413", "415", "422", NULL };
        json_t *content = set(json_object(), "application/json", set(json_object(), "schema", schema));

        (void)set(operation, "requestBody", set(set(json_object(), "required", json_true()), "content", content));
        problems_refer(member(operation, "responses"), statuses);
}

static void parameter_add(json_t *operation, const char *in, str name, json_t *schema, const char *what, bool required)
{
        json_t *list = json_object_get(operation, "parameters");
        json_t *p = json_object();

        if (list == NULL)
                (void)set(operation, "parameters", list = json_array());
        (void)set(set(p, "name", json_str(name)), "in", text(in));
        if (what != NULL)
                (void)set(p, "description", text(what));
        if (required)
                (void)set(p, "required", json_true());
        (void)set(p, "schema", schema);
        append(list, p);
}

void openapi_query(json_t *operation, const char *name, json_t *schema, const char *what)
{
        parameter_add(operation, "query", str_of(name), schema, what, false);
}

/* {id} is a number, everything else a name. */
static void path_parameters(struct cx *cx, json_t *operation, const char *path)
{
        str rest = str_of(path), name;

        for (;;) {
                str before = str_cut(rest, '{', &rest);

                (void)before;
                if (str_absent(rest))
                        return;
                name = str_cut(rest, '}', &rest);
                parameter_add(operation, "path", str_copy(cx->mem, name),
                              str_is(name, "id") ? set(set(typed("integer"), "format", text("int64")), "minimum", json_integer(1))
                                                 : set(typed("string"), "maxLength", json_integer(100)),
                              NULL, true);
        }
}

json_t *openapi_operation(struct cx *cx, json_t *document, const char *path, const char *method, const char *id, const char *tag, str summary)
{
        static const char *const everywhere[] = { "400", "401", "403", "404", "429", "503", NULL };
        static const char *const changes[] = { "409", "412", "428", NULL };
        json_t *operation = json_object(), *tags = json_array(), *known = json_object_get(document, "tags"), *one;
        bool listed = false;
        size_t i;

        append(tags, text(tag));
        (void)set(set(set(operation, "operationId", text(id)), "summary", json_str(summary)), "tags", tags);
        path_parameters(cx, operation, path);
        (void)set(operation, "responses", json_object());
        problems_refer(member(operation, "responses"), everywhere);
        if (strcmp(method, "patch") == 0 || strcmp(method, "delete") == 0 || strcmp(method, "put") == 0)
                problems_refer(member(operation, "responses"), changes);
        (void)set(member(member(document, "paths"), path), method, operation);
        json_array_foreach(known, i, one)
                listed |= str_is(json_get_text(one, "name"), tag);
        if (!listed)
                append(known, set(set(json_object(), "name", text(tag)), "description", json_str(str_format(cx->mem, "Addresses under /%s", tag))));
        return operation;
}

/* "GET /registers/{register}/records" -> "get_registers_register_records" */
static const char *operation_id(struct cx *cx, const struct route *r)
{
        struct buf b = buf_open(cx->mem, 300);

        buf_add(&b, str_of(method_words[r->method]));
        for (const char *p = r->path; *p != '\0'; p++) {
                if (*p == '/')
                        buf_char(&b, '_');
                else if (*p == '.' || *p == '-')
                        buf_char(&b, '_');
                else if (*p != '{' && *p != '}')
                        buf_char(&b, *p);
        }
        return str_z(cx->mem, buf_str(&b));
}

static const char *route_tag(struct cx *cx, const struct route *r)
{
        str rest, first = str_cut((str){ r->path + 1, strlen(r->path) - 1 }, '/', &rest);

        first = str_cut(first, '.', &rest);
        return first.n == 0 ? "house" : str_z(cx->mem, first);
}

static void query_add(json_t *operation, const struct shape *shape)
{
        for (const struct field *f = shape->fields; f->name != NULL; f++) {
                json_t *schema = field_schema(f);

                (void)json_object_del(schema, "description");
                parameter_add(operation, "query", str_of(f->name), schema, f->summary, f->required);
        }
        problems_refer(member(operation, "responses"), (const char *const[]){ "422", NULL });
}

/* A body with a file: the fields as parts beside it. */
static void file_body(json_t *operation, const struct shape *shape)
{
        json_t *schema = shape ? shape_schema(shape) : set(typed("object"), "properties", json_object());
        json_t *content;

        (void)set(json_object_get(schema, "properties"), "file", set(typed("string"), "contentMediaType", text("application/octet-stream")));
        content = set(json_object(), "multipart/form-data", set(json_object(), "schema", schema));
        (void)set(operation, "requestBody", set(set(json_object(), "required", json_true()), "content", content));
        problems_refer(member(operation, "responses"), (const char *const[]){ "413", "415", "422", NULL });
}

static void route_add(struct cx *cx, json_t *document, const struct route *r)
{
        json_t *schemas = member(member(document, "components"), "schemas"), *operation;

        if (r->method != HTTP_GET && r->file_max == 0)
                shape_add(schemas, r->in);
        shape_add(schemas, r->out);
        operation = openapi_operation(cx, document, r->path, method_words[r->method], operation_id(cx, r), route_tag(cx, r), str_of(r->summary));
        openapi_answer(operation, r->method == HTTP_POST ? "201" : "200", r->method == HTTP_POST ? "Done; the model of what was made" : "Done",
                       r->out ? openapi_reference(r->out->name) : typed("object"));
        if (r->permission == PERM_PUBLIC)
                (void)set(operation, "security", json_array());
        else if (r->permission == PERM_REGISTER)
                (void)set(operation, "description", json_string("Needs any right on the register."));
        else if (r->permission != PERM_NONE)
                (void)set(operation, "description", json_str(str_format(cx->mem, "Needs the permission `%s`.", permission_word(r->permission))));
        if (r->method == HTTP_GET && r->in != NULL)
                query_add(operation, r->in);
        else if (r->file_max > 0)
                file_body(operation, r->in);
        else if (r->method != HTTP_GET && r->body_max > 0)
                openapi_body(operation, r->in ? openapi_reference(r->in->name) : typed("object"));
        if (r->method == HTTP_PATCH || r->method == HTTP_DELETE || r->method == HTTP_PUT)
                parameter_add(operation, "header", S("If-Match"), typed("string"),
                              "ETag of the version you read; or name it as `version` in the body", false);
}

static void head_add(json_t *d)
{
        json_t *info = member(d, "info"), *servers = json_array(), *security = json_array();

        (void)set(d, "openapi", text("3.1.0"));
        (void)set(info, "title", text("Daicho"));
        (void)set(info, "version", text("1"));
        (void)set(info, "summary", text("Customer registers of one contract"));
        (void)set(info, "description",
                  text("Everything the console can do. Lists answer with `next`, a cursor to hand back as `after`. A record's ETag is its version; "
                       "changes name it in If-Match or as member `version`. Refusals are problem documents (RFC 9457) with every fault at once."));
        (void)set(info, "license", set(set(json_object(), "name", text("Apache-2.0")), "identifier", text("Apache-2.0")));
        append(servers, set(set(json_object(), "url", text("/api/v1")), "description", text("This house")));
        (void)set(d, "servers", servers);
        append(security, set(json_object(), "key", json_array()));
        append(security, set(json_object(), "token", json_array()));
        append(security, set(json_object(), "session", json_array()));
        (void)set(d, "security", security);
        (void)set(d, "tags", json_array());
}

static void schemes_add(json_t *components)
{
        json_t *schemes = member(components, "securitySchemes"), *scopes = json_object();

        (void)set(schemes, "key",
                  set(set(set(json_object(), "type", text("http")), "scheme", text("bearer")), "description",
                      text("An API key: Authorization: Bearer dk_…")));
        for (int p = PERM_NONE + 1; p < PERMISSIONS; p++)
                (void)set(scopes, permission_word((enum permission)p), text(permission_word((enum permission)p)));
        (void)set(
            schemes, "token",
            set(set(set(json_object(), "type", text("oauth2")), "flows",
                    set(json_object(), "clientCredentials", set(set(json_object(), "tokenUrl", text("/api/v1/oauth/token")), "scopes", scopes))),
                "description", text("OAuth 2.0 client credentials: client_id is the number of an API key, client_secret the key")));
        (void)set(schemes, "session",
                  set(set(set(set(json_object(), "type", text("apiKey")), "in", text("cookie")), "name", text("__Host-daicho")), "description",
                      text("The console's session; changes also need the header X-CSRF-Token")));
}

static json_t *whole(struct cx *cx)
{
        json_t *d = json_object(), *components, *answers;

        head_add(d);
        (void)set(d, "paths", json_object());
        components = member(d, "components");
        schemes_add(components);
        shape_add(member(components, "schemas"), &problem_shape);
        answers = member(components, "responses");
        for (size_t i = 0; i < COUNT(problems); i++)
                (void)set(answers, problems[i].name, problem_answer(cx, problems[i].code, problems[i].item));
        for (const struct route *const *t = gate_tables(); *t != NULL; t++)
                for (const struct route *r = *t; r->path != NULL; r++)
                        if (r->face != FACE_CONSOLE)
                                route_add(cx, d, r);
        return d;
}

/* GET /openapi.json - this document, with the registers of the tenant. */
static rc document(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *d = whole(cx);

        if (unit_hooks->openapi != NULL)
                TRY(unit_hooks->openapi(cx, d));
        res->type = S("application/json");
        res->body = json_write(cx->mem, d);
        return http_reply(res, 200, NULL, NULL);
}

/* GET /health - is this worker serving? Says nothing about the database: that would make every probe a statement. */
static rc health(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        return http_reply(res, 200, NULL, set(json_object(), "status", text("ok")));
}

static const struct field health_fields[] = {
        { "status", SHAPE_TEXT, true, .summary = "ok" },
        { .name = NULL },
};
static const struct shape health_shape = { "Health", health_fields };

/* clang-format off */
const struct route openapi_routes[] = {
        /*     method path             permission   logged as    body rate    handler   summary */
        ROUTE( GET,   "/openapi.json", PERM_NONE,   LOG_NOTHING, 0,   NORMAL, document, "This description of the API" ),
        ROUTE( GET,   "/health",       PERM_PUBLIC, LOG_NOTHING, 0,   NORMAL, health,   "Whether the service answers", .out = &health_shape ),
        ROUTE_END
};
/* clang-format on */
