/* webhook_door.c - see webhook_door.h. What writes an address or makes a secret is served by the sso processes: they look names up and hold the key. */
#include "base/house.h"

#include "console/webhook_door.h"

#include "base/fail.h"
#include "console/dress.h"
#include "identity/permission.h"
#include "log/log.h"
#include "notify/webhook.h"
#include "page/page.h"
#include "register/definition.h"

enum { CHART_HEIGHT = 80, CHART_STEP = 20, CHART_BAR = 14 };

/* clang-format off */
#define SETTING_FIELDS(required_) \
        { .name = "address", .type = SHAPE_TEXT, .required = (required_), .max = WEBHOOK_ADDRESS_MAX, .summary = "Where it is sent: https://…, on the Internet" }, \
        { .name = "description", .type = SHAPE_TEXT, .max = WEBHOOK_DESCRIPTION_MAX, .summary = "What it is for" }, \
        { .name = "events", .type = SHAPE_LIST, .required = (required_), .max = 10, .summary = \
                "record.created, record.changed, record.deleted, import.finished, move.made, duty.missed" }, \
        { .name = "registers", .type = SHAPE_LIST, .max = 100, .summary = "Names of registers; empty: all that its owner may read" }, \
        { .name = "content", .type = SHAPE_TEXT, .choices = webhook_contents, .summary = \
                "names: of changed items only; values: of items that are not personal, too; personal: of all" }
/* clang-format on */

static const struct field create_fields[] = { SETTING_FIELDS(true), { NULL } };
static const struct shape create_in = { "WebhookNew", create_fields };
static const struct field change_fields[] = {
        SETTING_FIELDS(false),
        { .name = "active", .type = SHAPE_BOOL, .summary = "false: nothing is written down for it and nothing sent" },
        { .name = "flags_given", .type = SHAPE_BOOL, .summary = "Forms send true: what is not ticked is false" },
        { .name = "version", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "Version that was read, when If-Match does not say it" },
        { NULL },
};
static const struct shape change_in = { "WebhookChange", change_fields };

