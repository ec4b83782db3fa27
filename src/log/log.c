/* log.c - see log.h. Writing is on the path of every request: one queued insert, or with detail one queued statement. */
#include "base/house.h"

#include "log/log.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/fail.h"
#include "db/db.h"
#include "log/commitment.h"
#include "log/leaf.h"
#include "log/log.sql.h"
#include "page/page.h"

enum { DETAIL_MAX = 48 * 1024, WINDOW = 200000, PATIENCE_MS = 1000 };

struct log_draft {
        str kind;
        int64_t id;
        enum log_verb verb; /* LOG_NOTHING: the route's */
        json_t *detail;     /* object or NULL */
        bool quiet;
};

static const char *const words[] = {
#define VERB(name, word) word,
#include "log/verb.tbl"
#undef VERB
};

const char *log_verb_word(enum log_verb verb)
{
        must((unsigned)verb < LOG_VERBS);
        return words[verb];
}

static struct log_draft *draft(struct cx *cx)
{
        if (cx->log == NULL)
                cx->log = NEW(cx->mem, struct log_draft);
        return cx->log;
}

void log_subject(struct cx *cx, str kind, int64_t id)
{
        struct log_draft *d = draft(cx);

        d->kind = kind;
        d->id = id;
}

void log_subject_otherwise(struct cx *cx, str kind)
{
        if (str_empty(draft(cx)->kind))
                draft(cx)->kind = kind;
}

str log_about(struct cx *cx, int64_t *ret_id)
{
        *ret_id = draft(cx)->id;
        return draft(cx)->kind;
}

void log_verb(struct cx *cx, enum log_verb verb)
{
        draft(cx)->verb = verb;
}

void log_quiet(struct cx *cx)
{
        draft(cx)->quiet = true;
}

void log_detail(struct cx *cx, const char *name, json_t *value)
{
        struct log_draft *d = draft(cx);

        if (d->detail == NULL)
                d->detail = json_object();
        json_set(d->detail, name, value);
}

json_t *log_difference(const json_t *before, const json_t *after)
{
        json_t *out = json_object(), *value;
        const char *name;

        json_object_foreach((json_t *)(uintptr_t)after, name, value) {
                json_t *old = json_object_get(before, name), *pair;

                if (json_equal(old ? old : json_null(), value))
                        continue;
                pair = json_object();
                json_set(pair, "from", old ? json_incref(old) : json_null());
                json_set(pair, "to", json_incref(value));
                json_set(out, name, pair);
        }
        return out;
}

/* Which items were wrong; not what was in them, and not the sentence, which may quote it. */
static void note_refusal(struct cx *cx)
{
        json_t *items = json_object(), *list = json_array();
        const char *name;
        json_t *one;

        for (size_t i = 0; i < cx->failure.count; i++)
                if (cx->failure.problem[i].item != NULL)
                        json_set(items, cx->failure.problem[i].item, json_true());
        if (json_object_size(items) == 0)
                return;
        json_object_foreach(items, name, one)
                must(json_array_append_new(list, json_str(str_of(name))) == 0);
        log_detail(cx, "items", list);
}

static str detail_text(struct cx *cx, struct log_draft *d)
{
        str text;

        if (d->detail == NULL || json_object_size(d->detail) == 0)
                return STR_NONE;
        text = json_write(cx->mem, d->detail);
        if (text.n > DETAIL_MAX) {
                json_t *cut = json_object();

                json_set(cut, "too_long", json_integer((json_int_t)text.n));
                text = json_write(cx->mem, cut);
        }
        return text;
}

static str actor_kind_word(enum actor_kind kind)
{
        static const char *const kinds[] = { "nobody", "account", "key", "operator", "system" };

        return str_of(kinds[kind]);
}

static str or_empty(str s)
{
        return str_absent(s) ? S("") : s;
}

/* Before a contract is entered the database does not know who acts. */
static void write_outside(struct cx *cx, str word, const struct log_draft *d, const int64_t *id, str code, str detail, str salt, str commitment)
{
        const struct actor *a = &cx->actor;

        sql_log_insert_house_queue(cx, actor_kind_word(a->kind), a->id, or_empty(a->name), or_empty(a->groups), or_empty(a->source), word, d->kind,
                                   id, code, detail, salt, commitment);
}

