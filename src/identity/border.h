/* border.h - from where and with what a contract is entered: its list of addresses (an option) and its client certificates (required, unless one person
 * asked and another agreed to do without). The first thing that is looked at, before any password; and again at every request (daicho.session_enter).
 * Which certificates there are: certificate.h. */
#ifndef DAICHO_IDENTITY_BORDER_H
#define DAICHO_IDENTITY_BORDER_H

#include "base/json.h"

/* In an auth or sso process, outside a tenant, before a password or provider is looked at. RC_FORBIDDEN, with cx->tenant set for the entry in the log:
 * the address is not listed, or no certificate of this contract was shown (certificate: its serial, ""). The same for every account there is or is not.
 * A contract that does not exist passes: the log-in gives its one answer. */
rc border_check(struct cx *cx, str tenant, str certificate) MUST_USE;

/* {addresses_on, addresses: [range…], certificate_required, version, source: the caller's address, source_listed,
 *  opt_out: null | {id, reason, asked_by, asked_at, approved_by, approved_at, own: asked by the caller}}. */
rc border_get(struct cx *cx, json_t **ret) MUST_USE;
/* in: {on, addresses: [text…] or ranges: text, own: add the caller's address when it is missing, confirm}. RC_STALE; RC_CONFLICT when the caller's own
 * address would be outside and `confirm` is not that address, typed. An empty list is off. *ret_before, *ret_after: the two members, for the log. */
rc border_addresses(struct cx *cx, const json_t *in, int64_t version, json_t **ret_before, json_t **ret_after) MUST_USE;

/* Ranges as they are typed, in.addresses: [text…] or in.ranges: text; *ret: canonical, separated by spaces, absent: none. RC_INVALID about "addresses". */
rc border_ranges(struct cx *cx, const json_t *in, str *ret) MUST_USE;
/* [range…] of such a text. */
json_t *border_ranges_model(str ranges);

/* To do without certificates. A person who may manage the contract asks; another one approves: then it holds. RC_CONFLICT: one waits already, or they
 * are not required; RC_UNKNOWN: nothing of this number waits; RC_FORBIDDEN: a key, or the same person. */
rc border_ask(struct cx *cx, str reason, int64_t *ret_id) MUST_USE;
rc border_approve(struct cx *cx, int64_t id) MUST_USE;
rc border_withdraw(struct cx *cx, int64_t id) MUST_USE;
/* Required again. certificate: the serial the caller came with; RC_CONFLICT when it would lock them out. */
rc border_require(struct cx *cx, str certificate) MUST_USE;

#endif
