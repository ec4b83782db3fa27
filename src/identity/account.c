/* account.c - see account.h. */
#include "base/house.h"

#include "identity/account.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/fail.h"
#include "base/text.h"
#include "identity/account.sql.h"
#include "identity/department.h"
#include "identity/group.h"
#include "identity/password.h"
#include "identity/permission.h"
#include "identity/person.h"
#include "identity/provider.h"
#include "identity/policy.h"
#include "identity/session.h"

enum { NAME_MAX = 100, EMAIL_MAX = 254, GROUPS_MAX = 50, LIST_DEFAULT = 50, LIST_MAX = 200 };

/* Models --------------------------------------------------------------------------------------------------------------------------- */

static json_t *time_model(struct cx *cx, msec at, bool none)
{
        return none ? json_null() : json_str(clock_rfc3339(cx->mem, at));
}

static json_t *ids_model(str ids)
{
        json_t *list = json_array();
        int64_t id;

        while (!str_absent(ids))
                if (str_int(str_cut(ids, ' ', &ids), &id))
                        must(json_array_append_new(list, json_integer(id)) == 0);
        return list;
}

static json_t *model(struct cx *cx, const struct account *a)
{
        struct rights held = permission_parse(cx->mem, a->permissions), grants = permission_parse(cx->mem, a->grants);
        struct rights denials = permission_parse(cx->mem, a->denials);
        json_t *m = json_object();

        json_set(m, "id", json_integer(a->id));
        json_set(m, "login", json_str(a->login));
        json_set(m, "name", json_str(a->name));
        json_set(m, "email", json_str(a->email));
        json_set(m, "lang", json_str(a->lang));
        json_set(m, "theme", json_str(a->theme));
        json_set(m, "state", json_str(a->state));
        json_set(m, "suspended_for", json_str(a->suspended_for));
        json_set(m, "person_id", json_integer(a->person_id));
        json_set(m, "person", json_str(a->person));
        json_set(m, "version", json_integer(a->version));
        json_set(m, "groups", ids_model(a->group_ids));
        json_set(m, "group_names", json_str(a->groups));
        json_set(m, "permissions", permission_words(cx, &held));
        json_set(m, "permission_list", permission_titles(cx, &held));
        json_set(m, "grants", permission_words(cx, &grants));
        json_set(m, "denials", permission_words(cx, &denials));
        json_set(m, "factor_required", json_boolean(a->factor_required));
        json_set(m, "sessions", json_integer(a->sessions));
        json_set(m, "failures", json_integer(a->failures));
        json_set(m, "locked_at", time_model(cx, a->locked_at, a->locked_at_null));
        json_set(m, "created_at", time_model(cx, a->created_at, false));
        json_set(m, "approved_at", time_model(cx, a->approved_at, a->approved_at_null));
        json_set(m, "last_login_at", time_model(cx, a->last_login_at, a->last_login_at_null));
        return m;
}

static str given(const json_t *query, const char *name)
{
        str s = json_get_text(query, name);

        return str_empty(s) ? STR_NONE : s;
}

rc account_list(struct cx *cx, const json_t *query, json_t **ret)
{
        int64_t limit = json_integer_value(json_object_get(query, "limit"));
        str state = given(query, "state"), after = given(query, "after"), bytes;
        json_t *m = json_object(), *accounts = json_array();
        struct account *row;
        size_t count;

        if (limit < 1 || limit > LIST_MAX)
                limit = LIST_DEFAULT;
        if (!str_absent(state) && !str_is(state, "active") && !str_is(state, "suspended"))
                return fail(cx, RC_INVALID, "state", "is not one of the values known here");
        if (!str_absent(after)) {
                if (!crypto_base64url_read(cx->mem, after, &bytes))
                        return fail(cx, RC_INVALID, "after", "is not a cursor that was given out here");
                TRY(text_check(cx, bytes, "after", NAME_MAX, false));
                after = bytes;
        }
        TRY(sql_account_list(cx, given(query, "q"), state, after, limit + 1, &row, &count));
        for (size_t i = 0; i < count && i < (size_t)limit; i++)
                must(json_array_append_new(accounts, model(cx, &row[i])) == 0);
        json_set(m, "accounts", accounts);
        json_set(m, "next", json_null());
        if (count > (size_t)limit) {
                str last = row[limit - 1].sort;

                json_set(m, "next", json_str(crypto_base64url(cx->mem, last.p, last.n)));
        }
        *ret = m;
        return RC_OK;
}

