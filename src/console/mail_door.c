/* mail_door.c - see mail_door.h. On the console the list stands beside the tree of folders. */
#include "base/house.h"

#include "console/mail_door.h"

#include "base/fail.h"
#include "console/dress.h"
#include "log/log.h"
#include "mail/folder.h"
#include "mail/mail.h"
#include "page/page.h"

static const struct field query_fields[] = {
        { .name = "folder",
          .type = SHAPE_TEXT,
          .max = 20,
          .summary = "Number of a folder, none (in no folder) or trash; without: all but the trash" },
        { .name = "q", .type = SHAPE_TEXT, .max = 200, .summary = "Words all of which must be found in the subject" },
        { .name = "after", .type = SHAPE_TEXT, .max = 60, .summary = "Cursor: next of the page before" },
        { .name = "limit", .type = SHAPE_INT, .min = 1, .max = MAIL_LIMIT_MAX, .summary = "Mails on a page; without: 50" },
        { .name = "done", .type = SHAPE_TEXT, .max = 100, .summary = "Console: what was done" },
        { NULL },
};
static const struct shape query_in = { "MailQuery", query_fields };

/* clang-format off */
/* Longer than allowed, and with line breaks: the room says what is wrong with it. */
#define CONTENT_FIELDS(required_)                                                                                                                   \
        { .name = "subject", .type = SHAPE_TEXT, .required = (required_), .max = 1000, .lines = true, .summary = "Subject: one line" },               \
        { .name = "from_name", .type = SHAPE_TEXT, .max = 1000, .lines = true, .summary = "Sender's name, shown beside the address: one line" },      \
        { .name = "body", .type = SHAPE_TEXT, .max = MAIL_BODY_MAX, .lines = true, .summary = "The text" },                                           \
        { .name = "folder", .type = SHAPE_INT, .min = 0, .max = INT64_MAX, .summary = "Number of a folder; 0: none" }
#define CHOSEN_FIELDS                                                                                                                               \
        { .name = "mails", .type = SHAPE_LIST, .max = MAIL_CHOSEN_MAX, .summary = "Numbers of mails" },                                               \
        { .name = "from", .type = SHAPE_TEXT, .max = 20, .summary = "Console: the folder that was shown" }
/* clang-format on */

static const struct field create_fields[] = { CONTENT_FIELDS(true), { NULL } };
static const struct shape create_in = { "MailNew", create_fields };
static const struct field change_fields[] = {
        CONTENT_FIELDS(false),
        { .name = "version", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "Version that was read, when If-Match does not say it" },
        { NULL },
};
static const struct shape change_in = { "MailChange", change_fields };
static const struct field move_fields[] = {
        CHOSEN_FIELDS,
        { .name = "folder",
          .type = SHAPE_INT,
          .required = true,
          .min = 0,
          .max = INT64_MAX,
          .summary = "Where they go: number of a folder; 0: none" },
        { NULL },
};
static const struct shape move_in = { "MailMove", move_fields };
static const struct field trash_fields[] = {
        CHOSEN_FIELDS,
        { .name = "folder", .type = SHAPE_INT, .min = 0, .max = INT64_MAX, .summary = "Console: not looked at" },
        { NULL },
};
static const struct shape trash_in = { "MailTrash", trash_fields };

