/* proof_door.c - see proof_door.h. Checkpoints and hashes need no door: nginx gives them to everybody (cli/edge.c). */
#include "base/house.h"

#include "console/proof_door.h"

#include "base/fail.h"
#include "base/file.h"
#include "log/head.h"
#include "log/log.h"
#include "log/proof.h"
#include "log/receipt.h"

static const struct field step_fields[] = {
        { .name = "side", .type = SHAPE_TEXT, .required = true, .summary = "left or right: where the other hash stands" },
        { .name = "hash", .type = SHAPE_TEXT, .required = true, .summary = "The other hash, base64" },
        { .name = "result", .type = SHAPE_TEXT, .required = true, .summary = "SHA-256 of the two, base64" },
        { NULL },
};
static const struct shape step_shape = { "LogProofStep", step_fields };
static const struct field proof_fields[] = {
        { .name = "state", .type = SHAPE_TEXT, .required = true, .summary = "waiting, proven or broken" },
        { .name = "entry", .type = SHAPE_TEXT, .required = true, .summary = "The entry as it is hashed (daicho-entry/v1)" },
        { .name = "leaf", .type = SHAPE_TEXT, .required = true, .summary = "Its hash, base64" },
        { .name = "origin", .type = SHAPE_TEXT, .summary = "Name of the log" },
        { .name = "index", .type = SHAPE_INT, .summary = "Its place in the log, from 0" },
        { .name = "size", .type = SHAPE_INT, .summary = "Entries in the log as of the checkpoint" },
        { .name = "root", .type = SHAPE_TEXT, .summary = "Root of the checkpoint, base64" },
        { .name = "signed", .type = SHAPE_BOOL, .summary = "The checkpoint is signed by the log" },
        { .name = "checkpoint", .type = SHAPE_TEXT, .summary = "The checkpoint itself" },
        { .name = "path", .type = SHAPE_LIST, .of = &step_shape, .summary = "From the leaf to the root" },
        { NULL },
};
static const struct shape proof_shape = { "LogProof", proof_fields };
static const struct field path_fields[] = { { .name = "proof", .type = SHAPE_OBJECT, .required = true, .of = &proof_shape }, { NULL } };
static const struct shape path_out = { "LogProofAnswer", path_fields };

static const struct field head_fields[] = {
        { .name = "origin", .type = SHAPE_TEXT, .summary = "Name of the log" },
        { .name = "address", .type = SHAPE_TEXT, .summary = "Where its files stand in this house" },
        { .name = "size", .type = SHAPE_INT, .summary = "Entries as of the newest checkpoint; null: none was published yet" },
        { .name = "root", .type = SHAPE_TEXT, .summary = "Root of the newest checkpoint, base64" },
        { .name = "checkpoint", .type = SHAPE_TEXT, .summary = "The newest checkpoint itself" },
        { .name = "signed", .type = SHAPE_BOOL, .summary = "It is signed by the log" },
        { .name = "signed_at", .type = SHAPE_DATETIME, .summary = "When" },
        { .name = "keys", .type = SHAPE_LIST, .summary = "Verification keys (signed-note vkeys)" },
        { .name = "waiting", .type = SHAPE_INT, .summary = "Entries not sealed yet, counted up to 10 000" },
        { .name = "refused", .type = SHAPE_TEXT, .summary = "Why nothing is sealed; null: all is well" },
        { .name = "state", .type = SHAPE_TEXT, .summary = "sealed, late (nothing was signed for too long), stopped or empty" },
        { .name = "before", .type = SHAPE_JSON, .summary = "Addresses of the generations before this one" },
        { NULL },
};
static const struct shape head_shape = { "LogHead", head_fields };
static const struct field log_fields[] = {
        { .name = "log", .type = SHAPE_OBJECT, .required = true, .of = &head_shape },
        { .name = "house",
          .type = SHAPE_OBJECT,
          .required = true,
          .of = &head_shape,
          .summary = "The house's own log, which takes in the others' heads" },
        { .name = "witness", .type = SHAPE_JSON, .summary = "Who cosigned last, when, and up to which size; null: nobody was asked yet" },
        { NULL },
};
static const struct shape log_out = { "LogState", log_fields };

static const struct field check_fields[] = {
        { .name = "state",
          .type = SHAPE_TEXT,
          .required = true,
          .summary =
              "genuine; foreign: of another log; forged: it proves nothing; forked: today's log did not grow out of it; changed: the row differs" },
        { .name = "origin", .type = SHAPE_TEXT, .required = true, .summary = "Name of the log it is about" },
        { .name = "index", .type = SHAPE_INT, .required = true, .summary = "Place of the entry, from 0" },
        { .name = "size", .type = SHAPE_INT, .required = true, .summary = "Entries in the log as of its checkpoint" },
        { .name = "entry", .type = SHAPE_JSON, .required = true, .summary = "What the receipt says was done" },
        { NULL },
};
static const struct shape check_shape = { "LogReceipt", check_fields };
static const struct field checked_fields[] = { { .name = "receipt", .type = SHAPE_OBJECT, .required = true, .of = &check_shape }, { NULL } };
static const struct shape checked_out = { "LogReceiptAnswer", checked_fields };

