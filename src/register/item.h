/* item.h - one value of an item: how people and files write it, how PostgreSQL keeps it, how it is shown. One table of
 * types in item.c.
 *
 * "Stored" text is PostgreSQL's input and output form of the column: what statements take as argument and COPY takes
 * after escaping. Reading repairs instead of refusing: width, kana, hyphens, eras of dates are brought into one form; a
 * value is refused only when its meaning is in doubt. Reading what was stored gives the same text again, so that an
 * unchanged file changes nothing. */
#ifndef DAICHO_REGISTER_ITEM_H
#define DAICHO_REGISTER_ITEM_H

#include "register/definition.h"

enum item_reason {
        ITEM_FINE,
        ITEM_MISSING, /* required and empty */
        ITEM_SHORT,
        ITEM_LONG,
        ITEM_CONTROL, /* control character, or not UTF-8 */
        ITEM_NOT_KANA,
        ITEM_NOT_EMAIL,
        ITEM_NOT_TELEPHONE,
        ITEM_NOT_POSTAL_CODE,
        ITEM_NOT_URL,
        ITEM_NOT_INTEGER,
        ITEM_NOT_DECIMAL,
        ITEM_TOO_FINE, /* more decimal places than the item has */
        ITEM_TOO_SMALL,
        ITEM_TOO_LARGE,
        ITEM_NOT_DATE,
        ITEM_NO_SUCH_DAY,
        ITEM_NOT_ERA_DAY, /* written by an era that has no such day: 昭和65年1月1日 */
        ITEM_NOT_DATETIME,
        ITEM_NOT_BOOLEAN,
        ITEM_NOT_CHOICE,
        ITEM_NOT_REFERENCE,
        ITEM_NOT_CHOICES,
        ITEM_TOO_FEW,
        ITEM_TOO_MANY,
        ITEM_NOT_CHARACTERS,
        ITEM_NOT_ACCOUNT,
        ITEM_NOT_FILE,
        ITEM_REASONS
};

/* The cheap path, for files: no sentence is made. raw: valid UTF-8 of any length. *ret: stored text, absent for an
 * empty value; it points into `raw` where nothing had to be rewritten, else into `mem`. Nothing is allocated for a
 * value that is in its stored form already. ITEM_REFERENCE and ITEM_ACCOUNT give the trimmed text as it is: digits are an id, anything
 * else is the key of the record or the log-in name referred to - the caller looks it up. */
enum item_reason item_read(struct arena *mem, const struct item *item, str raw, str *ret) MUST_USE;

/* The sentence for a reason, in cx->lang, as fail() words it ("must be a day of the calendar, such as 1990-02-28"). */
str item_reason_text(struct cx *cx, const struct item *item, enum item_reason reason);
const char *item_reason_word(enum item_reason reason); /* "NOT_EMAIL": for counting, and for machines */

/* The same with the refusal made: fail() about this item. For one value (forms, API, conditions). */
rc item_parse(struct cx *cx, const struct item *item, str raw, str *ret) MUST_USE;
/* From JSON: text, number or boolean as fits the type; null and "" are empty. */
rc item_parse_json(struct cx *cx, const struct item *item, const json_t *v, str *ret) MUST_USE;

/* Stored text to what people read in `lang`: "2026年11月22日", "1,200", "はい", the title of a choice. */
str item_show(struct arena *mem, enum lang lang, const struct item *item, str stored);
/* Stored text to what files hold: dates 2026-11-22, instants 2026-11-22 14:05:09 in Tokyo's time, numbers without separators, はい/いいえ or yes/no, the choice's
 * title in `lang`. Reading it back gives the stored text. Only several choices are written anew, into `mem`. */
str item_write(struct arena *mem, enum lang lang, const struct item *item, str stored);
/* Stored text to JSON: number, boolean, text or null. Decimals are texts, which lose nothing on their way; instants as RFC 3339 has them. */
json_t *item_json(const struct item *item, str stored);

const char *item_pg_type(const struct item *item); /* "text" "bigint" "numeric" "date" "timestamptz" "boolean" "text[]" */
bool item_sortable(const struct item *item);       /* has an order in which a list can be read */

#endif
