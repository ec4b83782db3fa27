/* change.c - see change.h. */
#include "base/house.h"

#include "governance/change.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/fail.h"
#include "base/text.h"
#include "governance/change.sql.h"
#include "notify/notice.h"
#include "page/page.h"

static str either(enum lang lang, str ja, str en)
{
        return lang == LANG_EN ? en : ja;
}

static json_t *time_model(struct cx *cx, msec at, bool none)
{
        return none ? json_null() : json_str(clock_rfc3339(cx->mem, at));
}

static bool same_day(struct date a, struct date b)
{
        return a.year == b.year && a.month == b.month && a.day == b.day;
}

str change_window(struct cx *cx, enum lang lang, msec from, msec to)
{
        struct civil begins = clock_tokyo(from), ends = clock_tokyo(to);
        str end =
            same_day(begins.date, ends.date) ? str_format(cx->mem, "%02d:%02d", (int)ends.hour, (int)ends.minute) : clock_text(cx->mem, lang, to);

        return str_format(cx->mem, lang == LANG_EN ? "%.*s – %.*s" : "%.*s〜%.*s", STR_ARG(clock_text(cx->mem, lang, from)), STR_ARG(end));
}

static rc list_read(struct cx *cx, json_t *model, const char *name, str text)
{
        json_t *list;

        TRY(json_read(cx, text, &list));
        json_set(model, name, list);
        return RC_OK;
}

static json_t *names_model(struct cx *cx, str words)
{
        json_t *list = json_array();
        str rest = words;

        while (!str_absent(rest) && !str_empty(rest))
                must(json_array_append_new(list, json_str(str_cut(rest, ' ', &rest))) == 0);
        return list;
}

/* Operators -------------------------------------------------------------------------------------------------------------------------------- */

/* "14日前まで", "6 months ahead". */
static str lead_text(struct cx *cx, int64_t months, int64_t days)
{
        struct buf out = buf_open(cx->mem, KB(1));
        json_t *model = json_object();
        const char *key = months > 0 && days > 0 ? "change.lead.both"
                          : months > 0           ? "change.lead.months"
                          : days > 0             ? "change.lead.days"
                                                 : "change.lead.none";

        json_set(model, "months", json_integer(months));
        json_set(model, "days", json_integer(days));
        if (page_render_plain(cx, page_text(cx->lang, key), model, &out) != RC_OK)
                return S("");
        return buf_str(&out);
}

/* "画面、メール" */
static str channels_text(struct cx *cx, const json_t *channels)
{
        struct buf out = buf_open(cx->mem, KB(1));
        const json_t *one;
        size_t i;

        json_array_foreach(channels, i, one)
                buf_format(&out, "%s%.*s",
                           i == 0                ? ""
                           : cx->lang == LANG_EN ? ", "
                                                 : "、",
                           STR_ARG(page_text(cx->lang, str_format(cx->mem, "change.channel_of.%.*s", STR_ARG(json_text(one))).p)));
        return buf_str(&out);
}

rc change_kinds(struct cx *cx, json_t **ret)
{
        struct change_kind_row *row;
        json_t *list = json_array();
        size_t count;

        TRY(sql_change_kinds(cx, &row, &count));
        for (size_t i = 0; i < count; i++) {
                json_t *m = json_object();

                json_set(m, "name", json_str(row[i].name));
                json_set(m, "title", json_str(either(cx->lang, row[i].title_ja, row[i].title_en)));
                json_set(m, "channels", names_model(cx, row[i].channels));
                json_set(m, "by", json_str(channels_text(cx, json_object_get(m, "channels"))));
                json_set(m, "months", json_integer(row[i].months));
                json_set(m, "days", json_integer(row[i].days));
                json_set(m, "large_months", json_integer(row[i].large_months));
                json_set(m, "large_days", json_integer(row[i].large_days));
                json_set(m, "lead", json_str(lead_text(cx, row[i].months, row[i].days)));
                json_set(m, "large_lead", json_str(lead_text(cx, row[i].large_months, row[i].large_days)));
                json_set(m, "banner_days", json_integer(row[i].banner_days));
                json_set(m, "remind_days", json_integer(row[i].remind_days));
                must(json_array_append_new(list, m) == 0);
        }
        *ret = json_set(json_object(), "kinds", list);
        return RC_OK;
}

