/* move.c - see move.h. */
#include "base/house.h"

#include "register/move.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/fail.h"
#include "base/text.h"
#include "page/page.h"
#include "register/item.h"
#include "register/move.sql.h"
#include "register/move_rule.h"
#include "register/record.h"
#include "register/sql.h"

enum { COURSE_SHOWN = 50 };

/* What the database said, as a refusal. */
static const struct {
        const char *said;
        rc code;
        const char *text;
} answers[] = {
        { "unknown", RC_UNKNOWN, "there is no such move here" },
        { "state", RC_CONFLICT, "this move is not possible in the state the record is in now" },
        { "forbidden", RC_FORBIDDEN, "making a move needs the right to write records here" },
        { "who", RC_FORBIDDEN, "this is for others; the definition of the register says who" },
        { "person", RC_FORBIDDEN, "this needs a person, and nobody knows whose key this is" },
        { "key", RC_FORBIDDEN, "approvals are given by people who are logged in, not by keys" },
        { "requester", RC_FORBIDDEN, "whoever asked for it does not approve it, with whatever account" },
        { "drafter", RC_FORBIDDEN, "whoever wrote the record does not approve it, with whatever account" },
        { "approver", RC_FORBIDDEN, "whoever approved an earlier step does not do this one, with whatever account" },
        { "twice", RC_CONFLICT, "this person has approved already, and counts once" },
        { "open", RC_CONFLICT, "another move of this record waits for approvals; it must be carried out or withdrawn first" },
        { "stale", RC_STALE, "somebody changed this record in the meantime; please look at it again" },
        { "over", RC_CONFLICT, "nothing is waited for here any more" },
        { "waiting", RC_CONFLICT, "approvals are still missing" },
        { "changed", RC_CONFLICT, "the record was changed since; what was approved is void and must be asked for anew" },
        { "rule", RC_CONFLICT, "the rule of this move was changed since; it must be asked for anew" },
        { "own", RC_FORBIDDEN, "only whoever asked withdraws it" },
};

/* "回答、回答日時": items that must be filled in first; of others than this account may see only that there are. */
static str missing_text(struct cx *cx, const struct definition *def, str names)
{
        struct buf b = buf_open(cx->mem, KB(64));

        while (!str_empty(names)) {
                str one = str_cut(names, ' ', &names);
                const struct item *item = def ? definition_item(def, one) : NULL;

                if (b.n > 0)
                        buf_add(&b, cx->lang == LANG_JA ? S("、") : S(", "));
                buf_add(&b, item != NULL && sql_visible(cx, item) ? item->title[cx->lang] : page_text(cx->lang, "moves.hidden_item"));
        }
        return buf_str(&b);
}

static rc answer(struct cx *cx, const struct definition *def, str said, str missing)
{
        if (str_is(said, "required"))
                return fail(cx, RC_CONFLICT, NULL, "must be filled in first: %.*s", STR_ARG(missing_text(cx, def, missing)));
        for (size_t i = 0; i < COUNT(answers); i++)
                if (str_is(said, answers[i].said))
                        return fail(cx, answers[i].code, NULL, answers[i].text, 0);
        return RC_OK;
}

/* The same as a sentence for a page; null: nothing is against it. */
static json_t *why(struct cx *cx, const struct definition *def, bool can, str said, str missing)
{
        struct cx sub = *cx;

        if (can)
                return json_null();
        sub.failure = (struct failure){ .code = RC_OK };
        if (answer(&sub, def, said, missing) == RC_OK)
                return json_null();
        return json_str(str_copy(cx->mem, sub.failure.problem[0].text));
}

static str title_of(const struct cx *cx, str ja, str en)
{
        return cx->lang == LANG_EN ? en : ja;
}

static json_t *state_title(struct cx *cx, const struct definition *def, str value)
{
        return json_str(def->state ? item_show(cx->mem, cx->lang, def->state, value) : value);
}

static json_t *time_model(struct cx *cx, msec at, bool none)
{
        return none ? json_null() : json_str(clock_rfc3339(cx->mem, at));
}

str move_who(struct cx *cx, const struct definition *def, str who)
{
        str rest, kind = str_cut(who, ':', &rest), word = page_text(cx->lang, str_format(cx->mem, "moves.who.%.*s", STR_ARG(kind)).p);
        const struct item *item = str_is(kind, "item") ? definition_item(def, rest) : NULL;

        if (str_is(kind, "author"))
                return word;
        return str_format(cx->mem, "%.*s: %.*s", STR_ARG(word), STR_ARG((item ? item->title[cx->lang] : rest)));
}

