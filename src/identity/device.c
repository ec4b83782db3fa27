/* device.c - see device.h. */
#include "base/house.h"

#include "identity/device.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/fail.h"
#include "base/text.h"
#include "identity/device.sql.h"
#include "identity/permission.h"
#include "identity/person.h"
#include "page/page.h"

#include <string.h>

enum {
        NAME_MAX = 100,
        HOW_MAX = 500,
        NOTE_MAX = 1000,
        MINUTES_MAX = 1440,
        LIST_DEFAULT = 50,
        LIST_MAX = 200,
        OWN_MAX = 200,
        CSV_ROWS = 10000,
        CSV_MAX = MB(16)
};
enum { PARTS_MAX = 6, DIGITS_MAX = 9 };

static const char *const kinds[] = { "laptop", "desktop", "phone", "tablet", "other" };
static const char *const systems[] = { "windows", "macos", "linux", "ios", "android", "chromeos", "other" };
static const char *const locks[] = { "none", "password", "pin", "biometric" };

/* Models ----------------------------------------------------------------------------------------------------------------------------- */

static json_t *when(struct cx *cx, msec at, bool none)
{
        return none ? json_null() : json_str(clock_rfc3339(cx->mem, at));
}

/* What is required or recommended of the device at all: words for its page. */
static rc model(struct cx *cx, const struct device_row *d, json_t **ret)
{
        json_t *m = json_object(), *missing, *deviations;

        TRY(json_read(cx, d->missing, &missing));
        TRY(json_read(cx, d->deviations, &deviations));
        json_set(m, "id", json_integer(d->id));
        json_set(m, "person_id", json_integer(d->person_id));
        json_set(m, "owner", json_str(d->owner));
        json_set(m, "kind", json_str(d->kind));
        json_set(m, "own", json_boolean(d->own));
        json_set(m, "name", json_str(d->name));
        json_set(m, "serial", json_str(d->serial));
        json_set(m, "os", json_str(d->os));
        json_set(m, "os_version", json_str(d->os_version));
        json_set(m, "minimum", json_str(d->minimum));
        json_set(m, "lock_method", json_str(d->lock_method));
        json_set(m, "lock_minutes", d->lock_minutes_null ? json_null() : json_integer(d->lock_minutes));
        json_set(m, "malware", json_str(d->malware));
        json_set(m, "malware_on", json_boolean(d->malware_on));
        json_set(m, "malware_scan", json_boolean(d->malware_scan));
        json_set(m, "malware_update", json_boolean(d->malware_update));
        json_set(m, "encrypted", json_boolean(d->encrypted));
        json_set(m, "firewall", json_boolean(d->firewall));
        json_set(m, "separation", d->separated_null ? json_null() : json_string(d->separated ? "yes" : "no"));
        json_set(m, "separation_how", json_str(d->separation_how));
        json_set(m, "separation_until", json_str(d->separation_until));
        json_set(m, "evidence", json_str(d->evidence));
        json_set(m, "attested_at", when(cx, d->attested_at, false));
        json_set(m, "state", json_str(d->state));
        json_set(m, "used", json_boolean(d->used));
        json_set(m, "decided_by", json_str(d->decided_by));
        json_set(m, "decided_at", when(cx, d->decided_at, d->decided_at_null));
        json_set(m, "reason", json_str(d->reason));
        json_set(m, "expires_at", when(cx, d->expires_at, d->expires_at_null));
        json_set(m, "version", json_integer(d->version));
        json_set(m, "created_at", when(cx, d->created_at, false));
        json_set(m, "missing", missing);
        json_set(m, "deviations", deviations);
        json_set(m, "compliant", json_boolean(d->compliant));
        json_set(m, "return_at", when(cx, d->return_at, d->return_at_null));
        json_set(m, "overdue", json_boolean(d->overdue));
        json_set(m, "owner_left", json_boolean(d->owner_left));
        json_set(m, "declare_at", when(cx, d->declare_at, d->declare_at_null));
        json_set(m, "declare_overdue", json_boolean(d->declare_overdue));
        json_set(m, "declaration", json_str(d->declaration));
        json_set(m, "mine", json_boolean(d->mine));
        *ret = m;
        return RC_OK;
}

