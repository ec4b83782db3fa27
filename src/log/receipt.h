/* receipt.h - the proof that one entry stands in a log (C2SP tlog-proof v1, file extension .tlog-proof), checked without asking anybody:
 *   c2sp.org/tlog-proof@v1
 *   extra BASE64                 ours: the entry itself
 *   index N
 *   BASE64                       inclusion proof, leaf side first
 *   (empty line)
 *   signed checkpoint */
#ifndef DAICHO_LOG_RECEIPT_H
#define DAICHO_LOG_RECEIPT_H

#include "log/trust.h"

enum { RECEIPT_MAX = NOTE_MAX + (1 << 18), RECEIPT_EXTRA_MAX = 1 << 17 };

struct receipt {
        str extra; /* absent: none */
        int64_t index;
        struct merkle_hash proof[MERKLE_PROOF_MAX];
        size_t count;
        str note; /* the signed checkpoint */
};

str receipt_write(struct arena *mem, const struct receipt *receipt);
/* Form only. RC_MALFORMED. */
rc receipt_read(struct cx *cx, str bytes, struct receipt **ret) MUST_USE;
/* Does it prove that `entry` stands at its index in a log this reader believes? RC_FORGED says what does not fit. */
rc receipt_check(struct cx *cx, const struct receipt *receipt, const struct trust *trust, str entry, struct checkpoint *ret,
                 struct note_seal seal[TRUST_MAX]) MUST_USE;

#endif
