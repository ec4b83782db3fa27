/* reach.h - is there an answer at this address and port, in the clear or by TLS? Nothing is asked there and nothing is said: fetch.h is for that. */
#ifndef DAICHO_HTTP_REACH_H
#define DAICHO_HTTP_REACH_H

#include "base/cx.h"

enum { REACH_TIMEOUT_MS = 2000 };

struct reach_wish {
        const char *address; /* 192.0.2.7, 2001:db8::7: never a name, so that nobody else decides what was tried */
        int port;
        bool tls;                /* TLS 1.2 or later, its certificate checked (RFC 5280, RFC 6125) */
        const char *name;        /* what the certificate must name; NULL: the address */
        const char *authorities; /* PEM file of those trusted; NULL: the machine's own */
};

struct reach {
        const char *word; /* connected; refused: there is somebody, but not at this port; silent; unreachable: the network says no; with TLS also
                           * untrusted (its certificate) and not_tls (no TLS, or an old one) */
        str tls;          /* "TLSv1.3"; absent: none */
};

/* RC_INVALID: no address; RC_UNAVAILABLE: this machine cannot try at all (no sockets, authorities not to be read). */
rc reach_try(struct cx *cx, const struct reach_wish *wish, struct reach *ret) MUST_USE;

#endif
