/* item.c - see item.h: the table of types, and the doors to it. Reading stands in item_text.c (texts, readings), item_code.c (addresses and numbers with
 * a shape), item_scalar.c (numbers, days, yes or no, references), item_choice.c and item_choices.c. How to add a type: a line in `types`, a sentence in `reasons`, a
 * line in define.c when its column needs more than a type. */
#include "base/house.h"

#include "register/item.h"

#include "base/clock.h"
#include "base/fail.h"
#include "base/utf8.h"
#include "register/item_account.h"
#include "register/item_choice.h"
#include "register/item_choices.h"
#include "register/item_class.h"
#include "register/item_code.h"
#include "register/item_file.h"
#include "register/item_scalar.h"
#include "register/item_text.h"

/* Showing
 * --------------------------------------------------------------------------------------------------------------------------------
 */

static str show_same(struct arena *mem, enum lang lang, const struct item *item, str s)
{
        return s;
}

static str show_integer(struct arena *mem, enum lang lang, const struct item *item, str s)
{
        char *p = arena_alloc(mem, s.n + s.n / 3 + 1);
        size_t sign = s.n > 0 && s.p[0] == '-', n = 0;

        for (size_t i = 0; i < s.n; i++) {
                if (i > sign && (s.n - i) % 3 == 0)
                        p[n++] = ',';
                p[n++] = s.p[i];
        }
        return (str){ p, n };
}

/* Groups of three before the point only. */
static str show_decimal(struct arena *mem, enum lang lang, const struct item *item, str s)
{
        size_t dot = 0;
        str whole;

        while (dot < s.n && s.p[dot] != '.')
                dot++;
        whole = show_integer(mem, lang, item, (str){ s.p, dot });
        return str_format(mem, "%.*s%.*s", STR_ARG(whole), (int)(s.n - dot), s.p + dot);
}

static str show_date(struct arena *mem, enum lang lang, const struct item *item, str s)
{
        struct date d;

        if (!clock_read_date(s, &d))
                return s;
        if (lang == LANG_JA) {
                str era = item->era ? clock_era(mem, d) : STR_NONE;

                return str_absent(era) ? str_format(mem, "%d年%d月%d日", d.year, d.month, d.day)
                                       : str_format(mem, "%d年%d月%d日（%.*s）", d.year, d.month, d.day, STR_ARG(era));
        }
        s = clock_date_text(mem, lang, d); /* "Sat 3 Feb 1990": a birthday has no weekday */
        return (str){ s.p + 4, s.n - 4 };
}

static str show_datetime(struct arena *mem, enum lang lang, const struct item *item, str s)
{
        msec at;

        return clock_read(s, &at) ? clock_text(mem, lang, at) : s;
}

static str write_datetime(struct arena *mem, enum lang lang, const struct item *item, str s)
{
        return str_ends(s, S("+09")) ? (str){ s.p, s.n - 3 } : s;
}

static str write_boolean(struct arena *mem, enum lang lang, const struct item *item, str s)
{
        bool yes = s.n > 0 && s.p[0] == 't';

        return lang == LANG_JA ? (yes ? S("はい") : S("いいえ")) : (yes ? S("Yes") : S("No"));
}

static str show_boolean(struct arena *mem, enum lang lang, const struct item *item, str s)
{
        return write_boolean(mem, lang, item, s);
}

static str show_choice(struct arena *mem, enum lang lang, const struct item *item, str s)
{
        return item_choice_write(lang, item, s);
}

static str write_choice(struct arena *mem, enum lang lang, const struct item *item, str s)
{
        return item_choice_write(lang, item, s);
}

static str show_reference(struct arena *mem, enum lang lang, const struct item *item, str s)
{
        return str_format(mem, "#%.*s", STR_ARG(s));
}

static str write_same(struct arena *mem, enum lang lang, const struct item *item, str s)
{
        return s;
}

static json_t *json_of_text(str s)
{
        return json_stringn_nocheck(s.p, s.n);
}

static json_t *json_of_integer(str s)
{
        int64_t v = 0;

        return str_int(s, &v) ? json_integer(v) : json_of_text(s);
}

static json_t *json_of_datetime(str s)
{
        char text[] = "2026-11-22T14:05:09+09:00";

        if (s.n != sizeof "2026-11-22 14:05:09+09" - 1 || !str_ends(s, S("+09")))
                return json_of_text(s);
        memcpy(text, s.p, 10);
        memcpy(text + 11, s.p + 11, 8);
        return json_string(text);
}

