/* evidence.h - that something was so in a period: a file or an observation, with its SHA-256, when it was received and by whom. Added to records, never changed and
 * never taken back (schema/0049_file.sql); it goes when its record has been gone for as long as an undo could bring that back. */
#ifndef DAICHO_REGISTER_EVIDENCE_H
#define DAICHO_REGISTER_EVIDENCE_H

#include "register/attachment.h"

enum { EVIDENCE_TEXT_MAX = 10000, EVIDENCE_PAGE = 50 };

struct evidence_order {
        str register_name;
        int64_t record;
        int64_t duty;    /* 0: none in particular */
        str from, to;    /* days of the period it covers, 2026-04-01 */
        str observation; /* absent: a file */
        const char *path;
        str name;
};
/* RC_UNKNOWN, RC_FORBIDDEN (may not see personal items), RC_INVALID (neither or both, the period, the duty), and what attachment_take() refuses. */
rc evidence_collect(struct cx *cx, const struct evidence_order *order, int64_t *ret_id, str *ret_sha256) MUST_USE;
/* Newest first: {evidence: [{id, observation, sha256, from, to, received_at, collector, duty, duty_title, file: {id, name, type, size, state, found}}], next}. */
rc evidence_list(struct cx *cx, const struct definition *def, int64_t record, int64_t before, json_t **ret) MUST_USE;
/* Duties of the record, [{id, title}], those that are open first. */
rc evidence_duties(struct cx *cx, const struct definition *def, int64_t record, json_t **ret) MUST_USE;
/* Its file, as attachment_open(). */
rc evidence_open(struct cx *cx, str register_name, int64_t record, int64_t id, struct attachment *ret) MUST_USE;

#endif
