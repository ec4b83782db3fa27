/* match.c - see match.h. Routes are cut into parts once at start and sorted so that the first match is the best one. */
#include "base/house.h"

#include "gate/match.h"

#include "base/fail.h"

#include <stdio.h>
#include <stdlib.h>

enum { PARTS_MAX = 12, ROUTES_MAX = 512 };

struct compiled {
        const struct route *route;
        size_t count;
        struct {
                str text; /* literal, or name of the argument */
                bool arg;
        } parts[PARTS_MAX];
};

static struct compiled *routes; /* process lifetime, read-only after start */
static size_t route_count;

static const char *const method_names[HTTP_METHODS] = { "GET", "POST", "PUT", "PATCH", "DELETE" };

/* More parts last; at the first difference a literal stands before an argument. */
static int by_rank(const void *pa, const void *pb)
{
        const struct compiled *a = pa, *b = pb;

        if (a->count != b->count)
                return a->count < b->count ? -1 : 1;
        for (size_t i = 0; i < a->count; i++) {
                int order;

                if (a->parts[i].arg != b->parts[i].arg)
                        return a->parts[i].arg ? 1 : -1;
                order = a->parts[i].arg ? 0 : str_compare(a->parts[i].text, b->parts[i].text);
                if (order != 0)
                        return order;
        }
        return (int)a->route->method - (int)b->route->method;
}

static size_t split(str path, str parts[PARTS_MAX])
{
        size_t count = 0;

        must(path.n > 0 && path.p[0] == '/');
        path = (str){ path.p + 1, path.n - 1 };
        if (path.n == 0)
                return 0;
        while (!str_absent(path)) {
                if (count == PARTS_MAX)
                        return SIZE_MAX;
                parts[count++] = str_cut(path, '/', &path);
        }
        return count;
}

static void compile(struct compiled *c, const struct route *route)
{
        str parts[PARTS_MAX];

        c->route = route;
        c->count = split(str_of(route->path), parts);
        must(c->count <= PARTS_MAX && route->handler != NULL && route->summary != NULL);
        for (size_t i = 0; i < c->count; i++) {
                str p = parts[i];

                c->parts[i].arg = p.n > 2 && p.p[0] == '{' && p.p[p.n - 1] == '}';
                c->parts[i].text = c->parts[i].arg ? (str){ p.p + 1, p.n - 2 } : p;
                must(p.n > 0);
        }
}

void match_start(const struct route *const *tables)
{
        static struct compiled store[ROUTES_MAX];

        routes = store;
        route_count = 0;
        for (; *tables != NULL; tables++) {
                for (const struct route *r = *tables; r->path != NULL; r++) {
                        must(route_count < ROUTES_MAX);
                        compile(&routes[route_count++], r);
                }
        }
        qsort(routes, route_count, sizeof(*routes), by_rank);
        for (size_t i = 1; i < route_count; i++) {
                if (by_rank(&routes[i - 1], &routes[i]) == 0) {
                        (void)fprintf(stderr, "daicho: %s %s stands in the route tables twice\n", method_names[routes[i].route->method],
                                      routes[i].route->path);
                        panic("route tables");
                }
        }
}

enum face match_face(str path, str *ret_path)
{
        if (!str_starts(path, S("/api/v1/"))) {
                *ret_path = path;
                return FACE_CONSOLE;
        }
        *ret_path = (str){ path.p + 7, path.n - 7 };
        return FACE_API;
}

static bool fits(const struct compiled *c, const str *parts, size_t count)
{
        if (c->count != count)
                return false;
        for (size_t i = 0; i < count; i++) {
                if (c->parts[i].arg ? parts[i].n == 0 : !str_equal(c->parts[i].text, parts[i]))
                        return false;
        }
        return true;
}

static void args_set(struct cx *cx, struct http_req *req, const struct compiled *c, const str *parts)
{
        req->args = NEW_ARRAY(cx->mem, struct http_pair, c->count + 1);
        req->arg_count = 0;
        for (size_t i = 0; i < c->count; i++)
                if (c->parts[i].arg)
                        req->args[req->arg_count++] = (struct http_pair){ c->parts[i].text, parts[i] };
}

static void allow_add(char allow[MATCH_METHODS_ALLOW], enum http_method method)
{
        size_t n = strlen(allow);

        if (strstr(allow, method_names[method]) == NULL)
                (void)snprintf(allow + n, MATCH_METHODS_ALLOW - n, "%s%s", n ? ", " : "", method_names[method]);
}

rc match_find(struct cx *cx, struct http_req *req, enum face face, str path, const struct route **ret, char allow[MATCH_METHODS_ALLOW])
{
        str parts[PARTS_MAX];
        size_t count = split(path, parts);
        bool found = false;

        allow[0] = '\0';
        for (size_t i = 0; i < route_count; i++) {
                const struct route *r = routes[i].route;

                if (!fits(&routes[i], parts, count) || (r->face != FACE_BOTH && r->face != face))
                        continue;
                if (r->method == req->method) {
                        args_set(cx, req, &routes[i], parts);
                        *ret = r;
                        return RC_OK;
                }
                found = true;
                allow_add(allow, r->method);
        }
        if (found)
                return fail(cx, RC_METHOD, NULL, "this address takes %s", allow);
        return fail(cx, RC_UNKNOWN, NULL, "there is no page at this address");
}

void match_limits(str path, size_t *ret_body_max, int64_t *ret_file_max)
{
        str parts[PARTS_MAX];
        size_t count = split(path, parts);

        *ret_body_max = 0;
        *ret_file_max = 0;
        for (size_t i = 0; i < route_count; i++) {
                const struct route *r = routes[i].route;

                if (!fits(&routes[i], parts, count) || r->face == FACE_API)
                        continue;
                *ret_body_max = r->body_max > *ret_body_max ? r->body_max : *ret_body_max;
                *ret_file_max = r->file_max > *ret_file_max ? r->file_max : *ret_file_max;
        }
}
