/* sign_on.c - see sign_on.h. */
#include "base/house.h"

#include "identity/sign_on.h"

#include "base/buf.h"
#include "base/crypto.h"
#include "base/fail.h"
#include "base/file.h"
#include "base/jose.h"
#include "base/seal.h"
#include "base/utf8.h"
#include "db/db.h"
#include "http/fetch.h"
#include "identity/claims.h"
#include "identity/session.h"
#include "identity/sign_on.sql.h"

enum { ANSWER_MAX = 64 << 10, CODE_MAX = 4000, TOKEN_MAX = 16384, SECRET_MAX = 1000, LIFETIME_MAX = 400 * 86400, NAME_MAX = 200, EMAIL_MAX = 254 };

static str secret_directory, house_url; /* process lifetime */

void sign_on_start(str secrets, str url)
{
        secret_directory = secrets;
        house_url = url;
}

str sign_on_callback(struct cx *cx)
{
        return str_format(cx->mem, "%.*s/sso/callback", STR_ARG(house_url));
}

/* What differs between the kinds ------------------------------------------------------------------------------------------------------- */

static const char *const by_keys[] = { "RS256", "PS256", "ES256", NULL };
static const char *const by_line[] = { "ES256", "HS256", NULL }; /* web log-ins of LINE are signed with the channel's secret */

static const struct kind {
        const char *name;
        const char *scope;
        const char *more; /* of the address the browser is sent to */
        const char *const *algorithms;
} kinds[] = {
        { "google", "openid email profile", "&access_type=offline", by_keys },
        { "line", "openid email profile", "", by_line },
        { "github", "read:user read:org", "", NULL },
        { "oidc", "openid email profile", "", by_keys },
};

static const struct kind *kind_of(const struct sign_on_service *s)
{
        for (size_t i = 0; i < COUNT(kinds); i++)
                if (str_is(s->kind, kinds[i].name))
                        return &kinds[i];
        panic("a provider of no kind");
}

static bool github(const struct sign_on_service *s)
{
        return str_is(s->kind, "github");
}

/* Before --------------------------------------------------------------------------------------------------------------------------------- */

rc sign_on_offer(struct cx *cx, str tenant, json_t **ret)
{
        json_t *m = json_object(), *list = json_array();
        struct sign_on_choice *row;
        size_t count;

        TRY(db_ensure(cx));
        TRY(sql_sign_on_offer(cx, tenant, &row, &count));
        for (size_t i = 0; i < count && !row[i].id_null; i++) {
                json_t *one = json_object();

                json_set(one, "id", json_integer(row[i].id));
                json_set(one, "kind", json_str(row[i].kind));
                json_set(one, "name", json_str(row[i].name));
                must(json_array_append_new(list, one) == 0);
        }
        json_set(m, "password_login", json_boolean(count == 0 || row[0].password_login));
        json_set(m, "choices", list);
        *ret = m;
        return RC_OK;
}

rc sign_on_passwords(struct cx *cx, str tenant)
{
        struct sign_on_choice *row;
        size_t count;

        TRY(sql_sign_on_offer(cx, tenant, &row, &count));
        if (count == 0 || row[0].password_login)
                return RC_OK;
        cx->tenant = tenant;
        return fail(cx, RC_FORBIDDEN, NULL, "this contract takes no passwords; please log in by its sign-on service");
}

static str hash_of(struct cx *cx, str token)
{
        uint8_t hash[SHA256_SIZE];

        crypto_sha256(token, hash);
        return (str){ arena_copy(cx->mem, hash, sizeof(hash)), sizeof(hash) };
}

static str token_make(struct cx *cx)
{
        uint8_t secret[32];

        crypto_random(secret, sizeof(secret));
        return crypto_base64url(cx->mem, secret, sizeof(secret));
}

rc sign_on_find(struct cx *cx, str tenant, int64_t provider_id, struct sign_on_service **ret)
{
        struct sign_on_service *service;

        TRY(db_ensure(cx));
        TRY(sql_sign_on_provider(cx, tenant, provider_id, &service));
        if (service == NULL)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such sign-on service");
        if (!service->allowed)
                return fail(cx, RC_FORBIDDEN, NULL, "this contract does not let in by this sign-on service");
        *ret = service;
        return RC_OK;
}

