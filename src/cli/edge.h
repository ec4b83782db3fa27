/* edge.h - nginx before the workers: TLS, HTTP/2, limits, static files, downloads. Its configuration is written at every start from daicho.conf
 * and the route table: which addresses go to the auth processes is a column there, not a list here. */
#ifndef DAICHO_CLI_EDGE_H
#define DAICHO_CLI_EDGE_H

#include "cli/parent.h"
#include "cli/place.h"
#include "gate/route.h"

/* A listening TCP socket on config.address and config.port; *ret_port: the port taken. RC_CONFLICT when it is in use. */
rc edge_listen(struct cx *cx, const struct config *config, int *ret_fd, int64_t *ret_port) MUST_USE;
/* Writes DIR/run/nginx.conf and lets nginx check it. */
rc edge_write(struct cx *cx, const struct place *place, const struct route *const *routes) MUST_USE;
/* nginx with the listening socket, so that a connection made while it starts again waits instead of failing. */
struct child *edge_child(struct cx *cx, const struct place *place, int listen_fd);
/* Path of the unix socket of a worker: DIR/run/web.3.sock. */
char *edge_socket(struct cx *cx, str dir, const char *kind, int64_t number);
/* One GET through nginx's local door; RC_OK on 200. */
rc edge_ask(struct cx *cx, const struct place *place) MUST_USE;

#endif