static json_t *change_model(struct cx *cx, const struct change_row *r)
{
        json_t *m = json_object();

        json_set(m, "id", json_integer(r->id));
        json_set(m, "state", json_str(r->state));
        json_set(m, "version", json_integer(r->no));
        json_set(m, "kind", json_str(r->kind));
        json_set(m, "kind_title", json_str(either(cx->lang, r->kind_ja, r->kind_en)));
        json_set(m, "impact", json_str(r->impact));
        json_set(m, "emergency", json_boolean(r->emergency));
        json_set(m, "title", json_str(either(cx->lang, r->title_ja, r->title_en)));
        json_set(m, "from_at", time_model(cx, r->from_at, false));
        json_set(m, "to_at", time_model(cx, r->to_at, false));
        json_set(m, "window", json_str(change_window(cx, cx->lang, r->from_at, r->to_at)));
        json_set(m, "contracts", json_integer(r->contracts));
        json_set(m, "confirmed", json_integer(r->confirmed));
        json_set(m, "failed", json_integer(r->failed));
        json_set(m, "scheduled_by", json_str(r->scheduled_by));
        json_set(m, "scheduled_at", time_model(cx, r->scheduled_at, r->scheduled_at_null));
        json_set(m, "ended_by", json_str(r->ended_by));
        json_set(m, "ended_at", time_model(cx, r->ended_at, r->ended_at_null));
        json_set(m, "why_ja", json_str(r->why_ja));
        json_set(m, "why_en", json_str(r->why_en));
        json_set(m, "over", json_boolean(r->over));
        return m;
}

rc change_list(struct cx *cx, int64_t before, int limit, json_t **ret)
{
        json_t *model = json_object(), *list = json_array();
        struct change_row *row;
        size_t count;

        TRY(sql_change_list(cx, before, limit + 1, &row, &count));
        for (size_t i = 0; i < count && i < (size_t)limit; i++)
                must(json_array_append_new(list, change_model(cx, &row[i])) == 0);
        json_set(model, "changes", list);
        json_set(model, "next", count > (size_t)limit ? json_integer(row[limit - 1].id) : json_null());
        *ret = model;
        return RC_OK;
}

/* What a version says, into `m`. */
static void content_add(struct cx *cx, const struct change_version_row *v, json_t *m)
{
        json_set(m, "kind", json_str(v->kind));
        json_set(m, "impact", json_str(v->impact));
        json_set(m, "emergency_why", json_str(v->emergency_why));
        json_set(m, "title_ja", json_str(v->title_ja));
        json_set(m, "title_en", json_str(v->title_en));
        json_set(m, "text_ja", json_str(v->text_ja));
        json_set(m, "text_en", json_str(v->text_en));
        json_set(m, "effect_ja", json_str(v->effect_ja));
        json_set(m, "effect_en", json_str(v->effect_en));
        json_set(m, "everyone", json_boolean(str_absent(v->tenants)));
        json_set(m, "tenants", names_model(cx, v->tenants));
}

static void people_add(struct cx *cx, const struct change_version_row *v, json_t *m)
{
        json_set(m, "author", json_str(v->author));
        json_set(m, "made_at", time_model(cx, v->made_at, false));
        json_set(m, "reviewed_by", json_str(v->reviewed_by));
        json_set(m, "reviewed_at", time_model(cx, v->reviewed_at, v->reviewed_at_null));
        json_set(m, "approved_by", json_str(v->approved_by));
        json_set(m, "approved_at", time_model(cx, v->approved_at, v->approved_at_null));
}

/* What is open to the reader now; the database decides once more. */
static json_t *may_model(const struct cx *cx, const struct change_row *c, const struct change_version_row *v)
{
        bool draft = str_is(c->state, "draft"), reviewed = str_is(c->state, "reviewed"), scheduled = str_is(c->state, "scheduled");
        bool author = v->own == v->author_person, reviewer = !v->reviewed_person_null && v->own == v->reviewed_person;
        bool waits = reviewed && c->emergency && v->approved_at_null;
        json_t *m = json_object();

        json_set(m, "review", json_boolean(draft && !author));
        json_set(m, "review_other", json_boolean(draft && author));
        json_set(m, "approve", json_boolean(waits && !author && !reviewer));
        json_set(m, "approve_other", json_boolean(waits && (author || reviewer)));
        json_set(m, "schedule", json_boolean(reviewed && !waits));
        json_set(m, "finish", json_boolean(scheduled && c->from_at <= cx->now));
        json_set(m, "open", json_boolean(draft || reviewed || scheduled));
        return m;
}

