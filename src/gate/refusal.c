/* refusal.c - see refusal.h. */
#include "base/house.h"

#include "gate/refusal.h"

#include "base/buf.h"
#include "base/fail.h"
#include "gate/face.h"
#include "page/page.h"

static json_t *errors_model(const struct failure *f)
{
        json_t *errors = json_array();

        for (size_t i = 0; i < f->count; i++) {
                const struct problem *p = &f->problem[i];
                json_t *e = json_object();

                if (p->item != NULL)
                        (void)json_set(e, "item", json_str(str_of(p->item)));
                if (p->line > 0)
                        (void)json_set(e, "line", json_integer(p->line));
                (void)json_set(e, "detail", json_str(p->text));
                must(json_array_append_new(errors, e) == 0);
        }
        return errors;
}

static json_t *problem_model(struct cx *cx, const struct unit *u, rc code, json_t *current)
{
        const struct failure *f = &cx->failure;
        str title = str_of(fail_translate(cx->lang, rc_text(code)));
        json_t *model = json_object();

        (void)json_set(model, "type", json_str(S("about:blank")));
        (void)json_set(model, "title", json_str(title));
        (void)json_set(model, "status", json_integer(rc_http(code)));
        (void)json_set(model, "detail", json_str(f->count > 0 ? f->problem[0].text : title));
        (void)json_set(model, "code", json_str(str_of(rc_name(code))));
        (void)json_set(model, "errors", errors_model(f));
        if (current != NULL)
                (void)json_set(model, "current", current);
        return model;
}

/* "/login" -> "/login?next=…": from there back to the page asked for. */
str refusal_way_back(struct cx *cx, const struct unit *u, const char *page)
{
        struct buf b = buf_open(cx->mem, KB(16)), next = buf_open(cx->mem, KB(4));
        bool first = true;

        buf_add(&b, str_of(page));
        if (u->req->method != HTTP_GET || u->htmx || u->path.n <= 1)
                return buf_str(&b);
        buf_add(&next, u->path);
        for (size_t i = 0; i < u->req->query_count; i++) {
                if (str_is(u->req->query[i].name, "done"))
                        continue;
                buf_char(&next, first ? '?' : '&');
                buf_url(&next, u->req->query[i].name);
                buf_char(&next, '=');
                buf_url(&next, u->req->query[i].value);
                first = false;
        }
        if (!buf_full(&next)) {
                buf_text(&b, "?next=");
                buf_url(&b, buf_str(&next));
        }
        return buf_str(&b);
}

/* Where somebody without a session goes. */
static void login_redirect(struct cx *cx, struct unit *u, const char *page, struct http_res *res)
{
        str way = refusal_way_back(cx, u, page);

        if (u->htmx) {
                http_set(res, S("HX-Redirect"), way);
                return;
        }
        res->status = 303;
        res->location = way;
        res->body = STR_NONE;
}

/* A link to nowhere but the catalogue: the page must come out even when its data cannot be had. */
static void plain_text(struct cx *cx, rc code, struct http_res *res)
{
        struct buf b = buf_open(cx->mem, KB(64));

        buf_add(&b, str_of(fail_translate(cx->lang, rc_text(code))));
        for (size_t i = 0; i < cx->failure.count; i++) {
                buf_char(&b, '\n');
                buf_add(&b, cx->failure.problem[i].text);
        }
        buf_char(&b, '\n');
        res->body = buf_str(&b);
        res->type = S("text/plain; charset=utf-8");
}

static void page_tell(struct cx *cx, struct unit *u, rc code, json_t *model, struct http_res *res)
{
        static const char *const fragment = "problems.html", *const page = "problem.html";
        struct failure told = cx->failure; /* a failure while telling must not replace what is told */
        json_t *context = model;

        (void)json_set(context, "back", json_boolean(code == RC_FORGED || code == RC_STALE));
        (void)json_set(context, "unproven", json_boolean(code == RC_UNPROVEN));
        (void)json_set(
            context, "plain",
            json_boolean(told.count == 1 && told.problem[0].item == NULL && told.problem[0].line == 0 && code != RC_STALE && code != RC_UNPROVEN));
        fail_clear(cx);
        if (face_page(cx, u, u->htmx ? fragment : page, context, res) != RC_OK) {
                bool entered = u->entered;

                fail_clear(cx);
                u->entered = false; /* without names and frame */
                if (face_page(cx, u, u->htmx ? fragment : page, context, res) != RC_OK) {
                        cx->failure = told;
                        plain_text(cx, code, res);
                }
                u->entered = entered;
        }
        cx->failure = told;
}

void refusal_render(struct cx *cx, struct unit *u, rc code, struct http_res *res)
{
        json_t *model = problem_model(cx, u, code, code == RC_STALE ? res->model : NULL);

        *res = (struct http_res){ .mem = cx->mem, .status = rc_http(code) };
        if (code == RC_METHOD && u->allow[0] != '\0')
                http_set(res, S("Allow"), str_copy(cx->mem, str_of(u->allow)));
        if (code == RC_BUSY || code == RC_UNAVAILABLE)
                http_set(res, S("Retry-After"), S("2"));
        if (u->route != NULL && u->route->refuse != NULL && u->route->refuse(cx, u->req, code, model, res)) {
                face_json(cx, res, model, S("application/json"));
                return;
        }
        if (u->face == FACE_API) {
                if (code == RC_UNAUTHORIZED && !str_absent(http_header(u->req, "Authorization")))
                        http_set(res, S("WWW-Authenticate"), S("Bearer realm=\"daicho\", error=\"invalid_token\"")); /* RFC 6750, 3.1 */
                else if (code == RC_UNAUTHORIZED)
                        http_set(res, S("WWW-Authenticate"), S("Bearer realm=\"daicho\""));
                face_json(cx, res, model, S("application/problem+json"));
                return;
        }
        if (code == RC_UNAUTHORIZED && u->req->method == HTTP_GET && (u->route == NULL || u->route->permission != PERM_PUBLIC)) {
                login_redirect(cx, u, "/login", res);
                return;
        }
        if (code == RC_UNPROVEN && u->req->method == HTTP_GET && !u->htmx) {
                login_redirect(cx, u, "/me/prove", res);
                return;
        }
        if (code == RC_UNAUTHORIZED && u->htmx && u->route->permission != PERM_PUBLIC)
                login_redirect(cx, u, "/login", res);
        page_tell(cx, u, code, model, res);
}
