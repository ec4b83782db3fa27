/* proof.h - that one entry stands in its log: where in the tree, its path to the signed root, its receipt. The one place that makes receipts, and looks at those somebody brings.
 * Everything is worked out again from the entry's row and the files of the log; nothing is taken from a note that says "proven". */
#ifndef DAICHO_LOG_PROOF_H
#define DAICHO_LOG_PROOF_H

#include "base/json.h"

/* An entry of the contract entered, for a page: {state: waiting | proven | broken, entry, leaf, and once it is sealed: origin, index, size, root,
 * checkpoint, signed (by a key of the log), path: [{side: left | right, hash, result}] leaf side first}. Hashes in base64. RC_UNKNOWN: no such entry. */
rc proof_model(struct cx *cx, int64_t id, json_t **ret) MUST_USE;
/* A .tlog-proof. RC_CONFLICT: not sealed yet, or the entry is not the one that was sealed. */
rc proof_receipt(struct cx *cx, int64_t id, str *ret) MUST_USE;
/* A receipt that somebody brings: {state, origin, index, size, entry: as log_told has it}. state: genuine; foreign (of another log); forged (not signed
 * by this log, or it leads elsewhere); forked (signed, but the log of today did not grow out of it); changed (the row is not what was sealed).
 * RC_INVALID: it is no receipt at all. */
rc proof_check(struct cx *cx, str bytes, json_t **ret) MUST_USE;

#endif
