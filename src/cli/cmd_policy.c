/* cmd_policy.c - see cmd_policy.h. */
#include "base/house.h"

#include "cli/cmd_policy.h"

#include "base/fail.h"
#include "cli/operator.h"
#include "cli/print.h"
#include "identity/policy.h"
#include "log/log.h"

#include <stdio.h>

/* Options and members. How to add one: a line here. */
static const struct option {
        const char *option, *member;
        bool yes; /* yes | no; else a number, or a word for none */
} options[] = {
        { "--first-reset", "first_reset", true },
        { "--valid-days", "valid_days", false },
        { "--need-lower", "need_lower", true },
        { "--need-upper", "need_upper", true },
        { "--need-digit", "need_digit", true },
        { "--need-symbol", "need_symbol", true },
        { "--classes-min", "classes_min", false },
        { "--length-min", "length_min", false },
        { "--length-long", "length_long", true },
        { "--lock-after", "lock_after", false },
        { "--alert-after", "alert_after", false },
        { "--idle-minutes", "idle_minutes", false },
        { "--absolute-hours", "absolute_hours", false },
        { "--access-approval", "access_approval", true },
        { "--review-days", "review_days", false },
        { "--log-review-months", "log_review_months", false },
        { "--log-review-days", "log_review_days", false },
        { "--log-detail-days", "log_detail_days", false },
        { "--device-required", "device_required", true },
        { "--device-months", "device_months", false },
        { "--device-lock-strict", "device_lock_strict", true },
        { "--device-malware-strict", "device_malware_strict", true },
        { "--device-firewall-strict", "device_firewall_strict", true },
};

struct change {
        json_t *in, *policy;
};

static rc show_work(struct cx *cx, void *data)
{
        struct change *change = data;

        log_subject(cx, S("policy"), 0);
        return policy_get(cx, &change->policy);
}

static void show(struct cx *cx, const json_t *policy)
{
        if (command_json()) {
                print_json(cx, policy);
                return;
        }
        for (size_t i = 0; i < COUNT(options); i++) {
                const json_t *v = json_object_get(policy, options[i].member);

                if (json_is_integer(v))
                        (void)printf("%-15s %" JSON_INTEGER_FORMAT "\n", options[i].member, json_integer_value(v));
                else
                        (void)printf("%-15s %s\n", options[i].member, json_is_null(v) ? "off" : json_is_true(v) ? "yes" : "no");
        }
}

static rc show_run(struct cx *cx, struct args *args)
{
        struct change change = { 0 };
        str tenant;

        TRY(operator_tenant(cx, args, &tenant));
        TRY(args_end(cx, args));
        TRY(operator_do(cx, tenant, LOG_VIEW, show_work, &change));
        show(cx, change.policy);
        return RC_OK;
}

static rc set_work(struct cx *cx, void *data)
{
        struct change *change = data;
        json_t *before;

        log_subject(cx, S("policy"), 0);
        TRY(policy_get(cx, &before));
        TRY(policy_update(cx, json_integer_value(json_object_get(before, "version")), change->in, &before, &change->policy));
        log_detail(cx, "changes", log_difference(before, change->policy));
        return RC_OK;
}

static rc option_read(struct cx *cx, const struct option *o, str text, json_t **ret)
{
        int64_t n;

        if (o->yes) {
                if (!str_is(text, "yes") && !str_is(text, "no"))
                        return fail(cx, RC_USAGE, NULL, "%s must be yes or no", o->option);
                *ret = json_boolean(str_is(text, "yes"));
        } else if (str_is(text, "off") || str_is(text, "unlimited")) {
                *ret = json_null();
        } else if (str_int(text, &n)) {
                *ret = json_integer(n);
        } else {
                return fail(cx, RC_USAGE, NULL, "%s must be a whole number, not \"%.*s\"", o->option, STR_ARG(text));
        }
        return RC_OK;
}

static rc set_run(struct cx *cx, struct args *args)
{
        struct change change = { .in = json_object() };
        str tenant;

        TRY(operator_tenant(cx, args, &tenant));
        for (size_t i = 0; i < COUNT(options); i++) {
                str text = STR_NONE;
                json_t *value;

                TRY(args_text(cx, args, options[i].option, &text));
                if (str_absent(text))
                        continue;
                TRY(option_read(cx, &options[i], text, &value));
                (void)json_set(change.in, options[i].member, value);
        }
        TRY(args_end(cx, args));
        if (json_object_size(change.in) == 0)
                return fail(cx, RC_USAGE, NULL, "name at least one setting to change");
        TRY(operator_do(cx, tenant, LOG_UPDATE, set_work, &change));
        show(cx, change.policy);
        return RC_OK;
}

/* clang-format off */
const struct command cmd_policy_commands[] = {
        { "policy show", "--tenant NAME", "show what a contract asks of passwords, locks, sessions and its log", show_run },
        { "policy set", "--tenant NAME [--length-min 8..30] [--length-long yes|no] [--need-lower|upper|digit|symbol yes|no] [--classes-min 0..4] "
          "[--valid-days 30..365|unlimited] [--first-reset yes|no] [--lock-after 3..9|off] [--alert-after 3..100|off] [--idle-minutes 5..180] "
          "[--absolute-hours 1..720|off] [--access-approval yes|no] [--review-days 30..400] "
          "[--log-review-months 1|3|6|12|off] [--log-review-days 1..90] [--log-detail-days 365..3650|off] "
          "[--device-required yes|no] [--device-months 1..36] [--device-lock|malware|firewall-strict yes|no]",
          "change it; what is not named stays", set_run },
        { .name = NULL },
};
/* clang-format on */
