/* cmd_identity.c - see cmd_identity.h. */
#include "base/house.h"

#include "cli/cmd_identity.h"

#include "base/fail.h"
#include "cli/operator.h"
#include "cli/print.h"
#include "identity/account.h"
#include "identity/factor.h"
#include "identity/group.h"
#include "identity/key.h"
#include "identity/password.h"
#include "log/log.h"
#include "notify/notice.h"

#include <stdio.h>

enum { PASSWORD_LINE = 1024 };

struct wish {
        str login;  /* or name of the key */
        str groups; /* names, separated by commas */
        int64_t id;
        json_t *in;
        str password;
        json_t *model;
        str secret; /* what is shown once */
        bool mail;  /* the password goes out by mail instead */
        rc (*change)(struct cx *cx, struct wish *wish, int64_t version);
};

/* accounts ---------------------------------------------------------------------------------------------------------------------------- */
static rc groups_find(struct cx *cx, str names, json_t **ret)
{
        json_t *ids = json_array();

        while (!str_empty(names)) {
                str name = str_trim(str_cut(names, ',', &names));
                int64_t id;

                TRY(group_find(cx, name, &id));
                must(json_array_append_new(ids, json_integer(id)) == 0);
        }
        *ret = ids;
        return RC_OK;
}

rc cmd_identity_invite(struct cx *cx, json_t *in, json_t **ret)
{
        int64_t id;
        str password;

        if (str_absent(json_get_text(in, "email")))
                return fail(cx, RC_INVALID, "email", "a password can be sent by mail only to an account with an e-mail address");
        TRY(account_create(cx, in, ret, &password));
        id = json_integer_value(json_object_get(*ret, "id"));
        TRY(account_password_expire(cx, id));
        log_subject(cx, S("account"), id);
        log_detail(cx, "login", json_object_get(*ret, "login"));
        log_detail(cx, "mailed", json_true());
        return notice_first_password(cx, json_get_text(*ret, "email"), json_get_text(*ret, "lang"), json_get_text(*ret, "login"), password,
                                     ACCOUNT_FIRST_DAYS);
}

static rc create_work(struct cx *cx, void *data)
{
        struct wish *wish = data;
        json_t *groups;

        TRY(groups_find(cx, wish->groups, &groups));
        (void)json_set(wish->in, "groups", groups);
        if (wish->mail)
                return cmd_identity_invite(cx, wish->in, &wish->model);
        TRY(account_create(cx, wish->in, &wish->model, &wish->secret));
        log_subject(cx, S("account"), json_integer_value(json_object_get(wish->model, "id")));
        log_detail(cx, "login", json_str(wish->login));
        return RC_OK;
}

/* `--password P`, or `--password -`: one line of the standard input, so that it stands in no list of processes. */
static rc password_option(struct cx *cx, struct args *args, str *ret)
{
        char line[PASSWORD_LINE];

        TRY(args_text(cx, args, "--password", ret));
        if (!str_is(*ret, "-"))
                return RC_OK;
        if (fgets(line, sizeof(line), stdin) == NULL)
                return fail(cx, RC_USAGE, NULL, "a line with the password is missing on the standard input");
        *ret = str_copy(cx->mem, str_of(line));
        while (ret->n > 0 && (ret->p[ret->n - 1] == '\n' || ret->p[ret->n - 1] == '\r'))
                ret->n--;
        return RC_OK;
}

static void secret_show(struct cx *cx, const struct wish *wish, const char *member)
{
        if (command_json())
                print_json(cx, str_absent(wish->secret) ? wish->model : json_set(wish->model, member, json_str(wish->secret)));
        else if (!str_absent(wish->secret))
                (void)printf("%.*s\n", STR_ARG(wish->secret));
}

