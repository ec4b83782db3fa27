/* watch.c - see watch.h. */
#include "base/house.h"

#include "cli/watch.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/fail.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/trail.h"
#include "cli/watch.sql.h"
#include "db/db.h"
#include "page/page.h"
#include "post/message.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

enum {
        ROUND_MS = 1000,
        REVOKED_MS = 5000,
        KEEP_MS = 60000, /* how often the place is written when there was nothing to tell */
        CHUNK = 1 << 20,
        TOLD_MAX = 100, /* connections told of at once; more are counted */
        LIST_BYTES = 4 << 20,
        BODY_MAX = 18000,
        SUBJECT_MAX = 300,
        NAME_MAX = 100,
};

/* What the service itself connects as, with its own name as application_name (cli/place.c). Everybody else is somebody. */
static const char *const service[] = { "daicho_owner", "daicho_web",    "daicho_auth",    "daicho_jobs",   "daicho_cli",
                                       "daicho_sso",   "daicho_mailer", "daicho_courier", "daicho_sealer", "daicho_watch" };

struct reading {
        const struct watch *watch;
        str file; /* "": none yet */
        char file_text[256];
        int64_t place;
        bool skipping; /* in the middle of a line longer than a chunk */
        int64_t kept_place;
        msec kept_at, revoked_at;
        uint8_t revoked[SHA256_SIZE];
        bool revoked_known;
        uint8_t unproven[SHA256_SIZE];
};

struct found {
        json_t *connections;
        int64_t count;
};

rc watch_recipients(struct cx *cx, str text, struct watch *watch)
{
        watch->recipient_count = 0;
        while (text.n > 0) {
                str one = str_trim(str_cut(text, ',', &text));

                if (str_empty(one))
                        continue;
                if (!message_address_valid(one))
                        return fail(cx, RC_INVALID, "alarm_recipients", "\"%.*s\" is not an e-mail address", STR_ARG(one));
                for (size_t i = 0; i < watch->recipient_count; i++)
                        if (str_equal_nocase(watch->recipients[i], one))
                                return fail(cx, RC_INVALID, "alarm_recipients", "names %.*s twice", STR_ARG(one));
                if (watch->recipient_count == WATCH_RECIPIENTS_MAX)
                        return fail(cx, RC_INVALID, "alarm_recipients", "at most %d addresses", WATCH_RECIPIENTS_MAX);
                watch->recipients[watch->recipient_count++] = one;
        }
        if (watch->recipient_count == 1)
                return fail(cx, RC_INVALID, "alarm_recipients",
                            "must name at least two people, separated by commas: one alone may be the one who did it");
        return RC_OK;
}

static bool named_so(str message, str name)
{
        return !str_empty(name) && str_ends(message, name) && message.n > name.n + 18 &&
               str_equal((str){ message.p + message.n - name.n - 18, 18 }, S(" application_name="));
}

static bool by_the_start(const struct watch *watch, str message)
{
        str names = watch->start_names;

        while (names.n > 0)
                if (named_so(message, str_trim(str_cut(names, '\n', &names))))
                        return true;
        return false;
}

/* Is this one of our own processes? */
static bool own(const struct watch *watch, str user, str message)
{
        if (str_is(user, "postgres"))
                return by_the_start(watch, message);
        for (size_t i = 0; i < COUNT(service); i++)
                if (str_is(user, service[i]))
                        return named_so(message, user);
        return false;
}

static json_t *short_text(str s)
{
        return json_str(s.n > NAME_MAX ? (str){ s.p, NAME_MAX } : s);
}

static void note(struct found *found, const json_t *line, str user, bool let_in)
{
        str host = json_get_text(line, "remote_host"), application = json_get_text(line, "message"), rest;
        json_t *one = json_object(), *detail = json_object();

        found->count++;
        if (found->count > TOLD_MAX)
                return;
        json_set(one, "user", short_text(str_absent(user) ? S("?") : user));
        json_set(one, "source", short_text(str_absent(host) ? S("-") : host));
        json_set(one, "result", json_str(let_in ? S("OK") : S("UNAUTHORIZED")));
        json_set(one, "let_in", json_boolean(let_in));
        json_set(detail, "at", short_text(json_get_text(line, "timestamp")));
        json_set(detail, "database", short_text(json_get_text(line, "dbname")));
        json_set(detail, "process", json_copy(json_object_get(line, "pid")));
        while (let_in && application.p != NULL) {
                str word = str_cut(application, ' ', &rest);

                if (str_starts(word, S("application_name=")))
                        json_set(detail, "application", short_text((str){ word.p + 17, word.n - 17 }));
                application = rest;
        }
        json_set(one, "detail", detail);
        must(json_array_append_new(found->connections, one) == 0);
}