static rc models(struct cx *cx, const struct device_row *row, size_t count, json_t **ret)
{
        json_t *list = json_array();

        for (size_t i = 0; i < count; i++) {
                json_t *one;

                TRY(model(cx, &row[i], &one));
                must(json_array_append_new(list, one) == 0);
        }
        *ret = list;
        return RC_OK;
}

static str given(const json_t *in, const char *name)
{
        str s = json_get_text(in, name);

        if (str_absent(s))
                return STR_NONE;
        s = str_trim(s);
        return str_empty(s) ? STR_NONE : s;
}

rc device_list(struct cx *cx, const json_t *query, json_t **ret)
{
        int64_t limit = json_integer_value(json_object_get(query, "limit")), after = json_integer_value(json_object_get(query, "after"));
        json_t *m = json_object(), *list;
        struct device_row *row;
        size_t count;

        if (limit < 1 || limit > LIST_MAX)
                limit = LIST_DEFAULT;
        TRY(sql_device_list(cx, given(query, "q"), given(query, "state"), given(query, "kind"), 0, after, limit + 1, &row, &count));
        TRY(models(cx, row, count < (size_t)limit ? count : (size_t)limit, &list));
        json_set(m, "devices", list);
        json_set(m, "next", count > (size_t)limit ? json_integer(row[limit - 1].id) : json_null());
        *ret = m;
        return RC_OK;
}

rc device_of_person(struct cx *cx, int64_t person_id, json_t **ret)
{
        struct device_row *row;
        size_t count;

        TRY(sql_device_list(cx, STR_NONE, STR_NONE, STR_NONE, person_id, 0, OWN_MAX, &row, &count));
        return models(cx, row, count, ret);
}

static json_t *rate(int64_t part, int64_t whole)
{
        return whole == 0 ? json_null() : json_integer(part * 100 / whole);
}

rc device_figures(struct cx *cx, json_t **ret)
{
        struct device_figures *f;
        json_t *m = json_object();

        TRY(sql_device_figures(cx, &f));
        json_set(m, "used", json_integer(f->used));
        json_set(m, "waiting", json_integer(f->waiting));
        json_set(m, "malware", json_integer(f->malware));
        json_set(m, "malware_rate", rate(f->malware, f->used));
        json_set(m, "encrypted", json_integer(f->encrypted));
        json_set(m, "encrypted_rate", rate(f->encrypted, f->used));
        json_set(m, "deviating", json_integer(f->deviating));
        json_set(m, "unfit", json_integer(f->unfit));
        json_set(m, "people", json_integer(f->people));
        json_set(m, "unfit_people", json_integer(f->unfit_people));
        json_set(m, "unreturned", json_integer(f->unreturned));
        json_set(m, "undeclared", json_integer(f->undeclared));
        *ret = m;
        return RC_OK;
}

rc device_without(struct cx *cx, json_t **ret)
{
        json_t *list = json_array();
        struct device_lacking *row;
        size_t count;

        TRY(sql_device_without(cx, &row, &count));
        for (size_t i = 0; i < count; i++) {
                json_t *one = json_object();

                json_set(one, "person_id", json_integer(row[i].person_id));
                json_set(one, "name", json_str(row[i].name));
                json_set(one, "login", json_str(row[i].login));
                json_set(one, "why", json_str(row[i].why));
                must(json_array_append_new(list, one) == 0);
        }
        *ret = list;
        return RC_OK;
}

