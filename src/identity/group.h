/* group.h - permission groups of the tenant entered: a name and a set of permissions; an account may be in several.
 * Nobody makes, changes or removes a group that holds more than they hold themselves. */
#ifndef DAICHO_IDENTITY_GROUP_H
#define DAICHO_IDENTITY_GROUP_H

#include "base/json.h"

/* Models: {id, name, permissions: [word…], permission_list: [{name, title, …}], factor_required, department (its name) | null, held_by_one, version, members};
 * a list: {groups: […]}. */
rc group_list(struct cx *cx, json_t **ret) MUST_USE;
rc group_get(struct cx *cx, int64_t id, json_t **ret) MUST_USE;
/* in: {name, permissions: [word…], factor_required, department (a name or empty), held_by_one}. RC_FORBIDDEN, RC_INVALID, RC_CONFLICT (name taken). */
rc group_create(struct cx *cx, const json_t *in, json_t **ret) MUST_USE;
/* in: members that change. RC_STALE when `version` is not the current one, RC_CONFLICT when nobody would be left to manage accounts. */
rc group_update(struct cx *cx, int64_t id, int64_t version, const json_t *in, json_t **ret_before, json_t **ret) MUST_USE;
/* RC_CONFLICT while an account is in it. */
rc group_erase(struct cx *cx, int64_t id, int64_t version, json_t **ret_before) MUST_USE;

/* What it may, as a form (permission_grid); id 0: a new one. */
rc group_grid(struct cx *cx, int64_t id, json_t **ret) MUST_USE;

/* [{id, login, name, state, person_id, department}], 200 at most: who is in it; and who could come into it (of its department, active). */
rc group_members(struct cx *cx, int64_t id, json_t **ret) MUST_USE;
rc group_candidates(struct cx *cx, int64_t id, json_t **ret) MUST_USE;
/* Of a group held by one: this account gets it, the one before loses it, in one statement. {from: login | null, to: login}. RC_CONFLICT. */
rc group_hand_over(struct cx *cx, int64_t id, str login, json_t **ret) MUST_USE;

/* For the operator's commands: by name. RC_UNKNOWN. */
rc group_find(struct cx *cx, str name, int64_t *ret_id) MUST_USE;
/* What the groups (ids separated by spaces) hold together, and their ids checked. RC_INVALID about `item` for one that is not the tenant's. */
rc group_sum(struct cx *cx, const int64_t *ids, size_t count, const char *item, struct rights *ret_permissions) MUST_USE;

#endif
