/* provider.h - the sign-on providers of a contract: who is asked, as whom, and whom they may send; and whether there are passwords beside them.
 * A provider's client secret is a file of the house (secret/provider/CONTRACT/NAME); here stands its name only. Inside the tenant. */
#ifndef DAICHO_IDENTITY_PROVIDER_H
#define DAICHO_IDENTITY_PROVIDER_H

#include "base/json.h"

/* {providers: [{id, kind, name, issuer, client_id, secret_name, domains: […], factor_trusted, apply, active, allowed, version, created_at, links,
 * applicants}], rules: {password_login, kinds: […], factor_always, version, passwords, ready}}. */
rc provider_list(struct cx *cx, json_t **ret) MUST_USE;
rc provider_get(struct cx *cx, int64_t id, json_t **ret) MUST_USE;
/* in: kind, name, issuer (oidc, GitHub Enterprise), client_id, secret_name, domains, factor_trusted, apply, active. RC_INVALID names each member; a value
 * that looks like the secret itself is refused. RC_CONFLICT: there is one for this issuer. */
rc provider_create(struct cx *cx, const json_t *in, json_t **ret) MUST_USE;
/* Kind and issuer stay: subjects are names given by this issuer. RC_STALE. */
rc provider_update(struct cx *cx, int64_t id, int64_t version, const json_t *in, json_t **ret_before, json_t **ret) MUST_USE;
/* With the links through it. RC_CONFLICT when nobody could come in any more. */
rc provider_erase(struct cx *cx, int64_t id, int64_t version, json_t **ret_before) MUST_USE;

/* in: password_login, kinds, factor_always; confirm (true) when passwords are to be erased. RC_CONFLICT: nobody who manages accounts is linked, or
 * factor_always is to be taken back. */
rc provider_rules_update(struct cx *cx, int64_t version, const json_t *in, json_t **ret_before, json_t **ret) MUST_USE;
/* [{id, kind, name}] that can be used now. */
rc provider_offer(struct cx *cx, json_t **ret) MUST_USE;
/* May accounts of this contract have passwords? */
rc provider_passwords(struct cx *cx, bool *ret) MUST_USE;

#endif
