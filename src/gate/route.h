/* route.h - the route table: everything gate must know before it calls a handler. A route without a column does not compile.
 * One path serves two faces: /registers/… (console, HTML) and /api/v1/registers/… (JSON). */
#ifndef DAICHO_GATE_ROUTE_H
#define DAICHO_GATE_ROUTE_H

#include "gate/shape.h"
#include "http/http.h"
#include "identity/permission.h"
#include "log/verb.h"

enum face { FACE_BOTH, FACE_CONSOLE, FACE_API };
enum rate {
        RATE_NORMAL,
        RATE_LOGIN, /* served by the auth processes only, limited hard by nginx */
        RATE_SSO,   /* served by the sso processes only, which reach sign-on providers; limited the same way */
        RATE_HEAVY, /* starts a job or reads much */
};

/* Which kind of process serves it. */
enum pool { POOL_WEB, POOL_AUTH, POOL_SSO };

static inline enum pool route_pool(enum rate rate)
{
        return rate == RATE_LOGIN ? POOL_AUTH : rate == RATE_SSO ? POOL_SSO : POOL_WEB;
}

/* How far a log-in has come: full, or what is still missing, the first thing first. */
enum stage {
        STAGE_FULL,
        STAGE_PASSWORD,    /* it must be changed */
        STAGE_DEVICE,      /* the contract asks for an approved device, and this person has none */
        STAGE_LOCKED,      /* the screen was locked */
        STAGE_CONFIRM,     /* the account is logged in elsewhere: which session goes on? */
        STAGE_ENROLL,      /* a second factor is required, and there is none yet */
        STAGE_FACTOR,      /* the second factor has not been given */
        STAGE_CERTIFICATE, /* the request came without a client certificate of the contract */
        STAGE_ADDRESS,     /* … from an address that is not allowed */
        STAGES
};

enum { GATE_FRESH_MS = 15 * 60 * 1000 };

typedef rc (*route_handler)(struct cx *cx, const struct http_req *req, struct http_res *res);

struct route {
        enum http_method method;
        const char *path;           /* "/registers/{register}/records/{id}" */
        enum permission permission; /* PERM_NONE: any account; PERM_PUBLIC: no session needed; asked of {register} when the path has one */
        enum log_verb verb;         /* LOG_NOTHING only for static pages without data */
        size_t body_max;            /* bytes; 0: no body */
        enum rate rate;
        route_handler handler;
        const char *summary;     /* one English sentence; also the key of its translation */
        const struct shape *in;  /* body (or query) it reads; NULL: none, or made from a register definition */
        const struct shape *out; /* model it replies with; NULL: likewise */
        enum face face;
        int64_t file_max; /* > 0: may receive files up to this size */
        bool anywhere;    /* of a permission that concerns registers: held for one of them is enough; the handler shows no others */
        unsigned stages;  /* 1 << stage of each stage before STAGE_FULL at which it can be reached; 0: none */
        bool contact;     /* hands out files that may hold nothing but contact details: the handler looks who sits at a device of their own */
        bool fresh;       /* dangerous: a person must have proven who they are within GATE_FRESH_MS */
        /* Its refusals speak another standard's words: adds to the problem document, sets status and headers; false: told as all others. A route with one
         * reads Authorization itself: what stands there is no key of ours. */
        bool (*refuse)(const struct cx *cx, const struct http_req *req, rc code, json_t *model, struct http_res *res);
};

#define ROUTE(method_, path_, permission_, verb_, body_, rate_, handler_, summary_, ...)                                                             \
        {                                                                                                                                            \
                .method = HTTP_##method_, .path = (path_), .permission = (permission_), .verb = (verb_), .body_max = (body_), .rate = RATE_##rate_,  \
                .handler = (handler_), .summary = (summary_), ##__VA_ARGS__                                                                          \
        }
#define ROUTE_END                                                                                                                                    \
        {                                                                                                                                            \
                .path = NULL                                                                                                                         \
        }

#endif
