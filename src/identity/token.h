/* token.h - access tokens of API keys: OAuth 2.0 client credentials (RFC 6749, 4.4). The client is an API key: client_id its number, client_secret the
 * key. A token is opaque ("da_" and 43 characters), kept as SHA-256, good for minutes, for a part of what the key may, and as dead as the key the
 * moment that is. The look-up of a token is gate's first trip (daicho.key_enter). */
#ifndef DAICHO_IDENTITY_TOKEN_H
#define DAICHO_IDENTITY_TOKEN_H

#include "base/json.h"

/* Once at start: how long a token is good. */
void token_start(int minutes);

struct token_client {
        str tenant;
        int64_t key_id;
        str name;  /* of the key */
        str words; /* what it may */
};

/* In an auth process, outside a tenant: is it this client? RC_UNAUTHORIZED with one sentence for every reason, RC_FORBIDDEN from an address it may not
 * come from. cx->tenant and cx->actor.name are set as far as they are known, for the entry in the log. */
rc token_client(struct cx *cx, str client_id, str client_secret, struct token_client *ret) MUST_USE;
/* Inside its tenant. scope: words separated by spaces, each held by the key; absent or empty: all it may. RC_INVALID about "scope".
 * *ret: {access_token, token_type, expires_in, scope}. */
rc token_open(struct cx *cx, const struct token_client *client, str scope, json_t **ret) MUST_USE;

#endif
