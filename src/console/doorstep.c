/* doorstep.c - see doorstep.h.
 * __Host- (this host only, whole path, TLS), HttpOnly (no script), SameSite=Lax (a link in a mail opens the page logged in; a foreign form does not). */
#include "base/house.h"

#include "console/doorstep.h"

#include "base/buf.h"
#include "base/fail.h"
#include "db/db.h"
#include "gate/enter.h"
#include "identity/link.h"
#include "identity/provider.h"
#include "log/log.h"
#include "notify/notice.h"

#define COOKIE       "__Host-daicho"
#define COOKIE_TERMS "; Path=/; Secure; HttpOnly; SameSite=Lax"

static const struct field out_fields[] = {
        { .name = "tenant", .type = SHAPE_TEXT, .required = true, .summary = "Contract" },
        { .name = "login", .type = SHAPE_TEXT, .required = true, .summary = "Log-in name" },
        { .name = "stage", .type = SHAPE_TEXT, .required = true, .summary = "full, or what is still missing: factor, enroll, confirm" },
        { .name = "csrf", .type = SHAPE_TEXT, .required = true, .summary = "Send it as X-CSRF-Token with every change made with the cookie" },
        { NULL },
};
const struct shape doorstep_out = { "LoggedIn", out_fields };

str doorstep_token(const struct http_req *req)
{
        return http_cookie(req, COOKIE);
}

void doorstep_cookie(struct cx *cx, struct http_res *res, str token)
{
        http_set(res, S("Set-Cookie"), str_format(cx->mem, COOKIE "=%.*s" COOKIE_TERMS "%s", STR_ARG(token), token.n ? "" : "; Max-Age=0"));
}

/* "/login/factor?next=%2Fjobs" */
static str page_of(struct cx *cx, str stage, str next)
{
        str page = gate_stage_page(stage);
        struct buf b = buf_open(cx->mem, KB(16));

        if (str_absent(page))
                return next;
        buf_add(&b, page);
        if (next.n > 1) {
                buf_text(&b, "?next=");
                buf_url(&b, next);
        }
        return buf_str(&b);
}

rc doorstep_pass(struct cx *cx, struct http_res *res, str token, str stage, str next)
{
        json_t *model = json_object();

        if (!str_is(stage, "full")) {
                log_verb(cx, LOG_STEP);
                log_detail(cx, "stage", json_str(stage));
        }
        doorstep_cookie(cx, res, token);
        json_set(model, "tenant", json_str(cx->tenant));
        json_set(model, "login", json_str(cx->actor.name));
        json_set(model, "stage", json_str(stage));
        json_set(model, "csrf", json_str(enter_csrf(cx, token)));
        return http_created(res, 200, page_of(cx, stage, gate_address_safe(next) ? next : S("/")), model);
}

/* Whoever is told, is told in statements of their own: the unit itself ends refused. */
static rc alerts_send(struct cx *cx, const struct attempt *attempt, str login)
{
        struct alert *alert;
        size_t count;

        TRY(session_failed(cx, attempt, login, &alert, &count));
        for (size_t i = 0; i < count; i++) {
                const struct notice_login what = { .tenant = attempt->tenant,
                                                   .tenant_title = alert[i].title,
                                                   .login = attempt->login,
                                                   .source = cx->actor.source,
                                                   .count = alert[i].count,
                                                   .at = alert[i].at,
                                                   .locked = alert[i].locked };

                TRY(notice_login(cx, alert[i].recipient, alert[i].lang, &what));
        }
        return RC_OK;
}

rc doorstep_failed(struct cx *cx, const struct attempt *attempt, str login, rc told)
{
        struct failure failure = cx->failure;
        rc code;

        if (attempt->busy)
                return told;
        if (attempt->account_id != 0 && (attempt->locked || !attempt->active))
                log_detail(cx, "why", json_string(attempt->locked ? "locked" : "suspended"));
        fail_clear(cx);
        code = alerts_send(cx, attempt, login);
        if (code != RC_OK)
                return code;
        cx->failure = failure;
        return told;
}

rc doorstep_prove(struct cx *cx, str password, const char *item)
{
        struct attempt attempt;
        rc code;

        TRY(session_again(cx, &attempt));
        TRY(enter_renew(cx));
        code = session_again_verify(cx, &attempt, password, item);
        if (code == RC_OK)
                return RC_OK;
        db_rollback(cx);
        return doorstep_failed(cx, &attempt, attempt.login, code);
}

static json_t *url_part(struct cx *cx, str value)
{
        struct buf b = buf_open(cx->mem, KB(16));

        buf_url(&b, value);
        return json_str(buf_str(&b));
}

rc doorstep_ways(struct cx *cx, json_t *model, str next)
{
        json_t *links, *offers, *link, *offer, *ways = json_array();
        size_t i, k;
        bool passwords;

        TRY(provider_passwords(cx, &passwords));
        TRY(provider_offer(cx, &offers));
        TRY(link_list(cx, cx->actor.id, &links));
        json_array_foreach(offers, i, offer) {
                bool linked = false;

                json_array_foreach(links, k, link)
                        linked = linked || json_equal(json_object_get(offer, "id"), json_object_get(link, "provider_id"));
                if (linked)
                        must(json_array_append(ways, offer) == 0);
        }
        json_set(model, "ways", ways);
        json_set(model, "passwords", json_boolean(passwords));
        json_set(model, "tenant_query", url_part(cx, cx->tenant));
        json_set(model, "next_query", url_part(cx, next));
        return RC_OK;
}
