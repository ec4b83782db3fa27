/* incoming.h - the body of one request while it arrives in pieces: kept in an arena of its own (other requests run in between), multipart taken apart
 * by libmicrohttpd, files written to the spool directory. Reads foreign bytes only up to the limits given. */
#ifndef DAICHO_HTTP_INCOMING_H
#define DAICHO_HTTP_INCOMING_H

#include "http/http.h"

struct MHD_Connection;
struct incoming;

/* How the body will be kept. */
struct incoming_limits {
        size_t body_max;
        int64_t file_max; /* 0: no files */
        bool refused;     /* read past it, keep nothing */
};

struct incoming *incoming_open(struct MHD_Connection *connection, str type, const char *spool, struct incoming_limits limits);
/* One piece. False: give the connection up. */
bool incoming_add(struct incoming *in, const char *p, size_t n);
/* All is there: hands body, fields and files to the request, or the refusal met on the way. */
rc incoming_end(struct cx *cx, struct incoming *in, struct http_req *req) MUST_USE;
/* Removes spool files nobody took. */
void incoming_close(struct incoming *in);

#endif
