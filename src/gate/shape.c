/* shape.c - see shape.h. */
#include "base/house.h"

#include "gate/shape.h"

#include "base/clock.h"
#include "base/fail.h"
#include "base/text.h"
#include "base/utf8.h"

enum { TEXT_MAX = 1000, LIST_MAX = 1000, SHAPE_DEPTH_MAX = 8 };

static rc object_read(struct cx *cx, const struct shape *shape, json_t *from, int depth, json_t **ret);

static const struct field *field_find(const struct shape *shape, str name)
{
        for (const struct field *f = shape->fields; f->name != NULL; f++)
                if (str_is(name, f->name))
                        return f;
        return NULL;
}

static rc wrong(struct cx *cx, const struct field *f, const char *what)
{
        return fail(cx, RC_INVALID, f->name, "%s", fail_translate(cx->lang, what));
}

static bool chosen(const struct field *f, str s)
{
        for (const char *const *c = f->choices; *c != NULL; c++)
                if (str_is(s, *c))
                        return true;
        return false;
}

static rc text_read(struct cx *cx, const struct field *f, json_t *v, json_t **ret)
{
        size_t max = f->max > 0 ? (size_t)f->max : TEXT_MAX;
        str s = json_text(v);

        if (!json_is_string(v))
                return wrong(cx, f, "must be a text");
        TRY(text_check(cx, s, f->name, max, f->lines));
        if (f->required && s.n == 0)
                return wrong(cx, f, "must be filled in");
        if (s.n > 0 && f->min > 0 && utf8_length(s) < (size_t)f->min)
                return fail(cx, RC_INVALID, f->name, "must have at least %d characters", (int)f->min);
        if (s.n > 0 && f->choices != NULL && !chosen(f, s))
                return wrong(cx, f, "is not one of the choices");
        *ret = v;
        return RC_OK;
}

static rc int_read(struct cx *cx, const struct field *f, json_t *v, json_t **ret)
{
        json_int_t i = json_integer_value(v);

        if (!json_is_integer(v))
                return wrong(cx, f, "must be a whole number");
        if ((f->min != 0 || f->max != 0) && (i < f->min || i > f->max))
                return f->max == INT64_MAX ? fail(cx, RC_INVALID, f->name, "must be at least %lld", (long long)f->min)
                                           : fail(cx, RC_INVALID, f->name, "must be between %lld and %lld", (long long)f->min, (long long)f->max);
        *ret = v;
        return RC_OK;
}

static rc datetime_read(struct cx *cx, const struct field *f, json_t *v, json_t **ret)
{
        str s = json_text(v);
        struct date date;
        msec at;

        if (!str_absent(s) && clock_read_date(s, &date))
                at = clock_from_tokyo((struct civil){ .date = date });
        else if (str_absent(s) || !clock_read(s, &at))
                return wrong(cx, f, "must be a date, or a time as in 2026-11-22T14:05:00+09:00");
        *ret = json_integer(at);
        return RC_OK;
}

/* An element without a shape of its own: a text, or a number taken as one. */
static rc plain_read(struct cx *cx, const struct field *f, json_t *v, json_t **ret)
{
        if (json_is_integer(v)) {
                *ret = json_str(str_format(cx->mem, "%" JSON_INTEGER_FORMAT, json_integer_value(v)));
                return RC_OK;
        }
        if (!json_is_string(v))
                return wrong(cx, f, "must be a list of texts");
        TRY(text_check(cx, json_text(v), f->name, TEXT_MAX, false));
        *ret = v;
        return RC_OK;
}

static rc list_read(struct cx *cx, const struct field *f, json_t *v, int depth, json_t **ret)
{
        size_t max = f->max > 0 ? (size_t)f->max : LIST_MAX;
        json_t *list = json_array();

        if (!json_is_array(v))
                return wrong(cx, f, "must be a list");
        if (json_array_size(v) > max)
                return fail(cx, RC_INVALID, f->name, "must have at most %zu entries", max);
        if (json_array_size(v) < (size_t)f->min)
                return fail(cx, RC_INVALID, f->name, "must have at least %zu entries", (size_t)f->min);
        for (size_t i = 0; i < json_array_size(v); i++) {
                json_t *one = NULL, *element = json_array_get(v, i);

                if (f->of != NULL)
                        TRY(object_read(cx, f->of, element, depth + 1, &one));
                else
                        TRY(plain_read(cx, f, element, &one));
                must(json_array_append_new(list, one) == 0);
        }
        *ret = list;
        return RC_OK;
}

static rc value_read(struct cx *cx, const struct field *f, json_t *v, int depth, json_t **ret)
{
        if (json_is_null(v)) {
                if (f->required)
                        return wrong(cx, f, "must be filled in");
                *ret = v;
                return RC_OK;
        }
        switch (f->type) {
        case SHAPE_TEXT: return text_read(cx, f, v, ret);
        case SHAPE_INT: return int_read(cx, f, v, ret);
        case SHAPE_BOOL:
                if (!json_is_boolean(v))
                        return wrong(cx, f, "must be true or false");
                break;
        case SHAPE_DATETIME: return datetime_read(cx, f, v, ret);
        case SHAPE_LIST: return list_read(cx, f, v, depth, ret);
        case SHAPE_OBJECT: return object_read(cx, f->of, v, depth + 1, ret);
        case SHAPE_JSON: break;
        }
        *ret = v;
        return RC_OK;
}