static rc row_find(struct cx *cx, int64_t id, struct account **ret)
{
        struct account *row;

        TRY(sql_account_find(cx, id, &row));
        if (row == NULL)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such account");
        *ret = row;
        return RC_OK;
}

rc account_get(struct cx *cx, int64_t id, json_t **ret)
{
        struct account *row;

        TRY(row_find(cx, id, &row));
        *ret = model(cx, row);
        return RC_OK;
}

rc account_find(struct cx *cx, str login, int64_t *ret_id)
{
        int64_t id;

        TRY(sql_account_find_login(cx, login, &id));
        if (id == 0)
                return fail(cx, RC_UNKNOWN, "login", "there is no account \"%.*s\"", STR_ARG(login));
        *ret_id = id;
        return RC_OK;
}

/* Reading -------------------------------------------------------------------------------------------------------------------------- */

static rc text_read(struct cx *cx, const json_t *in, const char *item, size_t max, bool needed, str *ret)
{
        const json_t *v = json_object_get(in, item);
        str text;

        if (v == NULL)
                return RC_OK;
        text = str_trim(json_text(v));
        if (str_absent(text) || str_empty(text)) {
                if (needed)
                        return fail(cx, RC_INVALID, item, "must not be empty");
                *ret = STR_NONE;
                return RC_OK;
        }
        TRY(text_check(cx, text, item, max, false));
        *ret = text;
        return RC_OK;
}

/* Written in URLs, log lines and by hand: no white space and nothing that only looks like a letter. */
static rc login_read(struct cx *cx, const json_t *in, str *ret)
{
        TRY(text_read(cx, in, "login", NAME_MAX, true, ret));
        for (size_t i = 0; i < ret->n; i++) {
                char c = ret->p[i];

                if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("._-@+", c) != NULL))
                        return fail(cx, RC_INVALID, "login", "may hold letters and digits of ASCII and . _ - @ + only");
        }
        return RC_OK;
}

static rc email_check(struct cx *cx, str email)
{
        const char *at;

        if (str_absent(email))
                return RC_OK;
        at = memchr(email.p, '@', email.n);
        if (at == NULL || at == email.p || at + 1 == email.p + email.n || memchr(at + 1, '@', email.n - (size_t)(at + 1 - email.p)) != NULL ||
            memchr(email.p, ' ', email.n) != NULL)
                return fail(cx, RC_INVALID, "email", "is not an e-mail address");
        return RC_OK;
}

static rc choice_read(struct cx *cx, const json_t *in, const char *item, const char *const *list, size_t count, str *ret)
{
        str text = STR_NONE;

        if (json_object_get(in, item) == NULL)
                return RC_OK;
        text = json_get_text(in, item);
        for (size_t i = 0; i < count; i++)
                if (str_is(text, list[i])) {
                        *ret = text;
                        return RC_OK;
                }
        return fail(cx, RC_INVALID, item, "is not one of the values known here");
}

static rc lang_read(struct cx *cx, const json_t *in, str *ret)
{
        static const char *const langs[] = { "ja", "en" };

        if (json_object_get(in, "lang") != NULL && str_absent(given(in, "lang"))) {
                *ret = STR_NONE; /* the contract's */
                return RC_OK;
        }
        return choice_read(cx, in, "lang", langs, COUNT(langs), ret);
}

