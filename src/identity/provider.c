/* provider.c - see provider.h. */
#include "base/house.h"

#include "identity/provider.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/fail.h"
#include "base/text.h"
#include "http/fetch.h"
#include "identity/provider.sql.h"

enum { NAME_MAX = 100, CLIENT_MAX = 300, ISSUER_MAX = 500, SECRET_NAME_MAX = 64, DOMAINS_MAX = 50, DOMAIN_MAX = 253, RUN_MAX = 16 };

/* How to add a kind: a line here, the check of daicho.provider.kind, its hints in pages/texts.*.yaml under provider.kind. */
static const struct kind {
        const char *name;
        const char *issuer; /* what it always is, or is when nothing was said */
        bool other_issuer;  /* it may be said */
        bool domains;       /* whom it sends can be limited */
} kinds[] = {
        { "google", "https://accounts.google.com", false, true },
        { "line", "https://access.line.me", false, false },
        { "github", "https://github.com", true, true },
        { "oidc", NULL, true, true },
};

static const struct kind *kind_find(str name)
{
        for (size_t i = 0; i < COUNT(kinds); i++)
                if (str_is(name, kinds[i].name))
                        return &kinds[i];
        return NULL;
}

static json_t *words_model(str text)
{
        json_t *list = json_array();

        while (!str_empty(text))
                must(json_array_append_new(list, json_str(str_cut(text, ',', &text))) == 0);
        return list;
}

static json_t *model(struct cx *cx, const struct provider_row *p)
{
        json_t *m = json_object();

        json_set(m, "id", json_integer(p->id));
        json_set(m, "kind", json_str(p->kind));
        json_set(m, "name", json_str(p->name));
        json_set(m, "issuer", json_str(p->issuer));
        json_set(m, "client_id", json_str(p->client_id));
        json_set(m, "secret_name", json_str(p->secret_name));
        json_set(m, "domains", words_model(p->domains));
        json_set(m, "factor_trusted", json_boolean(p->factor_trusted));
        json_set(m, "apply", json_boolean(p->apply));
        json_set(m, "active", json_boolean(p->active));
        json_set(m, "allowed", json_boolean(p->allowed));
        json_set(m, "version", json_integer(p->version));
        json_set(m, "created_at", json_str(clock_rfc3339(cx->mem, p->created_at)));
        json_set(m, "links", json_integer(p->links));
        json_set(m, "applicants", json_integer(p->applicants));
        return m;
}

static json_t *rules_model(const struct provider_rules *r)
{
        json_t *m = json_object();

        json_set(m, "password_login", json_boolean(r->password_login));
        json_set(m, "kinds", words_model(str_absent(r->kinds) ? S("") : r->kinds));
        json_set(m, "factor_always", json_boolean(r->factor_always));
        json_set(m, "version", json_integer(r->version));
        json_set(m, "passwords", json_integer(r->passwords));
        json_set(m, "ready", json_boolean(r->ready));
        return m;
}

rc provider_list(struct cx *cx, json_t **ret)
{
        json_t *m = json_object(), *list = json_array();
        struct provider_rules *rules;
        struct provider_row *row;
        size_t count;

        TRY(sql_provider_policy(cx, &rules));
        TRY(sql_provider_list(cx, &row, &count));
        for (size_t i = 0; i < count; i++)
                must(json_array_append_new(list, model(cx, &row[i])) == 0);
        json_set(m, "providers", list);
        json_set(m, "rules", rules_model(rules));
        *ret = m;
        return RC_OK;
}

static rc row_find(struct cx *cx, int64_t id, struct provider_row **ret)
{
        struct provider_row *row;

        TRY(sql_provider_find(cx, id, &row));
        if (row == NULL)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such sign-on service");
        *ret = row;
        return RC_OK;
}

rc provider_get(struct cx *cx, int64_t id, json_t **ret)
{
        struct provider_row *row;

        TRY(row_find(cx, id, &row));
        *ret = model(cx, row);
        return RC_OK;
}

/* Reading ---------------------------------------------------------------------------------------------------------------------------- */

static rc text_take(struct cx *cx, const json_t *in, const char *item, size_t max, str *ret)
{
        str text;

        if (json_object_get(in, item) == NULL)
                return str_absent(*ret) ? fail(cx, RC_INVALID, item, "must be filled in") : RC_OK;
        text = str_trim(json_get_text(in, item));
        if (str_empty(text))
                return fail(cx, RC_INVALID, item, "must be filled in");
        TRY(text_check(cx, text, item, max, false));
        *ret = text;
        return RC_OK;
}