str sign_on_url(struct cx *cx, int64_t provider_id, str invitation)
{
        return str_format(cx->mem, "%.*s/sso/%" PRId64 "/start?tenant=%.*s&invitation=%.*s", STR_ARG(house_url), provider_id, STR_ARG(cx->tenant),
                          STR_ARG(invitation));
}

int64_t sign_on_service_id(const struct sign_on_service *service)
{
        return service->id;
}

static void parameter(struct buf *b, const char *name, str value)
{
        if (b->n > 0 && b->p[b->n - 1] != '?')
                buf_char(b, '&');
        buf_add(b, str_of(name));
        buf_char(b, '=');
        buf_url(b, value);
}

rc sign_on_prepare(struct cx *cx, const struct sign_on_service *service, struct sign_on_begun *ret)
{
        const struct kind *kind = kind_of(service);
        struct buf b = buf_open(cx->mem, KB(8));
        struct issuer issuer;

        TRY(issuer_find(cx, service->kind, service->issuer, &issuer));
        *ret = (struct sign_on_begun){ .cookie = token_make(cx), .state = token_make(cx), .nonce = token_make(cx), .verifier = token_make(cx) };
        buf_add(&b, issuer.authorize);
        buf_char(&b, memchr(issuer.authorize.p, '?', issuer.authorize.n) ? '&' : '?');
        parameter(&b, "response_type", S("code"));
        parameter(&b, "client_id", service->client_id);
        parameter(&b, "redirect_uri", sign_on_callback(cx));
        parameter(&b, "scope", issuer.offline ? str_format(cx->mem, "%s offline_access", kind->scope) : str_of(kind->scope));
        parameter(&b, "state", ret->state);
        if (!github(service))
                parameter(&b, "nonce", ret->nonce);
        parameter(&b, "code_challenge", crypto_base64url(cx->mem, hash_of(cx, ret->verifier).p, SHA256_SIZE));
        parameter(&b, "code_challenge_method", S("S256"));
        buf_add(&b, str_of(kind->more));
        must(!buf_full(&b));
        ret->location = buf_str(&b);
        return RC_OK;
}

rc sign_on_begin(struct cx *cx, const struct sign_on_service *service, const struct sign_on_begun *begun, str next, str invitation)
{
        bool done;

        TRY(sql_sign_on_insert(cx, service->id, hash_of(cx, begun->state), hash_of(cx, begun->cookie), begun->nonce, begun->verifier, next,
                               str_absent(invitation) ? STR_NONE : hash_of(cx, invitation), &done));
        return done ? RC_OK : fail(cx, RC_FORBIDDEN, NULL, "this invitation is used or has expired; please ask for another one");
}

/* After ---------------------------------------------------------------------------------------------------------------------------------- */

void sign_on_failed(struct cx *cx)
{
        struct failure told = cx->failure;

        fail_clear(cx);
        if (sql_sign_on_failed(cx, cx->actor.source) != RC_OK)
                fail_clear(cx);
        cx->failure = told;
}

static rc spent(struct cx *cx)
{
        return fail(cx, RC_UNAUTHORIZED, NULL,
                    "this sign-on was begun in another browser, is used already or is older than ten minutes; please begin again");
}

rc sign_on_take(struct cx *cx, const struct sign_on_answer *answer, struct sign_on_attempt **ret, struct sign_on_service **ret_service)
{
        struct sign_on_attempt *attempt;
        bool busy;

        TRY(db_ensure(cx));
        TRY(sql_sign_on_busy(cx, cx->actor.source, &busy));
        if (busy)
                return fail(cx, RC_BUSY, NULL, "too many sign-ons from here went wrong; please wait ten minutes");
        if (answer->state.n != SIGN_ON_TOKEN)
                return spent(cx);
        TRY(sql_sign_on_take(cx, hash_of(cx, answer->state), &attempt));
        if (attempt == NULL)
                return spent(cx);
        cx->tenant = attempt->tenant; /* whose log tells of it */
        cx->now = attempt->now_ms;
        if (answer->cookie.n != SIGN_ON_TOKEN || !crypto_equal(hash_of(cx, answer->cookie), attempt->browser_hash))
                return spent(cx);
        TRY(sign_on_find(cx, attempt->tenant, attempt->provider_id, ret_service));
        *ret = attempt;
        return RC_OK;
}

