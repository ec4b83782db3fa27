/* fido.c - see fido.h. Every byte here comes from a browser, or from something that says it is one. libcbor reads only what item_size() has measured:
 * it would take memory for whatever length is claimed, and goes as deep as it is led. */
#include "base/house.h"

#include "base/fido.h"

#include "base/crypto.h"
#include "base/fail.h"
#include "base/json.h"

#include <cbor.h>
#include <fido.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <fido/rs256.h>

enum { DEPTH_MAX = 8, HASH = 32, HEAD = HASH + 1 + 4, AAGUID = 16 };
enum { FLAG_PRESENT = 0x01, FLAG_VERIFIED = 0x04, FLAG_ATTESTED = 0x40, FLAG_EXTENDED = 0x80 };

static rc refuse(struct cx *cx, const char *what)
{
        fail_clear(cx);
        return fail(cx, RC_INVALID, "credential", "the answer of the passkey was not accepted (%s); please try again", what);
}

static const uint8_t *bytes(str s)
{
        return (const uint8_t *)s.p;
}

/* CBOR ------------------------------------------------------------------------------------------------------------------------------- */

/* Bytes the item at p takes with all that is in it; 0: cut off, of indefinite length, tagged, or too deep. */
static size_t item_size(const uint8_t *p, size_t n, int depth)
{
        size_t at = 1, items;
        uint64_t value;
        int major, info;

        if (n == 0 || depth > DEPTH_MAX)
                return 0;
        major = p[0] >> 5;
        info = p[0] & 31;
        value = (uint64_t)info;
        if (info > 27 || major == 6)
                return 0;
        if (info >= 24) {
                size_t more = (size_t)1 << (info - 24);

                if (n < 1 + more)
                        return 0;
                value = 0;
                for (size_t i = 0; i < more; i++)
                        value = value << 8 | p[at++];
        }
        if (major == 2 || major == 3)
                return value <= n - at ? at + value : 0;
        if (major != 4 && major != 5)
                return at;
        if (value > n)
                return 0;
        items = (size_t)value * (major == 5 ? 2 : 1);
        for (size_t i = 0; i < items; i++) {
                size_t one = item_size(p + at, n - at, depth + 1);

                if (one == 0)
                        return 0;
                at += one;
        }
        return at;
}

static void item_drop(void *p)
{
        cbor_item_t *item = p;

        cbor_decref(&item);
}

/* The whole text is one map; NULL when it is not. */
static cbor_item_t *map_read(struct cx *cx, str text)
{
        struct cbor_load_result result;
        cbor_item_t *map;

        if (text.n == 0 || item_size(bytes(text), text.n, 0) != text.n)
                return NULL;
        map = cbor_load(bytes(text), text.n, &result);
        if (map == NULL)
                return NULL;
        arena_defer(cx->mem, item_drop, map);
        return cbor_isa_map(map) ? map : NULL;
}

static cbor_item_t *member(const cbor_item_t *map, const char *name)
{
        for (size_t i = 0; i < cbor_map_size(map); i++) {
                struct cbor_pair pair = cbor_map_handle(map)[i];

                if (cbor_isa_string(pair.key) && str_is((str){ (const char *)cbor_string_handle(pair.key), cbor_string_length(pair.key) }, name))
                        return pair.value;
        }
        return NULL;
}

static str text_of(const cbor_item_t *item)
{
        return item != NULL && cbor_isa_string(item) ? (str){ (const char *)cbor_string_handle(item), cbor_string_length(item) } : STR_NONE;
}

static str bytes_of(const cbor_item_t *item)
{
        return item != NULL && cbor_isa_bytestring(item) ? (str){ (const char *)cbor_bytestring_handle(item), cbor_bytestring_length(item) }
                                                         : STR_NONE;
}