static rc object_read(struct cx *cx, const struct shape *shape, json_t *from, int depth, json_t **ret)
{
        json_t *object = json_object(), *v;
        bool good = true;
        const char *name;

        if (!json_is_object(from))
                return fail(cx, RC_INVALID, NULL, "the JSON must be an object with named members");
        must(depth < SHAPE_DEPTH_MAX);
        json_object_foreach(from, name, v) {
                const struct field *f = field_find(shape, str_of(name));
                json_t *read = NULL;

                if (f == NULL)
                        good = fail(cx, RC_INVALID, str_copy(cx->mem, str_of(name)).p, "is not known here") == RC_OK;
                else if (value_read(cx, f, v, depth, &read) == RC_OK)
                        (void)json_set(object, f->name, read);
                else
                        good = false;
        }
        for (const struct field *f = shape->fields; f->name != NULL; f++)
                if (f->required && json_object_get(from, f->name) == NULL)
                        good = wrong(cx, f, "must be filled in") == RC_OK;
        if (!good)
                return cx->failure.code;
        *ret = object;
        return RC_OK;
}

/* CR LF, as forms send it, and CR become LF. */
static str lines_normal(struct cx *cx, str s)
{
        char *to;
        size_t n = 0;

        if (memchr(s.p, '\r', s.n) == NULL)
                return s;
        to = arena_alloc(cx->mem, s.n + 1);
        for (size_t i = 0; i < s.n; i++) {
                if (s.p[i] == '\r' && i + 1 < s.n && s.p[i + 1] == '\n')
                        continue;
                to[n++] = s.p[i] == '\r' ? '\n' : s.p[i];
        }
        return (str){ to, n };
}

/* One form field in the type its member has; NULL: not given. What cannot be turned is left a text, for value_read to refuse. */
static json_t *form_value(struct cx *cx, const struct field *f, str s)
{
        int64_t i;
        json_t *v;

        if (f->type == SHAPE_TEXT || f->type == SHAPE_LIST)
                return json_str(lines_normal(cx, s));
        if (s.n == 0)
                return NULL;
        switch (f->type) {
        case SHAPE_INT: return str_int(str_trim(s), &i) ? json_integer(i) : json_str(s);
        case SHAPE_BOOL:
                if (str_is(s, "true") || str_is(s, "on") || str_is(s, "1"))
                        return json_true();
                return str_is(s, "false") || str_is(s, "off") || str_is(s, "0") ? json_false() : json_str(s);
        case SHAPE_JSON:
        case SHAPE_OBJECT: return json_read(cx, s, &v) == RC_OK ? v : NULL;
        default: return json_str(s);
        }
}

/* Form fields or query as the JSON object an API client would have sent. */
static rc form_read(struct cx *cx, const struct shape *shape, const struct http_pair *pairs, size_t count, json_t **ret)
{
        static const char *const own[] = { "_csrf", "_method", "done" };
        json_t *object = json_object();

        for (size_t i = 0; i < count; i++) {
                const struct field *f = field_find(shape, pairs[i].name);
                const char *name = f ? f->name : str_z(cx->mem, pairs[i].name);
                json_t *v, *list;
                bool skip = false;

                for (size_t k = 0; k < COUNT(own) && f == NULL; k++)
                        skip |= str_is(pairs[i].name, own[k]);
                if (skip)
                        continue;
                if (f == NULL) {
                        (void)json_set(object, name, json_str(pairs[i].value)); /* refused with all the others */
                        continue;
                }
                v = form_value(cx, f, pairs[i].value);
                if (v == NULL)
                        continue;
                if (f->type == SHAPE_LIST) {
                        list = json_object_get(object, name);
                        if (list == NULL)
                                (void)json_set(object, name, list = json_array());
                        if (pairs[i].value.n > 0) /* an empty one says: an empty list was meant */
                                must(json_array_append_new(list, v) == 0);
                } else if (json_object_get(object, name) != NULL) {
                        return fail(cx, RC_INVALID, name, "was sent twice");
                } else {
                        (void)json_set(object, name, v);
                }
        }
        *ret = object;
        return cx->failure.code;
}

rc shape_read(struct cx *cx, const struct shape *shape, const struct http_req *req, json_t **ret)
{
        json_t *from = NULL;

        if (req->method == HTTP_GET) {
                TRY(form_read(cx, shape, req->query, req->query_count, &from));
        } else if (str_is(req->type, "application/json") || str_ends(req->type, S("+json"))) {
                TRY(json_read(cx, req->body, &from));
        } else if (str_is(req->type, "application/x-www-form-urlencoded") || str_is(req->type, "multipart/form-data")) {
                TRY(form_read(cx, shape, req->fields, req->field_count, &from));
        } else if (req->body.n == 0 && req->file_count == 0) {
                from = json_object();
        } else {
                return fail(cx, RC_MEDIA_TYPE, NULL, "the body must be application/json or a form");
        }
        return object_read(cx, shape, from, 0, ret);
}

rc shape_version(struct cx *cx, const struct http_req *req, const json_t *body, int64_t *ret)
{
        str header = http_header(req, "If-Match"), field = http_field(req, "version");
        const json_t *member = json_object_get(body, "version");

        if (!str_absent(header)) {
                header = str_trim(header);
                if (str_starts(header, S("W/")))
                        header = (str){ header.p + 2, header.n - 2 };
                if (header.n > 2 && header.p[0] == '"' && header.p[header.n - 1] == '"' && str_int((str){ header.p + 1, header.n - 2 }, ret))
                        return RC_OK;
                return fail(cx, RC_STALE, NULL, "If-Match does not name a version of this; it must be the ETag as read, in quotes");
        }
        if (json_is_integer(member)) {
                *ret = json_integer_value(member);
                return RC_OK;
        }
        if (member != NULL && str_int(json_text(member), ret))
                return RC_OK;
        if (!str_absent(field) && str_int(field, ret))
                return RC_OK;
        return fail(cx, RC_PRECONDITION, "version", "the version you read must be named, in If-Match or as \"version\"");
}