static const struct field bundle_fields[] = {
        { .name = "name", .type = SHAPE_TEXT, .required = true, .max = 200, .summary = "PART/GENERATION/tile/entries/N[.p/WIDTH]" },
        { NULL },
};
static const struct shape bundle_in = { "LogBundle", bundle_fields };

static rc number_of(struct cx *cx, const struct http_req *req, int64_t *ret)
{
        if (!str_int(http_arg(req, "id"), ret) || *ret <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such entry in the log");
        log_subject(cx, S("log"), *ret);
        return RC_OK;
}

/* GET /log/proof - log_proof.html: {log: {…}, house: {…}}. */
static rc state(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *model;

        log_subject(cx, S("log"), 0);
        TRY(head_model(cx, &model));
        return http_reply(res, 200, "log_proof.html", model);
}

/* GET /log/{id}/proof - log_path.html: {id, proof: {…, is_proven, steps}}. */
static rc path(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *model = json_object(), *proof, *step, *own;
        int64_t id;
        size_t i;

        TRY(number_of(cx, req, &id));
        TRY(proof_model(cx, id, &proof));
        json_set(proof, str_format(cx->mem, "is_%.*s", STR_ARG(json_get_text(proof, "state"))).p, json_true());
        json_set(proof, "steps", json_integer((json_int_t)json_array_size(json_object_get(proof, "path"))));
        own = json_object_get(proof, "leaf");
        json_array_foreach(json_object_get(proof, "path"), i, step) {
                json_set(step, "number", json_integer((json_int_t)i + 1));
                json_set(step, "own", json_incref(own));
                own = json_object_get(step, "result");
        }
        json_set(model, "id", json_integer(id));
        json_set(model, "proof", proof);
        return http_reply(res, 200, "log_path.html", model);
}

/* GET /log/{id}/receipt - a .tlog-proof. */
static rc receipt(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        int64_t id;

        TRY(number_of(cx, req, &id));
        TRY(proof_receipt(cx, id, &res->body));
        res->status = 200;
        res->type = S("text/plain; charset=utf-8");
        res->file_name = str_format(cx->mem, "entry-%" PRId64 ".tlog-proof", id);
        return RC_OK;
}

/* GET /log/check - log_check.html: where to bring a receipt. */
static rc bring(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        log_subject(cx, S("log"), 0);
        return http_reply(res, 200, "log_check.html", json_object());
}

/* POST /log/check - multipart field `file`, or the receipt itself as body; log_check.html: {receipt: as proof.h says}. */
static rc check(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        const struct http_file *file = http_file(req, "file");
        json_t *model = json_object(), *receipt;
        str bytes;

        log_subject(cx, S("log"), 0);
        if (file == NULL)
                file = http_file(req, "");
        if (file == NULL || file->size == 0)
                return fail(cx, RC_INVALID, "file", "please choose a file");
        TRY(file_read(cx, str_z(cx->mem, file->path), RECEIPT_MAX, &bytes));
        TRY(proof_check(cx, bytes, &receipt));
        log_subject(cx, S("log"), json_integer_value(json_object_get(json_object_get(receipt, "entry"), "id")));
        log_detail(cx, "receipt", json_object_get(receipt, "state"));
        json_set(model, "receipt", receipt);
        return http_reply(res, 200, "log_check.html", model);
}

/* GET /log/bundle?name=… - up to 256 entries as they were hashed. */
static rc bundle(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in;
        str name;

        log_subject(cx, S("log"), 0);
        TRY(shape_read(cx, &bundle_in, req, &in));
        name = json_get_text(in, "name");
        TRY(head_bundle(cx, name));
        res->status = 200;
        res->body = S("");
        http_set(res, S("Content-Type"), S("application/octet-stream"));
        http_set(res, S("X-Accel-Redirect"), str_format(cx->mem, "/-/seal/%.*s", STR_ARG(name)));
        return RC_OK;
}

/* clang-format off */
const struct route proof_door_routes[] = {
        /*     method path                 permission     logged as     body rate    handler */
        ROUTE( GET,   "/log/proof",        PERM_LOG_READ, LOG_VIEW,     0,   NORMAL, state,   "How far the log is sealed, and how to check it", .out = &log_out ),
        ROUTE( GET,   "/log/check",        PERM_LOG_READ, LOG_VIEW,     0,   NORMAL, bring,   "Form for a receipt to check", .face = FACE_CONSOLE ),
        ROUTE( POST,  "/log/check",        PERM_LOG_READ, LOG_VERIFY, KB(4), NORMAL, check,   "Check a receipt (.tlog-proof) against the log",
               .out = &checked_out, .file_max = RECEIPT_MAX ),
        ROUTE( GET,   "/log/bundle",       PERM_LOG_EXPORT, LOG_DOWNLOAD, 0, NORMAL, bundle,  "Entries of the log as they were hashed", .in = &bundle_in,
               .face = FACE_API ),
        ROUTE( GET,   "/log/{id}/proof",   PERM_LOG_READ, LOG_VIEW,     0,   NORMAL, path,    "An entry's path to the signed root", .out = &path_out ),
        ROUTE( GET,   "/log/{id}/receipt", PERM_LOG_READ, LOG_DOWNLOAD, 0,   NORMAL, receipt, "A receipt of an entry (.tlog-proof)" ),
        ROUTE_END
};
/* clang-format on */
