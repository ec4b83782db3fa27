/* place.h - the directory a house lives in, and where its program and shared files stand.
 *
 *   daicho.conf  VERSION          settings; layout of this directory
 *   pg/                           PostgreSQL's data
 *   secret/ROLE                   password of each database role (0600); ca.key, server.key, factor.key; log/: keys that sign the log
 *   secret/provider/CONTRACT/NAME secrets of sign-on providers
 *   tls/                          ca.crt, server.crt
 *   run/                          sockets, lock, port, nginx.conf
 *   log/                          house.log (workers), postgres.log, nginx.log, access.log
 *   seal/, sealer/                the log as files for everybody; the sealer's own memory
 *   files/                        file store: uploads and results, sent by nginx only
 *   spool/WORKER/                 files as they arrive
 *   share/                        copy of the shared files, when the service user cannot reach the originals */
#ifndef DAICHO_CLI_PLACE_H
#define DAICHO_CLI_PLACE_H

#include "base/config.h"

struct place {
        str dir;     /* absolute */
        str share;   /* absolute; has pages/, schema/, registers/ */
        str statics; /* absolute; what nginx serves under /static/ */
        struct config config;
};

enum { PLACE_LAYOUT = 1 };
#define PLACE_FACTOR_KEY "secret/factor.key" /* opens the seeds of second factors (base/seal.h); copies of the database are nothing without it */

/* Where this program's shared files are: beside the source tree it was built in, or /usr/share/daicho. */
rc place_share(struct cx *cx, str *ret_share, str *ret_static) MUST_USE;
/* Path of the running binary. */
str place_binary(struct cx *cx);

/* An existing directory: VERSION is checked, daicho.conf read. */
rc place_open(struct cx *cx, str dir, struct place *ret) MUST_USE;
bool place_exists(struct cx *cx, str dir);
/* Make the directory and what belongs in it; leaves what is there. RC_CONFLICT when it holds something that is not Daicho's. */
rc place_create(struct cx *cx, str dir) MUST_USE;

/* The port the running house listens on, which may be another than its settings say. */
int64_t place_port(struct cx *cx, const struct place *place);
/* What people open: "https://host:port". */
str place_url(struct cx *cx, const struct place *place, int64_t port);

/* DIR/NAME as a NUL-terminated path. */
char *place_path(struct cx *cx, str dir, const char *name, ...) PRINTF(3, 4);

/* The factor key, made when there is none yet. */
rc place_factor_key(struct cx *cx, str dir) MUST_USE;

/* The password of a database role, DIR/secret/ROLE. */
rc place_secret(struct cx *cx, str dir, const char *role, str *ret) MUST_USE;
/* `count` random characters of the 32-letter alphabet without look-alikes; 5 bits each. */
str place_random(struct cx *cx, size_t count);
/* Makes DIR/secret/NAME when it is missing: a key as base/seal.h reads it. */
rc place_seal_key(struct cx *cx, str dir, const char *name) MUST_USE;
/* libpq keyword/value for `role`. */
rc place_conninfo(struct cx *cx, str dir, const char *role, const char *database, str *ret) MUST_USE;

#endif
