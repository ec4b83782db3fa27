/* condition_node.h - for the files of conditions only: a condition as it was read, and the table of operators.
 * condition_parse.c makes the nodes, condition_sql.c and condition_sentence.c read them. */
#ifndef DAICHO_REGISTER_CONDITION_NODE_H
#define DAICHO_REGISTER_CONDITION_NODE_H

#include "register/condition.h"

/* clang-format off */
enum op { OP_EQ, OP_NE, OP_IN, OP_NOT_IN, OP_LT, OP_LE, OP_GT, OP_GE, OP_BETWEEN, OP_CONTAINS, OP_NOT_CONTAINS, OP_STARTS, OP_ENDS, OP_EMPTY,
          OP_NOT_EMPTY, OP_LAST_DAYS, OP_NEXT_DAYS, OP_MONTH_IS, OP_THIS_MONTH, OP_LAST_MONTH, OP_THIS_YEAR,
          OP_HAS_ANY, OP_HAS_ALL, OP_HAS_NONE, OP_IS_ME, OP_IS_NOT_ME, OP_DAYS_AGO, OP_DAYS_AHEAD, OP_ANNIVERSARY_NEXT, OP_ANNIVERSARY_MONTH, OPS };
/* clang-format on */

/* What the value is: one of the item's, a piece of text, or a number of its own. */
enum operand { OF_ITEM, OF_TEXT, OF_NUMBER };

/* sentence: %1$s the item, %2$s the value, %3$s the second one. date: the same where days are compared; NULL: no
 * difference. one: the same with a single value of several that there may be. */
struct condition_operator {
        const char *name;
        char arity;
        enum operand operand;
        int types;
        const char *title[2];
        const char *sentence[2];
        const char *date[2];
        const char *one[2];
        int max;     /* OF_NUMBER: 36500 unless told */
        bool moving; /* what it means depends on the day */
};
extern const struct condition_operator condition_node_ops[OPS];

enum kind { ALL, ANY, NONE, LEAF, HISTORY, SEGMENT };
/* How many entries of a history: at least one unless told. */
enum amount { AMOUNT_SOME, AMOUNT_AT_LEAST, AMOUNT_AT_MOST, AMOUNT_EXACTLY };
extern const char *const condition_node_groups[NONE + 1];

struct condition {
        enum kind kind;
        struct condition **list;
        size_t count; /* groups and history; a segment: 1, what it means */
        const struct item *item;
        bool system;
        struct item day; /* of an instant: it is compared by its day in Tokyo */
        enum op op;
        str *values;
        size_t value_count;      /* stored form; text pieces as given */
        str *names;              /* accounts: what people call them */
        struct search_word word; /* OF_TEXT; folded by condition_read */
        const char *path;
        const struct definition *history;
        enum amount amount;
        int64_t amount_of;
        int64_t within_days;     /* of a history, today included; 0: whenever */
        const struct item *when; /* the day that is meant; NULL: created_at */
        int64_t segment;
        str segment_name, segment_means; /* the condition that is saved, as JSON */
};

/* How many entries of the history meet it: an expression over alias r. */
void condition_sql_entries(struct sql *sql, const struct condition *history);
void condition_sql_column(struct sql *sql, const struct condition *leaf); /* what it compares, over alias r */

/* id, created_at and updated_at. */
enum { CONDITION_SYSTEM_ITEMS = 3 };
extern const struct item condition_node_system[CONDITION_SYSTEM_ITEMS];

#endif
