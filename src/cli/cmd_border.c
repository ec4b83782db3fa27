/* cmd_border.c - see cmd_border.h. The first certificate of a contract comes from here: without one nobody gets to the page that issues them. */
#include "base/house.h"

#include "cli/cmd_border.h"

#include "base/crypto.h"
#include "base/fail.h"
#include "base/file.h"
#include "cli/authority.h"
#include "cli/operator.h"
#include "cli/print.h"
#include "identity/border.h"
#include "identity/certificate.h"
#include "log/log.h"
#include "tenant/tenant.h"

#include <stdio.h>
#include <unistd.h>

struct wish {
        str tenant;
        json_t *in, *model;
        str pkcs12, passphrase; /* shown once */
        int64_t id;
        str approved_by, reason;
        bool on;
};

/* certificates -------------------------------------------------------------------------------------------------------------------------- */
static rc issue_work(struct cx *cx, void *data)
{
        struct wish *wish = data;

        TRY(certificate_issue(cx, wish->in, &wish->model, &wish->pkcs12, &wish->passphrase));
        log_subject(cx, S("certificate"), json_integer_value(json_object_get(wish->model, "id")));
        log_detail(cx, "name", json_object_get(wish->model, "name"));
        log_detail(cx, "serial", json_object_get(wish->model, "serial"));
        return RC_OK;
}

static rc issue_run(struct cx *cx, struct args *args)
{
        struct wish wish = { .in = json_object() };
        struct x509_authority *authority;
        const struct place *place;
        str name, out = STR_NONE, bytes;
        int64_t days = 0;

        TRY(operator_tenant(cx, args, &wish.tenant));
        TRY(args_text(cx, args, "--out", &out));
        TRY(args_int(cx, args, "--days", 1, CERTIFICATE_DAYS_MAX, &days));
        TRY(args_word(cx, args, "NAME", &name));
        TRY(args_end(cx, args));
        if (str_absent(out) && !command_json())
                return fail(cx, RC_USAGE, NULL, "--out FILE.p12 is missing: the file is written there");
        if (!str_absent(out) && access(str_z(cx->mem, out), F_OK) == 0)
                return fail(cx, RC_CONFLICT, NULL, "%.*s exists already; nothing was issued", STR_ARG(out));
        TRY(command_place(cx, &place));
        TRY(authority_clients_open(cx, place->dir, &authority));
        certificate_start(authority);
        (void)json_set(wish.in, "name", json_str(name));
        if (days > 0)
                (void)json_set(wish.in, "days", json_integer(days));
        TRY(operator_do(cx, wish.tenant, LOG_CREATE, issue_work, &wish));
        if (!str_absent(out)) {
                must(crypto_base64_read(cx->mem, wish.pkcs12, &bytes));
                TRY(file_write(cx, str_z(cx->mem, out), bytes, 0600));
        }
        if (command_json())
                print_json(cx, json_set(str_absent(out) ? json_set(wish.model, "pkcs12", json_str(wish.pkcs12)) : wish.model, "passphrase",
                                        json_str(wish.passphrase)));
        else
                (void)printf("%.*s\n", STR_ARG(wish.passphrase));
        return RC_OK;
}

static rc list_work(struct cx *cx, void *data)
{
        struct wish *wish = data;
        json_t *border;

        TRY(certificate_list(cx, &wish->model));
        TRY(border_get(cx, &border));
        must(json_object_update_missing(wish->model, border) == 0);
        return RC_OK;
}

static rc list_run(struct cx *cx, struct args *args)
{
        static const struct column columns[] = { { "id", "id" },       { "name", "name" },       { "serial", "serial number" },
                                                 { "state", "state" }, { "expires_at", "ends" }, { NULL, NULL } };
        struct wish wish = { .id = 0 };

        TRY(operator_tenant(cx, args, &wish.tenant));
        TRY(args_end(cx, args));
        TRY(operator_do(cx, wish.tenant, LOG_LIST, list_work, &wish));
        if (command_json())
                print_json(cx, wish.model);
        else
                print_table(cx, json_object_get(wish.model, "certificates"), columns);
        return RC_OK;
}

static rc revoke_work(struct cx *cx, void *data)
{
        struct wish *wish = data;

        log_subject(cx, S("certificate"), wish->id);
        return certificate_revoke(cx, wish->id, &wish->model);
}

static rc revoke_run(struct cx *cx, struct args *args)
{
        struct wish wish = { .id = 0 };
        str number;

        TRY(operator_tenant(cx, args, &wish.tenant));
        TRY(args_word(cx, args, "ID", &number));
        TRY(args_end(cx, args));
        if (!str_int(number, &wish.id) || wish.id <= 0)
                return fail(cx, RC_USAGE, NULL, "\"%.*s\" is not a number; `daicho %s` shows them", STR_ARG(number), "certificate list");
        TRY(operator_do(cx, wish.tenant, LOG_REVOKE, revoke_work, &wish));
        if (command_json())
                print_json(cx, wish.model);
        else
                print_line(cx, "certificate %lld is revoked", (long long)wish.id);
        return RC_OK;
}

static rc require_work(struct cx *cx, void *data)
{
        log_subject(cx, S("opt_out"), 0);
        return border_require(cx, S(""));
}

