/* certificate.h - client certificates of the tenant entered: issued per contract (O), signed by the house's own authority, told apart by their serial.
 * They say "a device of this contract", never who sits before it: they do not count as a person, and not as a second factor.
 * The private key leaves the house once, in the PKCS#12 of the answer, and is kept nowhere. */
#ifndef DAICHO_IDENTITY_CERTIFICATE_H
#define DAICHO_IDENTITY_CERTIFICATE_H

#include "base/json.h"

struct x509_authority;

enum { CERTIFICATE_DAYS = 365, CERTIFICATE_DAYS_MAX = 825 };

/* Once, at the start of a process that signs: an auth process, before its sandbox closes, and the operator's command. */
void certificate_start(const struct x509_authority *authority);

/* Models: {id, serial, name, person_id, person, state active | expiring (within 30 days) | expired | revoked, issued_at, issued_by, expires_at,
 * revoked_at, revoked_by}; a list, ended ones last: {certificates: […], expiring: how many end within 30 days, people: [{id, name}]}. */
rc certificate_list(struct cx *cx, json_t **ret) MUST_USE;
/* in: {name, person_id, days 1..CERTIFICATE_DAYS_MAX (missing: CERTIFICATE_DAYS)}. *ret_pkcs12: base64, *ret_passphrase: 20 letters and digits that
 * cannot be mistaken, 100 bits; both to be shown this once. RC_UNKNOWN: no such person. */
rc certificate_issue(struct cx *cx, const json_t *in, json_t **ret, str *ret_pkcs12, str *ret_passphrase) MUST_USE;
/* Refused from the next request on, by nginx within a minute. RC_CONFLICT when it is revoked already. */
rc certificate_revoke(struct cx *cx, int64_t id, json_t **ret) MUST_USE;
/* Does a certificate with this serial ("": any) open this contract? */
rc certificate_lives(struct cx *cx, str serial, bool *ret) MUST_USE;

#endif
