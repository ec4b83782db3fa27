/* record_door.c - records of a register. The API gets the model as it is; for the console sheet.c makes cells and
 * fields of it. On the console a reference is {id, heading} instead of a number, so that a person reads a name. */
#include "base/house.h"

#include "console/record_door.h"

#include "base/clock.h"
#include "base/fail.h"
#include "console/attachment_door.h"
#include "console/builder.h"
#include "console/dress.h"
#include "console/evidence_door.h"
#include "console/move_door.h"
#include "console/round_door.h"
#include "log/log.h"
#include "register/alike.h"
#include "register/item.h"
#include "register/item_account.h"
#include "register/merge_undo.h"
#include "register/postal.h"
#include "register/record_changes.h"
#include "register/record_list.h"
#include "register/record_model.h"

enum { CHANGES_SHOWN = 50, RELATED_SHOWN = 5, CHOICES_SHOWN = 20 };

static const struct field query_fields[] = {
        { .name = "q", .type = SHAPE_TEXT, .max = 200, .summary = "Words all of which must be found in the searchable items" },
        { .name = "condition", .type = SHAPE_TEXT, .max = CONDITION_SIZE_MAX, .summary = "Condition as JSON" },
        { .name = "sort", .type = SHAPE_TEXT, .max = 60, .summary = "Item to sort by, with - in front descending; without: newest first" },
        { .name = "after", .type = SHAPE_TEXT, .max = 4000, .summary = "Cursor: next of the page before" },
        { .name = "limit", .type = SHAPE_INT, .min = 1, .max = RECORD_LIMIT_MAX, .summary = "Records on a page; without: 50" },
        { .name = "count", .type = SHAPE_TEXT, .max = 10, .summary = "exact: count exactly; none: do not count; without: about" },
        { .name = "build", .type = SHAPE_TEXT, .max = 10, .summary = "Console: show the condition builder" },
        { .name = "shown", .type = SHAPE_INT, .min = 0, .max = 1000000000, .summary = "Console: records on the pages before" },
        { .name = "done", .type = SHAPE_TEXT, .max = 100, .summary = "Console: what was done" },
        { NULL },
};
static const struct shape query_in = { "RecordQuery", query_fields };
static const struct field changes_fields[] = {
        { .name = "before", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "Only changes older than this one" },
        { .name = "limit", .type = SHAPE_INT, .min = 1, .max = 200, .summary = "Changes on a page; without: 50" },
        { NULL },
};
static const struct shape changes_in = { "ChangeQuery", changes_fields };

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

static str version_tag(struct cx *cx, const struct record *rec)
{
        return str_format(cx->mem, "%" PRId64, rec->version);
}

static str record_url(struct cx *cx, const struct definition *def, int64_t id, const char *done)
{
        return str_format(cx->mem, "/registers/%.*s/records/%" PRId64 "%s%s", STR_ARG(def->name), id, done ? "?done=" : "", done ? done : "");
}

/* A tick box comes after a hidden field of the same name: the last one counts. Of "NAME[]" all do; an empty one is none. */
static void field_add(struct cx *cx, json_t *object, const struct http_pair *field)
{
        bool several = str_ends(field->name, S("[]"));
        const char *name = str_z(cx->mem, several ? (str){ field->name.p, field->name.n - 2 } : field->name);
        json_t *list = json_object_get(object, name);

        if (!several)
                (void)json_set(object, name, json_str(field->value));
        else if (!json_is_array(list))
                (void)json_set(object, name, list = json_array());
        if (several && field->value.n > 0)
                json_array_append_new(list, json_str(field->value));
}

/* Object of items from a JSON body or a form. `version` and what begins with _ is not the record's. */
static rc body_read(struct cx *cx, const struct http_req *req, json_t **ret)
{
        json_t *object = json_object();

        if (api(req) || str_is(req->type, "application/json")) {
                if (!str_is(req->type, "application/json") && !str_is(req->type, "application/merge-patch+json"))
                        return fail(cx, RC_MEDIA_TYPE, NULL, "the body must be application/json");
                TRY(json_read(cx, req->body, &object));
                if (!json_is_object(object))
                        return fail(cx, RC_INVALID, NULL, "a record must be an object with the items as members");
        } else {
                for (size_t i = 0; i < req->field_count; i++)
                        if (!str_starts(req->fields[i].name, S("_")))
                                field_add(cx, object, &req->fields[i]);
        }
        *ret = object;
        return RC_OK;
}

