/* http.c - see http.h. libmicrohttpd with an epoll of its own, driven from one loop in one thread: while a request is served, all other connections wait
 * in the kernel. A body arrives in pieces (incoming.c); the request is built, served and answered once it is whole. */
#include "base/house.h"

#include "http/http.h"

#include "base/fail.h"
#include "base/text.h"
#include "base/utf8.h"
#include "http/answer.h"
#include "http/cookie.h"
#include "http/incoming.h"
#include "http/urlencoded.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
        CONNECTIONS_MAX = 512,
        CONNECTION_MEMORY = 32 << 10, /* request line and headers; more is answered 431 by the library */
        IDLE_SECONDS = 75,            /* longer than nginx keeps an idle upstream connection */
        WAIT_MS = 1000,
        STOP_MS = 10000, /* for requests begun when the signal came */
        HEADER_MAX = 8192,
        PATH_MAX_CHARS = 2000,
        DRAIN_MAX = 64 << 20, /* a longer body is refused before it is sent */
};

struct http_server {
        struct cx *cx;
        const struct http_service *service;
        struct MHD_Daemon *daemon;
        char spool[1024];
        size_t bodies; /* requests whose body is arriving */
};

static str pair_find(const struct http_pair *pairs, size_t count, const char *name)
{
        for (size_t i = 0; i < count; i++)
                if (str_is(pairs[i].name, name))
                        return pairs[i].value;
        return STR_NONE;
}

str http_arg(const struct http_req *req, const char *name)
{
        return pair_find(req->args, req->arg_count, name);
}

str http_query(const struct http_req *req, const char *name)
{
        return pair_find(req->query, req->query_count, name);
}

str http_field(const struct http_req *req, const char *name)
{
        return pair_find(req->fields, req->field_count, name);
}

const struct http_file *http_file(const struct http_req *req, const char *field)
{
        for (size_t i = 0; i < req->file_count; i++)
                if (str_is(req->files[i].field, field))
                        return &req->files[i];
        return NULL;
}

static str header_of(struct MHD_Connection *connection, const char *name)
{
        const char *value = NULL;
        size_t size = 0;

        if (MHD_lookup_connection_value_n(connection, MHD_HEADER_KIND, name, strlen(name), &value, &size) != MHD_YES || value == NULL)
                return STR_NONE;
        return (str){ value, size };
}

str http_header(const struct http_req *req, const char *name)
{
        str s;

        if (req->native == NULL)
                return STR_NONE;
        s = header_of((struct MHD_Connection *)(uintptr_t)req->native, name);
        if (str_absent(s))
                return s;
        return s.n <= HEADER_MAX && utf8_valid(s) && text_control(s, false) == s.n ? s : S("");
}

str http_cookie(const struct http_req *req, const char *name)
{
        /* nginx hands it on under this name: libmicrohttpd takes a Cookie header apart by itself, and hangs up over one that is odd */
        return cookie_value(http_header(req, "X-Cookie"), name);
}

void http_set(struct http_res *res, str name, str value)
{
        must(res->header_count < COUNT(res->headers));
        res->headers[res->header_count++] = (struct http_pair){ name, value };
}

rc http_reply(struct http_res *res, int status, const char *page, void *model)
{
        res->status = status;
        res->page = page;
        res->model = model;
        return RC_OK;
}

rc http_created(struct http_res *res, int status, str location, void *model)
{
        res->status = status;
        res->location = location;
        res->model = model;
        return RC_OK;
}

/* libmicrohttpd leaves %XX as they are: decoding is ours, and strict. */
static size_t unescape_nothing(void *cls, struct MHD_Connection *connection, char *s)
{
        return strlen(s);
}

static bool method_read(const char *text, enum http_method *ret)
{
        static const char *const names[HTTP_METHODS] = { "GET", "POST", "PUT", "PATCH", "DELETE" };

        if (strcmp(text, "HEAD") == 0)
                text = "GET";
        for (size_t i = 0; i < HTTP_METHODS; i++) {
                if (strcmp(text, names[i]) == 0) {
                        *ret = (enum http_method)i;
                        return true;
                }
        }
        return false;
}

/* What is remembered of a request from its first line to its answer. */
struct visit {
        struct incoming *body; /* NULL: none, or the headers are not read yet */
        bool begun;            /* the headers have been seen */
        str query;
        char text[];
};

/* Called with the request line as it came. libmicrohttpd would keep every argument of a query as an object in the connection's memory, and hang up
 * when there are many: so the query is taken from it here, and parsed by urlencoded.c. */
