/* receipt_fuzz.c - any bytes as a receipt: what is read is written back the same, and none proves an entry to somebody who believes nobody. */
#include "base/house.h"

#include "log/receipt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct cx cx = { .mem = arena_open(MB(64)), .lang = LANG_EN };
        str raw = { (const char *)data, size };
        struct trust nobody = { .quorum = -1 };
        struct receipt *receipt;
        struct checkpoint c;

        if (receipt_read(&cx, raw, &receipt) == RC_OK) {
                must(str_equal(receipt_write(cx.mem, receipt), raw));
                must(receipt_check(&cx, receipt, &nobody, S("entry"), &c, NULL) != RC_OK);
        }
        arena_close(cx.mem);
        return 0;
}