void log_write(struct cx *cx, enum log_verb verb, rc result)
{
        struct log_draft *d = draft(cx);
        str word = str_of(log_verb_word(d->verb != LOG_NOTHING ? d->verb : verb)), code = str_of(rc_name(result));
        const int64_t *id = d->id != 0 ? &d->id : NULL;
        uint8_t salt[COMMITMENT_SALT_SIZE], commitment[COMMITMENT_SIZE];
        str salt_text = STR_NONE, commitment_text = STR_NONE, detail;

        if (result == RC_OK && d->quiet)
                return;
        if (result != RC_OK)
                note_refusal(cx);
        detail = detail_text(cx, d);
        if (!str_absent(detail)) {
                crypto_random(salt, sizeof(salt));
                salt_text = (str){ (const char *)salt, sizeof(salt) };
                commitment_of(cx->mem, salt_text, detail, commitment);
                commitment_text = (str){ (const char *)commitment, sizeof(commitment) };
        }
        if (str_absent(cx->tenant))
                write_outside(cx, word, d, id, code, detail, salt_text, commitment_text);
        else if (str_absent(detail))
                sql_log_insert_queue(cx, word, d->kind, id, code);
        else
                sql_log_insert_detail_queue(cx, word, d->kind, id, code, commitment_text, salt_text, detail);
}

/* Reading ------------------------------------------------------------------------------------------------------------------------------ */

struct titles {
        struct log_register *registers;
        size_t count;
};

/* A text of the catalogue, or `otherwise` when it has none. */
static str text_or(struct cx *cx, const char *group, str name, str otherwise)
{
        const char *key = str_format(cx->mem, "%s.%.*s", group, STR_ARG(name)).p;
        str found = page_text(cx->lang, key);

        return str_is(found, key) ? otherwise : found;
}

static str kind_title(struct cx *cx, const struct titles *titles, str kind)
{
        for (size_t i = 0; i < titles->count; i++) {
                const struct log_register *r = &titles->registers[i];
                str title = cx->lang == LANG_EN ? r->title_en : r->title_ja;

                if (str_equal(r->name, kind))
                        return str_absent(title) ? kind : title;
        }
        return text_or(cx, "log.kind", kind, kind);
}

/* "hanakoが顧客 123を変更しました". */
static rc sentence(struct cx *cx, const struct log_entry *e, str actor, str subject, str *ret)
{
        json_t *model = json_object();
        struct buf out = buf_open(cx->mem, KB(4));
        bool refused = !str_is(e->result, "OK");
        str text;

        json_set(model, "actor", json_str(actor));
        json_set(model, "subject", json_str(subject));
        json_set(model, "has_subject", json_boolean(subject.n > 0));
        json_set(model, "verb", json_str(text_or(cx, "verb", e->verb, e->verb)));
        text = refused ? page_text(cx->lang, "log.refused") : text_or(cx, "log.sentence", e->verb, page_text(cx->lang, "log.plain"));
        TRY(page_render_plain(cx, text, model, &out));
        *ret = buf_str(&out);
        return RC_OK;
}

/* "2026/11/22 14:05:09": who reads a log looks for what came first. */
static str at_second(struct arena *mem, msec at)
{
        return str_format(mem, "%.*s:%02d", STR_ARG(clock_short(mem, at)), (int)clock_tokyo(at).second);
}