rc device_minimums(struct cx *cx, json_t **ret)
{
        json_t *list = json_array();
        struct device_minimum_row *row;
        size_t count;

        TRY(sql_device_minimums(cx, &row, &count));
        for (size_t s = 0; s < COUNT(systems); s++) {
                json_t *one = json_object();

                json_set(one, "os", json_string(systems[s]));
                json_set(one, "minimum", json_null());
                for (size_t i = 0; i < count; i++) {
                        if (!str_is(row[i].os, systems[s]))
                                continue;
                        json_set(one, "minimum", json_str(row[i].version));
                        json_set(one, "set_by", json_str(row[i].set_by));
                        json_set(one, "set_at", when(cx, row[i].set_at, false));
                }
                must(json_array_append_new(list, one) == 0);
        }
        *ret = list;
        return RC_OK;
}

rc device_rules(struct cx *cx, json_t **ret)
{
        struct device_rules *r;
        json_t *m = json_object();

        TRY(sql_device_rules(cx, &r));
        json_set(m, "required", json_boolean(r->required));
        json_set(m, "months", json_integer(r->months));
        json_set(m, "lock_strict", json_boolean(r->lock_strict));
        *ret = m;
        return RC_OK;
}

static rc row_find(struct cx *cx, int64_t id, struct device_row **ret)
{
        struct device_row *row;

        TRY(sql_device_find(cx, id, &row));
        if (row == NULL)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such device");
        *ret = row;
        return RC_OK;
}

static rc with_events(struct cx *cx, const struct device_row *row, json_t **ret)
{
        struct device_event_row *event;
        json_t *m, *list = json_array();
        size_t count;

        TRY(model(cx, row, &m));
        TRY(sql_device_events(cx, row->id, &event, &count));
        for (size_t i = 0; i < count; i++) {
                json_t *one = json_object();

                json_set(one, "what", json_str(event[i].what));
                json_set(one, "by", json_str(event[i].by_name));
                json_set(one, "at", when(cx, event[i].at, false));
                json_set(one, "note", json_str(event[i].note));
                must(json_array_append_new(list, one) == 0);
        }
        json_set(m, "events", list);
        *ret = m;
        return RC_OK;
}

rc device_get(struct cx *cx, int64_t id, json_t **ret)
{
        struct device_row *row;

        TRY(row_find(cx, id, &row));
        return with_events(cx, row, ret);
}

rc device_get_own(struct cx *cx, int64_t id, json_t **ret)
{
        struct device_row *row;

        TRY(row_find(cx, id, &row));
        return cx->actor.kind == ACTOR_ACCOUNT && row->mine ? with_events(cx, row, ret) : fail(cx, RC_UNKNOWN, NULL, "there is no such device");
}

/* CSV -------------------------------------------------------------------------------------------------------------------------------- */

static void cell(struct cx *cx, struct buf *b, str s, bool first)
{
        if (!first)
                buf_char(b, ',');
        /* a spreadsheet takes these for a formula */
        if (!str_empty(s) && strchr("=+-@\t\r", s.p[0]) != NULL)
                s = str_format(cx->mem, "'%.*s", STR_ARG(s));
        buf_csv(b, str_absent(s) ? S("") : s);
}

static str word(struct cx *cx, const char *group, str value)
{
        return str_absent(value) ? S("") : page_text(cx->lang, str_format(cx->mem, "devices.%s.%.*s", group, STR_ARG(value)).p);
}

static str yes(struct cx *cx, bool b)
{
        return page_text(cx->lang, b ? "devices.yes" : "devices.no");
}

static rc words_joined(struct cx *cx, const char *group, str list, str *ret)
{
        struct buf b = buf_open(cx->mem, KB(4));
        json_t *words, *one;
        size_t i;

        TRY(json_read(cx, list, &words));
        json_array_foreach(words, i, one) {
                if (i > 0)
                        buf_add(&b, S(" / "));
                buf_add(&b, word(cx, group, json_text(one)));
        }
        *ret = buf_str(&b);
        return RC_OK;
}

