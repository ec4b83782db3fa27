/* cosigner.h - this house as a witness of others' logs (C2SP tlog-witness v1): one process with its own key and nothing else - no database, no
 * network, no tenant. It cosigns a checkpoint only when it has grown out of the one it cosigned before.
 *   DIR/witness/policy        whose logs: lines "log VKEY", read at every request
 *   DIR/witness/HASH          the newest checkpoint cosigned of an origin (HASH: SHA-256 of its name), synced before it is answered
 *   DIR/secret/witness/key    its signing key */
#ifndef DAICHO_CLI_COSIGNER_H
#define DAICHO_CLI_COSIGNER_H

#include "cli/place.h"
#include "http/http.h"
#include "log/note.h"

/* The key of this name is made when there is none. RC_CONFLICT when the one there has another name: a name is for life. */
rc cosigner_key(struct cx *cx, const struct place *place, struct note_signer *ret) MUST_USE;
/* Before the sandbox closes: read the key, take the lock that keeps a second witness from the same memory. */
rc cosigner_start(struct cx *cx, const struct place *place) MUST_USE;
extern const struct http_service cosigner_service;

#endif
