/* condition.h - which records are meant, as JSON (DESIGN 6; doc/conditions.md):
 *   {"all":[…]}  {"any":[…]}  {"none":[…]}                         groups, at most 5 deep, 100 conditions in all
 *   {"item":"prefecture","op":"in","value":["東京都","大阪府"]}     one condition
 *   {"history":{"register":"orders","has":[…]}}                    at least one entry of a history for which all of
 * these hold; "count": {">=": 2} more of them, "within_days": 90 lately ("on": by which day)
 *   {"segment":12}                                                 a saved condition of the same register (segment.h)
 * Read once against the definition; becomes SQL with parameters (sql.c) and a sentence for people. Beside
 * the items a condition may name id, created_at and updated_at (days in Asia/Tokyo). */
#ifndef DAICHO_REGISTER_CONDITION_H
#define DAICHO_REGISTER_CONDITION_H

#include "register/search.h"

struct condition;

enum { CONDITION_DEPTH_MAX = 5, CONDITION_COUNT_MAX = 100, CONDITION_VALUES_MAX = 500, CONDITION_SIZE_MAX = 32 * 1024, CONDITION_SEGMENTS_MAX = 4 };

/* json NULL or JSON null: every record; *ret NULL. Every mistake with its path ("condition.all[1].op"). Items this
 * account may not see are refused. Pieces of text are folded by the database: one trip, when there are any (without a
 * connection it is good for a sentence only). */
rc condition_parse(struct cx *cx, const struct definition *def, const json_t *json, struct condition **ret) MUST_USE;
struct condition_reading {
        int64_t segment;                 /* the condition is that of this segment, which it must not name; 0 */
        bool saved;                      /* it stands in a segment: whose segments it names was asked when it was saved */
        bool bare;                       /* good for sentences and facts only, and one trip less */
        const struct definition *wanted; /* of a history, as it is to become; NULL */
};
rc condition_parse_as(struct cx *cx, const struct definition *def, const json_t *json, const struct condition_reading *how,
                      struct condition **ret) MUST_USE;
/* The same from text; absent or empty: every record. *ret_json: as read, for models; NULL. */
rc condition_read(struct cx *cx, const struct definition *def, str text, struct condition **ret, json_t **ret_json) MUST_USE;

/* A boolean expression over alias r, in brackets. */
void condition_sql(struct sql *sql, const struct condition *condition);
/* Words every record meant must hold, so that the search index can lead to them; at most max. */
size_t condition_words(const struct cx *cx, const struct condition *condition, struct search_word *ret, size_t max);
/* "都道府県が東京都・大阪府のいずれか、かつポイントが100以上", in cx->lang. */
str condition_sentence(struct cx *cx, const struct condition *condition);

/* The operators, for builders: [{name, title, types:"text kana …", arity:"0"|"1"|"2"|"n", input:"number"?}]. */
json_t *condition_ops(struct cx *cx);
/* id, created_at and updated_at as items, for builders and OpenAPI. */
size_t condition_system_items(const struct item **ret);

#endif