static rc theme_read(struct cx *cx, const json_t *in, str *ret)
{
        static const char *const themes[] = { "auto", "light", "dark" };

        return choice_read(cx, in, "theme", themes, COUNT(themes), ret);
}

static bool listed(str ids, int64_t id)
{
        int64_t one;

        while (!str_empty(ids))
                if (str_int(str_cut(ids, ' ', &ids), &one) && one == id)
                        return true;
        return false;
}

/* [id…] -> "1 5 7" without repetition, what those not in `before` hold together. Numbers or texts of digits (forms). */
static rc groups_read(struct cx *cx, const json_t *list, str before, str *ret, struct rights *ret_added)
{
        struct buf out = buf_open(cx->mem, KB(2));
        int64_t ids[GROUPS_MAX], added[GROUPS_MAX];
        size_t count = 0, added_count = 0;
        struct rights all;

        if (list != NULL && !json_is_array(list)) /* null must not take all of them away */
                return fail(cx, RC_INVALID, "groups", "must be a list");
        if (json_array_size(list) > GROUPS_MAX)
                return fail(cx, RC_INVALID, "groups", "at most %d groups", GROUPS_MAX);
        for (size_t i = 0; i < json_array_size(list); i++) {
                const json_t *v = json_array_get(list, i);
                int64_t id = json_integer_value(v);
                size_t at = 0;

                if (!json_is_integer(v) && !str_int(str_absent(json_text(v)) ? S("") : json_text(v), &id))
                        return fail(cx, RC_INVALID, "groups", "there is no such group");
                while (at < count && ids[at] != id)
                        at++;
                if (at < count)
                        continue;
                ids[count++] = id;
                if (buf_str(&out).n > 0)
                        buf_char(&out, ' ');
                buf_int(&out, id);
        }
        for (size_t i = 0; i < count; i++)
                if (!listed(before, ids[i]))
                        added[added_count++] = ids[i];
        TRY(group_sum(cx, ids, count, "groups", &all));
        TRY(group_sum(cx, added, added_count, "groups", ret_added));
        *ret = buf_str(&out);
        return RC_OK;
}

/* Changing -------------------------------------------------------------------------------------------------------------------------- */

rc account_queue_up(struct cx *cx)
{
        int64_t count;

        return sql_account_lock(cx, &count);
}

rc account_manager_left(struct cx *cx, const struct rights *before)
{
        int64_t count;

        if ((before->all & permission_parse(cx->mem, str_of(permission_word(PERM_ACCOUNT_MANAGE))).all) == 0)
                return RC_OK;
        TRY(sql_account_administrators(cx, str_of(permission_word(PERM_ACCOUNT_MANAGE)), &count));
        if (count == 0 && cx->actor.kind != ACTOR_OPERATOR)
                return fail(cx, RC_CONFLICT, NULL, "somebody who may manage accounts must be left");
        return RC_OK;
}

static rc password_store(struct cx *cx, int64_t id, str password, bool must_change)
{
        bool done, passwords;

        TRY(provider_passwords(cx, &passwords));
        if (!passwords)
                return fail(cx, RC_FORBIDDEN, "password", "this contract keeps no passwords; its people log in by a sign-on service");
        TRY(sql_account_hash_set(cx, id, password_hash(cx, password), must_change, &done));
        return done ? RC_OK : fail(cx, RC_UNKNOWN, NULL, "there is no such account");
}

/* The password given, checked, or a made one; must it be changed by its owner? What the operator chose need not. */
static rc password_choose(struct cx *cx, str asked, const struct guess_owner *owner, bool change, str *ret, str *ret_made, bool *ret_must)
{
        struct policy policy;
        bool made = str_absent(asked) || str_empty(asked);

        TRY(policy_read(cx, &policy));
        if (!made) {
                struct guess_owner whose = *owner;

                whose.tenant = cx->tenant;
                whose.title = policy.title;
                TRY(password_check(cx, &policy, &whose, asked, "password"));
        }
        *ret = made ? password_make(cx, policy.length_min) : asked;
        *ret_made = made ? *ret : STR_NONE;
        *ret_must = change || (policy.first_reset && (made || cx->actor.kind != ACTOR_OPERATOR));
        return RC_OK;
}

