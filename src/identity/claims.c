/* claims.c - see claims.h. */
#include "base/house.h"

#include "identity/claims.h"

#include "base/crypto.h"
#include "base/fail.h"
#include "base/jose.h"
#include "base/text.h"

enum { SUBJECT_MAX = 255 };

static rc wrong(struct cx *cx, const char *what)
{
        return fail(cx, RC_UNAUTHORIZED, NULL, "what the sign-on service says is not for this log-in (%s)", what);
}

/* One audience, or several with this client as the authorised party. */
static bool audience_right(const json_t *claims, str client_id)
{
        const json_t *aud = json_object_get(claims, "aud"), *azp = json_object_get(claims, "azp");
        bool found = str_equal(json_text(aud), client_id) && !str_absent(json_text(aud));

        if (json_is_array(aud))
                for (size_t i = 0; i < json_array_size(aud); i++)
                        found |= str_equal(json_text(json_array_get(aud, i)), client_id) && json_is_string(json_array_get(aud, i));
        if (azp != NULL && !str_equal(json_text(azp), client_id))
                return false;
        return found && (azp != NULL || !json_is_array(aud) || json_array_size(aud) == 1);
}

/* Seconds since 1970; some write fractions. */
static bool time_read(const json_t *claims, const char *name, msec *ret)
{
        const json_t *v = json_object_get(claims, name);
        double seconds = json_number_value(v);

        if (!json_is_number(v) || seconds < 0 || seconds > 1e11)
                return false;
        *ret = (msec)(seconds * 1000);
        return true;
}

rc claims_check(struct cx *cx, const json_t *claims, const struct claims_wanted *wanted)
{
        str subject = json_get_text(claims, "sub"), at_hash = json_get_text(claims, "at_hash");
        msec expires, issued;

        if (!str_equal(json_get_text(claims, "iss"), wanted->issuer) || str_absent(json_get_text(claims, "iss")))
                return wrong(cx, "iss");
        if (!audience_right(claims, wanted->client_id))
                return wrong(cx, "aud");
        if (!time_read(claims, "exp", &expires) || expires + CLAIMS_SKEW_S * 1000 <= wanted->now)
                return wrong(cx, "exp");
        if (!time_read(claims, "iat", &issued) || issued > wanted->now + CLAIMS_SKEW_S * 1000 || issued < wanted->now - CLAIMS_AGE_S * 1000)
                return wrong(cx, "iat");
        if (!str_absent(wanted->nonce) &&
            (str_absent(json_get_text(claims, "nonce")) || !crypto_equal(json_get_text(claims, "nonce"), wanted->nonce)))
                return wrong(cx, "nonce");
        if (json_object_get(claims, "at_hash") != NULL && !str_equal(at_hash, jose_half_hash(cx->mem, wanted->access_token)))
                return wrong(cx, "at_hash");
        if (str_empty(subject) || subject.n > SUBJECT_MAX || text_control(subject, false) != subject.n)
                return wrong(cx, "sub");
        return RC_OK;
}

static bool named(const char *const *list, str word)
{
        for (; *list != NULL; list++)
                if (str_is(word, *list))
                        return true;
        return false;
}

bool claims_prove_factor(const json_t *claims)
{
        static const char *const known[] = { "pwd", "pin", "kba", NULL };
        static const char *const held[] = { "otp", "hwk", "swk", "sms", "tel", "sc", "pop", "fpt", "face", "iris", "vbm", "retina", NULL };
        static const char *const classes[] = { "phr", "phrh", "http://schemas.openid.net/pape/policies/2007/06/multi-factor", NULL };
        const json_t *amr = json_object_get(claims, "amr");
        bool one = false, other = false;

        for (size_t i = 0; i < json_array_size(amr); i++) {
                str word = json_text(json_array_get(amr, i));

                if (str_is(word, "mfa"))
                        return true;
                one |= named(known, word);
                other |= named(held, word);
        }
        return (one && other) || named(classes, json_get_text(claims, "acr"));
}

json_t *claims_context(const json_t *claims)
{
        static const char *const names[] = { "amr", "acr", "auth_time" };
        json_t *context = json_object();

        for (size_t i = 0; i < COUNT(names); i++)
                if (json_object_get(claims, names[i]) != NULL)
                        json_set(context, names[i], json_incref(json_object_get(claims, names[i])));
        return context;
}

bool claims_domain_listed(str address, str domains)
{
        const char *at = address.n > 0 ? memrchr(address.p, '@', address.n) : NULL;
        str domain = at ? (str){ at + 1, address.n - (size_t)(at + 1 - address.p) } : address;

        while (!str_empty(domain) && !str_empty(domains))
                if (str_equal_nocase(str_trim(str_cut(domains, ',', &domains)), domain))
                        return true;
        return false;
}
