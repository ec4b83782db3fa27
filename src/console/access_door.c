/* access_door.c - requests for rights: asked by one person, approved by another. */
#include "base/house.h"

#include "console/access_door.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/fail.h"
#include "identity/access.h"
#include "identity/account.h"
#include "identity/group.h"
#include "identity/permission.h"
#include "identity/person.h"
#include "log/log.h"
#include "notify/notice.h"

static const char *const kinds[] = { "rights", "account", "removal", "group", NULL };
static const char *const forms[] = { "", "own", "other", "account", "group", NULL };

static const struct field query_fields[] = {
        { .name = "after", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "`next` of the page before, of those decided" },
        { .name = "limit", .type = SHAPE_INT, .min = 1, .max = 200, .summary = "Requests a page" },
        { NULL },
};
static const struct shape query_in = { "AccessQuery", query_fields };

static const struct field form_fields[] = {
        { .name = "form", .type = SHAPE_TEXT, .choices = forms, .summary = "For whom: own, other, a new account, a group" },
        { .name = "login", .type = SHAPE_TEXT, .max = 100, .summary = "Log-in name of the account whose rights are to change" },
        { .name = "account_id", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "The same by its number" },
        { .name = "group_id", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "Number of the group whose permissions are to change" },
        { .name = "person_id", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "Number of the person the new account is for" },
        { NULL },
};
static const struct shape form_in = { "AccessForm", form_fields };

static const struct field ask_fields[] = {
        { .name = "kind",
          .type = SHAPE_TEXT,
          .required = true,
          .choices = kinds,
          .summary = "rights: what an account may; account: a new one; removal: of an account; group: what a group may" },
        { .name = "purpose", .type = SHAPE_TEXT, .required = true, .max = 1000, .lines = true, .summary = "What the rights are needed for" },
        { .name = "account_id", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "Whose rights; not given: the caller's own" },
        { .name = "login", .type = SHAPE_TEXT, .max = 100, .summary = "The same by log-in name; of a new account: the name it is to get" },
        { .name = "name", .type = SHAPE_TEXT, .max = 100, .summary = "New account: name of the person" },
        { .name = "email", .type = SHAPE_TEXT, .max = 254, .summary = "New account: e-mail address; its first password goes there" },
        { .name = "person_id", .type = SHAPE_INT, .min = 0, .max = INT64_MAX, .summary = "New account: number of the person it is for" },
        { .name = "group_id", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "Kind group: number of the group" },
        { .name = "groups", .type = SHAPE_LIST, .max = 50, .summary = "Ids of all groups it is to be in; not given: as now" },
        { .name = "groups_given", .type = SHAPE_BOOL, .summary = "Forms send true: groups not ticked are left" },
        { .name = "grants", .type = SHAPE_LIST, .max = 1000, .summary = "Words it is to hold beside those of its groups; not given: as now" },
        { .name = "denials", .type = SHAPE_LIST, .max = 1000, .summary = "Words it is not to hold, whatever its groups say; not given: as now" },
        { .name = "rights", .type = SHAPE_LIST, .max = 8000, .summary = "Forms: +WORD to give it to this account, -WORD not to allow it" },
        { .name = "permissions", .type = SHAPE_LIST, .max = 1000, .summary = "Kind group: all words it is to hold" },
        { .name = "ends_on", .type = SHAPE_TEXT, .max = 40, .summary = "The last day of what is gained; at most 366 days away" },
        { .name = "employed", .type = SHAPE_BOOL, .summary = "Instead: for as long as the person belongs to the company" },
        { NULL },
};
static const struct shape ask_in = { "AccessAsk", ask_fields };

static const struct field approve_fields[] = {
        { .name = "groups", .type = SHAPE_LIST, .max = 50, .summary = "Ids of the new groups that are given; not given: all that were asked for" },
        { .name = "grants", .type = SHAPE_LIST, .max = 1000, .summary = "New single words that are given; not given: all that were asked for" },
        { .name = "narrowed", .type = SHAPE_BOOL, .summary = "Forms send true: what is not ticked is not given" },
        { NULL },
};
static const struct shape approve_in = { "AccessApproval", approve_fields };

static const struct field refuse_fields[] = {
        { .name = "why", .type = SHAPE_TEXT, .required = true, .max = 1000, .lines = true, .summary = "Why; whoever asked reads it" },
        { NULL },
};
static const struct shape refuse_in = { "AccessRefusal", refuse_fields };

