/* face.c - see face.h. */
#include "base/house.h"

#include "gate/face.h"

#include "base/buf.h"
#include "base/clock.h"
#include "gate/enter.h"
#include "gate/face.sql.h"
#include "page/page.h"

enum { PAGE_MAX = 8 << 20 };

/* Quality of one language range ("en-GB;q=0.8"): 0..1000; its first two letters in *ret_lang, LANG_END: another language. */
static int range_read(str range, enum lang *ret_lang)
{
        str rest, q;
        str tag = str_trim(str_cut(range, ';', &rest));
        int quality = 1000;

        *ret_lang = LANG_END;
        if (tag.n >= 2 && (tag.n == 2 || tag.p[2] == '-')) {
                if (str_equal_nocase((str){ tag.p, 2 }, S("ja")))
                        *ret_lang = LANG_JA;
                else if (str_equal_nocase((str){ tag.p, 2 }, S("en")))
                        *ret_lang = LANG_EN;
        }
        rest = str_trim(rest);
        if (str_starts(rest, S("q="))) {
                q = (str){ rest.p + 2, rest.n - 2 };
                quality = 0;
                for (size_t i = 0, weight = 1000; i < q.n && i < 5; i++) {
                        if (q.p[i] >= '0' && q.p[i] <= '9') {
                                quality += (q.p[i] - '0') * (int)weight;
                                weight /= 10;
                        }
                }
        }
        return quality > 1000 ? 1000 : quality;
}

enum lang face_lang(str header)
{
        enum lang best = LANG_JA;
        int best_quality = 0;

        for (int i = 0; i < 20 && !str_absent(header); i++) {
                enum lang lang;
                int quality = range_read(str_cut(header, ',', &header), &lang);

                if (lang != LANG_END && quality > best_quality) {
                        best = lang;
                        best_quality = quality;
                }
        }
        return best;
}

/* On a page about one register: what may be done there. Elsewhere what concerns records counts when it holds for one of them; making a register needs
 * the right for all. */
static bool can(const struct cx *cx, const struct unit *u, enum permission p)
{
        str name = http_arg(u->req, "register");

        if (!str_absent(name))
                return permission_held_for(cx, p, name);
        return p == PERM_REGISTER_DEFINE ? permission_held(cx, p) : permission_held_somewhere(cx, p);
}

static json_t *can_model(const struct cx *cx, const struct unit *u)
{
        json_t *all = json_object();

        for (int p = PERM_NONE + 1; p < PERMISSIONS; p++) {
                char name[64];
                size_t n = 0;

                for (const char *w = permission_word((enum permission)p); *w != '\0' && n < sizeof(name) - 1; w++)
                        name[n++] = *w == '.' ? '_' : *w;
                name[n] = '\0';
                (void)json_set(all, name, json_boolean(can(cx, u, (enum permission)p)));
        }
        return all;
}

/* Names for people: of the account and of the contract. */
static rc names_read(struct cx *cx, struct unit *u, json_t *me, json_t *tenant, json_t *context)
{
        struct face_names *names;

        TRY(sql_face_names(cx, cx->actor.kind == ACTOR_ACCOUNT ? cx->actor.id : 0, &names));
        (void)json_set(me, "name", json_str(str_absent(names->account) ? cx->actor.name : names->account));
        (void)json_set(tenant, "title", json_str(names->tenant));
        (void)json_set(context, "rehearsal", json_boolean(names->rehearsal));
        return RC_OK;
}

static rc person_add(struct cx *cx, struct unit *u, json_t *context)
{
        json_t *me = json_object(), *tenant = json_object();

        (void)json_set(me, "id", json_integer(cx->actor.id));
        (void)json_set(me, "login", json_str(cx->actor.name));
        (void)json_set(me, "groups", json_str(cx->actor.groups));
        (void)json_set(me, "theme", json_str(u->theme));
        (void)json_set(me, "masked", json_boolean(cx->masked));
        (void)json_set(me, "acting", json_boolean(cx->actor.kind == ACTOR_OPERATOR));
        (void)json_set(me, "can", can_model(cx, u));
        (void)json_set(tenant, "name", json_str(cx->tenant));
        TRY(names_read(cx, u, me, tenant, context));
        (void)json_set(context, "me", me);
        (void)json_set(context, "tenant", tenant);
        return RC_OK;
}

/* A sentence for what was just done (?done=KEY): a key of the catalogue, never text of the address. */
static void done_add(struct cx *cx, struct unit *u, json_t *context)
{
        str key = http_query(u->req, "done");
        char *name;

        if (key.n == 0 || key.n > 60)
                return;
        for (size_t i = 0; i < key.n; i++)
                if (!((key.p[i] >= 'a' && key.p[i] <= 'z') || key.p[i] == '_' || key.p[i] == '.'))
                        return;
        name = str_z(cx->mem, str_format(cx->mem, "done.%.*s", STR_ARG(key)));
        if (!str_is(page_text(cx->lang, name), name))
                (void)json_set(context, "done", json_str(page_text(cx->lang, name)));
}

rc face_page(struct cx *cx, struct unit *u, const char *page, json_t *model, struct http_res *res)
{
        json_t *context = json_object();
        struct buf out = buf_open(cx->mem, PAGE_MAX);

        if (model != NULL)
                (void)json_object_update(context, model);
        (void)json_set(context, "lang", json_str(cx->lang == LANG_EN ? S("en") : S("ja")));
        (void)json_set(context, "path", json_str(u->req->path));
        (void)json_set(context, "htmx", json_boolean(u->htmx));
        if (!str_absent(u->cookie))
                (void)json_set(context, "csrf", json_str(enter_csrf(cx, u->cookie)));
        if (cx->now != 0)
                (void)json_set(context, "now", json_str(clock_text(cx->mem, cx->lang, cx->now)));
        done_add(cx, u, context);
        if (u->entered)
                TRY(person_add(cx, u, context));
        if (unit_hooks->frame != NULL)
                TRY(unit_hooks->frame(cx, u->req, context));
        TRY(page_render(cx, page, context, &out));
        must(!buf_full(&out));
        res->body = buf_str(&out);
        res->type = S("text/html; charset=utf-8");
        return RC_OK;
}

void face_json(struct cx *cx, struct http_res *res, json_t *model, str type)
{
        res->body = json_write(cx->mem, model);
        res->type = type;
}

/* A redirect: browsers get 303; htmx follows a header, since a 303 would be followed before it sees it. */
static rc location_render(struct cx *cx, struct unit *u, struct http_res *res)
{
        if (u->htmx) {
                res->status = 200;
                http_set(res, S("HX-Redirect"), res->location);
                res->location = STR_NONE;
        } else {
                res->status = 303;
        }
        res->body = STR_NONE;
        return RC_OK;
}

rc face_render(struct cx *cx, struct unit *u, struct http_res *res)
{
        must(res->status != 0);
        if (u->face == FACE_CONSOLE && !str_absent(res->location))
                return location_render(cx, u, res);
        if (!str_absent(res->location) && !str_starts(res->location, S("/api/v1/")))
                res->location = str_format(cx->mem, "/api/v1%.*s", STR_ARG(res->location));
        if (!str_absent(res->body) || !str_absent(res->file) || res->model == NULL)
                return RC_OK;
        if (u->face == FACE_CONSOLE && res->page != NULL)
                return face_page(cx, u, res->page, res->model, res);
        face_json(cx, res, res->model, S("application/json"));
        return RC_OK;
}