static const struct field mail_fields[] = {
        { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number" },
        { .name = "state", .type = SHAPE_TEXT, .required = true, .summary = "draft or sent" },
        { .name = "subject", .type = SHAPE_TEXT, .required = true, .summary = "Subject" },
        { .name = "from_name", .type = SHAPE_TEXT, .required = true, .summary = "Sender's name" },
        { .name = "body", .type = SHAPE_TEXT, .summary = "The text; in lists it is left out" },
        { .name = "characters", .type = SHAPE_INT, .required = true, .summary = "Characters of the text" },
        { .name = "folder", .type = SHAPE_INT, .summary = "The folder it is in; null: none" },
        { .name = "folder_path", .type = SHAPE_TEXT, .summary = "When one is read: the names of the folder, from the top" },
        { .name = "version", .type = SHAPE_INT, .required = true, .summary = "Rises with each change, of the folder, too" },
        { .name = "created_by", .type = SHAPE_TEXT, .summary = "Who wrote it first" },
        { .name = "created_at", .type = SHAPE_DATETIME, .required = true, .summary = "When" },
        { .name = "updated_by", .type = SHAPE_TEXT, .summary = "Who changed its content last" },
        { .name = "updated_at", .type = SHAPE_DATETIME, .required = true, .summary = "When; lists go by it" },
        { .name = "deleted_by", .type = SHAPE_TEXT, .summary = "In the trash: who put it there" },
        { .name = "deleted_at", .type = SHAPE_DATETIME, .summary = "When; null: it does not lie in the trash" },
        { .name = "until_at", .type = SHAPE_DATETIME, .summary = "In the trash: when it goes for good" },
        { NULL },
};
static const struct shape mail_shape = { "Mail", mail_fields };
static const struct field one_fields[] = { { .name = "mail", .type = SHAPE_OBJECT, .required = true, .of = &mail_shape }, { NULL } };
static const struct shape one_out = { "MailAnswer", one_fields };
static const struct field list_fields[] = {
        { .name = "mails", .type = SHAPE_LIST, .required = true, .of = &mail_shape },
        { .name = "next", .type = SHAPE_TEXT, .summary = "Give it as `after` for the next page; null at the end" },
        { NULL },
};
static const struct shape list_out = { "MailList", list_fields };
static const struct field count_fields[] = {
        { .name = "mails", .type = SHAPE_INT, .required = true, .summary = "How many were moved or deleted" },
        { .name = "folder_path", .type = SHAPE_TEXT, .summary = "When moved: where they are now; null: in no folder" },
        { .name = "erased",
          .type = SHAPE_BOOL,
          .summary = "When deleted: they are gone for good, because the contract ends; false: they lie in the trash" },
        { NULL },
};
static const struct shape count_out = { "MailCount", count_fields };

static bool api(const struct http_req *req)
{
        return str_starts(req->path, S("/api/v1/"));
}

static rc id_read(struct cx *cx, const struct http_req *req, int64_t *ret)
{
        if (!str_int(http_arg(req, "id"), ret) || *ret <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such mail");
        log_subject(cx, S("mail"), *ret);
        return RC_OK;
}

static str mail_url(struct cx *cx, const json_t *mail, const char *done)
{
        return str_format(cx->mem, "/mails/%" JSON_INTEGER_FORMAT "?done=%s", json_integer_value(json_object_get(mail, "id")), done);
}

static rc mail_reply(struct cx *cx, json_t *mail, int status, const char *done, struct http_res *res)
{
        return http_created(res, status, mail_url(cx, mail, done), json_set(json_object(), "mail", mail));
}

/* The list that was shown before. */
static str list_url(struct cx *cx, str from, const char *done)
{
        int64_t id;

        if (str_is(from, "none") || str_is(from, "trash") || (str_int(from, &id) && id > 0))
                return str_format(cx->mem, "/mails?folder=%.*s&done=%s", STR_ARG(from), done);
        return str_format(cx->mem, "/mails?done=%s", done);
}

/* Lists ---------------------------------------------------------------------------------------------------------------------------- */

static rc place_read(struct cx *cx, str folder, struct mail_query *query)
{
        str path;

        if (str_absent(folder) || str_empty(folder))
                return RC_OK;
        if (str_is(folder, "none")) {
                query->place = MAIL_NO_FOLDER;
        } else if (str_is(folder, "trash")) {
                query->place = MAIL_TRASH;
        } else {
                query->place = MAIL_FOLDER;
                if (!str_int(folder, &query->folder) || query->folder <= 0)
                        return fail(cx, RC_INVALID, "folder", "must be the number of a folder, none or trash");
                TRY(folder_check(cx, query->folder, "folder", &path));
        }
        return RC_OK;
}

/* The tree, with what is shown marked; the mails with the names of their folders. chosen: number of a folder, 0: none. */
static rc folders_add(struct cx *cx, int64_t chosen, json_t *model)
{
        json_t *tree, *folder, *mail, *paths = json_object();
        size_t i;

        TRY(folder_list(cx, &tree));
        json_array_foreach(json_object_get(tree, "folders"), i, folder) {
                json_int_t id = json_integer_value(json_object_get(folder, "id"));

                json_set(folder, "chosen", json_boolean(id == chosen));
                json_set(paths, str_format(cx->mem, "%" JSON_INTEGER_FORMAT, id).p, json_object_get(folder, "path"));
        }
        json_array_foreach(json_object_get(model, "mails"), i, mail) {
                const json_t *in = json_object_get(mail, "folder");

                if (json_is_integer(in))
                        json_set(mail, "folder_path", json_object_get(paths, str_format(cx->mem, "%" JSON_INTEGER_FORMAT, json_integer_value(in)).p));
        }
        json_set(model, "folders", json_object_get(tree, "folders"));
        json_set(model, "counts", json_object_get(tree, "counts"));
        return RC_OK;
}

static rc list_for_console(struct cx *cx, const json_t *in, const struct mail_query *query, json_t *model)
{
        static const char *const places[] = {
                [MAIL_ALL] = "at_all", [MAIL_FOLDER] = "at_folder", [MAIL_NO_FOLDER] = "at_none", [MAIL_TRASH] = "at_trash"
        };
        json_t *one;
        size_t i;

        TRY(folders_add(cx, query->folder, model));
        json_array_foreach(json_object_get(model, "folders"), i, one)
                if (query->folder != 0 && json_integer_value(json_object_get(one, "id")) == query->folder)
                        json_set(model, "here", one);
        json_set(model, places[query->place], json_true());
        json_set(model, "choosable", json_boolean(query->place != MAIL_TRASH));
        json_set(model, "where", json_str(str_absent(json_get_text(in, "folder")) ? S("") : json_get_text(in, "folder")));
        json_set(model, "q", json_str(str_absent(query->q) ? S("") : query->q));
        json_set(model, "days", json_integer(MAIL_TRASH_DAYS));
        return RC_OK;
}

/* GET /mails - mails.html: mail_list(). Console also: folders with `chosen`, counts, here (the folder), at_all | at_folder | at_none | at_trash, choosable,
 * where, q, days; mails with folder_path. */
static rc list(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        struct mail_query query = { 0 };
        json_t *in, *model;

        log_subject(cx, S("mail"), 0);
        TRY(shape_read(cx, &query_in, req, &in));
        query.q = json_get_text(in, "q");
        query.after = json_get_text(in, "after");
        query.limit = json_integer_value(json_object_get(in, "limit"));
        TRY(place_read(cx, json_get_text(in, "folder"), &query));
        if (!str_empty(json_get_text(in, "folder")))
                log_detail(cx, "folder", json_object_get(in, "folder"));
        if (!str_empty(query.q)) {
                log_verb(cx, LOG_SEARCH);
                log_detail(cx, "q", json_str(query.q));
        }
        TRY(mail_list(cx, &query, &model));
        if (!api(req))
                TRY(list_for_console(cx, in, &query, model));
        return http_reply(res, 200, "mails.html", model);
}

/* One ------------------------------------------------------------------------------------------------------------------------------- */

static const struct field new_fields[] = {
        { .name = "folder", .type = SHAPE_TEXT, .max = 20, .summary = "Console: the folder that was shown" },
        { NULL },
};
static const struct shape new_in = { "MailForm", new_fields };

static rc form_reply(struct cx *cx, json_t *mail, int64_t folder, struct http_res *res)
{
        json_t *model = json_set(json_object(), "mail", mail);

        json_set(model, "subject_max", json_integer(MAIL_SUBJECT_MAX));
        json_set(model, "from_max", json_integer(MAIL_FROM_MAX));
        json_set(model, "body_max", json_integer(MAIL_BODY_MAX));
        TRY(folders_add(cx, folder, model));
        return http_reply(res, 200, "mail_edit.html", model);
}

/* GET /mails/new - mail_edit.html: {mail: {}, folders with `chosen`, subject_max, from_max, body_max}. */
static rc form_new(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        int64_t folder = 0;
        json_t *in;

        log_subject(cx, S("mail"), 0);
        TRY(shape_read(cx, &new_in, req, &in));
        (void)str_int(json_get_text(in, "folder"), &folder);
        return form_reply(cx, json_object(), folder, res);
}

/* GET /mails/{id} - mail.html: {mail}. Console also: folders with `chosen`, days. */
static rc show(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *mail, *model = json_object();
        int64_t id;

        TRY(id_read(cx, req, &id));
        TRY(mail_get(cx, id, &mail));
        json_set(model, "mail", mail);
        if (!api(req)) {
                TRY(folders_add(cx, json_integer_value(json_object_get(mail, "folder")), model));
                json_set(model, "days", json_integer(MAIL_TRASH_DAYS));
        }
        res->etag = str_format(cx->mem, "%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(mail, "version")));
        return http_reply(res, 200, "mail.html", model);
}

/* GET /mails/{id}/edit - as form_new. */
static rc form_edit(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *mail;
        int64_t id;

        TRY(id_read(cx, req, &id));
        TRY(mail_get(cx, id, &mail));
        if (!str_is(json_get_text(mail, "state"), "draft") || json_is_string(json_object_get(mail, "deleted_at")))
                return fail(cx, RC_CONFLICT, NULL, "only a draft that does not lie in the trash is edited");
        return form_reply(cx, mail, json_integer_value(json_object_get(mail, "folder")), res);
}

/* What an entry tells of a mail: its text by its length. */
static json_t *told(const json_t *mail)
{
        static const char *const names[] = { "subject", "from_name", "characters", "folder_path" };
        json_t *m = json_object();

        for (size_t i = 0; i < COUNT(names); i++)
                json_set(m, names[i], json_object_get(mail, names[i]));
        return m;
}

/* POST /mails - 303 to it. */
static rc create(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *mail;

        log_subject(cx, S("mail"), 0);
        TRY(shape_read(cx, &create_in, req, &in));
        TRY(mail_create(cx, in, &mail));
        log_subject(cx, S("mail"), json_integer_value(json_object_get(mail, "id")));
        log_detail(cx, "mail", told(mail));
        return mail_reply(cx, mail, 201, "mail_made", res);
}

/* PATCH /mails/{id} - 303 to it; after RC_STALE it as it is now is told with the refusal. */
static rc change(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *before, *mail, *now, *changes;
        int64_t id, version;
        rc code;

        TRY(id_read(cx, req, &id));
        TRY(mail_get(cx, id, &mail));
        TRY(shape_read(cx, &change_in, req, &in));
        TRY(shape_version(cx, req, in, &version));
        code = mail_update(cx, id, version, in, &before, &mail);
        if (code == RC_STALE && mail_get(cx, id, &now) == RC_OK)
                res->model = now;
        TRY(code);
        changes = log_difference(told(before), told(mail));
        if (!json_equal(json_object_get(before, "body"), json_object_get(mail, "body")))
                json_set(changes, "body", json_true());
        log_detail(cx, "changes", changes);
        return mail_reply(cx, mail, 200, "saved", res);
}

/* POST /mails/{id}/copy - 303 to the copy. */
static rc copy(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *mail;
        int64_t id;

        TRY(id_read(cx, req, &id));
        TRY(mail_copy(cx, id, &mail));
        log_subject(cx, S("mail"), json_integer_value(json_object_get(mail, "id")));
        log_detail(cx, "copy_of", json_integer(id));
        log_detail(cx, "mail", told(mail));
        return mail_reply(cx, mail, 201, "mail_copied", res);
}

static rc trash_reply(struct cx *cx, const json_t *ids, str from, struct http_res *res)
{
        json_t *model = json_object();
        int64_t count;
        bool erased;

        TRY(mail_trash(cx, ids, &count, &erased));
        log_detail(cx, "mails", json_incref((json_t *)(uintptr_t)ids));
        json_set(model, "mails", json_integer(count));
        json_set(model, "erased", json_boolean(erased));
        return http_created(res, 200, list_url(cx, from, erased ? "mail_erased" : "mail_trashed"), model);
}

/* DELETE /mails/{id} - into the trash; 303 to the folder it was in. */
static rc erase_one(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *mail, *ids = json_array();
        const json_t *folder;
        str from;
        int64_t id;

        TRY(id_read(cx, req, &id));
        TRY(mail_get(cx, id, &mail));
        folder = json_object_get(mail, "folder");
        from = json_is_integer(folder) ? str_format(cx->mem, "%" JSON_INTEGER_FORMAT, json_integer_value(folder)) : S("none");
        must(json_array_append_new(ids, json_integer(id)) == 0);
        log_detail(cx, "subject", json_object_get(mail, "subject"));
        return trash_reply(cx, ids, from, res);
}

/* POST /mails/trash - 303 to the list that was shown. */
static rc trash(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in;

        log_subject(cx, S("mail"), 0);
        TRY(shape_read(cx, &trash_in, req, &in));
        return trash_reply(cx, json_object_get(in, "mails"), json_get_text(in, "from"), res);
}

/* POST /mails/move - 303 to the list that was shown. */
static rc move(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *model = json_object();
        int64_t moved;
        str path;

        log_subject(cx, S("mail"), 0);
        TRY(shape_read(cx, &move_in, req, &in));
        TRY(mail_move(cx, json_object_get(in, "mails"), json_integer_value(json_object_get(in, "folder")), &path, &moved));
        log_detail(cx, "mails", json_object_get(in, "mails"));
        log_detail(cx, "folder_path", json_str(path));
        json_set(model, "mails", json_integer(moved));
        json_set(model, "folder_path", json_str(path));
        return http_created(res, 200, list_url(cx, json_get_text(in, "from"), "mail_moved"), model);
}

/* POST /mails/{id}/restore - 303 to it. */
static rc restore(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *mail;
        int64_t id;

        TRY(id_read(cx, req, &id));
        TRY(mail_restore(cx, id, &mail));
        log_detail(cx, "mail", told(mail));
        return mail_reply(cx, mail, 200, "mail_restored", res);
}

/* POST /mails/{id}/erase - for good; 303 to the trash. */
static rc erase(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *mail, *model = json_object();
        int64_t id;

        TRY(id_read(cx, req, &id));
        TRY(mail_erase(cx, id, &mail));
        log_detail(cx, "subject", json_object_get(mail, "subject"));
        json_set(model, "mails", json_integer(1));
        json_set(model, "erased", json_true());
        return http_created(res, 200, S("/mails?folder=trash&done=mail_erased"), model);
}

/* clang-format off */
const struct route mail_door_routes[] = {
        /*     method  path                  permission        logged as    body     rate    handler */
        ROUTE( GET,    "/mails",              PERM_MAIL_READ,   LOG_LIST,    0,       NORMAL, list,      "List mails of a folder",
               .in = &query_in, .out = &list_out ),
        ROUTE( POST,   "/mails",              PERM_MAIL_WRITE,  LOG_CREATE,  KB(512), NORMAL, create,    "Write a mail",
               .in = &create_in, .out = &one_out ),
        ROUTE( GET,    "/mails/new",          PERM_MAIL_WRITE,  LOG_VIEW,    0,       NORMAL, form_new,  "Form for a mail",
               .in = &new_in, .face = FACE_CONSOLE ),
        ROUTE( POST,   "/mails/move",         PERM_MAIL_WRITE,  LOG_UPDATE,  KB(16),  NORMAL, move,      "Move mails into a folder",
               .in = &move_in, .out = &count_out ),
        ROUTE( POST,   "/mails/trash",        PERM_MAIL_WRITE,  LOG_DELETE,  KB(16),  NORMAL, trash,     "Put mails into the trash",
               .in = &trash_in, .out = &count_out ),
        ROUTE( GET,    "/mails/{id}",         PERM_MAIL_READ,   LOG_VIEW,    0,       NORMAL, show,      "Read a mail", .out = &one_out ),
        ROUTE( GET,    "/mails/{id}/edit",    PERM_MAIL_WRITE,  LOG_VIEW,    0,       NORMAL, form_edit, "Form for a change of a mail", .face = FACE_CONSOLE ),
        ROUTE( PATCH,  "/mails/{id}",         PERM_MAIL_WRITE,  LOG_UPDATE,  KB(512), NORMAL, change,    "Change a mail",
               .in = &change_in, .out = &one_out ),
        ROUTE( DELETE, "/mails/{id}",         PERM_MAIL_WRITE,  LOG_DELETE,  KB(4),   NORMAL, erase_one, "Put a mail into the trash",
               .out = &count_out ),
        ROUTE( POST,   "/mails/{id}/copy",    PERM_MAIL_WRITE,  LOG_CREATE,  KB(4),   NORMAL, copy,      "Copy a mail", .out = &one_out ),
        ROUTE( POST,   "/mails/{id}/restore", PERM_MAIL_WRITE,  LOG_RESTORE, KB(4),   NORMAL, restore,   "Take a mail out of the trash", .out = &one_out ),
        ROUTE( POST,   "/mails/{id}/erase",   PERM_MAIL_WRITE,  LOG_ERASE,   KB(4),   NORMAL, erase,     "Erase a mail that lies in the trash",
               .out = &count_out ),
        ROUTE_END
};
/* clang-format on */