/* The person the account is for: one that has none yet, and was not stopped. 0: a new one is made from the account's name. */
static rc person_read(struct cx *cx, const json_t *in, int64_t *ret)
{
        const json_t *account;
        json_t *person;
        str state;

        *ret = json_integer_value(json_object_get(in, "person_id"));
        if (*ret == 0)
                return RC_OK;
        TRY(person_get(cx, *ret, &person));
        account = json_object_get(person, "account");
        if (json_is_object(account))
                return fail(cx, RC_CONFLICT, "person_id", "this person has the account \"%.*s\" already; one person has one account",
                            STR_ARG(json_get_text(account, "login")));
        state = json_get_text(person, "state");
        if (str_is(state, "left") || str_is(state, "suspended"))
                return fail(cx, RC_CONFLICT, "person_id", "this person was stopped; a reinstatement must be approved first");
        return RC_OK;
}

/* A new person of a department. Whom the operator makes for a group of a department is recorded there. */
static rc person_make(struct cx *cx, const json_t *in, str name, str email, str groups, int64_t *person)
{
        str department = json_get_text(in, "department");
        json_t *wanted = json_object(), *made;

        department = str_absent(department) ? department : str_trim(department);
        if (str_empty(department) && *person == 0 && cx->actor.kind == ACTOR_OPERATOR)
                TRY(sql_account_groups_department(cx, groups, &department));
        if (str_absent(department) || str_empty(department))
                return RC_OK;
        if (*person != 0)
                return fail(cx, RC_INVALID, "department", "stands in the person's own record");
        if (cx->actor.kind != ACTOR_OPERATOR && !permission_held(cx, PERM_PERSON_MANAGE))
                return fail(cx, RC_FORBIDDEN, "department", "only those who may manage people say which department somebody belongs to");
        json_set(wanted, "name", json_str(name));
        json_set(wanted, "email", json_str(email));
        json_set(wanted, "department", json_str(department));
        TRY(person_create(cx, wanted, &made));
        *person = json_integer_value(json_object_get(made, "id"));
        return RC_OK;
}

/* What the database refuses, said by name: groups of another department, and groups that somebody else holds. */
static rc hold_check(struct cx *cx, int64_t id, int64_t person, str groups)
{
        struct account_hold *row;

        TRY(sql_account_hold(cx, id, person, groups, &row));
        if (row == NULL)
                return RC_OK;
        if (!str_absent(row->holder))
                return fail(cx, RC_CONFLICT, "groups",
                            "the group \"%.*s\" is held by one person at a time, and \"%.*s\" holds it; hand it over instead", STR_ARG(row->name),
                            STR_ARG(row->holder));
        return fail(cx, RC_FORBIDDEN, "groups", "the group \"%.*s\" is for people of the department \"%.*s\" only", STR_ARG(row->name),
                    STR_ARG(row->department));
}

rc account_identity_read(struct cx *cx, const json_t *in, json_t *ret)
{
        str login = STR_NONE, name = STR_NONE, email = STR_NONE;
        int64_t id;

        TRY(login_read(cx, in, &login));
        TRY(text_read(cx, in, "name", NAME_MAX, true, &name));
        if (str_absent(login) || str_absent(name))
                return fail(cx, RC_INVALID, str_absent(login) ? "login" : "name", "must not be empty");
        TRY(text_read(cx, in, "email", EMAIL_MAX, false, &email));
        TRY(email_check(cx, email));
        TRY(sql_account_find_login(cx, login, &id));
        if (id != 0)
                return fail(cx, RC_CONFLICT, "login", "is already taken");
        json_set(ret, "login", json_str(login));
        json_set(ret, "name", json_str(name));
        json_set(ret, "email", json_str(email));
        return RC_OK;
}

