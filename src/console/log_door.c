/* log_door.c - reading the operation log. Reading it is an entry too. */
#include "base/house.h"

#include "console/log_door.h"

#include "base/fail.h"
#include "log/log.h"

static const struct field query_fields[] = {
        { .name = "actor", .type = SHAPE_TEXT, .max = 100, .summary = "Log-in name, or name of a key" },
        { .name = "actor_kind", .type = SHAPE_TEXT, .max = 20, .summary = "nobody, account, key, operator or system" },
        { .name = "verb", .type = SHAPE_TEXT, .max = 20, .summary = "What was done: login, view, update …" },
        { .name = "kind", .type = SHAPE_TEXT, .max = 40, .summary = "What it was done to: a register's name, account, group, key, job …" },
        { .name = "subject", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "Number of what it was done to" },
        { .name = "result", .type = SHAPE_TEXT, .max = 20, .summary = "ok, refused, or a refusal's name: FORBIDDEN …" },
        { .name = "source", .type = SHAPE_TEXT, .max = 60, .summary = "Address the request came from" },
        { .name = "from", .type = SHAPE_TEXT, .max = 40, .summary = "First day in Tokyo, or point in time" },
        { .name = "to", .type = SHAPE_TEXT, .max = 40, .summary = "Last day in Tokyo, or point in time before which" },
        { .name = "after", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "`next` of the page before" },
        { .name = "limit", .type = SHAPE_INT, .min = 1, .max = 200, .summary = "Entries a page" },
        { NULL },
};
static const struct shape query_in = { "LogQuery", query_fields };

static const struct field entry_fields[] = {
        { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number" },
        { .name = "at", .type = SHAPE_DATETIME, .required = true, .summary = "When, by the database's clock" },
        { .name = "actor_kind", .type = SHAPE_TEXT, .required = true, .summary = "nobody, account, key, operator or system" },
        { .name = "actor_id", .type = SHAPE_INT, .summary = "Number of the account or key" },
        { .name = "actor", .type = SHAPE_TEXT, .summary = "Log-in name or name of the key, as it was then" },
        { .name = "groups", .type = SHAPE_TEXT, .summary = "Permission groups, as they were then" },
        { .name = "source", .type = SHAPE_TEXT, .summary = "Address the request came from" },
        { .name = "verb", .type = SHAPE_TEXT, .required = true, .summary = "What was done" },
        { .name = "kind", .type = SHAPE_TEXT, .summary = "What it was done to" },
        { .name = "subject_id", .type = SHAPE_INT, .summary = "Its number" },
        { .name = "result", .type = SHAPE_TEXT, .required = true, .summary = "OK, or the refusal's name" },
        { .name = "ok", .type = SHAPE_BOOL, .summary = "It was done" },
        { .name = "has_detail", .type = SHAPE_BOOL, .summary = "There is, or was, a detail" },
        { .name = "sentence", .type = SHAPE_TEXT, .summary = "All of it for people, in the reader's language" },
        { .name = "commitment", .type = SHAPE_TEXT, .summary = "SHA-256(salt || detail), hexadecimal" },
        { .name = "salt", .type = SHAPE_TEXT, .summary = "Hexadecimal" },
        { .name = "detail", .type = SHAPE_JSON, .summary = "Before and after, conditions, numbers of rows" },
        { .name = "detail_state", .type = SHAPE_TEXT, .summary = "none, shown, hidden (personal items) or erased" },
        { .name = "proven", .type = SHAPE_BOOL, .summary = "Detail and commitment fit" },
        { NULL },
};
static const struct shape entry_shape = { "LogEntry", entry_fields };
static const struct field list_fields[] = {
        { .name = "entries", .type = SHAPE_LIST, .required = true, .of = &entry_shape },
        { .name = "next", .type = SHAPE_INT, .summary = "Give it as `after` for the next page; null at the end" },
        { NULL },
};
static const struct shape list_out = { "LogList", list_fields };
static const struct field one_fields[] = { { .name = "entry", .type = SHAPE_OBJECT, .required = true, .of = &entry_shape }, { NULL } };
static const struct shape one_out = { "LogAnswer", one_fields };

enum { LIMIT = 50 };

/* GET /log - log.html: {entries: […], next, filter: {what was asked for, is_ok, is_refused}, filtered, verbs: [{name, title, selected}]}. */
static rc list(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *model, *filter = json_object(), *value;
        int64_t limit, after;
        const char *name;
        bool filtered;

        log_subject(cx, S("log"), 0);
        TRY(shape_read(cx, &query_in, req, &in));
        limit = json_integer_value(json_object_get(in, "limit"));
        after = json_integer_value(json_object_get(in, "after"));
        json_object_foreach(in, name, value)
                if (strcmp(name, "limit") != 0 && strcmp(name, "after") != 0 && !(json_is_string(value) && json_text(value).n == 0))
                        json_set(filter, name, value);
        filtered = json_object_size(filter) > 0;
        if (filtered) {
                log_verb(cx, LOG_SEARCH);
                log_detail(cx, "filter", json_copy(filter));
        }
        TRY(log_list(cx, filter, after, limit ? (int)limit : LIMIT, &model));
        json_set(filter, "is_ok", json_boolean(str_equal_nocase(json_get_text(filter, "result"), S("ok"))));
        json_set(filter, "is_refused", json_boolean(str_is(json_get_text(filter, "result"), "refused")));
        json_set(model, "filter", filter);
        json_set(model, "filtered", json_boolean(filtered));
        json_set(model, "verbs", log_verb_choices(cx, json_get_text(filter, "verb")));
        return http_reply(res, 200, "log.html", model);
}

/* GET /log/{id} - log_entry.html: {entry: {…, detail, detail_text, detail_state, commitment, salt, proven}}. */
static rc show(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *entry, *model = json_object(), *detail;
        int64_t id;

        if (!str_int(http_arg(req, "id"), &id) || id <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such entry in the log");
        log_subject(cx, S("log"), id);
        TRY(log_get(cx, id, &entry));
        detail = json_object_get(entry, "detail");
        if (detail != NULL)
                json_set(entry, "detail_text", json_string(json_dumps(detail, JSON_INDENT(2))));
        json_set(model, "entry", entry);
        return http_reply(res, 200, "log_entry.html", model);
}

/* clang-format off */
const struct route log_door_routes[] = {
        /*     method path         permission     logged as body rate    handler */
        ROUTE( GET,   "/log",      PERM_LOG_READ, LOG_LIST, 0,   NORMAL, list, "List entries of the operation log", .in = &query_in, .out = &list_out ),
        ROUTE( GET,   "/log/{id}", PERM_LOG_READ, LOG_VIEW, 0,   NORMAL, show, "Read an entry of the operation log", .out = &one_out ),
        ROUTE_END
};
/* clang-format on */
