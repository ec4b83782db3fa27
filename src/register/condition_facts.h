/* condition_facts.h - what a condition depends on. */
#ifndef DAICHO_REGISTER_CONDITION_FACTS_H
#define DAICHO_REGISTER_CONDITION_FACTS_H

#include "register/condition.h"

struct condition_facts {
        bool personal; /* names a personal item, here or in a history */
        bool moving;   /* means something else tomorrow */
        bool heavy;    /* folds text: costs far more a record than the others */
        bool history;  /* looks into a history */
        bool asker;    /* means something else for each who asks */
};

/* NULL: every record. Segments inside count as what they say. */
struct condition_facts condition_facts(const struct condition *condition);
/* Does it look into this history? */
bool condition_facts_about(const struct condition *condition, str history);
/* The segment it is, when it is nothing but one; 0. */
int64_t condition_facts_segment(const struct condition *condition);
/* What its segments say now: [{id, name, condition}], the outer ones first; NULL: it names none. Whoever confirms or logs a condition keeps this with it. */
json_t *condition_facts_means(const struct condition *condition);

#endif