/* References of a model become {id, heading}. */
static rc references_name(struct cx *cx, const struct definition *def, json_t *const *models, size_t count)
{
        for (size_t i = 0; i < def->item_count; i++) {
                const struct item *item = &def->items[i];
                int64_t *ids;
                size_t n = 0;
                json_t *headings;

                if (item->type != ITEM_REFERENCE || !sql_visible(cx, item))
                        continue;
                ids = NEW_ARRAY(cx->mem, int64_t, count + 1);
                for (size_t k = 0; k < count; k++)
                        if (json_is_integer(json_object_get(models[k], item->name.p)))
                                ids[n++] = json_integer_value(json_object_get(models[k], item->name.p));
                TRY(record_model_headings(cx, item->reference, ids, n, &headings));
                for (size_t k = 0; k < count; k++) {
                        json_t *value = json_object_get(models[k], item->name.p), *both = json_object();

                        if (!json_is_integer(value))
                                continue;
                        (void)json_set(both, "id", value);
                        (void)json_set(both, "heading", json_object_get(headings, db_int(cx, json_integer_value(value)).p));
                        (void)json_set(models[k], item->name.p, both);
                }
        }
        return item_account_name(cx, def, models, count);
}

/* Lists
 * --------------------------------------------------------------------------------------------------------------------------------
 */

static json_t *count_model(const struct record_page *page)
{
        static const char *const names[] = { [RECORD_COUNT_EXACT] = "exact", [RECORD_COUNT_ABOUT] = "about", [RECORD_COUNT_AT_LEAST] = "at_least" };
        json_t *m = json_object();

        if (page->total_kind == RECORD_COUNT_NONE)
                return json_null();
        return json_set(m, names[page->total_kind], json_integer(page->total));
}

/* The columns as links that sort by them: {name: {query, is_sorted, is_descending}}. */
static void sorts_add(struct cx *cx, const struct http_req *req, const struct record_page *page, json_t *model)
{
        static const char *const paging[] = { "after", "sort", "shown", NULL };
        json_t *sorts = json_object();

        for (size_t i = 0; i < page->def->item_count; i++) {
                const struct item *item = &page->def->items[i];
                bool now = page->sort == item;
                json_t *one = json_object();
                str value;

                if (!item_sortable(item) || !sql_visible(cx, item))
                        continue;
                value = now && !page->descending ? str_format(cx->mem, "-%.*s", STR_ARG(item->name)) : item->name;
                (void)json_set(one, "query", json_str(dress_query(cx, req, paging, now && page->descending ? NULL : "sort", value)));
                (void)json_set(one, "is_sorted", json_boolean(now));
                (void)json_set(one, "is_descending", json_boolean(now && page->descending));
                (void)json_set(sorts, item->name.p, one);
        }
        (void)json_set(model, "sorts", sorts);
}

static rc list_for_console(struct cx *cx, const struct http_req *req, const json_t *in, const struct record_page *page, json_t *model)
{
        static const char *const paging[] = { "after", "shown", NULL };
        json_t **models = NEW_ARRAY(cx->mem, json_t *, page->count + 1);
        int64_t shown = json_integer_value(json_object_get(in, "shown")) + (int64_t)page->count, waiting;

        TRY(alike_waiting(cx, page->def, &waiting));
        if (waiting > 0)
                (void)json_set(model, "duplicates", json_integer(waiting));
        for (size_t i = 0; i < page->count; i++)
                models[i] = json_array_get(json_object_get(model, "records"), i);
        TRY(references_name(cx, page->def, models, page->count));
        if (!str_absent(page->next)) {
                str query = dress_query(cx, req, paging, "after", page->next);

                (void)json_set(model, "next_query", json_str(str_format(cx->mem, "%.*s&shown=%" PRId64, STR_ARG(query), shown)));
        }
        (void)json_set(model, "shown", json_integer(shown));
        if (str_is(http_query(req, "build"), "1"))
                TRY(builder_dress(cx, page->def, 0, model));
        sorts_add(cx, req, page, model);
        return RC_OK;
}

/* GET /registers/{register}/records - records.html:
 * {register: definition, records: [{id, version, ITEM: value…}], next: cursor or null, count: {exact|about|at_least: N}
 * or null, condition, sentence}. Console also: next_query, shown, with build=1 what builder_dress() tells, sorts
 * {ITEM: {query, is_sorted, is_descending}}; only items of the list. */
