/* dress.c - see dress.h. What is true of every model; records are dressed in sheet.c, jobs in card.c. */
#include "base/house.h"

#include "console/dress.h"

#include "base/buf.h"
#include "base/clock.h"
#include "console/card.h"
#include "console/sheet.h"
#include "page/page.h"

enum { DEPTH_MAX = 12 };

/* Members whose value is a word of the engine: where they stand, what they are called, where their titles are in the
 * catalogue. How to add one: a line here, its titles in pages/texts.*.yaml. */
static const struct {
        const char *holder, *holders; /* object, list of objects */
        const char *name;
        const char *texts;
} words[] = {
        { "job", "jobs", "kind", "job.kind" },
        { "job", "jobs", "state", "job.state" },
        { "register", "registers", "kind", "register.kind" },
        { "register", "registers", "state", "register.state" },
        { "pack", "packs", "kind", "register.kind" },
        { "item", "items", "type", "type" },
        { "item", "items", "classification", "classification" },
        { "account", "accounts", "state", "account.state" },
        { "provider", "providers", "kind", "provider.kind" },
        { "choice", "choices", "kind", "provider.kind" },
        { "kind_choice", "kind_choices", "kind", "provider.kind" },
        { "offer", "offers", "kind", "provider.kind" },
        { "link", "links", "kind", "provider.kind" },
        { "applicant", "applicants", "kind", "provider.kind" },
        { "applicant", "applicants", "state", "applicants.state" },
        { "session", "sessions", "stage", "sessions.stages" },
        { "made", "keys", "state", "keys_page.state" },
        { "notice", "notices", "state", "notices.state_of" },
        { "certificate", "certificates", "state", "certificates_page.state" },
        { "person", "people", "state", "people.state" },
        { "person", "people", "kind", "people.kind" },
        { "stop", "stops", "reason", "people.reason" },
        { "stop", "stops", "what", "people.what" },
        { "ask", "asks", "state", "people.ask_state" },
        { "alert", "alerts", "kind", "people.alert_of" },
        { "account", "accounts", "suspended_for", "people.reason" },
        { "device", "devices", "kind", "devices.kind_of" },
        { "device", "devices", "state", "devices.state_of" },
        { "device", "devices", "os", "devices.os_of" },
        { "device", "devices", "lock_method", "devices.lock_of" },
        { "device", "devices", "separation", "devices.separation_of" },
        { "device", "devices", "declaration", "devices.declaration_of" },
        { "tie", "ties", "kind", "devices.tie_of" },
        { "tie", "loose", "kind", "devices.tie_of" },
        { "event", "events", "what", "devices.event_of" },
        { "minimum", "minimums", "os", "devices.os_of" },
        { "person", "people", "why", "devices.why_of" },
        { "incident", "incidents", "kind", "people.what" },
        { "incident", "incidents", "severity", "incidents.severity_of" },
        { "incident", "incidents", "state", "incidents.state_of" },
        { "request", "requests", "kind", "access.kind_of" },
        { "request", "requests", "state", "access.state_of" },
        { "grant", "grants", "state", "support.state_of" },
        { "item", "items", "state", "reviews.state" },
        { "item", "items", "kind", "reviews.kind" },
        { "given", "added", "kind", "reviews.kind" },
        { "review", "reviews", "scope", "reviews.scope" },
        { "contract", "contracts", "state", "operator.state_of" },
        { "backup", "backups", "level", "operator.backup.level_of" },
        { "account", "accounts", "lang", NULL },
        { "account", "accounts", "theme", NULL },
        { "entry", "entries", "actor_kind", "actor_kind" },
        { "factor", "factors", "kind", "factors.kind_of" },
        { "log", "log", "state", "log.proof.state_of" },
        { "receipt", "receipt", "state", "log.check.state_of" },
        { "review", "reviews", "state", "log.review.state_of" },
        { "entry", "entries", "why", "log.review.why_of" },
        { "entry", "entries", "verdict", "log.review.verdict_of" },
        { "hold", "holds", "state", "log.hold.state_of" },
        { "tile", "tiles", "control", "maintenance.control_of" },
        { "tile", "tiles", "state", "maintenance.state_of" },
        { "tile", "tiles", "expected", "maintenance.expected_of" },
        { "tile", "tiles", "found", "maintenance.found_of" },
        { "try", "tries", "kind", "maintenance.control_of" },
        { "try", "tries", "expected", "maintenance.expected_of" },
        { "try", "tries", "found", "maintenance.found_of" },
        { "try", "tries", "verdict", "maintenance.verdict_of" },
        { "work", "works", "kind", "maintenance.kind_of" },
        { "work", "works", "state", "maintenance.work_state" },
        { "work", "works", "reason", "maintenance.reason_of" },
        { "vdi", "vdi", "state", "maintenance.vdi_state" },
        { "change", "changes", "state", "change.state_of" },
        { "change", "changes", "impact", "change.impact_of" },
        { "upcoming", "upcoming", "state", "change.state_of" },
        { "past", "past", "state", "change.state_of" },
        { "delivery", "deliveries", "state", "webhooks.state_of" },
        { "delivery", "deliveries", "event", "webhooks.event" },
        { "webhook", "webhooks", "off_why", "webhooks.off_of" },
        { "webhook", "webhooks", "content", "webhooks.content_of" },
        { "try", "tries", "said", "webhooks.said_of" },
        { "mail", "mails", "state", "change.mail_of" },
        { "mail", "mails", "about", "change.about_of" },
        { "contract", "contracts", "told", "change.about_of" },
};

