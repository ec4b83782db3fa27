/* witness.h - the two sides of C2SP tlog-witness v1, without network and disk: what a log asks, and what a witness decides.
 *   old SIZE
 *   BASE64                       0 to 63 lines: consistency proof from SIZE
 *   (empty line)
 *   signed checkpoint */
#ifndef DAICHO_LOG_WITNESS_H
#define DAICHO_LOG_WITNESS_H

#include "log/trust.h"

enum { WITNESS_PROOF_MAX = 63, WITNESS_REQUEST_MAX = 1 << 16, WITNESS_ANSWER_MAX = 1 << 16 };

struct witness_request {
        int64_t old;
        struct merkle_hash proof[MERKLE_PROOF_MAX];
        size_t count;
        str note;
};
str witness_request_write(struct arena *mem, const struct witness_request *request);
/* Form only. RC_MALFORMED. */
rc witness_request_read(struct cx *cx, str body, struct witness_request **ret) MUST_USE;
/* Whose log is it? Absent when that cannot be read. */
str witness_request_origin(const struct witness_request *request);

/* What the witness cosigned last of this origin; size 0: nothing yet. */
struct witness_memory {
        int64_t size;
        struct merkle_hash root;
};
/* The answer: 200 (then *ret is to be remembered, for good, before anything is answered), 400, 403, 404, 409 (with the size it knows) or 422.
 * logs: the keys it trusts. */
int witness_decide(struct cx *cx, const struct trust *logs, const struct witness_request *request, const struct witness_memory *memory,
                   struct checkpoint *ret, str *ret_text);

/* Client: the signature lines of an answer that are by witnesses of `trust` and fit the text; others are passed over. RC_FORGED when one of a
 * known witness does not fit. */
rc witness_answer_read(struct cx *cx, const struct trust *trust, str text, str answer, str lines[TRUST_MAX], size_t *ret_count) MUST_USE;

#endif
