/* probe.c - see probe.h. A place that reaches nothing at all proves nothing: each kind has an attempt that must succeed, and without it the verdict is none. */
#include "base/house.h"

#include "governance/probe.h"

#include "base/clock.h"
#include "base/fail.h"
#include "base/text.h"
#include "governance/plan.h"
#include "http/reach.h"

enum { PLACE_MAX = 100, TLS_MAX = 20 };

static void attempt_add(json_t *list, const char *how, const json_t *target)
{
        if (json_is_string(target))
                must(json_array_append_new(list, json_set(json_set(json_object(), "how", json_string(how)), "target", json_str(json_text(target)))) ==
                     0);
}

static void attempts_add(json_t *list, const char *how, const json_t *targets)
{
        const json_t *one;
        size_t i;

        json_array_foreach(targets, i, one)
                attempt_add(list, how, one);
}

/* The first place on the list that TCP can be tried with; a range has no single host. */
static const json_t *listed(const json_t *plan)
{
        const json_t *one;
        size_t i;

        json_array_foreach(json_object_get(plan, "egress"), i, one) {
                str text = json_text(one);

                if (!str_ends(text, S("/udp")) && memchr(text.p, '/', text.n) == NULL)
                        return one;
        }
        return json_array_get(json_object_get(plan, "management"), 0);
}

static rc attempts_of(struct cx *cx, const json_t *plan, str kind, json_t **ret)
{
        json_t *list = json_array();

        if (str_is(kind, "outside")) {
                attempt_add(list, "shut", json_object_get(plan, "vdi"));
                attempt_add(list, "open", json_object_get(plan, "reference"));
        } else if (str_is(kind, "egress")) {
                attempt_add(list, "shut", json_object_get(plan, "unlisted"));
                attempt_add(list, "open", listed(plan));
        } else if (str_is(kind, "plain")) {
                attempts_add(list, "shut", json_object_get(plan, "plain"));
                attempts_add(list, "tls", json_object_get(plan, "management"));
        } else {
                return fail(cx, RC_INVALID, "kind", "must be outside, egress or plain");
        }
        *ret = list;
        return RC_OK;
}

rc probe_run(struct cx *cx, const json_t *plan, str kind, str place, msec tried_at, const char *authorities, json_t **ret)
{
        str name = json_get_text(plan, "server_name");
        json_t *attempts, *one, *report = json_object();
        size_t i;

        TRY(attempts_of(cx, plan, kind, &attempts));
        json_array_foreach(attempts, i, one) {
                struct plan_endpoint e = plan_endpoint(cx, json_get_text(one, "target"));
                struct reach_wish wish = { .address = str_z(cx->mem, e.address), .port = (int)e.port, .authorities = authorities };
                struct reach found;

                wish.tls = str_is(json_get_text(one, "how"), "tls");
                wish.name = str_absent(name) ? NULL : str_z(cx->mem, name);
                TRY(reach_try(cx, &wish, &found));
                json_set(one, "found", json_string(found.word));
                json_set(one, "tls", json_str(found.tls));
        }
        json_set(report, "daicho", json_string("probe"));
        json_set(report, "kind", json_str(kind));
        json_set(report, "place", json_str(place));
        json_set(report, "tried_at", json_str(clock_rfc3339(cx->mem, tried_at)));
        json_set(report, "attempts", attempts);
        *ret = report;
        return RC_OK;
}

static bool found_known(str found)
{
        static const char *const words[] = { "connected", "refused", "silent", "unreachable", "untrusted", "not_tls" };

        for (size_t i = 0; i < COUNT(words); i++)
                if (str_is(found, words[i]))
                        return true;
        return false;
}

static bool attempt_fits(const json_t *given, const json_t *meant)
{
        static const char *const versions[] = { "TLSv1.2", "TLSv1.3" };
        str tls = json_get_text(given, "tls");
        bool known = str_absent(tls) && json_object_get(given, "tls") != NULL;

        for (size_t i = 0; i < COUNT(versions); i++)
                known = known || str_is(tls, versions[i]);
        return known && json_equal(json_object_get(given, "how"), json_object_get(meant, "how")) &&
               json_equal(json_object_get(given, "target"), json_object_get(meant, "target")) && found_known(json_get_text(given, "found")) &&
               str_absent(tls) == !(str_is(json_get_text(given, "how"), "tls") && str_is(json_get_text(given, "found"), "connected"));
}

rc probe_check(struct cx *cx, const json_t *plan, const json_t *report)
{
        str place = json_get_text(report, "place"), at = json_get_text(report, "tried_at"), kind = json_get_text(report, "kind");
        const json_t *given = json_object_get(report, "attempts");
        json_t *meant;
        msec tried_at;

        if (!str_is(json_get_text(report, "daicho"), "probe") || str_absent(place) || str_empty(place) || str_absent(at) ||
            !clock_read(at, &tried_at))
                return fail(cx, RC_INVALID, NULL, "this is no report of a probe");
        TRY(text_check(cx, place, "place", PLACE_MAX, false));
        TRY(attempts_of(cx, plan, str_absent(kind) ? S("") : kind, &meant));
        if (!json_is_array(given) || json_array_size(given) != json_array_size(meant))
                return fail(cx, RC_INVALID, NULL, "this report is of another plan than the one in force");
        for (size_t i = 0; i < json_array_size(meant); i++)
                if (!attempt_fits(json_array_get(given, i), json_array_get(meant, i)))
                        return fail(cx, RC_INVALID, NULL, "this report is of another plan than the one in force");
        return RC_OK;
}

/* What one attempt says. A port that is shut by the host itself (refused) is reached all the same: for the plain side of the management tool it is enough. */
static const char *attempt_verdict(const json_t *attempt, bool plain)
{
        str how = json_get_text(attempt, "how"), found = json_get_text(attempt, "found");
        bool connected = str_is(found, "connected");

        if (str_is(how, "shut"))
                return connected || (!plain && str_is(found, "refused")) ? "bad" : "good";
        if (connected)
                return "good";
        return str_is(found, "untrusted") || str_is(found, "not_tls") ? "bad" : "none";
}

static int weight(const char *verdict)
{
        return strcmp(verdict, "bad") == 0 ? 2 : strcmp(verdict, "none") == 0 ? 1 : 0;
}

json_t *probe_judge(const json_t *report)
{
        const json_t *attempts = json_object_get(report, "attempts"), *one, *decided = json_array_get(attempts, 0);
        bool plain = str_is(json_get_text(report, "kind"), "plain");
        const char *worst = "good";
        str tls = STR_NONE;
        json_t *m = json_object();
        size_t i;

        json_array_foreach(attempts, i, one) {
                const char *verdict = attempt_verdict(one, plain);

                tls = str_absent(tls) ? json_get_text(one, "tls") : tls;
                if (weight(verdict) > weight(worst)) {
                        worst = verdict;
                        decided = one;
                }
        }
        json_set(m, "expected", json_str(json_get_text(decided, "how")));
        json_set(m, "found", json_str(json_get_text(decided, "found")));
        json_set(m, "route", json_str(json_get_text(decided, "target")));
        json_set(m, "tls", json_str(tls));
        json_set(m, "verdict", json_string(worst));
        return m;
}
