/* review.c - see review.h. */
#include "base/house.h"

#include "identity/review.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/fail.h"
#include "base/text.h"
#include "identity/account.h"
#include "identity/permission.h"
#include "identity/review.sql.h"
#include "page/page.h"

enum { NOTE_MAX = 1000, LIST_DEFAULT = 20, LIST_MAX = 200, PEOPLE_DEFAULT = 25, UNREVIEWED_MAX = 500 };
#define CSV_MAX ((size_t)64 << 20)

static json_t *time_model(struct cx *cx, msec at, bool none)
{
        return none ? json_null() : json_str(clock_rfc3339(cx->mem, at));
}

static json_t *number_model(int64_t n, bool none)
{
        return none ? json_null() : json_integer(n);
}

/* Models --------------------------------------------------------------------------------------------------------------------------- */

rc review_state(struct cx *cx, json_t **ret)
{
        struct review_state *s;
        json_t *m = json_object();

        TRY(sql_review_state(cx, &s));
        json_set(m, "review_days", json_integer(s->review_days));
        json_set(m, "due_at", time_model(cx, s->due_at, false));
        json_set(m, "due_on", json_str(clock_date_text(cx->mem, cx->lang, clock_tokyo(s->due_at).date)));
        json_set(m, "overdue", json_boolean(s->overdue));
        json_set(m, "soon", json_boolean(s->soon));
        json_set(m, "closed_at", time_model(cx, s->closed_at, s->closed_at_null));
        json_set(m, "open_id", number_model(s->open_id, s->open_id_null));
        json_set(m, "event_id", number_model(s->event_id, s->event_id_null));
        json_set(m, "left_active", json_integer(s->left_active));
        json_set(m, "deciders", json_integer(s->deciders));
        json_set(m, "alone", json_boolean(s->deciders < 2));
        *ret = m;
        return RC_OK;
}

static json_t *model(struct cx *cx, const struct review_row *r)
{
        int64_t decided = r->kept + r->removed + r->gone;
        json_t *m = json_object();

        json_set(m, "id", json_integer(r->id));
        json_set(m, "scope", json_str(r->scope));
        json_set(m, "why", json_str(r->why));
        json_set(m, "opened_at", time_model(cx, r->opened_at, false));
        json_set(m, "opened_by", json_str(r->opened_by));
        json_set(m, "unattended", json_boolean(r->unattended));
        json_set(m, "due_at", time_model(cx, r->due_at, false));
        json_set(m, "due_on", json_str(clock_date_text(cx->mem, cx->lang, clock_tokyo(r->due_at).date)));
        json_set(m, "overdue", json_boolean(r->overdue));
        json_set(m, "closed_at", time_model(cx, r->closed_at, r->closed_at_null));
        json_set(m, "closed_by", json_str(r->closed_by));
        json_set(m, "note", json_str(r->note));
        json_set(m, "open", json_boolean(r->closed_at_null));
        json_set(m, "items", json_integer(r->items));
        json_set(m, "kept", json_integer(r->kept));
        json_set(m, "removed", json_integer(r->removed));
        json_set(m, "gone", json_integer(r->gone));
        json_set(m, "decided", json_integer(decided));
        json_set(m, "undecided", json_integer(r->items - decided));
        json_set(m, "percent", json_integer(r->items > 0 ? decided * 100 / r->items : 100));
        return m;
}

static json_t *accounts_model(struct cx *cx, const struct review_account *row, size_t count, size_t max)
{
        json_t *list = json_array();

        for (size_t i = 0; i < count && i < max; i++) {
                json_t *one = json_object();

                json_set(one, "account_id", json_integer(row[i].account_id));
                json_set(one, "login", json_str(row[i].login));
                json_set(one, "person_id", json_integer(row[i].person_id));
                json_set(one, "person", json_str(row[i].person));
                json_set(one, "created_at", time_model(cx, row[i].created_at, false));
                json_set(one, "decided_at", time_model(cx, row[i].decided_at, row[i].decided_at_null));
                must(json_array_append_new(list, one) == 0);
        }
        return list;
}

