/* account.h - accounts of the tenant entered: who they are, which groups they are in, whether they may come in.
 *
 * Rules that hold on every path: nobody gives permissions they do not hold, nor changes an account that holds more than they do (else a password reset
 * would be a way up); somebody who may manage accounts is always left; whoever is suspended or erased is out at once, with sessions, keys and jobs. */
#ifndef DAICHO_IDENTITY_ACCOUNT_H
#define DAICHO_IDENTITY_ACCOUNT_H

#include "base/json.h"

enum { ACCOUNT_FIRST_DAYS = 7 }; /* how long a first password that was mailed can be used */

/* Models: {id, login, name, email, lang, theme, state active | suspended, version, groups: [id…], group_names, permissions: [word…],
 * permission_list: [{name, title, help}], grants: [word…], denials: [word…], factor_required, suspended_for, person_id, person (name),
 * sessions, failures, locked_at, created_at, approved_at (null: made without a request), last_login_at}; a list: {accounts: […], next: cursor | null}. */
/* query: {q (part of login or name), state, after (cursor), limit}. */
rc account_list(struct cx *cx, const json_t *query, json_t **ret) MUST_USE;
rc account_get(struct cx *cx, int64_t id, json_t **ret) MUST_USE;
/* By log-in name. RC_UNKNOWN. */
rc account_find(struct cx *cx, str login, int64_t *ret_id) MUST_USE;

/* in: {login, name, email, lang, groups: [id…], password, must_change, person_id (0 or missing: a person is made with it; one that has an account:
 * RC_CONFLICT)}. Auth process or command. Without password a system-made one is in *ret_password, to be shown once; else *ret_password is absent. Both must
 * be changed at the first log-in when the policy says so (but for one that the operator chose), or when `must_change` does. */
rc account_create(struct cx *cx, const json_t *in, json_t **ret, str *ret_password) MUST_USE;
/* in: members that change, of {login, name, email, lang, theme, state, groups, grants, denials}. RC_STALE, RC_FORBIDDEN, RC_CONFLICT. */
rc account_update(struct cx *cx, int64_t id, int64_t version, const json_t *in, json_t **ret_before, json_t **ret) MUST_USE;
/* What it may and why, as a form (permission_grid): from its groups, given to it, denied it. */
rc account_grid(struct cx *cx, int64_t id, json_t **ret) MUST_USE;
rc account_erase(struct cx *cx, int64_t id, int64_t version, json_t **ret_before) MUST_USE;
/* Language and look of the caller's own account: {lang, theme}. */
rc account_update_own(struct cx *cx, const json_t *in, json_t **ret_before, json_t **ret) MUST_USE;

/* Reset by somebody who manages accounts: to `password`, or (absent) to a system-made one in *ret_password; to be changed as above, or when `change` says
 * so. Ends the account's sessions and its lock. Auth process or command. */
rc account_password_reset(struct cx *cx, int64_t id, str password, bool change, str *ret_password) MUST_USE;
/* A system-made first password that was sent away: not used within ACCOUNT_FIRST_DAYS, it is worth nothing. */
rc account_password_expire(struct cx *cx, int64_t id) MUST_USE;
/* After a reinstatement (person.h), whose rules have been asked: a system-made one, to be changed at the first log-in. Auth process or command. */
rc account_password_renew(struct cx *cx, int64_t id, str *ret_password) MUST_USE;
/* For requests for rights (access.h): login, name, email of `in` checked, and put into `ret`; RC_CONFLICT when the log-in name is taken. And the
 * system-made password of an account that was made by one: absent when the contract keeps none. Auth process. */
rc account_identity_read(struct cx *cx, const json_t *in, json_t *ret) MUST_USE;
rc account_password_first(struct cx *cx, int64_t id, str *ret_password) MUST_USE;
/* The caller's own, in two steps: may it be the next one; and, when the current one was proven (session_again_verify), the change, which ends the caller's
 * other sessions. Auth process. */
rc account_password_check(struct cx *cx, str current, str next) MUST_USE;
rc account_password_change(struct cx *cx, str next) MUST_USE;

/* After too many wrong passwords: it may try again. */
rc account_unlock(struct cx *cx, int64_t id, json_t **ret_before, json_t **ret) MUST_USE;

/* For the rest of this room: RC_FORBIDDEN when this account holds more than the caller does; RC_UNKNOWN. */
rc account_above(struct cx *cx, int64_t id) MUST_USE;
/* For the rest of this room: changes of accounts and groups happen one after the other, so that two cannot remove each other's last manager. */
rc account_queue_up(struct cx *cx) MUST_USE;
/* After a change of something that held `before`: RC_CONFLICT when it took away the last who may manage accounts. */
rc account_manager_left(struct cx *cx, const struct rights *before) MUST_USE;

#endif