static rc line_write(struct cx *cx, struct buf *b, const struct device_row *d)
{
        str missing, deviations;

        TRY(words_joined(cx, "missing_of", d->missing, &missing));
        TRY(words_joined(cx, "deviation_of", d->deviations, &deviations));
        {
                const str cells[] = {
                        d->name,
                        d->serial,
                        d->owner,
                        word(cx, "kind_of", d->kind),
                        word(cx, "owned", d->own ? S("own") : S("company")),
                        word(cx, "state_of", d->state),
                        word(cx, "os_of", d->os),
                        d->os_version,
                        word(cx, "lock_of", d->lock_method),
                        d->lock_minutes_null ? S("") : str_format(cx->mem, "%" PRId64, d->lock_minutes),
                        d->malware,
                        yes(cx, d->malware_on && d->malware_scan && d->malware_update),
                        yes(cx, d->encrypted),
                        yes(cx, d->firewall),
                        d->separated_null ? S("") : yes(cx, d->separated),
                        missing,
                        deviations,
                        clock_rfc3339(cx->mem, d->attested_at),
                        d->decided_by,
                        d->expires_at_null ? S("") : clock_rfc3339(cx->mem, d->expires_at),
                        d->return_at_null ? S("") : clock_rfc3339(cx->mem, d->return_at),
                };

                for (size_t c = 0; c < COUNT(cells); c++)
                        cell(cx, b, cells[c], c == 0);
        }
        buf_add(b, S("\r\n"));
        return RC_OK;
}

rc device_csv(struct cx *cx, const json_t *query, str *ret, int64_t *ret_count)
{
        static const char *const heads[] = { "name",       "serial",  "owner",      "kind",        "own",        "state",      "os",
                                             "os_version", "lock",    "minutes",    "malware",     "settings",   "encrypted",  "firewall",
                                             "separation", "missing", "deviations", "attested_at", "decided_by", "expires_at", "return_at" };
        struct buf b = buf_open(cx->mem, CSV_MAX);
        struct device_row *row;
        size_t count;

        TRY(sql_device_list(cx, given(query, "q"), given(query, "state"), given(query, "kind"), 0, 0, CSV_ROWS + 1, &row, &count));
        buf_add(&b, S("\xef\xbb\xbf"));
        for (size_t c = 0; c < COUNT(heads); c++)
                cell(cx, &b, word(cx, "csv", str_of(heads[c])), c == 0);
        buf_add(&b, S("\r\n"));
        for (size_t i = 0; i < count; i++)
                TRY(line_write(cx, &b, &row[i]));
        if (count > CSV_ROWS || buf_full(&b))
                return fail(cx, RC_TOO_LARGE, NULL, "there are too many devices for one file; narrow the list first");
        *ret = buf_str(&b);
        *ret_count = (int64_t)count;
        return RC_OK;
}

/* Attesting ---------------------------------------------------------------------------------------------------------------------------- */

static rc text_read(struct cx *cx, const json_t *in, const char *item, size_t max, bool lines, bool needed, json_t *said)
{
        str s = given(in, item);

        json_set(said, item, json_str(s));
        if (str_absent(s))
                return needed ? fail(cx, RC_INVALID, item, "must not be empty") : RC_OK;
        return text_check(cx, s, item, max, lines);
}

static rc choice_read(struct cx *cx, const json_t *in, const char *item, const char *const *list, size_t count, json_t *said)
{
        str s = given(in, item);

        for (size_t i = 0; i < count; i++)
                if (str_is(s, list[i])) {
                        json_set(said, item, json_str(s));
                        return RC_OK;
                }
        return str_absent(s) ? fail(cx, RC_INVALID, item, "must not be empty") : fail(cx, RC_INVALID, item, "is not one of the values known here");
}

/* As daicho.version_parts: up to six numbers with dots between. */
static bool version_valid(str s)
{
        size_t parts = 1, digits = 0;

        for (size_t i = 0; i < s.n; i++) {
                if (s.p[i] == '.' && digits > 0 && parts < PARTS_MAX) {
                        parts++;
                        digits = 0;
                } else if (s.p[i] < '0' || s.p[i] > '9' || ++digits > DIGITS_MAX) {
                        return false;
                }
        }
        return digits > 0;
}