static rc entry_model(struct cx *cx, const struct titles *titles, const struct log_entry *e, json_t **ret)
{
        json_t *m = json_object();
        str actor = e->actor.n > 0 ? e->actor : text_or(cx, "log.actor", e->actor_kind, e->actor_kind), subject = S(""), text;

        if (!str_absent(e->kind)) {
                subject = kind_title(cx, titles, e->kind);
                if (!e->subject_id_null)
                        subject = str_format(cx->mem, "%.*s %" PRId64, STR_ARG(subject), e->subject_id);
        }
        TRY(sentence(cx, e, actor, subject, &text));
        json_set(m, "id", json_integer(e->id));
        json_set(m, "at", json_str(clock_rfc3339(cx->mem, e->at)));
        json_set(m, "actor_kind", json_str(e->actor_kind));
        json_set(m, "actor_id", json_integer(e->actor_id));
        json_set(m, "actor", json_str(e->actor));
        json_set(m, "groups", json_str(e->groups));
        json_set(m, "source", json_str(e->source));
        json_set(m, "verb", json_str(e->verb));
        json_set(m, "kind", json_str(e->kind));
        json_set(m, "subject_id", e->subject_id_null ? json_null() : json_integer(e->subject_id));
        json_set(m, "result", json_str(e->result));
        json_set(m, "ok", json_boolean(str_is(e->result, "OK")));
        json_set(m, "has_detail", json_boolean(!str_absent(e->commitment)));
        json_set(m, "at_text", json_str(clock_text(cx->mem, cx->lang, e->at)));
        json_set(m, "at_second", json_str(at_second(cx->mem, e->at)));
        json_set(m, "actor_text", json_str(actor));
        json_set(m, "verb_title", json_str(text_or(cx, "verb", e->verb, e->verb)));
        json_set(m, "subject_text", json_str(subject));
        json_set(m, "result_text",
                 json_str(str_is(e->verb, "login") && str_is(e->result, "UNAUTHORIZED") ? page_text(cx->lang, "log.login_failed")
                                                                                        : text_or(cx, "log.result", e->result, e->result)));
        json_set(m, "sentence", json_str(text));
        *ret = m;
        return RC_OK;
}

static rc titles_read(struct cx *cx, struct titles *ret)
{
        return sql_log_registers(cx, &ret->registers, &ret->count);
}

rc log_time(struct cx *cx, str text, bool end, const char *item, msec **ret)
{
        struct date date;
        msec at;

        if (str_absent(text) || str_empty(text)) {
                *ret = NULL;
                return RC_OK;
        }
        if (clock_read_date(text, &date))
                at = clock_from_tokyo((struct civil){ .date = date }) + (end ? CLOCK_DAY : 0);
        else if (!clock_read(text, &at))
                return fail(cx, RC_INVALID, item, "must be a day (2026-11-22) or a time with its zone (2026-11-22T09:00:00+09:00)");
        *ret = arena_copy(cx->mem, &at, sizeof(at));
        return RC_OK;
}

static str given(const json_t *filter, const char *name)
{
        str s = json_get_text(filter, name);

        return str_empty(s) ? STR_NONE : str_trim(s);
}

static rc word_check(struct cx *cx, str word, const char *item, const char *const *list, size_t count)
{
        if (str_absent(word))
                return RC_OK;
        for (size_t i = 0; i < count; i++)
                if (list[i][0] != 0 && str_is(word, list[i]))
                        return RC_OK;
        return fail(cx, RC_INVALID, item, "is not one of the values known here");
}

/* "ok", "refused" or a refusal's name -> what log_list's statement compares with. */
static rc result_read(struct cx *cx, str word, str *ret)
{
        static const char *const names[] = {
#define RC(name, http, exit, text) #name,
#include "base/rc.tbl"
#undef RC
        };

        if (str_is(word, "ok"))
                word = S("OK");
        if (str_is(word, "refused"))
                word = S("-");
        else
                TRY(word_check(cx, word, "result", names, COUNT(names)));
        *ret = word;
        return RC_OK;
}

/* What was asked for, read and checked. */
struct search {
        str actor, actor_kind, verb, kind, result, source, group, pattern;
        int64_t *subject;
        msec *from, *to;
        int64_t lowest, highest; /* numbers that can fit the time asked for */
        bool narrow;             /* something is filtered out */
        bool newer;              /* upwards */
};

