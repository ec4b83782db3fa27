/* issuer.c - see issuer.h. */
#include "base/house.h"

#include "identity/issuer.h"

#include "base/clock.h"
#include "base/fail.h"
#include "http/fetch.h"

enum { ANSWER_MAX = 256 << 10, KEPT_MAX = 64, KEPT_MEMORY = 1 << 20 };

/* Answers by address, as text: parsed again for each unit, whose arena holds what comes of it. */
static struct kept {
        struct arena *mem; /* NULL: free */
        str url, body;
        msec at;
} kept[KEPT_MAX];

static struct kept *kept_find(str url)
{
        for (size_t i = 0; i < KEPT_MAX; i++)
                if (kept[i].mem != NULL && str_equal(kept[i].url, url))
                        return &kept[i];
        return NULL;
}

/* In the place of what was kept for this address, of a free one, or of the oldest. */
static void keep(str url, str body)
{
        struct kept *place = kept_find(url);

        for (size_t i = 0; i < KEPT_MAX && place == NULL; i++)
                if (kept[i].mem == NULL)
                        place = &kept[i];
        if (place == NULL) {
                place = &kept[0];
                for (size_t i = 1; i < KEPT_MAX; i++)
                        if (kept[i].at < place->at)
                                place = &kept[i];
        }
        if (place->mem != NULL)
                arena_close(place->mem);
        place->mem = arena_open(KEPT_MEMORY);
        place->url = str_copy(place->mem, url);
        place->body = str_copy(place->mem, body);
        place->at = clock_tick();
}

static rc object_read(struct cx *cx, str url, str body, json_t **ret)
{
        json_t *v = NULL;

        if (json_read(cx, body, &v) == RC_OK && json_is_object(v)) {
                *ret = v;
                return RC_OK;
        }
        fail_clear(cx);
        return fail(cx, RC_UNAVAILABLE, NULL, "what %.*s answered cannot be read", STR_ARG(url));
}

/* The JSON object at an address, at most `age_ms` old. */
static rc document(struct cx *cx, str url, msec age_ms, json_t **ret)
{
        struct kept *known = kept_find(url);
        struct fetch_question question = { .url = url, .form = STR_NONE, .size_max = ANSWER_MAX };
        struct fetch_answer answer;

        if (known != NULL && clock_tick() - known->at < age_ms)
                return object_read(cx, url, str_copy(cx->mem, known->body), ret);
        TRY(fetch_ask(cx, &question, &answer));
        if (answer.status != 200)
                return fail(cx, RC_UNAVAILABLE, NULL, "%.*s answers with the status %d", STR_ARG(url), answer.status);
        TRY(object_read(cx, url, answer.body, ret));
        keep(url, answer.body);
        return RC_OK;
}

static bool lists(const json_t *list, const char *word)
{
        for (size_t i = 0; i < json_array_size(list); i++)
                if (str_is(json_text(json_array_get(list, i)), word))
                        return true;
        return false;
}

static rc endpoint(struct cx *cx, const json_t *d, const char *name, bool needed, str *ret)
{
        str url = json_get_text(d, name);

        *ret = STR_NONE;
        if (str_absent(url) && !needed)
                return RC_OK;
        if (str_absent(url) || fetch_check(cx, url, NULL) != RC_OK) {
                fail_clear(cx);
                return fail(cx, RC_UNAVAILABLE, NULL, "the issuer does not publish a usable %s", name);
        }
        *ret = url;
        return RC_OK;
}

/* https://docs.github.com/apps/oauth-apps: no discovery. GitHub Enterprise Server has its API under /api/v3 of the same host. */
static void github(struct cx *cx, str name, struct issuer *ret)
{
        bool public = str_is(name, "https://github.com");

        *ret = (struct issuer){
                .name = name,
                .authorize = str_format(cx->mem, "%.*s/login/oauth/authorize", STR_ARG(name)),
                .token = str_format(cx->mem, "%.*s/login/oauth/access_token", STR_ARG(name)),
                .userinfo = public ? S("https://api.github.com") : str_format(cx->mem, "%.*s/api/v3", STR_ARG(name)),
                .secret_in_form = true,
        };
}

rc issuer_find(struct cx *cx, str kind, str name, struct issuer *ret)
{
        str root = name;
        const json_t *methods;
        struct issuer issuer;
        json_t *d;

        if (str_is(kind, "github")) {
                github(cx, name, ret);
                return RC_OK;
        }
        if (root.n > 0 && root.p[root.n - 1] == '/')
                root.n--;
        TRY(document(cx, str_format(cx->mem, "%.*s/.well-known/openid-configuration", STR_ARG(root)), ISSUER_KEPT_MS, &d));
        if (!str_equal(json_get_text(d, "issuer"), name))
                return fail(cx, RC_UNAVAILABLE, NULL, "the issuer calls itself \"%.*s\"; it must be exactly the same here",
                            STR_ARG(json_get_text(d, "issuer")));
        issuer = (struct issuer){ .name = name };
        TRY(endpoint(cx, d, "authorization_endpoint", true, &issuer.authorize));
        TRY(endpoint(cx, d, "token_endpoint", true, &issuer.token));
        TRY(endpoint(cx, d, "jwks_uri", true, &issuer.keys));
        TRY(endpoint(cx, d, "userinfo_endpoint", false, &issuer.userinfo));
        methods = json_object_get(d, "token_endpoint_auth_methods_supported");
        issuer.secret_in_form = str_is(kind, "line") || (methods != NULL && !lists(methods, "client_secret_basic"));
        issuer.names_itself = json_is_true(json_object_get(d, "authorization_response_iss_parameter_supported"));
        issuer.offline = lists(json_object_get(d, "scopes_supported"), "offline_access");
        *ret = issuer;
        return RC_OK;
}

rc issuer_keys(struct cx *cx, const struct issuer *issuer, bool fresh, json_t **ret)
{
        return document(cx, issuer->keys, fresh ? ISSUER_AGAIN_MS : ISSUER_KEPT_MS, ret);
}
