/* webhook.c - see webhook.h. */
#include "base/house.h"

#include "notify/webhook.h"

#include "base/address.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/fail.h"
#include "base/seal.h"
#include "base/text.h"
#include "notify/webhook.sql.h"

enum { HANDLE_BYTES = 16, REGISTERS_MAX = 100, REGISTER_NAME_MAX = 24 };

const char *const webhook_events[] = { "record.created", "record.changed", "record.deleted", "import.finished", "move.made", "duty.missed", NULL };
const char *const webhook_contents[] = { "names", "values", "personal", NULL };

static struct internet_range open_ranges[ADDRESS_RANGES_MAX];
static struct fetch_border border = { .ranges = open_ranges };

rc webhook_start(struct cx *cx, str networks, bool plain)
{
        str *list;
        size_t count;

        TRY(address_list(cx, networks, "webhook_networks", &list, &count));
        for (size_t i = 0; i < count; i++)
                must(internet_range_read(list[i], &open_ranges[i]));
        border.count = count;
        border.plain = plain;
        return RC_OK;
}

const struct fetch_border *webhook_border(void)
{
        return &border;
}

str webhook_bound(struct cx *cx, str tenant, str handle)
{
        return str_format(cx->mem, "webhook|%.*s|%.*s", STR_ARG(tenant), STR_ARG(handle));
}

/* Models ------------------------------------------------------------------------------------------------------------------------------ */

static json_t *words_model(str text)
{
        json_t *list = json_array();

        while (!str_empty(text))
                must(json_array_append_new(list, json_str(str_cut(text, ' ', &text))) == 0);
        return list;
}

static json_t *moment(struct cx *cx, bool null, msec at)
{
        return null ? json_null() : json_str(clock_rfc3339(cx->mem, at));
}

static json_t *model(struct cx *cx, const struct webhook_row *w)
{
        json_t *m = json_object();

        json_set(m, "id", json_integer(w->id));
        json_set(m, "address", json_str(w->address));
        json_set(m, "description", json_str(w->description));
        json_set(m, "events", words_model(w->events));
        json_set(m, "registers", words_model(w->registers));
        json_set(m, "content", json_str(w->content));
        json_set(m, "active", json_boolean(w->active));
        json_set(m, "off_why", str_absent(w->off_why) ? json_null() : json_str(w->off_why));
        json_set(m, "off_at", moment(cx, w->off_at_null, w->off_at));
        json_set(m, "owner", json_str(w->owner));
        json_set(m, "held", json_boolean(w->held));
        json_set(m, "version", json_integer(w->version));
        json_set(m, "created_at", moment(cx, false, w->created_at));
        json_set(m, "updated_at", moment(cx, false, w->updated_at));
        json_set(m, "secret_at", moment(cx, false, w->secret_at));
        json_set(m, "old_until_at", moment(cx, w->old_until_null, w->old_until));
        json_set(m, "failures", json_integer(w->failures));
        json_set(m, "failed_first_at", moment(cx, w->failing_since_null, w->failing_since));
        json_set(m, "rests_until_at", moment(cx, w->rest_until_null, w->rest_until));
        json_set(m, "answered_at", moment(cx, w->answered_at_null, w->answered_at));
        json_set(m, "waiting", json_integer(w->waiting));
        return m;
}

rc webhook_list(struct cx *cx, json_t **ret)
{
        json_t *list = json_array();
        struct webhook_row *row;
        size_t count;

        TRY(sql_webhook_list(cx, &row, &count));
        for (size_t i = 0; i < count; i++)
                must(json_array_append_new(list, model(cx, &row[i])) == 0);
        *ret = json_set(json_object(), "webhooks", list);
        return RC_OK;
}

static rc row_find(struct cx *cx, int64_t id, struct webhook_row **ret)
{
        struct webhook_row *row;

        TRY(sql_webhook_find(cx, id, &row));
        if (row == NULL)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such webhook");
        *ret = row;
        return RC_OK;
}

rc webhook_get(struct cx *cx, int64_t id, json_t **ret)
{
        struct webhook_row *row;

        TRY(row_find(cx, id, &row));
        *ret = model(cx, row);
        return RC_OK;
}

/* Reading ----------------------------------------------------------------------------------------------------------------------------- */

