/* smtp.h - hand one message to the mail server of the house (RFC 5321, submission with or without TLS and log-in), by libcurl. */
#ifndef DAICHO_POST_SMTP_H
#define DAICHO_POST_SMTP_H

#include "base/cx.h"

enum smtp_tls { SMTP_PLAIN, SMTP_STARTTLS, SMTP_TLS };

struct smtp {
        str host;
        int64_t port;
        enum smtp_tls tls;
        str user, password; /* absent: no log-in */
        str ca;             /* PEM of the authorities trusted; absent: the system's */
};

/* One envelope: from -> to. *ret_said: what the server answered last, one line without control characters, at most 300 bytes, also of a refusal.
 * RC_UNAVAILABLE: not taken, later perhaps (no connection, 4yz); RC_INVALID: refused for good (5yz). At most 30 s. */
rc smtp_send(struct cx *cx, const struct smtp *server, str from, str to, str message, str *ret_said) MUST_USE;

#endif
