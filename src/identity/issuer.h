/* issuer.h - what a sign-on provider publishes about itself: endpoints (OpenID Connect Discovery 1.0) and keys. Asked over the network, kept for a while
 * in this process. Only the sso processes can. */
#ifndef DAICHO_IDENTITY_ISSUER_H
#define DAICHO_IDENTITY_ISSUER_H

#include "base/json.h"

enum { ISSUER_KEPT_MS = 600000, ISSUER_AGAIN_MS = 10000 /* a key that is not known is asked for no more often */ };

struct issuer {
        str name;          /* exactly as its tokens say */
        str authorize;     /* where browsers are sent */
        str token;         /* where codes become tokens */
        str keys;          /* JWK Set; absent for GitHub, which signs nothing */
        str userinfo;      /* absent: none; for GitHub the root of its API */
        bool names_itself; /* answers carry `iss` (RFC 9207) */
        bool secret_in_form;
        bool offline; /* knows the scope offline_access */
};

/* RC_UNAVAILABLE: it does not answer, or not with what it should. */
rc issuer_find(struct cx *cx, str kind, str name, struct issuer *ret) MUST_USE;
/* fresh: not those kept, unless they are only moments old. */
rc issuer_keys(struct cx *cx, const struct issuer *issuer, bool fresh, json_t **ret) MUST_USE;

#endif