static rc list(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        struct record_query query = { 0 };
        struct record_page *page;
        json_t *in, *model = json_object(), *records = json_array();
        str count;

        log_subject(cx, http_arg(req, "register"), 0);
        TRY(shape_read(cx, &query_in, req, &in));
        count = json_get_text(in, "count");
        query.q = json_get_text(in, "q");
        query.condition = json_get_text(in, "condition");
        query.sort = json_get_text(in, "sort");
        query.after = json_get_text(in, "after");
        query.limit = (int)json_integer_value(json_object_get(in, "limit"));
        query.exact = str_is(count, "exact");
        query.count = !str_is(count, "none");
        query.narrow = !api(req);
        if (count.n > 0 && !query.exact && query.count)
                return fail(cx, RC_INVALID, "count", "must be one of: %s", "exact none");
        if (query.q.n > 0)
                log_detail(cx, "q", json_str(query.q));
        TRY(record_list(cx, http_arg(req, "register"), &query, &page));
        if (query.q.n > 0 || page->condition != NULL)
                log_verb(cx, LOG_SEARCH);
        if (page->condition != NULL)
                log_detail(cx, "condition", page->condition);
        (void)json_set(model, "register", definition_model(cx, page->def));
        for (size_t i = 0; i < page->count; i++)
                json_array_append_new(records, record_model(cx, page->def, &page->records[i], query.narrow));
        (void)json_set(model, "records", records);
        (void)json_set(model, "next", json_str(page->next));
        (void)json_set(model, "count", count_model(page));
        (void)json_set(model, "condition", page->condition ? page->condition : json_null());
        (void)json_set(model, "sentence", json_str(page->sentence));
        if (!api(req))
                TRY(list_for_console(cx, req, in, page, model));
        return http_reply(res, 200, "records.html", model);
}

/* One record
 * ----------------------------------------------------------------------------------------------------------------------------
 */

static json_t *change_model(struct cx *cx, const struct definition *def, const struct record_change *c)
{
        json_t *m = json_object(), *items = json_array();

        for (size_t i = 0; i < def->item_count; i++) {
                json_t *old = json_object_get(c->old, def->items[i].name.p), *new = json_object_get(c->new, def->items[i].name.p),
                       *one = json_object(), *hidden = json_object();
                bool masked = !sql_visible(cx, &def->items[i]);

                if (old == NULL)
                        continue;
                if (def->items[i].type == ITEM_FILE && json_is_string(old))
                        old = item_json(&def->items[i], json_text(old));
                if (def->items[i].type == ITEM_FILE && json_is_string(new))
                        new = item_json(&def->items[i], json_text(new));
                (void)json_set(hidden, "masked", json_true());
                (void)json_set(one, "item", json_str(def->items[i].name));
                (void)json_set(one, "old", masked ? hidden : old);
                (void)json_set(one, "new", masked ? hidden : c->deleted ? json_null() : new);
                json_array_append_new(items, one);
        }
        (void)json_set(m, "id", json_integer(c->id));
        (void)json_set(m, "version", json_integer(c->version));
        (void)json_set(m, "at", json_str(clock_rfc3339(cx->mem, c->at)));
        (void)json_set(m, "actor", json_str(record_model_actor(c->actor)));
        (void)json_set(m, "job", c->job ? json_integer(c->job) : json_null());
        (void)json_set(m, "deleted", json_boolean(c->deleted));
        return json_set(m, "items", items);
}

static rc changes_model(struct cx *cx, const struct definition *def, int64_t id, int64_t before, int limit, json_t **ret, int64_t *ret_next)
{
        struct record_change *list;
        json_t *all = json_array();
        size_t count;

        TRY(record_changes(cx, def, id, before, limit + 1, &list, &count));
        for (size_t i = 0; i < count && i < (size_t)limit; i++)
                json_array_append_new(all, change_model(cx, def, &list[i]));
        *ret_next = count > (size_t)limit ? list[limit - 1].id : 0;
        *ret = all;
        return RC_OK;
}