/* The name of a file, not what is in it: client secrets are long runs of letters and digits, often with capitals. */
static rc secret_name_check(struct cx *cx, str name)
{
        size_t run = 0, digits = 0;
        bool plain = name.n <= SECRET_NAME_MAX && strchr("._-", name.p[0]) == NULL;

        for (size_t i = 0; i < name.n; i++) {
                bool digit = name.p[i] >= '0' && name.p[i] <= '9', letter = name.p[i] >= 'a' && name.p[i] <= 'z';

                plain = plain && (digit || letter || strchr("._-", name.p[i]) != NULL);
                run = digit || letter ? run + 1 : 0;
                digits = run == 0 ? 0 : digits + digit;
                plain = plain && !(run > RUN_MAX && digits > 2);
        }
        if (!plain)
                return fail(cx, RC_INVALID, "secret_name",
                            "is the name of a file that holds the secret (small letters, digits, . _ -), never the secret itself");
        return RC_OK;
}

static bool domain_plain(str s, bool organisation)
{
        bool dot = false;

        for (size_t i = 0; i < s.n; i++) {
                char c = s.p[i];

                dot |= c == '.';
                if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || (c == '.' && !organisation)))
                        return false;
        }
        return s.n > 0 && s.n <= DOMAIN_MAX && (organisation || dot);
}

/* A list (API), or one text with commas, spaces or lines between (form). */
static rc domains_take(struct cx *cx, const json_t *in, const struct kind *kind, str *ret)
{
        const json_t *list = json_object_get(in, "domains");
        struct buf out = buf_open(cx->mem, KB(16));
        size_t count = 0;

        if (list == NULL)
                return RC_OK;
        for (size_t i = 0; i < json_array_size(list); i++) {
                str rest = json_text(json_array_get(list, i));

                while (!str_empty(rest)) {
                        size_t n = 0;
                        str one;

                        while (n < rest.n && strchr(", \t\n", rest.p[n]) == NULL)
                                n++;
                        one = (str){ rest.p, n };
                        rest = n < rest.n ? (str){ rest.p + n + 1, rest.n - n - 1 } : STR_NONE;
                        if (one.n == 0)
                                continue;
                        if (!domain_plain(one, str_is(str_of(kind->name), "github")) || ++count > DOMAINS_MAX)
                                return fail(cx, RC_INVALID, "domains", "must be names like example.co.jp (GitHub: organisations), at most %d",
                                            DOMAINS_MAX);
                        if (out.n > 0)
                                buf_char(&out, ',');
                        buf_add(&out, one);
                }
        }
        if (count > 0 && !kind->domains)
                return fail(cx, RC_INVALID, "domains", "LINE does not say which company somebody belongs to; leave this empty");
        *ret = buf_str(&out);
        return RC_OK;
}

static void flag_take(const json_t *in, const char *item, bool *ret)
{
        const json_t *v = json_object_get(in, item);

        if (json_is_boolean(v))
                *ret = json_is_true(v);
        else if (json_is_true(json_object_get(in, "flags_given"))) /* a form: boxes not ticked */
                *ret = false;
}

static rc row_read(struct cx *cx, const json_t *in, const struct kind *kind, struct provider_row *row)
{
        TRY(text_take(cx, in, "name", NAME_MAX, &row->name));
        TRY(text_take(cx, in, "client_id", CLIENT_MAX, &row->client_id));
        TRY(text_take(cx, in, "secret_name", CLIENT_MAX, &row->secret_name));
        TRY(secret_name_check(cx, row->secret_name));
        TRY(domains_take(cx, in, kind, &row->domains));
        flag_take(in, "factor_trusted", &row->factor_trusted);
        flag_take(in, "apply", &row->apply);
        flag_take(in, "active", &row->active);
        return RC_OK;
}

static rc issuer_read(struct cx *cx, const json_t *in, const struct kind *kind, str *ret)
{
        str issuer = str_trim(json_get_text(in, "issuer")), own = str_of(kind->issuer);

        if (str_empty(issuer))
                issuer = own;
        if (str_absent(issuer))
                return fail(cx, RC_INVALID, "issuer", "must be filled in");
        if (!kind->other_issuer && !str_equal(issuer, own))
                return fail(cx, RC_INVALID, "issuer", "is always %s for this kind", kind->issuer);
        if (issuer.n > ISSUER_MAX)
                return fail(cx, RC_INVALID, "issuer", "is too long");
        TRY(fetch_check(cx, issuer, "issuer"));
        if (memchr(issuer.p, '?', issuer.n) != NULL || (str_is(str_of(kind->name), "github") && issuer.p[issuer.n - 1] == '/'))
                return fail(cx, RC_INVALID, "issuer", "is not an address; it must look like https://accounts.example.com");
        *ret = issuer;
        return RC_OK;
}

rc provider_create(struct cx *cx, const json_t *in, json_t **ret)
{
        const struct kind *kind = kind_find(json_get_text(in, "kind"));
        struct provider_row row = { .domains = S(""), .active = true, .name = STR_NONE };
        struct provider_rules *rules;
        int64_t id;

        if (kind == NULL)
                return fail(cx, RC_INVALID, "kind", "is not one of the choices");
        TRY(sql_provider_policy(cx, &rules));
        if (!str_absent(rules->kinds)) {
                str left = rules->kinds;
                bool listed = false;

                while (!str_empty(left))
                        listed |= str_is(str_cut(left, ',', &left), kind->name);
                if (!listed)
                        return fail(cx, RC_INVALID, "kind", "is not a kind of sign-on this contract lets in");
        }
        TRY(row_read(cx, in, kind, &row));
        TRY(issuer_read(cx, in, kind, &row.issuer));
        TRY(sql_provider_insert(cx, cx->tenant, str_of(kind->name), row.name, row.issuer, row.client_id, row.secret_name, row.domains,
                                row.factor_trusted, row.apply, row.active, &id));
        return provider_get(cx, id, ret);
}

