/* sign_on.h - coming in by a provider: authorization code with PKCE (RFC 7636), state and nonce, bound to one browser, for ten minutes, once. OpenID
 * Connect Core 1.0 for google, line and oidc; GitHub's OAuth 2.0 for github. Only the sso processes can: the others have neither network nor secrets.
 * The steps stand in the order a door takes them; between 2 and 3, and between 5 and 6, the door enters the tenant. */
#ifndef DAICHO_IDENTITY_SIGN_ON_H
#define DAICHO_IDENTITY_SIGN_ON_H

#include "base/json.h"
#include "identity/issuer.h"

enum { SIGN_ON_SECONDS = 600, SIGN_ON_TOKEN = 43 /* characters of states, cookies, invitations */ };

/* Once a process, before the sandbox closes. secrets: the directory secret/provider of the house; url: of the house, as people open it. */
void sign_on_start(str secrets, str url);
/* Where providers send browsers back to; has to be registered with each of them. */
str sign_on_callback(struct cx *cx);

/* What the log-in page of a contract offers: {password_login, choices: [{id, kind, name}]}. Any process that serves pages; outside a transaction. */
rc sign_on_offer(struct cx *cx, str tenant, json_t **ret) MUST_USE;

/* Does the contract take passwords? RC_FORBIDDEN when it does not; its log tells of that. Outside a transaction. */
rc sign_on_passwords(struct cx *cx, str tenant) MUST_USE;

struct sign_on_service;

/* Where a link leads that answers an invitation. Inside the tenant. */
str sign_on_url(struct cx *cx, int64_t provider_id, str invitation);
int64_t sign_on_service_id(const struct sign_on_service *service);

struct sign_on_begun {
        str location; /* where the browser goes */
        str cookie;   /* what it keeps, and must show again */
        str state, nonce, verifier;
};

/* 1. Outside a transaction. RC_UNKNOWN: no such provider; RC_FORBIDDEN: not one this contract lets in now. */
rc sign_on_find(struct cx *cx, str tenant, int64_t provider_id, struct sign_on_service **ret) MUST_USE;
/* 2. Asks the provider for its endpoints. */
rc sign_on_prepare(struct cx *cx, const struct sign_on_service *service, struct sign_on_begun *ret) MUST_USE;
/* 3. Inside the tenant. next: address within the house, or absent; invitation: from a link, or absent. RC_FORBIDDEN. */
rc sign_on_begin(struct cx *cx, const struct sign_on_service *service, const struct sign_on_begun *begun, str next, str invitation) MUST_USE;

struct sign_on_answer {
        str state, code, error, issuer; /* of the address the browser came back with; absent: not there */
        str cookie;
};

struct sign_on_attempt;
struct sign_on_person {
        str subject, email, name; /* email, name: absent when not said */
        bool proof;               /* the provider confirmed a second factor */
        json_t *context;
        int64_t lifetime; /* seconds; 0: not said */
        str sealed;       /* refresh token; absent */
};

/* 4. Outside a transaction. The attempt is used up, whatever follows. RC_BUSY: too many failures from this address; RC_UNAUTHORIZED. */
rc sign_on_take(struct cx *cx, const struct sign_on_answer *answer, struct sign_on_attempt **ret, struct sign_on_service **ret_service) MUST_USE;
/* 5. Asks the provider. */
rc sign_on_verify(struct cx *cx, const struct sign_on_answer *answer, const struct sign_on_attempt *attempt, const struct sign_on_service *service,
                  struct sign_on_person *ret) MUST_USE;

struct sign_on_entry {
        bool applied;       /* nobody here yet: an application was made, there is no session */
        int64_t account_id; /* 0: none */
        str login, groups;
        str token, stage; /* of the new session */
        str next;
};

/* 6. Inside the tenant. agent: the browser, in its own words; old_token: its session until now. RC_FORBIDDEN, RC_CONFLICT. */
rc sign_on_open(struct cx *cx, const struct sign_on_attempt *attempt, const struct sign_on_service *service, const struct sign_on_person *person,
                str agent, str old_token, struct sign_on_entry *ret) MUST_USE;

/* A failed answer is counted for the address it came from. Outside a transaction. */
void sign_on_failed(struct cx *cx);

/* A provider as provider_get() shows it, of the tenant entered, whether it may be used or not. */
rc sign_on_look(struct cx *cx, const json_t *provider, struct sign_on_service **ret) MUST_USE;
/* Test a provider: its endpoints, keys and the file of its secret. {issuer, authorize, token, keys (number), secret (bool)}. */
rc sign_on_test(struct cx *cx, const struct sign_on_service *service, json_t **ret) MUST_USE;

struct sign_on_renewal;
/* The next session whose provider is to be asked again; *ret NULL: none. Outside a transaction. */
rc sign_on_renewal_take(struct cx *cx, struct sign_on_renewal **ret) MUST_USE;
/* Asks it. RC_UNAUTHORIZED: it said no; RC_UNAVAILABLE: no answer. */
rc sign_on_renew(struct cx *cx, const struct sign_on_renewal *renewal, int64_t *ret_lifetime, str *ret_sealed) MUST_USE;
/* Inside the tenant. */
rc sign_on_renewal_done(struct cx *cx, const struct sign_on_renewal *renewal, int64_t lifetime, str sealed) MUST_USE;
rc sign_on_renewal_refused(struct cx *cx, const struct sign_on_renewal *renewal) MUST_USE;
str sign_on_renewal_tenant(const struct sign_on_renewal *renewal, struct actor *ret_actor, int64_t *ret_session);

#endif