static rc version_read(struct cx *cx, str s, const char *item)
{
        return version_valid(s) ? RC_OK : fail(cx, RC_INVALID, item, "must be numbers with dots between them, as in 10.0.19045");
}

static rc lock_read(struct cx *cx, const json_t *in, json_t *said)
{
        const json_t *minutes = json_object_get(in, "lock_minutes");
        int64_t n = json_integer_value(minutes);
        json_t *rules;

        TRY(choice_read(cx, in, "lock_method", locks, COUNT(locks), said));
        json_set(said, "lock_minutes", json_null());
        if (str_is(json_get_text(said, "lock_method"), "none"))
                return RC_OK;
        if (!json_is_integer(minutes))
                return fail(cx, RC_INVALID, "lock_minutes", "must not be empty");
        if (n < 0 || n > MINUTES_MAX)
                return fail(cx, RC_INVALID, "lock_minutes", "must be between %lld and %lld", 0LL, (long long)MINUTES_MAX);
        TRY(device_rules(cx, &rules));
        if (n > 5 && json_is_true(json_object_get(rules, "lock_strict")))
                return fail(cx, RC_INVALID, "lock_minutes", "here a device locks after five minutes at most; change its settings first");
        json_set(said, "lock_minutes", json_integer(n));
        return RC_OK;
}

static rc malware_read(struct cx *cx, const json_t *in, json_t *said)
{
        static const char *const settings[] = { "malware_on", "malware_scan", "malware_update" };
        bool any = false;

        TRY(text_read(cx, in, "malware", NAME_MAX, false, false, said));
        for (size_t i = 0; i < COUNT(settings); i++) {
                json_set(said, settings[i], json_boolean(json_is_true(json_object_get(in, settings[i]))));
                any = any || json_is_true(json_object_get(in, settings[i]));
        }
        if (any && json_is_null(json_object_get(said, "malware")))
                return fail(cx, RC_INVALID, "malware", "name the anti-malware product these settings are of");
        return RC_OK;
}

/* Unanswered is not refused here: it is what keeps the device from being approved. */
static rc separation_read(struct cx *cx, const json_t *in, bool own, json_t *said)
{
        str answer = given(in, "separation"), until = given(in, "separation_until");
        struct date date;
        bool apart = str_is(answer, "yes");

        json_set(said, "separated", json_null());
        json_set(said, "separation_how", json_null());
        json_set(said, "separation_until", json_null());
        if (!own || str_absent(answer))
                return RC_OK;
        if (!apart && !str_is(answer, "no"))
                return fail(cx, RC_INVALID, "separation", "is not one of the values known here");
        json_set(said, "separated", json_boolean(apart));
        TRY(text_read(cx, in, "separation_how", HOW_MAX, true, apart, said));
        if (!apart)
                return RC_OK;
        if (str_absent(until) || !clock_read_date(until, &date))
                return fail(cx, RC_INVALID, "separation_until", "must be a date");
        if (clock_from_tokyo((struct civil){ .date = date }) + CLOCK_DAY <= cx->now)
                return fail(cx, RC_INVALID, "separation_until", "must lie in the future");
        json_set(said, "separation_until", json_str(until));
        return RC_OK;
}

static rc said_read(struct cx *cx, const json_t *in, json_t **ret)
{
        json_t *said = json_object();
        bool own = json_is_true(json_object_get(in, "own"));
        str version = given(in, "os_version");

        (void)choice_read(cx, in, "kind", kinds, COUNT(kinds), said);
        (void)text_read(cx, in, "name", NAME_MAX, false, true, said);
        (void)text_read(cx, in, "serial", NAME_MAX, false, false, said);
        json_set(said, "own", json_boolean(own));
        (void)choice_read(cx, in, "os", systems, COUNT(systems), said);
        json_set(said, "os_version", json_str(version));
        if (str_absent(version))
                (void)fail(cx, RC_INVALID, "os_version", "must not be empty");
        else
                (void)version_read(cx, version, "os_version");
        (void)lock_read(cx, in, said);
        (void)malware_read(cx, in, said);
        json_set(said, "encrypted", json_boolean(json_is_true(json_object_get(in, "encrypted"))));
        json_set(said, "firewall", json_boolean(json_is_true(json_object_get(in, "firewall"))));
        (void)separation_read(cx, in, own, said);
        (void)text_read(cx, in, "evidence", NOTE_MAX, true, false, said);
        *ret = said;
        return cx->failure.code;
}