/* named: the record with names of accounts. */
static json_t *related_cells(struct cx *cx, const struct definition *def, const struct record *rec, const json_t *named)
{
        json_t *cells = json_array();

        for (size_t i = 0; i < def->item_count; i++) {
                const struct item *item = &def->items[i];
                json_t *cell = json_object();

                if (item == def->master || !item->in_list || !sql_visible(cx, item))
                        continue;
                (void)json_set(cell, "text",
                               item->type == ITEM_ACCOUNT && !str_absent(rec->values[i])
                                   ? json_object_get(json_object_get(named, item->name.p), "heading")
                                   : json_str(item_show(cx->mem, cx->lang, item, rec->values[i])));
                (void)json_set(cell, "is_number", json_boolean(item->type == ITEM_INTEGER || item->type == ITEM_DECIMAL));
                (void)json_set(cell, "first", json_boolean(json_array_size(cells) == 0));
                (void)json_set(cell, "href", json_str(record_url(cx, def, rec->id, NULL)));
                json_array_append_new(cells, cell);
        }
        return cells;
}

/* The entries of one history that belong to this record, the newest few. */
static rc related_model(struct cx *cx, const struct definition *master, int64_t id, const struct definition *def, json_t **ret)
{
        struct record_query query = { .limit = RELATED_SHOWN, .narrow = true, .item = def->master, .item_id = id };
        json_t *m = json_object(), *columns = json_array(), *records = json_array();
        struct record_page *page;
        str condition = str_format(cx->mem, "{\"item\":\"%.*s\",\"op\":\"eq\",\"value\":%" PRId64 "}", STR_ARG(def->master->name), id);
        struct buf url = buf_open(cx->mem, KB(4));

        TRY(record_list(cx, def->name, &query, &page));
        for (size_t i = 0; i < def->item_count; i++) {
                const struct item *item = &def->items[i];
                json_t *c = json_object();

                if (item == def->master || !item->in_list || !sql_visible(cx, item))
                        continue;
                (void)json_set(c, "title", json_str(item->title[cx->lang]));
                (void)json_set(c, "is_number", json_boolean(item->type == ITEM_INTEGER || item->type == ITEM_DECIMAL));
                json_array_append_new(columns, c);
        }
        for (size_t i = 0; i < page->count; i++) {
                json_t *one = json_object(), *named = record_model(cx, def, &page->records[i], true);

                TRY(item_account_name(cx, def, &named, 1));
                (void)json_set(one, "cells", related_cells(cx, def, &page->records[i], named));
                json_array_append_new(records, one);
        }
        buf_format(&url, "/registers/%.*s/records?condition=", STR_ARG(def->name));
        buf_url(&url, condition);
        (void)json_set(m, "name", json_str(def->name));
        (void)json_set(m, "title", json_str(def->title[cx->lang]));
        (void)json_set(m, "columns", columns);
        (void)json_set(m, "has_records", json_boolean(page->count > 0));
        (void)json_set(m, "records", records);
        if (page->count > 0)
                (void)json_set(m, "all_url", json_str(buf_str(&url)));
        if (permission_held_for(cx, PERM_RECORD_WRITE, def->name))
                (void)json_set(
                    m, "new_url",
                    json_str(str_format(cx->mem, "/registers/%.*s/records/new?%.*s=%" PRId64, STR_ARG(def->name), STR_ARG(def->master->name), id)));
        *ret = m;
        return RC_OK;
}

static rc related_add(struct cx *cx, const struct definition *def, int64_t id, json_t *model)
{
        const struct definition **histories;
        json_t *list = json_array(), *one;
        size_t count;

        TRY(definition_histories(cx, def->name, &histories, &count));
        for (size_t i = 0; i < count; i++) {
                if (!sql_visible(cx, histories[i]->master))
                        continue;
                TRY(related_model(cx, def, id, histories[i], &one));
                json_array_append_new(list, one);
        }
        (void)json_set(model, "related", list);
        return RC_OK;
}

/* A record that was made one with another: its old address leads there. */
static rc gone_where(struct cx *cx, const struct http_req *req, int64_t id, rc code, struct http_res *res)
{
        struct failure told = cx->failure;
        json_t *model = json_object();
        int64_t survivor;

        if (code != RC_UNKNOWN)
                return code;
        fail_clear(cx);
        TRY(merge_way(cx, http_arg(req, "register"), id, &survivor));
        if (survivor == 0) {
                cx->failure = told;
                return code;
        }
        log_detail(cx, "merged_into", json_integer(survivor));
        (void)json_set(model, "id", json_integer(id));
        (void)json_set(model, "merged_into", json_integer(survivor));
        return http_created(res, 301,
                            str_format(cx->mem, "/registers/%.*s/records/%" PRId64 "%s", STR_ARG(http_arg(req, "register")), survivor,
                                       api(req) ? "" : "?done=record_merged"),
                            model);
}

