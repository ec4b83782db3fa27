/* leaf.c - see leaf.h. Writing is on the path of the sealer and of verifying, hundreds of thousands a second: no formatting by printf. */
#include "base/house.h"

#include "log/leaf.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/fail.h"
#include "base/utf8.h"

#define HEAD   "daicho-entry/v1\n"
#define HASHED ".sha256"

enum { TIME_DIGITS = 27, US = 1000000, DAY_S = 86400, DAYS_MAX = 2932897 /* to the end of the year 9999 */ };

/* `count` decimal digits of n, the last `count` of them. */
static void digits_write(char *to, int count, int64_t n)
{
        for (int i = count - 1; i >= 0; i--, n /= 10)
                to[i] = (char)('0' + n % 10);
}

static void time_write(struct buf *b, int64_t us)
{
        static int64_t day = -1;
        static char text[TIME_DIGITS + 1] = "0000-00-00T00:00:00.000000Z";
        int64_t second = us / US, clock = second % DAY_S;

        must(us >= 0 && second / DAY_S < DAYS_MAX);
        if (second / DAY_S != day) {
                /* the calendar is Tokyo's: its midnight is nine hours before that of UTC */
                struct date date = clock_tokyo((second / DAY_S * DAY_S - 9 * 3600) * 1000).date;

                digits_write(text, 4, date.year);
                digits_write(text + 5, 2, date.month);
                digits_write(text + 8, 2, date.day);
                day = second / DAY_S;
        }
        digits_write(text + 11, 2, clock / 3600);
        digits_write(text + 14, 2, clock / 60 % 60);
        digits_write(text + 17, 2, clock % 60);
        digits_write(text + 20, 6, us % US);
        buf_text(b, "time ");
        buf_add(b, (str){ text, TIME_DIGITS });
        buf_char(b, '\n');
}

static size_t escaped_length(str value)
{
        size_t n = value.n;

        for (size_t i = 0; i < value.n; i++) {
                uint8_t c = (uint8_t)value.p[i];

                n += c == '\\' ? 1 : c < 0x20 || c == 0x7f ? 3 : 0;
        }
        return n;
}

static void escape(struct buf *b, str value)
{
        static const char hex[] = "0123456789abcdef";
        size_t done = 0;

        for (size_t i = 0; i < value.n; i++) {
                uint8_t c = (uint8_t)value.p[i];

                if (c >= 0x20 && c != 0x7f && c != '\\')
                        continue;
                buf_add(b, (str){ value.p + done, i - done });
                done = i + 1;
                if (c == '\\')
                        buf_text(b, "\\\\");
                else
                        buf_add(b, (str){ (const char[]){ '\\', 'x', hex[c >> 4], hex[c & 15] }, 4 });
        }
        buf_add(b, (str){ value.p + done, value.n - done });
}

static void line(struct buf *b, str key, str value)
{
        if (str_absent(value) || str_empty(value))
                return;
        buf_add(b, key);
        if (escaped_length(value) > LEAF_VALUE_MAX) {
                uint8_t digest[SHA256_SIZE];

                crypto_sha256(value, digest);
                buf_text(b, HASHED " ");
                buf_add(b, crypto_base64(b->mem, digest, sizeof(digest)));
        } else {
                buf_char(b, ' ');
                escape(b, value);
        }
        buf_char(b, '\n');
}

str leaf_write(struct arena *mem, const struct leaf *leaf)
{
        struct buf b = buf_open(mem, LEAF_MAX);

        must(str_absent(leaf->commitment) || leaf->commitment.n == SHA256_SIZE);
        buf_text(&b, HEAD "number ");
        buf_int(&b, leaf->number);
        buf_char(&b, '\n');
        time_write(&b, leaf->time_us);
        buf_text(&b, "actor ");
        escape(&b, leaf->actor_kind);
        buf_char(&b, ' ');
        buf_int(&b, leaf->actor_id);
        buf_char(&b, '\n');
        line(&b, S("name"), leaf->actor);
        line(&b, S("groups"), leaf->groups);
        line(&b, S("source"), leaf->source);
        line(&b, S("verb"), leaf->verb);
        line(&b, S("kind"), leaf->kind);
        if (leaf->has_subject) {
                buf_text(&b, "subject ");
                buf_int(&b, leaf->subject);
                buf_char(&b, '\n');
        }
        line(&b, S("result"), leaf->result);
        if (!str_absent(leaf->commitment))
                line(&b, S("commit"), crypto_base64(mem, leaf->commitment.p, leaf->commitment.n));
        must(!buf_full(&b));
        return buf_str(&b);
}

/* The value of the line `key`, when it is the next one; absent when another line is. */
static str value_take(str *rest, str key)
{
        str after, one = str_cut(*rest, '\n', &after);

        if (!str_starts(one, key) || one.n <= key.n || one.p[key.n] != ' ')
                return STR_NONE;
        *rest = after;
        return (str){ one.p + key.n + 1, one.n - key.n - 1 };
}

