/* batch_door.c - see batch_door.h. Programs only: people send files. */
#include "base/house.h"

#include "console/batch_door.h"

#include "log/log.h"
#include "register/record_batch.h"

static const struct field order_fields[] = {
        { .name = "rows",
          .type = SHAPE_JSON,
          .required = true,
          .summary =
              "1 to 1000 records, each an object of items; with `id` and `version` that record is changed (only what is given), else one is made" },
        { .name = "upsert",
          .type = SHAPE_BOOL,
          .summary = "Without `id` the record with the same key is changed where there is one (only what is given)" },
        { .name = "all", .type = SHAPE_BOOL, .summary = "Nothing is written when one row is refused; without: the others are" },
        { NULL },
};
static const struct shape order_in = { "RecordBatch", order_fields };
static const struct field result_fields[] = {
        { .name = "created", .type = SHAPE_INT, .required = true },
        { .name = "changed", .type = SHAPE_INT, .required = true },
        { .name = "unchanged", .type = SHAPE_INT, .required = true },
        { .name = "refused", .type = SHAPE_INT, .required = true },
        { .name = "rows",
          .type = SHAPE_JSON,
          .required = true,
          .summary = "In the order sent: [{outcome: created changed unchanged refused, id, version, errors: [{item, detail}]}]" },
        { NULL },
};
static const struct shape result_out = { "RecordBatchResult", result_fields };

/* POST /registers/{register}/batch - 200, also when rows were refused: each row has its own answer. */
static rc write(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        struct record_batch_order order = { .register_name = http_arg(req, "register") };
        json_t *in, *model;

        log_subject(cx, order.register_name, 0);
        TRY(shape_read(cx, &order_in, req, &in));
        order.rows = json_object_get(in, "rows");
        order.upsert = json_is_true(json_object_get(in, "upsert"));
        order.all = json_is_true(json_object_get(in, "all"));
        TRY(record_batch(cx, &order, &model));
        return http_reply(res, 200, NULL, model);
}

/* clang-format off */
const struct route batch_door_routes[] = {
        /*     method path                                   permission         verb        body   rate   handler summary */
        ROUTE( POST,  "/registers/{register}/batch", PERM_RECORD_WRITE, LOG_UPDATE, MB(4), HEAVY, write,  "Create or change many records, each with an answer of its own",
               .in = &order_in, .out = &result_out, .face = FACE_API ),
        ROUTE_END
};
/* clang-format on */
