/* policy.c - see policy.h. */
#include "base/house.h"

#include "identity/policy.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/fail.h"
#include "identity/password.h"
#include "identity/policy.sql.h"
#include "page/page.h"

static int64_t number(int64_t value, bool null)
{
        return null ? 0 : value;
}

rc policy_read(struct cx *cx, struct policy *ret)
{
        struct policy_row *r;

        TRY(sql_policy_get(cx, &r));
        *ret = (struct policy){
                .first_reset = r->first_reset,
                .valid_days = number(r->valid_days, r->valid_days_null),
                .need_lower = r->need_lower,
                .need_upper = r->need_upper,
                .need_digit = r->need_digit,
                .need_symbol = r->need_symbol,
                .classes_min = r->classes_min,
                .length_min = r->length_min,
                .length_long = r->length_long,
                .access_approval = r->access_approval,
                .lock_after = number(r->lock_after, r->lock_after_null),
                .alert_after = number(r->alert_after, r->alert_after_null),
                .idle_minutes = r->idle_minutes,
                .absolute_hours = number(r->absolute_hours, r->absolute_hours_null),
                .review_days = r->review_days,
                .log_review_months = number(r->log_review_months, r->log_review_months_null),
                .log_review_days = r->log_review_days,
                .log_detail_days = number(r->log_detail_days, r->log_detail_days_null),
                .device_required = r->device_required,
                .device_months = r->device_months,
                .device_lock_strict = r->device_lock_strict,
                .device_malware_strict = r->device_malware_strict,
                .device_firewall_strict = r->device_firewall_strict,
                .version = r->version,
                .updated_at = r->updated_at,
                .title = r->title,
                .operators = r->operators,
        };
        return RC_OK;
}

/* Members that are numbers. How to add one: a line here, in policy_field[] when it is a switch, in policy.sql and the form. */
static const struct limit {
        const char *name;
        size_t at;
        int64_t min, max;
        bool none; /* 0 or null says: unlimited, off */
} limits[] = {
        { "valid_days", offsetof(struct policy, valid_days), POLICY_DAYS_MIN, POLICY_DAYS_MAX, true },
        { "classes_min", offsetof(struct policy, classes_min), 0, 4, false },
        { "length_min", offsetof(struct policy, length_min), POLICY_LENGTH_MIN, POLICY_LENGTH_MAX, false },
        { "lock_after", offsetof(struct policy, lock_after), POLICY_LOCK_MIN, POLICY_LOCK_MAX, true },
        { "alert_after", offsetof(struct policy, alert_after), POLICY_ALERT_MIN, POLICY_ALERT_MAX, true },
        { "idle_minutes", offsetof(struct policy, idle_minutes), POLICY_IDLE_MIN, POLICY_IDLE_MAX, false },
        { "absolute_hours", offsetof(struct policy, absolute_hours), 1, POLICY_HOURS_MAX, true },
        { "review_days", offsetof(struct policy, review_days), POLICY_REVIEW_MIN, POLICY_REVIEW_MAX, false },
        { "log_review_months", offsetof(struct policy, log_review_months), 1, 12, true },
        { "log_review_days", offsetof(struct policy, log_review_days), 1, POLICY_REVIEW_DAYS_MAX, false },
        { "device_months", offsetof(struct policy, device_months), 1, POLICY_DEVICE_MONTHS_MAX, false },
        { "log_detail_days", offsetof(struct policy, log_detail_days), POLICY_DETAIL_DAYS_MIN, POLICY_DETAIL_DAYS_MAX, true },
};

static const struct {
        const char *name;
        size_t at;
} switches[] = {
        { "first_reset", offsetof(struct policy, first_reset) },
        { "need_lower", offsetof(struct policy, need_lower) },
        { "need_upper", offsetof(struct policy, need_upper) },
        { "need_digit", offsetof(struct policy, need_digit) },
        { "need_symbol", offsetof(struct policy, need_symbol) },
        { "length_long", offsetof(struct policy, length_long) },
        { "access_approval", offsetof(struct policy, access_approval) },
        { "device_required", offsetof(struct policy, device_required) },
        { "device_lock_strict", offsetof(struct policy, device_lock_strict) },
        { "device_malware_strict", offsetof(struct policy, device_malware_strict) },
        { "device_firewall_strict", offsetof(struct policy, device_firewall_strict) },
};

static int64_t *number_at(struct policy *p, size_t at)
{
        return (int64_t *)(void *)((char *)p + at);
}

static bool *switch_at(struct policy *p, size_t at)
{
        return (bool *)(void *)((char *)p + at);
}

static json_t *model(struct cx *cx, struct policy *p)
{
        json_t *m = json_object();

        for (size_t i = 0; i < COUNT(switches); i++)
                json_set(m, switches[i].name, json_boolean(*switch_at(p, switches[i].at)));
        for (size_t i = 0; i < COUNT(limits); i++) {
                int64_t n = *number_at(p, limits[i].at);

                json_set(m, limits[i].name, n == 0 && limits[i].none ? json_null() : json_integer(n));
        }
        json_set(m, "version", json_integer(p->version));
        json_set(m, "updated_at", json_str(clock_rfc3339(cx->mem, p->updated_at)));
        return m;
}

