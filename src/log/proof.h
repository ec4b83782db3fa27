/* proof.h - what can be shown of the log here and now: the newest checkpoint, where an entry stands in the tree, its path to the root, its receipt.
 * Everything is worked out again from the entry's row and the files of the log; nothing is taken from a note that says "proven". */
#ifndef DAICHO_LOG_PROOF_H
#define DAICHO_LOG_PROOF_H

#include "base/json.h"
#include "log/tile.h"

/* Once a process: DIR/seal. */
void proof_start(const char *directory);

/* {state: waiting | proven | broken, and once it is sealed: origin, index, size, root, leaf, checkpoint, signed (by a key of the log), entry (the
 * bytes that were hashed), path: [{side: left | right, hash, result}] leaf side first}. Hashes in base64. RC_UNKNOWN: no such entry. */
rc proof_model(struct cx *cx, int64_t id, json_t **ret) MUST_USE;
/* A .tlog-proof with the entry itself as `extra`. RC_CONFLICT: not sealed yet, or the entry is not the one that was sealed. */
rc proof_receipt(struct cx *cx, int64_t id, str *ret) MUST_USE;
/* The log as a whole: {log: {origin, size, root, checkpoint, keys: […], signed_at, waiting, refused, witnesses: [{name, at}], generations: [origin…]},
 * state: sealed | late (nothing was signed for too long) | stopped (refused, or the signature is wrong) | empty},
 * house: the same of the house's tree,
 * witness: null | {witnesses: [{name, at}], at: the newest, size: entries it was about, old: longer ago than a day, house: said of the house's log}}.
 * log.size null: nothing was published yet. */
rc proof_log(struct cx *cx, json_t **ret) MUST_USE;
/* A receipt that somebody brings: {state, origin, index, size, entry: as log_told has it}. state: genuine; foreign (of another log); forged (not signed
 * by this log, or it leads elsewhere); forked (signed, but the log of today did not grow out of it); changed (the row is not what was sealed).
 * RC_INVALID: it is no receipt at all. */
rc proof_check(struct cx *cx, str bytes, json_t **ret) MUST_USE;
/* Is this the address of a bundle of this contract's log (PART/GENERATION/tile/entries/…)? RC_UNKNOWN when not, or when there is none. */
rc proof_bundle(struct cx *cx, str name) MUST_USE;

/* For the operator: every log of the house, as [{tenant, origin, size, signed_at, refused}]. Outside any contract. */
rc proof_trees(struct cx *cx, json_t **ret) MUST_USE;
/* The house's clock. */
rc proof_now(struct cx *cx, msec *ret) MUST_USE;

#endif
