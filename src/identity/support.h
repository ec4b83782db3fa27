/* support.h - support by the operator. Operators are accounts of a contract of their own kind; into another contract they come by a grant only:
 * asked for with a reason, approved there, for a time, to read. The rules stand in schema/0015_support.sql; here is the way to them. */
#ifndef DAICHO_IDENTITY_SUPPORT_H
#define DAICHO_IDENTITY_SUPPORT_H

#include "base/json.h"

/* One grant: {id, tenant, operator, reason, personal, minutes, state asked | open | over | ended | refused | stale, asked_at, approved_by, approved_at,
 * ends_at, ended_at, refused_by, mine}. */

/* Of the contract entered, newest first: {grants: […]}. */
rc support_list(struct cx *cx, json_t **ret) MUST_USE;
/* For its holders of support.approve. RC_CONFLICT: it is not waiting (any more); asked for more than 7 days ago counts as not waiting. */
rc support_approve(struct cx *cx, int64_t id) MUST_USE;
/* By the contract, or by the operator who asked: refused, given back or cut short. RC_CONFLICT: it is over. */
rc support_end(struct cx *cx, int64_t id) MUST_USE;

/* For operators. {contracts: [{name, title, state, lang, created_at, accounts, sessions, jobs, bytes}], grants: […] of all operators}. */
rc support_overview(struct cx *cx, json_t **ret) MUST_USE;
/* in: {tenant, reason, minutes 5..480, personal}. RC_UNKNOWN: there is no such contract. */
rc support_ask(struct cx *cx, const json_t *in, int64_t *ret_id) MUST_USE;
/* The caller's session works in the contract from its next request on, until it leaves or the time is over. RC_CONFLICT: the grant is not open. */
rc support_enter(struct cx *cx, int64_t id) MUST_USE;
/* Back; called inside the other contract. RC_CONFLICT: the session is not in one. */
rc support_leave(struct cx *cx) MUST_USE;

#endif