static void *visit_open(void *cls, const char *uri, struct MHD_Connection *connection)
{
        char *mark = strchr((char *)(uintptr_t)uri, '?');
        size_t n = mark ? strlen(mark + 1) : 0;
        struct visit *v = calloc(1, sizeof(*v) + n + 1);

        must(v != NULL);
        if (mark != NULL) {
                memcpy(v->text, mark + 1, n);
                v->query = (str){ v->text, n };
                mark[1] = '\0';
        }
        return v;
}

/* Address as nginx wrote it; anything else is not an address. */
static str remote_read(str s)
{
        for (size_t i = 0; i < s.n; i++)
                if (strchr("0123456789abcdefABCDEF.:", s.p[i]) == NULL)
                        return S("-");
        return s.n == 0 || s.n > 45 ? S("-") : s;
}

static str type_read(struct cx *cx, struct MHD_Connection *connection)
{
        str rest;
        str type = str_trim(str_cut(header_of(connection, "Content-Type"), ';', &rest));
        char *lower;

        if (str_absent(type) || type.n > 200 || !utf8_valid(type) || text_control(type, false) != type.n)
                return STR_NONE;
        lower = str_z(cx->mem, type);
        for (size_t i = 0; i < type.n; i++)
                if (lower[i] >= 'A' && lower[i] <= 'Z')
                        lower[i] = (char)(lower[i] | 0x20);
        return (str){ lower, type.n };
}

/* A fresh unit of work for this request. A refusal stays in cx->failure; what could be read is in *req. */
static void request_begin(struct cx *cx, struct MHD_Connection *connection, const char *url, const char *method, const struct visit *visit,
                          struct http_req *req)
{
        arena_reset(cx->mem);
        fail_clear(cx);
        arena_current = cx->mem;
        cx->actor = (struct actor){ .kind = ACTOR_NOBODY, .name = S("-"), .groups = S("") };
        cx->tenant = STR_NONE;
        cx->masked = true;
        cx->permissions = (struct rights){ 0 };
        cx->log = NULL;
        cx->now = 0;
        *req = (struct http_req){ .path = S("/"), .native = connection };
        req->remote = remote_read(header_of(connection, "X-Real-IP"));
        req->secure = str_is(header_of(connection, "X-Forwarded-Proto"), "https");
        req->type = type_read(cx, connection);
        cx->actor.source = req->remote;
        if (str_starts(str_of(url), S("/api/v1/"))) /* a refusal of the reading is told in the language of that face */
                req->path = S("/api/v1/");
        if (!method_read(method, &req->method)) {
                (void)fail(cx, RC_METHOD, NULL, "this method is not spoken here");
                return;
        }
        if (urlencoded_decode(cx, str_of(url), false, NULL, false, &req->path) != RC_OK)
                return;
        if (req->path.n > PATH_MAX_CHARS || req->path.p[0] != '/') {
                req->path = S("/");
                (void)fail(cx, RC_MALFORMED, NULL, "an address begins with / and has at most %d bytes", PATH_MAX_CHARS);
                return;
        }
        if (!str_absent(visit->query) && urlencoded_read(cx, visit->query, false, &req->query, &req->query_count) != RC_OK)
                must(cx->failure.code != RC_OK);
}

static enum MHD_Result request_serve(struct http_server *server, struct MHD_Connection *connection, struct http_req *req)
{
        struct http_res res = { .mem = server->cx->mem };
        struct MHD_Response *response;
        enum MHD_Result queued;

        server->service->serve(server->cx, req, &res);
        must(res.status >= 200);
        response = answer_create(&res);
        queued = MHD_queue_response(connection, (unsigned)res.status, response);
        MHD_destroy_response(response);
        return queued;
}

/* What the service would take here; refused on the way, too, when the body announced is larger. */
static struct incoming_limits limits_ask(struct http_server *server, struct MHD_Connection *connection, struct http_req *req, int64_t announced)
{
        struct cx *cx = server->cx;
        struct incoming_limits limits = { 0 };

        if (cx->failure.code != RC_OK || server->service->accept(cx, req, &limits.body_max, &limits.file_max) != RC_OK) {
                limits.refused = true;
        } else if (announced > (int64_t)limits.body_max + (limits.file_max > 0 ? limits.file_max + (int64_t)KB(64) : 0)) {
                limits.refused = true;
                (void)fail(cx, RC_TOO_LARGE, NULL,
                           limits.file_max > 0 ? "what is sent here may have at most %" PRId64 " bytes in all"
                                               : "the body sent here may have at most %" PRId64 " bytes",
                           (int64_t)limits.body_max + limits.file_max);
        }
        return limits;
}

