/* attachment_door.h - files of records. */
#ifndef DAICHO_CONSOLE_ATTACHMENT_DOOR_H
#define DAICHO_CONSOLE_ATTACHMENT_DOOR_H

#include "gate/route.h"
#include "register/attachment.h"

extern const struct route attachment_door_routes[];

/* For the page of a record: what it holds and may be given. */
rc attachment_door_page(struct cx *cx, const struct definition *def, const struct record *rec, json_t *model) MUST_USE;
/* "66 B", "1.2 MB": small files are files, too. */
str attachment_door_size(const struct cx *cx, int64_t bytes);
/* Where a file is handed out: not at a device of one's own when it says more than how somebody is reached. */
rc attachment_door_send(struct cx *cx, const struct http_req *req, const struct attachment *file, struct http_res *res) MUST_USE;

#endif