/* "グループ: 課長、「担当」の人" */
static str who_text(struct cx *cx, const struct definition *def, str json)
{
        struct buf b = buf_open(cx->mem, KB(16));
        json_t *list, *one;
        size_t i;

        if (json_read(cx, json, &list) != RC_OK)
                return S("");
        json_array_foreach(list, i, one) {
                if (i > 0)
                        buf_add(&b, cx->lang == LANG_JA ? S("、") : S(", "));
                buf_add(&b, move_who(cx, def, json_text(one)));
        }
        return buf_str(&b);
}

static json_t *moves_model(struct cx *cx, const struct definition *def, const struct move_possible *row, size_t count, bool open)
{
        json_t *list = json_array();

        for (size_t i = 0; i < count; i++) {
                const struct move_possible *p = &row[i];
                bool can = str_absent(p->said) && !open;
                json_t *m = json_object();

                json_set(m, "name", json_str(p->name));
                json_set(m, "title", json_str(title_of(cx, p->title_ja, p->title_en)));
                json_set(m, "to", json_str(p->to_state));
                json_set(m, "to_title", state_title(cx, def, p->to_state));
                json_set(m, "approvals", json_integer(p->needed));
                json_set(m, "can", json_boolean(can));
                json_set(m, "why", why(cx, def, can, str_absent(p->said) ? S("open") : p->said, p->missing));
                json_array_append_new(list, m);
        }
        return list;
}

static json_t *row_model(struct cx *cx, const struct definition *def, const struct move_row *row)
{
        json_t *m = json_object();

        json_set(m, "id", json_integer(row->id));
        json_set(m, "name", json_str(row->name));
        json_set(m, "title", json_str(title_of(cx, row->title_ja, row->title_en)));
        json_set(m, "from", json_str(row->from_state));
        json_set(m, "from_title", state_title(cx, def, row->from_state));
        json_set(m, "to", json_str(row->to_state));
        json_set(m, "to_title", state_title(cx, def, row->to_state));
        json_set(m, "state", json_str(row->state));
        json_set(m, "hash", json_str(row->hash));
        json_set(m, "asked_by", json_str(row->asked_by));
        json_set(m, "asked_at", time_model(cx, row->asked_at, false));
        json_set(m, "ended_by", json_str(row->ended_by));
        json_set(m, "ended_at", time_model(cx, row->ended_at, row->ended_at_null));
        json_set(m, "why", json_str(row->why));
        json_set(m, "approved_by", json_str(row->approved_by));
        return m;
}

/* one: of the course. */
static rc open_model(struct cx *cx, const struct definition *def, int64_t record, json_t *one, json_t **ret)
{
        json_t *sets = json_array();
        struct move_waiting *row;
        size_t count;

        TRY(sql_move_open(cx, def->name, record, &row, &count));
        for (size_t i = 0; i < count; i++) {
                json_t *m = json_object();

                json_set(m, "id", json_integer(row[i].set));
                json_set(m, "who", json_str(who_text(cx, def, row[i].who)));
                json_set(m, "needed", json_integer(row[i].needed));
                json_set(m, "given", json_integer(row[i].given));
                json_set(m, "given_by", json_str(row[i].given_by));
                json_set(m, "full", json_boolean(row[i].given >= row[i].needed));
                json_set(m, "can", json_boolean(str_absent(row[i].may)));
                json_set(m, "why",
                         row[i].given >= row[i].needed || str_is(row[i].may, "who") ? json_null()
                                                                                    : why(cx, def, str_absent(row[i].may), row[i].may, STR_NONE));
                json_array_append_new(sets, m);
        }
        json_set(one, "sets", sets);
        json_set(one, "own", json_boolean(count > 0 && row[0].own));
        json_set(one, "can", json_boolean(count > 0 && str_absent(row[0].carry)));
        json_set(one, "why", count > 0 ? why(cx, def, str_absent(row[0].carry), row[0].carry, row[0].missing) : json_null());
        *ret = one;
        return RC_OK;
}

static json_t *states_model(struct cx *cx, const struct definition *def, str now, const json_t *course)
{
        json_t *list = json_array(), *one;

        for (size_t i = 0; i < def->state->choice_count; i++) {
                str value = def->state->choices[i].value;
                json_t *m = json_object();
                bool been = false;
                size_t k;

                json_array_foreach((json_t *)(uintptr_t)course, k, one)
                        been = been || (str_is(json_get_text(one, "state"), "done") && str_equal(json_get_text(one, "from"), value));
                json_set(m, "value", json_str(value));
                json_set(m, "title", json_str(def->state->choices[i].title[cx->lang]));
                json_set(m, "now", json_boolean(str_equal(value, now)));
                json_set(m, "been", json_boolean(been && !str_equal(value, now)));
                json_array_append_new(list, m);
        }
        return list;
}