static rc require_run(struct cx *cx, struct args *args)
{
        struct wish wish = { .id = 0 };

        TRY(operator_tenant(cx, args, &wish.tenant));
        TRY(args_end(cx, args));
        TRY(operator_do(cx, wish.tenant, LOG_UPDATE, require_work, &wish));
        if (!command_json())
                print_line(cx, "tenant %.*s needs client certificates", STR_ARG(wish.tenant));
        return RC_OK;
}

static rc waive_work(struct cx *cx, void *data)
{
        struct wish *wish = data;

        log_subject(cx, S("opt_out"), 0);
        log_detail(cx, "tenant", json_str(wish->tenant));
        log_detail(cx, "approved_by", json_str(wish->approved_by));
        log_detail(cx, "reason", json_str(wish->reason));
        return tenant_waive(cx, wish->tenant, wish->approved_by, wish->reason);
}

static rc waive_run(struct cx *cx, struct args *args)
{
        struct wish wish = { .approved_by = STR_NONE, .reason = STR_NONE };

        TRY(operator_tenant(cx, args, &wish.tenant));
        TRY(args_text(cx, args, "--approved-by", &wish.approved_by));
        TRY(args_text(cx, args, "--reason", &wish.reason));
        TRY(args_end(cx, args));
        TRY(operator_do(cx, STR_NONE, LOG_UPDATE, waive_work, &wish));
        if (!command_json())
                print_line(cx, "tenant %.*s does without client certificates", STR_ARG(wish.tenant));
        return RC_OK;
}

/* addresses ------------------------------------------------------------------------------------------------------------------------------ */
static rc addresses_list_work(struct cx *cx, void *data)
{
        struct wish *wish = data;

        log_subject(cx, S("policy"), 0);
        return border_get(cx, &wish->model);
}

static rc addresses_show(struct cx *cx, const struct wish *wish)
{
        const json_t *one;
        size_t i;

        if (command_json()) {
                print_json(cx, wish->model);
                return RC_OK;
        }
        (void)puts(fail_translate(cx->lang, json_is_true(json_object_get(wish->model, "addresses_on")) ? "the list is on" : "the list is off"));
        json_array_foreach(json_object_get(wish->model, "addresses"), i, one)
                (void)printf("%s\n", json_string_value(one));
        return RC_OK;
}

static rc addresses_list_run(struct cx *cx, struct args *args)
{
        struct wish wish = { .id = 0 };

        TRY(operator_tenant(cx, args, &wish.tenant));
        TRY(args_end(cx, args));
        TRY(operator_do(cx, wish.tenant, LOG_VIEW, addresses_list_work, &wish));
        return addresses_show(cx, &wish);
}

static rc addresses_set_work(struct cx *cx, void *data)
{
        struct wish *wish = data;
        json_t *before, *after;

        log_subject(cx, S("policy"), 0);
        TRY(border_get(cx, &wish->model));
        TRY(border_addresses(cx, wish->in, json_integer_value(json_object_get(wish->model, "version")), &before, &after));
        log_detail(cx, "changes", log_difference(before, after));
        return border_get(cx, &wish->model);
}

static rc addresses_change(struct cx *cx, struct wish *wish)
{
        TRY(operator_do(cx, wish->tenant, LOG_UPDATE, addresses_set_work, wish));
        return addresses_show(cx, wish);
}

static rc addresses_set_run(struct cx *cx, struct args *args)
{
        bool off = args_flag(args, "--off");
        struct wish wish = { .in = json_object() };
        str ranges;

        TRY(operator_tenant(cx, args, &wish.tenant));
        TRY(args_word(cx, args, "RANGE,RANGE…", &ranges));
        TRY(args_end(cx, args));
        (void)json_set(json_set(wish.in, "ranges", json_str(ranges)), "on", json_boolean(!off));
        return addresses_change(cx, &wish);
}

static rc addresses_clear_run(struct cx *cx, struct args *args)
{
        struct wish wish = { .in = json_set(json_object(), "on", json_false()) };

        TRY(operator_tenant(cx, args, &wish.tenant));
        TRY(args_end(cx, args));
        return addresses_change(cx, &wish);
}

/* clang-format off */
const struct command cmd_border_commands[] = {
        { "certificate issue", "--tenant NAME NAME --out FILE.p12 [--days N]", "issue a client certificate; prints the passphrase of the file, once", issue_run },
        { "certificate list", "--tenant NAME", "list client certificates", list_run },
        { "certificate revoke", "--tenant NAME ID", "refuse a client certificate from now on", revoke_run },
        { "certificate require", "--tenant NAME", "let nobody log in without a client certificate", require_run },
        { "certificate waive", "--tenant NAME --approved-by NAME --reason TEXT", "let a contract do without client certificates; stands in its statement", waive_run },
        { "address list", "--tenant NAME", "show from which addresses a contract is entered", addresses_list_run },
        { "address set", "--tenant NAME RANGE,RANGE… [--off]", "let a contract be entered from these addresses only; --off keeps the list and ignores it", addresses_set_run },
        { "address clear", "--tenant NAME", "forget the list of addresses: from anywhere", addresses_clear_run },
        { .name = NULL },
};
/* clang-format on */
