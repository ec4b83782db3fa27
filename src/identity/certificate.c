/* certificate.c - see certificate.h. */
#include "base/house.h"

#include "identity/certificate.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/fail.h"
#include "base/text.h"
#include "base/x509.h"
#include "identity/certificate.sql.h"

enum { NAME_MAX = 100, LIST_MAX = 1000, PASSPHRASE_LETTERS = 20, GROUP = 4, DAY_S = 24 * 60 * 60 };

static const struct x509_authority *authority;

void certificate_start(const struct x509_authority *of)
{
        authority = of;
}

static json_t *time_model(struct cx *cx, msec at, bool none)
{
        return none ? json_null() : json_str(clock_rfc3339(cx->mem, at));
}

static json_t *model(struct cx *cx, const struct certificate_row *c)
{
        json_t *m = json_object();

        json_set(m, "id", json_integer(c->id));
        json_set(m, "serial", json_str(c->serial));
        json_set(m, "name", json_str(c->name));
        json_set(m, "person_id", c->person_id_null ? json_null() : json_integer(c->person_id));
        json_set(m, "person", json_str(c->person));
        json_set(m, "state", json_str(c->state));
        json_set(m, "issued_at", time_model(cx, c->issued_at, false));
        json_set(m, "issued_by", json_str(c->issued_by));
        json_set(m, "expires_at", time_model(cx, c->expires_at, false));
        json_set(m, "revoked_at", time_model(cx, c->revoked_at, c->revoked_at_null));
        json_set(m, "revoked_by", json_str(c->revoked_by));
        return m;
}

rc certificate_list(struct cx *cx, json_t **ret)
{
        json_t *m = json_object(), *list = json_array(), *people = json_array();
        struct certificate_person *person;
        struct certificate_row *row;
        int64_t expiring = 0;
        size_t count;

        TRY(sql_certificate_list(cx, LIST_MAX, &row, &count));
        for (size_t i = 0; i < count; i++) {
                expiring += str_is(row[i].state, "expiring");
                must(json_array_append_new(list, model(cx, &row[i])) == 0);
        }
        TRY(sql_certificate_people(cx, &person, &count));
        for (size_t i = 0; i < count; i++) {
                json_t *one = json_object();

                json_set(one, "id", json_integer(person[i].id));
                json_set(one, "name", json_str(person[i].name));
                must(json_array_append_new(people, one) == 0);
        }
        json_set(m, "certificates", list);
        json_set(m, "expiring", json_integer(expiring));
        json_set(m, "people", people);
        *ret = m;
        return RC_OK;
}

static rc row_find(struct cx *cx, int64_t id, struct certificate_row **ret)
{
        struct certificate_row *row;

        TRY(sql_certificate_find(cx, id, &row));
        if (row == NULL)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such certificate");
        *ret = row;
        return RC_OK;
}

/* "abcd-efgh-jkmn-pqrs-tuvw" */
static str passphrase_make(struct cx *cx)
{
        static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";
        char *text = arena_alloc(cx->mem, PASSPHRASE_LETTERS + PASSPHRASE_LETTERS / GROUP);
        uint8_t random[PASSPHRASE_LETTERS];
        size_t n = 0;

        crypto_random(random, sizeof(random));
        for (size_t i = 0; i < PASSPHRASE_LETTERS; i++) {
                if (i > 0 && i % GROUP == 0)
                        text[n++] = '-';
                text[n++] = letters[random[i] & 31];
        }
        crypto_wipe(random, sizeof(random));
        return (str){ text, n };
}

rc certificate_issue(struct cx *cx, const json_t *in, json_t **ret, str *ret_pkcs12, str *ret_passphrase)
{
        str name = str_trim(json_get_text(in, "name")), serial, bytes, passphrase;
        const json_t *days_given = json_object_get(in, "days"), *person_given = json_object_get(in, "person_id");
        int64_t days = json_is_integer(days_given) ? json_integer_value(days_given) : CERTIFICATE_DAYS, person = json_integer_value(person_given), id;
        struct certificate_row *row = NULL;

        must(authority != NULL);
        if (str_empty(name))
                return fail(cx, RC_INVALID, "name", "must not be empty");
        TRY(text_check(cx, name, "name", NAME_MAX, false));
        if (days < 1 || days > CERTIFICATE_DAYS_MAX)
                return fail(cx, RC_INVALID, "days", "must be a whole number from %d to %d", 1, CERTIFICATE_DAYS_MAX);
        passphrase = passphrase_make(cx);
        x509_issue(cx, authority, &(struct x509_order){ cx->tenant, name, days * DAY_S, passphrase }, &serial, &bytes);
        TRY(sql_certificate_insert(cx, serial, name, json_is_integer(person_given) ? &person : NULL, days, &id));
        TRY(row_find(cx, id, &row));
        *ret = model(cx, row);
        *ret_pkcs12 = crypto_base64(cx->mem, bytes.p, bytes.n);
        *ret_passphrase = passphrase;
        return RC_OK;
}

rc certificate_revoke(struct cx *cx, int64_t id, json_t **ret)
{
        struct certificate_row *row = NULL;
        int64_t closed;

        TRY(row_find(cx, id, &row));
        TRY(sql_certificate_close(cx, id, &closed));
        if (closed == 0)
                return fail(cx, RC_CONFLICT, NULL, "this certificate is revoked already");
        TRY(row_find(cx, id, &row));
        *ret = model(cx, row);
        return RC_OK;
}

rc certificate_lives(struct cx *cx, str serial, bool *ret)
{
        return sql_certificate_lives(cx, serial, ret);
}