static rc part(struct cx *cx, const struct search *s, int64_t low, int64_t high, int max, struct log_entry **ret, size_t *ret_count)
{
        bool text = !str_absent(s->pattern);

        /* each search has its own plan: which filters are given decides which index helps */
        db_queue(cx, S("set local plan_cache_mode = force_custom_plan"), NULL, 0);
        if (text && s->newer)
                return sql_log_newer_with(cx, s->actor, s->actor_kind, s->verb, s->kind, s->subject, s->result, s->source, s->group, s->from, s->to,
                                          low, high, max, s->pattern, ret, ret_count);
        if (text)
                return sql_log_older_with(cx, s->actor, s->actor_kind, s->verb, s->kind, s->subject, s->result, s->source, s->group, s->from, s->to,
                                          low, high, max, s->pattern, ret, ret_count);
        if (s->newer)
                return sql_log_newer(cx, s->actor, s->actor_kind, s->verb, s->kind, s->subject, s->result, s->source, s->group, s->from, s->to, low,
                                     high, max, ret, ret_count);
        return sql_log_older(cx, s->actor, s->actor_kind, s->verb, s->kind, s->subject, s->result, s->source, s->group, s->from, s->to, low, high,
                             max, ret, ret_count);
}

/* The text as it stands in JSON, for ilike. */
static str pattern_of(struct cx *cx, str text)
{
        struct buf json = buf_open(cx->mem, KB(16)), out = buf_open(cx->mem, KB(32));

        buf_json(&json, text);
        buf_char(&out, '%');
        for (size_t i = 1; i + 1 < json.n; i++) {
                if (strchr("\\%_", json.p[i]) != NULL)
                        buf_char(&out, '\\');
                buf_char(&out, json.p[i]);
        }
        buf_char(&out, '%');
        return buf_str(&out);
}

/* The lowest number whose entry, and all behind it, are not older than `at`, give or take a day: numbers are drawn when an entry is written, its time is
 * when its work began. About 25 looks into an index, whatever the size. */
static rc number_at(struct cx *cx, msec at, int64_t newest, int64_t *ret)
{
        int64_t low = 1, high = newest + 1;

        while (low < high) {
                int64_t middle = low + (high - low) / 2;
                struct log_step *step;

                TRY(sql_log_probe(cx, middle, &step));
                if (step == NULL || step->at >= at)
                        high = middle;
                else
                        low = step->id + 1;
        }
        *ret = low;
        return RC_OK;
}

static rc search_read(struct cx *cx, const json_t *filter, struct search *s)
{
        static const char *const kinds[] = { "nobody", "account", "key", "operator", "system" };
        const json_t *subject = json_object_get(filter, "subject");
        int64_t subject_id = json_integer_value(subject);
        bool numbered = json_is_integer(subject) || (json_is_string(subject) && str_int(json_text(subject), &subject_id));
        str text = given(filter, "text");

        *s = (struct search){ .actor = given(filter, "actor"),
                              .actor_kind = given(filter, "actor_kind"),
                              .verb = given(filter, "verb"),
                              .kind = given(filter, "kind"),
                              .source = given(filter, "source"),
                              .group = given(filter, "group"),
                              .pattern = STR_NONE };
        TRY(word_check(cx, s->verb, "verb", words, COUNT(words)));
        TRY(word_check(cx, s->actor_kind, "actor_kind", kinds, COUNT(kinds)));
        TRY(result_read(cx, given(filter, "result"), &s->result));
        TRY(log_time(cx, given(filter, "from"), false, "from", &s->from));
        TRY(log_time(cx, given(filter, "to"), true, "to", &s->to));
        if (numbered)
                s->subject = arena_copy(cx->mem, &subject_id, sizeof(subject_id));
        if (!str_absent(text) && (cx->masked || cx->desk))
                return fail(cx, RC_FORBIDDEN, "text", "what entries say exactly may hold personal items, which this account does not see");
        if (!str_absent(text))
                s->pattern = pattern_of(cx, text);
        s->narrow = !str_absent(s->actor) || !str_absent(s->actor_kind) || !str_absent(s->verb) || !str_absent(s->kind) || !str_absent(s->source) ||
                    !str_absent(s->group) || !str_absent(s->pattern) || !str_absent(s->result) || s->subject != NULL || s->from != NULL ||
                    s->to != NULL;
        return RC_OK;
}

