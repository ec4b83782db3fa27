/* merge.h - two records of a register made one: looked at side by side, a value chosen for each item, what refers to the one that goes moved to the one
 * that stays; one transaction, one entry in the log. Taken back: merge_undo.h. What the records held before stands in tenant.change; here are only numbers.
 * For accounts that see personal items only. For people: doc/duplicates.md. */
#ifndef DAICHO_REGISTER_MERGE_H
#define DAICHO_REGISTER_MERGE_H

#include "register/record.h"

enum { MERGE_UNDO_DAYS = 30, MERGE_LIMIT = 50 };

struct merge_order {
        str register_name;
        int64_t survivor, gone;                 /* numbers of records */
        int64_t survivor_version, gone_version; /* as they were looked at */
        const json_t *take;                     /* names of the items whose value comes from the record that goes; NULL: as merge_plan() proposes */
};

/* Side by side; changes nothing: {register: definition, survivor: record, gone: record (id, version, heading, created_at, updated_at), items: [{name, title,
 * survivor, gone, survivor_text, gone_text, same, take: from the one that goes, fixed: cannot be chosen, reason: same | only | newest | strictest}],
 * references: [{register, title, item, count}], why: [title of a rule], blocked: there is a register this account may not write in}. */
rc merge_plan(struct cx *cx, str register_name, int64_t survivor, int64_t gone, json_t **ret) MUST_USE;
/* RC_FORBIDDEN without the rights to write and delete here, and to write where references move; RC_STALE when a record is not as it was looked at. */
rc merge_do(struct cx *cx, const struct merge_order *order, int64_t *ret_merge) MUST_USE;

/* Where a record that is gone went: the record it lives on in; 0: nowhere. For masked accounts too. */
rc merge_way(struct cx *cx, str register_name, int64_t record, int64_t *ret) MUST_USE;

/* Shared with merge_undo.c: a literal; the column of an item behind one. */
void merge_text(struct sql *sql, const char *literal);
void merge_column(struct sql *sql, const char *alias, const struct item *item);

#endif