rc device_attest(struct cx *cx, int64_t id, int64_t version, int64_t person_id, const json_t *in, json_t **ret)
{
        struct device_row *row;
        json_t *said;
        int64_t made;

        if (cx->actor.kind == ACTOR_ACCOUNT)
                TRY(person_of_account(cx, cx->actor.id, &person_id));
        else if (cx->actor.kind != ACTOR_OPERATOR)
                return fail(cx, RC_FORBIDDEN, NULL, "this is for accounts; an API key has none");
        if (id != 0) {
                TRY(row_find(cx, id, &row));
                if (row->person_id != person_id)
                        return fail(cx, RC_UNKNOWN, NULL, "there is no such device");
                if (str_is(row->state, "returned"))
                        return fail(cx, RC_CONFLICT, NULL, "this device was returned; register it anew if it is used again");
        }
        TRY(said_read(cx, in, &said));
        TRY(sql_device_attest(cx, id ? &id : NULL, version, person_id, json_write(cx->mem, said), &made));
        if (made == 0)
                return id != 0 ? fail(cx, RC_STALE, NULL, "somebody changed this in the meantime")
                               : fail(cx, RC_UNKNOWN, NULL, "there is no such person");
        return device_get(cx, made, ret);
}

/* Deciding ----------------------------------------------------------------------------------------------------------------------------- */

/* Each word of `missing`, and what to say of it. */
static const struct {
        const char *word, *item, *text;
} missings[] = {
        { "lock_none", "lock_method", "a device without a lock is not approved; its owner must set a password, a PIN or biometrics first" },
        { "lock_delay", "lock_minutes", "here a device locks after five minutes at most; change its settings first" },
        { "version", "os_version", "the system is older than the version asked for here; its owner must update it first" },
        { "malware", "malware", "here a computer needs anti-malware that keeps malware away, scans and updates itself" },
        { "firewall", "firewall", "here a laptop needs a firewall that is on" },
        { "separation", "separation", "the owner has not answered whether business and private data are kept apart" },
        { "incident", NULL, "this device was reported lost; close the incident first" },
};

static rc missing_refuse(struct cx *cx, const struct device_row *row)
{
        json_t *list, *one;
        size_t i;

        TRY(json_read(cx, row->missing, &list));
        json_array_foreach(list, i, one)
                for (size_t k = 0; k < COUNT(missings); k++)
                        if (str_is(json_text(one), missings[k].word))
                                (void)fail(cx, RC_CONFLICT, missings[k].item, "%s", fail_translate(cx->lang, missings[k].text));
        return cx->failure.code;
}

static rc decider_check(struct cx *cx, const struct device_row *row)
{
        if (cx->actor.kind == ACTOR_KEY)
                return fail(cx, RC_FORBIDDEN, NULL, "a device is approved by a person who is logged in, not by an API key");
        if (cx->actor.kind == ACTOR_ACCOUNT && row->mine)
                return fail(cx, RC_FORBIDDEN, NULL, "nobody decides about a device of their own; somebody else must do it");
        return RC_OK;
}