rc account_create(struct cx *cx, const json_t *in, json_t **ret, str *ret_password)
{
        str login = STR_NONE, name = STR_NONE, email = STR_NONE, lang = STR_NONE, groups = S(""), password = STR_NONE, made = STR_NONE;
        struct rights permissions;
        bool passwords;
        int64_t id, person;
        bool must = false;

        TRY(login_read(cx, in, &login));
        TRY(text_read(cx, in, "name", NAME_MAX, true, &name));
        if (str_absent(login) || str_absent(name))
                return fail(cx, RC_INVALID, str_absent(login) ? "login" : "name", "must not be empty");
        TRY(text_read(cx, in, "email", EMAIL_MAX, false, &email));
        TRY(email_check(cx, email));
        TRY(lang_read(cx, in, &lang));
        TRY(provider_passwords(cx, &passwords));
        if (json_is_true(json_object_get(in, "without_password")))
                passwords = false;
        if (passwords)
                TRY(password_choose(cx, json_get_text(in, "password"), &(struct guess_owner){ .login = login, .name = name, .email = email },
                                    json_is_true(json_object_get(in, "must_change")), &password, &made, &must));
        else if (!str_empty(json_get_text(in, "password")))
                return fail(cx, RC_INVALID, "password", "this contract keeps no passwords; its people log in by a sign-on service");
        TRY(account_queue_up(cx));
        TRY(groups_read(cx, json_object_get(in, "groups"), STR_NONE, &groups, &permissions));
        TRY(permission_above(cx, &permissions));
        TRY(person_read(cx, in, &person));
        TRY(person_make(cx, in, name, email, groups, &person));
        TRY(hold_check(cx, 0, person, groups));
        TRY(sql_account_insert(cx, cx->tenant, login, name, email, lang, groups, person ? &person : NULL, &id));
        if (passwords)
                TRY(password_store(cx, id, password, must));
        TRY(account_get(cx, id, ret));
        *ret_password = made;
        return RC_OK;
}

static rc row_open(struct cx *cx, int64_t id, int64_t version, struct account **ret)
{
        struct rights held;

        TRY(account_queue_up(cx));
        TRY(row_find(cx, id, ret));
        held = permission_parse(cx->mem, (*ret)->permissions);
        TRY(permission_above(cx, &held));
        if ((*ret)->version != version)
                return fail(cx, RC_STALE, NULL, "somebody changed this in the meantime");
        return RC_OK;
}

rc account_above(struct cx *cx, int64_t id)
{
        struct account *row;
        struct rights held;

        TRY(row_find(cx, id, &row));
        held = permission_parse(cx->mem, row->permissions);
        return permission_above(cx, &held);
}

static bool own(const struct cx *cx, int64_t id)
{
        return cx->actor.kind == ACTOR_ACCOUNT && cx->actor.id == id;
}

/* Suspended: the person is stopped, for a pause. Back only with a second person's consent (person.h). */
static rc state_change(struct cx *cx, const struct account *row, str next)
{
        json_t *in, *done;

        if (str_equal(row->state, next))
                return RC_OK;
        if (str_is(next, "active"))
                return fail(cx, RC_CONFLICT, "state", "a suspended account comes back only by a reinstatement that a second person approves");
        in = json_set(json_object(), "reason", json_string("other"));
        return person_stop(cx, row->person_id, in, &done);
}

/* Members grants and denials: what is given to this account alone, and what it may not whatever its groups say. */
static rc own_rights_change(struct cx *cx, const struct account *row, const json_t *in)
{
        struct rights grants = permission_parse(cx->mem, row->grants), denials = permission_parse(cx->mem, row->denials);
        const json_t *give = json_object_get(in, "grants"), *deny = json_object_get(in, "denials");
        struct rights before = grants;
        size_t changed;

        if (give == NULL && deny == NULL)
                return RC_OK;
        if (give != NULL)
                TRY(permission_read(cx, give, "grants", &before, &grants));
        if (deny != NULL) {
                struct rights denied = denials;

                TRY(permission_read_any(cx, deny, "denials", &denials));
                denials = permission_keep_hidden(cx, &denied, &denials);
        }
        TRY(sql_account_rights_change(cx, row->id, permission_format(cx->mem, &grants), permission_format(cx->mem, &denials), &changed));
        must(changed == 1); /* changed above */
        return RC_OK;
}

