/* vpn_fuzz.c - any bytes as the log of a VPN: refused with a line, or lines that all have a user, an address and a time. */
#include "base/house.h"

#include "governance/vpn.h"

#include "base/clock.h"

#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct cx cx = { .mem = arena_open(MB(128)), .lang = LANG_EN };
        int fd = memfd_create("vpn", MFD_CLOEXEC);
        json_t *lines, *one;
        msec until, from, to;
        size_t i;

        json_start();
        arena_current = cx.mem;
        must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
        if (vpn_read(&cx, fd, &lines, &until) == RC_OK) {
                must(json_array_size(lines) <= VPN_LINES_MAX);
                json_array_foreach(lines, i, one) {
                        must(!str_empty(json_get_text(one, "username")) && !str_absent(json_get_text(one, "address")));
                        must(clock_read(json_get_text(one, "from_at"), &from) && from <= until);
                        must(json_is_null(json_object_get(one, "to_at")) ||
                             (clock_read(json_get_text(one, "to_at"), &to) && to >= from && to <= until));
                }
        } else {
                must(cx.failure.count > 0);
        }
        (void)close(fd);
        arena_close(cx.mem);
        return 0;
}
