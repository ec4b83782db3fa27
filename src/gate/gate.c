/* gate.c - see gate.h. The steps of a unit of work, in the order of the header; each step is one function. */
#include "base/house.h"

#include "gate/gate.h"

#include "base/buf.h"
#include "base/crypto.h"
#include "base/fail.h"
#include "base/utf8.h"
#include "db/db.h"
#include "gate/enter.h"
#include "gate/face.h"
#include "gate/match.h"
#include "gate/refusal.h"
#include "gate/unit.h"
#include "identity/session.h"
#include "log/log.h"

#include <stdio.h>

enum { FORM_TOKENS = 2048 }; /* room for _csrf and _method in a form whose route takes no body of its own */

static const struct route *const *route_tables;

void gate_start(const struct route *const *tables, enum pool pool, const struct gate_hooks *hooks)
{
        route_tables = tables;
        unit_pool = pool;
        if (hooks != NULL)
                unit_hooks = hooks;
        match_start(tables);
}

const struct route *const *gate_tables(void)
{
        return route_tables;
}

bool gate_address_safe(str a)
{
        if (a.n == 0 || a.n > 4000 || a.p[0] != '/' || (a.n > 1 && (a.p[1] == '/' || a.p[1] == '\\')))
                return false;
        for (size_t i = 0; i < a.n; i++)
                if (a.p[i] <= 0x20 || a.p[i] >= 0x7f || a.p[i] == '\\')
                        return false;
        return true;
}

/* A form can only POST: the console's forms name another method in a field. */
static rc method_override(struct cx *cx, struct unit *u)
{
        str name = u->face == FACE_CONSOLE && u->req->method == HTTP_POST ? http_field(u->req, "_method") : STR_NONE;

        if (str_absent(name))
                return RC_OK;
        if (str_is(name, "PUT"))
                u->req->method = HTTP_PUT;
        else if (str_is(name, "PATCH"))
                u->req->method = HTTP_PATCH;
        else if (str_is(name, "DELETE"))
                u->req->method = HTTP_DELETE;
        else
                return fail(cx, RC_METHOD, "_method", "must be PUT, PATCH or DELETE");
        return RC_OK;
}

static struct unit unit_open(struct cx *cx, struct http_req *req)
{
        struct unit u = { .req = req, .theme = S("auto") };

        u.face = match_face(req->path, &u.path);
        u.htmx = u.face == FACE_CONSOLE && str_is(http_header(req, "HX-Request"), "true");
        cx->lang = face_lang(http_header(req, "Accept-Language"));
        return u;
}

static rc route_find(struct cx *cx, struct unit *u)
{
        const struct route *route;

        TRY(method_override(cx, u));
        TRY(match_find(cx, u->req, u->face, u->path, &route, u->allow));
        if (route_pool(route->rate) != unit_pool)
                return fail(cx, RC_UNKNOWN, NULL, "another process serves this address");
        u->route = route;
        return RC_OK;
}

static bool reading(const struct unit *u)
{
        return u->req->method == HTTP_GET;
}

/* Browsers that do not send Sec-Fetch-Site name the page's origin. "null" says nothing (a page in a sandbox, too): alone it is not enough. */
static bool origin_foreign(const struct http_req *req, bool alone)
{
        str origin = http_header(req, "Origin"), host = http_header(req, "Host");

        if (str_absent(origin) || str_is(origin, "null"))
                return !str_absent(origin) && alone;
        return !str_starts(origin, S("https://")) || !str_equal_nocase((str){ origin.p + 8, origin.n - 8 }, host);
}

/* A request that a foreign page made the browser send. Both signs are checked: the token by everything that carries a cookie, the origin also by the
 * log-in, which has no token yet. */
static rc forgery_check(struct cx *cx, struct unit *u)
{
        str site, token;
        bool tokenless;

        if (reading(u) || !str_absent(u->key))
                return RC_OK;
        tokenless = u->route->permission == PERM_PUBLIC || str_absent(u->cookie);
        site = http_header(u->req, "Sec-Fetch-Site");
        token = http_header(u->req, "X-CSRF-Token");
        if ((!str_absent(site) && !str_is(site, "same-origin") && !str_is(site, "none")) || origin_foreign(u->req, str_absent(site) && tokenless))
                return fail(cx, RC_FORGED, NULL, "this form was sent from another site");
        if (tokenless)
                return RC_OK;
        if (str_absent(token))
                token = http_field(u->req, "_csrf");
        if (str_absent(token) || !crypto_equal(token, enter_csrf(cx, u->cookie)))
                return fail(cx, RC_FORGED, NULL, "the page is too old; please open it again");
        return RC_OK;
}