static json_t *json_of_boolean(str s)
{
        return json_boolean(s.n > 0 && s.p[0] == 't');
}

/* The table of types.
 * ----------------------------------------------------------------------------------------------------------------------
 */
/* Reads one type. s: trimmed, not empty, without control characters. */
typedef enum item_reason (*reader)(struct arena *mem, const struct item *item, str s, str *ret);

static const struct {
        const char *name;
        const char *pg;
        reader read;
        str (*show)(struct arena *mem, enum lang lang, const struct item *item, str s);
        str (*write)(struct arena *mem, enum lang lang, const struct item *item, str s);
        json_t *(*json)(str s);
        /* clang-format off */
} types[ITEM_TYPES] = {
        [ITEM_TEXT] = { "text", "text", item_text_read, show_same, write_same, json_of_text },
        [ITEM_KANA] = { "kana", "text", item_text_read_kana, show_same, write_same, json_of_text },
        [ITEM_EMAIL] = { "email", "text", item_code_email, show_same, write_same, json_of_text },
        [ITEM_TELEPHONE] = { "telephone", "text", item_code_telephone, show_same, write_same, json_of_text },
        [ITEM_POSTAL_CODE] = { "postal_code", "text", item_code_postal, show_same, write_same, json_of_text },
        [ITEM_URL] = { "url", "text", item_code_url, show_same, write_same, json_of_text },
        [ITEM_INTEGER] = { "integer", "bigint", item_scalar_integer, show_integer, write_same, json_of_integer },
        [ITEM_DECIMAL] = { "decimal", "numeric", item_scalar_decimal, show_decimal, write_same, json_of_text },
        [ITEM_DATE] = { "date", "date", item_scalar_date, show_date, write_same, json_of_text },
        [ITEM_DATETIME] = { "datetime", "timestamptz", item_scalar_datetime, show_datetime, write_datetime, json_of_datetime },
        [ITEM_BOOLEAN] = { "boolean", "boolean", item_scalar_boolean, show_boolean, write_boolean, json_of_boolean },
        [ITEM_CHOICE] = { "choice", "text", item_choice_read, show_choice, write_choice, json_of_text },
        [ITEM_REFERENCE] = { "reference", "bigint", item_scalar_reference, show_reference, write_same, json_of_integer },
        [ITEM_CHOICES] = { "choices", "text[]", item_choices_read, item_choices_show, item_choices_write, item_choices_json },
        [ITEM_ACCOUNT] = { "account", "bigint", item_account_read, show_reference, write_same, json_of_integer },
        [ITEM_COMPUTED] = { "computed", "text", item_text_read, show_same, write_same, json_of_text },
        [ITEM_FILE] = { "file", "text", item_file_read, item_file_show, item_file_write, item_file_json },
};
/* clang-format on */

