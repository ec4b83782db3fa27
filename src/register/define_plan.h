/* define_plan.h - what a new definition changes, and what would be lost by it. Private to define.c, define_aside.c and define_laid.c. */
#ifndef DAICHO_REGISTER_DEFINE_PLAN_H
#define DAICHO_REGISTER_DEFINE_PLAN_H

#include "register/define.h"

/* An item of the wanted definition. */
struct define_item {
        const struct item *was; /* NULL: it is new, or comes back */
        bool computed;          /* it has no column */
        bool retype;            /* its values are converted */
        int64_t laid;           /* it comes back: daicho.define */
        int64_t values, unfit;  /* retype: how many there are, how many of them have no place in the new type */
};

struct define_plan {
        const struct definition *old; /* NULL: a new register */
        const struct definition *wanted;
        struct define_item *items; /* by number in wanted */
        int64_t *records;          /* by number in old, of items that go: records that lose a value */
        bool search;               /* the search column changes */
        bool aside;                /* something must be made beside the table first */
        json_t *model;
};

enum { DEFINE_STEP = 5000, DEFINE_TOLD = 20 };

/* look: values are counted and tried; needs the right to read them. back: name of a deleted item that may come back; absent. */
rc define_plan_make(struct cx *cx, const struct definition *wanted, str back, bool look, struct define_plan **ret) MUST_USE;
/* Nothing is lost that was not named: RC_CONFLICT. */
rc define_plan_loss(struct cx *cx, const struct define_plan *p, const struct define_wish *wish) MUST_USE;

/* The item of the other definition that is the same one, whatever it is called; NULL. */
const struct item *define_plan_becomes(const struct definition *old, const struct definition *wanted, const struct item *was);
bool define_plan_searchable(const struct definition *def);
bool define_plan_indexed(const struct definition *def, const struct item *item); /* by an index that is not unique */
/* A stored value of one type in that of another. */
enum item_reason define_plan_convert(struct arena *mem, enum lang lang, const struct item *from, const struct item *to, str stored, str *ret);

#endif