/* Which numbers come into question. */
static rc bounds_find(struct cx *cx, const struct log_query *query, struct search *s)
{
        int64_t newest;

        TRY(sql_log_newest(cx, &newest));
        s->lowest = query->behind > 0 ? query->behind + 1 : 1;
        s->highest = query->before > 0 && query->before - 1 < newest ? query->before - 1 : newest;
        if (s->from != NULL) {
                int64_t low;

                TRY(number_at(cx, *s->from - CLOCK_DAY, newest, &low));
                s->lowest = low > s->lowest ? low : s->lowest;
        }
        if (s->to != NULL) {
                int64_t high;

                TRY(number_at(cx, *s->to + CLOCK_DAY, newest, &high));
                s->highest = high - 1 < s->highest ? high - 1 : s->highest;
        }
        s->newer = query->behind > 0;
        return RC_OK;
}

/* In windows of numbers, so that a search for what is rare ends in time. *ret_at: the last number looked at when there was no time for more, else 0. */
static rc gather(struct cx *cx, const struct search *s, bool patient, int wanted, struct log_entry *list, size_t *ret_count, int64_t *ret_at)
{
        msec begun = clock_tick();
        int64_t low = s->lowest, high = s->highest, window = s->narrow ? WINDOW : INT64_MAX;
        size_t count = 0;

        *ret_at = 0;
        while (low <= high && count < (size_t)wanted) {
                int64_t from = !s->newer && high - low >= window ? high - window + 1 : low;
                int64_t to = s->newer && high - low >= window ? low + window - 1 : high;
                struct log_entry *some;
                size_t found;

                TRY(part(cx, s, from, to, wanted - (int)count, &some, &found));
                memcpy(list + count, some, found * sizeof(*some));
                count += found;
                if (s->newer)
                        low = to + 1;
                else
                        high = from - 1;
                if (low <= high && count < (size_t)wanted && !patient && clock_tick() - begun > PATIENCE_MS) {
                        *ret_at = s->newer ? to : from;
                        break;
                }
        }
        *ret_count = count;
        return RC_OK;
}

static rc details_add(struct cx *cx, json_t *entries)
{
        struct buf ids = buf_open(cx->mem, KB(32));
        struct log_detail_row *rows;
        size_t count, i;
        json_t *entry;

        buf_char(&ids, '{');
        json_array_foreach(entries, i, entry) {
                if (!json_is_true(json_object_get(entry, "has_detail")))
                        continue;
                if (ids.n > 1)
                        buf_char(&ids, ',');
                buf_int(&ids, json_integer_value(json_object_get(entry, "id")));
        }
        buf_char(&ids, '}');
        TRY(sql_log_details(cx, buf_str(&ids), &rows, &count));
        for (size_t k = 0; k < count; k++)
                json_array_foreach(entries, i, entry) {
                        if (json_integer_value(json_object_get(entry, "id")) == rows[k].id)
                                json_set(entry, "detail_text", json_str(rows[k].detail));
                }
        return RC_OK;
}

/* Which numbers lead on, seen from a page of `count` entries (more: there is another one in this direction). */
static void cursors_set(json_t *model, const struct log_query *query, const struct log_entry *list, size_t count, bool more, int64_t at)
{
        int64_t next = 0, prev = 0;

        if (query->behind > 0) {
                prev = more ? list[0].id : at;
                next = count > 0 ? list[count - 1].id : query->behind + 1;
        } else {
                next = more ? list[count - 1].id : at;
                prev = query->before > 0 ? (count > 0 ? list[0].id : query->before - 1) : 0;
        }
        json_set(model, "next", next > 0 ? json_integer(next) : json_null());
        json_set(model, "prev", prev > 0 ? json_integer(prev) : json_null());
}