static rc contract_model(struct cx *cx, const struct change_contract_row *r, json_t *list)
{
        json_t *m = json_object();

        json_set(m, "name", json_str(r->name));
        json_set(m, "title", json_str(r->title));
        json_set(m, "version", json_integer(r->last_no));
        json_set(m, "told", json_str(r->last_about));
        json_set(m, "at", time_model(cx, r->last_at, false));
        TRY(list_read(cx, m, "mails", r->mails));
        TRY(list_read(cx, m, "confirmed", r->confirmed));
        must(json_array_append_new(list, m) == 0);
        return RC_OK;
}

static rc unknown(struct cx *cx)
{
        return fail(cx, RC_UNKNOWN, NULL, "there is no such change");
}

/* One change and its versions, newest first. */
static rc one_read(struct cx *cx, int64_t id, struct change_row **ret, struct change_version_row **ret_version, size_t *ret_count)
{
        TRY(sql_change_find(cx, id, ret));
        if (*ret == NULL)
                return unknown(cx);
        return sql_change_versions(cx, id, ret_version, ret_count);
}

rc change_get(struct cx *cx, int64_t id, str after, int limit, json_t **ret)
{
        json_t *model = json_object(), *change, *versions = json_array(), *contracts = json_array();
        struct change_contract_row *contract;
        struct change_version_row *v;
        struct change_row *row;
        size_t count, told;

        TRY(one_read(cx, id, &row, &v, &count));
        TRY(sql_change_contracts(cx, id, str_absent(after) ? S("") : after, limit + 1, &contract, &told));
        change = change_model(cx, row);
        content_add(cx, &v[0], change);
        people_add(cx, &v[0], change);
        json_set(model, "change", change);
        json_set(model, "may", may_model(cx, row, &v[0]));
        for (size_t i = 0; i < count; i++) {
                json_t *m = json_set(json_object(), "version", json_integer(v[i].no));

                json_set(m, "title", json_str(either(cx->lang, v[i].title_ja, v[i].title_en)));
                json_set(m, "window", json_str(change_window(cx, cx->lang, v[i].from_at, v[i].to_at)));
                content_add(cx, &v[i], m);
                people_add(cx, &v[i], m);
                must(json_array_append_new(versions, m) == 0);
        }
        for (size_t i = 0; i < told && i < (size_t)limit; i++)
                TRY(contract_model(cx, &contract[i], contracts));
        json_set(model, "versions", versions);
        json_set(model, "contracts", contracts);
        json_set(model, "next", told > (size_t)limit ? json_str(contract[limit - 1].name) : json_null());
        *ret = model;
        return RC_OK;
}

/* As a form's field writes it, "2026-12-06T02:00", in Tokyo; or with a zone. */
static rc moment_read(struct cx *cx, const json_t *in, const char *item, json_t *content)
{
        str text = str_trim(json_get_text(in, item));
        msec at;

        if (!str_absent(text) && text.n == strlen("2026-12-06T02:00"))
                text = str_format(cx->mem, "%.*s:00+09:00", STR_ARG(text));
        if (str_absent(text) || !clock_read(text, &at))
                return fail(cx, RC_INVALID, item, "must be a time as in 2026-12-06T02:00");
        json_set(content, item, json_str(clock_rfc3339(cx->mem, at)));
        return RC_OK;
}

static rc text_read(struct cx *cx, const json_t *in, const char *item, size_t max, bool lines, json_t *ret)
{
        str text = str_trim(json_get_text(in, item));

        if (str_absent(text) || str_empty(text))
                return fail(cx, RC_INVALID, item, "must not be empty");
        TRY(text_check(cx, text, item, max, lines));
        json_set(ret, item, json_str(text));
        return RC_OK;
}

