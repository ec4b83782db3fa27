/* witness_fuzz.c - any bytes as a request to a witness that trusts the log daicho.example/t/1, whose key the fuzzer does not have. */
#include "base/house.h"

#include "log/witness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct cx cx = { .mem = arena_open(MB(64)), .lang = LANG_EN };
        str raw = { (const char *)data, size }, text, lines[TRUST_MAX];
        struct witness_memory memory = { .size = 3 };
        uint8_t seed[ED25519_KEY_SIZE];
        struct witness_request *request;
        struct note_signer log;
        struct checkpoint c;
        size_t count;

        memset(seed, 0x5a, sizeof(seed));
        log = note_signer_of(cx.mem, S("daicho.example/t/1"), NOTE_ED25519, seed);
        if (witness_request_read(&cx, raw, &request) == RC_OK) {
                int status = witness_decide(&cx, trust_of(cx.mem, &log.key), request, &memory, &c, &text);

                must(str_equal(witness_request_write(cx.mem, request), raw));
                must(status == 403 || status == 404);
        }
        if (witness_answer_read(&cx, trust_of(cx.mem, &log.key), S("text\n"), raw, lines, &count) == RC_OK)
                must(count == 0);
        arena_close(cx.mem);
        return 0;
}