static int hex_value(char c)
{
        const char *at = c ? strchr("0123456789abcdef", c) : NULL;

        return at ? (int)(at - "0123456789abcdef") : -1;
}

static bool control(int c)
{
        return (c >= 0 && c < 0x20) || c == 0x7f;
}

/* What escape() writes, and nothing else: what comes out is UTF-8 without NUL, whoever wrote the entry. */
static bool unescape(struct arena *mem, str text, str *ret)
{
        char *out = arena_alloc(mem, text.n + 1);
        size_t n = 0;

        for (size_t i = 0; i < text.n; i++) {
                int c = text.p[i];

                if (control(c))
                        return false;
                if (c == '\\' && i + 1 < text.n && text.p[i + 1] == '\\') {
                        i++;
                } else if (c == '\\') {
                        if (i + 3 >= text.n || text.p[i + 1] != 'x' || hex_value(text.p[i + 2]) < 0 || hex_value(text.p[i + 3]) < 0)
                                return false;
                        c = hex_value(text.p[i + 2]) << 4 | hex_value(text.p[i + 3]);
                        if (c == 0 || !control(c))
                                return false;
                        i += 3;
                }
                out[n++] = (char)c;
        }
        *ret = (str){ out, n };
        return true;
}

/* ret_hashed: the value stands there as its hash. */
static bool text_take(struct arena *mem, str *rest, str key, str *ret, bool *ret_hashed)
{
        str hashed = value_take(rest, str_format(mem, "%.*s" HASHED, STR_ARG(key))), plain;

        *ret = STR_NONE;
        if (!str_absent(hashed)) {
                *ret_hashed = true;
                *ret = str_format(mem, "sha256:%.*s", STR_ARG(hashed));
                return crypto_base64_read(mem, hashed, &plain) && plain.n == SHA256_SIZE;
        }
        plain = value_take(rest, key);
        return str_absent(plain) || (unescape(mem, plain, ret) && ret->n > 0);
}

static bool number_take(str *rest, str key, int64_t *ret)
{
        str value = value_take(rest, key);

        return !str_absent(value) && str_int(value, ret);
}

static bool time_take(str *rest, int64_t *ret)
{
        str value = value_take(rest, S("time"));
        int64_t us = 0;
        msec ms;

        if (str_absent(value) || value.n != TIME_DIGITS || !clock_read(value, &ms) || ms < 0)
                return false;
        for (size_t i = 20; i < 26; i++)
                us = us * 10 + (value.p[i] - '0');
        *ret = ms / 1000 * US + us;
        return true;
}

static bool commit_take(struct arena *mem, str *rest, str *ret)
{
        str value = value_take(rest, S("commit"));

        *ret = STR_NONE;
        return str_absent(value) || (crypto_base64_read(mem, value, ret) && ret->n == SHA256_SIZE);
}

static bool parts_read(struct arena *mem, str rest, struct leaf *l, bool *ret_hashed)
{
        str actor, id;

        rest = (str){ rest.p + sizeof(HEAD) - 1, rest.n - (sizeof(HEAD) - 1) };
        if (!number_take(&rest, S("number"), &l->number) || !time_take(&rest, &l->time_us))
                return false;
        actor = value_take(&rest, S("actor"));
        for (id = actor; memchr(id.p ? id.p : "", ' ', id.n);)
                (void)str_cut(id, ' ', &id);
        if (str_absent(actor) || id.n + 1 > actor.n || !str_int(id, &l->actor_id) ||
            !unescape(mem, (str){ actor.p, actor.n - id.n - 1 }, &l->actor_kind))
                return false;
        if (!text_take(mem, &rest, S("name"), &l->actor, ret_hashed) || !text_take(mem, &rest, S("groups"), &l->groups, ret_hashed) ||
            !text_take(mem, &rest, S("source"), &l->source, ret_hashed) || !text_take(mem, &rest, S("verb"), &l->verb, ret_hashed) ||
            !text_take(mem, &rest, S("kind"), &l->kind, ret_hashed))
                return false;
        l->has_subject = str_starts(rest, S("subject ")) && number_take(&rest, S("subject"), &l->subject);
        return text_take(mem, &rest, S("result"), &l->result, ret_hashed) && commit_take(mem, &rest, &l->commitment) && rest.n == 0;
}

rc leaf_read(struct cx *cx, str text, struct leaf *ret)
{
        struct leaf l = { .number = 0 };
        bool hashed = false;

        if (text.n > LEAF_MAX || !utf8_valid(text) || !str_starts(text, S(HEAD)) || !str_ends(text, S("\n")) ||
            !parts_read(cx->mem, text, &l, &hashed) || (!hashed && !str_equal(leaf_write(cx->mem, &l), text)))
                return fail(cx, RC_MALFORMED, NULL, "this is no entry of an operation log (daicho-entry/v1)");
        *ret = l;
        return RC_OK;
}