rc account_update(struct cx *cx, int64_t id, int64_t version, const json_t *in, json_t **ret_before, json_t **ret)
{
        static const char *const states[] = { "active", "suspended" };
        struct rights added, held, after;
        struct account *row;
        int64_t changed;
        json_t *before;
        str state;

        TRY(row_open(cx, id, version, &row));
        state = row->state;
        held = permission_parse(cx->mem, row->permissions);
        before = model(cx, row);
        TRY(login_read(cx, in, &row->login));
        TRY(text_read(cx, in, "name", NAME_MAX, true, &row->name));
        TRY(text_read(cx, in, "email", EMAIL_MAX, false, &row->email));
        TRY(email_check(cx, row->email));
        TRY(lang_read(cx, in, &row->lang));
        TRY(theme_read(cx, in, &row->theme));
        TRY(choice_read(cx, in, "state", states, COUNT(states), &state));
        if (json_object_get(in, "groups") != NULL) {
                TRY(groups_read(cx, json_object_get(in, "groups"), row->group_ids, &row->group_ids, &added));
                TRY(permission_above(cx, &added));
                TRY(hold_check(cx, id, row->person_id, row->group_ids));
        }
        if (own(cx, id) && str_is(state, "suspended"))
                return fail(cx, RC_CONFLICT, "state", "nobody suspends or removes their own account; somebody else must do it");
        TRY(sql_account_change(cx, id, version, row->login, row->name, row->email, row->lang, row->theme, row->group_ids, &changed));
        if (changed == 0)
                return fail(cx, RC_STALE, NULL, "somebody changed this in the meantime");
        TRY(own_rights_change(cx, row, in));
        TRY(state_change(cx, row, state));
        TRY(row_find(cx, id, &row));
        after = permission_parse(cx->mem, row->permissions);
        TRY(permission_gain(cx, &held, &after)); /* whichever way it came: a group, a grant, a denial taken back */
        TRY(account_manager_left(cx, &held));
        *ret_before = before;
        return account_get(cx, id, ret);
}

rc account_erase(struct cx *cx, int64_t id, int64_t version, json_t **ret_before)
{
        struct account *row;
        struct rights held;
        int64_t erased;

        TRY(row_open(cx, id, version, &row));
        if (own(cx, id))
                return fail(cx, RC_CONFLICT, NULL, "nobody suspends or removes their own account; somebody else must do it");
        TRY(sql_account_put_out(cx, id));
        TRY(sql_account_drop(cx, id, version, &erased));
        if (erased == 0)
                return fail(cx, RC_STALE, NULL, "somebody changed this in the meantime");
        held = permission_parse(cx->mem, row->permissions);
        TRY(account_manager_left(cx, &held));
        *ret_before = model(cx, row);
        return RC_OK;
}

rc account_grid(struct cx *cx, int64_t id, json_t **ret)
{
        struct permission_lists lists = { 0 };
        struct permission_group *groups;
        struct account_group_of *list;
        struct account *row;

        TRY(row_find(cx, id, &row));
        TRY(sql_account_groups(cx, id, &list, &lists.group_count));
        groups = NEW_ARRAY(cx->mem, struct permission_group, lists.group_count + 1);
        for (size_t i = 0; i < lists.group_count; i++)
                groups[i] = (struct permission_group){ .name = list[i].name, .rights = permission_parse(cx->mem, list[i].permissions) };
        lists.groups = groups;
        lists.given = permission_parse(cx->mem, row->grants);
        lists.denied = permission_parse(cx->mem, row->denials);
        lists.held = permission_parse(cx->mem, row->permissions);
        return permission_grid(cx, &lists, ret);
}

