/* folder_door.c - see folder_door.h. Whoever sees mails sees the folders; making, renaming, moving and deleting them is a right of its own. */
#include "base/house.h"

#include "console/folder_door.h"

#include "base/fail.h"
#include "log/log.h"
#include "mail/folder.h"

/* clang-format off */
/* Longer than allowed, and with line breaks: the room says what is wrong with it. */
#define NAME_FIELD(required_) \
        { .name = "name", .type = SHAPE_TEXT, .required = (required_), .max = 1000, .lines = true, .summary = "Name, once among its neighbours" }
#define PARENT_FIELD { .name = "parent", .type = SHAPE_INT, .min = 0, .max = INT64_MAX, .summary = "Number of the folder it stands in; 0: at the top" }
/* clang-format on */

static const struct field create_fields[] = { NAME_FIELD(true), PARENT_FIELD, { NULL } };
static const struct shape create_in = { "MailFolderNew", create_fields };
static const struct field change_fields[] = {
        NAME_FIELD(false),
        PARENT_FIELD,
        { .name = "version", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "Version that was read, when If-Match does not say it" },
        { NULL },
};
static const struct shape change_in = { "MailFolderChange", change_fields };

static const struct field folder_fields[] = {
        { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number" },
        { .name = "parent", .type = SHAPE_INT, .summary = "The folder it stands in; null: at the top" },
        { .name = "name", .type = SHAPE_TEXT, .required = true, .summary = "Name, once among its neighbours" },
        { .name = "path", .type = SHAPE_TEXT, .required = true, .summary = "Names from the top: Sale / August" },
        { .name = "depth", .type = SHAPE_INT, .required = true, .summary = "1: at the top; 5 at most" },
        { .name = "version", .type = SHAPE_INT, .required = true, .summary = "Rises with each change" },
        { .name = "mails", .type = SHAPE_INT, .required = true, .summary = "Mails in it, without those in folders below" },
        { .name = "mails_within", .type = SHAPE_INT, .required = true, .summary = "Mails in it and in all folders below" },
        { .name = "folders_within", .type = SHAPE_INT, .required = true, .summary = "Folders below it" },
        { NULL },
};
static const struct shape folder_shape = { "MailFolder", folder_fields };
static const struct field one_fields[] = {
        { .name = "folder", .type = SHAPE_OBJECT, .required = true, .of = &folder_shape },
        { .name = "parents", .type = SHAPE_LIST, .of = &folder_shape, .summary = "When one is read: the folders it could stand in" },
        { NULL },
};
static const struct shape one_out = { "MailFolderAnswer", one_fields };
static const struct field list_fields[] = {
        { .name = "folders", .type = SHAPE_LIST, .required = true, .of = &folder_shape, .summary = "As they stand in the tree, parents first" },
        { .name = "counts", .type = SHAPE_JSON, .required = true, .summary = "Mails: total, none (in no folder), trash" },
        { NULL },
};
static const struct shape list_out = { "MailFolderList", list_fields };

static rc id_read(struct cx *cx, const struct http_req *req, int64_t *ret)
{
        if (!str_int(http_arg(req, "id"), ret) || *ret <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such folder");
        log_subject(cx, S("mail_folder"), *ret);
        return RC_OK;
}

/* GET /mail-folders - mail_folders.html: folder_list(). */
static rc list(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *model;

        log_subject(cx, S("mail_folder"), 0);
        TRY(folder_list(cx, &model));
        return http_reply(res, 200, "mail_folders.html", model);
}

/* POST /mail-folders - 303 to the list. */
static rc create(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *folder, *model = json_object();

        log_subject(cx, S("mail_folder"), 0);
        TRY(shape_read(cx, &create_in, req, &in));
        TRY(folder_create(cx, in, &folder));
        log_subject(cx, S("mail_folder"), json_integer_value(json_object_get(folder, "id")));
        log_detail(cx, "path", json_object_get(folder, "path"));
        json_set(model, "folder", folder);
        return http_created(res, 201, S("/mail-folders?done=mail_folder_made"), model);
}

/* The folders it could stand in: not itself, nor what is below it (they follow it in the list). */
static rc parents_add(struct cx *cx, json_t *model, int64_t id, const json_t *parent)
{
        json_t *all, *one, *parents = json_array();
        int64_t below = 0, depth;
        size_t i;

        TRY(folder_list(cx, &all));
        json_array_foreach(json_object_get(all, "folders"), i, one) {
                depth = json_integer_value(json_object_get(one, "depth"));
                if (below > 0 && depth <= below)
                        below = 0;
                if (json_integer_value(json_object_get(one, "id")) == id)
                        below = depth;
                if (below > 0 || depth == FOLDER_DEPTH_MAX)
                        continue;
                json_set(one, "chosen", json_boolean(json_equal(json_object_get(one, "id"), parent)));
                must(json_array_append_new(parents, one) == 0);
        }
        json_set(model, "parents", parents);
        return RC_OK;
}

/* GET /mail-folders/{id} - mail_folder.html: {folder, parents}. */
static rc show(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *folder, *model = json_object();
        int64_t id;

        TRY(id_read(cx, req, &id));
        TRY(folder_get(cx, id, &folder));
        json_set(model, "folder", folder);
        if (!str_starts(req->path, S("/api/v1/")))
                json_set(folder, "is_full",
                         json_boolean(json_integer_value(json_object_get(folder, "mails_within")) > 0 ||
                                      json_integer_value(json_object_get(folder, "folders_within")) > 0));
        TRY(parents_add(cx, model, id, json_object_get(folder, "parent")));
        return http_reply(res, 200, "mail_folder.html", model);
}

/* PATCH /mail-folders/{id} - 303 to the list. */
static rc change(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *before, *folder, *now, *model = json_object();
        int64_t id, version;
        rc code;

        TRY(id_read(cx, req, &id));
        TRY(folder_get(cx, id, &folder));
        TRY(shape_read(cx, &change_in, req, &in));
        TRY(shape_version(cx, req, in, &version));
        code = folder_update(cx, id, version, in, &before, &folder);
        if (code == RC_STALE && folder_get(cx, id, &now) == RC_OK)
                res->model = now;
        TRY(code);
        log_detail(cx, "path", json_object_get(before, "path"));
        log_detail(cx, "changes", log_difference(before, folder));
        json_set(model, "folder", folder);
        return http_created(res, 200, S("/mail-folders?done=saved"), model);
}

/* DELETE /mail-folders/{id} - 303 to the list. */
static rc erase(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *folder, *model = json_object();
        int64_t id;

        TRY(id_read(cx, req, &id));
        TRY(folder_delete(cx, id, &folder));
        log_detail(cx, "path", json_object_get(folder, "path"));
        json_set(model, "folder", folder);
        return http_created(res, 200, S("/mail-folders?done=mail_folder_deleted"), model);
}

/* clang-format off */
const struct route folder_door_routes[] = {
        /*     method  path                 permission        logged as   body    rate    handler */
        ROUTE( GET,    "/mail-folders",      PERM_MAIL_READ,   LOG_LIST,   0,      NORMAL, list,   "List the folders of mails", .out = &list_out ),
        ROUTE( POST,   "/mail-folders",      PERM_MAIL_FOLDER, LOG_CREATE, KB(16), NORMAL, create, "Make a folder for mails",
               .in = &create_in, .out = &one_out ),
        ROUTE( GET,    "/mail-folders/{id}", PERM_MAIL_FOLDER, LOG_VIEW,   0,      NORMAL, show,   "Read a folder of mails", .out = &one_out ),
        ROUTE( PATCH,  "/mail-folders/{id}", PERM_MAIL_FOLDER, LOG_UPDATE, KB(16), NORMAL, change, "Rename or move a folder of mails",
               .in = &change_in, .out = &one_out ),
        ROUTE( DELETE, "/mail-folders/{id}", PERM_MAIL_FOLDER, LOG_DELETE, KB(4),  NORMAL, erase,  "Delete an empty folder of mails",
               .out = &one_out ),
        ROUTE_END
};
/* clang-format on */