/* What is missing at each stage, and the page where it is given. */
static const struct {
        rc code;
        const char *page; /* NULL: no page can mend it */
        const char *text;
} stages[STAGES] = {
        [STAGE_PASSWORD] = { RC_FORBIDDEN, "/me/password", "please change the password first" },
        [STAGE_DEVICE] = { RC_FORBIDDEN, "/me/devices",
                           "this contract asks for an approved device; register yours under /me/devices, and ask whoever manages accounts to approve "
                           "it" },
        [STAGE_LOCKED] = { RC_UNAUTHORIZED, "/login/unlock", "the screen is locked; please give the password again" },
        [STAGE_CONFIRM] = { RC_UNAUTHORIZED, "/login/confirm", "this account is logged in elsewhere; please say which of the two goes on" },
        [STAGE_ENROLL] = { RC_UNAUTHORIZED, "/login/enroll", "please set up the second factor first" },
        [STAGE_FACTOR] = { RC_UNAUTHORIZED, "/login/factor", "the second factor has not been given yet" },
        [STAGE_CERTIFICATE] = { RC_FORBIDDEN, NULL,
                                "a client certificate of this contract is needed; use a device that has one, or ask an administrator for it" },
        [STAGE_ADDRESS] = { RC_FORBIDDEN, NULL,
                            "this address is not among those allowed here; connect from an allowed network, or ask an administrator" },
};

str gate_stage_page(str stage)
{
        const char *page = stages[enter_stage(stage)].page;

        return page == NULL ? STR_NONE : str_of(page);
}

/* Before a log-in is complete nothing is reached but what completes it. */
static rc stage_check(struct cx *cx, struct unit *u)
{
        if (u->stage == STAGE_FULL || (u->route->stages & (1U << u->stage)) != 0)
                return RC_OK;
        return fail(cx, stages[u->stage].code, NULL, "%s", fail_translate(cx->lang, stages[u->stage].text));
}

/* A register somebody holds no right on is not there for them: the answer is that of one that does not exist, after the same work. Where some registers
 * are taken from what is held for all, and where the right asked for is missing, those that do not exist are found out here, too. */
static rc register_there(struct cx *cx, str name, bool held)
{
        bool hidden = permission_hidden(cx, name), known = true;

        if (hidden || !held || permission_denials(cx))
                TRY(permission_register_known(cx, name, &known));
        return hidden || !known ? fail(cx, RC_UNKNOWN, NULL, "there is no such register") : RC_OK;
}

/* Was that what the client was told? The log says the truth: whoever reads it must tell an attempt from a slip of the pen. */
static rc result_logged(struct cx *cx, struct unit *u, rc code)
{
        str name = code == RC_UNKNOWN ? http_arg(u->req, "register") : STR_NONE;
        struct failure told = cx->failure;
        bool known = false;

        if (str_absent(name) || !u->entered || !permission_hidden(cx, name))
                return code;
        fail_clear(cx);
        if (permission_register_known(cx, name, &known) != RC_OK)
                known = false;
        cx->failure = told;
        if (!known)
                return code;
        log_detail(cx, "register", json_str(name));
        return RC_FORBIDDEN;
}

static rc permission_check(struct cx *cx, struct unit *u)
{
        enum permission p = u->route->permission;
        str name = http_arg(u->req, "register");
        bool held;

        if (p == PERM_PUBLIC || p == PERM_NONE)
                return RC_OK;
        if (!str_absent(name))
                held = permission_held_for(cx, p, name);
        else
                held = u->route->anywhere ? permission_held_somewhere(cx, p) : permission_held(cx, p);
        if (!str_absent(name))
                TRY(register_there(cx, name, held));
        if (held)
                return RC_OK;
        return fail(cx, RC_FORBIDDEN, NULL, "this needs the permission \"%s\"", permission_word(p));
}

/* A session somebody left open is not enough for what can do lasting harm. Keys are not people: they cannot be asked. */
static rc fresh_check(struct cx *cx, struct unit *u)
{
        if (!u->route->fresh || u->stage != STAGE_FULL || cx->actor.kind != ACTOR_ACCOUNT || cx->now - u->proven < GATE_FRESH_MS)
                return RC_OK;
        return fail(cx, RC_UNPROVEN, NULL, "this needs a fresh proof of who you are; the last one is more than %d minutes old",
                    GATE_FRESH_MS / 60000);
}

