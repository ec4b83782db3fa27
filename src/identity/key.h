/* key.h - API keys of the tenant entered: "dk_" and 43 characters of base64url (32 random bytes); only its SHA-256 and its first characters are kept.
 * A key does what its permissions say, as far as the account that made it may still do it; it dies with that account. */
#ifndef DAICHO_IDENTITY_KEY_H
#define DAICHO_IDENTITY_KEY_H

#include "base/json.h"

enum { KEY_DAYS_MAX = 3650, KEY_OVERLAP_HOURS = 24, KEY_OVERLAP_HOURS_MAX = 720 };

/* Models: {id, name, hint, permissions: [word…], permission_list: [{name, title, …}], maker, state active | expired | suspended (its maker is) | revoked,
 * created_at, expires_at, used_at, used_from, revoked_at, addresses: [range…] (none: as the contract says), rotated_at, old_until: how long the secret
 * before still counts}; a list, revoked ones last: {keys: […]}. */
rc key_list(struct cx *cx, json_t **ret) MUST_USE;
/* One of them. RC_UNKNOWN. */
rc key_get(struct cx *cx, int64_t id, json_t **ret) MUST_USE;
/* in: {name, permissions: [word…], days: 1..KEY_DAYS_MAX or missing (until revoked), addresses: [text…] or ranges: text}. *ret_key: the key, to be shown this once.
 * RC_FORBIDDEN for a permission the caller does not hold, RC_CONFLICT when a living key has the name. */
rc key_create(struct cx *cx, const json_t *in, json_t **ret, str *ret_key) MUST_USE;
/* Refused from the next request on. By its maker or whoever holds all it may do; RC_CONFLICT when it is revoked already. */
rc key_revoke(struct cx *cx, int64_t id, json_t **ret) MUST_USE;
/* Is there such a key? RC_UNKNOWN. */
rc key_check(struct cx *cx, int64_t id) MUST_USE;
/* The same key with a new secret, *ret_key; the one until now counts for in.hours more (0..KEY_OVERLAP_HOURS_MAX, missing: KEY_OVERLAP_HOURS). in.days: it
 * ends so many days from now; missing: when it did. By its maker or whoever holds all it may do. */
rc key_rotate(struct cx *cx, int64_t id, const json_t *in, json_t **ret, str *ret_key) MUST_USE;
/* From where it may be used: in.addresses or in.ranges; an empty list: as the contract says. By the same people. */
rc key_addresses(struct cx *cx, int64_t id, const json_t *in, json_t **ret_before, json_t **ret) MUST_USE;
/* What a new key may be given, as a form (permission_grid). */
rc key_grid(struct cx *cx, json_t **ret) MUST_USE;

#endif