/* Sentences. %lld is the limit, %s the choices. */
static const struct {
        const char *word;
        const char *text;
        /* clang-format off */
} reasons[ITEM_REASONS] = {
        [ITEM_FINE] = { "FINE", "" },
        [ITEM_MISSING] = { "MISSING", "must not be empty" },
        [ITEM_SHORT] = { "SHORT", "must be at least %lld characters long" },
        [ITEM_LONG] = { "LONG", "must be at most %lld characters long" },
        [ITEM_CONTROL] = { "CONTROL", "must not hold control characters" },
        [ITEM_NOT_KANA] = { "NOT_KANA", "must be a reading in kana, such as サトウ" },
        [ITEM_NOT_EMAIL] = { "NOT_EMAIL", "must be an e-mail address, such as hanako@example.jp" },
        [ITEM_NOT_TELEPHONE] = { "NOT_TELEPHONE", "must be a telephone number with its area code, such as 03-1234-5678" },
        [ITEM_NOT_POSTAL_CODE] = { "NOT_POSTAL_CODE", "must be a postal code of seven digits, such as 123-4567" },
        [ITEM_NOT_URL] = { "NOT_URL", "must be a web address, such as https://www.example.jp/" },
        [ITEM_NOT_INTEGER] = { "NOT_INTEGER", "must be a whole number, such as 1200" },
        [ITEM_NOT_DECIMAL] = { "NOT_DECIMAL", "must be a number, such as 1200.5" },
        [ITEM_TOO_FINE] = { "TOO_FINE", "must have at most %lld decimal places" },
        [ITEM_TOO_SMALL] = { "TOO_SMALL", "must be at least %lld" },
        [ITEM_TOO_LARGE] = { "TOO_LARGE", "must be at most %lld" },
        [ITEM_NOT_DATE] = { "NOT_DATE", "must be a date, such as 1990-02-28" },
        [ITEM_NO_SUCH_DAY] = { "NO_SUCH_DAY", "must be a day that the calendar has" },
        [ITEM_NOT_ERA_DAY] = { "NOT_ERA_DAY", "must be a day that its era has, such as 令和6年5月1日 (明治 ended in 45-07-30, 大正 in 15-12-25, 昭和 in 64-01-07, 平成 in 31-04-30)" },
        [ITEM_NOT_DATETIME] = { "NOT_DATETIME", "must be a day and time, such as 2026-02-28 14:05" },
        [ITEM_NOT_BOOLEAN] = { "NOT_BOOLEAN", "must be yes or no" },
        [ITEM_NOT_CHOICE] = { "NOT_CHOICE", "must be one of: %s" },
        [ITEM_NOT_REFERENCE] = { "NOT_REFERENCE", "must be the number or the key of a record" },
        [ITEM_NOT_CHOICES] = { "NOT_CHOICES", "must be some of these, with ; between them: %s" },
        [ITEM_TOO_FEW] = { "TOO_FEW", "must be at least %lld of the choices" },
        [ITEM_TOO_MANY] = { "TOO_MANY", "must be at most %lld of the choices" },
        [ITEM_NOT_ACCOUNT] = { "NOT_ACCOUNT", "must be the log-in name or the number of an account" },
        [ITEM_NOT_FILE] = { "NOT_FILE", "is a file, which is handed in by itself and not as a value" },
        [ITEM_NOT_CHARACTERS] = { "NOT_CHARACTERS", "may hold only these characters: %s" },
};
/* clang-format on */

/* The doors
 * ---------------------------------------------------------------------------------------------------------------------------------
 */

enum item_reason item_read(struct arena *mem, const struct item *item, str raw, str *ret)
{
        enum item_reason reason;
        str s = STR_NONE;

        if (!str_absent(raw))
                raw = item_text_trim(raw);
        if (raw.n == 0) {
                if (item->required)
                        return ITEM_MISSING;
                *ret = STR_NONE;
                return ITEM_FINE;
        }
        if (item_text_control(raw))
                return ITEM_CONTROL;
        reason = types[item->type].read(mem, item, raw, &s);
        if (reason == ITEM_FINE)
                *ret = s;
        return reason;
}

static str choice_titles(struct cx *cx, const struct item *item)
{
        enum { SHOWN = 10 };
        str all = S("");

        for (size_t i = 0; i < item->choice_count && i < SHOWN; i++)
                all = str_format(cx->mem, "%.*s%s%.*s", STR_ARG(all),
                                 i == 0                ? ""
                                 : cx->lang == LANG_JA ? "、"
                                                       : ", ",
                                 STR_ARG(item->choices[i].title[cx->lang]));
        return item->choice_count > SHOWN ? str_format(cx->mem, "%.*s …", STR_ARG(all)) : all;
}

str item_reason_text(struct cx *cx, const struct item *item, enum item_reason reason)
{
        const char *format = fail_translate(cx->lang, reasons[reason].text);

        if (reason == ITEM_NOT_CHOICE || reason == ITEM_NOT_CHOICES)
                return str_format(cx->mem, format, str_z(cx->mem, choice_titles(cx, item)));
        if (reason == ITEM_NOT_CHARACTERS)
                return str_format(cx->mem, format, str_z(cx->mem, item_class_title(cx->mem, cx->lang, item->characters)));
        if (reason == ITEM_SHORT || reason == ITEM_TOO_SMALL || reason == ITEM_TOO_FEW)
                return str_format(cx->mem, format, (long long)item->min);
        if (reason == ITEM_LONG || reason == ITEM_TOO_LARGE || reason == ITEM_TOO_MANY)
                return str_format(cx->mem, format, (long long)item->max);
        if (reason == ITEM_TOO_FINE)
                return str_format(cx->mem, format, (long long)item->scale);
        return str_of(format);
}

const char *item_reason_word(enum item_reason reason)
{
        return reasons[reason].word;
}

static rc refuse(struct cx *cx, const struct item *item, enum item_reason reason)
{
        str text = item_reason_text(cx, item, reason);

        return fail(cx, RC_INVALID, item->name.p, "%.*s", STR_ARG(text));
}

