/* trust_fuzz.c - any bytes as a policy: members stand before their groups, the quorum is one of them, every refusal has a sentence. */
#include "base/house.h"

#include "log/trust.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct cx cx = { .mem = arena_open(MB(64)), .lang = LANG_EN };
        struct trust *t;

        if (trust_read(&cx, (str){ (const char *)data, size }, &t) == RC_OK) {
                must(t->log_count <= TRUST_MAX && t->witness_count <= TRUST_MAX && t->group_count <= TRUST_MAX);
                must(t->quorum < (int)t->witness_count || (t->quorum >= TRUST_MAX && t->quorum < TRUST_MAX + (int)t->group_count));
                for (size_t i = 0; i < t->witness_count; i++)
                        must(t->witness[i].member_of < (int)t->group_count);
                for (size_t i = 0; i < t->group_count; i++)
                        must(t->group[i].member_of == -1 || t->group[i].member_of > (int)i);
        } else {
                must(cx.failure.count > 0);
        }
        arena_close(cx.mem);
        return 0;
}