static rc secret_read(struct cx *cx, const struct sign_on_service *s, str *ret)
{
        str path = str_format(cx->mem, "%.*s/%.*s/%.*s", STR_ARG(secret_directory), STR_ARG(s->tenant), STR_ARG(s->secret_name));

        if (file_read(cx, path.p, SECRET_MAX, ret) == RC_OK) {
                *ret = str_trim(*ret);
                if (ret->n > 0 && utf8_valid(*ret) && memchr(ret->p, '\0', ret->n) == NULL)
                        return RC_OK;
        }
        fail_clear(cx);
        return fail(cx, RC_UNAVAILABLE, "secret_name", "the operator has not put the secret \"%.*s\" in place yet", STR_ARG(s->secret_name));
}

static str encoded(struct cx *cx, str s)
{
        struct buf b = buf_open(cx->mem, KB(8));

        buf_url(&b, s);
        must(!buf_full(&b));
        return buf_str(&b);
}

struct tokens {
        str access, id, refresh;
        int64_t lifetime;
};

static int64_t seconds_of(const json_t *v)
{
        int64_t n = json_is_integer(v) ? json_integer_value(v) : 0;

        if (json_is_string(v) && !str_int(json_text(v), &n))
                n = 0;
        return n < 1 ? 0 : n > LIFETIME_MAX ? LIFETIME_MAX : n;
}

/* What the provider calls the reason, when it is a plain word. */
static str error_word(str error)
{
        for (size_t i = 0; i < error.n; i++)
                if (!((error.p[i] >= 'a' && error.p[i] <= 'z') || error.p[i] == '_'))
                        return S("-");
        return error.n > 0 && error.n <= 50 ? error : S("-");
}

/* The token endpoint, with a form that holds what is given for the tokens. GitHub says errors with the status 200. */
static rc tokens_ask(struct cx *cx, const struct sign_on_service *s, const struct issuer *issuer, struct buf *form, struct tokens *ret)
{
        struct fetch_question q = { .url = issuer->token, .size_max = ANSWER_MAX };
        struct fetch_answer answer;
        json_t *v = NULL;
        str secret, type;

        TRY(secret_read(cx, s, &secret));
        if (issuer->secret_in_form) {
                parameter(form, "client_id", s->client_id);
                parameter(form, "client_secret", secret);
        } else {
                q.user = encoded(cx, s->client_id);
                q.password = encoded(cx, secret);
        }
        must(!buf_full(form));
        q.form = buf_str(form);
        TRY(fetch_ask(cx, &q, &answer));
        if (json_read(cx, answer.body, &v) != RC_OK || !json_is_object(v)) {
                fail_clear(cx);
                return fail(cx, RC_UNAVAILABLE, NULL, "what %.*s answered cannot be read", STR_ARG(issuer->token));
        }
        if (answer.status >= 500)
                return fail(cx, RC_UNAVAILABLE, NULL, "%.*s answers with the status %d", STR_ARG(issuer->token), answer.status);
        if (answer.status != 200 || json_object_get(v, "error") != NULL)
                return fail(cx, RC_UNAUTHORIZED, NULL, "the sign-on service did not accept this log-in (%.*s)",
                            STR_ARG(error_word(json_get_text(v, "error"))));
        type = json_get_text(v, "token_type");
        *ret = (struct tokens){ .access = json_get_text(v, "access_token"),
                                .id = json_get_text(v, "id_token"),
                                .refresh = json_get_text(v, "refresh_token"),
                                .lifetime = seconds_of(json_object_get(v, "expires_in")) };
        if (str_empty(ret->access) || ret->access.n > TOKEN_MAX || ret->refresh.n > TOKEN_MAX || !str_equal_nocase(type, S("Bearer")))
                return fail(cx, RC_UNAVAILABLE, NULL, "what %.*s answered cannot be read", STR_ARG(issuer->token));
        return RC_OK;
}

