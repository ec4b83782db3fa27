/* access.c - see access.h. */
#include "base/house.h"

#include "identity/access.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/fail.h"
#include "base/text.h"
#include "identity/access.sql.h"
#include "identity/account.h"
#include "identity/group.h"
#include "identity/permission.h"

enum { LIST_DEFAULT = 50, LIST_MAX = 200, NOTE_MAX = 1000, GROUPS_MAX = 50, WORDS_MAX = KB(256) };

static const char *const kinds[] = { "rights", "account", "removal", "group" };

/* Models --------------------------------------------------------------------------------------------------------------------------- */

static json_t *time_model(struct cx *cx, msec at, bool none)
{
        return none ? json_null() : json_str(clock_rfc3339(cx->mem, at));
}

static bool listed(str words, str word)
{
        while (!str_empty(words))
                if (str_equal(str_cut(words, ' ', &words), word))
                        return true;
        return false;
}

static bool id_listed(str ids, const json_t *id)
{
        char text[24];

        (void)snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT, json_integer_value(id));
        return listed(ids, str_of(text));
}

static void word_add(struct buf *out, str word)
{
        if (buf_str(out).n > 0)
                buf_char(out, ' ');
        buf_add(out, word);
}

/* The words of `words` that stand (there: or do not) in `other`. "-record.read:orders" says what is not held: a word that comes is one that goes. */
static void words_pick(struct buf *out, str words, str other, bool there, bool minus)
{
        while (!str_empty(words)) {
                str word = str_cut(words, ' ', &words);
                bool denied = word.n > 1 && word.p[0] == '-';

                if (word.n > 0 && denied == minus && listed(other, word) == there)
                        word_add(out, denied ? (str){ word.p + 1, word.n - 1 } : word);
        }
}

static json_t *titles(struct cx *cx, struct buf *words)
{
        struct rights rights;

        must(!buf_full(words));
        rights = permission_parse(cx->mem, buf_str(words));
        return permission_titles(cx, &rights);
}

/* What the account or group holds before and after, told apart. */
static void words_compare(struct cx *cx, const struct access_row *r, json_t *m)
{
        struct buf gained = buf_open(cx->mem, WORDS_MAX), lost = buf_open(cx->mem, WORDS_MAX), kept = buf_open(cx->mem, WORDS_MAX);
        str after = str_is(r->kind, "removal") ? S("") : r->words;

        words_pick(&gained, after, r->before_words, false, false);
        words_pick(&gained, r->before_words, after, false, true);
        words_pick(&lost, r->before_words, after, false, false);
        words_pick(&lost, after, r->before_words, false, true);
        words_pick(&kept, after, r->before_words, true, false);
        json_set(m, "gained", titles(cx, &gained));
        json_set(m, "lost", titles(cx, &lost));
        json_set(m, "kept", titles(cx, &kept));
}

static rc groups_compare(struct cx *cx, const struct access_row *r, json_t *m)
{
        json_t *all, *one, *list = json_array();
        bool decided = str_is(r->state, "approved");
        size_t i;

        TRY(group_list(cx, &all));
        json_array_foreach(json_object_get(all, "groups"), i, one) {
                const json_t *id = json_object_get(one, "id");
                bool after = id_listed(r->groups, id), before = id_listed(r->before_groups, id);
                json_t *g = json_object();

                if (!after && !before)
                        continue;
                json_set(g, "id", json_integer(json_integer_value(id)));
                json_set(g, "name", json_object_get(one, "name"));
                json_set(g, "rights", json_object_get(one, "permission_list"));
                json_set(g, "is_new", json_boolean(id_listed(r->gain_groups, id)));
                json_set(g, "is_longer", json_boolean(before && id_listed(r->gain_groups, id)));
                json_set(g, "is_kept", json_boolean(after && before && !id_listed(r->gain_groups, id)));
                json_set(g, "is_gone", json_boolean(before && !after));
                json_set(g, "given", decided ? json_boolean(id_listed(r->given_groups, id)) : json_null());
                must(json_array_append_new(list, g) == 0);
        }
        json_set(m, "groups", list);
        return RC_OK;
}