static const struct field request_fields[] = {
        { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number" },
        { .name = "kind", .type = SHAPE_TEXT, .required = true, .choices = kinds, .summary = "What is asked for" },
        { .name = "state", .type = SHAPE_TEXT, .required = true, .summary = "asked, approved, refused, withdrawn or expired (waited for 14 days)" },
        { .name = "account_id", .type = SHAPE_INT, .summary = "Whose rights; of a new account since it was approved" },
        { .name = "person_id", .type = SHAPE_INT, .summary = "The person behind it" },
        { .name = "login", .type = SHAPE_TEXT, .summary = "Log-in name, as it was then" },
        { .name = "name", .type = SHAPE_TEXT, .summary = "Name, as it was then" },
        { .name = "email", .type = SHAPE_TEXT, .summary = "New account: e-mail address" },
        { .name = "group_id", .type = SHAPE_INT, .summary = "Kind group: number" },
        { .name = "group_name", .type = SHAPE_TEXT, .summary = "Kind group: name, as it was then" },
        { .name = "purpose", .type = SHAPE_TEXT, .summary = "What the rights are needed for" },
        { .name = "ends_on", .type = SHAPE_TEXT, .summary = "Last day of what is gained; null: none" },
        { .name = "until", .type = SHAPE_TEXT, .summary = "The same as people write it" },
        { .name = "employed", .type = SHAPE_BOOL, .summary = "For as long as the person belongs to the company" },
        { .name = "asked_by", .type = SHAPE_TEXT, .summary = "Who asked, as they were called then" },
        { .name = "asked_at", .type = SHAPE_DATETIME, .summary = "When" },
        { .name = "decided_by", .type = SHAPE_TEXT, .summary = "Who approved, refused or withdrew it" },
        { .name = "decided_at", .type = SHAPE_DATETIME, .summary = "When" },
        { .name = "why_refused", .type = SHAPE_TEXT, .summary = "Why it was refused" },
        { .name = "ended_at", .type = SHAPE_DATETIME, .summary = "When what it gave was taken away again" },
        { .name = "gains", .type = SHAPE_BOOL, .summary = "Something is gained by it" },
        { .name = "mine", .type = SHAPE_BOOL, .summary = "The caller asked for it" },
        { .name = "own", .type = SHAPE_BOOL, .summary = "It is about the caller's own rights" },
        { .name = "may_decide", .type = SHAPE_BOOL, .summary = "The caller may approve or refuse it" },
        { .name = "may_withdraw", .type = SHAPE_BOOL, .summary = "The caller may withdraw it" },
        { .name = "groups", .type = SHAPE_LIST, .summary = "Groups before and after: id, name, rights, is_new, is_longer, is_kept, is_gone, given" },
        { .name = "grants", .type = SHAPE_LIST, .summary = "New single words: word, title, register, given" },
        { .name = "gained", .type = SHAPE_LIST, .summary = "Permissions it comes to that were not there before" },
        { .name = "lost", .type = SHAPE_LIST, .summary = "Permissions that go" },
        { .name = "kept", .type = SHAPE_LIST, .summary = "Permissions that stay" },
        { NULL },
};
static const struct shape request_shape = { "AccessRequest", request_fields };
static const struct field requests_fields[] = {
        { .name = "requests", .type = SHAPE_LIST, .required = true, .of = &request_shape },
        { .name = "next", .type = SHAPE_INT, .summary = "Give it as `after` for the next page; null at the end" },
        { NULL },
};
static const struct shape requests_shape = { "AccessRequests", requests_fields };
static const struct field list_fields[] = {
        { .name = "waiting", .type = SHAPE_OBJECT, .of = &requests_shape, .summary = "For whoever approves: those that wait; else null" },
        { .name = "mine", .type = SHAPE_OBJECT, .required = true, .of = &requests_shape, .summary = "Asked by the caller, or about them" },
        { .name = "decided", .type = SHAPE_OBJECT, .of = &requests_shape, .summary = "For whoever approves or manages accounts; else null" },
        { .name = "rules", .type = SHAPE_JSON, .summary = "approval: rights change by a request only; approvers: people who can approve" },
        { NULL },
};
static const struct shape list_out = { "AccessList", list_fields };
static const struct field one_fields[] = {
        { .name = "request", .type = SHAPE_OBJECT, .required = true, .of = &request_shape },
        { .name = "rules", .type = SHAPE_JSON, .summary = "approval: rights change by a request only; approvers: people who can approve" },
        { NULL },
};
static const struct shape one_out = { "AccessAnswer", one_fields };
static const struct field approved_fields[] = {
        { .name = "request", .type = SHAPE_OBJECT, .required = true, .of = &request_shape },
        { .name = "password", .type = SHAPE_TEXT, .summary = "Of a new account without an e-mail address: shown this once; else null" },
        { NULL },
};
static const struct shape approved_out = { "AccessApproved", approved_fields };

static void until_dress(struct cx *cx, json_t *request)
{
        struct date day;

        json_set(request, "until", json_null());
        if (clock_read_date(json_get_text(request, "ends_on"), &day))
                json_set(request, "until", json_str(clock_date_text(cx->mem, cx->lang, day)));
}

static rc id_read(struct cx *cx, const struct http_req *req, int64_t *ret, json_t **ret_request)
{
        if (!str_int(http_arg(req, "id"), ret) || *ret <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such access request");
        log_subject(cx, S("access"), *ret);
        TRY(access_get(cx, *ret, ret_request));
        until_dress(cx, *ret_request);
        return RC_OK;
}

static str request_url(struct cx *cx, int64_t id, const char *done)
{
        return str_format(cx->mem, "/access/%" PRId64 "?done=%s", id, done);
}

static rc scope_add(struct cx *cx, json_t *model, const char *scope, int64_t after, int64_t limit)
{
        json_t *list, *one;
        size_t i;

        TRY(access_list(cx, scope, after, limit, &list));
        json_array_foreach(json_object_get(list, "requests"), i, one)
                until_dress(cx, one);
        json_set(list, "any", json_boolean(json_array_size(json_object_get(list, "requests")) > 0));
        json_set(model, scope, list);
        return RC_OK;
}

/* GET /access - access.html: {waiting, mine, decided, rules}. */
static rc list(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        bool approves = permission_held(cx, PERM_ACCESS_APPROVE), manages = permission_held(cx, PERM_ACCOUNT_MANAGE);
        json_t *in, *rules, *model = json_object();
        int64_t after, limit;

        TRY(shape_read(cx, &query_in, req, &in));
        log_subject(cx, S("access"), 0);
        after = json_integer_value(json_object_get(in, "after"));
        limit = json_integer_value(json_object_get(in, "limit"));
        json_set(model, "waiting", json_null());
        json_set(model, "decided", json_null());
        if (approves)
                TRY(scope_add(cx, model, "waiting", 0, 200));
        TRY(scope_add(cx, model, "mine", 0, limit));
        if (approves || manages)
                TRY(scope_add(cx, model, "decided", after, limit));
        TRY(access_rules(cx, &rules));
        json_set(rules, "few",
                 json_boolean(json_is_true(json_object_get(rules, "approval")) && json_integer_value(json_object_get(rules, "approvers")) < 2));
        json_set(model, "rules", rules);
        return http_reply(res, 200, "access.html", model);
}

/* Whoever asks may ask for what they do not hold. */
static void cells_open(json_t *cells)
{
        json_t *cell;
        size_t i;

        json_array_foreach(cells, i, cell)
                json_set(cell, "held", json_true());
}

static void grid_open(json_t *grid)
{
        json_t *row;
        size_t i;

        json_array_foreach(json_object_get(grid, "rows"), i, row)
                cells_open(json_object_get(row, "cells"));
        cells_open(json_object_get(grid, "functions"));
}

static rc groups_add(struct cx *cx, json_t *model, const json_t *account)
{
        json_t *list, *one, *mine;
        size_t i, k;

        TRY(group_list(cx, &list));
        json_array_foreach(json_object_get(list, "groups"), i, one) {
                bool member = false;

                json_array_foreach(json_object_get(account, "groups"), k, mine)
                        member = member || json_equal(mine, json_object_get(one, "id"));
                json_set(one, "member", json_boolean(member));
        }
        json_set(model, "group_choices", json_object_get(list, "groups")); /* the account has groups of its own: their numbers */
        return RC_OK;
}

static rc account_form(struct cx *cx, json_t *model, int64_t id)
{
        json_t *account, *rights;

        TRY(account_get(cx, id, &account));
        TRY(account_grid(cx, id, &rights));
        grid_open(rights);
        json_set(model, "account", account);
        json_set(model, "rights", rights);
        return groups_add(cx, model, account);
}

static rc group_form(struct cx *cx, json_t *model, int64_t id)
{
        json_t *group, *rights;

        TRY(group_get(cx, id, &group));
        TRY(group_grid(cx, id, &rights));
        grid_open(rights);
        json_set(model, "group", group);
        json_set(model, "rights", rights);
        return RC_OK;
}

static rc new_form(struct cx *cx, json_t *model, int64_t person_id)
{
        json_t *person;

        if (person_id != 0) {
                TRY(person_get(cx, person_id, &person));
                json_set(model, "person", person);
        }
        return groups_add(cx, model, NULL);
}

/* Which form, and about whose account (0: none yet, a new one, or a group). */
static rc form_read(struct cx *cx, const json_t *in, str *ret_name, int64_t *ret_id)
{
        str login = json_get_text(in, "login"), name = json_get_text(in, "form");
        int64_t id = json_integer_value(json_object_get(in, "account_id"));

        if (str_empty(name))
                name = str_empty(login) && id == 0 ? S("own") : S("other");
        if (str_is(name, "own")) {
                if (cx->actor.kind != ACTOR_ACCOUNT)
                        return fail(cx, RC_FORBIDDEN, NULL, "this is for accounts; an API key has none");
                id = cx->actor.id;
        } else if (!permission_held(cx, PERM_ACCOUNT_MANAGE)) {
                return fail(cx, RC_FORBIDDEN, NULL, "this needs the permission \"%s\"", permission_word(PERM_ACCOUNT_MANAGE));
        } else if (!str_is(name, "other")) {
                id = 0;
        } else if (id == 0 && !str_empty(login)) {
                TRY(account_find(cx, str_trim(login), &id));
        }
        *ret_name = name;
        *ret_id = id;
        return RC_OK;
}

/* GET /access/new - access_new.html: {form: {own | other | account | group}, account, group_choices, rights, person, group, today, last}. */
static rc form(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *model = json_object(), *which;
        int64_t id;
        str name;

        TRY(shape_read(cx, &form_in, req, &in));
        log_quiet(cx);
        TRY(form_read(cx, in, &name, &id));
        which = json_set(json_object(), str_z(cx->mem, name), json_true());
        if (id != 0)
                TRY(account_form(cx, model, id));
        else if (str_is(name, "group"))
                TRY(group_form(cx, model, json_integer_value(json_object_get(in, "group_id"))));
        else if (str_is(name, "account"))
                TRY(new_form(cx, model, json_integer_value(json_object_get(in, "person_id"))));
        json_set(model, "form", which);
        json_set(model, "today", json_str(clock_iso_date(cx->mem, clock_tokyo(cx->now).date)));
        json_set(model, "last", json_str(clock_iso_date(cx->mem, clock_tokyo(cx->now + ACCESS_DAYS_MAX * CLOCK_DAY).date)));
        return http_reply(res, 200, "access_new.html", model);
}

/* What the form says of each right, "+record.read", "-log.read" or nothing, becomes grants and denials. */
static void rights_split(json_t *in)
{
        json_t *grants = json_array(), *denials = json_array(), *one;
        size_t i;

        if (json_object_get(in, "rights") == NULL)
                return;
        json_array_foreach(json_object_get(in, "rights"), i, one) {
                str word = json_text(one);

                if (word.n > 1 && (word.p[0] == '+' || word.p[0] == '-'))
                        must(json_array_append_new(word.p[0] == '+' ? grants : denials, json_str((str){ word.p + 1, word.n - 1 })) == 0);
        }
        json_set(in, "grants", grants);
        json_set(in, "denials", denials);
}

/* For whom: "Hanako (hanako)", or the group. */
static str for_whom(struct cx *cx, const json_t *request)
{
        if (str_is(json_get_text(request, "kind"), "group"))
                return json_get_text(request, "group_name");
        return str_format(cx->mem, "%.*s (%.*s)", STR_ARG(json_get_text(request, "name")), STR_ARG(json_get_text(request, "login")));
}

static json_t *notice_model(struct cx *cx, const json_t *request)
{
        static const char *const same[] = { "id", "purpose", "ends_on" };
        json_t *m = json_object();

        for (size_t i = 0; i < COUNT(same); i++)
                json_set(m, same[i], json_object_get(request, same[i]) ? json_object_get(request, same[i]) : json_null());
        json_set(m, "for_whom", json_str(for_whom(cx, request)));
        json_set(m, "by", json_str(cx->actor.name));
        return m;
}

/* The person who asks: the caller's own; a key's maker is told under their account. */
static rc own_person(struct cx *cx, int64_t *ret)
{
        *ret = 0;
        return cx->actor.kind == ACTOR_ACCOUNT ? person_of_account(cx, cx->actor.id, ret) : RC_OK;
}

static void names_note(struct cx *cx, const char *member, const json_t *list, const char *name, const char *flag)
{
        json_t *names = json_array();
        const json_t *one;
        size_t i;

        json_array_foreach(list, i, one)
                if (json_is_true(json_object_get(one, flag)))
                        must(json_array_append_new(names, json_str(json_get_text(one, name))) == 0);
        if (json_array_size(names) > 0)
                log_detail(cx, member, names);
}

/* What the entry says of a request. */
static void request_note(struct cx *cx, const json_t *request, bool decided)
{
        static const char *const said[] = { "kind", "login", "group_name", "purpose", "ends_on", "asked_by" };

        for (size_t i = 0; i < COUNT(said); i++)
                if (!str_absent(json_get_text(request, said[i])))
                        log_detail(cx, said[i], json_object_get(request, said[i]));
        if (json_is_true(json_object_get(request, "employed")))
                log_detail(cx, "employed", json_true());
        names_note(cx, decided ? "given_groups" : "new_groups", json_object_get(request, "groups"), "name", decided ? "given" : "is_new");
        names_note(cx, "gone_groups", json_object_get(request, "groups"), "name", "is_gone");
}

/* POST /access - 303 to the request. */
static rc ask(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *request, *model = json_object();
        int64_t id, person;

        log_subject(cx, S("access"), 0);
        TRY(shape_read(cx, &ask_in, req, &in));
        if (json_is_true(json_object_get(in, "groups_given")) && json_object_get(in, "groups") == NULL)
                json_set(in, "groups", json_array());
        if (json_is_true(json_object_get(in, "groups_given")) && json_object_get(in, "permissions") == NULL)
                json_set(in, "permissions", json_array());
        rights_split(in);
        TRY(access_ask(cx, in, &request));
        until_dress(cx, request);
        id = json_integer_value(json_object_get(request, "id"));
        log_subject(cx, S("access"), id);
        request_note(cx, request, false);
        TRY(own_person(cx, &person));
        TRY(notice_access(cx, "access_asked", person, 0, notice_model(cx, request)));
        json_set(model, "request", request);
        return http_created(res, 201, request_url(cx, id, "access_asked"), model);
}

/* GET /access/{id} - access_request.html: {request, rules}. */
static rc show(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *request, *rules, *model = json_object();
        int64_t id;

        TRY(id_read(cx, req, &id, &request));
        TRY(access_rules(cx, &rules));
        json_set(request, "has_choices",
                 json_boolean(json_array_size(json_object_get(request, "groups")) > 0 || json_array_size(json_object_get(request, "grants")) > 0));
        json_set(model, "request", request);
        json_set(model, "rules", rules);
        return http_reply(res, 200, "access_request.html", model);
}

/* To who asked, and whose rights they are. */
static rc decision_tell(struct cx *cx, const char *kind, const json_t *request, str why)
{
        json_t *model = notice_model(cx, request);
        int64_t asked;

        TRY(access_asked_person(cx, request, &asked));
        json_set(model, "why", json_str(why));
        return notice_access(cx, kind, asked, json_integer_value(json_object_get(request, "person_id")), model);
}

/* The first password of a new account goes to its address when there is one; else whoever approves sees it, once. */
static rc password_mail(struct cx *cx, int64_t id, str *password)
{
        json_t *account;

        TRY(account_get(cx, id, &account));
        if (str_absent(*password) || str_empty(json_get_text(account, "email")))
                return RC_OK;
        TRY(account_password_expire(cx, id));
        TRY(notice_first_password(cx, json_get_text(account, "email"), json_get_text(account, "lang"), json_get_text(account, "login"), *password,
                                  ACCOUNT_FIRST_DAYS));
        log_detail(cx, "mailed", json_true());
        *password = STR_NONE;
        return RC_OK;
}

/* POST /access/{id}/approve - does what was asked for; 303, or access_made.html with the first password of a new account. */
static rc approve(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *request, *model = json_object();
        int64_t id, account;
        str password;

        TRY(id_read(cx, req, &id, &request));
        TRY(shape_read(cx, &approve_in, req, &in));
        if (json_is_true(json_object_get(in, "narrowed")) && json_object_get(in, "groups") == NULL)
                json_set(in, "groups", json_array());
        if (json_is_true(json_object_get(in, "narrowed")) && json_object_get(in, "grants") == NULL)
                json_set(in, "grants", json_array());
        TRY(access_approve(cx, id, in, &account, &password));
        if (!str_absent(password))
                TRY(password_mail(cx, account, &password));
        TRY(access_get(cx, id, &request));
        until_dress(cx, request);
        request_note(cx, request, true);
        TRY(decision_tell(cx, "access_approved", request, STR_NONE));
        json_set(model, "request", request);
        json_set(model, "password", json_str(password));
        if (str_absent(password))
                return http_created(res, 200, request_url(cx, id, "access_approved"), model);
        return http_reply(res, 200, "access_made.html", model);
}

/* POST /access/{id}/refuse - 303 to the request. */
static rc refuse(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *request, *model = json_object();
        int64_t id;
        str why;

        TRY(id_read(cx, req, &id, &request));
        TRY(shape_read(cx, &refuse_in, req, &in));
        why = json_get_text(in, "why");
        TRY(access_refuse(cx, id, why));
        TRY(access_get(cx, id, &request));
        until_dress(cx, request);
        request_note(cx, request, true);
        log_detail(cx, "why", json_str(why));
        TRY(decision_tell(cx, "access_refused", request, why));
        json_set(model, "request", request);
        return http_created(res, 200, request_url(cx, id, "access_refused"), model);
}

/* POST /access/{id}/withdraw - by who asked; 303 to the request. */
static rc withdraw(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *request, *model = json_object();
        int64_t id;

        TRY(id_read(cx, req, &id, &request));
        TRY(access_withdraw(cx, id));
        TRY(access_get(cx, id, &request));
        until_dress(cx, request);
        request_note(cx, request, false);
        json_set(model, "request", request);
        return http_created(res, 200, request_url(cx, id, "access_withdrawn"), model);
}

rc access_door_tell(struct cx *cx, const json_t *told)
{
        str what = json_get_text(told, "what");
        json_t *model = notice_model(cx, told);
        const char *kind = str_is(what, "expired") ? "access_expired" : str_is(what, "warned") ? "access_ending" : "access_ended";

        json_set(model, "groups", json_object_get(told, "groups"));
        return notice_access(cx, kind, json_integer_value(json_object_get(told, "asked_person")),
                             str_is(what, "expired") ? 0 : json_integer_value(json_object_get(told, "person_id")), model);
}

/* clang-format off */
const struct route access_door_routes[] = {
        /*     method path                     permission           logged as    body    rate    handler */
        ROUTE( GET,   "/access",               PERM_NONE,           LOG_LIST,    0,      NORMAL, list,     "Requests for rights: waiting, own, decided",
               .in = &query_in, .out = &list_out ),
        ROUTE( GET,   "/access/new",           PERM_NONE,           LOG_VIEW,    0,      NORMAL, form,     "The form to ask for rights",
               .in = &form_in, .face = FACE_CONSOLE ),
        ROUTE( POST,  "/access",               PERM_NONE,           LOG_CREATE,  KB(64), NORMAL, ask,      "Ask for rights",
               .in = &ask_in, .out = &one_out ),
        ROUTE( GET,   "/access/{id}",          PERM_NONE,           LOG_VIEW,    0,      NORMAL, show,     "Read a request for rights", .out = &one_out ),
        ROUTE( POST,  "/access/{id}/approve",  PERM_ACCESS_APPROVE, LOG_APPROVE, KB(16), LOGIN,  approve,
               "Approve a request for rights, as a second person", .in = &approve_in, .out = &approved_out, .fresh = true ),
        ROUTE( POST,  "/access/{id}/refuse",   PERM_ACCESS_APPROVE, LOG_REVOKE,  KB(16), NORMAL, refuse,   "Refuse a request for rights",
               .in = &refuse_in, .out = &one_out, .fresh = true ),
        ROUTE( POST,  "/access/{id}/withdraw", PERM_NONE,           LOG_CANCEL,  KB(4),  NORMAL, withdraw, "Withdraw a request for rights", .out = &one_out ),
        ROUTE_END
};
/* clang-format on */