/* An ID token as OpenID Connect checks it; keys that are not known yet are asked for once more. */
static rc id_token_check(struct cx *cx, const struct sign_on_service *s, const struct issuer *issuer, const struct tokens *tokens, str nonce,
                         json_t **ret_claims)
{
        const struct kind *kind = kind_of(s);
        struct claims_wanted wanted = { s->issuer, s->client_id, nonce, tokens->access, cx->now };
        struct jose jose;
        json_t *keys;
        str secret = STR_NONE;
        rc code;

        if (str_is(s->kind, "line"))
                TRY(secret_read(cx, s, &secret));
        TRY(issuer_keys(cx, issuer, false, &keys));
        code = jose_verify(cx, tokens->id, keys, secret, kind->algorithms, &jose);
        if (code == RC_UNKNOWN) {
                fail_clear(cx);
                TRY(issuer_keys(cx, issuer, true, &keys));
                code = jose_verify(cx, tokens->id, keys, secret, kind->algorithms, &jose);
        }
        if (code == RC_UNKNOWN) {
                fail_clear(cx);
                return fail(cx, RC_UNAUTHORIZED, NULL, "the provider's token is signed with a key the provider does not list");
        }
        TRY(code);
        TRY(claims_check(cx, jose.claims, &wanted));
        *ret_claims = jose.claims;
        return RC_OK;
}

static rc api_get(struct cx *cx, str url, str token, int *ret_status, json_t **ret)
{
        struct fetch_question q = { .url = url, .form = STR_NONE, .bearer = token, .size_max = ANSWER_MAX };
        struct fetch_answer answer;
        json_t *v = NULL;

        TRY(fetch_ask(cx, &q, &answer));
        if (json_read(cx, answer.body, &v) != RC_OK || !json_is_object(v)) {
                fail_clear(cx);
                return fail(cx, RC_UNAVAILABLE, NULL, "what %.*s answered cannot be read", STR_ARG(url));
        }
        *ret_status = answer.status;
        *ret = v;
        return RC_OK;
}

/* A text of a provider, for display: what is no plain text is left out. */
static str shown(str s, size_t max)
{
        if (str_empty(s) || text_control(s, false) != s.n || utf8_length(s) > max)
                return STR_NONE;
        return s;
}

/* Some providers keep the e-mail address for the userinfo endpoint (Core 5.3): it must speak of the same subject. */
static rc userinfo_add(struct cx *cx, const struct issuer *issuer, const struct tokens *tokens, json_t *claims)
{
        static const char *const members[] = { "email", "email_verified", "name", "hd" };
        int status;
        json_t *v;

        if (str_absent(issuer->userinfo) || json_object_get(claims, "email") != NULL)
                return RC_OK;
        TRY(api_get(cx, issuer->userinfo, tokens->access, &status, &v));
        if (status != 200 || !str_equal(json_get_text(v, "sub"), json_get_text(claims, "sub")))
                return fail(cx, RC_UNAUTHORIZED, NULL, "what the sign-on service says is not for this log-in (%s)", "userinfo");
        for (size_t i = 0; i < COUNT(members); i++)
                if (json_object_get(claims, members[i]) == NULL && json_object_get(v, members[i]) != NULL)
                        json_set(claims, members[i], json_incref(json_object_get(v, members[i])));
        return RC_OK;
}

static bool verified(const json_t *claims)
{
        const json_t *v = json_object_get(claims, "email_verified");

        return json_is_true(v) || str_is(json_text(v), "true");
}

