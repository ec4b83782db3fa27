/* claims.h - what an ID token says, checked as OpenID Connect Core 1.0 (3.1.3.7) asks. The signature was checked before (base/jose.h). */
#ifndef DAICHO_IDENTITY_CLAIMS_H
#define DAICHO_IDENTITY_CLAIMS_H

#include "base/json.h"

enum { CLAIMS_SKEW_S = 60, CLAIMS_AGE_S = 600 };

struct claims_wanted {
        str issuer, client_id;
        str nonce;        /* absent: not looked at (a token that came with a refresh) */
        str access_token; /* for at_hash */
        msec now;
};

/* RC_UNAUTHORIZED with one sentence. */
rc claims_check(struct cx *cx, const json_t *claims, const struct claims_wanted *wanted) MUST_USE;

/* Does it say that more than one factor was shown? amr (RFC 8176): "mfa", or something known together with something held or one is; acr: the classes of
 * OpenID EAP and the policy of PAPE. */
bool claims_prove_factor(const json_t *claims);
/* {amr, acr, auth_time} as far as it has them. */
json_t *claims_context(const json_t *claims);

/* Is the domain of an e-mail address in the list (separated by commas, ASCII letters of either case)? */
bool claims_domain_listed(str email_or_domain, str domains);

#endif