static rc stale(struct cx *cx)
{
        return fail(cx, RC_STALE, NULL, "somebody changed this in the meantime");
}

rc provider_update(struct cx *cx, int64_t id, int64_t version, const json_t *in, json_t **ret_before, json_t **ret)
{
        struct provider_row *row;
        json_t *before;
        int64_t changed;

        TRY(row_find(cx, id, &row));
        if (row->version != version)
                return stale(cx);
        before = model(cx, row);
        TRY(row_read(cx, in, kind_find(row->kind), row));
        TRY(sql_provider_change(cx, id, version, row->name, row->client_id, row->secret_name, row->domains, row->factor_trusted, row->apply,
                                row->active, &changed));
        if (changed == 0)
                return stale(cx);
        *ret_before = before;
        return provider_get(cx, id, ret);
}

rc provider_erase(struct cx *cx, int64_t id, int64_t version, json_t **ret_before)
{
        struct provider_row *row;
        int64_t erased;

        TRY(row_find(cx, id, &row));
        if (row->version != version)
                return stale(cx);
        TRY(sql_provider_drop(cx, id, version, &erased));
        if (erased == 0)
                return stale(cx);
        *ret_before = model(cx, row);
        return RC_OK;
}

/* Rules ------------------------------------------------------------------------------------------------------------------------------ */

static rc kinds_take(struct cx *cx, const json_t *in, str *ret)
{
        const json_t *list = json_object_get(in, "kinds");
        struct buf out = buf_open(cx->mem, 256);

        if (list == NULL && !json_is_true(json_object_get(in, "flags_given")))
                return RC_OK;
        for (size_t i = 0; i < COUNT(kinds); i++) {
                bool listed = false;

                for (size_t k = 0; k < json_array_size(list); k++)
                        listed |= str_is(json_text(json_array_get(list, k)), kinds[i].name);
                if (listed)
                        buf_format(&out, "%s%s", out.n ? "," : "", kinds[i].name);
        }
        for (size_t k = 0; k < json_array_size(list); k++)
                if (kind_find(json_text(json_array_get(list, k))) == NULL)
                        return fail(cx, RC_INVALID, "kinds", "is not one of the choices");
        *ret = out.n > 0 ? buf_str(&out) : STR_NONE; /* none: any */
        return RC_OK;
}

rc provider_rules_update(struct cx *cx, int64_t version, const json_t *in, json_t **ret_before, json_t **ret)
{
        struct provider_rules *rules, now;
        int64_t changed;

        TRY(sql_provider_policy(cx, &rules));
        if (rules->version != version)
                return stale(cx);
        now = *rules;
        flag_take(in, "password_login", &now.password_login);
        flag_take(in, "factor_always", &now.factor_always);
        TRY(kinds_take(cx, in, &now.kinds));
        if (rules->factor_always && !now.factor_always)
                return fail(cx, RC_CONFLICT, "factor_always", "the second factor for everybody cannot be taken back");
        if (rules->password_login && !now.password_login) {
                if (!rules->ready)
                        return fail(cx, RC_CONFLICT, "password_login",
                                    "first link the account of somebody who manages accounts with a sign-on service; nobody could log in otherwise");
                if (!json_is_true(json_object_get(in, "confirm")))
                        return fail(cx, RC_INVALID, "confirm", "the passwords of %lld accounts would be erased for good; please confirm that",
                                    (long long)rules->passwords);
        }
        TRY(sql_provider_policy_change(cx, version, now.password_login, now.kinds, now.factor_always, &changed));
        if (changed == 0)
                return stale(cx);
        *ret_before = rules_model(rules);
        TRY(sql_provider_policy(cx, &rules));
        *ret = rules_model(rules);
        return RC_OK;
}

rc provider_offer(struct cx *cx, json_t **ret)
{
        json_t *list = json_array();
        struct provider_row *row;
        size_t count;

        TRY(sql_provider_list(cx, &row, &count));
        for (size_t i = 0; i < count; i++) {
                json_t *m = json_object();

                if (!row[i].active || !row[i].allowed)
                        continue;
                json_set(m, "id", json_integer(row[i].id));
                json_set(m, "kind", json_str(row[i].kind));
                json_set(m, "name", json_str(row[i].name));
                must(json_array_append_new(list, m) == 0);
        }
        *ret = list;
        return RC_OK;
}

rc provider_passwords(struct cx *cx, bool *ret)
{
        struct provider_rules *rules;

        TRY(sql_provider_policy(cx, &rules));
        *ret = rules->password_login;
        return RC_OK;
}
