/* person.h - the people behind accounts: one person, one account at most; an account always has its person. Putting somebody out is one function of the
 * database (daicho.person_stop): all or nothing. Letting somebody back takes two people, and is the only way from suspended to active. */
#ifndef DAICHO_IDENTITY_PERSON_H
#define DAICHO_IDENTITY_PERSON_H

#include "base/json.h"

/* Models. A person: {id, name, email, kind officer | employee | temporary | contractor | other, department (its name) | null, state none (no account) | active | leaving | suspended |
 * left, version, created_at, leaves_at, due_at (end of that day in Tokyo), overdue, left_at, keys, certificates, idle_days, dormant, unreturned (devices of the company), return_overdue, complete (of who left: nothing unreturned; else null),
 * account: {id, login, groups, suspended_for leaver | loss | violation | other, suspended_by, suspended_at, last_login_at} | null}. */
/* query: {q, state (also dormant), department (a name; "-": none), after, limit}. {people: […], next: id | null, asks: [{person_id, name, why, asked_by, asked_at}], dormant,
 * dormant_days}. */
rc person_list(struct cx *cx, const json_t *query, json_t **ret) MUST_USE;
/* RC_UNKNOWN. */
rc person_get(struct cx *cx, int64_t id, json_t **ret) MUST_USE;
/* What was done about the person, newest first: {stops: […], asks: […], ask (the open one) | null, sharings: [{id, here, there, at}],
 * alerts: [{id, kind, source, count, at}],
 * transfers: [{from, to, groups, grants (what went), by, at}]}. */
rc person_past(struct cx *cx, int64_t id, json_t **ret) MUST_USE;
/* Whose account; RC_UNKNOWN. */
rc person_of_account(struct cx *cx, int64_t account_id, int64_t *ret) MUST_USE;
rc person_find(struct cx *cx, str login, int64_t *ret) MUST_USE;

/* in: {name, email, kind, department}. */
rc person_create(struct cx *cx, const json_t *in, json_t **ret) MUST_USE;
/* in: members that change, of {name, email, kind, department: name or empty, leaves_at: text (a day: its end in Tokyo; or a time) or empty}. RC_STALE.
 * Into another department: groups of the one left go in the same transaction; *ret_transfer: the transfer as in person_past, or null. */
rc person_update(struct cx *cx, int64_t id, int64_t version, const json_t *in, json_t **ret_before, json_t **ret_transfer, json_t **ret) MUST_USE;

/* in: {reason leaver | loss | violation | other, what theft | loss | leakage, device, device_id (of a loss: from the register), note, at: text as above}. A loss
 * opens an incident in the same transaction. At once; a leaver with a time to come:
 * noted as leaving date. The loss of one's own device needs no permission; everything else person.manage (other: or account.manage).
 * *ret: {id, before, after, took_ms, reported_at, revoked_at; of a loss also incident_id, device_id, device}, or {leaves_at} when it was only noted. RC_CONFLICT: already gone, oneself, or nobody
 * left who manages accounts. */
rc person_stop(struct cx *cx, int64_t id, const json_t *in, json_t **ret) MUST_USE;

/* Back, step 1 (person.manage): why. RC_CONFLICT when the person is not out, or somebody asked already. */
rc person_reinstate_ask(struct cx *cx, int64_t id, str why) MUST_USE;
/* Step 2, by somebody else (a person logged in, or the operator), who holds all that the account holds. *ret: {account_id | null, fresh, reasons};
 * after a loss or leaving (fresh) *ret_password is a system-made one to be shown once. Auth process or command. */
rc person_reinstate_approve(struct cx *cx, int64_t id, json_t **ret, str *ret_password) MUST_USE;
rc person_reinstate_refuse(struct cx *cx, int64_t id) MUST_USE;

/* About an account that has not been used for long: keep it (until as long again has passed), or remove it. */
rc person_decide(struct cx *cx, int64_t id, bool keep, str note) MUST_USE;

/* For the jobs processes. Outside any tenant: the next person after `after` whose leaving date has come; *ret_tenant absent: nobody. */
rc person_leave_next(struct cx *cx, int64_t after, str *ret_tenant, int64_t *ret_id) MUST_USE;
/* Inside it. *ret NULL: somebody else has done it meanwhile. */
rc person_leave(struct cx *cx, int64_t id, json_t **ret) MUST_USE;
/* The same two for log-ins of one account from far apart at the same time (daicho.sharing). *ret: {person_id, login, name, here, there}. */
rc person_sharing_next(struct cx *cx, int64_t after, str *ret_tenant, int64_t *ret_id) MUST_USE;
rc person_sharing_tell(struct cx *cx, int64_t id, json_t **ret) MUST_USE;
/* Outside any tenant: files that were withdrawn go from the disk. */
rc person_files_erase(struct cx *cx) MUST_USE;

#endif