static rc account_create_run(struct cx *cx, struct args *args)
{
        struct wish wish = { .in = json_object() };
        str tenant, name = STR_NONE, email = STR_NONE, password = STR_NONE, department = STR_NONE;

        TRY(operator_tenant(cx, args, &tenant));
        TRY(args_text(cx, args, "--department", &department));
        TRY(args_text(cx, args, "--name", &name));
        TRY(args_text(cx, args, "--email", &email));
        TRY(args_text(cx, args, "--group", &wish.groups));
        TRY(password_option(cx, args, &password));
        wish.mail = args_flag(args, "--mail");
        TRY(args_word(cx, args, "LOGIN", &wish.login));
        TRY(args_end(cx, args));
        if (wish.mail && !str_absent(password))
                return fail(cx, RC_USAGE, NULL, "--mail sends a password made by the system; leave --password out");
        (void)json_set(wish.in, "login", json_str(wish.login));
        (void)json_set(wish.in, "name", json_str(str_absent(name) ? wish.login : name));
        if (!str_absent(email))
                (void)json_set(wish.in, "email", json_str(email));
        if (!str_absent(department))
                (void)json_set(wish.in, "department", json_str(department));
        if (!str_absent(password))
                (void)json_set(wish.in, "password", json_str(password));
        TRY(operator_do(cx, tenant, LOG_CREATE, create_work, &wish));
        if (!command_json())
                print_line(cx, "account %.*s was made", STR_ARG(wish.login));
        secret_show(cx, &wish, "password");
        return RC_OK;
}

static rc list_work(struct cx *cx, void *data)
{
        struct wish *wish = data;

        return account_list(cx, wish->in, &wish->model);
}

static rc account_list_run(struct cx *cx, struct args *args)
{
        static const struct column columns[] = { { "id", "id" },       { "login", "log-in" },       { "name", "name" },
                                                 { "state", "state" }, { "group_names", "groups" }, { "last_login_at", "last log-in" },
                                                 { NULL, NULL } };
        struct wish wish = { .in = json_object() };
        str tenant;

        TRY(operator_tenant(cx, args, &tenant));
        TRY(args_end(cx, args));
        (void)json_set(wish.in, "limit", json_integer(200));
        TRY(operator_do(cx, tenant, LOG_LIST, list_work, &wish));
        if (command_json())
                print_json(cx, wish.model);
        else
                print_table(cx, json_object_get(wish.model, "accounts"), columns);
        return RC_OK;
}

static rc change_work(struct cx *cx, void *data)
{
        struct wish *wish = data;

        TRY(account_find(cx, wish->login, &wish->id));
        log_subject(cx, S("account"), wish->id);
        TRY(account_get(cx, wish->id, &wish->model));
        return wish->change(cx, wish, json_integer_value(json_object_get(wish->model, "version")));
}

static rc change_state(struct cx *cx, struct wish *wish, int64_t version)
{
        json_t *before, *after;

        TRY(account_update(cx, wish->id, version, wish->in, &before, &after));
        log_detail(cx, "change", log_difference(before, after));
        wish->model = after;
        return RC_OK;
}

static rc change_password(struct cx *cx, struct wish *wish, int64_t version)
{
        return account_password_reset(cx, wish->id, wish->password, false, &wish->secret);
}

static rc change_unlock(struct cx *cx, struct wish *wish, int64_t version)
{
        json_t *before, *after;

        TRY(account_unlock(cx, wish->id, &before, &after));
        log_detail(cx, "changes", log_difference(before, after));
        wish->model = after;
        return RC_OK;
}

static rc change_factors(struct cx *cx, struct wish *wish, int64_t version)
{
        return factor_reset(cx, wish->id);
}

static rc change_erase(struct cx *cx, struct wish *wish, int64_t version)
{
        json_t *before;

        return account_erase(cx, wish->id, version, &before);
}

