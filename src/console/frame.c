/* frame.c - see frame.h. */
#include "base/house.h"

#include "console/frame.h"

#include "base/clock.h"
#include "base/file.h"
#include "console/dress.h"
#include "console/frame.sql.h"
#include "governance/change.h"
#include "identity/permission.h"
#include "register/duty.h"
#include <unistd.h>

/* Plain names, and the ones with a hash when the manifest knows them. */
static struct {
        const char *key; /* {{static.css}} */
        const char *name;
        char hashed[64];
} files[] = {
        { .key = "css", .name = "app.css" },     { .key = "js", .name = "app.js" },           { .key = "charts", .name = "charts.js" },
        { .key = "icons", .name = "icons.svg" }, { .key = "favicon", .name = "favicon.svg" },
};

rc frame_start(struct cx *cx, str directory)
{
        str path = str_format(cx->mem, "%.*s/manifest.json", STR_ARG(directory)), text;
        json_t *manifest;

        if (access(path.p, R_OK) != 0)
                return RC_OK;
        TRY(file_read(cx, path.p, KB(16), &text));
        TRY(json_read(cx, text, &manifest));
        for (size_t i = 0; i < COUNT(files); i++) {
                str hashed = json_get_text(manifest, files[i].name);

                if (!str_absent(hashed) && hashed.n < sizeof(files[i].hashed))
                        memcpy(files[i].hashed, hashed.p, hashed.n);
        }
        return RC_OK;
}

static json_t *static_model(void)
{
        json_t *m = json_object();

        for (size_t i = 0; i < COUNT(files); i++)
                (void)json_set(m, files[i].key, json_string(files[i].hashed[0] ? files[i].hashed : files[i].name));
        return m;
}

/* The first part of the path says where in the menu we are: "/jobs/12" -> jobs. */
static str first_part(str path)
{
        str rest;

        (void)str_cut(path, '/', &rest);
        return str_absent(rest) ? S("") : str_cut(rest, '/', &(str){ 0 });
}

/* "/registers/customers/records/12" -> customers; absent elsewhere. *ret_records: it is about records, not the
 * definition. */
static str register_part(str path, bool *ret_records)
{
        str rest, name;

        *ret_records = false;
        if (!str_starts(path, S("/registers/")))
                return STR_NONE;
        rest = (str){ path.p + 11, path.n - 11 };
        name = str_cut(rest, '/', &rest);
        *ret_records = !str_absent(rest) && rest.n > 0;
        return name;
}

static json_t *register_entry(struct cx *cx, const struct frame_row *r, str here, bool records)
{
        json_t *m = json_object();

        (void)json_set(m, "name", json_str(r->name));
        (void)json_set(m, "title", json_str(r->title));
        (void)json_set(m, "master", json_boolean(!str_is(r->kind, "history")));
        (void)json_set(m, "count", json_integer(r->about));
        (void)json_set(m, "count_text", json_str(dress_number(cx->mem, r->about)));
        (void)json_set(m, "current", json_boolean(records && str_equal(r->name, here)));
        return m;
}

/* The change of the service that comes next, when it is near; and how many nobody of the contract has confirmed. */
static void change_add(struct cx *cx, const struct frame_row *r, json_t *frame)
{
        if (!r->change_id_null) {
                json_t *m = json_object();

                (void)json_set(m, "id", json_integer(r->change_id));
                (void)json_set(m, "title", json_str(cx->lang == LANG_EN ? r->change_en : r->change_ja));
                (void)json_set(m, "window", json_str(change_window(cx, cx->lang, r->change_from, r->change_to)));
                if (r->change_more > 0)
                        (void)json_set(m, "more", json_integer(r->change_more));
                (void)json_set(frame, "change", m);
        }
        if (r->unconfirmed > 0 && permission_held(cx, PERM_ACCOUNT_MANAGE)) {
                (void)json_set(frame, "unconfirmed", json_integer(r->unconfirmed));
                (void)json_set(frame, "unconfirmed_text", json_str(dress_number(cx->mem, r->unconfirmed)));
        }
}