/* Single words that are gained: of the account itself, of the group. */
static void grants_compare(struct cx *cx, const struct access_row *r, json_t *m)
{
        bool decided = str_is(r->state, "approved");
        json_t *list = json_array();
        str words = r->gain_grants;

        while (!str_empty(words)) {
                str word = str_cut(words, ' ', &words);
                struct rights one = permission_parse(cx->mem, word);
                json_t *title = json_array_get(permission_titles(cx, &one), 0), *g = json_object();

                if (title == NULL)
                        continue;
                json_set(g, "word", json_str(word));
                json_set(g, "title", json_object_get(title, "title"));
                json_set(g, "register", json_object_get(title, "register"));
                json_set(g, "given", decided ? json_boolean(listed(r->given_grants, word)) : json_null());
                must(json_array_append_new(list, g) == 0);
        }
        json_set(m, "grants", list);
}

static json_t *id_model(int64_t id, bool none)
{
        return none ? json_null() : json_integer(id);
}

static rc model(struct cx *cx, const struct access_row *r, bool wholly, json_t **ret)
{
        bool waits = str_is(r->state, "asked"), person = cx->actor.kind == ACTOR_ACCOUNT;
        json_t *m = json_object();

        json_set(m, "id", json_integer(r->id));
        json_set(m, "kind", json_str(r->kind));
        json_set(m, "state", json_str(r->state));
        json_set(m, "account_id", id_model(r->account_id, r->account_id_null));
        json_set(m, "person_id", id_model(r->person_id, r->person_id_null));
        json_set(m, "login", json_str(r->login));
        json_set(m, "name", json_str(r->name));
        json_set(m, "email", json_str(r->email));
        json_set(m, "group_id", id_model(r->group_id, r->group_id_null));
        json_set(m, "group_name", json_str(r->group_name));
        json_set(m, "purpose", json_str(r->purpose));
        json_set(m, "ends_on", json_str(r->ends_on));
        json_set(m, "employed", json_boolean(r->employed));
        json_set(m, "asked_by", json_str(r->asked_by));
        json_set(m, "asked_at", time_model(cx, r->asked_at, false));
        json_set(m, "decided_by", json_str(r->decided_by));
        json_set(m, "decided_at", time_model(cx, r->decided_at, r->decided_at_null));
        json_set(m, "why_refused", json_str(r->why_refused));
        json_set(m, "ended_at", time_model(cx, r->ended_at, r->ended_at_null));
        json_set(m, "gains", json_boolean(r->gains));
        json_set(m, "mine", json_boolean(r->mine));
        json_set(m, "own", json_boolean(r->own));
        json_set(m, "may_decide", json_boolean(waits && person && !r->mine && !r->own && permission_held(cx, PERM_ACCESS_APPROVE)));
        json_set(m, "may_withdraw", json_boolean(waits && r->mine));
        TRY(groups_compare(cx, r, m));
        grants_compare(cx, r, m);
        if (wholly)
                words_compare(cx, r, m);
        *ret = m;
        return RC_OK;
}

rc access_list(struct cx *cx, const char *scope, int64_t before, int64_t limit, json_t **ret)
{
        json_t *m = json_object(), *list = json_array(), *one;
        struct access_row *row;
        size_t count;

        if (limit < 1 || limit > LIST_MAX)
                limit = LIST_DEFAULT;
        TRY(sql_access_list(cx, str_of(scope), before, limit + 1, &row, &count));
        for (size_t i = 0; i < count && i < (size_t)limit; i++) {
                TRY(model(cx, &row[i], false, &one));
                must(json_array_append_new(list, one) == 0);
        }
        json_set(m, "requests", list);
        json_set(m, "next", count > (size_t)limit ? json_integer(row[limit - 1].id) : json_null());
        *ret = m;
        return RC_OK;
}

static rc row_find(struct cx *cx, int64_t id, struct access_row **ret)
{
        struct access_row *row;

        TRY(sql_access_find(cx, id, &row));
        if (row == NULL || (!row->mine && !row->own && !permission_held(cx, PERM_ACCESS_APPROVE) && !permission_held(cx, PERM_ACCOUNT_MANAGE)))
                return fail(cx, RC_UNKNOWN, NULL, "there is no such access request");
        *ret = row;
        return RC_OK;
}

rc access_get(struct cx *cx, int64_t id, json_t **ret)
{
        struct access_row *row;

        TRY(row_find(cx, id, &row));
        return model(cx, row, true, ret);
}

rc access_asked_person(struct cx *cx, const json_t *request, int64_t *ret)
{
        return sql_access_asked_person(cx, json_integer_value(json_object_get(request, "id")), ret);
}

rc access_rules(struct cx *cx, json_t **ret)
{
        struct access_rules *rules;

        TRY(sql_access_policy(cx, &rules));
        *ret = json_set(json_set(json_object(), "approval", json_boolean(rules->approval)), "approvers", json_integer(rules->approvers));
        return RC_OK;
}

