/* checkpoint.h - what a log says about itself (C2SP tlog-checkpoint v1), the text of a signed note:
 *   ORIGIN
 *   SIZE      decimal
 *   ROOT      base64 */
#ifndef DAICHO_LOG_CHECKPOINT_H
#define DAICHO_LOG_CHECKPOINT_H

#include "log/merkle.h"
#include "log/note.h"

struct checkpoint {
        str origin; /* also the name of the log's key */
        int64_t size;
        struct merkle_hash root;
        bool extended; /* further lines follow: never ours, taken from others */
};

str checkpoint_write(struct arena *mem, const struct checkpoint *checkpoint);
/* RC_MALFORMED. */
rc checkpoint_read(struct cx *cx, str text, struct checkpoint *ret) MUST_USE;
/* Decimal digits without a leading zero, up to INT64_MAX. */
bool checkpoint_number(str s, int64_t *ret);
/* One hash in base64, exactly 32 bytes. */
bool checkpoint_hash(struct arena *mem, str s, struct merkle_hash *ret);

#endif
