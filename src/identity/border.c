/* border.c - see border.h. */
#include "base/house.h"

#include "identity/border.h"

#include "base/address.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/fail.h"
#include "base/text.h"
#include "db/db.h"
#include "identity/border.sql.h"
#include "identity/certificate.h"

enum { REASON_MAX = 1000, RANGES_BYTES = 16 << 10 };

rc border_check(struct cx *cx, str tenant, str certificate)
{
        struct border_answer *answer;

        must(!db_in_transaction(cx));
        TRY(sql_border_check(cx, tenant, cx->actor.source, certificate, &answer));
        if (answer == NULL || str_is(answer->stage, "full"))
                return RC_OK;
        cx->tenant = answer->tenant;
        if (str_is(answer->stage, "address"))
                return fail(cx, RC_FORBIDDEN, NULL,
                            "this address is not among those allowed here; connect from an allowed network, or ask an administrator");
        return fail(cx, RC_FORBIDDEN, NULL,
                    "a client certificate of this contract is needed; use a device that has one, or ask an administrator for it");
}

json_t *border_ranges_model(str ranges)
{
        json_t *list = json_array();

        while (ranges.n > 0)
                must(json_array_append_new(list, json_str(str_cut(ranges, ' ', &ranges))) == 0);
        return list;
}

static json_t *opt_out_model(struct cx *cx, const struct opt_out_row *o)
{
        json_t *m = json_object();

        if (o == NULL)
                return json_null();
        json_set(m, "id", json_integer(o->id));
        json_set(m, "reason", json_str(o->reason));
        json_set(m, "asked_by", json_str(o->asked_by));
        json_set(m, "asked_at", json_str(clock_rfc3339(cx->mem, o->asked_at)));
        json_set(m, "approved_by", json_str(o->approved_by));
        json_set(m, "approved_at", o->approved_at_null ? json_null() : json_str(clock_rfc3339(cx->mem, o->approved_at)));
        json_set(m, "own", json_boolean(cx->actor.kind == ACTOR_ACCOUNT && !o->asked_id_null && o->asked_id == cx->actor.id));
        return m;
}

/* Commands come from no address. */
static bool from_somewhere(const struct cx *cx)
{
        return cx->actor.kind == ACTOR_ACCOUNT || cx->actor.kind == ACTOR_KEY;
}

rc border_get(struct cx *cx, json_t **ret)
{
        struct border_policy_row *policy;
        struct opt_out_row *opt_out;
        json_t *m = json_object();
        bool listed = false;

        TRY(sql_border_policy(cx, &policy));
        TRY(sql_border_opt_out(cx, &opt_out));
        if (from_somewhere(cx) && !str_absent(policy->addresses))
                TRY(sql_border_within(cx, cx->actor.source, policy->addresses, &listed));
        json_set(m, "addresses_on", json_boolean(policy->addresses_on));
        json_set(m, "addresses", border_ranges_model(policy->addresses));
        json_set(m, "certificate_required", json_boolean(policy->certificate_required));
        json_set(m, "version", json_integer(policy->version));
        json_set(m, "source", json_str(cx->actor.source));
        json_set(m, "source_listed", json_boolean(listed));
        json_set(m, "opt_out", opt_out_model(cx, opt_out));
        *ret = m;
        return RC_OK;
}

rc border_ranges(struct cx *cx, const json_t *in, str *ret)
{
        struct buf typed = buf_open(cx->mem, RANGES_BYTES * 2), out = buf_open(cx->mem, RANGES_BYTES);
        const json_t *one;
        size_t count, i;
        str *list, text = json_get_text(in, "ranges");

        json_array_foreach(json_object_get(in, "addresses"), i, one) {
                buf_add(&typed, json_text(one));
                buf_char(&typed, '\n');
        }
        if (!str_absent(text))
                buf_add(&typed, text);
        if (buf_full(&typed))
                return fail(cx, RC_INVALID, "addresses", "at most %d ranges", ADDRESS_RANGES_MAX);
        TRY(address_list(cx, buf_str(&typed), "addresses", &list, &count));
        for (i = 0; i < count; i++) {
                if (i > 0)
                        buf_char(&out, ' ');
                buf_add(&out, list[i]);
        }
        must(!buf_full(&out));
        *ret = count > 0 ? buf_str(&out) : STR_NONE;
        return RC_OK;
}

/* Who would be outside their own list must say so: by typing the address they come from. */
static rc lockout_check(struct cx *cx, str ranges, str confirm)
{
        bool within;

        if (!from_somewhere(cx))
                return RC_OK;
        TRY(sql_border_within(cx, cx->actor.source, ranges, &within));
        if (within || str_equal(str_trim(confirm), cx->actor.source))
                return RC_OK;
        return fail(cx, RC_CONFLICT, "confirm",
                    "your own address %.*s is not in the list: you would lock yourself out; add it, or type it here if that is what you want",
                    STR_ARG(cx->actor.source));
}

