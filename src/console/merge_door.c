/* merge_door.c - two records made one: looked at side by side, done, listed, taken apart again. The form sends from_ITEM=gone for each item whose value
 * comes from the record that goes; an API client sends `take`. */
#include "base/house.h"

#include "console/merge_door.h"

#include "base/fail.h"
#include "log/log.h"
#include "page/page.h"
#include "register/merge.h"
#include "register/merge_undo.h"

static const struct field look_fields[] = {
        { .name = "survivor", .type = SHAPE_INT, .required = true, .min = 1, .max = INT64_MAX, .summary = "Number of the record that stays" },
        { .name = "gone", .type = SHAPE_INT, .required = true, .min = 1, .max = INT64_MAX, .summary = "Number of the record that goes" },
        { NULL },
};
static const struct shape look_in = { "MergeQuery", look_fields };
static const struct field order_fields[] = {
        { .name = "survivor", .type = SHAPE_INT, .required = true, .min = 1, .max = INT64_MAX, .summary = "Number of the record that stays" },
        { .name = "gone", .type = SHAPE_INT, .required = true, .min = 1, .max = INT64_MAX, .summary = "Number of the record that goes" },
        { .name = "survivor_version",
          .type = SHAPE_INT,
          .required = true,
          .min = 1,
          .max = INT64_MAX,
          .summary = "Its version, as it was looked at" },
        { .name = "gone_version", .type = SHAPE_INT, .required = true, .min = 1, .max = INT64_MAX, .summary = "Its version, as it was looked at" },
        { .name = "take",
          .type = SHAPE_LIST,
          .max = DEFINITION_ITEMS_MAX,
          .summary = "Names of the items whose value comes from the record that goes; without: as GET …/merges/new proposes" },
        { NULL },
};
static const struct shape order_in = { "MergeOrder", order_fields };
static const struct field made_fields[] = {
        { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number of the merge: GET …/merges/{id}" },
        { .name = "survivor", .type = SHAPE_INT, .required = true, .summary = "Number of the record that stays" },
        { NULL },
};
static const struct shape made_out = { "Merge", made_fields };
static const struct field undone_fields[] = {
        { .name = "merge", .type = SHAPE_INT, .required = true, .summary = "Number of the merge" },
        { .name = "survivor", .type = SHAPE_INT, .required = true, .summary = "Number of the record that stayed" },
        { .name = "restored", .type = SHAPE_INT, .required = true, .summary = "Number of the record that came back" },
        { .name = "kept", .type = SHAPE_LIST, .required = true, .summary = "Items of the survivor that somebody changed since: they stay" },
        { .name = "back", .type = SHAPE_INT, .required = true, .summary = "References that lead to the restored record again" },
        { .name = "left", .type = SHAPE_INT, .required = true, .summary = "References that somebody changed since: they stay" },
        { NULL },
};
static const struct shape undone_out = { "MergeUndone", undone_fields };
static const struct field list_fields[] = {
        { .name = "after", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "`next` of the page before" },
        { NULL },
};
static const struct shape list_in = { "MergeListQuery", list_fields };
static const struct field show_fields[] = {
        { .name = "done", .type = SHAPE_TEXT, .max = 100, .summary = "Console: what was done" },
        { NULL },
};
static const struct shape show_in = { "MergeShowQuery", show_fields };

static bool api(const struct http_req *req)
{
        return str_starts(req->path, S("/api/v1/"));
}

static void empty_mark(struct cx *cx, json_t *items)
{
        json_t *one;
        size_t i;

        json_array_foreach(items, i, one) {
                str reason = json_get_text(one, "reason");

                if (!str_absent(reason))
                        (void)json_set(one, "reason_text",
                                       json_str(page_text(cx->lang, str_format(cx->mem, "merge.reason.%.*s", STR_ARG(reason)).p)));
        }
}

/* GET /registers/{register}/merges/new - merge_new.html: merge_plan(); console: also differing, same_items. */
static rc look(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *model, *differing = json_array(), *alike = json_array(), *one;
        int64_t survivor, gone;
        size_t i;

        log_subject(cx, http_arg(req, "register"), 0);
        TRY(shape_read(cx, &look_in, req, &in));
        survivor = json_integer_value(json_object_get(in, "survivor"));
        gone = json_integer_value(json_object_get(in, "gone"));
        log_subject(cx, http_arg(req, "register"), survivor);
        log_detail(cx, "other", json_integer(gone));
        TRY(merge_plan(cx, http_arg(req, "register"), survivor, gone, &model));
        if (api(req))
                return http_reply(res, 200, NULL, model);
        empty_mark(cx, json_object_get(model, "items"));
        json_array_foreach(json_object_get(model, "items"), i, one) {
                bool same = json_is_true(json_object_get(one, "same"));

                if (!same || json_get_text(one, "survivor_text").n > 0)
                        json_array_append(same ? alike : differing, one);
        }
        (void)json_set(model, "differing", differing);
        (void)json_set(model, "has_differing", json_boolean(json_array_size(differing) > 0));
        (void)json_set(model, "alike", alike);
        (void)json_set(model, "has_alike", json_boolean(json_array_size(alike) > 0));
        (void)json_set(model, "has_references", json_boolean(json_array_size(json_object_get(model, "references")) > 0));
        (void)json_set(model, "has_why", json_boolean(json_array_size(json_object_get(model, "why")) > 0));
        (void)json_set(model, "days", json_integer(MERGE_UNDO_DAYS));
        return http_reply(res, 200, "merge_new.html", model);
}

/* The form: from_ITEM is "gone" or "survivor". */
static rc form_read(struct cx *cx, const struct http_req *req, json_t **ret)
{
        json_t *in = json_object(), *take = json_array();

        for (size_t i = 0; i < req->field_count; i++) {
                str name = req->fields[i].name, value = req->fields[i].value;
                int64_t n;

                if (str_starts(name, S("from_"))) {
                        if (str_is(value, "gone"))
                                json_array_append_new(take, json_str((str){ name.p + 5, name.n - 5 }));
                        else if (!str_is(value, "survivor"))
                                return fail(cx, RC_INVALID, "take", "must be one of: %s", "survivor gone");
                } else if (!str_starts(name, S("_")) && str_int(value, &n)) {
                        (void)json_set(in, str_z(cx->mem, name), json_integer(n));
                }
        }
        (void)json_set(in, "take", take);
        *ret = in;
        return RC_OK;
}

/* POST /registers/{register}/merges - 201 {id, survivor}; console: 303 to the merge. */
static rc create(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        struct merge_order order = { .register_name = http_arg(req, "register") };
        json_t *in, *model = json_object();
        int64_t id;

        log_subject(cx, order.register_name, 0);
        if (api(req))
                TRY(shape_read(cx, &order_in, req, &in));
        else
                TRY(form_read(cx, req, &in));
        order.survivor = json_integer_value(json_object_get(in, "survivor"));
        order.gone = json_integer_value(json_object_get(in, "gone"));
        order.survivor_version = json_integer_value(json_object_get(in, "survivor_version"));
        order.gone_version = json_integer_value(json_object_get(in, "gone_version"));
        order.take = json_object_get(in, "take");
        TRY(merge_do(cx, &order, &id));
        (void)json_set(model, "id", json_integer(id));
        (void)json_set(model, "survivor", json_integer(order.survivor));
        return http_created(
            res, 201,
            str_format(cx->mem, "/registers/%.*s/merges/%" PRId64 "%s", STR_ARG(order.register_name), id, api(req) ? "" : "?done=records_merged"),
            model);
}

/* GET /registers/{register}/merges - merges.html: merge_undo_list(). */
static rc list(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *model;

        log_subject(cx, http_arg(req, "register"), 0);
        TRY(shape_read(cx, &list_in, req, &in));
        TRY(merge_undo_list(cx, http_arg(req, "register"), json_integer_value(json_object_get(in, "after")), &model));
        (void)json_set(model, "days", json_integer(MERGE_UNDO_DAYS));
        return http_reply(res, 200, "merges.html", model);
}

static rc merge_read(struct cx *cx, const struct http_req *req, int64_t *ret)
{
        log_subject(cx, http_arg(req, "register"), 0);
        if (!str_int(http_arg(req, "id"), ret) || *ret <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "no records were made one under this number");
        log_detail(cx, "merge", json_integer(*ret));
        return RC_OK;
}

/* GET /registers/{register}/merges/{id} - merge.html: merge_undo_get(). */
static rc show(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *model;
        str why;
        int64_t id;

        TRY(merge_read(cx, req, &id));
        TRY(shape_read(cx, &show_in, req, &in));
        TRY(merge_undo_get(cx, http_arg(req, "register"), id, &model));
        why = json_get_text(model, "obstacle");
        if (!str_absent(why))
                (void)json_set(model, "obstacle_text", json_str(page_text(cx->lang, str_format(cx->mem, "merge.obstacle.%.*s", STR_ARG(why)).p)));
        (void)json_set(model, "has_references", json_boolean(json_array_size(json_object_get(model, "references")) > 0));
        (void)json_set(model, "days", json_integer(MERGE_UNDO_DAYS));
        return http_reply(res, 200, "merge.html", model);
}

/* POST /registers/{register}/merges/{id}/undo - 200 and what stayed; console: 303 to the record that came back. */
static rc undo(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *model;
        int64_t id;

        TRY(merge_read(cx, req, &id));
        TRY(merge_undo_do(cx, http_arg(req, "register"), id, &model));
        if (api(req))
                return http_reply(res, 200, NULL, model);
        return http_created(
            res, 200, str_format(cx->mem, "/registers/%.*s/merges/%" PRId64 "?done=merge_undone", STR_ARG(http_arg(req, "register")), id), NULL);
}

/* clang-format off */
const struct route merge_door_routes[] = {
        /*     method path                                    permission         verb       body    rate    handler summary */
        ROUTE( GET,   "/registers/{register}/merges/new",       PERM_RECORD_MERGE, LOG_VIEW,  0,      NORMAL, look,   "Two records side by side, and what making them one would do",
               .in = &look_in ),
        ROUTE( GET,   "/registers/{register}/merges",           PERM_RECORD_MERGE, LOG_LIST,  0,      NORMAL, list,   "List records that were made one", .in = &list_in ),
        ROUTE( POST,  "/registers/{register}/merges",           PERM_RECORD_MERGE, LOG_MERGE, KB(64), NORMAL, create, "Make two records one",
               .in = &order_in, .out = &made_out ),
        ROUTE( GET,   "/registers/{register}/merges/{id}",      PERM_RECORD_MERGE, LOG_VIEW,  0,      NORMAL, show,   "What was made one, and what taking it apart would do",
               .in = &show_in ),
        ROUTE( POST,  "/registers/{register}/merges/{id}/undo", PERM_RECORD_MERGE, LOG_UNDO,  KB(4),  NORMAL, undo,   "Take apart what was made one",
               .out = &undone_out ),
        ROUTE_END
};
/* clang-format on */