static enum MHD_Result body_begin(struct http_server *server, struct MHD_Connection *connection, const char *url, const char *method, str length,
                                  struct visit *visit)
{
        struct http_req req;
        struct incoming_limits limits;
        int64_t announced = -1; /* chunked: not known */

        request_begin(server->cx, connection, url, method, visit, &req);
        if (!str_absent(length) && !str_int(length, &announced))
                (void)fail(server->cx, RC_MALFORMED, NULL, "the Content-Length is not a number");
        limits = limits_ask(server, connection, &req, announced);
        if (limits.refused && announced > DRAIN_MAX)
                return request_serve(server, connection, &req);
        visit->body = incoming_open(connection, req.type, server->spool, limits);
        server->bodies++;
        return MHD_YES;
}

static enum MHD_Result body_end(struct http_server *server, struct MHD_Connection *connection, const char *url, const char *method,
                                struct visit *visit)
{
        struct http_req req;
        struct cx *cx = server->cx;
        int64_t announced = -1;

        request_begin(cx, connection, url, method, visit, &req);
        (void)str_int(header_of(connection, "Content-Length"), &announced);
        if (!limits_ask(server, connection, &req, announced).refused && incoming_end(cx, visit->body, &req) != RC_OK)
                must(cx->failure.code != RC_OK);
        return request_serve(server, connection, &req);
}

/* Called by libmicrohttpd: once when the headers are read, for each piece of the body, and once at the end. */
static enum MHD_Result handle(void *cls, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
                              const char *data, size_t *size, void **state)
{
        struct http_server *server = cls;
        struct visit *visit = *state;

        if (!visit->begun) {
                str length = header_of(connection, "Content-Length");

                visit->begun = true;
                if (str_absent(header_of(connection, "Transfer-Encoding")) && (str_absent(length) || str_is(length, "0")))
                        return MHD_YES;
                return body_begin(server, connection, url, method, length, visit);
        }
        if (*size > 0) {
                bool on = visit->body == NULL || incoming_add(visit->body, data, *size);

                *size = 0;
                return on ? MHD_YES : MHD_NO;
        }
        if (visit->body == NULL) {
                struct http_req req;

                request_begin(server->cx, connection, url, method, visit, &req);
                return request_serve(server, connection, &req);
        }
        return body_end(server, connection, url, method, visit);
}

static void completed(void *cls, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode why)
{
        struct http_server *server = cls;
        struct visit *visit = *state;

        if (visit == NULL)
                return;
        if (visit->body != NULL) {
                incoming_close(visit->body);
                server->bodies--;
        }
        free(visit);
        *state = NULL;
}

rc http_start(struct cx *cx, int listen_fd, str spool, const struct http_service *service, struct http_server **ret)
{
        static struct http_server server; /* one a process */

        must(server.daemon == NULL && spool.n > 0 && spool.n < sizeof(server.spool));
        server = (struct http_server){ .cx = cx, .service = service };
        memcpy(server.spool, spool.p, spool.n);
        server.daemon = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, handle, &server, MHD_OPTION_LISTEN_SOCKET, (MHD_socket)listen_fd,
                                         MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                                         (size_t)CONNECTION_MEMORY, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS,
                                         MHD_OPTION_UNESCAPE_CALLBACK, unescape_nothing, NULL, MHD_OPTION_URI_LOG_CALLBACK, visit_open, NULL,
                                         MHD_OPTION_NOTIFY_COMPLETED, completed, &server, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
        if (server.daemon == NULL)
                return fail(cx, RC_UNAVAILABLE, NULL, "the HTTP server cannot start on its socket");
        *ret = &server;
        return RC_OK;
}

void http_run(struct http_server *server, const volatile bool *stop)
{
        int waited_ms = 0;

        while (!*stop)
                (void)MHD_run_wait(server->daemon, WAIT_MS);
        (void)MHD_quiesce_daemon(server->daemon);
        do { /* answers under way, and bodies that are still arriving */
                (void)MHD_run_wait(server->daemon, 50);
                waited_ms += 50;
        } while (server->bodies > 0 && waited_ms < STOP_MS);
        MHD_stop_daemon(server->daemon);
        server->daemon = NULL;
        arena_reset(server->cx->mem);
}
