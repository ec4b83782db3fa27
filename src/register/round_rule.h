/* round_rule.h - what a definition says of its rounds: work that comes again, for each record of a condition or once for the register. Read with the
 * definition, kept as rows of daicho.clock_rule by the define job; periods are made by schema/0048_round.sql. */
#ifndef DAICHO_REGISTER_ROUND_RULE_H
#define DAICHO_REGISTER_ROUND_RULE_H

#include "register/definition_member.h"

/* clang-format off */
enum { ROUND_RULES_MAX = 20, ROUND_RULE_RESULTS_MAX = 10, ROUND_RULE_NOTE_MAX = 2000 };
/* clang-format on */

struct condition;

struct round_rule {
        str name;
        str title[2];
        struct condition *only; /* for the records that meet it; NULL: for each */
        bool once;              /* for the register, whatever its records are */
        const json_t *source;   /* as it stands in the definition */
        /* As daicho.clock_rule keeps it: {unit, count, calendar, group, ladder} of clocks, {once, every: {months, month, day} | {weekdays} | null, rest: {days} |
         * {months} | null, closed: next | before | skip | open (with a calendar), assignee: item:NAME | account:LOGIN, results: [text], note: it must have one} */
        json_t *rule;
};

/* The member `rounds` of a definition whose items are read; every mistake with its line. */
void round_rule_read(struct reading *r, const struct place *at);

#endif
