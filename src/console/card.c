/* card.c - see card.h. */
#include "base/house.h"

#include "console/card.h"

#include "base/buf.h"
#include "console/dress.h"
#include "page/page.h"

/* Numbers of a job's result, in the order they are shown. How to add one: a line here, its title in pages/texts.*.yaml
 * under job.figure. */
static const struct {
        const char *name;
        const char *look; /* class of the figure when it is not 0 */
        bool rare;        /* shown only when it is not 0 */
} figures[] = {
        { "looked", "" },    { "groups", "" },       { "deleted", "bad" },   { "removed", "" },     { "restored", "" }, { "left", "bad", true },
        { "read", "" },      { "would_create", "" }, { "would_change", "" }, { "would_leave", "" }, { "created", "" },  { "changed", "" },
        { "unchanged", "" }, { "blank", "", true },  { "refused", "bad" },   { "rows", "" },        { "written", "" },  { "replaced", "bad", true },
};

static str text_of(struct cx *cx, const char *group, str name)
{
        str key = str_format(cx->mem, "%s.%.*s", group, STR_ARG(name)), text = page_text(cx->lang, key.p);

        return str_equal(key, text) ? name : text;
}

static json_t *figures_model(struct cx *cx, const json_t *result)
{
        json_t *list = json_array();

        for (size_t i = 0; i < COUNT(figures); i++) {
                const json_t *n = json_object_get(result, figures[i].name);
                json_t *m = json_object();

                if (!json_is_integer(n) || (json_integer_value(n) == 0 && figures[i].rare))
                        continue;
                (void)json_set(m, "title", json_str(text_of(cx, "job.figure", str_of(figures[i].name))));
                (void)json_set(m, "text", json_str(dress_number(cx->mem, json_integer_value(n))));
                (void)json_set(m, "class", json_string(json_integer_value(n) != 0 ? figures[i].look : ""));
                must(json_array_append_new(list, m) == 0);
        }
        return list;
}

/* The title of a register as the frame knows it; its name otherwise. */
static str register_title(const json_t *context, str name)
{
        size_t i;
        const json_t *one;

        json_array_foreach(json_object_get(json_object_get(context, "frame"), "registers"), i, one) {
                if (str_equal(json_get_text(one, "name"), name))
                        return json_get_text(one, "title");
        }
        return name;
}

static void refusals_dress(struct cx *cx, json_t *job, const json_t *result)
{
        json_t *rows = json_object_get(result, "by_reason");
        const json_t *one;
        size_t i;

        if (json_is_array(rows) && json_array_size(rows) > 0) {
                bool values = false;

                json_array_foreach(rows, i, one)
                        values = values || json_get_text(one, "value").n > 0;
                (void)json_set(job, "has_values", json_boolean(values));
                (void)json_set(job, "refused_count", json_integer((json_int_t)json_array_size(rows)));
                (void)json_set(job, "has_more_refused",
                               json_boolean(json_integer_value(json_object_get(result, "refused")) > (json_int_t)json_array_size(rows)));
                (void)json_set(job, "refused", rows);
                (void)json_set(job, "has_refused", json_true());
        }
}

/* While a file is read, progress is counted in bytes; once it is over, the figures say more than the bar. */
static void counts_dress(struct cx *cx, json_t *job, bool active)
{
        json_int_t done = json_integer_value(json_object_get(job, "done")), total = json_integer_value(json_object_get(job, "total"));
        const json_t *result = json_object_get(job, "result"), *rows = json_object_get(result, "read");
        bool bytes = str_is(json_get_text(job, "kind"), "import") && total > 0;

        if (!json_is_integer(rows))
                rows = json_object_get(result, "rows");
        if (!active)
                done = json_integer_value(rows);
        (void)json_set(job, "is_bytes", json_boolean(bytes && active));
        (void)json_set(job, "has_done", json_boolean(active ? done > 0 : json_is_integer(rows)));
        (void)json_set(job, "has_total", json_boolean(active && total > 0));
        (void)json_set(job, "done_text", json_str(bytes && active ? dress_size(cx->mem, done) : dress_number(cx->mem, done)));
        (void)json_set(job, "total_text", json_str(bytes ? dress_size(cx->mem, total) : dress_number(cx->mem, total)));
        if (bytes)
                (void)json_set(job, "rate_text", json_str(dress_size(cx->mem, json_integer_value(json_object_get(job, "rate")))));
}