/* Asking ---------------------------------------------------------------------------------------------------------------------------- */

/* [id…] as numbers or as texts of digits (forms). */
static rc ids_read(struct cx *cx, const json_t *list, json_t **ret)
{
        json_t *ids = json_array(), *v;
        size_t i;

        if (!json_is_array(list))
                return fail(cx, RC_INVALID, "groups", "must be a list");
        if (json_array_size(list) > GROUPS_MAX)
                return fail(cx, RC_INVALID, "groups", "at most %d groups", GROUPS_MAX);
        json_array_foreach(list, i, v) {
                int64_t id = json_integer_value(v);

                if (!json_is_integer(v) && !str_int(str_absent(json_text(v)) ? S("") : json_text(v), &id))
                        return fail(cx, RC_INVALID, "groups", "there is no such group");
                must(json_array_append_new(ids, json_integer(id)) == 0);
        }
        *ret = ids;
        return RC_OK;
}

/* Words of the list given; what was said of registers hidden from who asks stays. */
static rc words_read(struct cx *cx, const json_t *in, const char *item, str now, json_t *want)
{
        struct rights before = permission_parse(cx->mem, now), rights;
        json_t *list = json_array();
        str text;

        if (json_object_get(in, item) == NULL)
                return RC_OK;
        TRY(permission_read_any(cx, json_object_get(in, item), item, &rights));
        rights = permission_keep_hidden(cx, &before, &rights);
        text = permission_format(cx->mem, &rights);
        while (!str_empty(text))
                must(json_array_append_new(list, json_str(str_cut(text, ' ', &text))) == 0);
        json_set(want, item, list);
        return RC_OK;
}

/* Until when: a day, or as long as the person belongs to the company. Neither is an answer only when nothing is gained; the database knows. */
static rc until_read(struct cx *cx, const json_t *in, json_t *want)
{
        str text = json_get_text(in, "ends_on");
        bool employed = json_is_true(json_object_get(in, "employed")), good;
        struct date day;

        json_set(want, "employed", json_boolean(employed));
        if (employed || str_empty(text))
                return RC_OK;
        if (!clock_read_date(text, &day))
                return fail(cx, RC_INVALID, "ends_on", "must be a day from today on, at most %d days away", ACCESS_DAYS_MAX);
        text = clock_iso_date(cx->mem, day);
        TRY(sql_access_day(cx, text, &good));
        if (!good)
                return fail(cx, RC_INVALID, "ends_on", "must be a day from today on, at most %d days away", ACCESS_DAYS_MAX);
        json_set(want, "ends_on", json_str(text));
        return RC_OK;
}

/* What is not given stays as it is. account_id 0: a new one. */
static rc rights_read(struct cx *cx, const json_t *in, int64_t account_id, json_t *want)
{
        static const char *const members[] = { "groups", "grants", "denials" };
        struct access_held *held;
        json_t *ids;

        TRY(sql_access_held(cx, account_id, &held));
        for (size_t i = 0; i < COUNT(members); i++) {
                json_set(want, members[i], json_array());
                if (json_object_get(in, members[i]) == NULL)
                        json_set(want, str_format(cx->mem, "%s_as_now", members[i]).p, json_true());
        }
        if (json_object_get(in, "groups") != NULL) {
                TRY(ids_read(cx, json_object_get(in, "groups"), &ids));
                json_set(want, "groups", ids);
        }
        TRY(words_read(cx, in, "grants", held->grants, want));
        TRY(words_read(cx, in, "denials", held->denials, want));
        if (account_id == 0 && json_array_size(json_object_get(want, "groups")) + json_array_size(json_object_get(want, "grants")) == 0)
                return fail(cx, RC_INVALID, "groups", "choose at least one group or right: what is not needed is not given");
        return RC_OK;
}

/* Whose rights: named by number, by log-in name, or the caller's own. */
static rc account_read(struct cx *cx, const json_t *in, json_t **ret, int64_t *ret_id)
{
        str login = json_get_text(in, "login");
        int64_t id = json_integer_value(json_object_get(in, "account_id"));

        if (id == 0 && !str_empty(login) && permission_held(cx, PERM_ACCOUNT_MANAGE))
                TRY(account_find(cx, str_trim(login), &id));
        if (id == 0 && str_empty(login) && cx->actor.kind == ACTOR_ACCOUNT)
                id = cx->actor.id;
        if ((id != cx->actor.id || cx->actor.kind != ACTOR_ACCOUNT) && !permission_held(cx, PERM_ACCOUNT_MANAGE))
                return fail(cx, RC_FORBIDDEN, NULL, "this needs the permission \"%s\"", permission_word(PERM_ACCOUNT_MANAGE));
        TRY(account_get(cx, id, ret));
        *ret_id = id;
        return RC_OK;
}