static rc decide(struct cx *cx, int64_t id, int64_t version, bool approve, str reason, json_t **ret)
{
        struct device_row *row;
        int64_t done;

        TRY(row_find(cx, id, &row));
        TRY(decider_check(cx, row));
        if (!str_is(row->state, "pending"))
                return fail(cx, RC_CONFLICT, NULL, "this device does not wait for approval");
        if (row->version != version)
                return fail(cx, RC_STALE, NULL, "somebody changed this in the meantime");
        if (approve)
                TRY(missing_refuse(cx, row));
        TRY(sql_device_decide(cx, id, version, approve, reason, &done));
        if (done == 0)
                return fail(cx, RC_STALE, NULL, "somebody changed this in the meantime");
        return device_get(cx, id, ret);
}

rc device_approve(struct cx *cx, int64_t id, int64_t version, json_t **ret)
{
        return decide(cx, id, version, true, STR_NONE, ret);
}

static rc note_read(struct cx *cx, str note, const char *item, bool needed, str *ret)
{
        *ret = str_absent(note) ? note : str_trim(note);
        if (str_absent(*ret) || str_empty(*ret)) {
                *ret = STR_NONE;
                return needed ? fail(cx, RC_INVALID, item, "must not be empty") : RC_OK;
        }
        return text_check(cx, *ret, item, NOTE_MAX, true);
}

rc device_refuse(struct cx *cx, int64_t id, int64_t version, str reason, json_t **ret)
{
        TRY(note_read(cx, reason, "reason", true, &reason));
        return decide(cx, id, version, false, reason, ret);
}

rc device_return(struct cx *cx, int64_t id, int64_t version, str note, json_t **ret)
{
        struct device_row *row;
        int64_t done;

        TRY(note_read(cx, note, "note", false, &note));
        TRY(row_find(cx, id, &row));
        if (!row->own || cx->actor.kind == ACTOR_KEY)
                TRY(decider_check(cx, row));
        if (str_is(row->state, "returned"))
                return fail(cx, RC_CONFLICT, NULL, "this device was returned already");
        if (row->version != version)
                return fail(cx, RC_STALE, NULL, "somebody changed this in the meantime");
        TRY(sql_device_return(cx, id, version, note, &done));
        if (done == 0)
                return fail(cx, RC_STALE, NULL, "somebody changed this in the meantime");
        return device_get(cx, id, ret);
}

rc device_minimum_set(struct cx *cx, str os, str version, json_t **ret)
{
        json_t *list = json_array(), *in = json_set(json_object(), "os", json_str(os));
        int64_t *id;
        size_t count;

        TRY(choice_read(cx, in, "os", systems, COUNT(systems), json_object()));
        version = str_absent(version) ? version : str_trim(version);
        if (str_absent(version) || str_empty(version))
                version = STR_NONE;
        else
                TRY(version_read(cx, version, "version"));
        TRY(sql_device_minimum_set(cx, os, version, &id, &count));
        for (size_t i = 0; i < count; i++) {
                struct device_row *row;
                json_t *one;

                TRY(row_find(cx, id[i], &row));
                TRY(model(cx, row, &one));
                must(json_array_append_new(list, one) == 0);
        }
        *ret = list;
        return RC_OK;
}

rc device_account(struct cx *cx, const json_t *device, int64_t *ret)
{
        return sql_device_account(cx, json_integer_value(json_object_get(device, "person_id")), ret);
}

/* Losses and incidents ----------------------------------------------------------------------------------------------------------------- */

rc device_of(struct cx *cx, int64_t person_id, int64_t id, str *ret_name)
{
        struct device_row *row;

        *ret_name = STR_NONE;
        if (id == 0)
                return RC_OK;
        TRY(sql_device_find(cx, id, &row));
        if (row == NULL || row->person_id != person_id)
                return fail(cx, RC_INVALID, "device_id", "this person has no such device");
        *ret_name = row->name;
        return RC_OK;
}

rc device_lose(struct cx *cx, int64_t person_id, int64_t id, str what, str name, str note, const msec *at, str *ret)
{
        return sql_device_loss(cx, person_id, id ? &id : NULL, what, name, note, at, ret);
}