static rc content_read(struct cx *cx, const json_t *in, json_t *content)
{
        static const struct {
                const char *name;
                size_t max;
                bool lines;
        } texts[] = {
                { "title_ja", CHANGE_TITLE_MAX, false }, { "title_en", CHANGE_TITLE_MAX, false },  { "text_ja", CHANGE_TEXT_MAX, true },
                { "text_en", CHANGE_TEXT_MAX, true },    { "effect_ja", CHANGE_EFFECT_MAX, true }, { "effect_en", CHANGE_EFFECT_MAX, true },
        };
        json_t *tenants = json_object_get(in, "tenants");
        str why = str_trim(json_get_text(in, "emergency_why"));
        msec from = 0, to = 0;

        for (size_t i = 0; i < COUNT(texts); i++)
                TRY(text_read(cx, in, texts[i].name, texts[i].max, texts[i].lines, content));
        TRY(moment_read(cx, in, "from_at", content));
        TRY(moment_read(cx, in, "to_at", content));
        must(clock_read(json_get_text(content, "from_at"), &from) && clock_read(json_get_text(content, "to_at"), &to));
        if (to <= from)
                return fail(cx, RC_INVALID, "to_at", "must be later than the beginning");
        json_set(content, "kind", json_str(json_get_text(in, "kind")));
        json_set(content, "impact", json_str(json_get_text(in, "impact")));
        if (json_is_true(json_object_get(in, "emergency")) || (!str_absent(why) && !str_empty(why)))
                TRY(text_read(cx, in, "emergency_why", CHANGE_WHY_MAX, true, content));
        if (str_is(json_get_text(in, "scope"), "chosen")) {
                if (json_array_size(tenants) == 0)
                        return fail(cx, RC_INVALID, "tenants", "must name one contract at least");
                json_set(content, "tenants", tenants);
        }
        return RC_OK;
}

static rc kind_check(struct cx *cx, const json_t *content)
{
        struct change_kind_row *row;
        size_t count;

        TRY(sql_change_kinds(cx, &row, &count));
        for (size_t i = 0; i < count; i++) {
                if (str_equal(row[i].name, json_get_text(content, "kind")))
                        return RC_OK;
        }
        return fail(cx, RC_INVALID, "kind", "there is no such kind of change");
}

/* What the database said, when it was not 'done'. */
static rc judged(struct cx *cx, str said)
{
        if (str_is(said, "done"))
                return RC_OK;
        if (str_is(said, "unknown"))
                return unknown(cx);
        if (str_is(said, "stale"))
                return fail(cx, RC_STALE, NULL, "there is a newer version of this change; please read it first");
        if (str_is(said, "own"))
                return fail(cx, RC_FORBIDDEN, NULL, "this is for somebody who has not worked on this change yet");
        if (str_is(said, "over"))
                return fail(cx, RC_CONFLICT, NULL, "this change is over");
        if (str_is(said, "approval"))
                return fail(cx, RC_CONFLICT, NULL, "an emergency needs the approval of a third person");
        if (str_is(said, "begun"))
                return fail(cx, RC_CONFLICT, NULL, "the time of this change has begun already; please give it a later one");
        if (str_is(said, "early"))
                return fail(cx, RC_CONFLICT, NULL, "contracts are told earlier than that; please choose a later time, or an emergency");
        return fail(cx, RC_CONFLICT, NULL, "this change is not at this step");
}

rc change_write(struct cx *cx, int64_t id, const json_t *in, int64_t *ret_id)
{
        int64_t seen = json_integer_value(json_object_get(in, "version"));
        json_t *content = json_object();
        struct change_written *written;

        TRY(content_read(cx, in, content));
        TRY(kind_check(cx, content));
        TRY(sql_change_write(cx, id != 0 ? &id : NULL, seen, json_write(cx->mem, content), &written));
        if (str_starts(written->said, S("tenant ")))
                return fail(cx, RC_INVALID, "tenants", "there is no contract %.*s", (int)written->said.n - 7, written->said.p + 7);
        TRY(judged(cx, written->said));
        *ret_id = written->id;
        return RC_OK;
}

rc change_review(struct cx *cx, int64_t id, int64_t version)
{
        str said;

        TRY(sql_change_review(cx, id, version, &said));
        return judged(cx, said);
}

rc change_approve(struct cx *cx, int64_t id, int64_t version)
{
        str said;

        TRY(sql_change_approve(cx, id, version, &said));
        return judged(cx, said);
}

/* What a notice says: in each language, for any contract; the database sets in the contract's title. */
struct said {
        int64_t id;
        str kind_ja, kind_en, title_ja, title_en, text_ja, text_en, effect_ja, effect_en, why_ja, why_en;
        msec from, to;
        bool emergency;
};

