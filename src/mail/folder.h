/* folder.h - the folders a contract makes for its mails: a tree, at most FOLDER_DEPTH_MAX deep and FOLDERS_MAX in all, a name once among its neighbours.
 * What is checked here with a sentence is held by the database (schema/0044_mail.sql). */
#ifndef DAICHO_MAIL_FOLDER_H
#define DAICHO_MAIL_FOLDER_H

#include "base/json.h"

enum { FOLDER_NAME_MAX = 60, FOLDER_DEPTH_MAX = 5, FOLDERS_MAX = 500 };

/* {folders: [{id, parent, name, path, depth, version, mails, mails_within, folders_within}] as they stand in the tree, parents first,
 *  counts: {total, none, trash}}. mails: in it alone; …_within: and in all below it. */
rc folder_list(struct cx *cx, json_t **ret) MUST_USE;
/* One of that list; RC_UNKNOWN. */
rc folder_get(struct cx *cx, int64_t id, json_t **ret) MUST_USE;
/* in: name, parent (0: at the top). */
rc folder_create(struct cx *cx, const json_t *in, json_t **ret) MUST_USE;
/* Members given change. RC_STALE. */
rc folder_update(struct cx *cx, int64_t id, int64_t version, const json_t *in, json_t **ret_before, json_t **ret) MUST_USE;
/* RC_CONFLICT with the numbers of what is still within. *ret: it, as it was. */
rc folder_delete(struct cx *cx, int64_t id, json_t **ret) MUST_USE;
/* RC_INVALID about `item` unless id is 0 or a folder; *ret_path: its path, absent of 0. */
rc folder_check(struct cx *cx, int64_t id, const char *item, str *ret_path) MUST_USE;

#endif
