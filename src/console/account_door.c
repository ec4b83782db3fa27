/* account_door.c - accounts of the tenant, for whoever may manage them. */
#include "base/house.h"

#include "console/account_door.h"

#include "base/fail.h"
#include "identity/account.h"
#include "identity/department.h"
#include "identity/factor.h"
#include "identity/group.h"
#include "identity/person.h"
#include "identity/policy.h"
#include "log/log.h"
#include "notify/notice.h"

static const char *const states[] = { "active", "suspended", NULL }, *const wanted[] = { "", "active", "suspended", NULL };
static const char *const langs[] = { "", "ja", "en", NULL };
static const char *const themes[] = { "auto", "light", "dark", NULL };

/* clang-format off */
#define LOGIN_FIELD { .name = "login", .type = SHAPE_TEXT, .max = 100, .summary = "Log-in name: letters and digits of ASCII and . _ - @ +" }
#define NAME_FIELD { .name = "name", .type = SHAPE_TEXT, .max = 100, .summary = "Name of the person" }
#define EMAIL_FIELD { .name = "email", .type = SHAPE_TEXT, .max = 254, .summary = "E-mail address" }
#define LANG_FIELD { .name = "lang", .type = SHAPE_TEXT, .choices = langs, .summary = "Language; empty: the contract's" }
#define GROUPS_FIELD { .name = "groups", .type = SHAPE_LIST, .max = 50, .summary = "Ids of the permission groups it is in" }
#define GRANTS_FIELD { .name = "grants", .type = SHAPE_LIST, .max = 1000, .summary = "Words it holds beside those of its groups" }
#define DENIALS_FIELD { .name = "denials", .type = SHAPE_LIST, .max = 1000, .summary = "Words it does not hold, whatever its groups say" }
#define PASSWORD_FIELD                                                                                                                              \
        { .name = "password", .type = SHAPE_TEXT, .max = 200, .secret = true,                                                                       \
          .summary = "As the policy wants it; without one the system makes one and shows it once" }
#define MUST_CHANGE_FIELD                                                                                                                           \
        { .name = "must_change", .type = SHAPE_BOOL, .summary = "To be changed at the next log-in, also when the policy does not ask for it" }
/* clang-format on */

static const struct field query_fields[] = {
        { .name = "q", .type = SHAPE_TEXT, .max = 100, .summary = "Part of the log-in name or the name" },
        { .name = "state", .type = SHAPE_TEXT, .choices = wanted, .summary = "Only accounts in this state; empty: any" },
        { .name = "after", .type = SHAPE_TEXT, .max = 400, .summary = "Cursor: `next` of the page before" },
        { .name = "limit", .type = SHAPE_INT, .min = 1, .max = 200, .summary = "Accounts a page" },
        { NULL },
};
static const struct shape query_in = { "AccountQuery", query_fields };

static const struct field create_fields[] = {
        { .name = "login", .type = SHAPE_TEXT, .required = true, .max = 100, .summary = "Log-in name: letters and digits of ASCII and . _ - @ +" },
        { .name = "name", .type = SHAPE_TEXT, .required = true, .max = 100, .summary = "Name of the person" },
        EMAIL_FIELD,
        LANG_FIELD,
        GROUPS_FIELD,
        PASSWORD_FIELD,
        MUST_CHANGE_FIELD,
        { .name = "mail", .type = SHAPE_BOOL, .summary = "Send the system-made password to the e-mail address instead of showing it" },
        { .name = "person_id",
          .type = SHAPE_INT,
          .min = 0,
          .max = INT64_MAX,
          .summary = "Number of the person it is for; without it a person is recorded, too" },
        { .name = "department",
          .type = SHAPE_TEXT,
          .max = 100,
          .summary = "Department of the person recorded with it; for those who may manage people" },
        { NULL },
};
static const struct shape create_in = { "AccountNew", create_fields };