/* What leaves the house as a file goes neither to a computer others use as well, nor to a device of one's own. */
static rc takeaway_check(struct cx *cx, const struct unit *u)
{
        if (u->route->verb != LOG_DOWNLOAD && u->route->verb != LOG_EXPORT)
                return RC_OK;
        return session_takeaway_check(cx, enter_certificate(u->req), u->route->contact);
}

/* Who, and may they: leaves the transaction open inside the tenant. */
static rc admit(struct cx *cx, struct unit *u, bool guess)
{
        if (u->route->refuse == NULL)
                TRY(enter_read(cx, u));
        if (u->route->permission == PERM_PUBLIC) {
                TRY(forgery_check(cx, u));
                return u->route->verb == LOG_NOTHING ? RC_OK : db_ensure(cx);
        }
        if (!guess || !enter_guess(cx, u))
                TRY(enter_tenant(cx, u));
        TRY(stage_check(cx, u));
        TRY(permission_check(cx, u));
        TRY(takeaway_check(cx, u));
        TRY(forgery_check(cx, u));
        return fresh_check(cx, u);
}

/* Has the client this very version already? */
static void etag_check(struct unit *u, struct http_res *res)
{
        str known = http_header(u->req, "If-None-Match");

        if (!reading(u) || str_absent(res->etag) || res->status != 200 || str_absent(known))
                return;
        while (!str_absent(known)) {
                str tag = str_trim(str_cut(known, ',', &known));

                if (str_starts(tag, S("W/")))
                        tag = (str){ tag.p + 2, tag.n - 2 };
                if (str_is(tag, "*") || (tag.n == res->etag.n + 2 && tag.p[0] == '"' && memcmp(tag.p + 1, res->etag.p, res->etag.n) == 0)) {
                        res->status = 304;
                        res->body = STR_NONE;
                        res->type = STR_NONE;
                        return;
                }
        }
}

/* The request could not be read (body too large, broken form): who sent it, and to which route, for the entry about it. */
static rc unit_attribute(struct cx *cx, struct unit *u)
{
        struct failure told = cx->failure;

        fail_clear(cx);
        if (route_find(cx, u) == RC_OK && u->route->permission != PERM_PUBLIC && enter_read(cx, u) == RC_OK && enter_tenant(cx, u) != RC_OK)
                u->entered = false;
        cx->failure = told;
        return told.code;
}

/* Refused because of what somebody else did at the same moment: a deadlock, or a definition this process remembers that has just changed. Nothing was
 * done, so it can be done again. A file sent along may have been taken already. */
static bool again(const struct cx *cx, const struct unit *u, rc code)
{
        static const char *const states[] = { "40", "0A000", "42703", "42P01" };
        str state;

        if (code != RC_BUSY || !u->entered || u->route->file_max > 0)
                return false;
        state = str_of(db_refusal(cx));
        for (size_t i = 0; i < COUNT(states); i++)
                if (str_starts(state, str_of(states[i])))
                        return true;
        return false;
}

static rc handle(struct cx *cx, struct unit *u, struct http_res *res)
{
        struct http_res fresh = *res;
        rc code = u->route->handler(cx, u->req, res);

        if (!again(cx, u, code))
                return code;
        db_rollback(cx);
        fail_clear(cx);
        *res = fresh;
        u->entered = false;
        u->guess = NULL;
        TRY(enter_tenant(cx, u));
        return u->route->handler(cx, u->req, res);
}

/* Who, may they, do it, render it. */
static rc attempt(struct cx *cx, struct unit *u, struct http_res *res, bool guess)
{
        TRY(admit(cx, u, guess));
        TRY(handle(cx, u, res));
        return face_render(cx, u, res);
}

/* On a guess who asks, the look-up travels with the handler's first statement: one trip less. The guess is compared with what the look-up gave before
 * anything is committed or told, a refusal too; when it was wrong all is rolled back and done again from the start. Never with files, which can be
 * taken only once, nor where secrets are compared: an attempt is committed before it is judged. */