/* Members that are lists of such words: NAME_texts holds {word, text} of each. */
static const struct {
        const char *name;
        const char *texts;
} word_lists[] = { { "missing", "devices.missing_of" }, { "deviations", "devices.deviation_of" }, { "events", "webhooks.event" } };

static bool has(const json_t *object, const char *name)
{
        return json_object_get(object, name) != NULL;
}

static void set_new(json_t *object, const char *name, json_t *value)
{
        if (!has(object, name))
                (void)json_set(object, name, value);
}

str dress_number(struct arena *mem, int64_t n)
{
        char digits[24], out[32];
        size_t count = 0, at = sizeof(out);
        uint64_t rest = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;

        do {
                digits[count++] = (char)('0' + rest % 10);
                rest /= 10;
        } while (rest > 0);
        for (size_t i = 0; i < count; i++) {
                if (i > 0 && i % 3 == 0)
                        out[--at] = ',';
                out[--at] = digits[i];
        }
        if (n < 0)
                out[--at] = '-';
        return str_copy(mem, (str){ out + at, sizeof(out) - at });
}

str dress_size(struct arena *mem, int64_t bytes)
{
        static const char *const units[] = { "KB", "MB", "GB", "TB" };
        int64_t tenths = bytes * 10 / 1024;
        size_t unit = 0;

        for (; tenths >= 10240 && unit + 1 < COUNT(units); unit++)
                tenths /= 1024;
        if (unit == 0)
                return str_format(mem, "%" PRId64 " KB", (tenths + 9) / 10);
        return str_format(mem, "%" PRId64 ".%" PRId64 " %s", tenths / 10, tenths % 10, units[unit]);
}

/* A text of the catalogue with {{h}}, {{m}}, {{n}}. */
str dress_duration(struct cx *cx, int64_t seconds)
{
        const char *key = seconds >= 3600 ? "unit.hours" : seconds >= 60 ? "unit.minutes" : "unit.seconds";
        json_t *model = json_object();
        struct buf out = buf_open(cx->mem, KB(1));

        (void)json_set(model, "h", json_integer(seconds / 3600));
        (void)json_set(model, "m", json_integer(seconds % 3600 / 60));
        (void)json_set(model, "n", json_integer(seconds % 60));
        if (page_render_text(cx, page_text(cx->lang, key), model, &out) != RC_OK)
                return S("");
        return buf_str(&out);
}

static bool named(const char *const *list, str name)
{
        for (; *list != NULL; list++)
                if (str_is(name, *list))
                        return true;
        return false;
}

str dress_query(struct cx *cx, const struct http_req *req, const char *const *without, const char *name, str value)
{
        struct buf b = buf_open(cx->mem, KB(64));

        for (size_t i = 0; i < req->query_count; i++) {
                const struct http_pair *p = &req->query[i];

                if (str_is(p->name, "done") || p->value.n == 0 || named(without, p->name))
                        continue;
                if (b.n > 0)
                        buf_char(&b, '&');
                buf_url(&b, p->name);
                buf_char(&b, '=');
                buf_url(&b, p->value);
        }
        if (name != NULL) {
                if (b.n > 0)
                        buf_char(&b, '&');
                buf_add(&b, str_of(name));
                buf_char(&b, '=');
                buf_url(&b, value);
        }
        return buf_str(&b);
}

static void word_add(struct cx *cx, const char *holder, json_t *object, const char *name, str value)
{
        for (size_t i = 0; i < COUNT(words); i++) {
                str key, text;
                json_t *is;

                if (strcmp(words[i].name, name) != 0 || (strcmp(words[i].holder, holder) != 0 && strcmp(words[i].holders, holder) != 0))
                        continue;
                set_new(object, str_format(cx->mem, "is_%.*s", STR_ARG(value)).p, json_true());
                is = json_object();
                (void)json_set(is, str_z(cx->mem, value), json_true());
                set_new(object, str_format(cx->mem, "%s_is", name).p, is);
                if (words[i].texts == NULL)
                        return;
                key = str_format(cx->mem, "%s.%.*s", words[i].texts, STR_ARG(value));
                text = page_text(cx->lang, key.p);
                set_new(object, str_format(cx->mem, "%s_text", name).p, json_str(str_equal(text, key) ? value : text));
                return;
        }
}