/* Member 3 of a COSE key; 0: none. */
static int64_t algorithm_of(const cbor_item_t *key)
{
        for (size_t i = 0; i < cbor_map_size(key); i++) {
                struct cbor_pair pair = cbor_map_handle(key)[i];

                if (!cbor_isa_uint(pair.key) || cbor_get_int(pair.key) != 3 || !cbor_isa_negint(pair.value) || cbor_get_int(pair.value) > 0xffff)
                        continue;
                return -1 - (int64_t)cbor_get_int(pair.value);
        }
        return 0;
}

/* Client data -------------------------------------------------------------------------------------------------------------------------- */

static rc client_check(struct cx *cx, const struct fido_question *q, str client_data, const char *type)
{
        json_t *said;
        str challenge;

        must(q->challenge.n == FIDO_CHALLENGE_SIZE);
        if (client_data.n == 0 || client_data.n > FIDO_CLIENT_DATA_MAX || json_read(cx, client_data, &said) != RC_OK || !json_is_object(said))
                return refuse(cx, "client data");
        if (!str_is(json_get_text(said, "type"), type))
                return refuse(cx, "type");
        challenge = json_get_text(said, "challenge");
        if (str_absent(challenge) || !crypto_base64url_read(cx->mem, challenge, &challenge) || !crypto_equal(challenge, q->challenge))
                return refuse(cx, "challenge");
        if (!str_equal(json_get_text(said, "origin"), q->origin) || json_is_true(json_object_get(said, "crossOrigin")))
                return refuse(cx, "origin");
        return RC_OK;
}

/* Authenticator data -------------------------------------------------------------------------------------------------------------------- */

struct report {
        uint8_t flags;
        str credential; /* when attested */
        str key;        /* COSE */
        str extensions; /* absent: none */
};

/* Its parts, to the last byte. */
static bool report_read(str data, struct report *ret)
{
        const uint8_t *p = bytes(data);
        size_t at = HEAD, n;

        if (data.n < HEAD || data.n > FIDO_ATTESTATION_MAX)
                return false;
        *ret = (struct report){ .flags = p[HASH], .credential = STR_NONE, .key = STR_NONE, .extensions = STR_NONE };
        if ((ret->flags & FLAG_ATTESTED) != 0) {
                if (data.n < at + AAGUID + 2)
                        return false;
                n = (size_t)p[at + AAGUID] << 8 | p[at + AAGUID + 1];
                at += AAGUID + 2;
                if (n == 0 || n > FIDO_CREDENTIAL_MAX || data.n - at < n)
                        return false;
                ret->credential = (str){ data.p + at, n };
                at += n;
                n = item_size(p + at, data.n - at, 0);
                if (n == 0)
                        return false;
                ret->key = (str){ data.p + at, n };
                at += n;
        }
        if ((ret->flags & FLAG_EXTENDED) != 0) {
                n = item_size(p + at, data.n - at, 0);
                if (n == 0)
                        return false;
                ret->extensions = (str){ data.p + at, n };
                at += n;
        }
        return at == data.n;
}

static rc report_check(struct cx *cx, const struct fido_question *q, str data, const struct report *report)
{
        uint8_t hash[SHA256_SIZE];

        crypto_sha256(q->party, hash);
        if (memcmp(data.p, hash, sizeof(hash)) != 0)
                return refuse(cx, "party");
        if ((report->flags & FLAG_PRESENT) == 0)
                return refuse(cx, "presence");
        if ((report->flags & FLAG_VERIFIED) == 0)
                return refuse(cx, "verification");
        return RC_OK;
}

/* Registration -------------------------------------------------------------------------------------------------------------------------- */

static void cred_drop(void *p)
{
        fido_cred_t *cred = p;

        fido_cred_free(&cred);
}