rc review_list(struct cx *cx, const json_t *query, json_t **ret)
{
        int64_t limit = json_integer_value(json_object_get(query, "limit")), before = json_integer_value(json_object_get(query, "before"));
        json_t *m = json_object(), *list = json_array(), *state;
        struct review_account *unreviewed, *left;
        size_t count, unreviewed_count, left_count;
        struct review_row *row;

        if (limit < 1 || limit > LIST_MAX)
                limit = LIST_DEFAULT;
        TRY(review_state(cx, &state));
        TRY(sql_review_list(cx, before, limit + 1, &row, &count));
        TRY(sql_review_unreviewed(cx, &unreviewed, &unreviewed_count));
        TRY(sql_review_left(cx, &left, &left_count));
        for (size_t i = 0; i < count && i < (size_t)limit; i++)
                must(json_array_append_new(list, model(cx, &row[i])) == 0);
        json_set(m, "reviews", list);
        json_set(m, "next", count > (size_t)limit ? json_integer(row[limit - 1].id) : json_null());
        json_set(m, "state", state);
        json_set(m, "unreviewed", accounts_model(cx, unreviewed, unreviewed_count, UNREVIEWED_MAX));
        json_set(m, "more", json_boolean(unreviewed_count > UNREVIEWED_MAX));
        json_set(m, "left", accounts_model(cx, left, left_count, left_count));
        *ret = m;
        return RC_OK;
}

static rc row_find(struct cx *cx, int64_t id, struct review_row **ret)
{
        struct review_row *row;

        TRY(sql_review_find(cx, id, &row));
        if (row == NULL)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such review");
        *ret = row;
        return RC_OK;
}

rc review_find(struct cx *cx, int64_t id)
{
        struct review_row *row;

        return row_find(cx, id, &row);
}

static json_t *titles(struct cx *cx, str words)
{
        struct rights rights = permission_parse(cx->mem, words);

        return permission_titles(cx, &rights);
}

static rc item_model(struct cx *cx, const struct review_item *i, bool open, json_t **ret)
{
        json_t *m = json_object(), *words = titles(cx, i->words), *earlier;
        bool mine_to_say = open && !i->own && cx->actor.kind == ACTOR_ACCOUNT;

        TRY(json_read(cx, i->earlier, &earlier));
        json_set(m, "id", json_integer(i->id));
        json_set(m, "kind", json_str(i->kind));
        json_set(m, "name", json_str(i->name));
        json_set(m, "title",
                 str_is(i->kind, "word") && json_array_size(words) > 0 ? json_object_get(json_array_get(words, 0), "title") : json_str(i->name));
        json_set(m, "count", json_integer((json_int_t)json_array_size(words)));
        json_set(m, "words", words);
        json_set(m, "grown", titles(cx, str_is(i->state, "undecided") || str_is(i->state, "kept") ? i->grown : S("")));
        json_set(m, "newly", json_boolean(i->newly));
        json_set(m, "event", json_str(i->event));
        json_set(m, "version", json_integer(i->version));
        json_set(m, "state", json_str(i->state));
        json_set(m, "note", json_str(i->note));
        json_set(m, "decided_by", json_str(i->decided_by));
        json_set(m, "decided_at", time_model(cx, i->decided_at, i->decided_at_null));
        json_set(m, "live", json_boolean(i->live));
        json_set(m, "earlier", earlier);
        json_set(m, "may_decide", json_boolean(mine_to_say && str_is(i->state, "undecided")));
        json_set(m, "may_undo", json_boolean(mine_to_say && str_is(i->state, "kept") && i->live));
        *ret = m;
        return RC_OK;
}

static json_t *person_model(struct cx *cx, const struct review_item *i)
{
        json_t *m = json_object();

        json_set(m, "person_id", json_integer(i->person_id));
        json_set(m, "person", json_str(i->person));
        json_set(m, "login", json_str(i->login));
        json_set(m, "department", json_str(i->department));
        json_set(m, "moved_from", json_str(i->moved_from));
        json_set(m, "leaves_at", time_model(cx, i->leaves_at, i->leaves_at_null));
        json_set(m, "last_login_at", time_model(cx, str_is(i->kind, "key") ? 0 : i->last_login_at, str_is(i->kind, "key") || i->last_login_at_null));
        json_set(m, "event", json_null());
        json_set(m, "own", json_boolean(i->own));
        json_set(m, "items", json_array());
        return m;
}

