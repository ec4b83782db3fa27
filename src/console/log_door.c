/* log_door.c - reading the operation log. Reading it is an entry too. */
#include "base/house.h"

#include "console/log_door.h"

#include "base/buf.h"
#include "base/fail.h"
#include "console/dress.h"
#include "console/log_file.h"
#include "log/head.h"
#include "log/log.h"
#include "log/log_review.h"
#include "log/proof.h"
#include "page/page.h"

static const struct field query_fields[] = {
        { .name = "actor", .type = SHAPE_TEXT, .max = 100, .summary = "Log-in name, or name of a key" },
        { .name = "actor_kind", .type = SHAPE_TEXT, .max = 20, .summary = "nobody, account, key, operator or system" },
        { .name = "verb", .type = SHAPE_TEXT, .max = 20, .summary = "What was done: login, view, update …" },
        { .name = "kind", .type = SHAPE_TEXT, .max = 40, .summary = "What it was done to: a register's name, account, group, key, job …" },
        { .name = "subject", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "Number of what it was done to" },
        { .name = "result", .type = SHAPE_TEXT, .max = 20, .summary = "ok, refused, or a refusal's name: FORBIDDEN …" },
        { .name = "source", .type = SHAPE_TEXT, .max = 60, .summary = "Address the request came from" },
        { .name = "group", .type = SHAPE_TEXT, .max = 100, .summary = "One of the permission groups, as they were then" },
        { .name = "text", .type = SHAPE_TEXT, .max = 200, .summary = "Part of what the entry says exactly" },
        { .name = "from", .type = SHAPE_TEXT, .max = 40, .summary = "First day in Tokyo, or point in time" },
        { .name = "to", .type = SHAPE_TEXT, .max = 40, .summary = "Last day in Tokyo, or point in time before which" },
        { .name = "after", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "`next` of the page before" },
        { .name = "behind", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "`prev` of the page after" },
        { .name = "limit", .type = SHAPE_INT, .min = 1, .max = 200, .summary = "Entries a page" },
        { .name = "done", .type = SHAPE_TEXT, .max = 100, .summary = "Console" },
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
        { .name = "hold", .type = SHAPE_INT, .summary = "The hold that keeps the detail" },
        { NULL },
};
static const struct shape entry_shape = { "LogEntry", entry_fields };
static const struct field list_fields[] = {
        { .name = "entries", .type = SHAPE_LIST, .required = true, .of = &entry_shape },
        { .name = "next", .type = SHAPE_INT, .summary = "Give it as `after` for the next page; null at the end" },
        { .name = "prev", .type = SHAPE_INT, .summary = "Give it as `behind` for the page before; null at the beginning" },
        { .name = "searched_to", .type = SHAPE_DATETIME, .summary = "The search was broken off here; `next` leads on" },
        { .name = "log", .type = SHAPE_JSON, .summary = "First page: how far the log is sealed, as GET /log/proof has it" },
        { .name = "witness", .type = SHAPE_JSON, .summary = "First page: who cosigned it last" },
        { .name = "log_review", .type = SHAPE_JSON, .summary = "First page: reviews that are open, and overdue" },
        { NULL },
};
static const struct shape list_out = { "LogList", list_fields };
static const struct field one_fields[] = { { .name = "entry", .type = SHAPE_OBJECT, .required = true, .of = &entry_shape }, { NULL } };
static const struct shape one_out = { "LogAnswer", one_fields };

enum { LIMIT = 50 };

static const struct field subject_fields[] = {
        { .name = "kind", .type = SHAPE_TEXT, .max = 40, .summary = "account, or a register's name" },
        { .name = "subject", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "Number of the account or record" },
        { NULL },
};
static const struct shape subject_in = { "LogErasureQuery", subject_fields };
static const struct field erasure_fields[] = {
        { .name = "kind", .type = SHAPE_TEXT, .required = true, .min = 1, .max = 40, .summary = "account, or a register's name" },
        { .name = "subject", .type = SHAPE_INT, .required = true, .min = 1, .max = INT64_MAX, .summary = "Number of the account or record" },
        { .name = "confirm", .type = SHAPE_TEXT, .required = true, .max = 80, .summary = "KIND/NUMBER once more" },
        { NULL },
};
static const struct shape erasure_in = { "LogErasure", erasure_fields };
static const struct field erased_fields[] = { { .name = "erased", .type = SHAPE_INT, .required = true, .summary = "Details that were erased" },
                                              { .name = "held", .type = SHAPE_INT, .summary = "Details that a hold keeps" },
                                              { NULL } };
static const struct shape erased_out = { "LogErased", erased_fields };

