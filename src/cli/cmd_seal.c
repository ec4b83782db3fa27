/* cmd_seal.c - see cmd_seal.h. The sealer is never spoken to: it finds a new key or the order to begin anew in its files, at its next round. */
#include "base/house.h"

#include "cli/cmd_seal.h"

#include "base/clock.h"
#include "base/fail.h"
#include "cli/operator.h"
#include "cli/print.h"
#include "identity/account.h"
#include "log/head.h"
#include "log/keyring.h"
#include "log/log.h"
#include "log/sealer.h"

struct wish {
        const struct place *place;
        str reason, kind, confirm, login;
        int64_t id, days, count, kept;
        json_t *model;
};

static rc status_work(struct cx *cx, void *data)
{
        struct wish *w = data;

        log_subject(cx, S("log"), 0);
        return head_list(cx, &w->model);
}

static rc status(struct cx *cx, struct args *args)
{
        static const struct column columns[] = { { "tenant", "tenant" },    { "origin", "log" },      { "size", "entries" },
                                                 { "signed_at", "signed" }, { "refused", "refused" }, { NULL, NULL } };
        struct wish w = { .model = NULL };

        TRY(args_end(cx, args));
        TRY(operator_do(cx, STR_NONE, LOG_VIEW, status_work, &w));
        if (command_json())
                print_json(cx, w.model);
        else
                print_table(cx, w.model, columns);
        return RC_OK;
}

static rc restart_work(struct cx *cx, void *data)
{
        const struct wish *w = data;

        log_subject(cx, S("log"), 0);
        log_detail(cx, "reason", json_str(w->reason));
        return sealer_restart_order(cx, place_path(cx, w->place->dir, "sealer"), w->reason);
}

static rc restart(struct cx *cx, struct args *args)
{
        struct wish w = { .reason = STR_NONE };

        TRY(args_text(cx, args, "--reason", &w.reason));
        TRY(args_end(cx, args));
        if (str_empty(w.reason))
                return fail(cx, RC_USAGE, NULL, "--reason TEXT is missing: it is written into the log for good");
        TRY(command_place(cx, &w.place));
        TRY(operator_do(cx, STR_NONE, LOG_RESTART, restart_work, &w));
        if (!command_json())
                print_line(cx, "logs that were refused begin anew; `daicho log status` shows them");
        return RC_OK;
}

static rc rotate_work(struct cx *cx, void *data)
{
        const struct wish *w = data;
        int64_t now = cx->now;

        log_subject(cx, S("log"), 0);
        TRY(head_now(cx, &now));
        log_detail(cx, "days", json_integer(w->days));
        return keyring_rotate(cx, place_path(cx, w->place->dir, "secret/log"), now / 1000, (now + w->days * CLOCK_DAY) / 1000);
}

static rc rotate(struct cx *cx, struct args *args)
{
        struct wish w = { .days = 30 };

        TRY(args_int(cx, args, "--days", 0, 3650, &w.days));
        TRY(args_end(cx, args));
        TRY(command_place(cx, &w.place));
        TRY(operator_do(cx, STR_NONE, LOG_ROTATE, rotate_work, &w));
        if (!command_json())
                print_line(cx, "a new key signs from now on, the old one for %lld days more", (long long)w.days);
        return RC_OK;
}

static rc erase_work(struct cx *cx, void *data)
{
        struct wish *w = data;

        if (!str_absent(w->login))
                TRY(account_find(cx, w->login, &w->id));
        return log_erase(cx, w->kind, w->id, w->confirm, &w->count, &w->kept);
}

static rc erase(struct cx *cx, struct args *args)
{
        struct wish w = { .confirm = S(""), .login = STR_NONE };
        str tenant, number;

        TRY(operator_tenant(cx, args, &tenant));
        TRY(args_text(cx, args, "--confirm", &w.confirm));
        TRY(args_word(cx, args, "KIND", &w.kind));
        TRY(args_word(cx, args, "NUMBER", &number));
        TRY(args_end(cx, args));
        if (!str_int(number, &w.id) || w.id <= 0) {
                if (!str_is(w.kind, "account"))
                        return fail(cx, RC_USAGE, NULL, "%s must be a whole number, not \"%.*s\"", "NUMBER", STR_ARG(number));
                w.login = number;
        }
        TRY(operator_do(cx, tenant, LOG_ERASE, erase_work, &w));
        if (command_json())
                print_json(cx, json_set(json_set(json_object(), "erased", json_integer(w.count)), "held", json_integer(w.kept)));
        else
                print_line(cx, "%lld details were erased, %lld are kept by a hold; the entries and their proofs stay", (long long)w.count,
                           (long long)w.kept);
        return RC_OK;
}

/* clang-format off */
const struct command cmd_seal_commands[] = {
        { "log status", "", "how far each log is sealed, and which are refused", status },
        { "log restart", "--reason TEXT", "after a restore: let refused logs begin anew, linked to what was published last", restart },
        { "log rotate", "[--days N]", "a new key signs the logs; the old one goes on for N days (30)", rotate },
        { "log erase", "--tenant NAME KIND NUMBER --confirm KIND/NUMBER", "erase what entries say about an account or record; entries and proofs stay", erase },
        { .name = NULL },
};
/* clang-format on */
