/* device.h - work devices and how they are protected, as their owners say and another person approves; and incidents, which a loss opens. The rules stand in
 * schema/0025_device.sql. Not an inventory of other things, and not the stop of a person, which person.h does. */
#ifndef DAICHO_IDENTITY_DEVICE_H
#define DAICHO_IDENTITY_DEVICE_H

#include "base/json.h"

/* Models. A device: {id, person_id, owner, kind laptop | desktop | phone | tablet | other, own, name, serial, os, os_version, minimum, lock_method none | password |
 * pin | biometric, lock_minutes, malware, malware_on, malware_scan, malware_update, encrypted, firewall, separation yes | no | null, separation_how, separation_until,
 * evidence, attested_at, state pending | approved | refused | expired | lost | returned, used, decided_by, decided_at, reason, expires_at, version, created_at,
 * missing: [word], deviations: [word], compliant, return_at, overdue, owner_left, declare_at, declaration open | signed | countersigned | null (declaration.h), mine}. An incident: {id, kind theft | loss | leakage, severity medium | high |
 * critical, person_id, person, device_id, device, encrypted, note, reporter, happened_at, reported_at, state open | closed, closed_by, closed_at, closing, mine}. */

/* query: {q, state (also used, deviation, unfit, unreturned, undeclared), kind, after, limit}. {devices: […], next}. */
rc device_list(struct cx *cx, const json_t *query, json_t **ret) MUST_USE;
/* Those of one person: [device]. */
rc device_of_person(struct cx *cx, int64_t person_id, json_t **ret) MUST_USE;
/* {used, waiting, malware, malware_rate, encrypted, encrypted_rate (percent of those in use; null: none), deviating, unfit, people, unfit_people, unreturned, undeclared}. */
rc device_figures(struct cx *cx, json_t **ret) MUST_USE;
/* Whose account is active and who has no device in order: [{person_id, name, login, why none | pending | expired | refused | lost | returned | version}]. */
rc device_without(struct cx *cx, json_t **ret) MUST_USE;
/* [{os, minimum | null, set_by, set_at}] of every system. */
rc device_minimums(struct cx *cx, json_t **ret) MUST_USE;
/* {required, months, lock_strict}. */
rc device_rules(struct cx *cx, json_t **ret) MUST_USE;
/* RC_UNKNOWN. With events: [{what, by, at, note}]. */
rc device_get(struct cx *cx, int64_t id, json_t **ret) MUST_USE;
/* The same when it is a device of whoever asks; of others: RC_UNKNOWN. */
rc device_get_own(struct cx *cx, int64_t id, json_t **ret) MUST_USE;
/* As CSV: what the list would show, all of it. RC_TOO_LARGE. */
rc device_csv(struct cx *cx, const json_t *query, str *ret, int64_t *ret_count) MUST_USE;

/* in: what the owner says of it, members as above. id 0: a new one. For oneself, logged in; an operator for person_id. It waits for approval from then on. */
rc device_attest(struct cx *cx, int64_t id, int64_t version, int64_t person_id, const json_t *in, json_t **ret) MUST_USE;
/* By another person, logged in. RC_CONFLICT: it does not wait, or something is missing (all of it is named); RC_FORBIDDEN: the own one; RC_STALE. */
rc device_approve(struct cx *cx, int64_t id, int64_t version, json_t **ret) MUST_USE;
rc device_refuse(struct cx *cx, int64_t id, int64_t version, str reason, json_t **ret) MUST_USE;
/* Given back, or not used any more. */
rc device_return(struct cx *cx, int64_t id, int64_t version, str note, json_t **ret) MUST_USE;
/* The oldest version of a system that is good enough; absent or empty: any. *ret: the devices that fell below by it. */
rc device_minimum_set(struct cx *cx, str os, str version, json_t **ret) MUST_USE;
/* The account of the owner that can be told something; 0: none. */
rc device_account(struct cx *cx, const json_t *device, int64_t *ret) MUST_USE;

/* The device of this person that is lost: *ret_name is what it is called; id 0: none is named. RC_INVALID (item device_id): it is not theirs. */
rc device_of(struct cx *cx, int64_t person_id, int64_t id, str *ret_name) MUST_USE;
/* The person is out, the incident open, the device lost, in one statement: JSON as daicho.person_stop gives it; absent: no such person. */
rc device_lose(struct cx *cx, int64_t person_id, int64_t id, str what, str name, str note, const msec *at, str *ret) MUST_USE;

/* state absent: any. {incidents: […], next}. */
rc device_incidents(struct cx *cx, str state, int64_t device_id, int64_t before, int limit, json_t **ret) MUST_USE;
rc device_incident(struct cx *cx, int64_t id, json_t **ret) MUST_USE;
/* By somebody logged in whom it is not about. */
rc device_incident_close(struct cx *cx, int64_t id, str closing, json_t **ret) MUST_USE;

/* For the jobs processes. Outside any tenant: the next one; *ret_tenant absent: there is none. */
rc device_next(struct cx *cx, int64_t after, str *ret_tenant, int64_t *ret_id) MUST_USE;
/* Inside it: the device, with tell expiring | unreturned | undeclared; NULL: somebody else has told it meanwhile. */
rc device_tell(struct cx *cx, int64_t id, json_t **ret) MUST_USE;

#endif
