/* attachment_door.c - files of records: handed in as the body or by a form, handed out as a download and never shown in place. */
#include "base/house.h"

#include "console/attachment_door.h"

#include "base/fail.h"
#include "console/dress.h"
#include "gate/enter.h"
#include "identity/session.h"
#include "log/log.h"
#include "page/page.h"
#include "register/item_file.h"
#include "register/record_model.h"

enum { HASH_SHOWN = 12 };

static const struct field file_fields[] = {
        { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number of the file" },
        { .name = "name", .type = SHAPE_TEXT, .required = true, .summary = "What it was called, without path and signs that file systems refuse" },
        { .name = "type", .type = SHAPE_TEXT, .summary = "MIME type by its content" },
        { .name = "size", .type = SHAPE_INT, .required = true, .summary = "Bytes" },
        { .name = "sha256", .type = SHAPE_TEXT, .required = true, .summary = "SHA-256 of its bytes" },
        { .name = "state",
          .type = SHAPE_TEXT,
          .required = true,
          .summary =
              "waiting for the virus scanner; clean; unscanned: the house has no scanner; refused: something was found, its bytes are gone; gone" },
        { .name = "found", .type = SHAPE_TEXT, .summary = "What the scanner found" },
        { .name = "uploaded_by", .type = SHAPE_TEXT, .summary = "Log-in name" },
        { .name = "uploaded_at", .type = SHAPE_DATETIME, .summary = "When" },
        { NULL },
};
static const struct shape file_shape = { "RecordFile", file_fields };
static const struct field place_fields[] = {
        { .name = "item", .type = SHAPE_TEXT, .required = true, .summary = "Name of the item" },
        { .name = "title", .type = SHAPE_TEXT, .required = true, .summary = "Its title" },
        { .name = "accept", .type = SHAPE_JSON, .summary = "Kinds of files it takes" },
        { .name = "max", .type = SHAPE_INT, .summary = "Bytes a file may have" },
        { .name = "retired", .type = SHAPE_BOOL, .summary = "Nothing new is handed in" },
        { .name = "masked", .type = SHAPE_BOOL, .summary = "Personal, and the caller may not see that" },
        { .name = "file", .type = SHAPE_OBJECT, .of = &file_shape, .summary = "null: none" },
        { NULL },
};
static const struct shape place_shape = { "RecordFilePlace", place_fields };
static const struct field list_fields[] = {
        { .name = "files", .type = SHAPE_LIST, .required = true, .of = &place_shape },
        { .name = "version", .type = SHAPE_INT, .required = true, .summary = "Of the record: If-Match of the next change" },
        { NULL },
};
static const struct shape list_out = { "RecordFiles", list_fields };

static bool api(const struct http_req *req)
{
        return str_starts(req->path, S("/api/v1/"));
}

static rc id_read(struct cx *cx, const struct http_req *req, int64_t *ret)
{
        log_subject(cx, http_arg(req, "register"), 0);
        if (!str_int(http_arg(req, "id"), ret) || *ret <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such record");
        log_subject(cx, http_arg(req, "register"), *ret);
        return RC_OK;
}

str attachment_door_size(const struct cx *cx, int64_t bytes)
{
        return bytes < 1024 ? str_format(cx->mem, "%" PRId64 " B", bytes) : dress_size(cx->mem, bytes);
}

/* Shown ------------------------------------------------------------------------------------------------------------------------------ */

static void file_dress(struct cx *cx, json_t *file)
{
        static const struct {
                const char *state, *chip;
                bool open;
        } chips[] = { { "waiting", "now", false },
                      { "clean", "good", true },
                      { "unscanned", "", true },
                      { "refused", "bad", false },
                      { "gone", "warn", false } };
        str state = json_get_text(file, "state"), hash = json_get_text(file, "sha256");

        for (size_t i = 0; i < COUNT(chips); i++)
                if (str_is(state, chips[i].state)) {
                        (void)json_set(file, "chip", json_string(chips[i].chip));
                        (void)json_set(file, "open", json_boolean(chips[i].open));
                }
        (void)json_set(file, "state_text", json_str(page_text(cx->lang, str_format(cx->mem, "files.state.%.*s", STR_ARG(state)).p)));
        (void)json_set(file, "size_text", json_str(attachment_door_size(cx, json_integer_value(json_object_get(file, "size")))));
        (void)json_set(file, "hash_short", json_str((str){ hash.p, hash.n < HASH_SHOWN ? hash.n : HASH_SHOWN }));
        (void)json_set(file, "waits", json_boolean(str_is(state, "waiting")));
}

rc attachment_door_page(struct cx *cx, const struct definition *def, const struct record *rec, json_t *model)
{
        json_t *list, *one;
        size_t i;

        if (!item_file_any(def))
                return RC_OK;
        TRY(attachment_list(cx, def, rec, &list));
        json_array_foreach(list, i, one) {
                const struct item *item = definition_item(def, json_get_text(one, "item"));

                if (json_is_object(json_object_get(one, "file")))
                        file_dress(cx, json_object_get(one, "file"));
                (void)json_set(one, "has_file", json_boolean(json_is_object(json_object_get(one, "file"))));
                (void)json_set(one, "may_give",
                               json_boolean(!item->retired && sql_visible(cx, item) && permission_held_for(cx, PERM_RECORD_WRITE, def->name)));
                (void)json_set(one, "may_take_away", json_boolean(sql_visible(cx, item) && permission_held_for(cx, PERM_RECORD_WRITE, def->name)));
                (void)json_set(one, "accept_text", json_str(item_file_title(cx->mem, cx->lang, item->accept)));
                (void)json_set(one, "max_text", json_str(attachment_door_size(cx, item->max)));
                if (!str_absent(item->help[cx->lang]))
                        (void)json_set(one, "help", json_str(item->help[cx->lang]));
        }
        (void)json_set(model, "has_files", json_true());
        (void)json_set(model, "files", list);
        return RC_OK;
}

static rc answer(struct cx *cx, const struct definition *def, const struct record *rec, struct http_res *res, json_t **ret)
{
        json_t *model = json_object(), *list;

        TRY(attachment_list(cx, def, rec, &list));
        (void)json_set(model, "files", list);
        (void)json_set(model, "version", json_integer(rec->version));
        res->etag = str_format(cx->mem, "%" PRId64, rec->version);
        *ret = model;
        return RC_OK;
}

/* GET …/records/{id}/files - the places for files of a record, and what is in them. */
static rc list(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        const struct definition *def;
        struct record *rec;
        json_t *model;
        int64_t id;

        TRY(id_read(cx, req, &id));
        TRY(record_get(cx, http_arg(req, "register"), id, &def, &rec));
        TRY(answer(cx, def, rec, res, &model));
        return http_reply(res, 200, NULL, model);
}

static rc put(struct cx *cx, const struct http_req *req, const struct attachment_wish *wish, const char *done, struct http_res *res)
{
        const struct definition *def = NULL;
        struct record *rec = NULL;
        json_t *model;
        rc code = attachment_put(cx, wish, &def, &rec);

        if (code == RC_STALE && rec != NULL)
                res->model = record_model(cx, def, rec, false);
        TRY(code);
        TRY(answer(cx, def, rec, res, &model));
        if (api(req))
                return http_reply(res, 200, NULL, model);
        return http_created(res, 200, str_format(cx->mem, "/registers/%.*s/records/%" PRId64 "?done=%s", STR_ARG(def->name), wish->id, done), model);
}

/* POST …/records/{id}/files/{item} - multipart field `file` with `version`, or the file itself as the body (any content type; `name` in the query, If-Match).
 * 200 and the places; console: 303 to the record. */
static rc hand_in(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        const struct http_file *file = http_file(req, "file");
        struct attachment_wish wish = { .register_name = http_arg(req, "register"), .item = http_arg(req, "item") };
        const struct definition *def;
        struct record *rec;

        TRY(id_read(cx, req, &wish.id));
        TRY(definition_get(cx, wish.register_name, &def));            /* as it is now: a unit that takes a file is not done again */
        TRY(record_get(cx, wish.register_name, wish.id, &def, &rec)); /* before anything is said of the file */
        if (file == NULL)
                file = http_file(req, str_z(cx->mem, wish.item)); /* as the page names it, so that a refusal stands at its field */
        if (file == NULL)
                file = http_file(req, "");
        if (file == NULL || (str_empty(file->name) && file->size == 0))
                return fail(cx, RC_INVALID, str_z(cx->mem, wish.item), "please choose a file");
        TRY(shape_version(cx, req, NULL, &wish.version));
        wish.path = str_z(cx->mem, file->path);
        wish.name = str_empty(file->name) ? http_query(req, "name") : file->name;
        if (str_absent(wish.name))
                wish.name = S("file");
        return put(cx, req, &wish, "file_saved", res);
}

/* DELETE …/records/{id}/files/{item} - If-Match or `version`. */
static rc take_away(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        struct attachment_wish wish = { .register_name = http_arg(req, "register"), .item = http_arg(req, "item") };

        TRY(id_read(cx, req, &wish.id));
        TRY(shape_version(cx, req, NULL, &wish.version));
        return put(cx, req, &wish, "file_gone", res);
}

rc attachment_door_send(struct cx *cx, const struct http_req *req, const struct attachment *file, struct http_res *res)
{
        struct session_place place;

        log_detail(cx, "classification", json_string(item_label_name(file->classification)));
        TRY(session_place(cx, enter_certificate(req), &place));
        if (session_place_model(&place) != NULL)
                log_detail(cx, "device", session_place_model(&place));
        if (place.own && file->classification > ITEM_CONTACT)
                return fail(cx, RC_FORBIDDEN, NULL, "this file holds more than contact details; it is not handed out to a device of one's own");
        res->file = file->path;
        res->file_name = file->name;
        res->type = file->type;
        res->status = 200;
        return RC_OK;
}

/* GET …/records/{id}/files/{item} - the bytes, sent by nginx. */
static rc hand_out(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        struct attachment file;
        int64_t id;

        TRY(id_read(cx, req, &id));
        TRY(attachment_get(cx, http_arg(req, "register"), id, http_arg(req, "item"), &file));
        return attachment_door_send(cx, req, &file, res);
}

/* clang-format off */
const struct route attachment_door_routes[] = {
        /*     method  path                                                  permission         verb          body   rate    handler    summary */
        ROUTE( GET,    "/registers/{register}/records/{id}/files",           PERM_RECORD_READ,  LOG_VIEW,     0,     NORMAL, list,      "Files of one record",
               .out = &list_out, .face = FACE_API ),
        ROUTE( POST,   "/registers/{register}/records/{id}/files/{item}",    PERM_RECORD_WRITE, LOG_UPDATE,   KB(4), HEAVY,  hand_in,   "Hand in a file for an item of one record",
               .out = &list_out, .file_max = ITEM_FILE_MAX ),
        ROUTE( DELETE, "/registers/{register}/records/{id}/files/{item}",    PERM_RECORD_WRITE, LOG_UPDATE,   KB(4), NORMAL, take_away, "Take a file away from one record",
               .out = &list_out ),
        ROUTE( GET,    "/registers/{register}/records/{id}/files/{item}",    PERM_RECORD_READ,  LOG_DOWNLOAD, 0,     NORMAL, hand_out,  "Download a file of one record",
               .contact = true ),
        ROUTE_END
};
/* clang-format on */
