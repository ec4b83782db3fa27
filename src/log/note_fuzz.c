/* note_fuzz.c - any bytes as a signed note, a checkpoint or a key: what is read is written back the same, and nothing is signed by a key that did
 * not sign. */
#include "base/house.h"

#include "log/note.h"

#include "log/checkpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct cx cx = { .mem = arena_open(MB(64)), .lang = LANG_EN };
        uint8_t seed[ED25519_KEY_SIZE];
        str raw = { (const char *)data, size };
        struct note_key key;
        struct note_signer signer;
        struct checkpoint c;
        struct note *note;

        memset(seed, 0x5a, sizeof(seed)); /* a key the fuzzer does not have */
        if (note_key_read(&cx, raw, &key) == RC_OK)
                must(str_equal(note_key_write(cx.mem, &key), raw));
        if (note_signer_read(&cx, raw, &signer) == RC_OK)
                must(note_name_valid(signer.key.name));
        if (note_read(&cx, raw, &note) == RC_OK) {
                struct note_signer other = note_signer_of(cx.mem, note->signatures[0].name, NOTE_COSIGNATURE, seed);
                struct note_seal seal;
                size_t n = note->text.n + 1;

                other.key.id = note->signatures[0].id;
                must(note_check(&cx, note, &other.key, 1, &seal) != RC_OK);
                for (size_t i = 0; i < note->count; i++)
                        n += note->signatures[i].line.n;
                must(n == size);
                raw = note->text;
        }
        if (checkpoint_read(&cx, raw, &c) == RC_OK)
                must(c.extended || str_equal(checkpoint_write(cx.mem, &c), raw));
        arena_close(cx.mem);
        return 0;
}