rc item_parse(struct cx *cx, const struct item *item, str raw, str *ret)
{
        enum item_reason reason = str_absent(raw) || utf8_valid(raw) ? item_read(cx->mem, item, raw, ret) : ITEM_CONTROL;

        return reason == ITEM_FINE ? RC_OK : refuse(cx, item, reason);
}

/* ["PC", "サーバ"]: each a value, title or alias. */
static rc parse_list(struct cx *cx, const struct item *item, const json_t *list, str *ret)
{
        size_t i;
        json_t *one;

        json_array_foreach((json_t *)(uintptr_t)list, i, one)
                if (!json_is_string(one) || !utf8_valid(json_text(one)) || i >= DEFINITION_CHOICES_MAX)
                        return refuse(cx, item, ITEM_NOT_CHOICES);
        return item_parse(cx, item, item_choices_of_json(cx->mem, list), ret);
}

rc item_parse_json(struct cx *cx, const struct item *item, const json_t *v, str *ret)
{
        /* clang-format off */
        static const enum item_reason wrong[ITEM_TYPES] = {
                [ITEM_TEXT] = ITEM_CONTROL, [ITEM_KANA] = ITEM_NOT_KANA, [ITEM_EMAIL] = ITEM_NOT_EMAIL, [ITEM_TELEPHONE] = ITEM_NOT_TELEPHONE,
                [ITEM_POSTAL_CODE] = ITEM_NOT_POSTAL_CODE, [ITEM_URL] = ITEM_NOT_URL, [ITEM_DECIMAL] = ITEM_NOT_DECIMAL,
                [ITEM_DATETIME] = ITEM_NOT_DATETIME, [ITEM_INTEGER] = ITEM_NOT_INTEGER, [ITEM_DATE] = ITEM_NOT_DATE,
                [ITEM_BOOLEAN] = ITEM_NOT_BOOLEAN, [ITEM_CHOICE] = ITEM_NOT_CHOICE, [ITEM_REFERENCE] = ITEM_NOT_REFERENCE,
                [ITEM_CHOICES] = ITEM_NOT_CHOICES, [ITEM_ACCOUNT] = ITEM_NOT_ACCOUNT, [ITEM_COMPUTED] = ITEM_CONTROL, [ITEM_FILE] = ITEM_NOT_FILE,
        };
        /* clang-format on */

        if (v == NULL || json_is_null(v))
                return item_parse(cx, item, STR_NONE, ret);
        if (json_is_string(v))
                return item_parse(cx, item, json_text(v), ret);
        if (json_is_integer(v) && item->type != ITEM_BOOLEAN)
                return item_parse(cx, item, str_format(cx->mem, "%" PRId64, (int64_t)json_integer_value(v)), ret);
        if (json_is_real(v) && item->type == ITEM_DECIMAL)
                return item_parse(cx, item, str_format(cx->mem, "%.15g", json_real_value(v)), ret);
        if (json_is_boolean(v) && item->type == ITEM_BOOLEAN) {
                *ret = json_is_true(v) ? S("t") : S("f");
                return RC_OK;
        }
        if (item->type == ITEM_CHOICES && json_is_array(v))
                return parse_list(cx, item, v, ret);
        if (item->type == ITEM_TEXT)
                return fail(cx, RC_INVALID, item->name.p, "must be a text");
        if ((item->type == ITEM_REFERENCE || item->type == ITEM_ACCOUNT) && json_is_integer(json_object_get(v, "id")))
                return item_parse_json(cx, item, json_object_get(v, "id"), ret);
        return refuse(cx, item, wrong[item->type]);
}

str item_show(struct arena *mem, enum lang lang, const struct item *item, str stored)
{
        return str_absent(stored) ? S("") : types[item->type].show(mem, lang, item, stored);
}

str item_write(struct arena *mem, enum lang lang, const struct item *item, str stored)
{
        return str_absent(stored) ? S("") : types[item->type].write(mem, lang, item, stored);
}

json_t *item_json(const struct item *item, str stored)
{
        return str_absent(stored) ? json_null() : types[item->type].json(stored);
}

const char *item_pg_type(const struct item *item)
{
        return types[item->type].pg;
}

bool item_sortable(const struct item *item)
{
        return !item->lines && item->type != ITEM_CHOICES && item->type != ITEM_ACCOUNT && item->type != ITEM_FILE && item_stored(item);
}

const char *item_label_name(enum item_label classification)
{
        static const char *const names[ITEM_LABELS] = { "public", "contact", "internal", "confidential" };

        return names[classification];
}

const char *item_type_name(enum item_type type)
{
        return types[type].name;
}