/* Merges into this record, each at the change it made; and after it was written, records that may be the same. For who may make records one. */
static rc merges_add(struct cx *cx, const struct http_req *req, const struct definition *def, int64_t id, json_t *model)
{
        json_t *merges, *near, *change, *one;
        str done = STR_NONE;
        size_t i, k;

        if (cx->masked || !permission_held_for(cx, PERM_RECORD_MERGE, def->name))
                return RC_OK;
        TRY(merge_undo_of(cx, def, id, &merges));
        json_array_foreach(json_object_get(model, "changes"), i, change)
                json_array_foreach(merges, k, one)
                        if (json_equal(json_object_get(one, "change"), json_object_get(change, "id")))
                                (void)json_set(change, "merge", one);
        (void)json_set(model, "merges", merges);
        (void)json_set(model, "has_merges", json_boolean(json_array_size(merges) > 0));
        for (i = 0; i < req->query_count; i++)
                if (str_is(req->query[i].name, "done"))
                        done = req->query[i].value;
        if (def->rule_count == 0 || (!str_is(done, "record_created") && !str_is(done, "record_saved")))
                return RC_OK;
        TRY(alike_near(cx, def->name, id, &near));
        (void)json_set(model, "alike", json_object_get(near, "alike"));
        (void)json_set(model, "has_alike", json_boolean(json_array_size(json_object_get(near, "alike")) > 0));
        return RC_OK;
}

/* GET /registers/{register}/records/{id} - API: the record, ETag its version. Console record.html: {register, record,
 * changes: [change], related:
 * [{title, columns, records: [{cells}], all_url, new_url}]}. */
static rc detail(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        const struct definition *def;
        struct record *rec;
        json_t *model, *one, *changes;
        int64_t id, next;
        rc code;

        TRY(id_read(cx, req, &id));
        code = record_get(cx, http_arg(req, "register"), id, &def, &rec);
        if (code != RC_OK)
                return gone_where(cx, req, id, code, res);
        one = record_model(cx, def, rec, false);
        if (api(req)) {
                res->etag = version_tag(cx, rec);
                return http_reply(res, 200, NULL, one);
        }
        model = json_object();
        TRY(references_name(cx, def, &one, 1));
        TRY(changes_model(cx, def, id, 0, CHANGES_SHOWN, &changes, &next));
        TRY(item_account_name_changes(cx, def, changes));
        TRY(related_add(cx, def, id, model));
        (void)json_set(model, "register", definition_model(cx, def));
        (void)json_set(model, "record", one);
        (void)json_set(model, "changes", changes);
        TRY(merges_add(cx, req, def, id, model));
        TRY(evidence_door_page(cx, def, id, model));
        TRY(attachment_door_page(cx, def, rec, model));
        if (def->state != NULL)
                TRY(move_door_page(cx, def->name, id, model));
        TRY(round_door_record(cx, def, id, model));
        return http_reply(res, 200, "record.html", model);
}

static const struct field choose_fields[] = {
        { .name = "q", .type = SHAPE_TEXT, .max = 200, .summary = "Words to search for; without: the first entries in order of their key" },
        { NULL },
};
static const struct shape choose_in = { "ChoiceQuery", choose_fields };
static const struct field choice_fields[] = {
        { .name = "choices", .type = SHAPE_JSON, .required = true, .summary = "At most 20: [{id, key, heading}], in order of their key" },
        { NULL },
};
static const struct shape choices_out = { "ChoiceList", choice_fields };

/* GET /registers/{register}/choices - entries of a look-up list, for the picker of a form: {choices: [{id, key, heading}]}. Asked at every key stroke, and
 * holds nothing personal: no entry. */