rc log_list(struct cx *cx, const struct log_query *query, json_t **ret)
{
        struct log_entry *list = NEW_ARRAY(cx->mem, struct log_entry, (size_t)query->limit + 1);
        json_t *entries = json_array(), *model = json_object();
        struct titles titles;
        struct search s;
        size_t count;
        int64_t at;
        bool more;

        must(query->limit >= 1 && query->limit <= LOG_LIMIT_MAX);
        TRY(search_read(cx, query->filter, &s));
        TRY(bounds_find(cx, query, &s));
        TRY(gather(cx, &s, query->patient, query->limit + 1, list, &count, &at));
        TRY(titles_read(cx, &titles));
        more = count > (size_t)query->limit;
        count -= more;
        for (size_t i = 0; s.newer && i < count / 2; i++) {
                struct log_entry swap = list[i];

                list[i] = list[count - 1 - i];
                list[count - 1 - i] = swap;
        }
        for (size_t i = 0; i < count; i++) {
                json_t *one;

                TRY(entry_model(cx, &titles, &list[i], &one));
                must(json_array_append_new(entries, one) == 0);
        }
        if (query->details && !cx->masked && !cx->desk && count > 0)
                TRY(details_add(cx, entries));
        json_set(model, "entries", entries);
        cursors_set(model, query, list, count, more, at);
        if (at > 0) {
                struct log_step *step;

                TRY(sql_log_probe(cx, at, &step));
                if (step != NULL)
                        json_set(model, "searched_to", json_str(clock_rfc3339(cx->mem, step->at)));
        }
        *ret = model;
        return RC_OK;
}

rc log_some(struct cx *cx, str ids, json_t **ret)
{
        struct log_entry *list;
        struct titles titles;
        size_t count;

        *ret = json_array();
        TRY(sql_log_numbered(cx, ids, &list, &count));
        TRY(titles_read(cx, &titles));
        for (size_t i = 0; i < count; i++) {
                json_t *one;

                TRY(entry_model(cx, &titles, &list[i], &one));
                must(json_array_append_new(*ret, one) == 0);
        }
        return cx->masked || cx->desk || count == 0 ? RC_OK : details_add(cx, *ret);
}

rc log_kind_title(struct cx *cx, str kind, str *ret)
{
        struct titles titles;

        TRY(titles_read(cx, &titles));
        *ret = kind_title(cx, &titles, kind);
        return RC_OK;
}

rc log_erasable(struct cx *cx, str kind, int64_t id, struct log_erasable *ret)
{
        struct log_kept *kept;

        TRY(sql_log_kept(cx, kind, id, &kept));
        ret->kept = kept->count;
        ret->hold = kept->hold_null ? 0 : kept->hold;
        return sql_log_erasable(cx, kind, id, &ret->count);
}

rc log_erase(struct cx *cx, str kind, int64_t id, str confirm, int64_t *ret_count, int64_t *ret_kept)
{
        struct log_kept *kept;
        str expected = str_format(cx->mem, "%.*s/%" PRId64, STR_ARG(kind), id);

        log_subject(cx, kind, id);
        if (!str_equal(str_trim(confirm), expected))
                return fail(cx, RC_INVALID, "confirm", "must be %.*s, so that nothing is erased by mistake", STR_ARG(expected));
        TRY(sql_log_erase(cx, kind, id, ret_count));
        TRY(sql_log_kept(cx, kind, id, &kept));
        if (*ret_count == 0 && kept->count > 0)
                return fail(cx, RC_CONFLICT, NULL, "hold %lld keeps what these entries say; it can be erased when the hold has ended",
                            (long long)kept->hold);
        *ret_kept = kept->count;
        log_detail(cx, "erased", json_integer(*ret_count));
        if (kept->count > 0)
                log_detail(cx, "held", json_integer(kept->count));
        return RC_OK;
}

