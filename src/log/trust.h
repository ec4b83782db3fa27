/* trust.h - whom a reader of logs believes (C2SP tlog-policy): the logs whose signature counts, the witnesses, and how many of them must have
 * cosigned. A file of lines; blanks and tabs between words, "#" begins a comment line:
 *   log VKEY [URL]
 *   witness NAME VKEY [URL]
 *   group NAME all|any|K NAME…
 *   quorum NAME|none            exactly once */
#ifndef DAICHO_LOG_TRUST_H
#define DAICHO_LOG_TRUST_H

#include "log/checkpoint.h"

enum { TRUST_FILE_MAX = 1 << 18, TRUST_MAX = 32 /* of logs, witnesses and groups each */ };

struct trust_log {
        struct note_key key; /* its name is the log's origin */
        str url;
};
struct trust_witness {
        str name; /* in this file only */
        struct note_key key;
        str url;
        int member_of; /* which group lists it, -1: none */
};
struct trust_group {
        str name;
        int least; /* members that must have witnessed */
        int member_of;
};
struct trust {
        struct trust_log log[TRUST_MAX];
        size_t log_count;
        struct trust_witness witness[TRUST_MAX];
        size_t witness_count;
        struct trust_group group[TRUST_MAX]; /* a group stands behind its members */
        size_t group_count;
        int quorum; /* -1 none, else a witness, else TRUST_MAX + a group */
};

/* RC_INVALID naming the line. */
rc trust_read(struct cx *cx, str text, struct trust **ret) MUST_USE;
/* One log by its key, nobody else asked. */
struct trust *trust_of(struct arena *mem, const struct note_key *log);

/* A signed checkpoint that this reader believes: by a listed log about itself, cosigned by the quorum. RC_MALFORMED, or RC_FORGED with what is
 * missing. seal (may be NULL): what each witness said, in the order of trust->witness. */
rc trust_open(struct cx *cx, const struct trust *trust, str bytes, struct checkpoint *ret, struct note **ret_note,
              struct note_seal seal[TRUST_MAX]) MUST_USE;

#endif
