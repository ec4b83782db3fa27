/* clock_rule.h - what a definition says of its clocks: when one starts, what stops it, how long it has, who is told when. Read with the definition, kept as
 * rows of daicho.clock_rule by the define job, and at work in a trigger of the register (clock_trigger.c). */
#ifndef DAICHO_REGISTER_CLOCK_RULE_H
#define DAICHO_REGISTER_CLOCK_RULE_H

#include "register/definition_member.h"
#include "register/sql.h"

/* clang-format off */
enum { CLOCK_RULES_MAX = 20, CLOCK_RULE_STEPS_MAX = 10, CLOCK_RULE_TO_MAX = 10, CLOCK_RULE_SINCE_MAX = 5, CLOCK_RULE_TIMES_MAX = 100, CLOCK_RULE_YEARS_MAX = 10 };
/* clang-format on */

struct condition;

/* Something that is so or not: an item is set, or a condition is met; neither: always (start), never (stop). */
struct clock_event {
        const struct item *item;
        struct condition *condition;
};

struct clock_rule {
        str name;
        str title[2];
        struct clock_event start, stop;
        struct condition *only; /* it runs while this is so; NULL: always */
        const struct item *since[CLOCK_RULE_SINCE_MAX];
        size_t since_count;
        bool later; /* records: new. Those that were there before the clock never begin */
        json_t *
            rule; /* as daicho.clock_rule keeps it: {unit, count, calendar, group, records, ladder: [{base start | due, minutes, every, times, to, notice}]} */
};

/* The members `within` and `calendar` of this place: unit, count and calendar of the rule; for moves and rounds, too. days: a calendar may be named for days alone. */
void clock_rule_within(struct reading *r, const struct place *at, bool days, json_t *rule);
/* The member `ladder`. */
void clock_rule_ladder(struct reading *r, const struct place *at, json_t *rule);
/* A condition that asks for values of the record alone: triggers see records change, not days pass. */
void clock_rule_condition(struct reading *r, const struct place *at, const char *member, struct condition **ret);
/* The member `clocks` of a definition whose items are read; every mistake with its line. */
void clock_rule_read(struct reading *r, const struct place *at);

#endif