static const struct field change_fields[] = {
        LOGIN_FIELD,
        NAME_FIELD,
        EMAIL_FIELD,
        LANG_FIELD,
        { .name = "theme", .type = SHAPE_TEXT, .choices = themes, .summary = "Light or dark pages, or as the device says" },
        { .name = "state",
          .type = SHAPE_TEXT,
          .choices = states,
          .summary = "suspended: out at once, with its sessions, keys and jobs. Back only by POST /people/{id}/reinstate" },
        GROUPS_FIELD,
        { .name = "groups_given", .type = SHAPE_BOOL, .summary = "Forms send true: groups not ticked are left" },
        GRANTS_FIELD,
        DENIALS_FIELD,
        { .name = "rights", .type = SHAPE_LIST, .max = 8000, .summary = "Forms: +WORD to give it to this account, -WORD not to allow it" },
        { .name = "version", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "Version that was read, when If-Match does not say it" },
        { NULL },
};
static const struct shape change_in = { "AccountChange", change_fields };

static const struct field reset_fields[] = { PASSWORD_FIELD, MUST_CHANGE_FIELD, { NULL } };
static const struct shape reset_in = { "PasswordReset", reset_fields };

static const struct field account_fields[] = {
        { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number" },
        LOGIN_FIELD,
        NAME_FIELD,
        EMAIL_FIELD,
        LANG_FIELD,
        { .name = "theme", .type = SHAPE_TEXT, .choices = themes, .summary = "Light or dark pages, or as the device says" },
        { .name = "state", .type = SHAPE_TEXT, .choices = states, .summary = "May it come in" },
        { .name = "suspended_for", .type = SHAPE_TEXT, .summary = "Why it is suspended: leaver, loss, violation or other; null: it is not" },
        { .name = "person_id", .type = SHAPE_INT, .summary = "Number of the person it belongs to" },
        { .name = "person", .type = SHAPE_TEXT, .summary = "The person's name" },
        { .name = "version", .type = SHAPE_INT, .summary = "Rises with each change" },
        { .name = "groups", .type = SHAPE_LIST, .summary = "Ids of the permission groups it is in" },
        { .name = "group_names", .type = SHAPE_TEXT, .summary = "Their names" },
        { .name = "permissions", .type = SHAPE_LIST, .summary = "What it may do: words of its groups and its own; -WORD: not there" },
        GRANTS_FIELD,
        DENIALS_FIELD,
        { .name = "factor_required", .type = SHAPE_BOOL, .summary = "A group it is in asks for a second factor" },
        { .name = "sessions", .type = SHAPE_INT, .summary = "Sessions open now" },
        { .name = "failures", .type = SHAPE_INT, .summary = "Wrong passwords in a row" },
        { .name = "locked_at", .type = SHAPE_DATETIME, .summary = "Locked after too many of them; null: not" },
        { .name = "created_at", .type = SHAPE_DATETIME, .summary = "When it was made" },
        { .name = "last_login_at", .type = SHAPE_DATETIME, .summary = "Last log-in; null: never" },
        { NULL },
};
static const struct shape account_shape = { "Account", account_fields };
static const struct field one_fields[] = {
        { .name = "account", .type = SHAPE_OBJECT, .required = true, .of = &account_shape },
        { .name = "factor", .type = SHAPE_JSON, .summary = "When one is read: its second factors, without what is secret" },
        { NULL },
};
static const struct shape one_out = { "AccountAnswer", one_fields };
static const struct field made_fields[] = {
        { .name = "account", .type = SHAPE_OBJECT, .required = true, .of = &account_shape },
        { .name = "password", .type = SHAPE_TEXT, .summary = "The system-made password, shown this once; null when one was given" },
        { NULL },
};
static const struct shape made_out = { "AccountMade", made_fields };
static const struct field list_fields[] = {
        { .name = "accounts", .type = SHAPE_LIST, .required = true, .of = &account_shape },
        { .name = "next", .type = SHAPE_TEXT, .summary = "Cursor of the next page; null at the end" },
        { NULL },
};
static const struct shape list_out = { "AccountList", list_fields };

static rc id_read(struct cx *cx, const struct http_req *req, int64_t *ret)
{
        if (!str_int(http_arg(req, "id"), ret) || *ret <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such account");
        log_subject(cx, S("account"), *ret);
        return RC_OK;
}

/* The groups to choose from: [{id, name, member}]; account NULL: a new one. */
static rc choices_add(struct cx *cx, json_t *model, const json_t *account)
{
        json_t *list, *one, *mine, *rules;
        size_t i, k;

        TRY(group_list(cx, &list));
        json_array_foreach(json_object_get(list, "groups"), i, one) {
                bool member = false;

                json_array_foreach(json_object_get(account, "groups"), k, mine)
                        member = member || json_equal(mine, json_object_get(one, "id"));
                json_set(one, "member", json_boolean(member));
        }
        json_set(model, "groups", json_object_get(list, "groups"));
        TRY(policy_rules(cx, &rules));
        json_set(model, "rules", rules);
        return RC_OK;
}

static str account_url(struct cx *cx, int64_t id, const char *done)
{
        return str_format(cx->mem, "/accounts/%" PRId64 "?done=%s", id, done);
}

/* GET /accounts - accounts.html: {accounts: […], next, filter: {q, active, suspended}}. */
static rc list(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *model, *filter = json_object();
        str state;

        TRY(shape_read(cx, &query_in, req, &in));
        log_subject(cx, S("account"), 0);
        TRY(account_list(cx, in, &model));
        state = json_get_text(in, "state");
        json_set(filter, "q", json_str(json_get_text(in, "q")));
        if (!str_empty(state))
                json_set(filter, str_z(cx->mem, state), json_true());
        json_set(model, "filter", filter);
        return http_reply(res, 200, "accounts.html", model);
}

static const struct field form_fields[] = {
        { .name = "person_id", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "Number of the person it is for" },
        { NULL },
};
static const struct shape form_in = { "AccountForm", form_fields };

/* GET /accounts/new - account_new.html: {groups: [{id, name, member}], person (the one it is for, when named), departments (for a new one)}. */
static rc form(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *person, *departments, *model = json_object();
        int64_t id;

        TRY(shape_read(cx, &form_in, req, &in));
        log_quiet(cx);
        id = json_integer_value(json_object_get(in, "person_id"));
        if (id != 0) {
                TRY(person_get(cx, id, &person));
                json_set(model, "person", person);
        }
        if (id == 0 && permission_held(cx, PERM_PERSON_MANAGE)) {
                TRY(department_list(cx, &departments));
                json_set(model, "departments", json_object_get(departments, "departments"));
        }
        TRY(choices_add(cx, model, NULL));
        return http_reply(res, 200, "account_new.html", model);
}

/* The system-made password goes to the account's address, and nowhere else. */
static rc mail_password(struct cx *cx, const json_t *account, str password)
{
        if (str_absent(json_get_text(account, "email")))
                return fail(cx, RC_INVALID, "email", "a password can be sent by mail only to an account with an e-mail address");
        if (str_absent(password))
                return fail(cx, RC_INVALID, "password", "the system makes the password that is sent by mail; leave this empty");
        TRY(account_password_expire(cx, json_integer_value(json_object_get(account, "id"))));
        log_detail(cx, "mailed", json_true());
        return notice_first_password(cx, json_get_text(account, "email"), json_get_text(account, "lang"), json_get_text(account, "login"), password,
                                     ACCOUNT_FIRST_DAYS);
}

/* POST /accounts/new - with a password given: 303 to the account. Else account_made.html: {account, password}, shown this once. */
static rc create(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *account, *model = json_object();
        int64_t id;
        str made;

        log_subject(cx, S("account"), 0);
        TRY(shape_read(cx, &create_in, req, &in));
        TRY(account_create(cx, in, &account, &made));
        id = json_integer_value(json_object_get(account, "id"));
        log_subject(cx, S("account"), id);
        log_detail(cx, "login", json_object_get(account, "login"));
        log_detail(cx, "groups", json_object_get(account, "group_names"));
        json_set(model, "account", account);
        if (json_is_true(json_object_get(in, "mail"))) {
                TRY(mail_password(cx, account, made));
                made = STR_NONE;
        }
        json_set(model, "password", json_str(made));
        if (str_absent(made))
                return http_created(res, 201, account_url(cx, id, "created"), model);
        return http_reply(res, 201, "account_made.html", model);
}

/* GET /accounts/{id} - account.html: {account, groups: [{id, name, member}], rights: permission_grid,
 * factor: {factors, required, apps, passkeys, any, …}}; ETag: its version. */
static rc show(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *account, *rights, *factor, *model = json_object();
        int64_t id;

        TRY(id_read(cx, req, &id));
        TRY(account_get(cx, id, &account));
        TRY(account_grid(cx, id, &rights));
        json_set(model, "account", account);
        json_set(model, "rights", rights);
        TRY(choices_add(cx, model, account));
        TRY(factor_list(cx, id, &factor));
        json_set(factor, "any", json_boolean(json_array_size(json_object_get(factor, "factors")) > 0));
        json_set(model, "factor", factor);
        res->etag = str_format(cx->mem, "%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(account, "version")));
        return http_reply(res, 200, "account.html", model);
}

/* Somebody was quicker: the refusal shows what stands there now. */
static rc stale(struct cx *cx, int64_t id, rc code, struct http_res *res)
{
        json_t *now;

        if (code == RC_STALE && account_get(cx, id, &now) == RC_OK)
                res->model = now;
        return code;
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
        json_object_del(in, "rights");
}

/* PATCH /accounts/{id} - members given change; 303 to the account. */
static rc change(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *before, *account, *model = json_object();
        int64_t id, version;

        TRY(id_read(cx, req, &id));
        TRY(shape_read(cx, &change_in, req, &in));
        TRY(shape_version(cx, req, in, &version));
        if (json_is_true(json_object_get(in, "groups_given")) && json_object_get(in, "groups") == NULL)
                json_set(in, "groups", json_array());
        rights_split(in);
        TRY(stale(cx, id, account_update(cx, id, version, in, &before, &account), res));
        log_detail(cx, "changes", log_difference(before, account));
        json_set(model, "account", account);
        return http_created(res, 200, account_url(cx, id, "saved"), model);
}

/* DELETE /accounts/{id} - 303 to the list. */
static rc erase(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        int64_t id, version;
        json_t *before;

        TRY(id_read(cx, req, &id));
        TRY(shape_version(cx, req, NULL, &version));
        TRY(stale(cx, id, account_erase(cx, id, version, &before), res));
        log_detail(cx, "login", json_object_get(before, "login"));
        log_detail(cx, "groups", json_object_get(before, "group_names"));
        return http_created(res, 204, S("/accounts?done=deleted"), NULL);
}

/* POST /accounts/{id}/password - as for a new account: 303, or account_made.html with the system-made one. */
static rc reset(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *account, *model = json_object();
        int64_t id;
        str made;

        TRY(id_read(cx, req, &id));
        TRY(shape_read(cx, &reset_in, req, &in));
        TRY(account_password_reset(cx, id, json_get_text(in, "password"), json_is_true(json_object_get(in, "must_change")), &made));
        TRY(account_get(cx, id, &account));
        log_detail(cx, "reset", json_true());
        json_set(model, "account", account);
        json_set(model, "password", json_str(made));
        if (str_absent(made))
                return http_created(res, 200, account_url(cx, id, "password"), model);
        return http_reply(res, 200, "account_made.html", model);
}

/* clang-format off */
const struct route account_door_routes[] = {
        /*     method  path                      permission           logged as     body    rate    handler */
        ROUTE( GET,    "/accounts",              PERM_ACCOUNT_MANAGE, LOG_LIST,     0,      NORMAL, list,   "List accounts",
               .in = &query_in, .out = &list_out ),
        ROUTE( GET,    "/accounts/new",          PERM_ACCOUNT_MANAGE, LOG_VIEW,     0,      NORMAL, form,   "The form for a new account",
               .in = &form_in, .face = FACE_CONSOLE ),
        ROUTE( POST,   "/accounts/new",          PERM_ACCOUNT_MANAGE, LOG_CREATE,   KB(16), LOGIN,  create, "Make an account",
               .in = &create_in, .out = &made_out, .fresh = true ),
        ROUTE( GET,    "/accounts/{id}",         PERM_ACCOUNT_MANAGE, LOG_VIEW,     0,      NORMAL, show,   "Read an account", .out = &one_out ),
        ROUTE( PATCH,  "/accounts/{id}",         PERM_ACCOUNT_MANAGE, LOG_UPDATE,   KB(16), NORMAL, change, "Change an account",
               .in = &change_in, .out = &one_out, .fresh = true ),
        ROUTE( DELETE, "/accounts/{id}",         PERM_ACCOUNT_MANAGE, LOG_DELETE,   KB(4),  NORMAL, erase,  "Remove an account",
               .fresh = true ),
        ROUTE( POST,   "/accounts/{id}/password", PERM_ACCOUNT_MANAGE, LOG_PASSWORD, KB(4), LOGIN,  reset,  "Reset an account's password",
               .in = &reset_in, .out = &made_out, .fresh = true ),
        ROUTE_END
};
/* clang-format on */
