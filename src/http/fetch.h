/* fetch.h - asking another server, by libcurl: one question, one answer, within limits. For the processes that may reach the network; what is asked is
 * the caller's decision. TLS always, verified; no redirect is followed, no proxy, no cookie, no compression; addresses are looked up here, judged
 * (internet.h) and pinned, so that a name cannot mean something else a moment later. Not a web client. */
#ifndef DAICHO_HTTP_FETCH_H
#define DAICHO_HTTP_FETCH_H

#include "base/cx.h"
#include "http/internet.h"

enum { FETCH_URL_MAX = 2000, FETCH_CONNECT_MS = 5000, FETCH_TIMEOUT_MS = 10000, FETCH_HEADER_MAX = 64 << 10 };

/* Once a process, before its sandbox closes. authorities: PEM text of those trusted; absent in a process that only checks addresses. private_too: addresses that are not of the public Internet are
 * asked as well, and those of this machine also without TLS. */
void fetch_start(str authorities, bool private_too);

/* Who may be asked on behalf of what people of a contract typed: the public Internet, and beside it these ranges. Ports: 443, 80 with plain, and those above
 * 1023. */
struct fetch_border {
        const struct internet_range *ranges;
        size_t count;
        bool plain; /* http:// as well */
};

struct fetch_question {
        str url;  /* https://… */
        str form; /* absent: GET; else POST application/x-www-form-urlencoded */
        str user; /* HTTP Basic (RFC 7617), already encoded as the scheme above it wants; absent: none */
        str password;
        str bearer;      /* RFC 6750; absent: none */
        size_t size_max; /* of the answer, as far as it is kept in memory */
        /* For files, from one command of a person to one house: */
        str json;           /* absent: none; else POST application/json */
        const char *upload; /* NULL: none; else POST the bytes of this file as text/csv */
        const int *save_fd; /* NULL: none; else the body of a 2xx goes there, however long it is */
        str lang;           /* Accept-Language; absent: none */
        bool patient;       /* no limit of the whole, only of a minute in which nothing moves */
        /* For what is told to others: */
        const struct fetch_border *border; /* NULL: as fetch_start says */
        const str *headers;                /* more of them, "name: value" */
        size_t header_count;
        bool cut; /* an answer longer than size_max is cut, not refused */
};

struct fetch_answer {
        int status;
        str body;
};

/* RC_UNAVAILABLE (no answer, certificate not trusted, too large, too slow), RC_INVALID (not an address that may be asked). Any status is an answer. */
rc fetch_ask(struct cx *cx, const struct fetch_question *question, struct fetch_answer *ret) MUST_USE;
/* Is it the text of an address that could be asked: https, a host, no user, no fragment, at most FETCH_URL_MAX bytes? Asks nobody. */
rc fetch_check(struct cx *cx, str url, const char *item) MUST_USE;
/* The same within a border, and its name is looked up: RC_INVALID when any of its addresses lies outside, or it has none. By a process with a network. */
rc fetch_judge(struct cx *cx, str url, const char *item, const struct fetch_border *border) MUST_USE;

#endif