/* Lines of one person after the other become people with lines. */
static rc people_model(struct cx *cx, const struct review_item *item, size_t count, int64_t limit, bool open, json_t *m)
{
        json_t *people = json_array(), *person = NULL;
        int64_t key = 0, undecided = 0;
        bool more = false;

        for (size_t i = 0; i < count; i++) {
                json_t *one;

                if (person == NULL || item[i].person_key != key) {
                        more = (int64_t)json_array_size(people) == limit;
                        if (more)
                                break;
                        key = item[i].person_key;
                        undecided = 0;
                        person = person_model(cx, &item[i]);
                        must(json_array_append_new(people, person) == 0);
                }
                TRY(item_model(cx, &item[i], open, &one));
                if (!str_absent(item[i].event))
                        json_set(person, "event", json_str(item[i].event));
                undecided += str_is(item[i].state, "undecided");
                json_set(person, "undecided", json_integer(undecided));
                json_set(person, "may_keep", json_boolean(undecided > 0 && open && !item[i].own && cx->actor.kind == ACTOR_ACCOUNT));
                must(json_array_append_new(json_object_get(person, "items"), one) == 0);
        }
        json_set(m, "people", people);
        json_set(m, "next", more ? json_integer(key) : json_null());
        return RC_OK;
}

/* What was given meanwhile: of a review that is closed what was there at that moment. */
static rc added_model(struct cx *cx, const struct review_row *r, json_t **ret)
{
        json_t *list, *one;
        size_t i;
        str text;

        if (r->closed_at_null) {
                TRY(sql_review_added(cx, r->id, &text));
                TRY(json_read(cx, text, &list));
        } else {
                TRY(json_read(cx, r->summary, &list));
                list = json_object_get(list, "added");
        }
        json_array_foreach(list, i, one) {
                json_t *words = json_object_get(one, "words"), *word;
                struct buf b = buf_open(cx->mem, KB(64));
                size_t n;

                json_array_foreach(words, n, word) {
                        if (n > 0)
                                buf_char(&b, ' ');
                        buf_add(&b, json_text(word));
                }
                words = titles(cx, buf_str(&b));
                if (str_is(json_get_text(one, "kind"), "word") && json_array_size(words) > 0)
                        json_set(one, "title", json_object_get(json_array_get(words, 0), "title"));
                else
                        json_set(one, "title", json_object_get(one, "name"));
                json_set(one, "words", words);
        }
        *ret = list;
        return RC_OK;
}

static str given(const json_t *in, const char *name)
{
        str s = json_get_text(in, name);

        s = str_absent(s) ? s : str_trim(s);
        return str_empty(s) ? STR_NONE : s;
}

rc review_get(struct cx *cx, int64_t id, const json_t *query, json_t **ret)
{
        int64_t limit = json_integer_value(json_object_get(query, "limit")), after = json_integer_value(json_object_get(query, "after"));
        const json_t *person = json_object_get(query, "person");
        int64_t person_id = json_integer_value(person);
        json_t *m = json_object(), *state, *added;
        struct review_row *row;
        struct review_item *item;
        size_t count;

        if (limit < 1 || limit > LIST_MAX)
                limit = PEOPLE_DEFAULT;
        TRY(row_find(cx, id, &row));
        TRY(review_state(cx, &state));
        TRY(sql_review_items(cx, id, given(query, "show"), given(query, "q"), json_is_integer(person) ? &person_id : NULL, after, limit + 1, &item,
                             &count));
        added = json_array();
        if (!json_is_integer(person))
                TRY(added_model(cx, row, &added));
        json_set(m, "review", model(cx, row));
        json_set(m, "state", state);
        TRY(people_model(cx, item, count, limit, row->closed_at_null, m));
        json_set(m, "added", added);
        *ret = m;
        return RC_OK;
}

/* Evidence --------------------------------------------------------------------------------------------------------------------------- */

