/* note.c - see note.h. */
#include "base/house.h"

#include "log/note.h"

#include "base/buf.h"
#include "base/fail.h"
#include "base/utf8.h"

#define DASH   "\xe2\x80\x94 " /* U+2014 and a space */
#define SECRET "PRIVATE+KEY+"

enum { ID_SIZE = 4, TIME_SIZE = 8 };

/* Unicode's White_Space; the control characters of it are refused as such. */
static bool space(uint32_t c)
{
        return c == ' ' || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f ||
               c == 0x3000;
}

bool note_name_valid(str name)
{
        if (name.n == 0 || name.n > NOTE_NAME_MAX || !utf8_valid(name) || text_control(name, false) != name.n)
                return false;
        for (size_t at = 0; at < name.n;) {
                uint32_t c = utf8_decode(name, &at);

                if (c == '+' || space(c))
                        return false;
        }
        return true;
}

static uint32_t number(const char *p)
{
        const uint8_t *b = (const uint8_t *)p;

        return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static uint32_t key_id(struct arena *mem, str name, uint8_t type, str public_key)
{
        struct crypto_hash *hash = crypto_hash_open(mem);
        uint8_t digest[SHA256_SIZE];

        crypto_hash_add(hash, name);
        crypto_hash_add(hash, (str){ (const char[]){ '\n', (char)type }, 2 });
        crypto_hash_add(hash, public_key);
        crypto_hash_end(hash, digest);
        return number((const char *)digest);
}

static bool hex_read(str s, uint32_t *ret)
{
        uint32_t v = 0;

        if (s.n != 2 * ID_SIZE)
                return false;
        for (size_t i = 0; i < s.n; i++) {
                const char *at = s.p[i] ? strchr("0123456789abcdef", s.p[i]) : NULL;

                if (at == NULL)
                        return false;
                v = v << 4 | (uint32_t)(at - "0123456789abcdef");
        }
        *ret = v;
        return true;
}

static bool ed25519(uint8_t type)
{
        return type == NOTE_ED25519 || type == NOTE_COSIGNATURE;
}

/* NAME+ID+base64(type, bytes), as both kinds of key are written. */
static bool key_parts(struct arena *mem, str text, struct note_key *ret, str *ret_bytes)
{
        str rest, id, bytes;

        ret->name = str_cut(text, '+', &rest);
        if (!note_name_valid(ret->name) || str_absent(rest))
                return false;
        id = str_cut(rest, '+', &rest);
        if (!hex_read(id, &ret->id) || str_absent(rest) || rest.n > NOTE_SIGNATURE_MAX || !crypto_base64_read(mem, rest, &bytes) || bytes.n < 2)
                return false;
        ret->type = (uint8_t)bytes.p[0];
        *ret_bytes = (str){ bytes.p + 1, bytes.n - 1 };
        return !ed25519(ret->type) || ret_bytes->n == ED25519_KEY_SIZE;
}

rc note_key_read(struct cx *cx, str vkey, struct note_key *ret)
{
        struct note_key key;

        if (!key_parts(cx->mem, vkey, &key, &key.public_key))
                return fail(cx, RC_INVALID, NULL, "this is no verifier key (NAME+8 hex digits+base64)");
        if (key_id(cx->mem, key.name, key.type, key.public_key) != key.id)
                return fail(cx, RC_INVALID, NULL, "the key id of this verifier key does not belong to its name and key");
        key.name = str_copy(cx->mem, key.name);
        *ret = key;
        return RC_OK;
}

static str parts_write(struct arena *mem, const char *before, const struct note_key *key, str bytes)
{
        char *typed = arena_alloc(mem, bytes.n + 1);
        str written, text;

        typed[0] = (char)key->type;
        memcpy(typed + 1, bytes.p, bytes.n);
        written = crypto_base64(mem, typed, bytes.n + 1);
        text = str_format(mem, "%s%.*s+%08" PRIx32 "+%.*s", before, STR_ARG(key->name), key->id, STR_ARG(written));
        return text;
}

str note_key_write(struct arena *mem, const struct note_key *key)
{
        return parts_write(mem, "", key, key->public_key);
}

struct note_signer note_signer_of(struct arena *mem, str name, enum note_type type, const uint8_t seed[static ED25519_KEY_SIZE])
{
        struct note_signer s = { .key = { .name = str_copy(mem, name), .type = (uint8_t)type } };
        char *public_key = arena_alloc(mem, ED25519_KEY_SIZE);

        must(note_name_valid(name) && ed25519((uint8_t)type));
        memcpy(s.seed, seed, ED25519_KEY_SIZE);
        crypto_ed25519_public(seed, (uint8_t *)public_key);
        s.key.public_key = (str){ public_key, ED25519_KEY_SIZE };
        s.key.id = key_id(mem, name, s.key.type, s.key.public_key);
        return s;
}

rc note_signer_read(struct cx *cx, str text, struct note_signer *ret)
{
        struct note_key key;
        str seed;

        if (str_ends(text, S("\n")))
                text.n--;
        if (!str_starts(text, S(SECRET)) || !key_parts(cx->mem, (str){ text.p + sizeof(SECRET) - 1, text.n - (sizeof(SECRET) - 1) }, &key, &seed) ||
            !ed25519(key.type))
                return fail(cx, RC_INVALID, NULL, "this is no signing key (PRIVATE+KEY+NAME+8 hex digits+base64)");
        *ret = note_signer_of(cx->mem, key.name, (enum note_type)key.type, (const uint8_t *)seed.p);
        if (ret->key.id != key.id)
                return fail(cx, RC_INVALID, NULL, "the key id of this signing key does not belong to its name and key");
        return RC_OK;
}

str note_signer_write(struct arena *mem, const struct note_signer *signer)
{
        return str_format(mem, "%.*s\n", STR_ARG(parts_write(mem, SECRET, &signer->key, (str){ (const char *)signer->seed, ED25519_KEY_SIZE })));
}

static bool signature_read(struct arena *mem, str line, struct note_signature *ret)
{
        struct note_signature s = { .line = line };
        str rest, bytes;

        if (!str_starts(line, S(DASH)) || !str_ends(line, S("\n")))
                return false;
        rest = (str){ line.p + sizeof(DASH) - 1, line.n - (sizeof(DASH) - 1) - 1 };
        s.name = str_cut(rest, ' ', &rest);
        if (!note_name_valid(s.name) || str_absent(rest) || rest.n > NOTE_SIGNATURE_MAX / 3 * 4 || !crypto_base64_read(mem, rest, &bytes) ||
            bytes.n <= ID_SIZE)
                return false;
        s.id = number(bytes.p);
        s.bytes = (str){ bytes.p + ID_SIZE, bytes.n - ID_SIZE };
        *ret = s;
        return true;
}

static rc signature_line(struct cx *cx, str line, struct note_signature *ret)
{
        return signature_read(cx->mem, line, ret) ? RC_OK : fail(cx, RC_MALFORMED, NULL, "this is no signature line of a signed note");
}

/* Where the last empty line begins, or 0. */
static size_t last_gap(str s)
{
        for (size_t i = s.n; i >= 3; i--)
                if (s.p[i - 1] == '\n' && s.p[i - 2] == '\n')
                        return i - 1;
        return 0;
}

static bool text_valid(str s)
{
        for (size_t i = 0; i < s.n; i++)
                if ((uint8_t)s.p[i] < 0x20 && s.p[i] != '\n')
                        return false;
        return utf8_valid(s);
}

rc note_read(struct cx *cx, str bytes, struct note **ret)
{
        struct note *note = NEW(cx->mem, struct note);
        size_t gap, at;

        if (bytes.n > NOTE_MAX)
                return fail(cx, RC_MALFORMED, NULL, "a signed note has at most %d bytes", NOTE_MAX);
        gap = last_gap(bytes);
        if (gap == 0 || !text_valid(bytes) || bytes.p[bytes.n - 1] != '\n')
                return fail(cx, RC_MALFORMED, NULL, "this is no signed note (text, an empty line, signatures)");
        note->text = (str){ bytes.p, gap };
        note->signatures = NEW_ARRAY(cx->mem, struct note_signature, NOTE_SIGNATURES_MAX);
        for (at = gap + 1; at < bytes.n;) {
                size_t n = (size_t)((const char *)memchr(bytes.p + at, '\n', bytes.n - at) - (bytes.p + at)) + 1;

                if (note->count == NOTE_SIGNATURES_MAX)
                        return fail(cx, RC_MALFORMED, NULL, "a signed note has at most %d signatures", NOTE_SIGNATURES_MAX);
                TRY(signature_line(cx, (str){ bytes.p + at, n }, &note->signatures[note->count++]));
                at += n;
        }
        if (note->count == 0)
                return fail(cx, RC_MALFORMED, NULL, "this is no signed note (text, an empty line, signatures)");
        *ret = note;
        return RC_OK;
}

/* What a cosignature is over (tlog-cosignature v1). */
static str cosigned(struct arena *mem, str text, int64_t time)
{
        return str_format(mem, "cosignature/v1\ntime %" PRId64 "\n%.*s", time, STR_ARG(text));
}

static bool fits(struct arena *mem, const struct note_key *key, str text, const struct note_signature *s, int64_t *ret_time)
{
        const uint8_t *public_key = (const uint8_t *)key->public_key.p;
        uint64_t time;

        *ret_time = 0;
        if (key->type == NOTE_ED25519)
                return crypto_ed25519_verify(public_key, text, s->bytes);
        if (s->bytes.n != TIME_SIZE + ED25519_SIGNATURE_SIZE)
                return false;
        time = (uint64_t)number(s->bytes.p) << 32 | number(s->bytes.p + 4);
        if (time > INT64_MAX)
                return false;
        *ret_time = (int64_t)time;
        return crypto_ed25519_verify(public_key, cosigned(mem, text, (int64_t)time), (str){ s->bytes.p + TIME_SIZE, ED25519_SIGNATURE_SIZE });
}

rc note_check(struct cx *cx, const struct note *note, const struct note_key *keys, size_t count, struct note_seal *ret)
{
        must(count <= NOTE_KEYS_MAX);
        for (size_t k = 0; k < count; k++)
                ret[k] = (struct note_seal){ .signed_ = false };
        for (size_t i = 0; i < note->count; i++) {
                const struct note_signature *s = &note->signatures[i];

                for (size_t k = 0; k < count; k++) {
                        struct arena_mark mark = arena_mark(cx->mem);
                        int64_t time;
                        bool good;

                        if (!ed25519(keys[k].type) || keys[k].id != s->id || !str_equal(keys[k].name, s->name))
                                continue;
                        good = fits(cx->mem, &keys[k], note->text, s, &time);
                        arena_rewind(cx->mem, mark);
                        if (!good)
                                return fail(cx, RC_FORGED, NULL, "the signature of %.*s does not belong to this text", STR_ARG(s->name));
                        ret[k] = (struct note_seal){ .signed_ = true, .time = time };
                }
        }
        return RC_OK;
}

str note_sign(struct arena *mem, const struct note_signer *signer, str text, int64_t time)
{
        uint8_t blob[ID_SIZE + TIME_SIZE + ED25519_SIGNATURE_SIZE];
        size_t n = 0;
        str written;

        for (int shift = 24; shift >= 0; shift -= 8)
                blob[n++] = (uint8_t)(signer->key.id >> shift);
        if (signer->key.type == NOTE_COSIGNATURE) {
                for (int shift = 56; shift >= 0; shift -= 8)
                        blob[n++] = (uint8_t)(time >> shift);
                text = cosigned(mem, text, time);
        }
        crypto_ed25519_sign(signer->seed, text, blob + n);
        written = crypto_base64(mem, blob, n + ED25519_SIGNATURE_SIZE);
        return str_format(mem, DASH "%.*s %.*s\n", STR_ARG(signer->key.name), STR_ARG(written));
}

str note_write(struct arena *mem, str text, const str *lines, size_t count)
{
        struct buf b = buf_open(mem, NOTE_MAX);

        buf_add(&b, text);
        buf_char(&b, '\n');
        for (size_t i = 0; i < count; i++)
                buf_add(&b, lines[i]);
        must(!buf_full(&b));
        return buf_str(&b);
}