static rc words_of(struct cx *cx, const char *kind, const struct said *s, str *ret)
{
        json_t *texts = json_object();

        for (enum lang lang = LANG_JA; lang < LANG_END; lang++) {
                json_t *model = json_object(), *one;

                json_set(model, "id", json_integer(s->id));
                json_set(model, "tenant_title", json_str(S("{contract}")));
                json_set(model, "kind_title", json_str(either(lang, s->kind_ja, s->kind_en)));
                json_set(model, "title", json_str(either(lang, s->title_ja, s->title_en)));
                json_set(model, "text", json_str(either(lang, s->text_ja, s->text_en)));
                json_set(model, "effect", json_str(either(lang, s->effect_ja, s->effect_en)));
                json_set(model, "why", json_str(either(lang, s->why_ja, s->why_en)));
                json_set(model, "window", json_str(change_window(cx, lang, s->from, s->to)));
                json_set(model, "emergency", json_boolean(s->emergency));
                TRY(notice_words(cx, kind, lang, model, &one));
                json_set(texts, lang == LANG_EN ? "en" : "ja", one);
        }
        *ret = json_write(cx->mem, texts);
        return RC_OK;
}

static struct said said_of(const struct change_row *c, const struct change_version_row *v)
{
        return (struct said){ .id = c->id,
                              .kind_ja = c->kind_ja,
                              .kind_en = c->kind_en,
                              .title_ja = v->title_ja,
                              .title_en = v->title_en,
                              .text_ja = v->text_ja,
                              .text_en = v->text_en,
                              .effect_ja = v->effect_ja,
                              .effect_en = v->effect_en,
                              .from = v->from_at,
                              .to = v->to_at,
                              .emergency = c->emergency };
}

rc change_schedule(struct cx *cx, int64_t id, int64_t version)
{
        struct change_version_row *v;
        struct change_row *row;
        struct said words;
        str said, texts, withdrawn;
        size_t count;

        TRY(one_read(cx, id, &row, &v, &count));
        words = said_of(row, &v[0]);
        TRY(words_of(cx, "change_told", &words, &texts));
        words.why_ja = page_text(LANG_JA, "change.withdrawn");
        words.why_en = page_text(LANG_EN, "change.withdrawn");
        TRY(words_of(cx, "change_cancelled", &words, &withdrawn));
        TRY(sql_change_schedule(cx, id, version, texts, withdrawn, &said));
        return judged(cx, said);
}

rc change_cancel(struct cx *cx, int64_t id, const json_t *in)
{
        struct change_version_row *v;
        struct change_row *row;
        struct said words;
        json_t *why = json_object();
        str said, texts;
        size_t count;

        TRY(text_read(cx, in, "why_ja", CHANGE_WHY_MAX, true, why));
        TRY(text_read(cx, in, "why_en", CHANGE_WHY_MAX, true, why));
        TRY(one_read(cx, id, &row, &v, &count));
        words = said_of(row, &v[0]);
        words.why_ja = json_get_text(why, "why_ja");
        words.why_en = json_get_text(why, "why_en");
        TRY(words_of(cx, "change_cancelled", &words, &texts));
        TRY(sql_change_cancel(cx, id, words.why_ja, words.why_en, texts, &said));
        return judged(cx, str_is(said, "state") ? S("over") : said);
}

rc change_finish(struct cx *cx, int64_t id)
{
        str said;

        TRY(sql_change_finish(cx, id, &said));
        if (str_is(said, "early"))
                return fail(cx, RC_CONFLICT, NULL, "this change has not begun yet");
        return judged(cx, said);
}

/* Contracts -------------------------------------------------------------------------------------------------------------------------------- */

static rc told_model(struct cx *cx, const struct change_told_row *r, json_t **ret)
{
        static const char *const days[] = { "sun", "mon", "tue", "wed", "thu", "fri", "sat" };
        struct civil begins = clock_tokyo(r->from_at);
        json_t *m = json_object();

        json_set(m, "id", json_integer(r->id));
        json_set(m, "version", json_integer(r->no));
        json_set(m, "kind", json_str(r->kind));
        json_set(m, "kind_title", json_str(either(cx->lang, r->kind_ja, r->kind_en)));
        json_set(m, "impact", json_str(r->impact));
        json_set(m, "emergency", json_boolean(r->emergency));
        json_set(m, "title", json_str(either(cx->lang, r->title_ja, r->title_en)));
        json_set(m, "text", json_str(either(cx->lang, r->text_ja, r->text_en)));
        json_set(m, "effect", json_str(either(cx->lang, r->effect_ja, r->effect_en)));
        json_set(m, "from_at", time_model(cx, r->from_at, false));
        json_set(m, "to_at", time_model(cx, r->to_at, false));
        json_set(m, "window", json_str(change_window(cx, cx->lang, r->from_at, r->to_at)));
        json_set(m, "month", json_str(str_format(cx->mem, "%d/%d", (int)begins.date.year, (int)begins.date.month)));
        json_set(m, "day", json_str(str_format(cx->mem, "%d", (int)begins.date.day)));
        json_set(m, "weekday", json_str(page_text(cx->lang, str_format(cx->mem, "change.weekday.%s", days[begins.weekday]).p)));
        json_set(m, "state", json_str(r->state));
        json_set(m, "running", json_boolean(r->running));
        json_set(m, "ahead", json_boolean(r->ahead));
        json_set(m, "why", json_str(either(cx->lang, r->why_ja, r->why_en)));
        json_set(m, "told_at", time_model(cx, r->told_at, false));
        TRY(list_read(cx, m, "confirmed", r->confirmed));
        json_set(m, "mine", json_boolean(r->mine));
        *ret = m;
        return RC_OK;
}

