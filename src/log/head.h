/* head.h - how far the logs are sealed: the one of the contract entered, the house's, all of them. What the database knows (which tree, what waits, why
 * it is refused) beside what stands in the files (published.h). */
#ifndef DAICHO_LOG_HEAD_H
#define DAICHO_LOG_HEAD_H

#include "base/json.h"
#include "log/published.h"

/* The log of the contract entered, of its newest generation. RC_UNAVAILABLE: nothing has been published yet. */
rc head_open(struct cx *cx, struct published *ret) MUST_USE;
/* The generation of the log entered that calls itself `origin`; ret->note absent: there is none. */
rc head_find(struct cx *cx, str origin, struct published *ret) MUST_USE;
/* {log: {part, origin, size, root, checkpoint, signed, keys: […], address, signed_at, waiting, refused, before: addresses of the generations before,
 *   state: sealed | late (nothing was signed for too long) | stopped (refused, or the signature is wrong) | empty},
 * house: the same of the house's own log,
 * witness: null | {witnesses: [{name, at}], at: the newest, size: entries it was about, old: longer ago than a day, house: said of the house's log}}.
 * size null: nothing was published yet. */
rc head_model(struct cx *cx, json_t **ret) MUST_USE;
/* Is this the address of a bundle of entries of this contract's log (PART/GENERATION/tile/entries/…)? RC_UNKNOWN when not, or when there is none. */
rc head_bundle(struct cx *cx, str name) MUST_USE;

/* For the operator, outside any contract: every log of the house, as [{tenant, origin, size, signed_at, refused}]. */
rc head_list(struct cx *cx, json_t **ret) MUST_USE;
/* The clock logs are signed by. */
rc head_now(struct cx *cx, msec *ret) MUST_USE;

#endif