static void time_add(struct cx *cx, json_t *object, const char *name, str value)
{
        msec at;

        if (!clock_read(value, &at))
                return;
        set_new(object, str_format(cx->mem, "%s_text", name).p, json_str(clock_text(cx->mem, cx->lang, at)));
        set_new(object, str_format(cx->mem, "%s_short", name).p, json_str(clock_short(cx->mem, at)));
        set_new(object, str_format(cx->mem, "%s_form", name).p, json_str((str){ clock_rfc3339(cx->mem, at).p, strlen("2026-11-22T14:05") }));
}

static void list_add(struct cx *cx, json_t *object, const char *name, const json_t *list)
{
        for (size_t i = 0; i < COUNT(word_lists); i++) {
                json_t *texts = json_array();

                if (strcmp(word_lists[i].name, name) != 0)
                        continue;
                for (size_t k = 0; k < json_array_size(list); k++) {
                        str word = json_text(json_array_get(list, k));
                        json_t *one = json_object();

                        (void)json_set(one, "word", json_str(word));
                        (void)json_set(one, "text",
                                       json_str(page_text(cx->lang, str_format(cx->mem, "%s.%.*s", word_lists[i].texts, STR_ARG(word)).p)));
                        must(json_array_append_new(texts, one) == 0);
                }
                set_new(object, str_format(cx->mem, "%s_texts", name).p, texts);
        }
}

static void walk(struct cx *cx, const char *holder, json_t *value, int depth);

static void object_dress(struct cx *cx, const char *holder, json_t *object, int depth)
{
        const char *names[200];
        size_t count = 0;
        const char *name;
        json_t *value;

        json_object_foreach(object, name, value) {
                if (count < COUNT(names))
                        names[count++] = name;
        }
        for (size_t i = 0; i < count; i++) {
                str n = str_of(names[i]);

                value = json_object_get(object, names[i]);
                if (json_is_integer(value) && str_is(n, "bytes"))
                        set_new(object, "bytes_text", json_str(dress_size(cx->mem, json_integer_value(value))));
                else if (json_is_integer(value) && !str_is(n, "id") && !str_ends(n, S("_id")) && !str_is(n, "version"))
                        set_new(object, str_format(cx->mem, "%s_text", names[i]).p, json_str(dress_number(cx->mem, json_integer_value(value))));
                else if (json_is_string(value) && (str_is(n, "at") || str_ends(n, S("_at"))))
                        time_add(cx, object, names[i], json_text(value));
                else if (json_is_string(value))
                        word_add(cx, holder, object, names[i], json_text(value));
                else {
                        if (json_is_array(value)) {
                                set_new(object, str_format(cx->mem, "has_%s", names[i]).p, json_boolean(json_array_size(value) > 0));
                                list_add(cx, object, names[i], value);
                        }
                        walk(cx, names[i], value, depth);
                }
        }
}

static void walk(struct cx *cx, const char *holder, json_t *value, int depth)
{
        size_t i;
        json_t *element;

        if (depth >= DEPTH_MAX)
                return;
        if (json_is_object(value))
                object_dress(cx, holder, value, depth + 1);
        json_array_foreach(value, i, element)
                walk(cx, holder, element, depth + 1);
}

/* Lists are asked for emptiness in templates: NAME -> has_NAME. */
static void lists_note(struct cx *cx, json_t *context)
{
        const char *names[100];
        size_t count = 0;
        const char *name;
        json_t *value;

        json_object_foreach(context, name, value) {
                if (json_is_array(value) && count < COUNT(names))
                        names[count++] = name;
        }
        for (size_t i = 0; i < count; i++)
                set_new(context, str_format(cx->mem, "has_%s", names[i]).p, json_boolean(json_array_size(json_object_get(context, names[i])) > 0));
}

rc dress_model(struct cx *cx, const struct http_req *req, json_t *context)
{
        static const char *const skip[] = { "static", "frame", "me", "tenant", NULL };
        const char *names[100];
        size_t count = 0;
        const char *name;
        json_t *value;

        TRY(sheet_dress(cx, req, context));
        card_dress(cx, req, context);
        lists_note(cx, context);
        json_object_foreach(context, name, value) {
                if (!named(skip, str_of(name)) && count < COUNT(names))
                        names[count++] = name;
        }
        for (size_t i = 0; i < count; i++)
                walk(cx, names[i], json_object_get(context, names[i]), 0);
        return RC_OK;
}