static rc want_read(struct cx *cx, const json_t *in, str kind, json_t *want)
{
        int64_t account_id = 0, group_id = json_integer_value(json_object_get(in, "group_id")), open;
        json_t *account, *group;
        str now;

        if (!str_is(kind, "rights") && !str_is(kind, "removal") && !permission_held(cx, PERM_ACCOUNT_MANAGE))
                return fail(cx, RC_FORBIDDEN, NULL, "this needs the permission \"%s\"", permission_word(PERM_ACCOUNT_MANAGE));
        if (str_is(kind, "account")) {
                TRY(account_identity_read(cx, in, want));
                json_set(want, "person_id", json_object_get(in, "person_id") ? json_object_get(in, "person_id") : json_null());
                TRY(rights_read(cx, in, 0, want));
        } else if (str_is(kind, "group")) {
                TRY(group_get(cx, group_id, &group));
                json_set(want, "group_id", json_integer(group_id));
                TRY(sql_access_group_held(cx, group_id, &now));
                if (json_object_get(in, "permissions") == NULL)
                        return fail(cx, RC_INVALID, "permissions", "must be a list");
                TRY(words_read(cx, in, "permissions", now, want));
        } else {
                TRY(account_read(cx, in, &account, &account_id));
                if (str_is(kind, "rights") && !str_is(json_get_text(account, "state"), "active"))
                        return fail(cx, RC_CONFLICT, NULL, "this account is suspended; a reinstatement must be approved first");
                json_set(want, "account_id", json_integer(account_id));
                TRY(rights_read(cx, in, account_id, want));
        }
        TRY(sql_access_open(cx, account_id, str_is(kind, "group") ? group_id : 0, str_is(kind, "account") ? json_get_text(want, "login") : STR_NONE,
                            &open));
        return open == 0 ? RC_OK : fail(cx, RC_CONFLICT, NULL, "a request about this is waiting already; it must be decided or withdrawn first");
}

rc access_ask(struct cx *cx, const json_t *in, json_t **ret)
{
        str purpose = json_get_text(in, "purpose"), kind = json_get_text(in, "kind");
        json_t *want = json_object();
        bool known = false;
        int64_t id;

        if (cx->actor.kind != ACTOR_ACCOUNT && cx->actor.kind != ACTOR_KEY)
                return fail(cx, RC_FORBIDDEN, NULL, "rights are asked for by the people of the contract");
        for (size_t i = 0; i < COUNT(kinds); i++)
                known = known || str_is(kind, kinds[i]);
        if (!known)
                return fail(cx, RC_INVALID, "kind", "is not one of the values known here");
        if (!str_absent(purpose))
                purpose = str_trim(purpose);
        if (str_empty(purpose))
                return fail(cx, RC_INVALID, "purpose", "say what the rights are needed for");
        TRY(text_check(cx, purpose, "purpose", NOTE_MAX, true));
        json_set(want, "kind", json_str(kind));
        json_set(want, "purpose", json_str(purpose));
        TRY(until_read(cx, in, want));
        TRY(want_read(cx, in, kind, want));
        TRY(sql_access_ask(cx, json_write(cx->mem, want), &id));
        if (id == 0)
                return fail(cx, RC_INVALID,
                            str_is(kind, "account") && json_integer_value(json_object_get(want, "person_id")) ? "person_id" : "groups",
                            "there is no such group, or the person has an account or was stopped");
        return access_get(cx, id, ret);
}

/* Deciding -------------------------------------------------------------------------------------------------------------------------- */

/* Waits, and may be decided by who asks: the sentence for each refusal that the table would make, too. */
static rc row_open(struct cx *cx, int64_t id, struct access_row **ret)
{
        TRY(row_find(cx, id, ret));
        if (!str_is((*ret)->state, "asked"))
                return fail(cx, RC_CONFLICT, NULL, "this request was decided already");
        return RC_OK;
}

static rc second_check(struct cx *cx, const struct access_row *r)
{
        if (cx->actor.kind != ACTOR_ACCOUNT)
                return fail(cx, RC_FORBIDDEN, NULL, "a request for rights is decided by a person who is logged in, not by an API key");
        if (r->mine)
                return fail(cx, RC_FORBIDDEN, NULL, "who asked for rights does not approve them; another person must");
        return r->own ? fail(cx, RC_FORBIDDEN, NULL, "nobody approves rights of their own; another person must") : RC_OK;
}