static rc own_row(struct cx *cx, struct account **ret)
{
        if (cx->actor.kind != ACTOR_ACCOUNT)
                return fail(cx, RC_FORBIDDEN, NULL, "this is for accounts; an API key has none");
        return row_find(cx, cx->actor.id, ret);
}

rc account_update_own(struct cx *cx, const json_t *in, json_t **ret_before, json_t **ret)
{
        struct account *row;
        int64_t changed;
        json_t *before;

        TRY(own_row(cx, &row));
        before = model(cx, row);
        TRY(lang_read(cx, in, &row->lang));
        TRY(theme_read(cx, in, &row->theme));
        TRY(sql_account_change(cx, row->id, row->version, row->login, row->name, row->email, row->lang, row->theme, row->group_ids, &changed));
        if (changed == 0)
                return fail(cx, RC_STALE, NULL, "somebody changed this in the meantime");
        *ret_before = before;
        return account_get(cx, row->id, ret);
}

/* Passwords ------------------------------------------------------------------------------------------------------------------------- */

rc account_password_reset(struct cx *cx, int64_t id, str password, bool change, str *ret_password)
{
        struct account *row;
        struct rights held;
        str chosen, made;
        bool must;

        TRY(row_find(cx, id, &row));
        held = permission_parse(cx->mem, row->permissions);
        if (own(cx, id))
                return fail(cx, RC_CONFLICT, NULL, "the own password is changed under \"my account\", with the current one");
        TRY(permission_above(cx, &held));
        TRY(password_choose(cx, password, &(struct guess_owner){ .login = row->login, .name = row->name, .email = row->email }, change, &chosen,
                            &made, &must));
        TRY(password_store(cx, id, chosen, must));
        TRY(sql_account_unlock(cx, id));
        TRY(session_end_others(cx, id, 0));
        *ret_password = made;
        return RC_OK;
}

rc account_password_expire(struct cx *cx, int64_t id)
{
        return sql_account_hash_expire(cx, id, ACCOUNT_FIRST_DAYS);
}

rc account_password_renew(struct cx *cx, int64_t id, str *ret_password)
{
        struct policy policy;

        TRY(policy_read(cx, &policy));
        *ret_password = password_make(cx, policy.length_min);
        TRY(sql_account_unlock(cx, id));
        return password_store(cx, id, *ret_password, true);
}

rc account_password_first(struct cx *cx, int64_t id, str *ret_password)
{
        bool passwords;

        *ret_password = STR_NONE;
        TRY(provider_passwords(cx, &passwords));
        return passwords ? account_password_renew(cx, id, ret_password) : RC_OK;
}

rc account_password_check(struct cx *cx, str current, str next)
{
        struct account *row;
        struct guess_owner owner;
        struct policy policy;

        TRY(own_row(cx, &row));
        TRY(policy_read(cx, &policy));
        owner = (struct guess_owner){ .login = row->login, .name = row->name, .email = row->email, .tenant = cx->tenant, .title = policy.title };
        TRY(password_check(cx, &policy, &owner, next, "password"));
        if (str_equal(current, next))
                return fail(cx, RC_INVALID, "password", "the new password must differ from the current one");
        return RC_OK;
}

rc account_password_change(struct cx *cx, str next)
{
        TRY(password_store(cx, cx->actor.id, next, false));
        return session_end_others(cx, cx->actor.id, cx->actor.session);
}

rc account_unlock(struct cx *cx, int64_t id, json_t **ret_before, json_t **ret)
{
        struct account *row;
        struct rights held;

        TRY(row_find(cx, id, &row));
        held = permission_parse(cx->mem, row->permissions);
        TRY(permission_above(cx, &held));
        *ret_before = model(cx, row);
        TRY(sql_account_unlock(cx, id));
        return account_get(cx, id, ret);
}