/* Is it a key at all, a point on its curve? */
static bool key_sound(int64_t algorithm, str key)
{
        bool sound = false;

        if (algorithm == FIDO_ES256) {
                es256_pk_t *pk = es256_pk_new();

                sound = pk != NULL && es256_pk_from_ptr(pk, key.p, key.n) == FIDO_OK;
                es256_pk_free(&pk);
        } else if (algorithm == FIDO_EDDSA) {
                eddsa_pk_t *pk = eddsa_pk_new();

                sound = pk != NULL && eddsa_pk_from_ptr(pk, key.p, key.n) == FIDO_OK;
                eddsa_pk_free(&pk);
        } else if (algorithm == FIDO_RS256) {
                rs256_pk_t *pk = rs256_pk_new();

                sound = pk != NULL && rs256_pk_from_ptr(pk, key.p, key.n) == FIDO_OK;
                rs256_pk_free(&pk);
        }
        return sound;
}

/* libfido2 compares what an authenticator says of extensions with what was asked for: whatever it says may stand. */
static bool extensions_take(struct cx *cx, fido_cred_t *cred, str extensions)
{
        const cbor_item_t *map, *one;

        if (str_absent(extensions))
                return true;
        map = map_read(cx, extensions);
        if (map == NULL)
                return false;
        one = member(map, "credProtect");
        if (one != NULL &&
            (!cbor_isa_uint(one) || cbor_get_int(one) < 1 || cbor_get_int(one) > 3 || fido_cred_set_prot(cred, (int)cbor_get_int(one))))
                return false;
        one = member(map, "hmac-secret");
        if (one != NULL && cbor_is_bool(one) && cbor_get_bool(one) && fido_cred_set_extensions(cred, FIDO_EXT_HMAC_SECRET) != FIDO_OK)
                return false;
        return true;
}

/* The signature of a packed attestation: by a certificate (x5c), or by the new key itself. */
static bool packed_check(struct cx *cx, fido_cred_t *cred, const struct report *report, const cbor_item_t *statement)
{
        uint8_t *again = arena_alloc(cx->mem, FIDO_ATTESTATION_MAX);
        size_t n = cbor_serialize(statement, again, FIDO_ATTESTATION_MAX);

        if (n == 0 || !extensions_take(cx, cred, report->extensions) || fido_cred_set_fmt(cred, "packed") != FIDO_OK ||
            fido_cred_set_attstmt(cred, again, n) != FIDO_OK)
                return false;
        return (fido_cred_x5c_ptr(cred) != NULL ? fido_cred_verify(cred) : fido_cred_verify_self(cred)) == FIDO_OK;
}

static rc cred_read(struct cx *cx, const struct fido_question *q, str client_data, str data, int64_t algorithm, fido_cred_t **ret)
{
        fido_cred_t *cred = fido_cred_new();

        must(cred != NULL);
        arena_defer(cx->mem, cred_drop, cred);
        if (fido_cred_set_type(cred, (int)algorithm) != FIDO_OK || fido_cred_set_clientdata(cred, bytes(client_data), client_data.n) != FIDO_OK ||
            fido_cred_set_rp(cred, str_z(cx->mem, q->party), NULL) != FIDO_OK || fido_cred_set_uv(cred, FIDO_OPT_TRUE) != FIDO_OK ||
            fido_cred_set_authdata_raw(cred, bytes(data), data.n) != FIDO_OK)
                return refuse(cx, "key");
        *ret = cred;
        return RC_OK;
}

rc fido_register(struct cx *cx, const struct fido_question *q, str client_data, str attestation, struct fido_key *ret)
{
        const cbor_item_t *object, *statement, *cose;
        struct report report;
        fido_cred_t *cred;
        int64_t algorithm;
        str format, data, key;

        TRY(client_check(cx, q, client_data, "webauthn.create"));
        object = attestation.n > FIDO_ATTESTATION_MAX ? NULL : map_read(cx, attestation);
        if (object == NULL)
                return refuse(cx, "attestation");
        format = text_of(member(object, "fmt"));
        statement = member(object, "attStmt");
        data = bytes_of(member(object, "authData"));
        if (str_absent(format) || statement == NULL || !cbor_isa_map(statement) || str_absent(data) || !report_read(data, &report) ||
            str_absent(report.key))
                return refuse(cx, "attestation");
        TRY(report_check(cx, q, data, &report));
        cose = map_read(cx, report.key);
        algorithm = cose ? algorithm_of(cose) : 0;
        if (algorithm != FIDO_ES256 && algorithm != FIDO_EDDSA && algorithm != FIDO_RS256)
                return refuse(cx, "algorithm");
        TRY(cred_read(cx, q, client_data, data, algorithm, &cred));
        key = str_copy(cx->mem, (str){ (const char *)fido_cred_pubkey_ptr(cred), fido_cred_pubkey_len(cred) });
        if (!key_sound(algorithm, key))
                return refuse(cx, "key");
        if (str_is(format, "packed") ? !packed_check(cx, cred, &report, statement) : !str_is(format, "none") || cbor_map_size(statement) != 0)
                return refuse(cx, "attestation");
        *ret = (struct fido_key){
                .credential = str_copy(cx->mem, report.credential), .public_key = key, .algorithm = algorithm, .sign_count = fido_cred_sigcount(cred)
        };
        return RC_OK;
}

