/* attachment.h - files of records: taken in, handed out, looked at by the scanner, gone with their record. The bytes lie in the file store (base/file.h) under names
 * the database makes up; whose they are, and whether they may be handed out, the database says (schema/0049_file.sql). Hashes are checked on the way out. */
#ifndef DAICHO_REGISTER_ATTACHMENT_H
#define DAICHO_REGISTER_ATTACHMENT_H

#include "register/record.h"

struct attachment_order {
        str register_name;
        const char *item; /* NULL: evidence */
        const char *path; /* as it arrived; moved into the store */
        str name;         /* as the client calls it */
        unsigned accept;  /* kinds that are welcome (item_file.h) */
        int64_t max;      /* bytes */
};
/* RC_TOO_LARGE, RC_MEDIA_TYPE (another kind of file, by its content), RC_INVALID (empty), RC_FORBIDDEN, RC_UNKNOWN. When what follows fails, attachment_drop(). */
rc attachment_take(struct cx *cx, const struct attachment_order *order, int64_t *ret_id, str *ret_sha256) MUST_USE;
void attachment_drop(struct cx *cx);

/* A file for an item of a record, in place of the one it had; path absent: only away with it. As record_update(); RC_UNKNOWN: no such item. */
struct attachment_wish {
        str register_name;
        int64_t id, version;
        str item;
        const char *path; /* NULL: away with it */
        str name;
};
rc attachment_put(struct cx *cx, const struct attachment_wish *wish, const struct definition **ret_def, struct record **ret) MUST_USE;

/* [{item, title, help, accept, max, retired, masked, file: {id, name, type, size, sha256, state, found, uploaded_by, uploaded_at} or null}]. */
rc attachment_list(struct cx *cx, const struct definition *def, const struct record *rec, json_t **ret) MUST_USE;

/* To be handed out. */
struct attachment {
        str path; /* in the store */
        str name, type, sha256;
        enum item_label classification;
};
/* RC_UNKNOWN; RC_FORBIDDEN: personal; RC_CONFLICT: not scanned yet, or something was found; RC_DAMAGED: the bytes are not those that were handed in. */
rc attachment_get(struct cx *cx, str register_name, int64_t id, str item, struct attachment *ret) MUST_USE;
rc attachment_open(struct cx *cx, int64_t file, struct attachment *ret) MUST_USE;

/* Chores: files that wait for the scanner, one a unit; what is let go, and bytes that no row leads to. Without a scanner in scan_start() nothing waits. */
rc attachment_next(struct cx *cx, int64_t after, str *ret_tenant, int64_t *ret_id) MUST_USE;
rc attachment_scan(struct cx *cx, int64_t id, json_t **ret) MUST_USE;
rc attachment_sweep(struct cx *cx) MUST_USE;
rc attachment_strays(struct cx *cx) MUST_USE;

#endif