static void cell(struct cx *cx, struct buf *b, str s, bool first)
{
        if (!first)
                buf_char(b, ',');
        /* a spreadsheet takes these for a formula */
        if (!str_empty(s) && strchr("=+-@\t\r", s.p[0]) != NULL)
                s = str_format(cx->mem, "'%.*s", STR_ARG(s));
        buf_csv(b, str_absent(s) ? S("") : s);
}

static str text_of(struct cx *cx, const char *holder, str word)
{
        return str_absent(word) ? S("") : page_text(cx->lang, str_format(cx->mem, "reviews.%s.%.*s", holder, STR_ARG(word)).p);
}

static void line_write(struct cx *cx, struct buf *b, const struct review_item *i)
{
        str when = i->decided_at_null ? S("") : clock_rfc3339(cx->mem, i->decided_at),
            seen = i->last_login_at_null ? S("") : clock_rfc3339(cx->mem, i->last_login_at);
        const str cells[] = { i->person, i->login,      i->department, text_of(cx, "kind", i->kind),
                              i->name,   i->words,      seen,          text_of(cx, "state", i->state),
                              i->note,   i->decided_by, when };

        for (size_t c = 0; c < COUNT(cells); c++)
                cell(cx, b, cells[c], c == 0);
        buf_add(b, S("\r\n"));
}

rc review_csv(struct cx *cx, int64_t id, str *ret, int64_t *ret_count)
{
        static const char *const heads[] = { "person", "login", "department", "kind",       "name",      "words",
                                             "seen",   "state", "note",       "decided_by", "decided_at" };
        struct buf b = buf_open(cx->mem, CSV_MAX);
        struct review_row *row;
        struct review_item *item;
        size_t count;

        TRY(row_find(cx, id, &row));
        TRY(sql_review_items(cx, id, STR_NONE, STR_NONE, NULL, 0, INT32_MAX, &item, &count));
        buf_add(&b, S("\xef\xbb\xbf"));
        for (size_t c = 0; c < COUNT(heads); c++)
                cell(cx, &b, text_of(cx, "csv", str_of(heads[c])), c == 0);
        buf_add(&b, S("\r\n"));
        for (size_t i = 0; i < count; i++)
                line_write(cx, &b, &item[i]);
        if (buf_full(&b))
                return fail(cx, RC_TOO_LARGE, NULL, "this review has too many lines for one file");
        *ret = buf_str(&b);
        *ret_count = (int64_t)count;
        return RC_OK;
}

/* Deciding --------------------------------------------------------------------------------------------------------------------------- */

static rc note_read(struct cx *cx, str note, const char *item, str *ret)
{
        *ret = str_absent(note) ? note : str_trim(note);
        if (str_absent(*ret) || str_empty(*ret)) {
                *ret = STR_NONE;
                return RC_OK;
        }
        return text_check(cx, *ret, item, NOTE_MAX, true);
}

/* People decide. The database says the same. */
static rc decider_check(struct cx *cx)
{
        if (cx->actor.kind != ACTOR_ACCOUNT)
                return fail(cx, RC_FORBIDDEN, NULL, "a review is decided by a person who is logged in, not by an API key");
        if (!permission_held(cx, PERM_ACCESS_APPROVE))
                return fail(cx, RC_FORBIDDEN, NULL, "this needs the permission \"%s\"", permission_word(PERM_ACCESS_APPROVE));
        return RC_OK;
}

rc review_open(struct cx *cx, str why, int64_t *ret)
{
        int64_t id;

        TRY(note_read(cx, why, "why", &why));
        TRY(sql_review_open(cx, why, &id));
        if (id == 0)
                return fail(cx, RC_CONFLICT, NULL, "a review is open already; close it first");
        *ret = id;
        return RC_OK;
}

static rc refusal(struct cx *cx, str result)
{
        if (str_is(result, "done"))
                return RC_OK;
        if (str_is(result, "stale"))
                return fail(cx, RC_STALE, NULL, "somebody changed this in the meantime");
        if (str_is(result, "own"))
                return fail(cx, RC_FORBIDDEN, NULL, "nobody decides about their own access; somebody else must do it");
        if (str_is(result, "closed"))
                return fail(cx, RC_CONFLICT, NULL, "this review is closed");
        if (str_is(result, "gone"))
                return fail(cx, RC_CONFLICT, NULL, "this is gone already; there is nothing to decide");
        if (str_is(result, "removed"))
                return fail(cx, RC_CONFLICT, NULL, "this was taken away; it comes back only by being given anew");
        return fail(cx, RC_UNKNOWN, NULL, "there is no such line in this review");
}