static rc domain_check(struct cx *cx, const struct sign_on_service *s, const json_t *claims)
{
        bool google = str_is(s->kind, "google");

        if (str_empty(s->domains))
                return RC_OK;
        if (verified(claims) && claims_domain_listed(json_get_text(claims, google ? "hd" : "email"), s->domains))
                return RC_OK;
        return fail(cx, RC_FORBIDDEN, NULL, "only people of %.*s may log in by this sign-on service", STR_ARG(s->domains));
}

static rc person_by_openid(struct cx *cx, const struct sign_on_service *s, const struct issuer *issuer, const struct tokens *tokens, str nonce,
                           struct sign_on_person *ret)
{
        json_t *claims;
        msec expires;

        if (str_absent(tokens->id))
                return fail(cx, RC_UNAUTHORIZED, NULL, "the provider's token cannot be read");
        TRY(id_token_check(cx, s, issuer, tokens, nonce, &claims));
        TRY(userinfo_add(cx, issuer, tokens, claims));
        TRY(domain_check(cx, s, claims));
        expires = (msec)json_number_value(json_object_get(claims, "exp")) - cx->now / 1000;
        *ret = (struct sign_on_person){ .subject = json_get_text(claims, "sub"),
                                        .email = shown(json_get_text(claims, "email"), EMAIL_MAX),
                                        .name = shown(json_get_text(claims, "name"), NAME_MAX),
                                        .proof = claims_prove_factor(claims),
                                        .context = claims_context(claims),
                                        .lifetime = tokens->lifetime > 0 ? tokens->lifetime
                                                    : expires < 1        ? 1
                                                                         : expires };
        return RC_OK;
}

/* A member of one of the organisations that are let in. */
static rc organisation_check(struct cx *cx, const struct sign_on_service *s, const struct issuer *issuer, str token)
{
        str left = s->domains;

        while (!str_empty(left)) {
                str name = str_cut(left, ',', &left);
                int status;
                json_t *v;

                TRY(api_get(cx, str_format(cx->mem, "%.*s/user/memberships/orgs/%.*s", STR_ARG(issuer->userinfo), STR_ARG(name)), token, &status,
                            &v));
                if (status == 200 && str_is(json_get_text(v, "state"), "active"))
                        return RC_OK;
        }
        return str_empty(s->domains) ? RC_OK
                                     : fail(cx, RC_FORBIDDEN, NULL, "only people of %.*s may log in by this sign-on service", STR_ARG(s->domains));
}

/* GitHub signs nothing: who it is says its API, asked with the token that came straight from it. */
static rc person_by_github(struct cx *cx, const struct sign_on_service *s, const struct issuer *issuer, const struct tokens *tokens,
                           struct sign_on_person *ret)
{
        json_t *v, *context = json_object();
        int status;
        str name;

        TRY(api_get(cx, str_format(cx->mem, "%.*s/user", STR_ARG(issuer->userinfo)), tokens->access, &status, &v));
        if (status != 200 || !json_is_integer(json_object_get(v, "id")) || json_integer_value(json_object_get(v, "id")) <= 0)
                return fail(cx, RC_UNAUTHORIZED, NULL, "what the sign-on service says is not for this log-in (%s)", "user");
        TRY(organisation_check(cx, s, issuer, tokens->access));
        json_set(context, "two_factor_authentication", json_boolean(json_is_true(json_object_get(v, "two_factor_authentication"))));
        name = shown(json_get_text(v, "name"), NAME_MAX);
        *ret = (struct sign_on_person){ .subject = str_format(cx->mem, "%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(v, "id"))),
                                        .email = shown(json_get_text(v, "email"), EMAIL_MAX),
                                        .name = str_absent(name) ? shown(json_get_text(v, "login"), NAME_MAX) : name,
                                        .proof = json_is_true(json_object_get(v, "two_factor_authentication")),
                                        .context = context,
                                        .lifetime = tokens->lifetime };
        return RC_OK;
}

static str bound_to(struct cx *cx, str tenant, int64_t provider_id, str subject)
{
        return str_format(cx->mem, "renewal:%.*s:%" PRId64 ":%.*s", STR_ARG(tenant), provider_id, STR_ARG(subject));
}

rc sign_on_verify(struct cx *cx, const struct sign_on_answer *answer, const struct sign_on_attempt *attempt, const struct sign_on_service *service,
                  struct sign_on_person *ret)
{
        struct buf form = buf_open(cx->mem, KB(32));
        struct tokens tokens;
        struct issuer issuer;

