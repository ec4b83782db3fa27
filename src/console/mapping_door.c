/* mapping_door.c - saved mappings of imports: which heading is which item, and how the file is written. A form is made of the first line of a file. */
#include "base/house.h"

#include "console/mapping_door.h"

#include "base/buf.h"
#include "base/fail.h"
#include "log/log.h"
#include "register/definition.h"
#include "register/mapping.h"

enum { LINE_MAX_CHARS = 20000 };

static const struct field line_fields[] = {
        { .name = "line", .type = SHAPE_TEXT, .max = LINE_MAX_CHARS, .lines = true, .summary = "Console: the first line of a file" },
        { .name = "done", .type = SHAPE_TEXT, .max = 100, .summary = "Console" },
        { NULL },
};
static const struct shape line_in = { "MappingQuery", line_fields };
static const struct field save_fields[] = {
        { .name = "name", .type = SHAPE_TEXT, .max = MAPPING_NAME_MAX, .summary = "What people call it; needed for a new one" },
        { .name = "shared", .type = SHAPE_BOOL, .summary = "Others who may import into the register can use it; what a key makes always is" },
        { .name = "columns", .type = SHAPE_JSON, .summary = "{heading: item, or null to leave it out}; needed for a new one" },
        { .name = "heading", .type = SHAPE_LIST, .max = MAPPING_COLUMNS_MAX, .summary = "Instead of columns: the headings" },
        { .name = "item", .type = SHAPE_LIST, .max = MAPPING_COLUMNS_MAX, .summary = "… and for each its item, or - to leave it out" },
        { .name = "encoding", .type = SHAPE_TEXT, .max = 20, .summary = "auto, utf-8, cp932, utf-16le or utf-16be" },
        { .name = "separator", .type = SHAPE_TEXT, .max = 10, .summary = "auto, comma or tab" },
        { .name = "blank", .type = SHAPE_TEXT, .max = 10, .summary = "An empty cell: clear or keep the item" },
        { .name = "refused", .type = SHAPE_TEXT, .max = 10, .summary = "A row that cannot be taken: skip it, or stop" },
        { .name = "version", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "The version that is changed (or If-Match)" },
        { NULL },
};
static const struct shape save_in = { "MappingOrder", save_fields };
static const struct field id_fields[] = {
        { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number of the mapping" },
        { NULL },
};
static const struct shape id_out = { "MappingSaved", id_fields };

static bool api(const struct http_req *req)
{
        return str_starts(req->path, S("/api/v1/"));
}

static rc id_read(struct cx *cx, const struct http_req *req, int64_t *ret)
{
        log_subject(cx, http_arg(req, "register"), 0);
        if (!str_int(http_arg(req, "id"), ret) || *ret <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such saved mapping");
        log_detail(cx, "mapping", json_integer(*ret));
        return RC_OK;
}

static str url_of(struct cx *cx, const struct http_req *req, const char *done)
{
        return str_format(cx->mem, "/registers/%.*s/mappings?done=%s", STR_ARG(http_arg(req, "register")), done);
}

/* GET /registers/{register}/mappings - mappings.html: mapping_list(). */
static rc list(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *model;

        log_subject(cx, http_arg(req, "register"), 0);
        TRY(mapping_list(cx, http_arg(req, "register"), &model));
        (void)json_set(model, "has_mappings", json_boolean(json_array_size(json_object_get(model, "mappings")) > 0));
        return http_reply(res, 200, "mappings.html", model);
}

/* Pages ---------------------------------------------------------------------------------------------------------------------------- */

/* What a heading can be: every item that files hold. */
static json_t *options(struct cx *cx, const struct definition *def, str chosen)
{
        json_t *all = json_array();

        for (size_t i = 0; i < def->item_count; i++) {
                const struct item *item = &def->items[i];
                json_t *one = json_object();

                if (!item_stored(item) || item->type == ITEM_FILE)
                        continue;
                (void)json_set(one, "value", json_str(item->name));
                (void)json_set(one, "title", json_str(item->title[cx->lang]));
                (void)json_set(one, "chosen", json_boolean(!str_absent(chosen) && str_equal(item->name, chosen)));
                json_array_append_new(all, one);
        }
        return all;
}

static json_t *row(struct cx *cx, const struct definition *def, str heading, str chosen, size_t number)
{
        json_t *m = json_object();

        (void)json_set(m, "heading", json_str(heading));
        (void)json_set(m, "number", json_integer((json_int_t)number));
        return json_set(m, "options", options(cx, def, chosen));
}

/* One cell of the line: in quotation marks, within which a mark is doubled, or bare. */
static str cell_cut(struct cx *cx, str *rest, char separator)
{
        struct buf b = buf_open(cx->mem, rest->n + 1);
        size_t i = 0;
        bool quoted = rest->n > 0 && rest->p[0] == '"';

        for (i = quoted ? 1 : 0; i < rest->n; i++) {
                char c = rest->p[i];

                if (quoted && c == '"' && (i + 1 == rest->n || rest->p[i + 1] != '"')) {
                        quoted = false;
                        continue;
                }
                if (!quoted && c == separator)
                        break;
                if (quoted && c == '"')
                        i++;
                buf_char(&b, c);
        }
        i += i < rest->n;
        *rest = (str){ rest->p + i, rest->n - i };
        return str_trim(buf_str(&b));
}

/* The first line of a file, copied from wherever: cells parted by tabs, else by commas. */
static void line_read(struct cx *cx, const struct definition *def, str line, json_t *rows)
{
        str rest = str_cut(str_trim(line), '\n', &line);
        char separator = memchr(rest.p, '\t', rest.n) != NULL ? '\t' : ',';

        while (rest.n > 0 && json_array_size(rows) < MAPPING_COLUMNS_MAX) {
                str heading = cell_cut(cx, &rest, separator);
                const struct item *item = heading.n > 0 ? definition_heading(def, heading) : NULL;

                if (heading.n > 0)
                        json_array_append_new(rows,
                                              row(cx, def, heading, item && item_stored(item) ? item->name : STR_NONE, json_array_size(rows) + 1));
        }
}

static void choice_mark(struct cx *cx, json_t *model, const json_t *mapping)
{
        static const char *const members[] = { "encoding", "separator", "blank", "refused" };

        for (size_t i = 0; i < COUNT(members); i++) {
                str value = json_get_text(mapping, members[i]);

                if (str_starts(value, S("utf-"))) /* a name in a template has no hyphen */
                        (void)json_set(model, str_format(cx->mem, "is_utf%.*s", (int)(value.n - 4), value.p + 4).p, json_true());
                else if (!str_empty(value))
                        (void)json_set(model, str_format(cx->mem, "is_%.*s", STR_ARG(value)).p, json_true());
        }
}

/* mapping.html: {register, rows: [{heading, number, options: [{value, title, chosen}]}]}. */
static rc form_of_line(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        const struct definition *def;
        json_t *in, *model, *rows = json_array();
        str line;

        log_subject(cx, http_arg(req, "register"), 0);
        TRY(shape_read(cx, &line_in, req, &in));
        TRY(mapping_list(cx, http_arg(req, "register"), &model));
        TRY(definition_recall(cx, http_arg(req, "register"), &def));
        line = json_get_text(in, "line");
        if (!str_empty(line))
                line_read(cx, def, line, rows);
        (void)json_set(model, "rows", rows);
        (void)json_set(model, "has_rows", json_boolean(json_array_size(rows) > 0));
        (void)json_set(model, "is_new", json_true());
        return http_reply(res, 200, "mapping.html", model);
}

/* GET …/mappings/new?line=… */
static rc form(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        log_quiet(cx);
        return form_of_line(cx, req, res);
}

/* GET …/mappings/{id} - API: mapping_get(). Console mapping.html. */
static rc show(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        const struct definition *def;
        json_t *model, *rows = json_array(), *one, *mapping;
        int64_t id;
        size_t i;

        TRY(id_read(cx, req, &id));
        TRY(mapping_get(cx, http_arg(req, "register"), id, &model));
        mapping = json_object_get(model, "mapping");
        res->etag = str_format(cx->mem, "%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(mapping, "version")));
        if (api(req))
                return http_reply(res, 200, NULL, model);
        TRY(definition_recall(cx, http_arg(req, "register"), &def));
        json_array_foreach(json_object_get(mapping, "columns"), i, one) {
                json_t *m = row(cx, def, json_get_text(one, "heading"), json_get_text(one, "item"), i + 1);

                (void)json_set(m, "lost", json_boolean(json_object_get(one, "lost") != NULL));
                json_array_append_new(rows, m);
        }
        choice_mark(cx, model, mapping);
        (void)json_set(model, "rows", rows);
        (void)json_set(model, "has_rows", json_true());
        return http_reply(res, 200, "mapping.html", model);
}

/* Saving --------------------------------------------------------------------------------------------------------------------------- */

static rc order_read(struct cx *cx, const struct http_req *req, const json_t *in, struct mapping_order *ret)
{
        json_t *headings = json_object_get(in, "heading"), *items = json_object_get(in, "item"), *columns = json_object_get(in, "columns");

        ret->name = json_get_text(in, "name");
        ret->shared = json_is_true(json_object_get(in, "shared"));
        ret->shared_given = json_object_get(in, "shared") != NULL || !api(req);
        ret->encoding = json_get_text(in, "encoding");
        ret->separator = json_get_text(in, "separator");
        ret->blank = json_get_text(in, "blank");
        ret->refused = json_get_text(in, "refused");
        if (json_is_string(columns))
                TRY(json_read(cx, json_text(columns), &columns));
        if (headings != NULL && columns == NULL) {
                if (json_array_size(headings) != json_array_size(items))
                        return fail(cx, RC_INVALID, "item", "each heading needs its item, or - to leave it out");
                columns = json_object();
                for (size_t i = 0; i < json_array_size(headings); i++) {
                        str item = json_text(json_array_get(items, i));

                        (void)json_set(columns, str_z(cx->mem, json_text(json_array_get(headings, i))),
                                       str_is(item, "-") ? json_null() : json_str(item));
                }
        }
        ret->columns = columns;
        return RC_OK;
}

/* POST …/mappings - 201 {id}. */
static rc create(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        struct mapping_order order = { 0 };
        json_t *in, *model = json_object();
        int64_t id;

        log_subject(cx, http_arg(req, "register"), 0);
        TRY(shape_read(cx, &save_in, req, &in));
        TRY(order_read(cx, req, in, &order));
        TRY(mapping_save(cx, http_arg(req, "register"), &order, &id));
        log_detail(cx, "mapping", json_integer(id));
        log_detail(cx, "name", json_str(order.name));
        (void)json_set(model, "id", json_integer(id));
        if (!api(req))
                return http_created(res, 201, url_of(cx, req, "mapping_saved"), NULL);
        return http_created(res, 201, str_format(cx->mem, "/registers/%.*s/mappings/%" PRId64, STR_ARG(http_arg(req, "register")), id), model);
}

/* PATCH …/mappings/{id} - only what is given. {id}. */
static rc update(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        struct mapping_order order = { 0 };
        json_t *in, *model = json_object();

        TRY(id_read(cx, req, &order.id));
        TRY(shape_read(cx, &save_in, req, &in));
        TRY(shape_version(cx, req, in, &order.version));
        TRY(order_read(cx, req, in, &order));
        TRY(mapping_save(cx, http_arg(req, "register"), &order, &order.id));
        (void)json_set(model, "id", json_integer(order.id));
        if (!api(req))
                return http_created(res, 200, url_of(cx, req, "mapping_saved"), NULL);
        return http_reply(res, 200, NULL, model);
}

/* DELETE …/mappings/{id} - 204; console: 303 to the list. */
static rc erase(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        int64_t id, version;

        TRY(id_read(cx, req, &id));
        TRY(shape_version(cx, req, NULL, &version));
        TRY(mapping_erase(cx, http_arg(req, "register"), id, version));
        if (api(req))
                return http_reply(res, 204, NULL, NULL);
        return http_created(res, 200, url_of(cx, req, "mapping_deleted"), NULL);
}

/* clang-format off */
const struct route mapping_door_routes[] = {
        /*     method  path                                   permission          verb        body    rate    handler summary */
        ROUTE( GET,    "/registers/{register}/mappings",      PERM_RECORD_IMPORT, LOG_LIST,   0,      NORMAL, list,   "List saved mappings of imports" ),
        ROUTE( POST,   "/registers/{register}/mappings",      PERM_RECORD_IMPORT, LOG_CREATE, KB(256), NORMAL, create, "Save which heading of a file is which item",
               .in = &save_in, .out = &id_out ),
        ROUTE( GET,    "/registers/{register}/mappings/new",  PERM_RECORD_IMPORT, LOG_VIEW,   0,      NORMAL, form,   "Form of a new mapping", .in = &line_in, .face = FACE_CONSOLE ),
        ROUTE( POST,   "/registers/{register}/mappings/new",  PERM_RECORD_IMPORT, LOG_VIEW,   KB(64), NORMAL, form_of_line, "The same, of a line that was pasted: an address takes no tabs",
               .in = &line_in, .face = FACE_CONSOLE ),
        ROUTE( GET,    "/registers/{register}/mappings/{id}", PERM_RECORD_IMPORT, LOG_VIEW,   0,      NORMAL, show,   "Read a saved mapping" ),
        ROUTE( PATCH,  "/registers/{register}/mappings/{id}", PERM_RECORD_IMPORT, LOG_UPDATE, KB(256), NORMAL, update, "Change a saved mapping", .in = &save_in ),
        ROUTE( DELETE, "/registers/{register}/mappings/{id}", PERM_RECORD_IMPORT, LOG_DELETE, KB(4),  NORMAL, erase,  "Delete a saved mapping" ),
        ROUTE_END
};
/* clang-format on */