/* The detail, when this reader may see it and it is still there. */
static rc detail_read(struct cx *cx, const struct log_entry *e, json_t *model)
{
        struct log_detail *d;
        uint8_t again[COMMITMENT_SIZE];
        json_t *detail;
        const char *state = "none";

        if (str_absent(e->commitment)) {
                json_set(model, "detail_state", json_str(str_of(state)));
                return RC_OK;
        }
        json_set(model, "commitment", json_str(crypto_hex(cx->mem, e->commitment.p, e->commitment.n)));
        if (cx->masked || cx->desk) {
                json_set(model, "detail_state", json_str(S("hidden")));
                return RC_OK;
        }
        TRY(sql_log_detail_find(cx, e->id, &d));
        if (d == NULL) {
                json_set(model, "detail_state", json_str(S("erased")));
                return RC_OK;
        }
        TRY(json_read(cx, d->detail, &detail));
        commitment_of(cx->mem, d->salt, d->detail, again);
        json_set(model, "detail_state", json_str(S("shown")));
        json_set(model, "detail", detail);
        json_set(model, "salt", json_str(crypto_hex(cx->mem, d->salt.p, d->salt.n)));
        json_set(model, "proven", json_boolean(str_equal(e->commitment, (str){ (const char *)again, sizeof(again) })));
        return RC_OK;
}

rc log_get(struct cx *cx, int64_t id, json_t **ret)
{
        struct log_entry *e;
        struct titles titles;
        json_t *model;
        int64_t hold;

        TRY(sql_log_find(cx, id, &e));
        if (e == NULL)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such entry in the log");
        TRY(titles_read(cx, &titles));
        TRY(entry_model(cx, &titles, e, &model));
        TRY(detail_read(cx, e, model));
        if (str_is(json_get_text(model, "detail_state"), "shown")) {
                TRY(sql_log_kept_one(cx, id, &hold));
                if (hold != 0)
                        json_set(model, "hold", json_integer(hold));
        }
        *ret = model;
        return RC_OK;
}

rc log_told(struct cx *cx, const struct leaf *leaf, json_t **ret)
{
        struct log_entry e = { .id = leaf->number,
                               .at = leaf->time_us / 1000,
                               .actor_kind = leaf->actor_kind,
                               .actor_id = leaf->actor_id,
                               .actor = str_absent(leaf->actor) ? S("") : leaf->actor,
                               .groups = str_absent(leaf->groups) ? S("") : leaf->groups,
                               .source = str_absent(leaf->source) ? S("") : leaf->source,
                               .verb = leaf->verb,
                               .kind = str_empty(leaf->kind) ? STR_NONE : leaf->kind,
                               .subject_id_null = !leaf->has_subject,
                               .subject_id = leaf->subject,
                               .result = leaf->result,
                               .commitment = leaf->commitment };
        struct titles titles;

        TRY(titles_read(cx, &titles));
        return entry_model(cx, &titles, &e, ret);
}

static void choice_add(json_t *list, str name, str title, str chosen)
{
        json_t *one = json_set(json_set(json_object(), "name", json_str(name)), "title", json_str(title));

        must(json_array_append_new(list, json_set(one, "selected", json_boolean(str_equal(chosen, name)))) == 0);
}

rc log_kind_choices(struct cx *cx, str chosen, json_t **ret)
{
        static const char *const kinds[] = { "account",  "person",     "department", "group",       "session", "factor",   "policy",
                                             "provider", "applicant",  "key",        "certificate", "opt_out", "register", "job",
                                             "log",      "log_review", "log_hold",   "notice",      "support", "change",   "tenant" };
        json_t *list = json_array();
        struct titles titles;

        chosen = str_absent(chosen) ? S("") : chosen;
        TRY(titles_read(cx, &titles));
        for (size_t i = 0; i < titles.count; i++)
                choice_add(list, titles.registers[i].name, kind_title(cx, &titles, titles.registers[i].name), chosen);
        for (size_t i = 0; i < COUNT(kinds); i++)
                choice_add(list, str_of(kinds[i]), kind_title(cx, &titles, str_of(kinds[i])), chosen);
        *ret = list;
        return RC_OK;
}

json_t *log_verb_choices(struct cx *cx, str chosen)
{
        json_t *list = json_array();

        for (int v = LOG_NOTHING + 1; v < LOG_VERBS; v++) {
                json_t *one = json_object();

                json_set(one, "name", json_str(str_of(words[v])));
                json_set(one, "title", json_str(text_or(cx, "verb", str_of(words[v]), str_of(words[v]))));
                json_set(one, "selected", json_boolean(str_is(chosen, words[v])));
                must(json_array_append_new(list, one) == 0);
        }
        return list;
}