static json_t *addresses_model(str ranges, bool on)
{
        return json_set(json_set(json_object(), "addresses", border_ranges_model(ranges)), "addresses_on", json_boolean(on));
}

/* `ranges`, and the address the caller comes from when it is not among them. */
static rc own_add(struct cx *cx, str ranges, str *ret)
{
        json_t *in = json_object();
        bool within = false;

        *ret = ranges;
        if (!from_somewhere(cx))
                return RC_OK;
        if (!str_absent(ranges))
                TRY(sql_border_within(cx, cx->actor.source, ranges, &within));
        if (within)
                return RC_OK;
        json_set(in, "ranges", json_str(str_format(cx->mem, "%.*s %.*s", STR_ARG(str_absent(ranges) ? S("") : ranges), STR_ARG(cx->actor.source))));
        return border_ranges(cx, in, ret);
}

rc border_addresses(struct cx *cx, const json_t *in, int64_t version, json_t **ret_before, json_t **ret_after)
{
        bool on = json_is_true(json_object_get(in, "on"));
        struct border_policy_row *policy;
        size_t changed;
        str ranges;

        TRY(border_ranges(cx, in, &ranges));
        if (json_is_true(json_object_get(in, "own")))
                TRY(own_add(cx, ranges, &ranges));
        if (on && str_absent(ranges))
                return fail(cx, RC_INVALID, "addresses", "an empty list would let nobody in; write at least one range, or switch the list off");
        TRY(sql_border_policy(cx, &policy));
        if (policy->version != version)
                return fail(cx, RC_STALE, NULL, "somebody changed this in the meantime");
        if (on)
                TRY(lockout_check(cx, ranges, json_get_text(in, "confirm")));
        TRY(sql_border_addresses(cx, ranges, on, version, &changed));
        if (changed == 0)
                return fail(cx, RC_STALE, NULL, "somebody changed this in the meantime");
        *ret_before = addresses_model(policy->addresses, policy->addresses_on);
        *ret_after = addresses_model(ranges, on);
        return RC_OK;
}

/* What is said about somebody is said by somebody: a key has no name of a person. */
static rc person_check(struct cx *cx)
{
        return cx->actor.kind == ACTOR_ACCOUNT
                   ? RC_OK
                   : fail(cx, RC_FORBIDDEN, NULL, "this is decided by people who are logged in, not by keys and commands");
}

rc border_ask(struct cx *cx, str reason, int64_t *ret_id)
{
        struct border_policy_row *policy;
        struct opt_out_row *waits;

        reason = str_trim(reason);
        if (str_empty(reason))
                return fail(cx, RC_INVALID, "reason", "must not be empty");
        TRY(text_check(cx, reason, "reason", REASON_MAX, true));
        TRY(person_check(cx));
        TRY(sql_border_policy(cx, &policy));
        TRY(sql_border_opt_out(cx, &waits));
        if (!policy->certificate_required)
                return fail(cx, RC_CONFLICT, NULL, "this contract does without client certificates already");
        if (waits != NULL)
                return fail(cx, RC_CONFLICT, NULL, "a request waits for approval already");
        TRY(sql_border_ask(cx, reason, ret_id));
        return *ret_id == 0 ? fail(cx, RC_CONFLICT, NULL, "this contract does without client certificates already") : RC_OK;
}

static rc waiting_find(struct cx *cx, int64_t id, struct opt_out_row **ret)
{
        TRY(sql_border_opt_out(cx, ret));
        if (*ret == NULL || (*ret)->id != id || !(*ret)->approved_at_null)
                return fail(cx, RC_UNKNOWN, NULL, "no such request waits for approval");
        return RC_OK;
}

rc border_approve(struct cx *cx, int64_t id)
{
        struct opt_out_row *waits;
        int64_t done;

        TRY(waiting_find(cx, id, &waits));
        TRY(person_check(cx));
        if (!waits->asked_id_null && waits->asked_id == cx->actor.id)
                return fail(cx, RC_FORBIDDEN, NULL, "somebody else must approve this: who asks does not approve");
        TRY(sql_border_approve(cx, id, &done));
        return done == 0 ? fail(cx, RC_UNKNOWN, NULL, "no such request waits for approval") : RC_OK;
}

rc border_withdraw(struct cx *cx, int64_t id)
{
        struct opt_out_row *waits;
        int64_t done;

        TRY(waiting_find(cx, id, &waits));
        TRY(sql_border_end(cx, id, &done));
        return done == 0 ? fail(cx, RC_UNKNOWN, NULL, "no such request waits for approval") : RC_OK;
}

rc border_require(struct cx *cx, str certificate)
{
        bool changed, lives;

        if (from_somewhere(cx)) {
                TRY(certificate_lives(cx, certificate, &lives));
                if (str_empty(certificate) || !lives)
                        return fail(cx, RC_CONFLICT, NULL,
                                    "open this page with a client certificate of this contract first: without one you would lock yourself out");
        }
        TRY(sql_border_require(cx, &changed));
        return changed ? RC_OK : fail(cx, RC_CONFLICT, NULL, "client certificates are required already");
}