/* Columns of the file that mean no item, in one line. */
static void ignored_dress(struct cx *cx, json_t *job, const json_t *result)
{
        const json_t *names = json_object_get(result, "ignored"), *one;
        struct buf b = buf_open(cx->mem, KB(16));
        size_t i;

        json_array_foreach(names, i, one) {
                if (i > 0)
                        buf_add(&b, page_text(cx->lang, "frame.list_separator"));
                buf_add(&b, json_text(one));
        }
        (void)json_set(job, "has_ignored", json_boolean(b.n > 0));
        (void)json_set(job, "ignored_text", json_str(buf_str(&b)));
}

static str list_text(struct cx *cx, const json_t *names)
{
        struct buf b = buf_open(cx->mem, KB(512));
        json_t *one;
        size_t i;

        json_array_foreach((json_t *)(uintptr_t)names, i, one) {
                if (i > 0)
                        buf_add(&b, page_text(cx->lang, "frame.list_separator"));
                buf_add(&b, json_text(one));
        }
        return buf_str(&b);
}

/* The saved mapping an import used, and the headings of its file as the form of a new one takes them. */
static void mapping_dress(struct cx *cx, json_t *job, const json_t *result)
{
        enum { LINE_MAX_BYTES = 6000 };
        json_t *mapping = json_object_get(result, "mapping"), *headings = json_object_get(result, "headings"), *one;
        struct buf line = buf_open(cx->mem, KB(512)), query = buf_open(cx->mem, KB(2048));
        size_t i;

        if (json_is_object(mapping)) {
                str lost = list_text(cx, json_object_get(mapping, "lost")), renamed = list_text(cx, json_object_get(mapping, "renamed"));

                (void)json_set(mapping, "has_lost", json_boolean(lost.n > 0));
                (void)json_set(mapping, "lost_text", json_str(lost));
                (void)json_set(mapping, "has_renamed", json_boolean(renamed.n > 0));
                (void)json_set(mapping, "renamed_text", json_str(renamed));
        }
        json_array_foreach(headings, i, one) {
                if (i > 0)
                        buf_char(&line, ',');
                buf_csv(&line, json_text(json_array_get(one, 0)));
        }
        buf_url(&query, buf_str(&line));
        if (line.n > 0 && query.n < LINE_MAX_BYTES) /* an address has its limits; the line can be pasted */
                (void)json_set(job, "mapping_line", json_str(buf_str(&query)));
}

static void bar_dress(json_t *job)
{
        json_int_t done = json_integer_value(json_object_get(job, "done")), total = json_integer_value(json_object_get(job, "total"));
        bool active = json_is_true(json_object_get(job, "active"));

        if (total > 0 || !active) {
                (void)json_set(job, "has_bar", json_true());
                (void)json_set(job, "bar_max", json_integer(total > 0 ? total : 1));
                (void)json_set(job, "bar_value", json_integer(active ? (done < total ? done : total) : total > 0 ? done : 1));
        }
}

static str encoding_text(struct cx *cx, str encoding, bool tabs)
{
        str name = str_equal_nocase(encoding, S("cp932")) ? S("cp932")
                   : str_starts(encoding, S("UTF-16"))    ? S("utf16")
                   : str_is(encoding, "xlsx")             ? S("xlsx")
                                                          : S("utf8");
        str text = text_of(cx, "job.encoding_name", name);

        return tabs ? str_format(cx->mem, "%.*s%s%.*s", STR_ARG(text), cx->lang == LANG_EN ? ", " : "、", STR_ARG(page_text(cx->lang, "job.tabs")))
                    : text;
}

