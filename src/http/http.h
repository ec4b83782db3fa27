/* http.h - one HTTP/1.1 server on a unix socket, one request at a time. The only room that knows libmicrohttpd.
 * Bodies: urlencoded and multipart become fields and files; other types stay in `body` (up to body_max of the route)
 * or, for routes that take files, are written to a spool file as they arrive. */
#ifndef DAICHO_HTTP_HTTP_H
#define DAICHO_HTTP_HTTP_H

#include "base/cx.h"

enum http_method { HTTP_GET, HTTP_POST, HTTP_PUT, HTTP_PATCH, HTTP_DELETE, HTTP_METHODS };

struct http_pair {
        str name;
        str value;
};

struct http_file {
        str field; /* name of the form field; "" for a raw body */
        str name;  /* file name the client gave: for display only */
        str type;  /* content type */
        str path;  /* spool file; removed after the reply unless taken (renamed away) */
        int64_t size;
};

struct http_req {
        enum http_method method;
        str path;   /* decoded, without query */
        str remote; /* client's address from X-Real-IP */
        bool secure;
        struct http_pair *query;
        size_t query_count;
        struct http_pair *fields;
        size_t field_count; /* body fields */
        struct http_pair *args;
        size_t arg_count; /* {name} parts of the route's path; set by gate */
        struct http_file *files;
        size_t file_count;
        str type;           /* content type of the body, lower case, without parameters */
        str body;           /* other bodies */
        const void *native; /* http.c: where headers are looked up */
};

/* Looked up by name; absent when missing. */
str http_arg(const struct http_req *req, const char *name);
str http_query(const struct http_req *req, const char *name);
str http_field(const struct http_req *req, const char *name);
const struct http_file *http_file(const struct http_req *req, const char *field);
str http_header(const struct http_req *req, const char *name); /* empty when it holds what is no text */
str http_cookie(const struct http_req *req, const char *name);

struct http_res {
        struct arena *mem;
        int status;       /* 0: nothing was replied */
        const char *page; /* template under pages/, for the console face */
        void *model;      /* json_t *: rendered as JSON or through `page` */
        str location;     /* 201 / 303: address within the house; handlers give it without face prefix ("/registers/…") */
        str etag;         /* without quotes */
        str type;         /* content type when `body` or `file` is set */
        str body;         /* ready bytes instead of a model */
        str file;         /* path inside the file store: sent by nginx (X-Accel-Redirect: /-/files/PATH) */
        str file_name;    /* Content-Disposition: attachment; RFC 6266 with filename* */
        struct http_pair headers[16];
        size_t header_count;
};

void http_set(struct http_res *res, str name, str value);

/* Handlers reply through these. */
/* A model: JSON on the API face, pages/PAGE on the console face. */
rc http_reply(struct http_res *res, int status, const char *page, void *model) MUST_USE;
/* Done, now look there: 303 on the console face; on the API face `status` with the model and Location. */
rc http_created(struct http_res *res, int status, str location, void *model) MUST_USE;

/* What the server asks its owner (gate), in this order, for each request. */
struct http_service {
        /* Before the body: how many bytes may it have, and may it hold files (then up to file_max, spooled). RC_OK or a refusal (413…). */
        rc (*accept)(struct cx *cx, struct http_req *req, size_t *ret_body_max, int64_t *ret_file_max);
        /* The whole unit of work. cx->failure may already hold a refusal of the reading (broken address, body too large): then it is only told. */
        void (*serve)(struct cx *cx, struct http_req *req, struct http_res *res);
};

struct http_server;
/* listen_fd: a bound, listening unix socket. spool: directory for files. cx: its arena is reset after each unit. */
rc http_start(struct cx *cx, int listen_fd, str spool, const struct http_service *service, struct http_server **ret) MUST_USE;
/* Serve until *stop becomes true (a signal handler sets it); finishes requests begun. */
void http_run(struct http_server *server, const volatile bool *stop);

#endif
