/* seal.h - small secrets at rest: AES-256-GCM (NIST SP 800-38D) with a key that stands in a file of the house and never in the database.
 * A sealed secret is: number of the key (1 byte), nonce (12, random), ciphertext, tag (16). `bound` (whose it is, and what) is authenticated with it: a
 * sealed secret that was moved to another row does not open.
 *
 * The key file is text, one key a line, "NUMBER BASE64URL" with 32 random bytes; the last line seals, all of them open. To change the key add a line. */
#ifndef DAICHO_BASE_SEAL_H
#define DAICHO_BASE_SEAL_H

#include "base/cx.h"

enum { SEAL_KEY_SIZE = 32, SEAL_KEYS_MAX = 16, SEAL_EXTRA = 1 + 12 + 16 /* bytes a sealed secret is longer */ };

/* A new line for the key file. */
str seal_key_line(struct arena *mem, int number);
/* Once in a process that may open secrets: the text of the key file. RC_INVALID when it is none. */
rc seal_start(struct cx *cx, str keys) MUST_USE;
bool seal_ready(void);

/* Only when ready. */
str seal_close(struct arena *mem, str secret, str bound);
/* False: altered, of another owner, or sealed with a key that is no longer there. *ret_old: sealed with an older key than the newest. */
bool seal_open(struct arena *mem, str sealed, str bound, str *ret, bool *ret_old);

#endif