static rc nav_add(struct cx *cx, const struct http_req *req, json_t *context, json_t *frame)
{
        json_t *list = json_array(), *search = NULL, *at = json_object();
        struct frame_row *rows;
        size_t count;
        bool records, all, read_all;
        str read_names, names, here = register_part(req->path, &records), part = first_part(req->path);

        permission_registers(cx, PERM_REGISTER, &all, &names);
        permission_registers(cx, PERM_RECORD_READ, &read_all, &read_names);
        TRY(sql_frame_all(cx, cx->lang == LANG_EN ? S("en") : S("ja"), cx->actor.session, all, names, read_all, read_names, duty_words(cx), &rows,
                          &count));
        for (size_t i = 0; i < count && !str_absent(rows[i].name); i++) {
                json_t *m;

                if (!permission_held_for(cx, PERM_RECORD_READ, rows[i].name))
                        continue;
                m = register_entry(cx, &rows[i], here, records);
                if (json_array_size(list) == 0)
                        (void)json_set(m, "key", json_str(S("c")));
                if (search == NULL || str_equal(rows[i].name, here))
                        search = json_copy(m);
                must(json_array_append_new(list, m) == 0);
        }
        if (search != NULL) {
                str q = http_query(req, "q");

                if (records && !str_absent(q))
                        (void)json_set(search, "q", json_str(q));
                else
                        (void)json_set(search, "q", json_str(S("")));
                (void)json_set(frame, "search", search);
        }
        if (count > 0 && rows[0].running > 0)
                (void)json_set(frame, "running", json_integer(rows[0].running));
        if (count > 0 && rows[0].waiting > 0 && permission_held(cx, PERM_ACCESS_APPROVE)) {
                (void)json_set(frame, "waiting", json_integer(rows[0].waiting));
                (void)json_set(frame, "waiting_text", json_str(dress_number(cx->mem, rows[0].waiting)));
        }
        if (count > 0 && rows[0].overdue > 0)
                (void)json_set(frame, "overdue", json_integer(rows[0].overdue));
        (void)json_set(frame, "approval", json_boolean(count > 0 && rows[0].approval));
        if (count > 0 && rows[0].ends_at != 0) {
                json_t *end = json_object();

                /* the last day itself, not the midnight after it */
                (void)json_set(end, "last_day", json_str(clock_date_text(cx->mem, cx->lang, clock_tokyo(rows[0].ends_at - 1).date)));
                (void)json_set(end, "erased_on", json_str(clock_date_text(cx->mem, cx->lang, clock_tokyo(rows[0].erase_at).date)));
                (void)json_set(frame, "end", end);
        }
        if (count > 0)
                (void)json_set(frame, "shared", json_boolean(rows[0].shared));
        if (count > 0)
                change_add(cx, &rows[0], frame);
        if (str_starts(req->path, S("/operator/changes")))
                part = S("operator_changes");
        if (str_is(part, "calendars")) /* reached from the duties */
                part = S("duties");
        if (str_is(part, "mail-folders")) /* reached from the mails */
                part = S("mails");
        if (str_is(part, "webhook-deliveries"))
                part = S("webhooks");
        if (str_is(part, "log-reviews")) /* reached from the log */
                part = S("log");
        if (!records)
                (void)json_set(at, part.n == 0 ? "home" : str_z(cx->mem, part), json_true());
        (void)json_set(frame, "at", at);
        (void)json_set(frame, "registers", list);
        return RC_OK;
}

static bool can(const json_t *me, const char *word)
{
        return json_is_true(json_object_get(json_object_get(me, "can"), word));
}

/* Is there anything to show under "settings"? */
static bool can_settings(const json_t *me)
{
        static const char *const words[] = { "account_manage",  "person_manage",      "policy_manage",   "session_manage",
                                             "key_manage",      "certificate_manage", "provider_manage", "access_approve",
                                             "support_approve", "support_ask",        "webhook_manage" };

        for (size_t i = 0; i < COUNT(words); i++)
                if (can(me, words[i]))
                        return true;
        return false;
}

rc frame_add(struct cx *cx, const struct http_req *req, json_t *context)
{
        json_t *frame = json_object(), *me = json_object_get(context, "me");

        (void)json_set(context, "static", static_model());
        (void)json_set(context, "frame", frame);
        /* a fragment that tells of a refusal has nothing around it */
        if (me == NULL || (json_is_true(json_object_get(context, "htmx")) && json_object_get(context, "code") != NULL))
                return dress_model(cx, req, context);
        (void)json_set(frame, "can_records", json_boolean(permission_held_somewhere(cx, PERM_REGISTER)));
        (void)json_set(frame, "can_settings", json_boolean(can_settings(me)));
        TRY(nav_add(cx, req, context, frame));
        return dress_model(cx, req, context);
}
