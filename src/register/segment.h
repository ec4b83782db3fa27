/* segment.h - a condition of a register, saved under a name: listed with its count, used wherever a condition is (condition.h), explained for one record.
 * How the count is always there: segment_build.h and doc/segments.md.
 *
 * A segment is its owner's, or shared with everybody who may read the register. Its owner changes it, a shared one also who may define the register, who
 * finds those of accounts that are gone as well. It
 * is seen by who may see all it asks about; by accounts that may not see personal items the database shows none that names one. */
#ifndef DAICHO_REGISTER_SEGMENT_H
#define DAICHO_REGISTER_SEGMENT_H

#include "register/definition.h"

enum { SEGMENT_MAX = 50, SEGMENT_NAME_MAX = 60, SEGMENT_TEXT_MAX = 1000, SEGMENT_SIZE_MAX = 4096 };

struct segment_order {
        int64_t id;      /* 0: a new one */
        int64_t version; /* of the one that is changed */
        str name;        /* absent: as it is */
        str description; /* likewise */
        bool shared, shared_given;
        str condition; /* JSON text; absent: as it is */
};

/* Model of one: {id, version, name, description, owner, mine, shared, may_change, condition, sentence, personal, moving, count, counting (the number is of
 * before), broken, counted_at, checked_at, drift}. count null: not counted yet, or broken. */
/* {register: definition, segments: […], full} */
rc segment_list(struct cx *cx, str register_name, json_t **ret) MUST_USE;
/* {register, segment, days: [{day, count}]}; RC_UNKNOWN. */
rc segment_get(struct cx *cx, str register_name, int64_t id, json_t **ret) MUST_USE;
/* Those that can stand in another condition, without this one: [{id, name}]. */
rc segment_options(struct cx *cx, const struct definition *def, int64_t without, json_t **ret) MUST_USE;
/* The form of a new one: {register, condition, sentence}. */
rc segment_new(struct cx *cx, str register_name, str condition, json_t **ret) MUST_USE;
/* RC_STALE: somebody else changed it. Counting starts after the caller's commit. */
rc segment_save(struct cx *cx, str register_name, const struct segment_order *order, int64_t *ret_id) MUST_USE;
rc segment_erase(struct cx *cx, str register_name, int64_t id, int64_t version) MUST_USE;

/* Which of them a record is in: {segments: [{id, name, shared, in}]}. */
rc segment_of(struct cx *cx, str register_name, int64_t record, json_t **ret) MUST_USE;
/* Why it is, or is not: {register, segment, about: {id, heading} of the record, in, nodes: [condition_why.h]}. */
rc segment_why(struct cx *cx, str register_name, int64_t id, int64_t record, json_t **ret) MUST_USE;
/* The count, when it is known in this moment; *ret_known false otherwise. */
rc segment_count(struct cx *cx, const struct definition *def, int64_t id, int64_t *ret, bool *ret_known) MUST_USE;

#endif
