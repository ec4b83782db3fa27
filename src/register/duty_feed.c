/* duty_feed.c - see duty_feed.h. */
#include "base/house.h"

#include "register/duty_feed.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/fail.h"
#include "db/db.h"
#include "page/page.h"
#include "register/duty.h"
#include "register/duty.sql.h"
#include "register/record_model.h"

enum { LINE = 75, CALENDAR_MAX = 4 << 20 };

static str hash_of(struct cx *cx, str key)
{
        uint8_t *hash = arena_alloc(cx->mem, SHA256_SIZE);

        crypto_sha256(key, hash);
        return (str){ (const char *)hash, SHA256_SIZE };
}

rc duty_feed_make(struct cx *cx, str *ret_key)
{
        uint8_t secret[DUTY_FEED_BYTES];
        bool done;
        str key;

        crypto_random(secret, sizeof(secret));
        key = crypto_hex(cx->mem, secret, sizeof(secret));
        TRY(sql_duty_feed_set(cx, hash_of(cx, key), &done));
        if (!done)
                return fail(cx, RC_FORBIDDEN, NULL, "a feed belongs to a person's account");
        *ret_key = key;
        return RC_OK;
}

rc duty_feed_revoke(struct cx *cx)
{
        bool done;

        TRY(sql_duty_feed_set(cx, STR_NONE, &done));
        return done ? RC_OK : fail(cx, RC_FORBIDDEN, NULL, "a feed belongs to a person's account");
}

rc duty_feed_mine(struct cx *cx, json_t **ret)
{
        struct duty_feed_row *row;
        json_t *m = json_object();

        TRY(sql_duty_feed_mine(cx, &row));
        if (row == NULL) {
                *ret = json_null();
                return RC_OK;
        }
        json_set(m, "made_at", json_str(clock_rfc3339(cx->mem, row->made_at)));
        json_set(m, "used_at", row->used_at_null ? json_null() : json_str(clock_rfc3339(cx->mem, row->used_at)));
        *ret = m;
        return RC_OK;
}

/* One content line: folded so that no line is longer than 75 octets, never inside a character (RFC 5545, 3.1). */
static void line(struct buf *out, str s)
{
        size_t used = 0;

        for (size_t i = 0; i < s.n;) {
                size_t n = 1;

                while (i + n < s.n && ((unsigned char)s.p[i + n] & 0xc0) == 0x80)
                        n++;
                if (used + n > LINE) {
                        buf_text(out, "\r\n ");
                        used = 1;
                }
                buf_add(out, (str){ s.p + i, n });
                used += n;
                i += n;
        }
        buf_text(out, "\r\n");
}

/* TEXT (3.3.11). */
static str escaped(struct cx *cx, str s)
{
        struct buf b = buf_open(cx->mem, s.n * 2 + 1);

        for (size_t i = 0; i < s.n; i++) {
                if (s.p[i] == '\\' || s.p[i] == ';' || s.p[i] == ',')
                        buf_char(&b, '\\');
                buf_char(&b, s.p[i] == '\n' ? ' ' : s.p[i]);
        }
        return buf_str(&b);
}

/* 20261123T053000Z */
static str instant(struct cx *cx, msec at)
{
        struct civil c = clock_tokyo(at - 9 * CLOCK_HOUR);

        return str_format(cx->mem, "%04d%02d%02dT%02d%02d%02dZ", (int)c.date.year, (int)c.date.month, (int)c.date.day, (int)c.hour, (int)c.minute,
                          (int)c.second);
}

/* headings: {REGISTER: {NUMBER: heading}}. */
static rc title_of(struct cx *cx, enum lang lang, const struct duty_feed_entry *e, const json_t *headings, str *ret)
{
        str title = lang == LANG_EN ? e->title_en : e->title_ja, heading;
        const struct definition *def;

        if (!str_is(e->kind, "clock") && !str_is(e->kind, "round") && !str_is(e->kind, "move")) {
                *ret = page_text(lang, str_format(cx->mem, "duties.kind.%.*s", STR_ARG(e->kind)).p);
                return RC_OK;
        }
        if (str_is(e->kind, "move"))
                title = str_format(cx->mem, "%.*s: %.*s", STR_ARG(page_text(lang, "duties.kind.move")), STR_ARG(title));
        TRY(definition_get(cx, e->register_, &def));
        if (e->record_null) {
                *ret = str_format(cx->mem, "%.*s (%.*s)", STR_ARG(title), STR_ARG(def->title[lang]));
                return RC_OK;
        }
        heading = json_get_text(json_object_get(headings, str_z(cx->mem, e->register_)), db_int(cx, e->record).p);
        *ret = str_format(cx->mem, "%.*s (%.*s: %.*s)", STR_ARG(title), STR_ARG(def->title[lang]), STR_ARG(heading));
        return RC_OK;
}

