/* evidence_door.c - evidence of records: collected by whoever may write them, read by whoever may see all of them. */
#include "base/house.h"

#include "console/evidence_door.h"

#include "base/fail.h"
#include "console/attachment_door.h"
#include "log/log.h"
#include "page/page.h"
#include "register/evidence.h"
#include "register/item_file.h"

enum { HASH_SHOWN = 12 };

static const struct field list_query[] = {
        { .name = "before", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "`next` of the page before" },
        { NULL },
};
static const struct shape list_in = { "EvidenceQuery", list_query };
static const struct field one_fields[] = {
        { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number" },
        { .name = "observation", .type = SHAPE_TEXT, .summary = "What was observed; null: a file" },
        { .name = "sha256", .type = SHAPE_TEXT, .required = true, .summary = "SHA-256 of the file's bytes, or of the observation in UTF-8" },
        { .name = "from", .type = SHAPE_TEXT, .max = 10, .required = true, .summary = "First day of the period it covers" },
        { .name = "to", .type = SHAPE_TEXT, .max = 10, .required = true, .summary = "Last day" },
        { .name = "received_at", .type = SHAPE_DATETIME, .required = true, .summary = "When it came in, by the clock of the database" },
        { .name = "collector", .type = SHAPE_TEXT, .required = true, .summary = "Log-in name then" },
        { .name = "duty", .type = SHAPE_INT, .summary = "Duty it was collected for" },
        { .name = "duty_title", .type = SHAPE_TEXT, .summary = "Its title" },
        { .name = "file", .type = SHAPE_JSON, .summary = "id, name, type, size, state, found; null: an observation" },
        { NULL },
};
static const struct shape one_shape = { "Evidence", one_fields };
static const struct field list_fields[] = {
        { .name = "evidence", .type = SHAPE_LIST, .required = true, .of = &one_shape, .summary = "Newest first" },
        { .name = "next", .type = SHAPE_INT, .summary = "For `before` of the next page; null: it is all" },
        { NULL },
};
static const struct shape list_out = { "EvidenceList", list_fields };
static const struct field collect_fields[] = {
        { .name = "observation",
          .type = SHAPE_TEXT,
          .max = EVIDENCE_TEXT_MAX,
          .lines = true,
          .summary = "What was observed; or a multipart field `file`" },
        { .name = "from", .type = SHAPE_TEXT, .max = 10, .required = true, .summary = "First day of the period it covers" },
        { .name = "to", .type = SHAPE_TEXT, .max = 10, .required = true, .summary = "Last day, today at the latest" },
        { .name = "duty", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "Duty of this record that it is collected for" },
        { NULL },
};
static const struct shape collect_in = { "EvidenceOrder", collect_fields };
static const struct field collected_fields[] = {
        { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number" },
        { .name = "sha256", .type = SHAPE_TEXT, .required = true, .summary = "As it was received" },
        { NULL },
};
static const struct shape collected_out = { "EvidenceAnswer", collected_fields };

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

static void dress(struct cx *cx, json_t *one)
{
        str hash = json_get_text(one, "sha256"), state = json_get_text(json_object_get(one, "file"), "state");
        json_t *file = json_object_get(one, "file");

        (void)json_set(one, "hash_short", json_str((str){ hash.p, HASH_SHOWN }));
        (void)json_set(one, "is_file", json_boolean(json_is_object(file)));
        if (!json_is_object(file))
                return;
        (void)json_set(file, "id_evidence", json_object_get(one, "id"));
        (void)json_set(file, "open", json_boolean(str_is(state, "clean") || str_is(state, "unscanned")));
        (void)json_set(file, "chip",
                       json_string(str_is(state, "clean")     ? "good"
                                   : str_is(state, "refused") ? "bad"
                                   : str_is(state, "waiting") ? "now"
                                                              : ""));
        (void)json_set(file, "state_text", json_str(page_text(cx->lang, str_format(cx->mem, "files.state.%.*s", STR_ARG(state)).p)));
        (void)json_set(file, "size_text", json_str(attachment_door_size(cx, json_integer_value(json_object_get(file, "size")))));
}

rc evidence_door_page(struct cx *cx, const struct definition *def, int64_t record, json_t *model)
{
        json_t *list, *one, *duties;
        size_t i;

        if (cx->masked)
                return RC_OK;
        TRY(evidence_list(cx, def, record, 0, &list));
        json_array_foreach(json_object_get(list, "evidence"), i, one)
                dress(cx, one);
        (void)json_set(list, "has_evidence", json_boolean(json_array_size(json_object_get(list, "evidence")) > 0));
        (void)json_set(list, "may_collect", json_boolean(permission_held_for(cx, PERM_RECORD_WRITE, def->name)));
        TRY(evidence_duties(cx, def, record, &duties));
        (void)json_set(list, "duties", duties);
        (void)json_set(list, "has_duties", json_boolean(json_array_size(duties) > 0));
        (void)json_set(list, "max_text", json_str(attachment_door_size(cx, ITEM_FILE_MAX)));
        (void)json_set(model, "proofs", list);
        return RC_OK;
}

/* GET …/records/{id}/evidence */
static rc list(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        const struct definition *def;
        struct record *rec;
        json_t *in, *model;
        int64_t id;

        TRY(id_read(cx, req, &id));
        TRY(shape_read(cx, &list_in, req, &in));
        TRY(record_get(cx, http_arg(req, "register"), id, &def, &rec));
        TRY(evidence_list(cx, def, id, json_integer_value(json_object_get(in, "before")), &model));
        return http_reply(res, 200, NULL, model);
}

/* POST …/records/{id}/evidence - JSON with an observation, or a form with one or with a file. 201 {id, sha256}; console: 303 to the record. */
static rc collect(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        const struct http_file *file = http_file(req, "file");
        struct evidence_order order = { .register_name = http_arg(req, "register"), .observation = STR_NONE };
        const struct definition *def;
        struct record *rec;
        json_t *in, *model = json_object();
        int64_t id;
        str sha256;

        TRY(id_read(cx, req, &order.record));
        TRY(definition_get(cx, order.register_name, &def)); /* as it is now: a unit that takes a file is not done again */
        TRY(record_get(cx, order.register_name, order.record, &def, &rec));
        TRY(shape_read(cx, &collect_in, req, &in));
        order.observation = json_get_text(in, "observation");
        order.from = json_get_text(in, "from");
        order.to = json_get_text(in, "to");
        order.duty = json_integer_value(json_object_get(in, "duty"));
        if (file != NULL && (file->size > 0 || !str_empty(file->name))) {
                order.path = str_z(cx->mem, file->path);
                order.name = file->name;
        }
        TRY(evidence_collect(cx, &order, &id, &sha256));
        (void)json_set(model, "id", json_integer(id));
        (void)json_set(model, "sha256", json_str(sha256));
        return http_created(res, 201,
                            str_format(cx->mem, "/registers/%.*s/records/%" PRId64 "%s", STR_ARG(order.register_name), order.record,
                                       api(req) ? "/evidence" : "?done=evidence_collected"),
                            model);
}

/* GET …/records/{id}/evidence/{evidence} - its file, sent by nginx. */
static rc hand_out(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        struct attachment file;
        int64_t id, evidence;

        TRY(id_read(cx, req, &id));
        if (!str_int(http_arg(req, "evidence"), &evidence) || evidence <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such file");
        TRY(evidence_open(cx, http_arg(req, "register"), id, evidence, &file));
        return attachment_door_send(cx, req, &file, res);
}

/* clang-format off */
const struct route evidence_door_routes[] = {
        /*     method  path                                                        permission         verb          body    rate    handler   summary */
        ROUTE( GET,    "/registers/{register}/records/{id}/evidence",              PERM_RECORD_READ,  LOG_VIEW,     0,      NORMAL, list,     "Evidence of one record",
               .in = &list_in, .out = &list_out, .face = FACE_API ),
        ROUTE( POST,   "/registers/{register}/records/{id}/evidence",              PERM_RECORD_WRITE, LOG_CREATE,   KB(64), HEAVY,  collect,  "Collect evidence for one record",
               .in = &collect_in, .out = &collected_out, .file_max = ITEM_FILE_MAX ),
        ROUTE( GET,    "/registers/{register}/records/{id}/evidence/{evidence}",   PERM_RECORD_READ,  LOG_DOWNLOAD, 0,      NORMAL, hand_out, "Download a file of evidence",
               .contact = true ),
        ROUTE_END
};
/* clang-format on */
