/* move_rule.h - what a definition says of its moves: from which states of a record to which, who may, what must be filled in first, who must not, whose
 * approvals it needs, and what is frozen while they are waited for. Read with the definition, kept as rows of daicho.move_rule by the define job. */
#ifndef DAICHO_REGISTER_MOVE_RULE_H
#define DAICHO_REGISTER_MOVE_RULE_H

#include "register/definition_member.h"

enum { MOVE_RULES_MAX = 50, MOVE_RULE_WHO_MAX = 20, MOVE_RULE_SETS_MAX = 5, MOVE_RULE_COUNT_MAX = 10, MOVE_RULE_ITEMS_MAX = 200 };

struct move_rule {
        str name;
        str title[2];
        /* As daicho.move_rule keeps it: {from, to, begins, who, required, personal, forbidden, approvals: [{who, count}], freeze, unit, count, calendar} */
        json_t *rule;
};

/* The members `state`, `begins` and `moves` of a definition whose items are read; every mistake with its line. */
void move_rule_read(struct reading *r, const struct place *at);
/* May a new record have this state? */
bool move_rule_begins(const struct definition *def, str value);
/* "未対応, 対応中": the states a new record may have, as people call them. */
str move_rule_begins_text(struct cx *cx, const struct definition *def);

#endif