static bool listed(const char *const *words, str word)
{
        for (; *words != NULL; words++)
                if (str_is(word, *words))
                        return true;
        return false;
}

static rc events_take(struct cx *cx, const json_t *in, str *ret)
{
        const json_t *list = json_object_get(in, "events"), *one;
        struct buf out = buf_open(cx->mem, KB(1));
        size_t i;

        if (list != NULL) {
                json_array_foreach(list, i, one)
                        if (!listed(webhook_events, json_text(one)))
                                return fail(cx, RC_INVALID, "events", "is not one of the choices");
                for (const char *const *event = webhook_events; *event != NULL; event++) {
                        bool chosen = false;

                        json_array_foreach(list, i, one)
                                chosen |= str_is(json_text(one), *event);
                        if (chosen)
                                buf_format(&out, "%s%s", out.n ? " " : "", *event);
                }
                *ret = buf_str(&out);
        }
        return str_empty(*ret) ? fail(cx, RC_INVALID, "events", "at least one must be chosen") : RC_OK;
}

static bool register_name(str s)
{
        for (size_t i = 0; i < s.n; i++)
                if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || (i > 0 && ((s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '_'))))
                        return false;
        return s.n > 0 && s.n <= REGISTER_NAME_MAX;
}

/* That they exist is asked by the floor above. */
static rc registers_take(struct cx *cx, const json_t *in, str *ret)
{
        const json_t *list = json_object_get(in, "registers"), *one;
        struct buf out = buf_open(cx->mem, KB(4));
        size_t i;

        if (list == NULL)
                return RC_OK;
        json_array_foreach(list, i, one) {
                if (str_empty(json_text(one))) /* a form's "all" */
                        continue;
                if (!register_name(json_text(one)) || i > REGISTERS_MAX)
                        return fail(cx, RC_INVALID, "registers", "is not one of the choices");
                buf_format(&out, "%s%.*s", out.n ? " " : "", STR_ARG(json_text(one)));
        }
        *ret = buf_str(&out);
        return RC_OK;
}

static rc row_read(struct cx *cx, const json_t *in, struct webhook_row *row)
{
        str address = json_get_text(in, "address"), description = json_get_text(in, "description"), content = json_get_text(in, "content");

        if (!str_absent(address))
                row->address = str_trim(address);
        if (str_empty(row->address))
                return fail(cx, RC_INVALID, "address", "must be filled in");
        if (!str_absent(description)) {
                row->description = str_trim(description);
                if (!str_empty(row->description))
                        TRY(text_check(cx, row->description, "description", WEBHOOK_DESCRIPTION_MAX, false));
        }
        if (!str_absent(content)) {
                if (!listed(webhook_contents, content))
                        return fail(cx, RC_INVALID, "content", "is not one of the choices");
                row->content = content;
        }
        TRY(events_take(cx, in, &row->events));
        TRY(registers_take(cx, in, &row->registers));
        return fetch_judge(cx, row->address, "address", &border);
}

static str secret_make(struct cx *cx, str tenant, str handle, str *ret_sealed)
{
        uint8_t bytes[WEBHOOK_SECRET_SIZE];
        str secret;

        must(seal_ready());
        crypto_random(bytes, sizeof(bytes));
        *ret_sealed = seal_close(cx->mem, (str){ (const char *)bytes, sizeof(bytes) }, webhook_bound(cx, tenant, handle));
        secret = crypto_base64(cx->mem, bytes, sizeof(bytes));
        secret = str_format(cx->mem, "whsec_%.*s", STR_ARG(secret));
        crypto_wipe(bytes, sizeof(bytes));
        return secret;
}

rc webhook_create(struct cx *cx, const json_t *in, json_t **ret, str *ret_secret)
{
        struct webhook_row row = { .address = STR_NONE, .description = S(""), .events = S(""), .registers = S(""), .content = S("names") };
        uint8_t bytes[HANDLE_BYTES];
        str handle, secret, sealed;
        int64_t id;

        TRY(row_read(cx, in, &row));
        crypto_random(bytes, sizeof(bytes));
        handle = crypto_hex(cx->mem, bytes, sizeof(bytes));
        secret = secret_make(cx, cx->tenant, handle, &sealed);
        TRY(sql_webhook_make(cx, handle, sealed, row.address, row.description, row.events, row.registers, row.content, &id));
        if (id == 0)
                return fail(cx, RC_CONFLICT, NULL, "there are %d webhooks already; delete one that is not used", WEBHOOK_LIMIT);
        *ret_secret = secret;
        return webhook_get(cx, id, ret);
}