static bool holds(str line, str what)
{
        return memmem(line.p, line.n, what.p, what.n) != NULL;
}

/* One line of the server's log. What is no JSON was cut short by a crash. */
static void line_take(struct cx *cx, const struct watch *watch, str line, struct found *found)
{
        json_t *entry;
        str message, user, state;

        if (!holds(line, S("connection authorized:")) && !holds(line, S("\"FATAL\"")))
                return;
        if (json_read(cx, line, &entry) != RC_OK) {
                fail_clear(cx);
                return;
        }
        message = json_get_text(entry, "message");
        user = json_get_text(entry, "user");
        state = json_get_text(entry, "state_code");
        if (str_starts(message, S("connection authorized:"))) {
                if (!own(watch, user, message))
                        note(found, entry, user, true);
        } else if (str_is(json_get_text(entry, "error_severity"), "FATAL") && (str_is(state, "28P01") || str_is(state, "28000"))) {
                note(found, entry, user, false);
        }
}

static void lines_take(struct cx *cx, struct reading *r, str text, struct found *found)
{
        while (text.n > 0) {
                const char *end = memchr(text.p, '\n', text.n);
                size_t n = end ? (size_t)(end - text.p) + 1 : 0;

                if (end == NULL)
                        break;
                if (!r->skipping)
                        line_take(cx, r->watch, (str){ text.p, n - 1 }, found);
                r->skipping = false;
                r->place += (int64_t)n;
                text = (str){ text.p + n, text.n - n };
        }
        if (text.n >= CHUNK) { /* a line without end */
                r->place += (int64_t)text.n;
                r->skipping = true;
        }
}

static void file_set(struct reading *r, str name)
{
        must(name.n < sizeof(r->file_text));
        memcpy(r->file_text, name.p, name.n);
        r->file = (str){ r->file_text, name.n };
}

/* The next file after the one that was read to its end; false: there is none yet. */
static bool file_next(struct cx *cx, struct reading *r)
{
        str *files;
        size_t count;

        if (trail_files(cx, r->watch->directory, &files, &count) != RC_OK)
                return false;
        for (size_t i = 0; i < count; i++) {
                if (str_compare(files[i], r->file) > 0) {
                        file_set(r, files[i]);
                        r->place = 0;
                        r->skipping = false;
                        return true;
                }
        }
        return false;
}

/* Reads on; true: there may be more at once. */
static bool read_on(struct cx *cx, struct reading *r, struct found *found)
{
        char *bytes = arena_alloc(cx->mem, CHUNK);
        ssize_t n = 0;
        int fd = -1;

        if (!str_empty(r->file))
                fd = open(str_z(cx->mem, str_format(cx->mem, "%s/%.*s", r->watch->directory, STR_ARG(r->file))), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd >= 0) {
                n = pread(fd, bytes, CHUNK, r->place);
                (void)close(fd);
        }
        if (n > 0) {
                int64_t before = r->place;

                lines_take(cx, r, (str){ bytes, (size_t)n }, found);
                if (r->place != before)
                        return true;
        }
        return file_next(cx, r); /* nothing more here: a line that is half written is completed before the server goes on to another file */
}

static rc text_make(struct cx *cx, const char *key, json_t *model, size_t max, str *ret)
{
        struct buf out = buf_open(cx->mem, max);

        for (enum lang lang = LANG_JA; lang < LANG_END; lang++) {
                if (out.n > 0)
                        buf_add(&out, strcmp(key, "notice.database.subject") == 0 ? S(" / ") : S("\n\n--\n"));
                cx->lang = lang;
                TRY(page_render_plain(cx, page_text(lang, key), model, &out));
        }
        *ret = buf_str(&out);
        return RC_OK;
}