static rc change_run(struct cx *cx, struct args *args, enum log_verb verb, struct wish *wish, const char *said)
{
        str tenant;

        TRY(operator_tenant(cx, args, &tenant));
        TRY(args_word(cx, args, "LOGIN", &wish->login));
        TRY(args_end(cx, args));
        TRY(operator_do(cx, tenant, verb, change_work, wish));
        if (!command_json())
                print_line(cx, said, STR_ARG(wish->login));
        secret_show(cx, wish, "password");
        return RC_OK;
}

static rc account_suspend_run(struct cx *cx, struct args *args)
{
        struct wish wish = { .change = change_state, .in = json_set(json_object(), "state", json_string("suspended")) };

        return change_run(cx, args, LOG_UPDATE, &wish, "account %.*s is suspended");
}

static rc account_password_run(struct cx *cx, struct args *args)
{
        struct wish wish = { .change = change_password };

        TRY(password_option(cx, args, &wish.password));
        return change_run(cx, args, LOG_PASSWORD, &wish, "account %.*s has a new password, to be changed at the next log-in");
}

static rc account_factors_run(struct cx *cx, struct args *args)
{
        struct wish wish = { .change = change_factors };

        return change_run(cx, args, LOG_RESET, &wish, "account %.*s must set up a new second factor");
}

static rc account_unlock_run(struct cx *cx, struct args *args)
{
        struct wish wish = { .change = change_unlock };

        return change_run(cx, args, LOG_UNLOCK, &wish, "account %.*s may try its password again");
}

static rc account_erase_run(struct cx *cx, struct args *args)
{
        struct wish wish = { .change = change_erase };

        return change_run(cx, args, LOG_DELETE, &wish, "account %.*s is gone");
}

/* groups ------------------------------------------------------------------------------------------------------------------------------ */
static rc groups_work(struct cx *cx, void *data)
{
        struct wish *wish = data;

        return group_list(cx, &wish->model);
}

static rc group_list_run(struct cx *cx, struct args *args)
{
        static const struct column columns[] = {
                { "id", "id" }, { "name", "name" }, { "members", "members" }, { "permissions", "permissions" }, { NULL, NULL }
        };
        struct wish wish = { .id = 0 };
        str tenant;

        TRY(operator_tenant(cx, args, &tenant));
        TRY(args_end(cx, args));
        TRY(operator_do(cx, tenant, LOG_LIST, groups_work, &wish));
        if (command_json())
                print_json(cx, wish.model);
        else
                print_table(cx, json_object_get(wish.model, "groups"), columns);
        return RC_OK;
}

/* keys -------------------------------------------------------------------------------------------------------------------------------- */
/* A key of the operator's making opens no records and nothing of what entries of the log say; the database looks as well (schema/0015_support.sql). */
static bool word_of_desk(str word)
{
        return !str_starts(word, S("record.")) && !str_starts(word, S("personal.")) && !str_starts(word, S("log."));
}

static rc words_of_desk(struct cx *cx, str words, json_t **ret)
{
        struct rights everything = permission_contract();
        json_t *all = permission_words(cx, &everything), *list = json_array(), *word;
        size_t i;

        json_array_foreach(all, i, word)
                if (str_absent(words) && word_of_desk(json_text(word)))
                        must(json_array_append(list, word) == 0);
        while (!str_empty(words)) {
                str w = str_trim(str_cut(words, ',', &words));

                if (!word_of_desk(w))
                        return fail(cx, RC_FORBIDDEN, "permissions",
                                    "a key made by the operator opens no records and no log; the contract makes that key on its page /keys");
                must(json_array_append_new(list, json_str(w)) == 0);
        }
        *ret = list;
        return RC_OK;
}

static rc key_work(struct cx *cx, void *data)
{
        struct wish *wish = data;

        TRY(key_create(cx, wish->in, &wish->model, &wish->secret));
        log_subject(cx, S("key"), json_integer_value(json_object_get(wish->model, "id")));
        log_detail(cx, "name", json_str(wish->login));
        return RC_OK;
}

