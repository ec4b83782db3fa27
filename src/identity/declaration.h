/* declaration.h - leavers and their own devices: that data and accounts of the contract are removed is declared by the owner (or written down by somebody else, with
 * the reason) and countersigned by another person; until then the leaving is not complete. And where somebody sits: what is not handed out to a device of one's own.
 * Rules: schema/0032_leaving_device.sql. Not the stop of access, which waits for nothing (person.h). */
#ifndef DAICHO_IDENTITY_DECLARATION_H
#define DAICHO_IDENTITY_DECLARATION_H

#include "base/json.h"

/* Of one device, newest first: [{id, signed_by, signed_at, own (the owner signed), mine (whoever asks signed), reason, how, countersigned_by, countersigned_at, void_at,
 * void_by, void_reason, valid}]. */
rc declaration_list(struct cx *cx, int64_t device_id, json_t **ret) MUST_USE;
/* What belongs to it: [{kind certificate | key, id, name, live}], and what could: [{…}] of the living ones that belong to none. */
rc declaration_ties(struct cx *cx, int64_t device_id, json_t **ret, json_t **ret_loose) MUST_USE;
/* What waits for whoever asks: {mine: [{id, name, due_at}], signed: how many wait for a countersignature, open: how many leavers' devices nobody has signed for;
 * both null for those who do not manage accounts}. */
rc declaration_tasks(struct cx *cx, json_t **ret) MUST_USE;

/* in: {data_removed, accounts_removed, nothing_kept (all three true), how, reason (whoever signs for the owner)}. The device is not used any more, what belongs to it is
 * dead. RC_INVALID, RC_CONFLICT: it is not wanted, or signed already; RC_STALE; RC_FORBIDDEN. */
rc declaration_sign(struct cx *cx, int64_t device_id, int64_t version, const json_t *in) MUST_USE;
/* By a person who neither leaves nor signed; or sent back, with a reason: it must be signed again. */
rc declaration_countersign(struct cx *cx, int64_t device_id, int64_t version) MUST_USE;
rc declaration_send_back(struct cx *cx, int64_t device_id, int64_t version, str reason) MUST_USE;
/* A certificate or key (kind, id) is of this device from now on. *ret_name: what it is called. RC_INVALID; RC_CONFLICT: the device is not used any more. */
rc declaration_tie(struct cx *cx, int64_t device_id, str kind, int64_t id, str *ret_name) MUST_USE;

#endif