        TRY(issuer_find(cx, service->kind, service->issuer, &issuer));
        /* RFC 9207: the answer of another provider must not be taken to this one */
        if (!str_absent(answer->issuer) ? !str_equal(answer->issuer, service->issuer) : issuer.names_itself)
                return fail(cx, RC_UNAUTHORIZED, NULL, "what the sign-on service says is not for this log-in (%s)", "iss");
        if (!str_absent(answer->error))
                return fail(cx, RC_UNAUTHORIZED, NULL, "the sign-on service did not accept this log-in (%.*s)", STR_ARG(error_word(answer->error)));
        if (str_empty(answer->code) || answer->code.n > CODE_MAX)
                return fail(cx, RC_MALFORMED, "code", "must be filled in");
        parameter(&form, "grant_type", S("authorization_code"));
        parameter(&form, "code", answer->code);
        parameter(&form, "redirect_uri", sign_on_callback(cx));
        parameter(&form, "code_verifier", attempt->verifier);
        TRY(tokens_ask(cx, service, &issuer, &form, &tokens));
        if (github(service))
                TRY(person_by_github(cx, service, &issuer, &tokens, ret));
        else
                TRY(person_by_openid(cx, service, &issuer, &tokens, attempt->nonce, ret));
        if (!str_empty(tokens.refresh) && seal_ready())
                ret->sealed = seal_close(cx->mem, tokens.refresh, bound_to(cx, service->tenant, service->id, ret->subject));
        return RC_OK;
}

/* What is said to somebody who may not come in. */
static const struct {
        const char *outcome;
        rc code;
        const char *text;
} outcomes[] = {
        { "pending", RC_FORBIDDEN, "the application is waiting for an administrator's approval" },
        { "refused", RC_FORBIDDEN, "an administrator refused the application" },
        { "unknown", RC_FORBIDDEN, "nobody here is linked to this account of the sign-on service; please ask an administrator" },
        { "taken", RC_CONFLICT, "this account of the sign-on service is linked to another account here" },
        { "other", RC_CONFLICT, "this account is linked to another one at the sign-on service already" },
        { "suspended", RC_FORBIDDEN, "this account is suspended; please ask an administrator" },
};

rc sign_on_open(struct cx *cx, const struct sign_on_attempt *attempt, const struct sign_on_service *service, const struct sign_on_person *person,
                str agent, str old_token, struct sign_on_entry *ret)
{
        struct provided provided = { .provider_id = service->id, .proof = person->proof, .lifetime = person->lifetime, .sealed = person->sealed };
        struct sign_on_who *who;

        *ret = (struct sign_on_entry){ .next = attempt->next };
        TRY(sql_sign_on_account(cx, service->id, person->subject, attempt->invitation_id_null ? NULL : &attempt->invitation_id, person->email,
                                person->name, &who));
        if (who == NULL)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such sign-on service");
        for (size_t i = 0; i < COUNT(outcomes); i++)
                if (str_is(who->outcome, outcomes[i].outcome))
                        return fail(cx, outcomes[i].code, NULL, "%s", fail_translate(cx->lang, outcomes[i].text));
        ret->applied = str_is(who->outcome, "applied");
        if (ret->applied)
                return RC_OK;
        ret->account_id = provided.account_id = who->account_id;
        ret->login = who->login;
        ret->groups = who->groups;
        provided.context = json_write(cx->mem, person->context);
        return session_open_by_provider(cx, &provided, agent, old_token, &ret->token, &ret->stage);
}

/* Looking after it ------------------------------------------------------------------------------------------------------------------------ */

rc sign_on_look(struct cx *cx, const json_t *provider, struct sign_on_service **ret)
{
        struct sign_on_service *s = NEW(cx->mem, struct sign_on_service);

        *s = (struct sign_on_service){ .id = json_integer_value(json_object_get(provider, "id")),
                                       .tenant = cx->tenant,
                                       .kind = json_get_text(provider, "kind"),
                                       .issuer = json_get_text(provider, "issuer"),
                                       .client_id = json_get_text(provider, "client_id"),
                                       .secret_name = json_get_text(provider, "secret_name") };
        *ret = s;
        return RC_OK;
}

rc sign_on_test(struct cx *cx, const struct sign_on_service *service, json_t **ret)
{
        json_t *m = json_object(), *keys;
        struct issuer issuer;
        str secret;

        TRY(issuer_find(cx, service->kind, service->issuer, &issuer));
        json_set(m, "authorize", json_str(issuer.authorize));
        json_set(m, "token", json_str(issuer.token));
        if (!str_absent(issuer.keys)) {
                TRY(issuer_keys(cx, &issuer, true, &keys));
                json_set(m, "keys", json_integer((json_int_t)json_array_size(json_object_get(keys, "keys"))));
        }
        TRY(secret_read(cx, service, &secret));
        json_set(m, "secret", json_true());
        *ret = m;
        return RC_OK;
}

rc sign_on_renewal_take(struct cx *cx, struct sign_on_renewal **ret)
{
        return sql_sign_on_renewal_take(cx, ret);
}

rc sign_on_renew(struct cx *cx, const struct sign_on_renewal *r, int64_t *ret_lifetime, str *ret_sealed)
{
        struct buf form = buf_open(cx->mem, KB(32));
        str bound = bound_to(cx, r->tenant, r->provider_id, r->subject), refresh;
        struct sign_on_service *service;
        struct sign_on_person person;
        struct issuer issuer;
        struct tokens tokens;
        bool old;

        TRY(sign_on_find(cx, r->tenant, r->provider_id, &service));
        if (!seal_open(cx->mem, r->sealed, bound, &refresh, &old))
                return fail(cx, RC_UNAUTHORIZED, NULL, "the sign-on service did not accept this log-in (%.*s)", 1, "-");
        TRY(sql_sign_on_now(cx, &cx->now));
        TRY(issuer_find(cx, service->kind, service->issuer, &issuer));
        parameter(&form, "grant_type", S("refresh_token"));
        parameter(&form, "refresh_token", refresh);
        TRY(tokens_ask(cx, service, &issuer, &form, &tokens));
        if (github(service))
                TRY(person_by_github(cx, service, &issuer, &tokens, &person));
        else if (!str_absent(tokens.id))
                TRY(person_by_openid(cx, service, &issuer, &tokens, STR_NONE, &person));
        if ((github(service) || !str_absent(tokens.id)) && !str_equal(person.subject, r->subject))
                return fail(cx, RC_UNAUTHORIZED, NULL, "what the sign-on service says is not for this log-in (%s)", "sub");
        *ret_lifetime = tokens.lifetime > 0 ? tokens.lifetime : CLAIMS_AGE_S;
        *ret_sealed = str_empty(tokens.refresh) ? STR_NONE : seal_close(cx->mem, tokens.refresh, bound);
        return RC_OK;
}

rc sign_on_renewal_done(struct cx *cx, const struct sign_on_renewal *renewal, int64_t lifetime, str sealed)
{
        return sql_sign_on_renewal_done(cx, renewal->session_id, lifetime, sealed);
}

rc sign_on_renewal_refused(struct cx *cx, const struct sign_on_renewal *renewal)
{
        bool ended;

        return sql_sign_on_renewal_refused(cx, renewal->session_id, &ended);
}

str sign_on_renewal_tenant(const struct sign_on_renewal *renewal, struct actor *ret_actor, int64_t *ret_session)
{
        *ret_actor = (struct actor){ .kind = ACTOR_ACCOUNT, .id = renewal->account_id, .name = renewal->login, .source = S("-") };
        *ret_session = renewal->session_id;
        return renewal->tenant;
}