static rc told_list(struct cx *cx, const struct change_told_row *row, size_t count, json_t **ret)
{
        json_t *list = json_array(), *one;

        for (size_t i = 0; i < count; i++) {
                TRY(told_model(cx, &row[i], &one));
                must(json_array_append_new(list, one) == 0);
        }
        *ret = list;
        return RC_OK;
}

rc change_mine(struct cx *cx, int64_t before, int limit, json_t **ret)
{
        enum { AHEAD_MAX = 200 };
        json_t *model = json_object(), *list;
        struct change_told_row *row;
        size_t count;

        TRY(sql_change_mine(cx, true, 0, 0, AHEAD_MAX, &row, &count));
        TRY(told_list(cx, row, count, &list));
        json_set(model, "upcoming", list);
        TRY(sql_change_mine(cx, false, 0, before, limit + 1, &row, &count));
        TRY(told_list(cx, row, count > (size_t)limit ? (size_t)limit : count, &list));
        json_set(model, "past", list);
        json_set(model, "next", count > (size_t)limit ? json_integer(row[limit - 1].id) : json_null());
        *ret = model;
        return RC_OK;
}

rc change_mine_get(struct cx *cx, int64_t id, json_t **ret)
{
        struct change_told_row *row;
        json_t *one;
        size_t count;

        TRY(sql_change_mine(cx, false, id, 0, 1, &row, &count));
        if (count == 0)
                return unknown(cx);
        TRY(told_model(cx, &row[0], &one));
        *ret = json_set(json_object(), "change", one);
        return RC_OK;
}

rc change_confirm(struct cx *cx, int64_t id, int64_t version)
{
        str said;

        if (cx->actor.kind != ACTOR_ACCOUNT)
                return fail(cx, RC_FORBIDDEN, NULL, "a change is confirmed by a person, not with a key");
        TRY(sql_change_confirm(cx, id, version, &said));
        if (str_is(said, "again"))
                return fail(cx, RC_CONFLICT, NULL, "you have confirmed this already");
        return judged(cx, said);
}

/* Chore ------------------------------------------------------------------------------------------------------------------------------------ */

rc change_sweep(struct cx *cx)
{
        return sql_change_sweep(cx);
}

rc change_next(struct cx *cx, int64_t after, str *ret_tenant, int64_t *ret_id)
{
        struct change_due_row *due;

        TRY(sql_change_due(cx, after, &due));
        *ret_tenant = due == NULL ? STR_NONE : due->tenant;
        *ret_id = due == NULL ? 0 : due->id;
        return RC_OK;
}

rc change_tell(struct cx *cx, int64_t id, json_t **ret)
{
        struct change_duty_row *d;
        struct said words;
        str texts;

        TRY(sql_change_duty_take(cx, id, &d));
        if (d == NULL)
                return RC_OK;
        *ret = json_set(json_set(json_object(), "change", json_integer(d->change_id)), "about", json_str(d->about));
        words = (struct said){ .id = d->change_id,
                               .kind_ja = d->kind_ja,
                               .kind_en = d->kind_en,
                               .title_ja = d->title_ja,
                               .title_en = d->title_en,
                               .text_ja = d->text_ja,
                               .text_en = d->text_en,
                               .effect_ja = d->effect_ja,
                               .effect_en = d->effect_en,
                               .from = d->from_at,
                               .to = d->to_at,
                               .emergency = d->emergency };
        TRY(words_of(cx, str_format(cx->mem, "change_%.*s", STR_ARG(d->about)).p, &words, &texts));
        return sql_change_duty_tell(cx, id, texts);
}
