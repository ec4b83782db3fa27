/* note.h - signed notes (C2SP signed-note v1) with Ed25519 (type 0x01) and timestamped cosignatures (type 0x04, tlog-cosignature v1).
 *   text, ending with a line feed
 *   (empty line)
 *   — NAME base64(4 bytes key id, signature)        one or more
 * A signature by a key nobody asked about is passed over, whatever its kind and length; one by a known key that does not fit spoils the note. */
#ifndef DAICHO_LOG_NOTE_H
#define DAICHO_LOG_NOTE_H

#include "base/crypto.h"
#include "base/cx.h"

enum {
        NOTE_MAX = 1 << 20,        /* bytes of a whole note */
        NOTE_NAME_MAX = 255,       /* bytes of a key's name */
        NOTE_SIGNATURES_MAX = 64,  /* more are refused */
        NOTE_SIGNATURE_MAX = 8192, /* bytes of one signature; ML-DSA-44 has 2 420 */
        NOTE_KEYS_MAX = 64,        /* checked against at once */
};

enum note_type { NOTE_ED25519 = 1, NOTE_COSIGNATURE = 4, NOTE_COSIGNATURE_ML_DSA = 6 };

struct note_key {
        str name; /* no white space, no "+" */
        uint8_t type;
        uint32_t id;    /* SHA-256(name, line feed, type, public key), first 4 bytes */
        str public_key; /* Ed25519: 32 bytes */
};
/* A key that signs; seed is secret. */
struct note_signer {
        struct note_key key;
        uint8_t seed[ED25519_KEY_SIZE];
};

bool note_name_valid(str name);
/* "NAME+8 hex digits+base64(type, public key)". RC_INVALID; a type this program cannot check is read (it is then never verified). */
rc note_key_read(struct cx *cx, str vkey, struct note_key *ret) MUST_USE;
str note_key_write(struct arena *mem, const struct note_key *key);
/* The key of a 32-byte seed, NOTE_ED25519 or NOTE_COSIGNATURE. name must be valid. */
struct note_signer note_signer_of(struct arena *mem, str name, enum note_type type, const uint8_t seed[ED25519_KEY_SIZE]);
/* As a file holds it: "PRIVATE+KEY+NAME+8 hex digits+base64(type, seed)" as Go's sumdb/note writes it; a last line feed is taken. */
rc note_signer_read(struct cx *cx, str text, struct note_signer *ret) MUST_USE;
str note_signer_write(struct arena *mem, const struct note_signer *signer);

struct note_signature {
        str name;
        uint32_t id;
        str bytes; /* without the id */
        str line;  /* as it stands in the note, with its line feed */
};
struct note {
        str text; /* what was signed: with its last line feed, without the empty line */
        struct note_signature *signatures;
        size_t count; /* at least 1 */
};
/* Form only. RC_MALFORMED. */
rc note_read(struct cx *cx, str bytes, struct note **ret) MUST_USE;

/* What one of the keys asked about has said. */
struct note_seal {
        bool signed_; /* verified */
        int64_t time; /* NOTE_COSIGNATURE: POSIX seconds */
};
/* Check what the keys say: ret[i] for keys[i]. RC_FORGED when a known key's signature is wrong; whether enough have signed, the caller decides. */
rc note_check(struct cx *cx, const struct note *note, const struct note_key *keys, size_t count, struct note_seal *ret) MUST_USE;

/* The signature line, with its line feed. time: POSIX seconds, for NOTE_COSIGNATURE only. */
str note_sign(struct arena *mem, const struct note_signer *signer, str text, int64_t time);
/* text, an empty line, the lines one after the other. */
str note_write(struct arena *mem, str text, const str *lines, size_t count);

#endif