static rc attempt_ahead(struct cx *cx, struct unit *u, struct http_res *res)
{
        struct http_res fresh = *res;
        struct failure told;
        rc code;

        if (u->route->file_max > 0 || unit_pool == POOL_AUTH)
                return attempt(cx, u, res, false);
        code = attempt(cx, u, res, true);
        told = cx->failure;
        if (code != RC_OK && u->guess != NULL)
                fail_clear(cx);
        if (u->guess == NULL || ((code == RC_OK || u->found != NULL) && enter_confirm(cx, u))) {
                cx->failure = told;
                return code;
        }
        db_rollback(cx);
        fail_clear(cx);
        *res = fresh;
        u->guess = NULL;
        u->found = NULL;
        u->entered = false;
        u->stage = STAGE_FULL;
        cx->tenant = STR_NONE;
        cx->permissions = (struct rights){ 0 };
        return attempt(cx, u, res, false);
}

/* What a unit is about when its handler was not reached or has nothing to name: the first word of the path. */
static str subject_of(const struct route *route)
{
        static const struct {
                const char *begin, *kind;
        } subjects[] = {
                { "/accounts", "account" },
                { "/groups", "group" },
                { "/keys", "key" },
                { "/registers", "register" },
                { "/jobs", "job" },
                { "/log", "log" },
                { "/login", "session" },
                { "/logout", "session" },
                { "/sessions", "session" },
                { "/me/factors", "factor" },
                { "/me/devices", "device" },
                { "/me", "account" },
                { "/policy", "policy" },
                { "/addresses", "address" },
                { "/certificates", "certificate" },
                { "/people", "person" },
                { "/providers", "provider" },
                { "/sso", "provider" },
                { "/applicants", "applicant" },
                { "/notices", "notice" },
                { "/support", "support" },
                { "/operator", "support" },
                { "/oauth", "key" },
                { "/permissions", "group" },
                { "/summary", "summary" },
                { "/departments", "department" },
                { "/devices", "device" },
                { "/incidents", "incident" },
                { "/access", "access" },
                { "/reviews", "review" },
                { "/log-reviews", "log_review" },
                { "/calendars", "calendar" },
                { "/duties", "duty" },
        };

        for (size_t i = 0; i < COUNT(subjects); i++) {
                size_t n = strlen(subjects[i].begin);

                if (strncmp(route->path, subjects[i].begin, n) == 0 && (route->path[n] == '\0' || route->path[n] == '/'))
                        return str_of(subjects[i].kind);
        }
        return S("home");
}

static void entry_write(struct cx *cx, const struct unit *u, rc result)
{
        log_subject_otherwise(cx, subject_of(u->route));
        log_write(cx, u->route->verb, result);
}

static rc unit_run(struct cx *cx, struct unit *u, struct http_res *res)
{
        if (cx->failure.code != RC_OK)
                return unit_attribute(cx, u);
        TRY(route_find(cx, u));
        TRY(attempt_ahead(cx, u, res));
        if (u->route->verb != LOG_NOTHING)
                entry_write(cx, u, RC_OK);
        if (cx->db != NULL && db_in_transaction(cx))
                TRY(db_commit(cx));
        etag_check(u, res);
        return RC_OK;
}

/* The entry about a refusal goes into a transaction of its own: the one refused is rolled back. */
static void refusal_begin(struct cx *cx, struct unit *u)
{
        struct failure told = cx->failure;
        bool entered = u->entered;
        rc again = RC_OK;

        u->entered = false;
        fail_clear(cx);
        if (entered)
                again = enter_tenant(cx, u);
        else if (!str_absent(cx->tenant) && unit_pool != POOL_WEB)
                again = enter_by_name(cx, cx->tenant, false);
        else if (db_ensure(cx) == RC_OK)
                db_begin(cx);
        if (again != RC_OK) {
                /* put out meanwhile, or the contract suspended: the house's own log takes the entry */
                u->entered = false;
                log_detail(cx, "tenant", json_str(cx->tenant));
                cx->tenant = STR_NONE;
                db_rollback(cx);
                fail_clear(cx);
                if (db_ensure(cx) == RC_OK)
                        db_begin(cx);
        }
        cx->failure = told;
}

/* Somebody known asked for what is not theirs, or not there, by a name or number in the address: many of these are one looking for doors. */
static void probe_note(struct cx *cx, const struct unit *u, rc code)
{
        if (u->entered && u->stage == STAGE_FULL && (code == RC_UNKNOWN || code == RC_FORBIDDEN) && strchr(u->route->path, '{') != NULL)
                enter_probe(cx, u->path);
}