static rc stale(struct cx *cx)
{
        return fail(cx, RC_STALE, NULL, "somebody changed this in the meantime");
}

rc webhook_update(struct cx *cx, int64_t id, int64_t version, const json_t *in, json_t **ret_before, json_t **ret)
{
        const json_t *active = json_object_get(in, "active");
        struct webhook_row *row;
        json_t *before;
        int64_t now;

        TRY(row_find(cx, id, &row));
        if (row->version != version)
                return stale(cx);
        before = model(cx, row);
        TRY(row_read(cx, in, row));
        if (json_is_boolean(active))
                row->active = json_is_true(active);
        else if (json_is_true(json_object_get(in, "flags_given"))) /* a form: the box was not ticked */
                row->active = false;
        TRY(sql_webhook_change(cx, id, version, row->address, row->description, row->events, row->registers, row->content, row->active, &now));
        if (now == 0)
                return stale(cx);
        *ret_before = before;
        return webhook_get(cx, id, ret);
}

rc webhook_rotate(struct cx *cx, int64_t id, json_t **ret, str *ret_secret)
{
        struct webhook_row *row;
        str secret, sealed;
        int64_t now;

        TRY(row_find(cx, id, &row));
        secret = secret_make(cx, cx->tenant, row->handle, &sealed);
        TRY(sql_webhook_rotate(cx, id, sealed, &now));
        *ret_secret = secret;
        return webhook_get(cx, id, ret);
}

rc webhook_erase(struct cx *cx, int64_t id, int64_t version, json_t **ret_before)
{
        struct webhook_row *row;
        int64_t gone;

        TRY(row_find(cx, id, &row));
        if (row->version != version)
                return stale(cx);
        TRY(sql_webhook_drop(cx, id, version, &gone));
        if (gone == 0)
                return stale(cx);
        *ret_before = model(cx, row);
        return RC_OK;
}

/* Deliveries -------------------------------------------------------------------------------------------------------------------------- */

rc webhook_test(struct cx *cx, int64_t id, int64_t *ret)
{
        struct webhook_row *row;

        TRY(row_find(cx, id, &row));
        TRY(sql_webhook_try(cx, id, ret));
        return *ret == 0 ? fail(cx, RC_UNKNOWN, NULL, "there is no such webhook") : RC_OK;
}

static json_t *sent_model(struct cx *cx, const struct webhook_sent *d)
{
        json_t *m = json_object();

        json_set(m, "id", json_integer(d->id));
        json_set(m, "webhook_id", json_integer(d->webhook_id));
        json_set(m, "message", json_str(d->message));
        json_set(m, "event", json_str(d->event));
        json_set(m, "register", str_absent(d->register_) ? json_null() : json_str(d->register_));
        json_set(m, "record", d->record_null ? json_null() : json_integer(d->record));
        json_set(m, "personal", json_boolean(d->personal));
        json_set(m, "state", json_str(d->state));
        json_set(m, "created_at", moment(cx, false, d->created_at));
        json_set(m, "attempts", json_integer(d->attempts));
        json_set(m, "next_at", moment(cx, !str_is(d->state, "queued"), d->next_at));
        json_set(m, "ended_at", moment(cx, d->ended_at_null, d->ended_at));
        json_set(m, "status", d->status_null ? json_null() : json_integer(d->status));
        json_set(m, "took_ms", d->took_ms_null ? json_null() : json_integer(d->took_ms));
        return m;
}

rc webhook_deliveries(struct cx *cx, int64_t id, str state, int64_t before, int64_t limit, json_t **ret)
{
        json_t *m = json_object(), *list = json_array();
        struct webhook_sent *row;
        size_t count;

        if (limit <= 0 || limit > WEBHOOK_PAGE_MAX)
                limit = 50;
        TRY(sql_webhook_deliveries(cx, id, str_absent(state) ? S("") : state, before, limit + 1, &row, &count));
        for (size_t i = 0; i < count && i < (size_t)limit; i++)
                must(json_array_append_new(list, sent_model(cx, &row[i])) == 0);
        json_set(m, "deliveries", list);
        json_set(m, "next", count > (size_t)limit ? json_integer(row[limit - 1].id) : json_null());
        *ret = m;
        return RC_OK;
}