static void job_dress(struct cx *cx, const json_t *context, json_t *job)
{
        const json_t *result = json_object_get(job, "result");
        str encoding = json_get_text(result, "encoding");
        str name = json_get_text(job, "register"), step = json_get_text(job, "step"), state = json_get_text(job, "state");
        json_t *left = json_object_get(job, "seconds_left"), *spent = json_object_get(job, "seconds");
        bool active = str_is(state, "queued") || str_is(state, "running"), waits = str_is(state, "ready");
        bool import = str_is(json_get_text(job, "kind"), "import");

        (void)json_set(job, "active", json_boolean(active));
        if (!str_absent(name))
                (void)json_set(job, "register_title", json_str(register_title(context, name)));
        (void)json_set(job, "actor_text", json_object_get(job, "actor") ? json_object_get(job, "actor") : json_null());
        (void)json_set(job, "is_import", json_boolean(import));
        (void)json_set(job, "is_undo",
                       json_boolean(str_is(json_get_text(job, "kind"), "bulk_undo") || str_is(json_get_text(job, "kind"), "import_undo")));
        (void)json_set(
            job, "may_undo",
            json_boolean(str_is(json_get_text(job, "kind"), "import") && str_is(state, "done") &&
                         json_integer_value(json_object_get(result, "created")) + json_integer_value(json_object_get(result, "changed")) > 0));
        if (str_is(json_get_text(job, "kind"), "bulk") && str_is(state, "done"))
                (void)json_set(job, "batch", json_object_get(job, "id"));
        (void)json_set(job, "found", json_boolean(str_is(json_get_text(job, "kind"), "duplicates") && str_is(state, "done")));
        if (str_is(state, "queued"))
                step = S("job.step.wait");
        if (!str_absent(step) && step.n > 0)
                (void)json_set(job, "step_text", json_str(page_text(cx->lang, str_z(cx->mem, step))));
        if (json_is_integer(left))
                (void)json_set(job, "left_text", json_str(dress_duration(cx, json_integer_value(left))));
        if (json_is_integer(spent))
                (void)json_set(job, "seconds_text", json_str(dress_duration(cx, json_integer_value(spent))));
        counts_dress(cx, job, active);
        bar_dress(job);
        if (json_is_object(result)) {
                json_t *list = figures_model(cx, result);

                (void)json_set(job, "figures", list);
                (void)json_set(job, "has_figures", json_boolean(json_array_size(list) > 0 && (!waits || import)));
                refusals_dress(cx, job, result);
                ignored_dress(cx, job, result);
                mapping_dress(cx, job, result);
                if (!str_absent(encoding))
                        (void)json_set(job, "encoding_text",
                                       json_str(encoding_text(cx, encoding, str_is(json_get_text(result, "separator"), "tab"))));
                if (!str_absent(json_get_text(result, "file")))
                        (void)json_set(job, "source_name", json_object_get(result, "file"));
                if (!str_absent(json_get_text(result, "sentence")))
                        (void)json_set(job, "sentence", json_object_get(result, "sentence"));
        }
        (void)json_set(job, "done_links", json_boolean(!active && !str_absent(name)));
}

/* Where the subject of a log entry is shown: pages of the house, and records of the registers the frame knows. */
static void entry_link(struct cx *cx, const json_t *context, json_t *entry)
{
        static const char *const pages[][2] = { { "account", "accounts" }, { "group", "groups" },  { "job", "jobs" },
                                                { "person", "people" },    { "access", "access" }, { "mail", "mails" } };
        str kind = json_get_text(entry, "kind"), url = STR_NONE;
        json_int_t id = json_integer_value(json_object_get(entry, "subject_id"));
        const json_t *one;
        size_t i;

        if (str_absent(kind) || id <= 0)
                return;
        for (i = 0; i < COUNT(pages); i++)
                if (str_is(kind, pages[i][0]))
                        url = str_format(cx->mem, "/%s/%" JSON_INTEGER_FORMAT, pages[i][1], id);
        json_array_foreach(json_object_get(json_object_get(context, "frame"), "registers"), i, one)
                if (str_equal(json_get_text(one, "name"), kind))
                        url = str_format(cx->mem, "/registers/%.*s/records/%" JSON_INTEGER_FORMAT, STR_ARG(kind), id);
        if (!str_absent(url))
                (void)json_set(entry, "subject_url", json_str(url));
}

/* Refusals name items; people know their titles. */
static void errors_dress(json_t *context)
{
        json_t *errors = json_object_get(context, "errors"), *e;
        size_t i;

        if (!json_is_array(errors))
                return;
        (void)json_set(context, "has_errors", json_boolean(json_array_size(errors) > 0));
        json_array_foreach(errors, i, e)
                (void)json_set(e, "has_item", json_boolean(!str_absent(json_get_text(e, "item"))));
}

