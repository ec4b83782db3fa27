/* leaf.h - an entry of the operation log as the bytes that are hashed into the tree: `daicho-entry/v1`, made from the columns of tenant.log (or
 * daicho.log) and from nothing else, so that anybody who has the row makes the same bytes. One "key value" line each, in this order; the line of
 * an absent or empty value is left out:
 *
 *   daicho-entry/v1
 *   number 4711                                  the row's id
 *   time 2026-11-22T05:05:09.123456Z             UTC
 *   actor account 12                             kind and id
 *   name hanako                                  names as they were then
 *   groups 営業, 管理者
 *   source 192.0.2.7
 *   verb update
 *   kind customers
 *   subject 77
 *   result OK
 *   commit BASE64                                SHA-256(salt, detail)
 *
 * In a value a backslash is \\, a control character \xHH. A value that is then longer than 8192 bytes is replaced by its SHA-256 (base64) under
 * KEY.sha256, so that no entry can be too long for its bundle. */
#ifndef DAICHO_LOG_LEAF_H
#define DAICHO_LOG_LEAF_H

#include "base/buf.h"
#include "base/cx.h"

enum { LEAF_VALUE_MAX = 8192, LEAF_MAX = 65535 };

struct leaf {
        int64_t number;
        int64_t time_us; /* since 1970-01-01 00:00 UTC */
        str actor_kind;
        int64_t actor_id;
        str actor, groups, source, verb, kind;
        bool has_subject;
        int64_t subject;
        str result;
        str commitment; /* 32 bytes, or absent */
};

/* Of a row of the log, by whichever statement it was read: the columns bear the same names everywhere. */
#define LEAF_OF(row)                                                                                                                                 \
        ((struct leaf){ .number = (row)->id,                                                                                                         \
                        .time_us = (row)->time_us,                                                                                                   \
                        .actor_kind = (row)->actor_kind,                                                                                             \
                        .actor_id = (row)->actor_id,                                                                                                 \
                        .actor = (row)->actor,                                                                                                       \
                        .groups = (row)->groups,                                                                                                     \
                        .source = (row)->source,                                                                                                     \
                        .verb = (row)->verb,                                                                                                         \
                        .kind = (row)->kind,                                                                                                         \
                        .has_subject = !(row)->subject_id_null,                                                                                      \
                        .subject = (row)->subject_id,                                                                                                \
                        .result = (row)->result,                                                                                                     \
                        .commitment = (row)->commitment })

/* Lives in mem. */
str leaf_write(struct arena *mem, const struct leaf *leaf);
/* Exactly what leaf_write makes; RC_MALFORMED for anything else. A value that was replaced by its hash reads as "sha256:BASE64". */
rc leaf_read(struct cx *cx, str text, struct leaf *ret) MUST_USE;

#endif