rc move_look(struct cx *cx, str register_name, int64_t id, int64_t before, json_t **ret)
{
        json_t *model = json_object(), *course = json_array(), *open = json_null();
        const struct definition *def;
        struct move_possible *possible;
        struct move_row *row;
        struct record *rec;
        size_t count, possible_count;

        TRY(record_get(cx, register_name, id, &def, &rec));
        if (def->state == NULL) {
                *ret = json_null();
                return RC_OK;
        }
        TRY(sql_move_look(cx, def->name, id, &possible, &possible_count));
        TRY(sql_move_course(cx, def->id, id, before, COURSE_SHOWN + 1, &row, &count));
        for (size_t i = 0; i < count && i < COURSE_SHOWN; i++)
                json_array_append_new(course, row_model(cx, def, &row[i]));
        if (before == 0 && count > 0 && (str_is(row[0].state, "waiting") || str_is(row[0].state, "approved")))
                TRY(open_model(cx, def, id, row_model(cx, def, &row[0]), &open));
        json_set(model, "state", json_str(rec->values[def->state->number]));
        json_set(model, "version", json_integer(rec->version));
        json_set(model, "states", states_model(cx, def, rec->values[def->state->number], course));
        json_set(model, "moves", moves_model(cx, def, possible, possible_count, json_is_object(open)));
        json_set(model, "open", open);
        json_set(model, "course", course);
        json_set(model, "next", count > COURSE_SHOWN ? json_integer(row[COURSE_SHOWN - 1].id) : json_null());
        *ret = model;
        return RC_OK;
}

static json_t *done_model(int64_t id, str state)
{
        return json_set(json_set(json_object(), "id", json_integer(id)), "state", json_str(state));
}

rc move_ask(struct cx *cx, str register_name, int64_t record, str name, int64_t version, json_t **ret)
{
        const struct definition *def;
        struct move_asked *asked;

        TRY(definition_get(cx, register_name, &def));
        TRY(sql_move_ask(cx, def->name, record, name, version, &asked));
        if (!str_is(asked->said, "waiting"))
                TRY(answer(cx, def, asked->said, asked->missing));
        *ret = json_set(done_model(asked->id, asked->said), "hash", json_str(asked->hash));
        return RC_OK;
}

rc move_approve(struct cx *cx, str register_name, int64_t id, int64_t set, json_t **ret)
{
        const struct definition *def;
        str said;

        TRY(definition_get(cx, register_name, &def));
        TRY(sql_move_approve(cx, def->name, id, set, &said));
        if (!str_is(said, "waiting"))
                TRY(answer(cx, def, said, STR_NONE));
        *ret = done_model(id, said);
        return RC_OK;
}

rc move_refuse(struct cx *cx, str register_name, int64_t id, str text)
{
        const struct definition *def;
        str said;

        TRY(definition_get(cx, register_name, &def));
        text = str_absent(text) ? S("") : str_trim(text);
        if (str_empty(text))
                return fail(cx, RC_INVALID, "why", "must not be empty");
        TRY(text_check(cx, text, "why", MOVE_WHY_MAX, true));
        TRY(sql_move_refuse(cx, def->name, id, text, &said));
        return answer(cx, def, said, STR_NONE);
}

rc move_withdraw(struct cx *cx, str register_name, int64_t id)
{
        const struct definition *def;
        str said;

        TRY(definition_get(cx, register_name, &def));
        TRY(sql_move_withdraw(cx, def->name, id, &said));
        return answer(cx, def, said, STR_NONE);
}

rc move_carry(struct cx *cx, str register_name, int64_t id)
{
        struct move_carried *carried;
        const struct definition *def;

        TRY(definition_get(cx, register_name, &def));
        TRY(sql_move_carry(cx, def->name, id, &carried));
        return answer(cx, def, carried->said, carried->missing);
}

rc move_about(struct cx *cx, int64_t id, int64_t *ret_record, str *ret_name)
{
        struct move_about *row;

        TRY(sql_move_about(cx, id, &row));
        *ret_record = row ? row->record : 0;
        *ret_name = row ? row->name : STR_NONE;
        return RC_OK;
}
