/* unit.h - one request on its way through the gate: what the steps have found out so far. Private to this room. */
#ifndef DAICHO_GATE_UNIT_H
#define DAICHO_GATE_UNIT_H

#include "gate/gate.h"

struct entrance;
struct rows;

struct unit {
        struct http_req *req;
        enum face face;
        str path;                  /* within the house, without /api/v1 */
        const struct route *route; /* NULL: not found yet */
        char allow[64];            /* methods this address takes, after RC_METHOD */
        bool htmx;                 /* part of a page was asked for */
        str cookie;                /* session cookie; absent */
        str key;                   /* API key; absent */
        bool entered;              /* the tenant's role is taken in this transaction */
        str theme;
        enum stage stage;
        msec proven;            /* when the person last proved who they are */
        struct entrance *guess; /* entered on a guess that has not been confirmed; NULL: entered, or not at all */
        struct rows *found;     /* what the look-up behind the guess gave, once it has come back */
};

extern const struct gate_hooks *unit_hooks;
extern enum pool unit_pool;

#endif