static const struct field order_fields[] = {
        { .name = "actor", .type = SHAPE_TEXT, .max = 100, .summary = "Log-in name, or name of a key" },
        { .name = "actor_kind", .type = SHAPE_TEXT, .max = 20, .summary = "nobody, account, key, operator or system" },
        { .name = "verb", .type = SHAPE_TEXT, .max = 20, .summary = "What was done" },
        { .name = "kind", .type = SHAPE_TEXT, .max = 40, .summary = "What it was done to" },
        { .name = "subject", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "Number of what it was done to" },
        { .name = "result", .type = SHAPE_TEXT, .max = 20, .summary = "ok, refused, or a refusal's name" },
        { .name = "source", .type = SHAPE_TEXT, .max = 60, .summary = "Address the request came from" },
        { .name = "group", .type = SHAPE_TEXT, .max = 100, .summary = "One of the permission groups, as they were then" },
        { .name = "text", .type = SHAPE_TEXT, .max = 200, .summary = "Part of what the entry says exactly" },
        { .name = "from", .type = SHAPE_TEXT, .max = 40, .summary = "First day in Tokyo, or point in time" },
        { .name = "to", .type = SHAPE_TEXT, .max = 40, .summary = "Last day in Tokyo, or point in time before which" },
        { .name = "encoding", .type = SHAPE_TEXT, .max = 20, .summary = "utf-8 (with byte order mark) or cp932; without: utf-8" },
        { NULL },
};
static const struct shape order_in = { "LogExportOrder", order_fields };
static const struct field job_fields[] = {
        { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number of the job: GET /jobs/{id}, then GET /jobs/{id}/file" },
        { NULL },
};
static const struct shape job_out = { "LogExportJob", job_fields };

/* Members of the query that choose entries. */
static json_t *filter_of(const json_t *in)
{
        static const char *const others[] = { "limit", "after", "behind", "done", "encoding" };
        json_t *filter = json_object(), *value;
        const char *name;

        json_object_foreach((json_t *)(uintptr_t)in, name, value) {
                bool chooses = !(json_is_string(value) && json_text(value).n == 0);

                for (size_t i = 0; i < COUNT(others); i++)
                        chooses = chooses && strcmp(name, others[i]) != 0;
                if (chooses)
                        json_set(filter, name, value);
        }
        return filter;
}

/* Does it use what stands behind "more conditions"? */
static bool is_more(const json_t *filter)
{
        static const char *const names[] = { "subject", "source", "group", "text" };

        for (size_t i = 0; i < COUNT(names); i++)
                if (json_object_get(filter, names[i]) != NULL)
                        return true;
        return false;
}

/* How far the log is sealed, in short; told with the first page of a list. */
static rc seal_add(struct cx *cx, json_t *model)
{
        static const char *const members[] = { "state", "size", "waiting", "signed_at" };
        json_t *told, *log = json_object();

        TRY(head_model(cx, &told));
        for (size_t i = 0; i < COUNT(members); i++)
                json_set(log, members[i], json_object_get(json_object_get(told, "log"), members[i]));
        json_set(model, "log", log);
        json_set(model, "witness", json_object_get(told, "witness"));
        return RC_OK;
}

/* GET /log - log.html: {entries: […], next, prev, searched_to, log: {state, size, waiting, signed_at}, witness: as head.h says, log_review: as log_review.h says, filter: {what was
 * asked for, is_ok, is_refused}, filtered, verbs: [{name, title, selected}], kinds: likewise}. */
static rc list(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        struct log_query query = { .limit = LIMIT };
        json_t *in, *model, *filter, *kinds;
        bool filtered;

        log_subject(cx, S("log"), 0);
        TRY(shape_read(cx, &query_in, req, &in));
        if (json_object_get(in, "limit") != NULL)
                query.limit = (int)json_integer_value(json_object_get(in, "limit"));
        query.before = json_integer_value(json_object_get(in, "after"));
        query.behind = json_integer_value(json_object_get(in, "behind"));
        query.filter = filter = filter_of(in);
        filtered = json_object_size(filter) > 0;
        if (filtered) {
                log_verb(cx, LOG_SEARCH);
                log_detail(cx, "filter", json_copy(filter));
        }
        TRY(log_list(cx, &query, &model));
        json_set(filter, "is_ok", json_boolean(str_equal_nocase(json_get_text(filter, "result"), S("ok"))));
        json_set(filter, "is_refused", json_boolean(str_is(json_get_text(filter, "result"), "refused")));
        json_set(filter, "is_more", json_boolean(is_more(filter)));
        json_set(model, "filter", filter);
        json_set(model, "filtered", json_boolean(filtered));
        json_set(model, "filter_query", json_str(dress_query(cx, req, (const char *const[]){ "after", "behind", "limit", NULL }, NULL, S(""))));
        if (json_is_integer(json_object_get(model, "next")))
                json_set(model, "next_query",
                         json_str(dress_query(cx, req, (const char *const[]){ "after", "behind", NULL }, "after",
                                              str_format(cx->mem, "%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(model, "next"))))));
        if (json_is_integer(json_object_get(model, "prev")))
                json_set(model, "prev_query",
                         json_str(dress_query(cx, req, (const char *const[]){ "after", "behind", NULL }, "behind",
                                              str_format(cx->mem, "%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(model, "prev"))))));
        json_set(model, "verbs", log_verb_choices(cx, json_get_text(filter, "verb")));
        TRY(log_kind_choices(cx, json_get_text(filter, "kind"), &kinds));
        json_set(model, "kinds", kinds);
        if (query.before == 0 && query.behind == 0) {
                json_t *review;

                TRY(seal_add(cx, model));
                TRY(log_review_open(cx, &review));
                json_set(model, "log_review", review);
        }
        return http_reply(res, 200, "log.html", model);
}

/* Addresses of lists: what else they did, what else was done to it. */
static void queries_add(struct cx *cx, json_t *entry)
{
        struct buf who = buf_open(cx->mem, KB(4)), what = buf_open(cx->mem, KB(4));
        str actor = json_get_text(entry, "actor"), kind = json_get_text(entry, "kind");
        json_int_t subject = json_integer_value(json_object_get(entry, "subject_id"));

        if (!str_empty(actor)) {
                buf_add(&who, S("actor="));
                buf_url(&who, actor);
                json_set(entry, "actor_query", json_str(buf_str(&who)));
        }
        if (!str_empty(kind) && subject > 0) {
                buf_add(&what, S("kind="));
                buf_url(&what, kind);
                buf_format(&what, "&subject=%" JSON_INTEGER_FORMAT, subject);
                json_set(entry, "subject_query", json_str(buf_str(&what)));
        }
}

/* A value of a detail as people read it: words as they are, lists one after the other, anything else as JSON. */
static json_t *value_text(struct cx *cx, const json_t *value)
{
        struct buf out = buf_open(cx->mem, KB(256));
        const json_t *one;
        size_t i;

        if (json_is_null(value) || value == NULL)
                return json_null();
        if (json_is_string(value))
                return json_incref((json_t *)(uintptr_t)value);
        if (json_is_boolean(value))
                return json_str(page_text(cx->lang, json_is_true(value) ? "log.is_yes" : "log.is_no"));
        if (json_is_integer(value))
                return json_str(dress_number(cx->mem, json_integer_value(value)));
        json_array_foreach(value, i, one) {
                if (i > 0)
                        buf_add(&out, cx->lang == LANG_JA ? S("、") : S(", "));
                buf_add(&out, json_is_string(one) ? json_text(one) : json_write(cx->mem, one));
        }
        if (!json_is_array(value))
                buf_add(&out, json_write(cx->mem, value));
        return json_str(buf_str(&out));
}

static json_t *fact_new(struct cx *cx, const char *name, const json_t *value)
{
        const char *key = str_format(cx->mem, "log.member.%s", name).p;
        str title = page_text(cx->lang, key);
        json_t *one = json_set(json_object(), "title", json_str(str_is(title, key) ? str_of(name) : title));

        return json_set(one, "text", value_text(cx, value));
}

void log_door_detail(struct cx *cx, const json_t *detail, json_t *entry)
{
        json_t *facts = json_array(), *changes = json_array(), *value, *change;
        const char *name, *item;

        json_object_foreach((json_t *)(uintptr_t)detail, name, value) {
                if ((strcmp(name, "changes") != 0 && strcmp(name, "change") != 0) || !json_is_object(value)) {
                        must(json_array_append_new(facts, fact_new(cx, name, value)) == 0);
                        continue;
                }
                json_object_foreach(value, item, change) {
                        json_t *one;

                        if (strcmp(item, "version") == 0)
                                continue;
                        one = fact_new(cx, item, json_object_get(change, "to"));
                        json_set(one, "old", value_text(cx, json_object_get(change, "from")));
                        must(json_array_append_new(changes, one) == 0);
                }
        }
        json_set(entry, "facts", facts);
        json_set(entry, "changes", changes);
}

/* GET /log/{id} - log_entry.html: {entry: {…, detail, detail_text, facts, changes, detail_state, commitment, salt, proven}, proof: as proof.h says}. */
static rc show(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *entry, *model = json_object(), *detail, *proof;
        int64_t id;
        str state;

        if (!str_int(http_arg(req, "id"), &id) || id <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such entry in the log");
        log_subject(cx, S("log"), id);
        TRY(log_get(cx, id, &entry));
        TRY(proof_model(cx, id, &proof));
        queries_add(cx, entry);
        if (json_object_get(proof, "index") != NULL)
                json_set(proof, "place", json_integer(json_integer_value(json_object_get(proof, "index")) + 1));
        state = json_get_text(proof, "state");
        json_set(proof, str_format(cx->mem, "is_%.*s", STR_ARG(state)).p, json_true());
        json_set(entry, str_format(cx->mem, "is_%.*s", STR_ARG(json_get_text(entry, "detail_state"))).p, json_true());
        json_set(model, "proof", proof);
        detail = json_object_get(entry, "detail");
        if (detail != NULL)
                log_door_detail(cx, detail, entry);
        if (detail != NULL)
                json_set(entry, "detail_text", json_string(json_dumps(detail, JSON_INDENT(2))));
        json_set(model, "entry", entry);
        return http_reply(res, 200, "log_entry.html", model);
}

/* GET /log/erase - log_erase.html: {kinds: [{name, title, selected}], kind, subject, phrase, count: details there are; null without a subject; kept_text,
 * hold: so many of them a hold keeps, the first}. */
static rc erasure(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *model = json_object(), *kinds;
        int64_t subject;
        struct log_erasable found;
        str kind;

        TRY(shape_read(cx, &subject_in, req, &in));
        kind = json_get_text(in, "kind");
        subject = json_integer_value(json_object_get(in, "subject"));
        if (!str_empty(kind) && subject > 0) {
                log_subject(cx, kind, subject);
                TRY(log_erasable(cx, kind, subject, &found));
                json_set(model, "count", json_integer(found.count));
                json_set(model, "count_text", json_str(dress_number(cx->mem, found.count)));
                if (found.kept > 0) {
                        json_set(model, "kept_text", json_str(dress_number(cx->mem, found.kept)));
                        json_set(model, "hold", json_integer(found.hold));
                }
                json_set(model, "has_count", json_true());
                json_set(model, "phrase", json_str(str_format(cx->mem, "%.*s/%" PRId64, STR_ARG(kind), subject)));
        }
        TRY(log_kind_choices(cx, kind, &kinds));
        json_set(model, "kinds", kinds);
        json_set(model, "kind", json_str(str_absent(kind) ? S("") : kind));
        if (subject > 0)
                json_set(model, "subject", json_integer(subject));
        return http_reply(res, 200, "log_erase.html", model);
}

/* POST /log/erase - 200 {erased, held}; the entry about it names the account or record and the number, nothing else. */
static rc erase(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *model = json_object();
        int64_t count, kept;

        TRY(shape_read(cx, &erasure_in, req, &in));
        TRY(log_erase(cx, json_get_text(in, "kind"), json_integer_value(json_object_get(in, "subject")), json_get_text(in, "confirm"), &count,
                      &kept));
        json_set(model, "erased", json_integer(count));
        json_set(model, "held", json_integer(kept));
        return http_created(res, 200, kept > 0 ? S("/log?done=log_erased_rest") : S("/log?done=log_erased"), model);
}

/* POST /log/exports - 202 {id}. */
static rc export(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *model = json_object();
        int64_t id;

        TRY(shape_read(cx, &order_in, req, &in));
        TRY(log_file_start(cx, filter_of(in), json_get_text(in, "encoding"), &id));
        json_set(model, "id", json_integer(id));
        return http_created(res, 202, str_format(cx->mem, "/jobs/%" PRId64, id), model);
}

/* clang-format off */
const struct route log_door_routes[] = {
        /*     method path            permission       logged as   body    rate    handler */
        ROUTE( GET,   "/log",         PERM_LOG_READ,   LOG_LIST,   0,      NORMAL, list,    "List entries of the operation log", .in = &query_in, .out = &list_out ),
        ROUTE( GET,   "/log/erase",   PERM_LOG_ERASE,  LOG_VIEW,   0,      NORMAL, erasure, "Form to erase what entries say about somebody", .in = &subject_in,
               .face = FACE_CONSOLE ),
        ROUTE( POST,  "/log/erase",   PERM_LOG_ERASE,  LOG_ERASE,  KB(4),  NORMAL, erase,   "Erase what entries say about an account or record", .in = &erasure_in,
               .out = &erased_out, .fresh = true ),
        ROUTE( POST,  "/log/exports", PERM_LOG_EXPORT, LOG_EXPORT, KB(16), HEAVY,  export,  "Export entries of the operation log as a CSV file", .in = &order_in,
               .out = &job_out, .fresh = true ),
        ROUTE( GET,   "/log/{id}",    PERM_LOG_READ,   LOG_VIEW,   0,      NORMAL, show,    "Read an entry of the operation log", .out = &one_out ),
        ROUTE_END
};
/* clang-format on */
