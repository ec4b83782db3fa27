/* department.h - departments of the tenant entered: people belong to one, permission groups may. What follows from that - a group of a department is
 * held by its people only, a transfer takes it away - is the database's (schema/0020_department.sql). */
#ifndef DAICHO_IDENTITY_DEPARTMENT_H
#define DAICHO_IDENTITY_DEPARTMENT_H

#include "base/json.h"

enum { DEPARTMENT_NAME_MAX = 100 };

/* Models: {id, name, administers, version, people, groups: "names"}; a list: {departments: […]}. */
rc department_list(struct cx *cx, json_t **ret) MUST_USE;
rc department_get(struct cx *cx, int64_t id, json_t **ret) MUST_USE;
/* in: {name, administers}. RC_INVALID, RC_CONFLICT (name taken, or administering words are held elsewhere). */
rc department_create(struct cx *cx, const json_t *in, json_t **ret) MUST_USE;
/* in: members that change. Renaming moves nobody: rights stay as they are. */
rc department_update(struct cx *cx, int64_t id, int64_t version, const json_t *in, json_t **ret_before, json_t **ret) MUST_USE;
/* Its people and groups are those of `into` (a name) from now on; nobody loses or gains a right. {name, into, people, groups: [names]}. */
rc department_merge(struct cx *cx, int64_t id, str into, json_t **ret) MUST_USE;
/* RC_CONFLICT while people or groups are in it. */
rc department_retire(struct cx *cx, int64_t id, json_t **ret) MUST_USE;

/* Member `item` of in: a name; empty or null: none (0). Not there: *ret stays. RC_INVALID for one that does not exist. */
rc department_read(struct cx *cx, const json_t *in, const char *item, int64_t *ret) MUST_USE;

#endif
