/* cmd_provider.c - see cmd_provider.h. */
#include "base/house.h"

#include "cli/cmd_provider.h"

#include "base/crypto.h"
#include "base/fail.h"
#include "base/file.h"
#include "cli/operator.h"
#include "cli/print.h"
#include "identity/provider.h"
#include "log/log.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECRET_LINE = 1024, TENANT_MAX = 30 };

/* Contract and name become a path: nothing but what both may hold. */
static rc name_check(struct cx *cx, str name, size_t max, const char *item)
{
        bool good = name.n > 0 && name.n <= max && file_name_safe(name);

        for (size_t i = 0; i < name.n && good; i++)
                good = !(name.p[i] >= 'A' && name.p[i] <= 'Z');
        return good ? RC_OK : fail(cx, RC_INVALID, item, "may hold small letters, digits and . _ - only");
}

/* Who runs the house owns its secrets, also when root puts one in place. */
static void owner_like(const char *path, const char *like)
{
        struct stat st;

        if (geteuid() == 0 && stat(like, &st) == 0)
                (void)!lchown(path, st.st_uid, st.st_gid);
}

static rc secret_run(struct cx *cx, struct args *args)
{
        const struct place *place;
        const char *folder, *file, *all;
        char line[SECRET_LINE] = "";
        str tenant, name, secret;
        rc result;

        TRY(operator_tenant(cx, args, &tenant));
        TRY(args_word(cx, args, "NAME", &name));
        TRY(args_end(cx, args));
        TRY(command_place(cx, &place));
        TRY(name_check(cx, tenant, TENANT_MAX, "tenant"));
        TRY(name_check(cx, name, 64, "NAME"));
        if (fgets(line, sizeof(line), stdin) == NULL || str_empty(str_trim(str_of(line))))
                return fail(cx, RC_USAGE, NULL, "a line with the secret is missing on the standard input");
        secret = str_trim(str_of(line));
        all = place_path(cx, place->dir, "secret/provider");
        folder = place_path(cx, place->dir, "secret/provider/%.*s", STR_ARG(tenant));
        file = place_path(cx, place->dir, "secret/provider/%.*s/%.*s", STR_ARG(tenant), STR_ARG(name));
        result = file_directory(cx, folder, 0700);
        if (result == RC_OK)
                result = file_write(cx, file, secret, 0600);
        crypto_wipe(line, sizeof(line));
        TRY(result);
        owner_like(folder, all);
        owner_like(file, all);
        if (!command_json())
                print_line(cx, "secret %.*s of contract %.*s is in place", STR_ARG(name), STR_ARG(tenant));
        return RC_OK;
}

struct wish {
        bool on;
        json_t *before, *after;
};

static rc passwords_work(struct cx *cx, void *data)
{
        struct wish *wish = data;
        json_t *in = json_object(), *list;

        log_subject(cx, S("policy"), 0);
        TRY(provider_list(cx, &list));
        json_set(in, "password_login", json_boolean(wish->on));
        json_set(in, "confirm", json_true());
        TRY(provider_rules_update(cx, json_integer_value(json_object_get(json_object_get(list, "rules"), "version")), in, &wish->before,
                                  &wish->after));
        log_detail(cx, "changes", log_difference(wish->before, wish->after));
        return RC_OK;
}

static rc passwords_run(struct cx *cx, struct args *args)
{
        struct wish wish = { .on = false };
        str tenant, word;

        TRY(operator_tenant(cx, args, &tenant));
        TRY(args_word(cx, args, "on|off", &word));
        TRY(args_end(cx, args));
        if (!str_is(word, "on") && !str_is(word, "off"))
                return fail(cx, RC_USAGE, NULL, "must be on or off");
        wish.on = str_is(word, "on");
        TRY(operator_do(cx, tenant, LOG_UPDATE, passwords_work, &wish));
        if (command_json())
                print_json(cx, wish.after);
        else if (wish.on)
                print_line(cx, "passwords are let in again in contract %.*s; give accounts new ones with `daicho account password`", STR_ARG(tenant));
        else
                print_line(cx, "contract %.*s keeps no passwords any more", STR_ARG(tenant));
        return RC_OK;
}

/* clang-format off */
const struct command cmd_provider_commands[] = {
        { "provider secret", "--tenant NAME NAME", "put the client secret of a sign-on service in place; one line of the standard input", secret_run },
        { "provider passwords", "--tenant NAME on|off", "let passwords in again, or erase them all", passwords_run },
        { .name = NULL },
};
/* clang-format on */