rc policy_get(struct cx *cx, json_t **ret)
{
        struct policy p;

        TRY(policy_read(cx, &p));
        *ret = model(cx, &p);
        return RC_OK;
}

static rc number_read(struct cx *cx, const struct limit *l, const json_t *v, int64_t *ret)
{
        int64_t n = json_integer_value(v);

        if (v == NULL)
                return RC_OK;
        if (l->none && (json_is_null(v) || (json_is_integer(v) && n == 0))) {
                *ret = 0;
                return RC_OK;
        }
        if (!json_is_integer(v))
                return fail(cx, RC_INVALID, l->name, "must be a whole number");
        if (n < l->min || n > l->max)
                return l->none ? fail(cx, RC_INVALID, l->name, "must be between %lld and %lld, or 0 for none", (long long)l->min, (long long)l->max)
                               : fail(cx, RC_INVALID, l->name, "must be between %lld and %lld", (long long)l->min, (long long)l->max);
        *ret = n;
        return RC_OK;
}

static rc change_read(struct cx *cx, const json_t *in, struct policy *p)
{
        for (size_t i = 0; i < COUNT(switches); i++) {
                const json_t *v = json_object_get(in, switches[i].name);

                if (v != NULL && !json_is_boolean(v))
                        (void)fail(cx, RC_INVALID, switches[i].name, "must be true or false");
                else if (v != NULL)
                        *switch_at(p, switches[i].at) = json_is_true(v);
        }
        for (size_t i = 0; i < COUNT(limits); i++)
                (void)number_read(cx, &limits[i], json_object_get(in, limits[i].name), number_at(p, limits[i].at));
        if (p->log_review_months != 0 && p->log_review_months != 1 && p->log_review_months != 3 && p->log_review_months != 6 &&
            p->log_review_months != 12)
                (void)fail(cx, RC_INVALID, "log_review_months", "must be 1, 3, 6 or 12, or 0 for none");
        if (p->operators && p->classes_min < POLICY_OPERATOR_CLASSES)
                return fail(cx, RC_INVALID, "classes_min", "passwords of operators have at least %d of the four classes", POLICY_OPERATOR_CLASSES);
        if (p->operators && p->review_days > POLICY_OPERATOR_REVIEW)
                return fail(cx, RC_INVALID, "review_days", "accounts of operators are reviewed every %d days at least", POLICY_OPERATOR_REVIEW);
        return cx->failure.code;
}

rc policy_update(struct cx *cx, int64_t version, const json_t *in, json_t **ret_before, json_t **ret)
{
        struct policy p;
        int64_t changed, lock_after;
        json_t *before;

        TRY(policy_read(cx, &p));
        before = model(cx, &p);
        lock_after = p.lock_after;
        TRY(change_read(cx, in, &p));
        TRY(sql_policy_set(cx, version, p.first_reset, p.valid_days, p.need_lower, p.need_upper, p.need_digit, p.need_symbol, p.classes_min,
                           p.length_min, p.length_long, p.lock_after, p.alert_after, p.idle_minutes, p.absolute_hours, p.review_days,
                           p.access_approval, p.log_review_months, p.log_review_days, p.log_detail_days, p.device_required, p.device_months,
                           p.device_lock_strict, p.device_malware_strict, p.device_firewall_strict, &changed));
        if (changed == 0)
                return fail(cx, RC_STALE, NULL, "somebody changed this in the meantime");
        if (lock_after != p.lock_after)
                TRY(sql_policy_failures_forget(cx));
        *ret_before = before;
        return policy_get(cx, ret);
}

/* "12 to 30 characters, with small letters and digits": a text of the catalogue with what the model says. */
rc policy_rules(struct cx *cx, json_t **ret)
{
        struct policy p;
        struct buf out = buf_open(cx->mem, KB(4));
        json_t *m = json_object();

        TRY(policy_read(cx, &p));
        json_set(m, "min", json_integer(p.length_min));
        json_set(m, "max", json_integer(p.length_long ? PASSWORD_BYTES_MAX : PASSWORD_CHARS_MAX));
        json_set(m, "long", json_boolean(p.length_long));
        json_set(m, "lower", json_boolean(p.need_lower));
        json_set(m, "upper", json_boolean(p.need_upper));
        json_set(m, "digit", json_boolean(p.need_digit));
        json_set(m, "symbol", json_boolean(p.need_symbol));
        json_set(m, "some", json_boolean(p.need_lower || p.need_upper || p.need_digit || p.need_symbol));
        json_set(m, "classes", json_integer(p.classes_min));
        json_set(m, "mixed", json_boolean(p.classes_min > 1));
        TRY(page_render_plain(cx, page_text(cx->lang, "password.rules"), m, &out));
        json_set(m, "sentence", json_str(buf_str(&out)));
        *ret = m;
        return RC_OK;
}