static rc sent_find(struct cx *cx, int64_t id, struct webhook_sent **ret)
{
        TRY(sql_webhook_delivery(cx, id, ret));
        return *ret == NULL ? fail(cx, RC_UNKNOWN, NULL, "there is no such delivery; they are kept for 30 days") : RC_OK;
}

rc webhook_delivery(struct cx *cx, int64_t id, json_t **ret)
{
        json_t *m, *tries = json_array();
        struct webhook_sent *sent;
        struct webhook_tried *row;
        size_t count;

        TRY(sent_find(cx, id, &sent));
        TRY(sql_webhook_seen(cx, id, &row, &count));
        m = sent_model(cx, sent);
        json_set(m, "hidden", json_boolean(count == 0));
        json_set(m, "body", count == 0 ? json_null() : json_str(row[0].body));
        for (size_t i = 0; i < count && !row[i].at_null; i++) {
                json_t *one = json_object();

                json_set(one, "at", moment(cx, false, row[i].at));
                json_set(one, "status", row[i].status_null ? json_null() : json_integer(row[i].status));
                json_set(one, "took_ms", json_integer(row[i].took_ms));
                json_set(one, "said", str_absent(row[i].said) ? json_null() : json_str(row[i].said));
                json_set(one, "answer", json_str(row[i].answer));
                must(json_array_append_new(tries, one) == 0);
        }
        json_set(m, "tries", tries);
        *ret = m;
        return RC_OK;
}

rc webhook_again(struct cx *cx, int64_t id, json_t **ret)
{
        struct webhook_sent *sent;
        int64_t again;

        TRY(sent_find(cx, id, &sent));
        TRY(sql_webhook_again(cx, id, &again));
        if (again == 0)
                return fail(cx, RC_CONFLICT, NULL, "it is waiting to be sent already");
        return webhook_delivery(cx, id, ret);
}

rc webhook_days(struct cx *cx, int64_t id, json_t **ret)
{
        json_t *list = json_array();
        struct webhook_day *row;
        size_t count;

        TRY(sql_webhook_days(cx, id, WEBHOOK_DAYS, &row, &count));
        for (size_t i = 0; i < count; i++) {
                json_t *one = json_object();

                json_set(one, "day", json_str(row[i].day));
                json_set(one, "sent", json_integer(row[i].sent));
                json_set(one, "failed", json_integer(row[i].failed));
                json_set(one, "waiting", json_integer(row[i].waiting));
                must(json_array_append_new(list, one) == 0);
        }
        *ret = list;
        return RC_OK;
}

/* Chore ------------------------------------------------------------------------------------------------------------------------------- */

rc webhook_off_next(struct cx *cx, int64_t after, str *ret_tenant, int64_t *ret_id)
{
        struct webhook_off *row;

        TRY(sql_webhook_off_next(cx, after, &row));
        *ret_tenant = row ? row->tenant : STR_NONE;
        *ret_id = row ? row->id : 0;
        return RC_OK;
}

rc webhook_off_tell(struct cx *cx, int64_t id, json_t **ret)
{
        struct webhook_stopped *row;
        json_t *m = json_object();

        *ret = NULL;
        TRY(sql_webhook_told(cx, id, &row));
        if (row == NULL)
                return RC_OK;
        json_set(m, "id", json_integer(id));
        json_set(m, "address", json_str(row->address));
        json_set(m, "why", json_str(row->off_why));
        if (str_is(row->off_why, "gone"))
                json_set(m, "gone", json_true());
        json_set(m, "failures", json_integer(row->failures));
        if (!row->failing_since_null)
                json_set(m, "at", json_str(clock_rfc3339(cx->mem, row->failing_since)));
        json_set(m, "waiting", json_integer(row->waiting));
        *ret = m;
        return RC_OK;
}

rc webhook_sweep(struct cx *cx)
{
        int64_t count;

        TRY(sql_webhook_missed(cx, &count));
        return sql_webhook_sweep(cx, &count);
}