static rc manager_check(struct cx *cx, const struct review_line *line, bool remove)
{
        struct rights manager = permission_parse(cx->mem, str_of(permission_word(PERM_ACCOUNT_MANAGE)));

        return remove && !str_is(line->kind, "key") ? account_manager_left(cx, &manager) : RC_OK;
}

rc review_decide(struct cx *cx, int64_t id, int64_t item, int64_t version, str decision, str note, json_t **ret)
{
        bool undo = str_is(decision, "undo"), remove = str_is(decision, "remove");
        struct review_row *row;
        struct review_line *line;
        json_t *m = json_object();
        str result;

        TRY(row_find(cx, id, &row));
        TRY(decider_check(cx));
        TRY(note_read(cx, note, "note", &note));
        TRY(sql_review_of_item(cx, item, &line));
        if (line == NULL || line->review_id != id)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such line in this review");
        TRY(sql_review_decide(cx, item, version, undo ? STR_NONE : decision, note, &result));
        TRY(refusal(cx, result));
        TRY(manager_check(cx, line, remove));
        json_set(m, "kind", json_str(line->kind));
        json_set(m, "login", json_str(line->login));
        json_set(m, "person", json_str(line->person));
        json_set(m, "name", json_str(line->name));
        json_set(m, "person_id", json_integer(line->person_id));
        *ret = m;
        return RC_OK;
}

rc review_keep(struct cx *cx, int64_t id, int64_t person_id, str note, int64_t *ret_count)
{
        struct review_row *row;
        int64_t count;

        TRY(row_find(cx, id, &row));
        TRY(decider_check(cx));
        TRY(note_read(cx, note, "note", &note));
        if (!row->closed_at_null)
                return refusal(cx, S("closed"));
        TRY(sql_review_keep(cx, id, person_id, note, &count));
        if (count < 0)
                return refusal(cx, S("own"));
        if (count == 0)
                return fail(cx, RC_CONFLICT, NULL, "nothing of this person is undecided");
        *ret_count = count;
        return RC_OK;
}

rc review_close(struct cx *cx, int64_t id, str note, json_t **ret)
{
        struct review_row *row;
        int64_t undecided;
        json_t *done;
        str text;

        TRY(row_find(cx, id, &row));
        TRY(decider_check(cx));
        TRY(note_read(cx, note, "note", &note));
        TRY(sql_review_close(cx, id, note, &text));
        if (str_absent(text))
                return refusal(cx, S("closed"));
        TRY(json_read(cx, text, &done));
        undecided = json_integer_value(json_object_get(done, "undecided"));
        if (undecided > 0)
                return fail(cx, RC_CONFLICT, NULL, "lines still undecided: %lld; a review is closed when everything in it is decided",
                            (long long)undecided);
        must(json_object_del(done, "undecided") == 0);
        *ret = done;
        return RC_OK;
}

/* Unattended ------------------------------------------------------------------------------------------------------------------------- */

rc review_due_next(struct cx *cx, int64_t after, str *ret_tenant, int64_t *ret_id)
{
        struct review_due_row *row;

        TRY(sql_review_due(cx, after, &row));
        *ret_tenant = row ? row->tenant : STR_NONE;
        *ret_id = row ? row->number : 0;
        return RC_OK;
}

rc review_tick(struct cx *cx, int64_t id, json_t **ret)
{
        json_t *done, *m = json_object();
        str text;

        *ret = NULL;
        TRY(sql_review_tick(cx, &text));
        if (str_absent(text))
                return RC_OK;
        TRY(json_read(cx, text, &done));
        json_set(m, "review", json_object_get(done, "review"));
        json_set(m, "opened", json_object_get(done, "opened"));
        json_set(m, "tell", json_object_get(done, "tell"));
        json_set(m, "due_at", json_str(clock_rfc3339(cx->mem, (msec)json_integer_value(json_object_get(done, "due_ms")))));
        *ret = m;
        return RC_OK;
}