static rc choices(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        struct record_query query = { .limit = CHOICES_SHOWN };
        const struct definition *def;
        struct record_page *page;
        json_t *in, *model = json_object(), *list = json_array(), *headings;
        int64_t ids[CHOICES_SHOWN];

        log_subject(cx, http_arg(req, "register"), 0);
        log_quiet(cx);
        TRY(shape_read(cx, &choose_in, req, &in));
        TRY(definition_get(cx, http_arg(req, "register"), &def));
        if (def->kind != REGISTER_REFERENCE)
                return fail(cx, RC_CONFLICT, NULL, "only a register of kind reference is chosen from");
        query.q = str_trim(json_get_text(in, "q"));
        query.sort = def->key->name;
        TRY(record_list(cx, def->name, &query, &page));
        for (size_t i = 0; i < page->count; i++)
                ids[i] = page->records[i].id;
        TRY(record_model_headings(cx, def->name, ids, page->count, &headings));
        for (size_t i = 0; i < page->count; i++) {
                json_t *one = json_set(json_object(), "id", json_integer(ids[i]));

                (void)json_set(one, "key", json_str(item_show(cx->mem, cx->lang, page->def->key, page->records[i].values[page->def->key->number])));
                (void)json_set(one, "heading", json_object_get(headings, db_int(cx, ids[i]).p));
                json_array_append_new(list, one);
        }
        (void)json_set(model, "choices", list);
        return http_reply(res, 200, NULL, model);
}

/* GET …/records/new - record_edit.html: {register, action}. */
static rc form(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        const struct definition *def;
        json_t *model = json_object(), *given = json_object();

        log_subject(cx, http_arg(req, "register"), 0);
        log_quiet(cx);
        TRY(definition_get(cx, http_arg(req, "register"), &def));
        for (size_t i = 0; i < req->query_count; i++)
                if (definition_item(def, req->query[i].name) != NULL)
                        (void)json_set(given, str_z(cx->mem, req->query[i].name), json_str(req->query[i].value));
        (void)json_set(model, "register", definition_model(cx, def));
        (void)json_set(model, "action", json_str(str_format(cx->mem, "/registers/%.*s/records", STR_ARG(def->name))));
        if (json_object_size(given) > 0)
                (void)json_set(model, "record", given);
        return http_reply(res, 200, "record_edit.html", model);
}

/* GET …/records/{id}/edit - record_edit.html: {register, record, action}. */
static rc edit(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        const struct definition *def;
        struct record *rec;
        json_t *model = json_object(), *one;
        int64_t id;

        TRY(id_read(cx, req, &id));
        TRY(record_get(cx, http_arg(req, "register"), id, &def, &rec));
        (void)json_set(model, "register", definition_model(cx, def));
        one = record_model(cx, def, rec, false);
        TRY(item_account_name(cx, def, &one, 1));
        (void)json_set(model, "record", one);
        (void)json_set(model, "action", json_str(record_url(cx, def, id, NULL)));
        return http_reply(res, 200, "record_edit.html", model);
}

/* Sent by a browser without scripts: a postal code that was not there before fills what is empty. Scripts take the field _was_ITEM away. */
static rc postals_fill(struct cx *cx, const struct http_req *req, json_t *object)
{
        const struct definition *def;

        for (size_t i = 0; i < req->field_count; i++) {
                str name = req->fields[i].name;
                const struct item *item;

                if (!str_starts(name, S("_was_")))
                        continue;
                TRY(definition_recall(cx, http_arg(req, "register"), &def));
                item = definition_item(def, (str){ name.p + 5, name.n - 5 });
                if (item != NULL && item->type == ITEM_POSTAL_CODE && !(item->personal && cx->masked) &&
                    !str_equal(json_get_text(object, item->name.p), req->fields[i].value))
                        TRY(postal_fill(cx, item, object));
        }
        return RC_OK;
}

/* POST /registers/{register}/records - 201 and the record; console: 303 to it. */
static rc create(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        const struct definition *def;
        struct record *rec;
        json_t *object;

        log_subject(cx, http_arg(req, "register"), 0);
        TRY(body_read(cx, req, &object));
        TRY(postals_fill(cx, req, object));
        TRY(record_create(cx, http_arg(req, "register"), object, &def, &rec));
        log_subject(cx, def->name, rec->id);
        if (!api(req))
                return http_created(res, 201, record_url(cx, def, rec->id, "record_created"), NULL);
        res->etag = version_tag(cx, rec);
        return http_created(res, 201, record_url(cx, def, rec->id, NULL), record_model(cx, def, rec, false));
}

/* After RC_STALE the record as it is now is told with the refusal. */
static rc stale_told(struct cx *cx, rc code, const struct definition *def, const struct record *now, struct http_res *res)
{
        if (code == RC_STALE && now != NULL)
                res->model = record_model(cx, def, now, false);
        return code;
}