static void unit_refuse(struct cx *cx, struct unit *u, rc code, struct http_res *res)
{
        bool logged = u->route != NULL && cx->db != NULL && u->route->verb != LOG_NOTHING;
        struct failure told;
        rc code_logged;

        if (cx->db != NULL && db_in_transaction(cx))
                db_rollback(cx);
        if (logged)
                refusal_begin(cx, u);
        refusal_render(cx, u, code, res);
        if (!logged || !db_in_transaction(cx))
                return;
        told = cx->failure;
        code_logged = result_logged(cx, u, code);
        probe_note(cx, u, code_logged);
        entry_write(cx, u, code_logged);
        fail_clear(cx);
        if (db_commit(cx) != RC_OK) {
                (void)fprintf(stderr, "daicho: entry of a refusal not written: %s\n", rc_name(cx->failure.code));
                db_rollback(cx);
        }
        cx->failure = told;
}

/* One structured line for what an operator must see; without personal data. Everything else is in the operation log. */
static void unit_report(const struct cx *cx, const struct unit *u, rc code)
{
        if (rc_http(code) < 500)
                return;
        (void)fprintf(stderr, "daicho: unit tenant=%.*s method=%d route=%s result=%s text=\"%.*s\"\n", STR_ARG(cx->tenant), (int)u->req->method,
                      u->route ? u->route->path : "-", rc_name(code), STR_ARG(cx->failure.count ? cx->failure.problem[0].text : S("")));
}

/* To the page that takes what is missing. */
static void stage_redirect(struct cx *cx, struct unit *u, struct http_res *res)
{
        const char *there = stages[u->stage].page;
        str page = u->stage == STAGE_FACTOR || u->stage == STAGE_ENROLL ? refusal_way_back(cx, u, there) : str_of(there);

        db_rollback(cx);
        *res = (struct http_res){ .mem = cx->mem, .status = u->htmx ? 200 : 303 };
        if (u->htmx)
                http_set(res, S("HX-Redirect"), page);
        else
                res->location = page;
}

static void serve(struct cx *cx, struct http_req *req, struct http_res *res)
{
        struct unit u = unit_open(cx, req);
        rc code = unit_run(cx, &u, res);

        if (code == RC_OK)
                return;
        if (stages[u.stage].page != NULL && code == stages[u.stage].code && u.face == FACE_CONSOLE && req->method == HTTP_GET) {
                stage_redirect(cx, &u, res);
                return;
        }
        unit_refuse(cx, &u, code, res);
        unit_report(cx, &u, code);
}

/* Before a body is read: how much of it is wanted. Files are taken from those only who may send them. */
static rc accept_body(struct cx *cx, struct http_req *req, size_t *ret_body_max, int64_t *ret_file_max)
{
        struct unit u = unit_open(cx, req);

        if (u.face == FACE_CONSOLE && req->method == HTTP_POST) {
                match_limits(u.path, ret_body_max, ret_file_max);
                *ret_body_max += FORM_TOKENS;
                if (*ret_file_max == 0)
                        return RC_OK;
        }
        TRY(route_find(cx, &u));
        if (u.face == FACE_API) {
                *ret_body_max = u.route->body_max;
                *ret_file_max = u.route->file_max;
        } else if (req->method != HTTP_POST) {
                *ret_body_max = u.route->body_max + FORM_TOKENS;
                *ret_file_max = u.route->file_max;
        }
        if (*ret_file_max > 0) {
                rc code;

                TRY(enter_read(cx, &u));
                code = enter_tenant(cx, &u);
                if (code == RC_OK)
                        code = stage_check(cx, &u);
                if (code == RC_OK)
                        code = permission_check(cx, &u);
                db_rollback(cx);
                return code;
        }
        return RC_OK;
}

const struct http_service gate_service = { .accept = accept_body, .serve = serve };

rc gate_enter(struct cx *cx, str tenant, const struct actor *actor)
{
        TRY(db_ensure(cx));
        cx->actor = *actor;
        return enter_by_name(cx, tenant, false);
}

rc gate_leave(struct cx *cx, enum log_verb verb, rc result)
{
        struct failure told = cx->failure;
        str tenant = cx->tenant;

        if (result == RC_OK) {
                log_write(cx, verb, RC_OK);
                TRY(db_commit(cx));
                return RC_OK;
        }
        db_rollback(cx);
        fail_clear(cx);
        if (str_absent(tenant))
                db_begin(cx);
        if (str_absent(tenant) || enter_by_name(cx, tenant, false) == RC_OK) {
                log_write(cx, verb, result);
                if (db_commit(cx) != RC_OK)
                        db_rollback(cx);
        }
        cx->failure = told;
        return result;
}
