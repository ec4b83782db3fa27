/* front.h - a command that works on records goes in by the front door, as any program does: over HTTPS, with an API key of the contract. What it may is what
 * the key may, masking and addresses included, and it stands in the contract's log under the key's name. The operator of the house has no other way to them. */
#ifndef DAICHO_CLI_FRONT_H
#define DAICHO_CLI_FRONT_H

#include "base/json.h"
#include "cli/args.h"

struct place;

struct front {
        str url; /* "https://host:port" */
        str key;
        str ca; /* path; absent: none */
};

/* An API key: --key-file FILE (readable by its owner only) or DAICHO_KEY; *ret is absent when there is none. */
rc front_key(struct cx *cx, struct args *args, str *ret) MUST_USE;
/* What the command line says: the key, --url or DAICHO_URL, --ca FILE (who else may have signed the certificate of that house). */
rc front_args(struct cx *cx, struct args *args, struct front *ret) MUST_USE;
/* Ready to ask; without an address the house that runs in --dir. RC_UNAUTHORIZED without a key. */
rc front_open(struct cx *cx, struct front *front) MUST_USE;
/* This house, with this key. */
rc front_here(struct cx *cx, const struct place *place, str key, struct front *ret) MUST_USE;

/* path: below /api/v1. in: JSON to POST; NULL: GET. A problem document becomes a refusal of this command, sentence by sentence. */
rc front_ask(struct cx *cx, const struct front *front, str path, const json_t *in, json_t **ret) MUST_USE;
/* POST the bytes of a file. */
rc front_upload(struct cx *cx, const struct front *front, str path, const char *file, json_t **ret) MUST_USE;
/* GET what is a file into `file`, made with 0600 ("-": the standard output). When that fails, what was there before is there still. */
rc front_download(struct cx *cx, const struct front *front, str path, const char *file) MUST_USE;

#endif
