/* access.h - requests for rights: somebody asks (for whom, what for, how far, until when), another person approves, and only then anything changes; what
 * was given for a time goes by itself. The rules stand in schema/0018_access_request.sql; where the contract wants it (policy.access_approval) the
 * database lets rights change in no other way. */
#ifndef DAICHO_IDENTITY_ACCESS_H
#define DAICHO_IDENTITY_ACCESS_H

#include "base/json.h"

enum { ACCESS_DAYS_MAX = 366, ACCESS_WAIT_DAYS = 14 };

/* A request: {id, kind account | rights | removal | group, state asked | approved | refused | withdrawn | expired, account_id, person_id, login, name,
 * email, group_id, group_name, purpose, ends_on (last day) | null, employed, asked_by, asked_at, decided_by, decided_at, why_refused, ended_at, gains,
 * mine (asked by the caller), own (about the caller), may_decide, may_withdraw, groups: [{id, name, help: [title…], is_new, is_kept, is_gone, given}],
 * grants: [{word, title, is_new, given}], gained, lost, kept: permission_titles}. */
/* scope: waiting | mine | decided; before 0: from the newest. {requests: […], next: id | null}. */
rc access_list(struct cx *cx, const char *scope, int64_t before, int64_t limit, json_t **ret) MUST_USE;
/* RC_UNKNOWN, also for who neither asked, nor is meant, nor approves, nor manages accounts. */
rc access_get(struct cx *cx, int64_t id, json_t **ret) MUST_USE;
/* The person who asked, for a message to them; 0: nobody. */
rc access_asked_person(struct cx *cx, const json_t *request, int64_t *ret) MUST_USE;
/* {approval, approvers}. */
rc access_rules(struct cx *cx, json_t **ret) MUST_USE;

/* in: {kind, account_id or login (rights, removal; none: the caller's own), login, name, email, person_id (account), group_id, permissions (group),
 * groups, grants, denials (not given: as now), purpose, ends_on, employed}. RC_INVALID, RC_FORBIDDEN, RC_CONFLICT. */
rc access_ask(struct cx *cx, const json_t *in, json_t **ret) MUST_USE;
/* narrow: {groups, grants: what of the gain is given; not given: all}. *ret_password: of a new account, when the contract keeps passwords; absent
 * otherwise. *ret_account 0: removed, or about a group. Auth process. */
rc access_approve(struct cx *cx, int64_t id, const json_t *narrow, int64_t *ret_account, str *ret_password) MUST_USE;
rc access_refuse(struct cx *cx, int64_t id, str why) MUST_USE;
rc access_withdraw(struct cx *cx, int64_t id) MUST_USE;

/* For the jobs processes: the next request about which something is due (outside any tenant), and doing it (inside; *ret NULL: done meanwhile):
 * {id, what expired | warned | ended, kind, login, name, asked_person, person_id, ends_on, groups: [name], grants: [word]}. */
rc access_next(struct cx *cx, int64_t after, str *ret_tenant, int64_t *ret_id) MUST_USE;
rc access_turn(struct cx *cx, int64_t id, json_t **ret) MUST_USE;

#endif