static rc key_create_run(struct cx *cx, struct args *args)
{
        struct wish wish = { .in = json_object() };
        str tenant, words = STR_NONE;
        json_t *permissions;
        int64_t days = 0;

        TRY(operator_tenant(cx, args, &tenant));
        TRY(args_text(cx, args, "--permissions", &words));
        TRY(args_int(cx, args, "--days", 1, KEY_DAYS_MAX, &days));
        TRY(args_word(cx, args, "NAME", &wish.login));
        TRY(args_end(cx, args));
        TRY(words_of_desk(cx, words, &permissions));
        (void)json_set(wish.in, "name", json_str(wish.login));
        (void)json_set(wish.in, "permissions", permissions);
        if (days > 0)
                (void)json_set(wish.in, "days", json_integer(days));
        TRY(operator_do(cx, tenant, LOG_CREATE, key_work, &wish));
        secret_show(cx, &wish, "key");
        return RC_OK;
}

static rc keys_work(struct cx *cx, void *data)
{
        struct wish *wish = data;

        return key_list(cx, &wish->model);
}

static rc key_list_run(struct cx *cx, struct args *args)
{
        static const struct column columns[] = { { "id", "id" },         { "name", "name" },       { "hint", "begins" },  { "state", "state" },
                                                 { "maker", "made by" }, { "expires_at", "ends" }, { "used_at", "used" }, { NULL, NULL } };
        struct wish wish = { .id = 0 };
        str tenant;

        TRY(operator_tenant(cx, args, &tenant));
        TRY(args_end(cx, args));
        TRY(operator_do(cx, tenant, LOG_LIST, keys_work, &wish));
        if (command_json())
                print_json(cx, wish.model);
        else
                print_table(cx, json_object_get(wish.model, "keys"), columns);
        return RC_OK;
}

static rc revoke_work(struct cx *cx, void *data)
{
        struct wish *wish = data;

        log_subject(cx, S("key"), wish->id);
        return key_revoke(cx, wish->id, &wish->model);
}

static rc key_revoke_run(struct cx *cx, struct args *args)
{
        struct wish wish = { .id = 0 };
        str tenant;

        TRY(operator_tenant(cx, args, &tenant));
        TRY(args_id(cx, args, "ID", &wish.id));
        TRY(args_end(cx, args));
        TRY(operator_do(cx, tenant, LOG_DELETE, revoke_work, &wish));
        if (!command_json())
                print_line(cx, "key %lld is refused from now on", (long long)wish.id);
        return RC_OK;
}

/* clang-format off */
const struct command cmd_identity_commands[] = {
        { "account create", "--tenant NAME LOGIN [--name TEXT] [--email TEXT] [--group NAME,NAME] [--department NAME] [--password TEXT|-] [--mail]",
          "make an account; without a password one is made and printed once", account_create_run },
        { "account list", "--tenant NAME", "list the accounts of a contract", account_list_run },
        { "account suspend", "--tenant NAME LOGIN", "stop an account and its sessions at once", account_suspend_run },
        { "account password", "--tenant NAME LOGIN [--password TEXT|-]", "give a new password, to be changed at the next log-in", account_password_run },
        { "account factors", "--tenant NAME LOGIN", "take away all apps, passkeys and recovery codes; a new one comes before anything else", account_factors_run },
        { "account unlock", "--tenant NAME LOGIN", "let an account try again that was locked after too many wrong passwords", account_unlock_run },
        { "account erase", "--tenant NAME LOGIN", "erase an account; what it did stays in the log", account_erase_run },
        { "group list", "--tenant NAME", "list permission groups and what they may", group_list_run },
        { "key create", "--tenant NAME NAME [--permissions WORD,WORD] [--days N]", "make an API key that runs the contract, printed once; records and the log are not for it",
          key_create_run },
        { "key list", "--tenant NAME", "list API keys", key_list_run },
        { "key revoke", "--tenant NAME ID", "refuse an API key from now on", key_revoke_run },
        { .name = NULL },
};
/* clang-format on */
