/* mail.h - mails as people write them: drafts, and what was sent. What they are sent to, and what becomes of them, is campaigns' to know.
 * What is checked here with a sentence is held by the database (schema/0044_mail.sql). */
#ifndef DAICHO_MAIL_MAIL_H
#define DAICHO_MAIL_MAIL_H

#include "base/json.h"

enum {
        MAIL_SUBJECT_MAX = 200, /* characters */
        MAIL_FROM_MAX = 60,
        MAIL_BODY_MAX = 50000,
        MAIL_LIMIT_MAX = 200,
        MAIL_CHOSEN_MAX = 200, /* mails that are moved or deleted at once */
        MAIL_TRASH_DAYS = 7,
};

enum mail_place { MAIL_ALL, MAIL_FOLDER, MAIL_NO_FOLDER, MAIL_TRASH };

struct mail_query {
        enum mail_place place;
        int64_t folder; /* MAIL_FOLDER: its number */
        str q;          /* words, all of which must be found in the subject, folded as the search of registers folds; absent: none */
        str after;      /* `next` of the page before; absent: the first */
        int64_t limit;  /* 0: 50 */
};

/* {mails: [mail without body], next: cursor or null}, last changed first; in the trash: last deleted first. */
rc mail_list(struct cx *cx, const struct mail_query *query, json_t **ret) MUST_USE;
/* {id, state draft | sent, subject, from_name, body, folder: number or null, folder_path, version, characters, created_by, created_at, updated_by,
 *  updated_at, deleted_by, deleted_at, until_at: the trash keeps it until then}. RC_UNKNOWN. */
rc mail_get(struct cx *cx, int64_t id, json_t **ret) MUST_USE;
/* in: subject, from_name, body, folder (0: none). */
rc mail_create(struct cx *cx, const json_t *in, json_t **ret) MUST_USE;
/* Members given change. RC_STALE; RC_CONFLICT of what was sent, but for its folder. */
rc mail_update(struct cx *cx, int64_t id, int64_t version, const json_t *in, json_t **ret_before, json_t **ret) MUST_USE;
/* A draft with the same content, in the same folder. */
rc mail_copy(struct cx *cx, int64_t id, json_t **ret) MUST_USE;
/* All of them or none: RC_CONFLICT when one is not there any more. folder 0: none. *ret_path: the folder's path. */
rc mail_move(struct cx *cx, const json_t *ids, int64_t folder, str *ret_path, int64_t *ret_moved) MUST_USE;
/* Into the trash, all of them or none. *ret_erased: they are gone at once, because the contract has a last day. */
rc mail_trash(struct cx *cx, const json_t *ids, int64_t *ret_count, bool *ret_erased) MUST_USE;
/* Out of the trash, into the folder it was in. */
rc mail_restore(struct cx *cx, int64_t id, json_t **ret) MUST_USE;
/* For good; only what lies in the trash. *ret: it, without its body. */
rc mail_erase(struct cx *cx, int64_t id, json_t **ret) MUST_USE;

/* The chore: what has lain in a trash for MAIL_TRASH_DAYS goes. */
rc mail_due_next(struct cx *cx, int64_t after, str *ret_tenant, int64_t *ret_id) MUST_USE;
rc mail_due_erase(struct cx *cx, int64_t id, json_t **ret) MUST_USE;

#endif