/* A draft somebody else saved meanwhile: what stands there now, beside what was typed. Of records sheet.c does it. */
static void stale_dress(struct cx *cx, const struct http_req *req, json_t *context)
{
        static const char *const names[] = { "from_name", "subject", "folder", "body" };
        json_t *current = json_object_get(context, "current"), *list = json_array();

        if (!str_starts(req->path, S("/mails/")) || !json_is_object(current) || !str_is(json_get_text(context, "code"), "STALE"))
                return;
        for (size_t i = 0; i < COUNT(names); i++) {
                json_t *m = json_object(), *value = json_object_get(current, names[i]);
                bool folder = strcmp(names[i], "folder") == 0;

                (void)json_set(m, "name", json_string(names[i]));
                (void)json_set(m, "title", json_str(text_of(cx, "mail", str_of(names[i]))));
                (void)json_set(m, "value", folder && !json_is_integer(value) ? json_string("0") : value);
                (void)json_set(m, "text", folder ? json_object_get(current, "folder_path") : value);
                must(json_array_append_new(list, m) == 0);
        }
        (void)json_set(context, "stale", json_true());
        (void)json_set(context, "current_values", list);
}

/* Browsers say who they are at great length; people want "Firefox · Windows". The first word found counts. */
static const char *found(str agent, const char *const (*words)[2], size_t count)
{
        for (size_t i = 0; i < count; i++)
                if (memmem(agent.p, agent.n, words[i][0], strlen(words[i][0])) != NULL)
                        return words[i][1];
        return NULL;
}

static str agent_text(struct cx *cx, str agent)
{
        static const char *const browsers[][2] = {
                { "Edg/", "Edge" }, { "Firefox/", "Firefox" }, { "Chrome/", "Chrome" }, { "Safari/", "Safari" }, { "curl/", "curl" },
        };
        static const char *const systems[][2] = {
                { "Windows", "Windows" }, { "iPhone", "iPhone" },  { "iPad", "iPad" },
                { "Android", "Android" }, { "Mac OS X", "macOS" }, { "Linux", "Linux" },
        };
        const char *browser = found(agent, browsers, COUNT(browsers)), *system = found(agent, systems, COUNT(systems));

        if (browser == NULL)
                return agent;
        return system ? str_format(cx->mem, "%s · %s", browser, system) : str_of(browser);
}

static void sessions_dress(struct cx *cx, json_t *sessions)
{
        size_t i;
        json_t *one;

        json_array_foreach(sessions, i, one) {
                str agent = json_get_text(one, "agent");

                if (!str_absent(agent))
                        (void)json_set(one, "agent_text", json_str(agent_text(cx, agent)));
        }
}

void card_dress(struct cx *cx, const struct http_req *req, json_t *context)
{
        static const char *const after[] = { "after", "before", "count", NULL };
        json_t *jobs = json_object_get(context, "jobs"), *job = json_object_get(context, "job"), *next = json_object_get(context, "next");
        size_t i;

        if (str_is(req->path, "/jobs") || str_starts(req->path, S("/jobs/")) || str_is(req->path, "/")) {
                json_t *one;

                json_array_foreach(jobs, i, one)
                        job_dress(cx, context, one);
                if (json_is_object(job))
                        job_dress(cx, context, job);
        }
        if (str_starts(req->path, S("/registers/")) && json_is_object(job))
                mapping_dress(cx, job, json_object_get(job, "result"));
        errors_dress(context);
        stale_dress(cx, req, context);
        sessions_dress(cx, json_object_get(context, "sessions"));
        if (json_is_object(json_object_get(context, "entry")))
                entry_link(cx, context, json_object_get(context, "entry"));
        if (json_object_get(context, "next_query") != NULL)
                return;
        if (json_is_string(next))
                (void)json_set(context, "next_query", json_str(dress_query(cx, req, after, "after", json_text(next))));
        else if (json_is_integer(next))
                (void)json_set(
                    context, "next_query",
                    json_str(dress_query(cx, req, after, "after", str_format(cx->mem, "%" JSON_INTEGER_FORMAT, json_integer_value(next)))));
}