static rc tell(struct cx *cx, struct reading *r, const struct found *found)
{
        json_t *model = json_object();
        str subject, body;

        json_set(model, "connections", found->connections);
        json_set(model, "count", json_integer(found->count));
        json_set(model, "more", json_integer(found->count > TOLD_MAX ? found->count - TOLD_MAX : 0));
        TRY(text_make(cx, "notice.database.subject", model, SUBJECT_MAX, &subject));
        TRY(text_make(cx, "notice.database.body", model, BODY_MAX, &body));
        return sql_watch_tell(cx, r->file, r->place, subject, body, db_array(cx, r->watch->recipients, r->watch->recipient_count),
                              json_write(cx->mem, found->connections));
}

/* Everything new in the server's log. */
static rc log_look(struct cx *cx, struct reading *r)
{
        struct found found = { .connections = json_array() };
        int chunks = 0;

        while (chunks++ < 16 && found.count <= TOLD_MAX && read_on(cx, r, &found))
                ;
        if (found.count > 0)
                TRY(tell(cx, r, &found));
        else if (r->place != r->kept_place && clock_tick() - r->kept_at >= KEEP_MS)
                TRY(sql_watch_tell(cx, r->file, r->place, STR_NONE, STR_NONE, S("{}"), S("[]")));
        else
                return RC_OK;
        r->kept_place = r->place;
        r->kept_at = clock_tick();
        return RC_OK;
}

/* Serials nginx must refuse, when they are others than before. */
static rc revoked_look(struct cx *cx, struct reading *r)
{
        struct buf list = buf_open(cx->mem, LIST_BYTES);
        uint8_t hash[SHA256_SIZE];
        str *serials;
        size_t count;

        TRY(sql_watch_revoked(cx, &serials, &count));
        for (size_t i = 0; i < count; i++) {
                buf_add(&list, serials[i]);
                buf_char(&list, '\n');
        }
        must(!buf_full(&list));
        crypto_sha256(buf_str(&list), hash);
        r->revoked_at = clock_tick();
        if (r->revoked_known && memcmp(hash, r->revoked, sizeof(hash)) == 0)
                return RC_OK;
        TRY(file_write(cx, r->watch->revoked, buf_str(&list), 0600));
        memcpy(r->revoked, hash, sizeof(r->revoked));
        r->revoked_known = true;
        return RC_OK;
}

/* Numbers of certificates whose erasure nobody has looked at yet. */
static rc unproven_look(struct cx *cx, struct reading *r)
{
        uint8_t hash[SHA256_SIZE];
        str ids;

        TRY(sql_watch_unproven(cx, &ids));
        crypto_sha256(ids, hash);
        if (memcmp(hash, r->unproven, sizeof(hash)) == 0)
                return RC_OK;
        TRY(file_write(cx, r->watch->unproven, ids, 0600));
        memcpy(r->unproven, hash, sizeof(r->unproven));
        return RC_OK;
}

static rc begin(struct cx *cx, struct reading *r)
{
        struct watch_position *position;

        if (r->kept_at != 0)
                return RC_OK;
        TRY(sql_watch_place(cx, &position));
        file_set(r, position->file);
        r->place = r->kept_place = position->place;
        r->kept_at = clock_tick();
        return RC_OK;
}

/* After a failure it begins again where it was written down last: told twice is better than not told. */
static rc look(struct cx *cx, struct reading *r)
{
        rc result;

        TRY(db_ensure(cx));
        TRY(begin(cx, r));
        result = log_look(cx, r);
        if (result != RC_OK)
                r->kept_at = 0;
        TRY(result);
        if (!r->revoked_known || clock_tick() - r->revoked_at >= REVOKED_MS) {
                TRY(revoked_look(cx, r));
                TRY(unproven_look(cx, r));
        }
        return RC_OK;
}

void watch_run(struct cx *cx, const struct watch *watch, const volatile bool *stop)
{
        struct reading r = { .watch = watch, .file = S("") };
        bool troubled = false;

        while (!*stop) {
                arena_reset(cx->mem);
                fail_clear(cx);
                if (look(cx, &r) == RC_OK) {
                        troubled = false;
                } else if (!troubled) {
                        troubled = true;
                        (void)fprintf(stderr, "daicho: watch result=%s text=\"%.*s\" database=\"%s\"\n", rc_name(cx->failure.code),
                                      STR_ARG(cx->failure.count ? cx->failure.problem[0].text : S("")), db_refusal(cx));
                }
                (void)poll(NULL, 0, ROUND_MS);
        }
}