/* The narrowed lists: no more than is asked for. *ret absent: all of it. */
static rc narrow_read(struct cx *cx, const json_t *list, const char *item, str wanted, str *ret)
{
        struct buf out = buf_open(cx->mem, WORDS_MAX);
        const json_t *v;
        size_t i;

        *ret = STR_NONE;
        if (list == NULL)
                return RC_OK;
        if (!json_is_array(list))
                return fail(cx, RC_INVALID, item, "must be a list");
        json_array_foreach(list, i, v) {
                str one = json_is_integer(v) ? str_format(cx->mem, "%" JSON_INTEGER_FORMAT, json_integer_value(v)) : json_text(v);

                if (str_empty(one) || !listed(wanted, one))
                        return fail(cx, RC_INVALID, item, "only what was asked for can be given; whoever needs more asks anew");
                if (!listed(buf_str(&out), one))
                        word_add(&out, one);
        }
        *ret = buf_str(&out);
        if (str_absent(*ret))
                *ret = S("");
        return RC_OK;
}

rc access_approve(struct cx *cx, int64_t id, const json_t *narrow, int64_t *ret_account, str *ret_password)
{
        struct access_row *row;
        struct rights before, after;
        str groups, grants, text;
        json_t *done;

        *ret_password = STR_NONE;
        *ret_account = 0;
        TRY(row_open(cx, id, &row));
        TRY(second_check(cx, row));
        TRY(narrow_read(cx, json_object_get(narrow, "groups"), "groups", row->gain_groups, &groups));
        TRY(narrow_read(cx, json_object_get(narrow, "grants"), "grants", row->gain_grants, &grants));
        if (str_absent(groups) && str_absent(grants) && !str_is(row->kind, "removal")) {
                before = permission_parse(cx->mem, row->before_words);
                after = permission_parse(cx->mem, row->words);
                TRY(permission_gain(cx, &before, &after)); /* of a part of it the database says so */
        }
        TRY(sql_access_approve(cx, id, groups, grants, &text));
        if (str_absent(text))
                return fail(cx, RC_CONFLICT, NULL, "this request was decided already");
        TRY(json_read(cx, text, &done));
        if (str_is(row->kind, "rights") || str_is(row->kind, "account"))
                *ret_account = json_integer_value(json_object_get(done, "account_id"));
        return str_is(row->kind, "account") ? account_password_first(cx, *ret_account, ret_password) : RC_OK;
}

rc access_refuse(struct cx *cx, int64_t id, str why)
{
        struct access_row *row;
        int64_t done;

        TRY(row_open(cx, id, &row));
        if (cx->actor.kind != ACTOR_ACCOUNT)
                return fail(cx, RC_FORBIDDEN, NULL, "a request for rights is decided by a person who is logged in, not by an API key");
        why = str_absent(why) ? why : str_trim(why);
        if (str_empty(why))
                return fail(cx, RC_INVALID, "why", "must not be empty");
        TRY(text_check(cx, why, "why", NOTE_MAX, true));
        TRY(sql_access_refuse(cx, id, why, &done));
        return done != 0 ? RC_OK : fail(cx, RC_CONFLICT, NULL, "this request was decided already");
}

rc access_withdraw(struct cx *cx, int64_t id)
{
        struct access_row *row;
        int64_t done;

        TRY(row_open(cx, id, &row));
        if (!row->mine)
                return fail(cx, RC_FORBIDDEN, NULL, "only who asked can withdraw a request");
        TRY(sql_access_withdraw(cx, id, &done));
        return done != 0 ? RC_OK : fail(cx, RC_CONFLICT, NULL, "this request was decided already");
}

/* The clock ------------------------------------------------------------------------------------------------------------------------- */

rc access_next(struct cx *cx, int64_t after, str *ret_tenant, int64_t *ret_id)
{
        struct access_due_row *row;

        TRY(sql_access_due(cx, after, &row));
        *ret_tenant = row ? row->tenant : STR_NONE;
        *ret_id = row ? row->id : 0;
        return RC_OK;
}

rc access_turn(struct cx *cx, int64_t id, json_t **ret)
{
        str text;

        *ret = NULL;
        TRY(sql_access_turn(cx, id, &text));
        return str_absent(text) ? RC_OK : json_read(cx, text, ret);
}