/* PATCH …/records/{id} - only the items given; If-Match or `version`. The record; console: 303 to it. */
static rc update(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        const struct definition *def = NULL;
        struct record *rec = NULL;
        json_t *object;
        int64_t id, version;
        rc code;

        TRY(id_read(cx, req, &id));
        TRY(body_read(cx, req, &object));
        TRY(postals_fill(cx, req, object));
        TRY(shape_version(cx, req, object, &version));
        json_object_del(object, "version");
        code = record_update(cx, http_arg(req, "register"), id, version, object, &def, &rec);
        TRY(stale_told(cx, code, def, rec, res));
        if (!api(req))
                return http_created(res, 200, record_url(cx, def, id, "record_saved"), NULL);
        res->etag = version_tag(cx, rec);
        return http_reply(res, 200, NULL, record_model(cx, def, rec, false));
}

/* DELETE …/records/{id} - If-Match or `version`. 204; console: 303 to the list. */
static rc erase(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        const struct definition *def = NULL;
        struct record *rec = NULL;
        int64_t id, version;
        rc code;

        TRY(id_read(cx, req, &id));
        TRY(shape_version(cx, req, NULL, &version));
        code = record_erase(cx, http_arg(req, "register"), id, version, &def, &rec);
        TRY(stale_told(cx, code, def, rec, res));
        if (api(req))
                return http_reply(res, 204, NULL, NULL);
        return http_created(res, 200, str_format(cx->mem, "/registers/%.*s/records?done=record_deleted", STR_ARG(def->name)), NULL);
}

/* GET …/records/{id}/changes - {changes: [{id, version, at, actor, job, deleted, items: [{item, old, new}]}], next}:
 * newest first, also of a record that is gone. Console: record_changes.html is part of record.html, so the API face
 * only. */
static rc changes(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        const struct definition *def;
        json_t *in, *list, *model = json_object();
        int64_t id, next, limit;

        TRY(id_read(cx, req, &id));
        TRY(shape_read(cx, &changes_in, req, &in));
        TRY(definition_get(cx, http_arg(req, "register"), &def));
        limit = json_integer_value(json_object_get(in, "limit"));
        TRY(changes_model(cx, def, id, json_integer_value(json_object_get(in, "before")), limit ? (int)limit : CHANGES_SHOWN, &list, &next));
        (void)json_set(model, "changes", list);
        (void)json_set(model, "next", next ? json_integer(next) : json_null());
        return http_reply(res, 200, NULL, model);
}

/* clang-format off */
const struct route record_door_routes[] = {
        /*     method  path                                        permission          verb        body    rate    handler  summary */
        ROUTE( GET,    "/registers/{register}/records",            PERM_RECORD_READ,   LOG_LIST,   0,      NORMAL, list,    "Records that are meant by a search or condition", .in = &query_in ),
        ROUTE( GET,    "/registers/{register}/choices",            PERM_RECORD_READ,   LOG_LIST,   0,      NORMAL, choices, "Entries of a look-up list to choose from", .in = &choose_in,
               .out = &choices_out, .face = FACE_API ),
        ROUTE( POST,   "/registers/{register}/records",            PERM_RECORD_WRITE,  LOG_CREATE, KB(512), NORMAL, create, "Create one record" ),
        ROUTE( GET,    "/registers/{register}/records/new",        PERM_RECORD_WRITE,  LOG_VIEW,   0,      NORMAL, form,    "Form of a new record", .face = FACE_CONSOLE ),
        ROUTE( GET,    "/registers/{register}/records/{id}",       PERM_RECORD_READ,   LOG_VIEW,   0,      NORMAL, detail,  "One record" ),
        ROUTE( PATCH,  "/registers/{register}/records/{id}",       PERM_RECORD_WRITE,  LOG_UPDATE, KB(512), NORMAL, update, "Change items of one record" ),
        ROUTE( DELETE, "/registers/{register}/records/{id}",       PERM_RECORD_DELETE, LOG_DELETE, KB(4),  NORMAL, erase,   "Delete one record" ),
        ROUTE( GET,    "/registers/{register}/records/{id}/edit",  PERM_RECORD_WRITE,  LOG_VIEW,   0,      NORMAL, edit,    "Form of one record", .face = FACE_CONSOLE ),
        ROUTE( GET,    "/registers/{register}/records/{id}/changes", PERM_RECORD_READ, LOG_VIEW,   0,      NORMAL, changes, "What one record was before", .in = &changes_in, .face = FACE_API ),
        ROUTE_END
};
/* clang-format on */