/* Assertion ------------------------------------------------------------------------------------------------------------------------------ */

static bool signature_check(const fido_assert_t *assertion, const struct fido_key *key)
{
        bool good = false;

        if (key->algorithm == FIDO_ES256) {
                es256_pk_t *pk = es256_pk_new();

                good = pk != NULL && es256_pk_from_ptr(pk, key->public_key.p, key->public_key.n) == FIDO_OK &&
                       fido_assert_verify(assertion, 0, COSE_ES256, pk) == FIDO_OK;
                es256_pk_free(&pk);
        } else if (key->algorithm == FIDO_EDDSA) {
                eddsa_pk_t *pk = eddsa_pk_new();

                good = pk != NULL && eddsa_pk_from_ptr(pk, key->public_key.p, key->public_key.n) == FIDO_OK &&
                       fido_assert_verify(assertion, 0, COSE_EDDSA, pk) == FIDO_OK;
                eddsa_pk_free(&pk);
        } else if (key->algorithm == FIDO_RS256) {
                rs256_pk_t *pk = rs256_pk_new();

                good = pk != NULL && rs256_pk_from_ptr(pk, key->public_key.p, key->public_key.n) == FIDO_OK &&
                       fido_assert_verify(assertion, 0, COSE_RS256, pk) == FIDO_OK;
                rs256_pk_free(&pk);
        }
        return good;
}

rc fido_assert(struct cx *cx, const struct fido_question *q, const struct fido_key *key, str client_data, str authenticator, str signature,
               int64_t *ret_count)
{
        fido_assert_t *assertion;
        struct report report;
        int64_t count;
        bool good;

        TRY(client_check(cx, q, client_data, "webauthn.get"));
        if (authenticator.n > FIDO_AUTHENTICATOR_MAX || !report_read(authenticator, &report) || !str_absent(report.key))
                return refuse(cx, "authenticator data");
        TRY(report_check(cx, q, authenticator, &report));
        if (signature.n == 0 || signature.n > FIDO_SIGNATURE_MAX)
                return refuse(cx, "signature");
        assertion = fido_assert_new();
        must(assertion != NULL);
        good = fido_assert_set_clientdata(assertion, bytes(client_data), client_data.n) == FIDO_OK &&
               fido_assert_set_rp(assertion, str_z(cx->mem, q->party)) == FIDO_OK && fido_assert_set_count(assertion, 1) == FIDO_OK &&
               fido_assert_set_authdata_raw(assertion, 0, bytes(authenticator), authenticator.n) == FIDO_OK &&
               fido_assert_set_sig(assertion, 0, bytes(signature), signature.n) == FIDO_OK &&
               fido_assert_set_up(assertion, FIDO_OPT_TRUE) == FIDO_OK && fido_assert_set_uv(assertion, FIDO_OPT_TRUE) == FIDO_OK &&
               signature_check(assertion, key);
        count = good ? fido_assert_sigcount(assertion, 0) : 0;
        fido_assert_free(&assertion);
        if (!good)
                return refuse(cx, "signature");
        *ret_count = count;
        return RC_OK;
}