static json_t *incident_model(struct cx *cx, const struct incident_row *i)
{
        json_t *m = json_object();

        json_set(m, "id", json_integer(i->id));
        json_set(m, "kind", json_str(i->kind));
        json_set(m, "severity", json_str(i->severity));
        json_set(m, "person_id", json_integer(i->person_id));
        json_set(m, "person", json_str(i->person));
        json_set(m, "device_id", i->device_id_null ? json_null() : json_integer(i->device_id));
        json_set(m, "device", json_str(i->device));
        json_set(m, "encrypted", i->encrypted_null ? json_null() : json_boolean(i->encrypted));
        json_set(m, "note", json_str(i->note));
        json_set(m, "reporter", json_str(i->reporter));
        json_set(m, "happened_at", when(cx, i->happened_at, false));
        json_set(m, "reported_at", when(cx, i->reported_at, false));
        json_set(m, "state", json_str(i->state));
        json_set(m, "closed_by", json_str(i->closed_by));
        json_set(m, "closed_at", when(cx, i->closed_at, i->closed_at_null));
        json_set(m, "closing", json_str(i->closing));
        json_set(m, "mine", json_boolean(i->mine));
        return m;
}

rc device_incidents(struct cx *cx, str state, int64_t device_id, int64_t before, int limit, json_t **ret)
{
        json_t *m = json_object(), *list = json_array();
        struct incident_row *row;
        size_t count;

        TRY(sql_device_incidents(cx, state, device_id, before, limit + 1, &row, &count));
        for (size_t i = 0; i < count && i < (size_t)limit; i++)
                must(json_array_append_new(list, incident_model(cx, &row[i])) == 0);
        json_set(m, "incidents", list);
        json_set(m, "next", count > (size_t)limit ? json_integer(row[limit - 1].id) : json_null());
        *ret = m;
        return RC_OK;
}

rc device_incident(struct cx *cx, int64_t id, json_t **ret)
{
        struct incident_row *row;

        TRY(sql_device_incident(cx, id, &row));
        if (row == NULL)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such incident");
        *ret = incident_model(cx, row);
        return RC_OK;
}

rc device_incident_close(struct cx *cx, int64_t id, str closing, json_t **ret)
{
        struct incident_row *row;
        int64_t done;

        TRY(sql_device_incident(cx, id, &row));
        if (row == NULL)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such incident");
        TRY(note_read(cx, closing, "closing", true, &closing));
        if (cx->actor.kind == ACTOR_KEY)
                return fail(cx, RC_FORBIDDEN, NULL, "an incident is closed by a person who is logged in, not by an API key");
        if (cx->actor.kind == ACTOR_ACCOUNT && row->mine)
                return fail(cx, RC_FORBIDDEN, NULL, "nobody closes an incident of their own; somebody else must do it");
        TRY(sql_device_incident_close(cx, id, closing, &done));
        if (done == 0)
                return fail(cx, RC_CONFLICT, NULL, "this incident is closed already");
        return device_incident(cx, id, ret);
}

/* Unattended --------------------------------------------------------------------------------------------------------------------------- */

rc device_next(struct cx *cx, int64_t after, str *ret_tenant, int64_t *ret_id)
{
        struct device_due_row *row;

        TRY(sql_device_due(cx, after, &row));
        *ret_tenant = row ? row->tenant : STR_NONE;
        *ret_id = row ? row->id : 0;
        return RC_OK;
}

rc device_tell(struct cx *cx, int64_t id, json_t **ret)
{
        struct device_row *row;
        str tell;

        *ret = NULL;
        TRY(sql_device_tell(cx, id, &tell));
        if (str_absent(tell))
                return RC_OK;
        TRY(row_find(cx, id, &row));
        TRY(model(cx, row, ret));
        json_set(*ret, "tell", json_str(tell));
        json_set(*ret, "due_at",
                 json_object_get(*ret, str_is(tell, "expiring")     ? "expires_at"
                                       : str_is(tell, "unreturned") ? "return_at"
                                                                    : "declare_at"));
        return RC_OK;
}