static const struct field webhook_fields[] = {
        { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number" },
        { .name = "address", .type = SHAPE_TEXT, .required = true, .summary = "Where it is sent" },
        { .name = "description", .type = SHAPE_TEXT, .summary = "What it is for" },
        { .name = "events", .type = SHAPE_LIST, .required = true, .summary = "What it is told of" },
        { .name = "registers", .type = SHAPE_LIST, .required = true, .summary = "Of which registers; empty: all its owner may read" },
        { .name = "content", .type = SHAPE_TEXT, .required = true, .summary = "names, values or personal" },
        { .name = "active", .type = SHAPE_BOOL, .required = true, .summary = "It is sent to" },
        { .name = "off_why", .type = SHAPE_TEXT, .summary = "Why not: hand, failed (for days) or gone (it answered 410)" },
        { .name = "off_at", .type = SHAPE_DATETIME, .summary = "Since when not" },
        { .name = "owner", .type = SHAPE_TEXT, .summary = "Who saved it last: what it is told never goes beyond what that account may see" },
        { .name = "held", .type = SHAPE_BOOL, .summary = "false: its owner may not see all of it any more, and that is not sent" },
        { .name = "version", .type = SHAPE_INT, .required = true, .summary = "Rises with each change" },
        { .name = "created_at", .type = SHAPE_DATETIME, .summary = "When it was made" },
        { .name = "updated_at", .type = SHAPE_DATETIME, .summary = "When it was changed" },
        { .name = "secret_at", .type = SHAPE_DATETIME, .summary = "When its secret was made" },
        { .name = "old_until_at", .type = SHAPE_DATETIME, .summary = "Until when the secret before it signs as well" },
        { .name = "failures", .type = SHAPE_INT, .summary = "Attempts that failed in a row" },
        { .name = "failed_first_at", .type = SHAPE_DATETIME, .summary = "Since when" },
        { .name = "rests_until_at", .type = SHAPE_DATETIME, .summary = "Nothing is tried before" },
        { .name = "answered_at", .type = SHAPE_DATETIME, .summary = "The last good answer" },
        { .name = "waiting", .type = SHAPE_INT, .summary = "Deliveries that wait" },
        { NULL },
};
static const struct shape webhook_shape = { "Webhook", webhook_fields };
static const struct field one_fields[] = { { .name = "webhook", .type = SHAPE_OBJECT, .required = true, .of = &webhook_shape }, { NULL } };
static const struct shape one_out = { "WebhookAnswer", one_fields };
static const struct field made_fields[] = {
        { .name = "webhook", .type = SHAPE_OBJECT, .required = true, .of = &webhook_shape },
        { .name = "secret", .type = SHAPE_TEXT, .required = true, .summary = "whsec_…, shown this once" },
        { NULL },
};
static const struct shape made_out = { "WebhookMade", made_fields };
static const struct field list_fields[] = { { .name = "webhooks", .type = SHAPE_LIST, .required = true, .of = &webhook_shape }, { NULL } };
static const struct shape list_out = { "WebhookList", list_fields };

static const struct field try_fields[] = {
        { .name = "at", .type = SHAPE_DATETIME, .required = true, .summary = "When" },
        { .name = "status", .type = SHAPE_INT, .summary = "HTTP status; null: no answer" },
        { .name = "took_ms", .type = SHAPE_INT, .required = true, .summary = "How long it took" },
        { .name = "said", .type = SHAPE_TEXT, .summary = "Why there was no answer" },
        { .name = "answer", .type = SHAPE_TEXT, .summary = "The first 4 096 bytes of the answer" },
        { NULL },
};
static const struct shape try_shape = { "WebhookTry", try_fields };
static const struct field delivery_fields[] = {
        { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number" },
        { .name = "webhook_id", .type = SHAPE_INT, .required = true, .summary = "Of which webhook" },
        { .name = "message", .type = SHAPE_TEXT, .required = true, .summary = "webhook-id: the same at every attempt" },
        { .name = "event", .type = SHAPE_TEXT, .required = true, .summary = "What it tells of" },
        { .name = "register", .type = SHAPE_TEXT, .summary = "Of which register" },
        { .name = "record", .type = SHAPE_INT, .summary = "Of which record" },
        { .name = "personal", .type = SHAPE_BOOL, .summary = "It holds personal items" },
        { .name = "state", .type = SHAPE_TEXT, .required = true, .summary = "queued, sent or failed" },
        { .name = "created_at", .type = SHAPE_DATETIME, .required = true, .summary = "When it happened" },
        { .name = "attempts", .type = SHAPE_INT, .required = true, .summary = "How often it was tried" },
        { .name = "next_at", .type = SHAPE_DATETIME, .summary = "While it waits: when it is tried next" },
        { .name = "ended_at", .type = SHAPE_DATETIME, .summary = "When it was sent or given up" },
        { .name = "status", .type = SHAPE_INT, .summary = "HTTP status of the last answer" },
        { .name = "took_ms", .type = SHAPE_INT, .summary = "How long the last attempt took" },
        { .name = "hidden", .type = SHAPE_BOOL, .summary = "When one is read: true when it holds what you may not see" },
        { .name = "body", .type = SHAPE_TEXT, .summary = "When one is read: what is sent" },
        { .name = "tries", .type = SHAPE_LIST, .of = &try_shape, .summary = "When one is read: attempts, the newest first" },
        { NULL },
};
static const struct shape delivery_shape = { "WebhookDelivery", delivery_fields };
static const struct field delivery_one_fields[] = { { .name = "delivery", .type = SHAPE_OBJECT, .required = true, .of = &delivery_shape }, { NULL } };
static const struct shape delivery_out = { "WebhookDeliveryAnswer", delivery_one_fields };
static const struct field deliveries_fields[] = {
        { .name = "deliveries", .type = SHAPE_LIST, .required = true, .of = &delivery_shape },
        { .name = "next", .type = SHAPE_INT, .summary = "Give it as `before` for the next page; null at the end" },
        { NULL },
};
static const struct shape deliveries_out = { "WebhookDeliveryList", deliveries_fields };
static const char *const states[] = { "queued", "sent", "failed", NULL };
static const struct field deliveries_query[] = {
        { .name = "state", .type = SHAPE_TEXT, .choices = states, .summary = "queued, sent or failed; without: all" },
        { .name = "before", .type = SHAPE_INT, .min = 0, .max = INT64_MAX, .summary = "next of the page before" },
        { .name = "limit", .type = SHAPE_INT, .min = 1, .max = WEBHOOK_PAGE_MAX, .summary = "How many; without: 50" },
        { .name = "done", .type = SHAPE_TEXT, .max = 100, .summary = "Console: what was done" },
        { NULL },
};
static const struct shape deliveries_in = { "WebhookDeliveryQuery", deliveries_query };

static bool api(const struct http_req *req)
{
        return str_starts(req->path, S("/api/v1/"));
}

static rc id_read(struct cx *cx, const struct http_req *req, int64_t *ret)
{
        if (!str_int(http_arg(req, "id"), ret) || *ret <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such webhook");
        log_subject(cx, S("webhook"), *ret);
        return RC_OK;
}

static bool holds(const json_t *list, str word)
{
        for (size_t i = 0; i < json_array_size(list); i++)
                if (str_is(word, json_string_value(json_array_get(list, i))))
                        return true;
        return false;
}

static json_t *choice(struct cx *cx, const char *value, const char *texts, bool chosen)
{
        json_t *one = json_object();

        json_set(one, "value", json_string(value));
        json_set(one, "text", json_str(page_text(cx->lang, str_format(cx->mem, "%s.%s", texts, value).p)));
        json_set(one, "chosen", json_boolean(chosen));
        return one;
}

/* For the form: events, registers that may be read, contents, each with `chosen`; what else a webhook names is kept. */
static rc form_add(struct cx *cx, const json_t *webhook, json_t *model)
{
        json_t *events = json_array(), *registers = json_array(), *contents = json_array(), *all, *one;
        const json_t *chosen = json_object_get(webhook, "registers");
        size_t i;

        for (const char *const *e = webhook_events; *e != NULL; e++)
                must(json_array_append_new(
                         events, choice(cx, *e, "webhooks.event",
                                        webhook ? holds(json_object_get(webhook, "events"), str_of(*e)) : strncmp(*e, "record.", 7) == 0)) == 0);
        for (const char *const *c = webhook_contents; *c != NULL; c++)
                if (strcmp(*c, "personal") != 0 || permission_held(cx, PERM_PERSONAL_SEE) || str_is(json_get_text(webhook, "content"), *c))
                        must(json_array_append_new(contents,
                                                   choice(cx, *c, "webhooks.content_of",
                                                          webhook ? str_is(json_get_text(webhook, "content"), *c) : c == webhook_contents)) == 0);
        TRY(definition_list(cx, &all));
        json_array_foreach(json_object_get(all, "registers"), i, one) {
                str name = json_get_text(one, "name");
                json_t *r;

                if (!permission_held_for(cx, PERM_RECORD_READ, name))
                        continue;
                r = json_object();
                json_set(r, "value", json_str(name));
                json_set(r, "text", json_incref(json_object_get(one, "title")));
                json_set(r, "chosen", json_boolean(holds(chosen, name)));
                must(json_array_append_new(registers, r) == 0);
        }
        json_set(model, "event_choices", events);
        json_set(model, "register_choices", registers);
        json_set(model, "content_choices", contents);
        return RC_OK;
}

/* A register that is named exists. That it may be read is asked by the database. */
static rc registers_check(struct cx *cx, const json_t *in)
{
        const json_t *list = json_object_get(in, "registers");

        for (size_t i = 0; i < json_array_size(list); i++) {
                str name = json_text(json_array_get(list, i));
                const struct definition *def;

                if (str_empty(name))
                        continue;
                if (!permission_held_for(cx, PERM_RECORD_READ, name) || definition_get(cx, name, &def) != RC_OK) {
                        fail_clear(cx);
                        return fail(cx, RC_INVALID, "registers", "there is no register \"%.*s\" you may read", STR_ARG(name));
                }
        }
        if (str_is(json_get_text(in, "content"), "personal") && !permission_held(cx, PERM_PERSONAL_SEE))
                return fail(cx, RC_FORBIDDEN, "content", "who may not see personal items cannot have them sent");
        return RC_OK;
}

/* GET /webhooks - webhooks.html: {webhooks: […]}. */
static rc list(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *model;

        log_subject(cx, S("webhook"), 0);
        TRY(webhook_list(cx, &model));
        json_set(model, "limit", json_integer(WEBHOOK_LIMIT));
        return http_reply(res, 200, "webhooks.html", model);
}

/* GET /webhooks/new - webhook_new.html: {event_choices, register_choices, content_choices}. */
static rc form(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *model = json_object();

        log_quiet(cx);
        TRY(form_add(cx, NULL, model));
        return http_reply(res, 200, "webhook_new.html", model);
}

/* POST /webhooks - webhook_made.html: {webhook, secret}; the secret is shown this once. */
static rc create(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *webhook, *model = json_object();
        str secret;

        log_subject(cx, S("webhook"), 0);
        TRY(shape_read(cx, &create_in, req, &in));
        TRY(registers_check(cx, in));
        TRY(webhook_create(cx, in, &webhook, &secret));
        log_subject(cx, S("webhook"), json_integer_value(json_object_get(webhook, "id")));
        log_detail(cx, "webhook", webhook);
        json_set(model, "webhook", json_incref(webhook));
        json_set(model, "secret", json_str(secret));
        return http_reply(res, 201, "webhook_made.html", model);
}

/* Bars of a small chart: heights and places, so that the template only writes them down. */
static void chart_add(struct cx *cx, json_t *days, json_t *model)
{
        json_int_t most = 1, x = 0, sent_all = 0, failed_all = 0;
        json_t *day;
        size_t i;

        json_array_foreach(days, i, day) {
                json_int_t all = json_integer_value(json_object_get(day, "sent")) + json_integer_value(json_object_get(day, "failed"));

                most = all > most ? all : most;
        }
        json_array_foreach(days, i, day) {
                json_int_t sent = json_integer_value(json_object_get(day, "sent")), failed = json_integer_value(json_object_get(day, "failed"));
                json_int_t good = (sent * CHART_HEIGHT + most - 1) / most, bad = (failed * CHART_HEIGHT + most - 1) / most;

                bad = good + bad > CHART_HEIGHT ? CHART_HEIGHT - good : bad;
                json_set(day, "x", json_integer(x));
                json_set(day, "good_y", json_integer(CHART_HEIGHT - good));
                json_set(day, "good_h", json_integer(good));
                json_set(day, "bad_y", json_integer(CHART_HEIGHT - good - bad));
                json_set(day, "bad_h", json_integer(bad));
                x += CHART_STEP;
                sent_all += sent;
                failed_all += failed;
        }
        json_set(model, "days", days);
        json_set(model, "chart_width", json_integer(x - CHART_STEP + CHART_BAR));
        json_set(model, "sent_all_text", json_str(dress_number(cx->mem, sent_all)));
        json_set(model, "failed_all_text", json_str(dress_number(cx->mem, failed_all)));
}

/* GET /webhooks/{id} - webhook.html: {webhook}; ETag: its version. Console also: the choices of the form, days, deliveries, next. */
static rc show(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *webhook, *deliveries, *days, *model = json_object();
        int64_t id;

        TRY(id_read(cx, req, &id));
        TRY(webhook_get(cx, id, &webhook));
        json_set(model, "webhook", webhook);
        if (!api(req)) {
                TRY(form_add(cx, webhook, model));
                TRY(webhook_days(cx, id, &days));
                chart_add(cx, days, model);
                TRY(webhook_deliveries(cx, id, S(""), 0, 10, &deliveries));
                json_set(model, "deliveries", json_object_get(deliveries, "deliveries"));
                json_set(model, "more", json_object_get(deliveries, "next"));
        }
        res->etag = str_format(cx->mem, "%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(webhook, "version")));
        return http_reply(res, 200, "webhook.html", model);
}

static rc stale(struct cx *cx, int64_t id, rc code, struct http_res *res)
{
        json_t *now;

        if (code == RC_STALE && webhook_get(cx, id, &now) == RC_OK)
                res->model = now;
        return code;
}

/* PATCH /webhooks/{id} - members given change; 303 to it. */
static rc change(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *before, *after;
        int64_t id, version;

        TRY(id_read(cx, req, &id));
        TRY(shape_read(cx, &change_in, req, &in));
        TRY(shape_version(cx, req, in, &version));
        if (json_is_true(json_object_get(in, "flags_given")) && json_object_get(in, "registers") == NULL)
                json_set(in, "registers", json_array()); /* a form: none ticked */
        TRY(registers_check(cx, in));
        TRY(stale(cx, id, webhook_update(cx, id, version, in, &before, &after), res));
        log_detail(cx, "changes", log_difference(before, after));
        return http_created(res, 200, str_format(cx->mem, "/webhooks/%" PRId64 "?done=saved", id), json_set(json_object(), "webhook", after));
}

/* DELETE /webhooks/{id} - with its deliveries; 303 to the list. */
static rc erase(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        int64_t id, version;
        json_t *before;

        TRY(id_read(cx, req, &id));
        TRY(shape_version(cx, req, NULL, &version));
        TRY(stale(cx, id, webhook_erase(cx, id, version, &before), res));
        log_detail(cx, "webhook", before);
        return http_created(res, 204, S("/webhooks?done=deleted"), NULL);
}

/* POST /webhooks/{id}/rotate - as create. */
static rc rotate(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *webhook, *model = json_object();
        int64_t id;
        str secret;

        TRY(id_read(cx, req, &id));
        TRY(webhook_rotate(cx, id, &webhook, &secret));
        log_detail(cx, "address", json_object_get(webhook, "address"));
        log_detail(cx, "old_until_at", json_object_get(webhook, "old_until_at"));
        json_set(model, "webhook", webhook);
        json_set(model, "secret", json_str(secret));
        return http_reply(res, 201, "webhook_made.html", model);
}

static rc delivery_reply(struct cx *cx, json_t *delivery, int status, const char *done, struct http_res *res)
{
        return http_created(
            res, status,
            str_format(cx->mem, "/webhook-deliveries/%" JSON_INTEGER_FORMAT "?done=%s", json_integer_value(json_object_get(delivery, "id")), done),
            json_set(json_object(), "delivery", delivery));
}

/* POST /webhooks/{id}/test - 303 to the delivery, which shows what came of it. */
static rc test(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        int64_t id, delivery_id;
        json_t *delivery;

        TRY(id_read(cx, req, &id));
        TRY(webhook_test(cx, id, &delivery_id));
        TRY(webhook_delivery(cx, delivery_id, &delivery));
        log_detail(cx, "delivery", json_object_get(delivery, "message"));
        return delivery_reply(cx, delivery, 201, "webhook_tested", res);
}

/* GET /webhooks/{id}/deliveries - webhook_deliveries.html: {webhook, deliveries, next}. */
static rc deliveries(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *webhook, *model;
        int64_t id;
        str state;

        TRY(id_read(cx, req, &id));
        TRY(shape_read(cx, &deliveries_in, req, &in));
        TRY(webhook_get(cx, id, &webhook));
        state = json_get_text(in, "state");
        TRY(webhook_deliveries(cx, id, state, json_integer_value(json_object_get(in, "before")), json_integer_value(json_object_get(in, "limit")),
                               &model));
        json_set(model, "webhook", webhook);
        if (!api(req)) {
                json_t *list_ = json_array();

                for (const char *const *s = states; *s != NULL; s++)
                        must(json_array_append_new(list_, choice(cx, *s, "webhooks.state_of", str_is(state, *s))) == 0);
                json_set(model, "state_choices", list_);
                if (!str_empty(state))
                        json_set(model, "state", json_str(state));
        }
        return http_reply(res, 200, "webhook_deliveries.html", model);
}

static rc delivery_id_read(struct cx *cx, const struct http_req *req, int64_t *ret)
{
        log_subject(cx, S("webhook"), 0);
        if (!str_int(http_arg(req, "id"), ret) || *ret <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such delivery; they are kept for 30 days");
        return RC_OK;
}

static void delivery_note(struct cx *cx, const json_t *one)
{
        log_subject(cx, S("webhook"), json_integer_value(json_object_get(one, "webhook_id")));
        log_detail(cx, "delivery", json_object_get(one, "message"));
}

/* GET /webhook-deliveries/{id} - webhook_delivery.html: {delivery}. Console also: webhook. */
static rc delivery(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *webhook, *one, *model = json_object();
        int64_t id;

        TRY(delivery_id_read(cx, req, &id));
        TRY(webhook_delivery(cx, id, &one));
        delivery_note(cx, one);
        if (!api(req)) {
                TRY(webhook_get(cx, json_integer_value(json_object_get(one, "webhook_id")), &webhook));
                json_set(model, "webhook", webhook);
        }
        json_set(model, "delivery", one);
        return http_reply(res, 200, "webhook_delivery.html", model);
}

/* POST /webhook-deliveries/{id}/again - the same message once more; 303 to it. */
static rc again(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *one;
        int64_t id;

        TRY(delivery_id_read(cx, req, &id));
        TRY(webhook_again(cx, id, &one));
        delivery_note(cx, one);
        return delivery_reply(cx, one, 200, "webhook_again", res);
}

/* clang-format off */
const struct route webhook_door_routes[] = {
        /*     method  path                                           permission           logged as   body    rate    handler */
        ROUTE( GET,    "/webhooks",                                   PERM_WEBHOOK_MANAGE, LOG_LIST,   0,      NORMAL, list,       "List webhooks", .out = &list_out ),
        ROUTE( GET,    "/webhooks/new",                               PERM_WEBHOOK_MANAGE, LOG_VIEW,   0,      NORMAL, form,       "The form for a new webhook",
               .face = FACE_CONSOLE ),
        ROUTE( POST,   "/webhooks",                                   PERM_WEBHOOK_MANAGE, LOG_CREATE, KB(16), SSO,    create,     "Make a webhook",
               .in = &create_in, .out = &made_out, .fresh = true ),
        ROUTE( GET,    "/webhooks/{id}",                              PERM_WEBHOOK_MANAGE, LOG_VIEW,   0,      NORMAL, show,       "Read a webhook", .out = &one_out ),
        ROUTE( PATCH,  "/webhooks/{id}",                              PERM_WEBHOOK_MANAGE, LOG_UPDATE, KB(16), SSO,    change,     "Change a webhook",
               .in = &change_in, .out = &one_out, .fresh = true ),
        ROUTE( DELETE, "/webhooks/{id}",                              PERM_WEBHOOK_MANAGE, LOG_DELETE, KB(4),  SSO,    erase,      "Delete a webhook",
               .fresh = true ),
        ROUTE( POST,   "/webhooks/{id}/rotate",                       PERM_WEBHOOK_MANAGE, LOG_ROTATE, KB(4),  SSO,    rotate,     "Give a webhook a new secret",
               .out = &made_out, .fresh = true ),
        ROUTE( POST,   "/webhooks/{id}/test",                         PERM_WEBHOOK_MANAGE, LOG_VERIFY, KB(4),  NORMAL, test,       "Send a test to a webhook",
               .out = &delivery_out ),
        ROUTE( GET,    "/webhooks/{id}/deliveries",                   PERM_WEBHOOK_MANAGE, LOG_LIST,   0,      NORMAL, deliveries, "List what a webhook was sent",
               .in = &deliveries_in, .out = &deliveries_out ),
        ROUTE( GET,    "/webhook-deliveries/{id}",        PERM_WEBHOOK_MANAGE, LOG_VIEW,   0,      NORMAL, delivery,   "Read one delivery and its attempts",
               .out = &delivery_out ),
        ROUTE( POST,   "/webhook-deliveries/{id}/again",  PERM_WEBHOOK_MANAGE, LOG_RESTART, KB(4), NORMAL, again,      "Send a delivery once more",
               .out = &delivery_out ),
        ROUTE_END
};
/* clang-format on */
