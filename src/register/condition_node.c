/* condition_node.c - see condition_node.h. How to add an operator: its name in enum op, a line here, its SQL in leaf_sql of
 * condition_sql.c. */
#include "base/house.h"

#include "register/condition_node.h"

#include "register/item.h"

enum {
        TEXTUAL = 1 << ITEM_TEXT | 1 << ITEM_KANA | 1 << ITEM_EMAIL | 1 << ITEM_TELEPHONE | 1 << ITEM_POSTAL_CODE | 1 << ITEM_URL | 1 << ITEM_COMPUTED
};
enum {
        DATES = 1 << ITEM_DATE | 1 << ITEM_DATETIME,
        ORDERED = 1 << ITEM_INTEGER | 1 << ITEM_DECIMAL | DATES,
        ALL_TYPES = (1 << ITEM_TYPES) - 1,
        SINGLE = ALL_TYPES & ~(1 << ITEM_CHOICES | 1 << ITEM_FILE)
};
enum { LISTED = TEXTUAL | 1 << ITEM_CHOICE | 1 << ITEM_INTEGER | 1 << ITEM_DECIMAL | 1 << ITEM_REFERENCE | 1 << ITEM_ACCOUNT };

/* clang-format off */
const struct condition_operator condition_node_ops[OPS] = {
        [OP_EQ] = { "eq", '1', OF_ITEM, SINGLE, { "が次と等しい", "is" }, { "%1$sが%2$s", "%1$s is %2$s" }, { NULL } },
        [OP_NE] = { "ne", '1', OF_ITEM, SINGLE, { "が次と異なる", "is not" }, { "%1$sが%2$s以外", "%1$s is not %2$s" }, { NULL } },
        [OP_IN] = { "in", 'n', OF_ITEM, LISTED, { "が次のいずれか", "is one of" }, { "%1$sが%2$sのいずれか", "%1$s is one of %2$s" }, { NULL }, { "%1$sが%2$s", "%1$s is %2$s" } },
        [OP_NOT_IN] = { "not_in", 'n', OF_ITEM, LISTED, { "が次のどれでもない", "is none of" }, { "%1$sが%2$sのどれでもない", "%1$s is none of %2$s" }, { NULL } },
        [OP_LT] = { "lt", '1', OF_ITEM, ORDERED, { "が次より小さい・前", "is below, before" }, { "%1$sが%2$sより小さい", "%1$s is below %2$s" }, { "%1$sが%2$sより前", "%1$s is before %2$s" } },
        [OP_LE] = { "le", '1', OF_ITEM, ORDERED, { "が次以下・以前", "is at most, until" }, { "%1$sが%2$s以下", "%1$s is at most %2$s" }, { "%1$sが%2$s以前", "%1$s is %2$s or before" } },
        [OP_GT] = { "gt", '1', OF_ITEM, ORDERED, { "が次より大きい・後", "is above, after" }, { "%1$sが%2$sより大きい", "%1$s is above %2$s" }, { "%1$sが%2$sより後", "%1$s is after %2$s" } },
        [OP_GE] = { "ge", '1', OF_ITEM, ORDERED, { "が次以上・以降", "is at least, from" }, { "%1$sが%2$s以上", "%1$s is at least %2$s" }, { "%1$sが%2$s以降", "%1$s is %2$s or after" } },
        [OP_BETWEEN] = { "between", '2', OF_ITEM, ORDERED, { "が次の範囲", "is between" }, { "%1$sが%2$sから%3$sまで", "%1$s is between %2$s and %3$s" }, { NULL } },
        [OP_CONTAINS] = { "contains", '1', OF_TEXT, TEXTUAL, { "が次を含む", "contains" }, { "%1$sに「%2$s」を含む", "%1$s contains “%2$s”" }, { NULL } },
        [OP_NOT_CONTAINS] = { "not_contains", '1', OF_TEXT, TEXTUAL, { "が次を含まない", "does not contain" }, { "%1$sに「%2$s」を含まない", "%1$s does not contain “%2$s”" }, { NULL } },
        [OP_STARTS] = { "starts", '1', OF_TEXT, TEXTUAL, { "が次で始まる", "starts with" }, { "%1$sが「%2$s」で始まる", "%1$s starts with “%2$s”" }, { NULL } },
        [OP_ENDS] = { "ends", '1', OF_TEXT, TEXTUAL, { "が次で終わる", "ends with" }, { "%1$sが「%2$s」で終わる", "%1$s ends with “%2$s”" }, { NULL } },
        [OP_EMPTY] = { "empty", '0', OF_ITEM, ALL_TYPES, { "が未入力", "is empty" }, { "%1$sが未入力", "%1$s is empty" }, { NULL } },
        [OP_NOT_EMPTY] = { "not_empty", '0', OF_ITEM, ALL_TYPES, { "が入力済み", "is not empty" }, { "%1$sが入力済み", "%1$s is not empty" }, { NULL } },
        [OP_LAST_DAYS] = { "last_days", '1', OF_NUMBER, DATES, { "が過去の次の日数以内", "was in the last days:" }, { "%1$sが過去%2$s日以内", "%1$s was in the last %2$s days" }, { NULL }, .moving = true },
        [OP_NEXT_DAYS] = { "next_days", '1', OF_NUMBER, DATES, { "が今後の次の日数以内", "is in the next days:" }, { "%1$sが今後%2$s日以内", "%1$s is in the next %2$s days" }, { NULL }, .moving = true },
        [OP_MONTH_IS] = { "month_is", '1', OF_NUMBER, DATES, { "が次の月（年は問わない）", "is in month (any year):" }, { "%1$sが%2$s月（年は問わない）", "%1$s is in month %2$s of any year" }, { NULL }, .max = 12 },
        [OP_THIS_MONTH] = { "this_month", '0', OF_ITEM, DATES, { "が今月", "is this month" }, { "%1$sが今月", "%1$s is this month" }, { NULL }, .moving = true },
        [OP_LAST_MONTH] = { "last_month", '0', OF_ITEM, DATES, { "が先月", "was last month" }, { "%1$sが先月", "%1$s was last month" }, { NULL }, .moving = true },
        [OP_THIS_YEAR] = { "this_year", '0', OF_ITEM, DATES, { "が今年", "is this year" }, { "%1$sが今年", "%1$s is this year" }, { NULL }, .moving = true },
        [OP_DAYS_AGO] = { "days_ago", '1', OF_NUMBER, DATES, { "が次の日数前", "was so many days ago:" }, { "%1$sが%2$s日前", "%1$s was %2$s days ago" }, { NULL }, .moving = true },
        [OP_DAYS_AHEAD] = { "days_ahead", '1', OF_NUMBER, DATES, { "が次の日数後", "is so many days ahead:" }, { "%1$sが%2$s日後", "%1$s is %2$s days ahead" }, { NULL }, .moving = true },
        [OP_ANNIVERSARY_NEXT] = { "anniversary_next", '1', OF_NUMBER, DATES, { "の記念日（年は問わない）が今後の次の日数以内", "comes round (any year) in the next days:" }, { "%1$sの記念日（年は問わない）が今後%2$s日以内", "%1$s comes round (any year) in the next %2$s days" }, { NULL }, .max = 365, .moving = true },
        [OP_ANNIVERSARY_MONTH] = { "anniversary_month", '0', OF_ITEM, DATES, { "の月が今月（年は問わない）", "is in this month of any year" }, { "%1$sの月が今月（年は問わない）", "%1$s is in this month of any year" }, { NULL }, .moving = true },
        [OP_HAS_ANY] = { "has_any", 'n', OF_ITEM, 1 << ITEM_CHOICES, { "に次のいずれかを含む", "has any of" }, { "%1$sに%2$sのいずれかを含む", "%1$s has any of %2$s" }, { NULL }, { "%1$sに%2$sを含む", "%1$s has %2$s" } },
        [OP_HAS_ALL] = { "has_all", 'n', OF_ITEM, 1 << ITEM_CHOICES, { "に次のすべてを含む", "has all of" }, { "%1$sに%2$sのすべてを含む", "%1$s has all of %2$s" }, { NULL }, { "%1$sに%2$sを含む", "%1$s has %2$s" } },
        [OP_HAS_NONE] = { "has_none", 'n', OF_ITEM, 1 << ITEM_CHOICES, { "に次のどれも含まない", "has none of" }, { "%1$sに%2$sのどれも含まない", "%1$s has none of %2$s" }, { NULL }, { "%1$sに%2$sを含まない", "%1$s does not have %2$s" } },
        [OP_IS_ME] = { "is_me", '0', OF_ITEM, 1 << ITEM_ACCOUNT, { "が自分", "is me" }, { "%1$sが自分", "%1$s is me" }, { NULL } },
        [OP_IS_NOT_ME] = { "is_not_me", '0', OF_ITEM, 1 << ITEM_ACCOUNT, { "が自分以外", "is not me" }, { "%1$sが自分以外", "%1$s is not me" }, { NULL } },
};
/* clang-format on */

const char *const condition_node_groups[] = { "all", "any", "none" };

#define TITLES(ja, en)                                                                                                                               \
        {                                                                                                                                            \
                { (ja), sizeof(ja) - 1 },                                                                                                            \
                {                                                                                                                                    \
                        (en), sizeof(en) - 1                                                                                                         \
                }                                                                                                                                    \
        }
const struct item condition_node_system[CONDITION_SYSTEM_ITEMS] = {
        { .name = { "id", 2 }, .type = ITEM_INTEGER, .title = TITLES("番号", "Number"), .min = 0, .max = INT64_MAX },
        { .name = { "created_at", 10 }, .type = ITEM_DATE, .title = TITLES("登録日", "Created on") },
        { .name = { "updated_at", 10 }, .type = ITEM_DATE, .title = TITLES("更新日", "Updated on") },
};