static rc event(struct cx *cx, struct buf *out, enum lang lang, const struct duty_feed_entry *e, const json_t *headings, str url, msec now)
{
        str title, host = str_starts(url, S("https://")) ? (str){ url.p + 8, url.n - 8 } : url;

        TRY(title_of(cx, lang, e, headings, &title));
        if (e->missed)
                title = str_format(cx->mem, "%.*s %.*s", STR_ARG(page_text(lang, "duties.feed_missed")), STR_ARG(title));
        line(out, S("BEGIN:VEVENT"));
        line(out, str_format(cx->mem, "UID:duty-%" PRId64 "@%.*s", e->id, STR_ARG(host)));
        line(out, str_format(cx->mem, "DTSTAMP:%.*s", STR_ARG(instant(cx, now))));
        line(out, str_format(cx->mem, "DTSTART:%.*s", STR_ARG(instant(cx, e->due_at))));
        line(out, str_format(cx->mem, "SUMMARY:%.*s", STR_ARG(escaped(cx, title))));
        line(out, str_format(cx->mem, "URL:%.*s/duties/%" PRId64, STR_ARG(url), e->id));
        line(out, S("TRANSP:TRANSPARENT"));
        line(out, S("END:VEVENT"));
        return RC_OK;
}

rc duty_feed_read(struct cx *cx, str key, struct duty_feed *ret)
{
        struct duty_feed_entry *row;
        size_t count;
        msec now;

        if (str_absent(key) || key.n != DUTY_FEED_BYTES * 2)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such calendar");
        TRY(sql_duty_feed_read(cx, hash_of(cx, key), cx->actor.source, &row, &count));
        if (count == 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such calendar");
        TRY(sql_duty_now(cx, &now));
        *ret = (struct duty_feed){ row->tenant, row->login, row->account, row, count, now };
        return RC_OK;
}

/* One look-up a register. */
static rc headings_make(struct cx *cx, const struct duty_feed *feed, json_t **ret)
{
        int64_t *ids = NEW_ARRAY(cx->mem, int64_t, feed->count);

        *ret = json_object();
        for (size_t i = 0; i < feed->count; i++) {
                str name = feed->entries[i].register_;
                size_t count = 0;
                json_t *headings;

                if (feed->entries[i].id_null || str_absent(name) || json_object_get(*ret, str_z(cx->mem, name)) != NULL)
                        continue;
                for (size_t k = i; k < feed->count; k++)
                        if (str_equal(feed->entries[k].register_, name))
                                ids[count++] = feed->entries[k].record;
                TRY(record_model_names(cx, name, ids, count, &headings));
                json_set(*ret, str_z(cx->mem, name), headings);
        }
        return RC_OK;
}

rc duty_feed_write(struct cx *cx, const struct duty_feed *feed, str url, str *ret)
{
        struct buf out = buf_open(cx->mem, CALENDAR_MAX);
        enum lang lang = str_is(feed->entries->lang, "en") ? LANG_EN : LANG_JA;
        json_t *headings;

        must(cx->masked);
        cx->lang = lang;
        TRY(headings_make(cx, feed, &headings));
        line(&out, S("BEGIN:VCALENDAR"));
        line(&out, S("VERSION:2.0"));
        line(&out, S("PRODID:-//Daicho//Duties//EN"));
        line(&out, S("CALSCALE:GREGORIAN"));
        line(&out, S("METHOD:PUBLISH"));
        line(&out, str_format(cx->mem, "X-WR-CALNAME:%.*s", STR_ARG(page_text(lang, "duties.feed_name"))));
        line(&out, S("REFRESH-INTERVAL;VALUE=DURATION:PT1H"));
        for (size_t i = 0; i < feed->count; i++)
                if (!feed->entries[i].id_null)
                        TRY(event(cx, &out, lang, &feed->entries[i], headings, url, feed->now));
        line(&out, S("END:VCALENDAR"));
        if (buf_full(&out))
                return fail(cx, RC_TOO_LARGE, NULL, "there are too many duties for a calendar");
        *ret = buf_str(&out);
        return RC_OK;
}
